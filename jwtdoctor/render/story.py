"""The story of logs as a page for a person (text, Markdown, HTML draw it like a report's), as a document and as CSV.

Sparklines scale by their own highest column, and a column in which anything happened is never blank. A CSV cell that a
spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection); figures of ours do not.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.story import STORY_SCHEMA, Change, Failure, Story, Tally
from jwtdoctor.render.page import Page, Row, Section
from jwtdoctor.render.words import duration, one_line

FINE, PLAIN = " ▁▂▃▄▅▆▇█", " .:-=+*#%@"
KINDS = {"iat": "iat log", "login-history": "Login History", "login-event": "Login events", "api": "API events",
         "event": "other events", "text": "application log"}  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MOST_ROWS = 8
"""Of apps, addresses and rates on a page; the document has the others."""
MOST_READINGS = 3
MOST_TO_DO = 3
WORTH_SAYING_S = 30.0
"""A clock this far off is told with the cause."""
WHEN = "When"


def story_page(story: Story, *, verbose: bool = False) -> Page:
    """The page of a story. `verbose` shows all of its rows."""
    most = 10_000 if verbose else MOST_ROWS
    sections = [
        Section(WHEN, tuple(_when(story))),
        Section("What failed", tuple(_failures(story, most)), is_numbered=True),
        Section("What to do", tuple(_to_do(story))),
        Section("API calls refused", tuple(_calls(story))),
        Section("New when it began", tuple(Row(_change(c), sign=SIGNS[c.how], name=c.what) for c in story.changes)),
        Section("Whom it is about", tuple(_subjects(story))),
        Section("Against the clock", tuple(_drift(story))),
        Section("Apps in use", tuple(_apps(story, most))),
        Section("Unusual sources", tuple(_unusual(story, most))),
        Section("Logins an hour", tuple(_rates(story, most))),
        Section("Read", tuple(_read(story))),
        Section("Warnings", tuple(Row(one_line(w), sign="!") for w in story.warnings)),
    ]
    mark, word = _outcome(story)
    return Page(mark, word, _statement(story), "", "", _about(story), tuple(s for s in sections if s.rows))


SIGNS = {"new": "+", "gone": "-", "moved": "!", "changed": "!"}


def sparklines(story: Story, *, ascii: bool = False) -> list[str]:
    """Requests and refusals over time, a line each, and the times of its ends."""
    if not story.asked_series:
        return []
    begin, end = moment(story.first_at), moment(story.last_at)
    room = len(story.asked_series) - len(begin)
    lines = [f"  {'asked':<9}{spark(story.asked_series, ascii=ascii)}  up to {max(story.asked_series):,}"]
    if story.refused:
        lines.append(f"  {'refused':<9}{spark(story.refused_series, ascii=ascii)}  up to {max(story.refused_series):,}")
    return [*lines, f"{'':11}{begin}{end:>{room}}" if room > len(end) else f"{'':11}{begin} to {end}",
            f"{'':11}UTC, a column is {duration(story.step_s)}"]  # fmt: skip


def spark(values: Sequence[int], *, ascii: bool = False) -> str:
    """One character a value."""
    marks = PLAIN if ascii else FINE
    top = max(values, default=0)
    return "".join(marks[0] if not v else marks[max(1, round(v / top * (len(marks) - 1)))] for v in values)


def plots(story: Story) -> dict[str, str]:
    """The figures of the HTML page, as SVG: requests over time, and refusals by how far the clock was off."""
    found = {}
    if len(story.asked_series) > 1:
        found[WHEN] = _bars(
            [(moment(story.first_at or 0, story.step_s * n), asked, bad)
             for n, (asked, bad) in enumerate(zip(story.asked_series, story.refused_series, strict=True))],
            f"Requests over time, a bar is {duration(story.step_s)}; the dark part was refused",
        )  # fmt: skip
    if len(story.drift) > 1:
        bars = [(_bin(one.low_s, one.high_s), one.asked, one.refused) for one in story.drift]
        found["Against the clock"] = _bars(bars, "Requests by the lead of the local clock; the dark part was refused")
    return found


def story_document(story: Story) -> dict[str, Any]:
    """The story as JSON: the key `logs` of a report document. Times are epoch seconds."""
    told = {key: _cleaned(value) for key, value in asdict(story).items() if key != "warnings"}
    return {"schema": STORY_SCHEMA, **told}


def story_findings(story: Story) -> tuple[Finding, ...]:
    """Each kind of refusal as a finding: an error where it goes on to the end of the logs, else a warning."""
    return tuple(
        Finding(
            rule=one.cause or "refused",
            severity="error" if goes_on(one) else "warning",
            where=", ".join(KINDS.get(kind, kind) for kind in one.sources),
            message=f'{one.count:,} refused with "{one_line(one.said, 160)}", {_span(one)}',
            remedy=f"jwtdoctor causes {one.causes[0].cause}" if one.causes else "",
        )
        for one in story.failures
    )


def goes_on(failure: Failure) -> bool:
    """Whether next to nothing was granted after the last of these refusals."""
    return failure.granted_since <= max(2, failure.count // 20)


# --- CSV


def story_csv(story: Story, table: str) -> str:
    """One table of the story (a name of `TABLES`)."""
    head, rows = TABLES[table]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([guarded(cell) for cell in row] for row in rows(story))
    return out.getvalue()


def guarded(cell: object) -> object:
    """A cell that no spreadsheet runs."""
    if not isinstance(cell, str):
        return "" if cell is None else cell
    shown = one_line(cell, 1_000)
    return "'" + shown if cell.lstrip(" ").startswith(FORMULA) or shown.startswith(FORMULA) else shown


def _failure_rows(story: Story) -> Iterable[Sequence[object]]:
    for one in story.failures:
        top = {what: tallies[0].value for what, tallies, _ in one.about}
        yield (one.said, one.count, iso(one.first_at), iso(one.last_at), one.cause, len(one.causes),
               " ".join(one.sources),
               *(top.get(what) for what in ("app", "user", "address", "key", "host")))  # fmt: skip


def _series_rows(story: Story) -> Iterable[Sequence[object]]:
    for n, (asked, refused) in enumerate(zip(story.asked_series, story.refused_series, strict=True)):
        yield iso((story.first_at or 0) // story.step_s * story.step_s + n * story.step_s), asked, refused


Rows = Callable[[Story], Iterable[Sequence[object]]]
TABLES: dict[str, tuple[tuple[str, ...], Rows]] = {
    "failures": (
        ("said", "count", "first", "last", "cause", "readings", "sources", "app", "user", "address", "key", "host"),
        _failure_rows,
    ),
    "series": (("from", "asked", "refused"), _series_rows),
    "changes": (
        ("what", "how", "value", "before", "at", "asked", "refused"),
        lambda s: ((c.what, c.how, c.value, c.before, iso(c.at), c.asked, c.refused) for c in s.changes),
    ),
    "apps": (
        ("app", "logins", "refused", "calls", "last", "users", "addresses"),
        lambda s: ((a.app, a.logins, a.refused, a.calls, iso(a.last_at), a.user_count, a.addresses) for a in s.apps),
    ),
    "addresses": (
        ("who", "address", "first", "asked", "refused", "asked_before", "addresses_before", "country"),
        lambda s: ((u.who, u.address, iso(u.first_at), u.asked, u.refused, u.asked_before, u.addresses_before,
                    u.country) for u in s.unusual),
    ),
    "rates": (
        ("who", "most_in_an_hour", "until", "refreshes", "logins"),
        lambda s: ((r.who, r.most_in_an_hour, iso(r.at), r.refreshes, r.logins) for r in s.rates),
    ),
    "drift": (
        ("ahead_from_s", "ahead_to_s", "asked", "refused"),
        lambda s: ((d.low_s, d.high_s, d.asked, d.refused) for d in s.drift),
    ),
}  # fmt: skip
"""Table of `--format csv` -> its header, and its rows."""


# --- words


def moment(at: float | None, later_s: float = 0.0) -> str:
    """`2026-11-22 03:35`, UTC; empty for a time that is none."""
    try:
        return "" if at is None else datetime.fromtimestamp(at + later_s, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, OSError, ValueError):
        return ""


def iso(at: float | None) -> str:
    """`2026-11-22T03:35:24Z`."""
    try:
        return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return ""


def _outcome(story: Story) -> tuple[str, str]:
    if story.refused:
        return "bad", "REFUSED"
    return ("ok", "GRANTED") if story.granted or story.calls else ("note", "NOTHING")


def _statement(story: Story) -> str:
    if not story.asked and not story.calls:
        return "No login, no token request and no API call in these logs"
    if not story.asked:
        return f"{story.calls:,} API calls, {story.calls_refused:,} of them refused; no logins in these logs"
    if not story.refused:
        return f"{story.asked:,} logins and token requests, none of them refused"
    said = f"{story.refused:,} of {story.asked:,} logins and token requests"
    if story.onset is None:
        return said
    until = "still going on" if story.onset.end_at is None else f"until {moment(story.onset.end_at)}"
    return f"{said}; most since {moment(story.onset.start_at)} UTC, {until}"


def _about(story: Story) -> tuple[str, ...]:
    rows = [f"{KINDS.get(source.kind, source.kind)} {source.rows:,}" for source in story.sources]
    span = f"{moment(story.first_at)} to {moment(story.last_at)} UTC" if story.first_at is not None else ""
    return (*rows, *([span] if span else []))


def _when(story: Story) -> list[Row]:
    onset = story.onset
    if onset is None:
        if not story.refused:
            return [Row("nothing was refused")] if story.asked else []
        if story.refused == story.asked:
            return [Row("no beginning to be seen: all requests in these logs were refused")]
        share = story.refused / story.asked
        return [Row(f"no clear beginning: {share:.1%} of all requests were refused")]
    rows = [Row(f"{moment(onset.start_at)} UTC: from then on {onset.refused:,} of {onset.asked:,} were refused "
                f"({onset.share_within:.0%}; else {onset.share_before:.1%})", name="began")]  # fmt: skip
    if onset.last_good_at is not None:
        before = duration(onset.start_at - onset.last_good_at)
        rows.append(Row(f"{moment(onset.last_good_at)} UTC, {before} before", name="last good"))
    ended = "not in these logs" if onset.end_at is None else f"{moment(onset.end_at)} UTC"
    return [*rows, Row(ended, name="ended")]


def _failures(story: Story, most: int) -> list[Row]:
    rows = []
    for one in story.failures[:most]:
        about = "; ".join(_about_words(*part) for part in one.about)
        more = [_reading(one), f"{_span(one)}{'; ' + about if about else ''}"]
        rows.append(Row(f"{one.count:,} × {one_line(one.said, 200)}", more="\n".join(more)))
    hidden = story.more_failures + sum(one.count for one in story.failures[most:])
    if hidden:
        rows.append(Row(f"{hidden:,} more, in other words", sign="*"))
    return rows


def _to_do(story: Story) -> list[Row]:
    causes = {one.causes[0].cause: one.causes[0].title for one in reversed(story.failures) if one.causes}
    shown = list(reversed(causes.items()))[:MOST_TO_DO]
    return [Row(title, command=f"jwtdoctor causes {cause}") for cause, title in shown]


def _reading(failure: Failure) -> str:
    if not failure.causes:
        return "no known cause: these words are not in the knowledge"
    first, *others = failure.causes
    fitting = [one.cause for one in failure.causes if one.usual == first.usual]
    if len(fitting) > MOST_READINGS + 1 and not _is_off(failure):
        return f"says little by itself: {', '.join(fitting[:MOST_READINGS])} and {len(others) + 1 - MOST_READINGS} more"
    equal = [one.cause for one in others if one.usual == first.usual]
    said = f"{first.title} ({first.cause})" if first.usual in ("sole", "usual") else f"may be {first.cause}"
    if first.cause == "clock-drift" and failure.ahead_s is not None and _is_off(failure):
        side = "ahead" if failure.ahead_s > 0 else "behind"
        said = f"clock-drift: the local clock was {duration(failure.ahead_s)} {side} (median)"
    names = [*equal, *(one.cause for one in others if one.cause not in equal)]
    if not names:
        return said
    shown = ", ".join(names[:MOST_READINGS])
    more = f" and {len(names) - MOST_READINGS} more" if len(names) > MOST_READINGS else ""
    return f"{said}; or {shown}{more}"


def _is_off(failure: Failure) -> bool:
    return failure.ahead_s is not None and abs(failure.ahead_s) >= WORTH_SAYING_S


def _calls(story: Story) -> list[Row]:
    """API calls are no logins: a token that was granted, and refused where it was used."""
    return [Row(f"{one.all:,} of {story.calls:,}, {moment(one.first_at)} to {moment(one.last_at)}",
                name=one_line(one.value, 40) or "refused") for one in story.call_failures]  # fmt: skip


def _span(failure: Failure) -> str:
    if failure.first_at is None:
        return "without a time"
    if goes_on(failure):
        return f"since {moment(failure.first_at)}, still at the end"
    first, last = moment(failure.first_at), moment(failure.last_at)
    return f"{first if first == last else f'{first} to {last}'}, {failure.granted_since:,} granted since"


def _about_words(what: str, tallies: tuple[Tally, ...], count: int) -> str:
    if count == 1:
        return f"{what} {one_line(tallies[0].value, 60)}"
    shown = ", ".join(f"{one_line(t.value, 40)} ({t.all:,})" for t in tallies)
    return f"{count:,} {what}s: {shown}{' …' if count > len(tallies) else ''}".replace("addresss", "addresses")


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}" if count else ""


def _change(change: Change) -> str:
    value, at = one_line(change.value, 60), moment(change.at)
    match change.how:
        case "new":
            return f"{value}: first seen {at}, {change.refused:,} of {change.asked:,} refused"
        case "gone":
            return f"{value}: last seen {at}, {change.refused:,} of {change.asked:,} refused"
        case "moved":
            return f"{change.before} ahead before, {value} from then on (median of {change.asked:,} replies)"
    return f"{at} {value}{' by ' + one_line(change.before, 60) if change.before else ''}"


def _subjects(story: Story) -> list[Row]:
    return [
        Row(f"{one_line(one.value, 60)}: {one.refused:,} of {one.asked:,} refused; "
            f"all others {one.others_refused:,} of {one.others_asked:,}", name=one.what)
        for one in story.subjects
    ]  # fmt: skip


def _drift(story: Story) -> list[Row]:
    if len(story.drift) < 2 and not any(one.refused for one in story.drift):
        return []
    return [Row(f"{one.refused:,} of {one.asked:,} refused ({one.refused / one.asked:.0%})",
                name=_bin(one.low_s, one.high_s)) for one in story.drift]  # fmt: skip


def _bin(low_s: float | None, high_s: float | None) -> str:
    if low_s is None:
        return f"below {high_s:+.0f} s"
    return f"above {low_s:+.0f} s" if high_s is None else f"{low_s:+.0f} to {high_s:+.0f} s"


def _apps(story: Story, most: int) -> list[Row]:
    rows = []
    for one in story.apps[:most]:
        counts = [_number(one.logins, "login"), f"{one.refused:,} refused" if one.refused else "",
                  _number(one.calls, "call"), f"last {moment(one.last_at)}"]  # fmt: skip
        names = ", ".join(one_line(user.value, 40) for user in one.users[:3])
        more = f" and {one.user_count - 3:,} more" if one.user_count > 3 else ""
        who = f"; by {names}{more}" if names else ""
        from_ = f"; from {one.addresses:,} address{'es' if one.addresses > 1 else ''}" if one.addresses else ""
        rows.append(Row(", ".join(part for part in counts if part) + who + from_, name=one_line(one.app, 40)))
    hidden = story.more_apps + max(0, len(story.apps) - most)
    return [*rows, Row(f"{hidden:,} more apps")] if hidden else rows


def _unusual(story: Story, most: int) -> list[Row]:
    rows = [
        Row(f"{one_line(one.who, 40)} from {moment(one.first_at)}: {one.refused:,} of {one.asked:,} refused; before, "
            f"{one.asked_before:,} from {one.addresses_before} other address{'es' if one.addresses_before > 1 else ''}",
            name=one_line(one.address + (f" {one.country}" if one.country else ""), 40))
        for one in story.unusual[:most]
    ]  # fmt: skip
    hidden = story.more_unusual + max(0, len(story.unusual) - most)
    return [*rows, Row(f"{hidden:,} more")] if hidden else rows


def _rates(story: Story, most: int) -> list[Row]:
    limit = story.limit_an_hour
    rows = []
    for one in story.rates[:most]:
        refreshes = f", {one.refreshes:,} refreshes" if one.refreshes else ""
        is_worth = limit is not None and one.most_in_an_hour >= limit / 100
        share = f", {one.most_in_an_hour / limit:.0%} of the limit {limit:,}" if limit and is_worth else ""
        is_near = limit is not None and one.most_in_an_hour >= 0.8 * limit
        rows.append(Row(f"at most {one.most_in_an_hour:,}{share}, until {moment(one.at)}; "
                        f"{one.logins:,} in all{refreshes}",
                        sign="!" if is_near else "", name=one_line(one.who, 40)))  # fmt: skip
    return rows


def _read(story: Story) -> list[Row]:
    rows = []
    for one in story.sources:
        parts = [f"{_number(one.rows, 'row') or 'no row'} in {_number(one.files, 'file')}"]
        parts += [f"{count:,} {what}" for what, count in (
            ("repeated and counted once", one.repeated), ("mended", one.mended), ("unread", one.unread),
            ("without a time", one.without_time)) if count]  # fmt: skip
        rows.append(Row(", ".join(parts), name=KINDS.get(one.kind, one.kind)))
    types = ", ".join(f"{one_line(one.value, 40)} {one.all:,}" for one in story.events[:MOST_ROWS])
    return [*rows, Row(types, name="event types")] if types else rows


def _bars(bars: Sequence[tuple[str, int, int]], caption: str) -> str:
    """Bars of (label, all, dark part) as SVG without style or script; the first and last label stand below."""
    from html import escape

    width, height = 640, 120
    top = max((asked for _, asked, _ in bars), default=0) or 1
    step = width / len(bars)
    box = f'viewBox="0 0 {width} {height + 20}" role="img" width="100%"'
    parts = [f"<figure><svg {box}><title>{escape(caption)}</title>"]
    for n, (label, asked, bad) in enumerate(bars):
        tall, dark = asked / top * height, bad / top * height
        said = f"<title>{escape(label)}: {asked:,}, refused {bad:,}</title>"
        x = f'x="{n * step:.1f}" width="{max(step - 1, 0.5):.1f}"'
        parts.append(f'<rect class="window" {x} y="{height - tall:.1f}" height="{tall:.1f}">{said}</rect>')
        if bad:
            parts.append(f'<rect fill="#a4262c" {x} y="{height - dark:.1f}" height="{max(dark, 1):.1f}">{said}</rect>')
    parts.append(f'<text x="0" y="{height + 15}">{escape(bars[0][0])}</text>')
    parts.append(f'<text x="{width}" y="{height + 15}" text-anchor="end">{escape(bars[-1][0])}</text>')
    return "\n".join([*parts, f"</svg><figcaption>{escape(caption)}; the highest is {top:,}</figcaption></figure>"])


def _cleaned(value: Any) -> Any:
    """Foreign text without escapes and secrets, all the way down."""
    if isinstance(value, str):
        return one_line(value, 1_000)
    if isinstance(value, dict):
        return {key: _cleaned(inner) for key, inner in value.items()}
    return [_cleaned(inner) for inner in value] if isinstance(value, (list, tuple)) else value
