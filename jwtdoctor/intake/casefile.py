"""The case file (`jwtdoctor.case/1`): one observed attempt, safe to share, replayed to equal verdicts.

Lenient inside, strict outside: a fact that nobody knows or of the wrong type is a warning and left out, but what is no
case at all is refused with one line. Derived facts in a file are left out too, since they are derived again.

Redaction happens when a case is written, after the facts about the form of names were taken; `[redacted]` reads as
present when it comes back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jwtdoctor.errors import BadCase, BadInput
from jwtdoctor.intake.bounds import MAX_INPUT, json_of, shortened, text_of, too_large
from jwtdoctor.intake.logs import look_at_log
from jwtdoctor.intake.redact import clean, clean_body
from jwtdoctor.intake.reply_facts import ID_HEADERS, observe_reply, server_time
from jwtdoctor.intake.request_facts import observe_username
from jwtdoctor.intake.sighting import MAX_TEXT, Sighting, safe_reply
from jwtdoctor.model.case import CASE_SCHEMA, Case
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.exchange import MAX_BODY, Reply
from jwtdoctor.model.facts import VOCABULARY, Value, fits
from jwtdoctor.model.names import canonical_flow

if TYPE_CHECKING:
    from jwtdoctor.intake.placeholders import Names

KNOWN_KEYS = ("schema", "id", "at", "provider", "flow", "reply", "text", "facts", "profile")
MAX_FACTS = 1_000
NOT_NAMED = ""
"""Nobody named one: `reasoning/recognise.py` finds it out."""
_SAVED_HEADERS = (
    *("date", "age", "content-type", "content-length", "retry-after", "server", "via", "www-authenticate"),
    *("proxy-authenticate", "location", "x-cache", "dpop-nonce"),
    *ID_HEADERS,
)
_WARNING_LIMIT = 20


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One line of a cases file. Either `case` or `problem` is there; `rest` holds what stands beside the case."""

    number: int
    case: Case | None = None
    problem: BadInput | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)


def case_from(
    mapping: Mapping[str, Any],
    where: str = "case",
    *,
    known_providers: Collection[str] | None = None,
    default_provider: str = NOT_NAMED,
) -> Case:
    """A case file's content as a case, with every fact that its reply and text tell; those written down win.

    Raises BadCase where it is no case. `known_providers` None: any provider name is taken.
    """
    warnings: list[str] = []
    _check_schema(mapping, where)
    warnings += [
        f"{where}: {clean(str(key))[:60]} is no key of a case and was ignored"
        for key in list(mapping)[:50]
        if key not in KNOWN_KEYS
    ]
    reply = _reply_of(mapping.get("reply"), where, warnings)
    text = _text_of(mapping.get("text"), where, warnings)
    given = _facts_of(mapping.get("facts"), where, warnings)
    seen = look_at_log(text) if text and text.strip() else Sighting()
    case = Case(
        provider=_provider_of(mapping.get("provider"), default_provider, known_providers, where, warnings),
        flow=_flow_of(mapping.get("flow"), where, warnings),
        id=_id_of(mapping.get("id")),
        at=_at_of(mapping.get("at"), where, warnings),
        profile=_id_of(mapping.get("profile")),
    )
    return _assembled(case, reply, seen, given, warnings)


def case_to(case: Case, chart: Chart, keep_names: bool = False) -> dict[str, Any]:
    """The case as a mapping to write down: redacted, observed facts only. `chart` is the report's."""
    from jwtdoctor.intake.placeholders import Names  # only writing needs its expressions

    names = Names(keep=keep_names)
    identities = ("assertion.iss", "assertion.sub")
    ordered = sorted(chart, key=lambda seen: (seen.fact not in identities, seen.fact))
    facts = {seen.fact: _saved_fact(seen, names) for seen in ordered if not VOCABULARY[seen.fact].derived}
    saved: dict[str, Any] = {"schema": CASE_SCHEMA, "id": None if case.id is None else names.text(clean(case.id))}
    saved |= {"at": case.at, "provider": case.provider, "flow": case.flow}
    if case.reply is not None:
        saved["reply"] = _saved_reply(case.reply, names)
    if case.text is not None:
        saved["text"] = shortened(names.text(clean(case.text)), MAX_TEXT)
    saved["facts"] = {name: facts[name] for name in sorted(facts)}
    return {key: value for key, value in saved.items() if value is not None}


MOST_SKIPPED = 500_000_000
"""Bytes of one line of a cases file that are passed over before it is given up."""


def read_cases_file(path: str | Path, *, known_providers: Collection[str] | None = None) -> Iterator[CaseLine]:
    """The cases of a JSON lines file, one at a time. A line is a case, or an object with a key `case`.

    A bad line is yielded with its problem, and the others follow. Raises BadInput where the file cannot be read.
    """
    where = "standard input" if str(path) == "/dev/stdin" else str(path)
    try:
        with Path(path).open("rb") as lines:
            number = 0
            while line := lines.readline(MAX_INPUT + 1):
                number += 1
                if len(line) > MAX_INPUT:
                    goes_on = _skip_rest(lines, line)
                    yield CaseLine(number, problem=too_large(f"{where}:{number}"))
                    if not goes_on:
                        return
                elif line.strip(b" \t\r\n\xef\xbb\xbf"):
                    yield _line_of(line, number, f"{where}:{number}", known_providers)
    except OSError as problem:
        raise unreadable(where, problem) from None


def write_case(path: str | Path, saved: Mapping[str, Any]) -> None:
    """Writes what `case_to` gave, whole or not at all, readable by the owner alone.

    Another case file is replaced; any other file is not. Raises BadInput.
    """
    import tempfile  # brings a dozen modules along that reading needs not

    target = Path(path)
    try:
        _check_target(target)
        text = json.dumps(saved, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        descriptor, temporary = tempfile.mkstemp(prefix=".jwtdoctor-", dir=target.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text)
            Path(temporary).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as problem:
        raise unreadable(str(path), problem, "written") from None


def unreadable(where: str, problem: OSError, verb: str = "read") -> BadInput:
    """One line for a file that the system refuses."""
    reason = (problem.strerror or type(problem).__name__).lower()
    return BadInput(f"cannot be {verb}: {reason}", where=shortened(clean(where).replace("\n", " "), 200))


# --- reading -------------------------------------------------------------------------------------------------------


def _check_schema(mapping: Mapping[str, Any], where: str) -> None:
    if not isinstance(mapping, Mapping):
        raise BadCase("is no case", where=where, expected="a JSON object")
    schema = mapping.get("schema", CASE_SCHEMA)
    if schema != CASE_SCHEMA:
        raise BadCase("has a schema that is not read here", where=where, expected=f'"schema": "{CASE_SCHEMA}"')


def _assembled(
    case: Case, reply: Reply | None, seen: Sighting, given: tuple[Observation, ...], warnings: list[str]
) -> Case:
    """Everything on one chart: what the reply and the text tell, then what was written down."""
    text = seen.text
    if reply is None:
        reply = seen.reply
    elif seen.reply is not None and not reply.body.strip():
        reply = replace(reply, body=seen.reply.body)
    told = () if reply is None else observe_reply(reply)
    chart = Chart.of(seen.facts).plus(told).plus(given)
    if "user.username_is_sandbox_style" not in chart:
        chart = chart.plus(observe_username(tuple(chart)))
    return replace(
        case,
        flow=case.flow or seen.flow,
        at=case.at if case.at is not None or reply is None else server_time(reply),
        reply=None if reply is None else safe_reply(reply),
        text=text,
        observations=tuple(chart),
        warnings=(*warnings[:_WARNING_LIMIT], *_left_out(warnings), *seen.warnings),
    )


def _left_out(warnings: list[str]) -> tuple[str, ...]:
    more = len(warnings) - _WARNING_LIMIT
    return (f"{more} more warnings of this kind",) if more > 0 else ()


def _reply_of(raw: object, where: str, warnings: list[str]) -> Reply | None:
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise BadCase("reply is not an object", where=where, expected='{"status": …, "headers": {…}, "body": "…"}')
    body = raw.get("body")
    if isinstance(body, (dict, list)):
        body = json.dumps(body, ensure_ascii=False)
    elif body is not None and not isinstance(body, str):
        warnings.append(f"{where}: reply.body is not text and was ignored")
        body = None
    return Reply(
        _status_of(raw.get("status"), where, warnings),
        _headers_of(raw.get("headers"), where, warnings),
        (body or "")[:MAX_BODY],
    )


def _status_of(raw: object, where: str, warnings: list[str]) -> int | None:
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) == 3:
        raw = int(raw)
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1000:
        raw = int(raw)
    if raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and 100 <= raw <= 999):
        return raw
    warnings.append(f"{where}: reply.status is no HTTP status and was ignored")
    return None


def _headers_of(raw: object, where: str, warnings: list[str]) -> dict[str, str]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        warnings.append(f"{where}: reply.headers is not an object and was ignored")
        return {}
    headers: dict[str, str] = {}
    for name, value in list(raw.items())[:200]:
        joined = ", ".join(str(one) for one in value[:20]) if isinstance(value, list) else value
        if isinstance(joined, (str, int, float)):
            headers[str(name)[:200]] = str(joined)[:8_000]
    return headers


def _text_of(raw: object, where: str, warnings: list[str]) -> str | None:
    if isinstance(raw, list) and all(isinstance(line, str) for line in raw):
        raw = "\n".join(raw)
    if raw is None or isinstance(raw, str):
        return raw
    warnings.append(f"{where}: text is not text and was ignored")
    return None


def _facts_of(raw: object, where: str, warnings: list[str]) -> tuple[Observation, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, Mapping):
        raise BadCase("facts is not an object", where=where, expected='{"NAME": VALUE, …}')
    found = []
    for name, value in list(raw.items())[:MAX_FACTS]:
        seen = _fact_of(str(name), value, where, warnings)
        if seen is not None:
            found.append(seen)
    return tuple(found)


def _fact_of(name: str, raw: object, where: str, warnings: list[str]) -> Observation | None:
    known = VOCABULARY.get(name)
    shown = clean(name)[:60].replace("\n", " ")
    if known is None:
        warnings.append(f"{where}: no fact is called {shown}; it was ignored")
        return None
    if known.derived:
        warnings.append(f"{where}: {shown} is worked out from other facts; it was ignored")
        return None
    value, source, uncertainty = raw, "case", None
    if isinstance(raw, Mapping):
        value = raw.get("value")
        source = clean(raw["source"])[:100] if isinstance(raw.get("source"), str) else "case"
        doubt = raw.get("uncertainty")
        is_number = isinstance(doubt, (int, float)) and not isinstance(doubt, bool) and 0 <= doubt < 1e300
        uncertainty = float(doubt) if is_number and doubt is not None else None
    typed = _typed(value)
    if typed is None or not fits(known, typed):
        warnings.append(f"{where}: {shown} takes {known.kind}; another type was ignored")
        return None
    return Observation(name, typed, source, uncertainty)


def _typed(value: object) -> Value | None:
    """A JSON value as a fact's value; None for what no fact takes."""
    if isinstance(value, str):
        return shortened(clean(value), MAX_TEXT)
    if isinstance(value, list):
        return tuple(clean(one)[:500] for one in value[:500]) if all(isinstance(one, str) for one in value) else None
    if isinstance(value, tuple):
        return _typed(list(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**300:
        return None
    return value if isinstance(value, (bool, int, float)) else None


def _provider_of(raw: object, default: str, known: Collection[str] | None, where: str, warnings: list[str]) -> str:
    if raw is None:
        return default
    if isinstance(raw, str) and raw.strip():
        name = raw.strip().lower()
        if known is None or name in known:
            return clean(name)[:60]
        warnings.append(f"{where}: no provider is called {clean(name)[:60]}; generic rules are used")
    else:
        warnings.append(f"{where}: provider is not a name; generic rules are used")
    return "generic"


def _flow_of(raw: object, where: str, warnings: list[str]) -> str | None:
    if raw is None:
        return None
    flow = canonical_flow(raw.strip()) if isinstance(raw, str) else None
    if flow is None:
        shown = clean(raw)[:60].replace("\n", " ") if isinstance(raw, str) else "of another type"
        warnings.append(f"{where}: no flow is called {shown}; it counts as unknown")
    return flow


def _id_of(raw: object) -> str | None:
    return None if raw is None or isinstance(raw, (dict, list)) else shortened(clean(str(raw)).replace("\n", " "), 300)


def _at_of(raw: object, where: str, warnings: list[str]) -> float | None:
    if raw is None:
        return None
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and -1e11 < raw < 1e11:
        return float(raw)
    warnings.append(f"{where}: at is no time in epoch seconds and was ignored")
    return None


def _line_of(line: bytes, number: int, where: str, known_providers: Collection[str] | None) -> CaseLine:
    try:
        text, warnings = text_of(line, where)
        try:
            found = json_of(text)
        except ValueError:
            raise BadCase("is no JSON", where=where, expected="a case on one line") from None
        if not isinstance(found, Mapping):
            raise BadCase("is no case", where=where, expected="a JSON object")
        inner = found.get("case")
        raw = inner if "case" in found else found
        if not isinstance(raw, Mapping):
            raise BadCase("its case is no object", where=where, expected="a case file's content")
        case = case_from(raw, where, known_providers=known_providers)
    except BadInput as problem:
        return CaseLine(number, problem=problem)
    rest = {key: value for key, value in found.items() if key != "case"} if "case" in found else {}
    return CaseLine(number, replace(case, warnings=(*warnings, *case.warnings)), rest=rest)


def _skip_rest(lines: Any, line: bytes) -> bool:
    """Reads on to the end of a line; False where it does not end within `MOST_SKIPPED`, like that of a device."""
    skipped = len(line)
    while line and not line.endswith(b"\n"):
        if skipped > MOST_SKIPPED:
            return False
        line = lines.readline(MAX_INPUT)
        skipped += len(line)
    return True


# --- writing -------------------------------------------------------------------------------------------------------


def _saved_fact(seen: Observation, names: Names) -> dict[str, Any]:
    value = seen.value
    if isinstance(value, tuple):
        shown: Any = [_saved_text(seen.fact, one, names) for one in value]
    else:
        shown = _saved_text(seen.fact, value, names) if isinstance(value, str) else value
    saved: dict[str, Any] = {"value": shown, "source": names.text(clean(seen.source))}
    if seen.uncertainty is not None:
        saved["uncertainty"] = seen.uncertainty
    return saved


NAMES_WITHOUT_A_FORM = frozenset(
    {"assertion.iss", "assertion.sub", "app.name", "app.grantees", "user.profile", "user.assigned_by"}
)
"""Facts that are the name of somebody or something as it stands: replaced whole."""


def _saved_text(name: str, value: str, names: Names) -> str:
    value = clean(value)
    if name in NAMES_WITHOUT_A_FORM:
        return names.identity(value)
    if name in ("request.token_host", "token.api_host", "path.proxy", "path.no_proxy_entry"):
        return names.host(value)
    if name == "request.redirected_to":
        return names.url(value)
    return names.text(value)


def _saved_reply(reply: Reply, names: Names) -> dict[str, Any]:
    saved: dict[str, Any] = {}
    if reply.status is not None:
        saved["status"] = reply.status
    headers = {n: _saved_header(n, v, names) for n, v in reply.headers.items() if n.lower() in _SAVED_HEADERS}
    if headers:
        saved["headers"] = headers
    if reply.body:
        saved["body"] = names.text(clean_body(reply.body))
    return saved


def _saved_header(name: str, value: str, names: Names) -> str:
    value = clean(f"{name}: {value}").partition(": ")[2]
    return names.url(value) if name.lower() == "location" else names.text(value)


def _check_target(target: Path) -> None:
    """Only a case file may be replaced: a slip of the hand must not destroy a key."""
    if not target.exists():
        return
    if target.is_dir():
        raise BadInput("is a folder", where=str(target), expected="a file to write")
    with target.open("rb") as old:
        head = old.read(4096)
    if b"jwtdoctor.case/" not in head and head.strip():
        raise BadInput("exists and is no case file, so it is not replaced", where=str(target), do="name another file")
