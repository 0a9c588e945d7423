"""Bodies that are buried in other text: JSON in a log line (escaped once or twice), a dict's repr, a map's toString,
a header's parameters, a form. Nothing here knows a client; it only knows the forms.

The search is bounded: an object is tried only where one begins, over a window, a fixed number of times, counted from
the end of the text, since the last error is the one that is asked about.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_plus

from jwtdoctor.intake.bodies import BodyParts, is_oauth_error, of_json, strings_in
from jwtdoctor.intake.bounds import json_of

WINDOW = 40_000
TRIES = 600
_BEGIN = re.compile(r"\{\s{0,20}\"|\[\s{0,20}\{\s{0,20}\"")
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Buried:
    """One error (or success) found inside a text. `at` is its place; `body` the text that stands for it."""

    at: int
    error: str | None
    description: str | None
    body: str
    is_oauth: bool
    granted: bool = False

    @property
    def line(self) -> str:
        return " ".join(part for part in (self.error, self.description) if part)


def buried_in(text: str) -> tuple[Buried, ...]:
    """All errors and successes in the text, in order. The readings that find JSON win over looser ones."""
    for level in _levels(text):
        found = [*_objects(level)]
        if found:
            loose = [] if any(one.is_oauth for one in found) else [*_pairs(level)]
            return tuple(sorted([*found, *loose], key=lambda one: one.at))
    return tuple(_pairs(text))


def last_error(found: tuple[Buried, ...]) -> Buried | None:
    """The one that is asked about: the last OAuth error, else the last error, else a token that was issued."""
    oauth = [one for one in found if one.is_oauth and not one.granted]
    other = [one for one in found if not one.granted]
    granted = [one for one in found if one.granted]
    return next((group[-1] for group in (oauth, other, granted) if group), None)


def _levels(text: str) -> Iterator[str]:
    """The text as it is, then with one and two levels of escaping taken off, as HTML, and percent-decoded."""
    yield text
    level = text
    for _ in range(3):
        if '\\"' not in level:
            break
        level = level.replace("\\\\", "\x00").replace('\\"', '"').replace("\\/", "/").replace("\x00", "\\")
        yield level
    if "&quot;" in text or "&#34;" in text:
        yield html.unescape(text)
    if "%7B" in text or "%7b" in text:
        yield unquote(text)


def _objects(text: str) -> Iterator[Buried]:
    starts = [found.start() for found in _BEGIN.finditer(text)][-TRIES:]
    end = -1
    for start in starts:
        if start < end:
            continue
        try:
            value, length = _DECODER.raw_decode(text[start : start + WINDOW])
        except (ValueError, RecursionError):
            continue
        end = start + length
        yield from _of_value(value, start)


def _of_value(value: Any, at: int, depth: int = 0) -> Iterator[Buried]:
    parts = of_json(value)
    oauth = isinstance(value, Mapping) and is_oauth_error(value)
    if parts.is_error or parts.granted:
        oauth = oauth or _is_code(parts.error) or (parts.description or "").startswith("AADSTS")
        if oauth or parts.granted or depth or not _holds_more(value):
            yield Buried(at, parts.error, parts.description, _dumped(value, parts), oauth, parts.granted is True)
            return
    if depth < 3:
        found = [inner for text in strings_in(value) if "{" in text for inner in _inside(text, at, depth)]
        yield from found
        if not found and parts.is_error:
            yield Buried(at, parts.error, parts.description, _dumped(value, parts), False)


def _holds_more(value: Any) -> bool:
    return any('{"' in text or '{\\"' in text for text in strings_in(value))


def _inside(text: str, at: int, depth: int) -> Iterator[Buried]:
    start, end = text.find("{"), text.rfind("}")
    if 0 <= start < end and end - start < WINDOW:
        try:
            yield from _of_value(json_of(text[start : end + 1]), at, depth + 1)
        except ValueError:
            return


def _dumped(value: Any, parts: BodyParts) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = ""
    if 0 < len(text) <= WINDOW:
        return text
    return as_body(parts.error, parts.description)


def as_body(error: str | None, description: str | None) -> str:
    """An error in OAuth's own form (RFC 6749 §5.2)."""
    fields = {"error": error, "error_description": description}
    return json.dumps({name: value for name, value in fields.items() if value is not None}, ensure_ascii=False)


# --- key and value, in any notation -------------------------------------------------------------------------------

_KEY = re.compile(
    r"(?<![A-Za-z0-9_.-])(error_description|errorDescription|error|error_code|"
    r"errorCode)[\"'\\\]]{0,6}\s{0,3}(?:=>|:|=)\s{0,3}"
)
_QUOTED = re.compile(r"\\{0,4}(?:\"((?:\\[^\n]|[^\"\\\n])*+)|'((?:\\[^\n]|[^'\\\n]|(?<=[a-z])'(?=[a-z]))*+))")
_BARE_TEXT = re.compile(r"[^\"'\n{}\[\]][^\n]{0,600}")
_NEXT_KEY = re.compile(
    r"(?:,\s{0,3}|\s|&)[\"':]{0,2}[A-Za-z_]{2,40}[\"']{0,1}\s{0,2}(?:=>|=|:)(?=\S)|[}\]\"]|\s\(truncated|&"
)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+|OAUTH_[A-Z_]{3,60}|[a-z]{6,40}")
_SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_TOGETHER = 2_000
_MOST_PAIRS = 2_000


def _is_code(error: str | None) -> bool:
    return error is not None and (_SNAKE.fullmatch(error) is not None or error.startswith("OAUTH_"))


def _pairs(text: str) -> Iterator[Buried]:
    """`error` and `error_description` as two keys near each other, whatever notation they are in."""
    keys = [(m.start(), m.end(), m[1]) for m in _KEY.finditer(text)][-_MOST_PAIRS:]
    errors: list[tuple[int, str]] = []
    descriptions: list[tuple[int, str]] = []
    for start, end, name in keys:
        value = _value_at(text, start, end)
        if not value:
            continue
        if name.lower().replace("_", "") == "errordescription":
            descriptions.append((start, value))
        elif _is_code(value):
            errors.append((start, value))
    yield from _joined(errors, descriptions)


def _joined(errors: list[tuple[int, str]], descriptions: list[tuple[int, str]]) -> Iterator[Buried]:
    """Each error with the description that follows it before the next error, else with the one just before."""
    taken: set[int] = set()
    for number, (at, error) in enumerate(errors):
        until = errors[number + 1][0] if number + 1 < len(errors) else at + _TOGETHER
        after = next((d for d in descriptions if at < d[0] < min(until, at + _TOGETHER)), None)
        before = next((d for d in reversed(descriptions) if at - 300 < d[0] < at and d[0] not in taken), None)
        chosen = after or before
        if chosen is not None:
            taken.add(chosen[0])
        description = None if chosen is None else chosen[1]
        yield Buried(at, error, description, as_body(error, description), True)
    for at, description in descriptions:
        if at not in taken and not errors:
            yield Buried(at, None, description, as_body(None, description), True)


def _value_at(text: str, start: int, end: int) -> str:
    quoted = _QUOTED.match(text, end)
    if quoted is not None:
        value = quoted[1] if quoted[1] is not None else quoted[2]
        value = re.split(r"\s\(truncated", value or "", maxsplit=1)[0]
        return _unescaped(value).strip().rstrip("\\")[:4000]
    bare = _BARE_TEXT.match(text, end)
    if bare is None:
        return ""
    value = bare[0]
    is_query = text[end - 1] == "=" and (start == 0 or text[start - 1] in "?&#;" or "&" in value or "+" in value)
    if is_query:
        return unquote_plus(re.split(r"[&\s\"'<>)]", value, maxsplit=1)[0])[:4000]
    cut = _NEXT_KEY.search(value)
    return (value[: cut.start()] if cut else value).strip().rstrip(",;)")[:4000]


def _unescaped(value: str) -> str:
    r"""A quoted value as it was meant: `\'`, `\"`, `\n`, `\u2019`."""
    if "\\" not in value:
        return value
    value = re.sub(r"\\+u([0-9a-fA-F]{4})", _character, value)
    return re.sub(r"\\+([\"'/\\])", r"\1", value).replace("\\n", " ").replace("\\r", " ").replace("\\t", " ")


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else chr(code)
