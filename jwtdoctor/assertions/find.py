"""Finds the assertion in what someone pastes: a token, a request body, a curl line, a header, a JSON object.

Standard library only. The order is from the most telling form to the least; a bare token is what is left,
so that `take_apart` can say what is wrong with it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from jwtdoctor.errors import NotAJwt

MAX_INPUT = 1_000_000
"""Characters that are looked at."""

PARAMETERS = (
    "assertion",
    "client_assertion",
    "jwt_token",
    "subject_token",
    "access_token",
    "id_token",
    "token",
)
"""Form parameters and JSON members that may carry a JWT, the likeliest first."""

Form = Literal["token", "body", "curl", "header", "json"]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a token was found. `parameter` is the form parameter, header or member that held it."""

    text: str = field(repr=False)
    form: Form = "token"
    parameter: str = ""
    grant_type: str | None = None
    url: str | None = None
    """The URL of a curl line, without its query."""


def find_assertion(text: str, where: str = "") -> Found:
    """The text that is meant to be a JWT. Raises NotAJwt where a body, line or object holds none."""
    if len(text) > MAX_INPUT:
        raise NotAJwt(f"{len(text):,} characters are too many", where=where, expected="a token or one request")
    stripped = text.strip().lstrip("\ufeff")
    if re.match(r"(?:[$#>%] ?)?curl(?:\.exe)?\s", stripped):
        return _in_curl(stripped, where)
    if stripped.startswith(("{", '"')):
        return _in_json(stripped, where)
    if header := _authorization(stripped) or _proof(stripped):
        return header
    if re.match(r"(?!eyJ)[\w~%-]{1,60}=", stripped):
        return _in_body(stripped, where)
    if body := _http_body(stripped):
        return find_assertion(body, where)
    return Found(re.sub(r"(?i)\A(?:bearer|jwt)\s+", "", stripped))


def _in_body(body: str, where: str, url: str | None = None, form: Form = "body") -> Found:
    fields = dict(_fields(body))
    for name in PARAMETERS:
        if name in fields:
            return Found(fields[name], form, name, fields.get("grant_type"), url)
    raise NotAJwt("the request carries no assertion", where=where, expected="assertion=… or client_assertion=…")


def _fields(body: str) -> Iterator[tuple[str, str]]:
    """Form fields, the first of a name winning. A `+` in a JWT is damage, so white space shows where one
    stood.
    """
    joined = "".join(line.strip() for line in body.splitlines())
    seen: set[str] = set()
    for name, value in parse_qsl(joined, keep_blank_values=True, errors="replace", max_num_fields=None):
        if name not in seen:
            seen.add(name)
            yield name, value


def _in_json(text: str, where: str) -> Found:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Found(text)
    if isinstance(found, str):
        return Found(found)
    if isinstance(found, dict):
        for name, value in _members(found):
            return Found(value, "json", name, _text_or_none(found.get("grant_type")))
        if "kty" in found:
            return Found(text)
    raise NotAJwt(
        "the JSON carries no assertion", where=where, expected="a member assertion, client_assertion or token"
    )


def _members(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in PARAMETERS:
        if isinstance(found.get(name), str):
            yield name, found[name]


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _authorization(text: str) -> Found | None:
    match = re.match(r"(?i)(?:-H\s+['\"]?)?(?:proxy-)?authorization\s*:\s*(?:bearer|jwt|oauth)\s+(\S.*)", text)
    return Found(match.group(1).strip().rstrip("'\""), "header", "Authorization") if match else None


def _proof(text: str) -> Found | None:
    """A DPoP header (RFC 9449 §4.1)."""
    match = re.match(r"(?i)(?:-H\s+['\"]?)?dpop\s*:\s*(\S+)", text)
    return Found(match.group(1).rstrip("'\""), "header", "DPoP") if match else None


def _http_body(text: str) -> str | None:
    """The body, or else the Authorization header or the DPoP header, of a pasted HTTP request."""
    if not re.match(r"(?:POST|GET|PUT) \S{1,4000}(?: HTTP/[\d.]+)?\r?\n", text):
        return None
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    if body.strip():
        return body.strip()
    for name in ("authorization: bearer", "dpop:", "authorization:"):
        found = next((line for line in head.split("\n") if line.lower().startswith(name)), None)
        if found is not None:
            return found
    return None


# --- curl -----------------------------------------------------------------------------------------

_DATA_FLAGS = frozenset({"-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--data-urlencode", "--json"})
_FORM_FLAGS = frozenset({"-F", "--form", "--form-string"})
_HEADER_FLAGS = frozenset({"-H", "--header"})
_VALUED_FLAGS = frozenset(
    {
        "-X",
        "--request",
        "-u",
        "--user",
        "-A",
        "--user-agent",
        "-o",
        "--output",
        "-x",
        "--proxy",
        "--cacert",
        "-E",
        "--cert",
        "--key",
        "-m",
        "--max-time",
        "--connect-timeout",
        "-b",
        "--cookie",
        "-e",
        "--referer",
        "--url",
        "-w",
        "--write-out",
        "--resolve",
        "--oauth2-bearer",
    }
)


def _in_curl(line: str, where: str) -> Found:
    pieces: list[str] = []
    url: str | None = None
    header: Found | None = None
    for flag, value in _arguments(line, where):
        if flag in _DATA_FLAGS | _FORM_FLAGS:
            pieces.append(_encoded(value) if flag in _FORM_FLAGS | {"--data-urlencode"} else value)
        elif flag in _HEADER_FLAGS:
            header = header or _authorization(value) or _proof(value)
        elif flag == "--oauth2-bearer":
            header = Found(value, "header", "Authorization")
        elif flag in ("", "--url") and "/" in value:
            url = url or value
    return _of_request(pieces, url, header, where)


def _of_request(pieces: list[str], url: str | None, header: Found | None, where: str) -> Found:
    split = urlsplit(url) if url and _is_splittable(url) else None
    plain_url = split._replace(query="", fragment="").geturl() if split else None
    body = "&".join(pieces)
    if body.lstrip().startswith("{"):
        return _in_json(body, where)
    query = split.query if split else ""
    if any(name in PARAMETERS for name, _ in _fields(f"{body}&{query}")):
        return _in_body(f"{body}&{query}", where, plain_url, "curl")
    if header:
        return Found(header.text, "curl", header.parameter, url=plain_url)
    if any("=@" in piece or piece.startswith("@") for piece in pieces):
        raise NotAJwt("this curl line reads its data from a file", where=where, do="inspect that file")
    raise NotAJwt("this curl line carries no assertion", where=where, expected="--data assertion=…")


def _is_splittable(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _encoded(piece: str) -> str:
    """`name=value` of --data-urlencode or -F as it goes over the wire, so that one reader serves all."""
    name, _, value = piece.partition("=")
    return f"{name}={quote(value.strip(chr(34)), safe='')}"


def _arguments(line: str, where: str) -> Iterator[tuple[str, str]]:
    """(flag, value) pairs of a command line; a bare argument has the flag ''."""
    words = iter(_words(line, where))
    next(words, None)
    for word in words:
        if word in _DATA_FLAGS | _FORM_FLAGS | _HEADER_FLAGS | _VALUED_FLAGS:
            yield word, next(words, "")
        elif word.startswith("--") and "=" in word.split(" ")[0]:
            flag, _, value = word.partition("=")
            yield flag, value
        elif word[:2] in ("-d", "-H", "-F") and len(word) > 2:
            yield word[:2], word[2:]
        elif not word.startswith("-"):
            yield "", word


def _words(line: str, where: str) -> list[str]:
    """The words of a shell line. Windows' `^` and PowerShell's backtick before a line break count as `\\`
    does.
    """
    joined = re.sub(r"[\\^`][ \t]*\r?\n", " ", line)
    joined = re.sub(r"\A[$#>%] ?", "", joined)
    try:
        return shlex.split(joined.replace("$'", "'"))
    except ValueError:
        raise NotAJwt("this curl line cannot be read: a quote is not closed", where=where) from None
