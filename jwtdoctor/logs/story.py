"""The story that logs tell: what failed, since when, for whom, why, and what was new when it began.

Read, narrowed down to what is asked about, counted by the engine (`ask.py`), and read by the knowledge
(`reasoning/columns.py`): the few distinct wordings are classified, never the rows.

Decisions where the issue is silent:
- `--since` reaches the rows, so a beginning before it is not seen; the story says how many rows were left out.
- Wordings beyond the `MOST_WORDINGS` most frequent are counted, and not read: a hostile log has a new one in each row.
- An iat log and the org's rows tell of the same logins from two sides. They are not merged, since the one knows no
  user and the other no key; where both are there, the story says that a login may be counted on each side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.redact import clean
from jwtdoctor.knowledge.load import load as knowledge
from jwtdoctor.logs import ask
from jwtdoctor.logs.ask import Words
from jwtdoctor.logs.columns import NO_TYPES
from jwtdoctor.logs.engine import Engine, Progress, engine
from jwtdoctor.logs.files import find
from jwtdoctor.logs.load import Loaded, load
from jwtdoctor.logs.onset import MOST_BUCKETS, stretch
from jwtdoctor.model.story import CauseRead, Change, Failure, Onset, Story, Subject
from jwtdoctor.reasoning.columns import layer_cause, readings_of

MOST_WORDINGS = 500
MOST_FAILURES = 12
MOST_APPS = 30
MOST_UNUSUAL = 10
MOST_RATES = 5
MOST_CHANGES = 12
COLUMNS = 60
"""Elements of a series, at most: a line of the terminal."""
STEPS_S = (60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 259_200, 604_800, 2_592_000, 31_536_000)
NEAR_S = 3 * 3_600.0
"""What appeared so long before the refusals may still be their cause: it was tried, then used."""
DRIFTED_S = 30.0
"""A clock this far off, and words that may be about time: then they are."""
ABOUT_TIME = "clock-drift"
_ABOUT = ("app", "user", "address", "key", "host", "client")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked about. `since` in epoch seconds; `app` a name, an id, or a client id; `user` a name or an id."""

    since: float | None = None
    app: str | None = None
    user: str | None = None


def read(
    paths: Sequence[str],
    wanted: Wanted | None = None,
    *,
    provider: str = "salesforce",
    progress: Progress | None = None,
) -> Story:
    """The story of these logs. Raises BadInput for paths that are none, and where DuckDB is not installed."""
    wanted = wanted or Wanted()
    with engine(progress) as opened:
        files = find(paths, opened)
        if not files:
            raise BadInput("no file in it", where="logs", expected="a log, or a folder of logs")
        loaded = load(files, opened)
        return _told(opened, loaded, wanted, provider, progress)


def _told(engine: Engine, loaded: Loaded, wanted: Wanted, provider: str, progress: Progress | None) -> Story:
    if progress is not None:
        progress("counting", -1.0)
    ask.prepare(engine)
    names = {"app": _names_of_app(wanted.app), "user": _names_of_user(wanted.user)}
    left_out = ask.keep_only(engine, since=wanted.since, **names)
    asked, refused, granted, calls, calls_refused, first, last = ask.totals(engine)
    start, step_s, count = _buckets(first, last, COLUMNS)
    series = ask.series(engine, start, step_s, count)
    onset = _onset(engine, first, last)
    said = ask.words(engine, MOST_WORDINGS)
    failures = _failures(engine, said, start, step_s, count, provider)
    apps, more_apps = ask.apps(engine, MOST_APPS)
    unusual, more_unusual = ask.unusual(engine, MOST_UNUSUAL)
    limit = knowledge().provider_or_generic(provider).limit("logins_per_hour")
    return Story(
        sources=loaded.sources, asked=asked, refused=refused, granted=granted, calls=calls, calls_refused=calls_refused,
        first_at=first, last_at=last, step_s=step_s, asked_series=tuple(series[0]), refused_series=tuple(series[1]),
        call_failures=ask.call_failures(engine, 3), failures=failures,
        more_failures=refused - sum(one.count for one in failures),
        onset=onset, subjects=_subjects(engine, onset), changes=_changes(engine, onset), drift=ask.drift(engine),
        apps=apps, more_apps=more_apps, unusual=unusual, more_unusual=more_unusual,
        rates=ask.rates(engine, MOST_RATES), limit_an_hour=None if limit is None else int(limit),
        events=ask.event_types(engine),
        warnings=(*loaded.warnings, *_remarks(engine, loaded, wanted, left_out)),
    )  # fmt: skip


def _names_of_app(app: str | None) -> tuple[str, ...]:
    """Under which names rows know an app: its own (cut to 64), its id, and the hash that an iat log names it by."""
    if app is None:
        return ()
    hashed = hashlib.sha256(app.encode("utf-8", "replace")).hexdigest()[:12]
    plain = app.strip().lower()
    names = {plain[:64], f"client {plain}"[:64], f"client {hashed}"}
    return tuple(sorted(names | ({plain[:15]} if plain[:3] in ("0h4", "888") else set())))


def _names_of_user(user: str | None) -> tuple[str, ...]:
    if user is None:
        return ()
    plain = user.strip().lower()
    return (plain, plain[:15]) if plain.startswith("005") and len(plain) in (15, 18) else (plain,)


def _buckets(first: float | None, last: float | None, most: int) -> tuple[float, float, int]:
    """(begin, seconds of each, how many): round steps, at most so many."""
    if first is None or last is None:
        return 0.0, 60.0, 0
    for step in STEPS_S:
        start = first // step * step
        count = int((last - start) // step) + 1
        if count <= most:
            return start, float(step), count
    return first, (last - first) / most + 1, most


# --- since when


def _onset(engine: Engine, first: float | None, last: float | None) -> Onset | None:
    if first is None or last is None:
        return None
    start, step_s, count = _buckets(first, last, MOST_BUCKETS)
    asked, refused = ask.series(engine, start, step_s, count)
    found = stretch(asked, refused)
    if found is None:
        return None
    low, high = start + found.first * step_s, start + (found.last + 1) * step_s
    began, ended, last_good, granted_later = ask.moments(engine, low, high)
    goes_on = sum(refused[found.last + 1 :]) == 0 and granted_later < max(3, found.refused // 10)
    return Onset(began, None if goes_on else ended, found.refused, found.asked, found.share_without,
                 found.share_within, last_good)  # fmt: skip


def _subjects(engine: Engine, onset: Onset | None) -> tuple[Subject, ...]:
    """Whom the refusals are about: one value that has nearly all of them, while others go on being granted."""
    if onset is None:
        return ()
    found: list[Subject] = []
    for what in _ABOUT:
        rows = ask.by_value(engine, what, onset.start_at, _end(engine, onset))
        bad = sum(row[5] for row in rows)
        if not rows or bad < 3:
            continue
        value, within, refused = rows[0][0], rows[0][4], rows[0][5]
        others = ask.totals_without(engine, what, value, onset.start_at, _end(engine, onset))
        if refused >= 0.9 * bad and others[0] >= 5 and refused / within > 3 * others[1] / others[0]:
            found.append(Subject(what, value, refused, within, others[1], others[0]))
    return tuple(found)


def _end(engine: Engine, onset: Onset) -> float:
    return onset.end_at if onset.end_at is not None else float(ask.totals(engine)[6])


def _changes(engine: Engine, onset: Onset | None) -> tuple[Change, ...]:
    if onset is None:
        return ()
    found: list[Change] = [*_clock_change(engine, onset)]
    for what in ask.DIMENSIONS:
        rows = ask.by_value(engine, what, onset.start_at, _end(engine, onset))
        # New is what was not there in the first half of the time before, nor long before the refusals.
        began = ask.begin_of(engine, what)
        if began is None or began >= onset.start_at:
            continue
        near = max(onset.start_at - NEAR_S, (began + onset.start_at) / 2)
        new = [Change(what, "new", row[0], row[1], row[4], row[5]) for row in rows if row[1] >= near and row[5]]
        found += new[:3]
        if new:
            found += [Change(what, "gone", row[0], row[2], row[6], row[7]) for row in rows
                      if not row[4] and row[2] < onset.start_at][:2]  # fmt: skip
    found += ask.settings_changed(engine, onset.start_at, 24, 3)
    return tuple(found[:MOST_CHANGES])


def _clock_change(engine: Engine, onset: Onset) -> list[Change]:
    before, n_before, within, n = ask.clock_before_and_within(engine, onset.start_at, _end(engine, onset))
    if before is None or within is None or abs(within - before) < 5 or n_before < 3:
        return []
    return [Change("clock", "moved", f"{within:+.1f} s", onset.start_at, n, 0, f"{before:+.1f} s")]


# --- what failed, and why


def _failures(
    engine: Engine, said: Sequence[Words], start: float, step_s: float, count: int, provider: str
) -> tuple[Failure, ...]:
    found = []
    for one in said[:MOST_FAILURES]:
        about = tuple((what, *values) for what in _ABOUT if (values := ask.of_words(engine, one, what, 3))[0])
        where = "ok = false AND coalesce(said, '') = ? AND coalesce(detail, '') = ?"
        _, refused = ask.series(engine, start, step_s, count, where, [one.said, one.detail]) if count else ([], [])
        found.append(Failure(
            said=_shown(one), count=one.count, first_at=one.first_at, last_at=one.last_at,
            causes=causes(one, provider), sources=one.kinds, about=about, series=tuple(refused),
            granted_since=0 if one.last_at is None else ask.granted_after(engine, one), ahead_s=one.ahead_s,
        ))  # fmt: skip
    return tuple(found)


def causes(said: Words, provider: str) -> tuple[CauseRead, ...]:
    """What these words may mean, the likeliest first: the clock, where that is possible and it was off."""
    known = knowledge()
    error, description = clean(said.said).strip(), clean(said.detail).strip()
    readings = readings_of(error, description, said.flow, provider=provider)
    layer = layer_cause(error) if not readings else None
    if layer is not None and layer in known.causes:
        return (CauseRead(layer, known.causes[layer].title, "sole", "inferred"),)
    found = [CauseRead(one.cause, known.causes[one.cause].title, one.usual, str(one.sureness)) for one in readings]
    if _is_off(said.ahead_s):
        found.sort(key=lambda one: one.cause != ABOUT_TIME)
    return tuple(found)


def _is_off(ahead_s: float | None) -> bool:
    return ahead_s is not None and abs(ahead_s) >= DRIFTED_S


def cause_of_record(record: Mapping[str, Any], provider: str) -> str | None:
    """The cause of one record of an iat log, where its words or its clock name one."""
    said, detail, flow = (str(record.get(key) or "") for key in ("error", "description", "flow"))
    ahead = record.get("ahead_s")
    ahead_s = float(ahead) if isinstance(ahead, (int, float)) else None
    if not said and not detail:
        return None
    found = causes(Words(said, detail, flow, 1, None, None, ("iat",), ahead_s), provider)
    if len(found) > 1 and found[0].usual == found[1].usual and not (_is_off(ahead_s) and found[0].cause == ABOUT_TIME):
        return None  # a tie
    return found[0].cause if found else None


def _shown(one: Words) -> str:
    text = f"{one.said}: {one.detail}" if one.said and one.detail else one.said or one.detail or "no words"
    return " ".join(clean(text).split())[:300]


def _remarks(engine: Engine, loaded: Loaded, wanted: Wanted, left_out: int) -> list[str]:
    kinds = {source.kind for source in loaded.sources}
    said: list[str] = []
    if left_out:
        asked = ("--since", wanted.since), ("--app", wanted.app), ("--user", wanted.user)
        named = ", ".join(name for name, value in asked if value is not None)
        said.append(f"{left_out:,} rows are not what {named} asks for, and were left out")
    if "iat" in kinds and kinds & {"login-history", "login-event"}:
        said.append("the iat log is the client's side of logins that the org's rows tell of too: such ones count twice")
    if "iat" in kinds and wanted.user:
        said.append("iat logs name no user, so --user leaves them out")
    if wanted.app and "login-event" in kinds:
        said.append("Login event files name no app: --app keeps of them what Login History or RestApi files give one")
    types = {row[0].lower() for row in engine.rows("SELECT DISTINCT event_type FROM events WHERE event_type <> ''")}
    said += [f"Salesforce documents no event type {one}: these rows are of other making"
             for one in NO_TYPES if one.lower() in types]  # fmt: skip
    return said
