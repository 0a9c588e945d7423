"""A curl command line as a request. Only its form is read; nothing is run.

POSIX, cmd (`^`) and PowerShell (backtick) continuations are understood. What cannot be split like a shell line (an
unclosed quote, say) is split at white space, since half a request is better than none.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator
from urllib.parse import parse_qsl

from jwtdoctor.intake.bounds import json_of
from jwtdoctor.intake.request_facts import SeenRequest

MAX_LINE = 200_000
STARTS = re.compile(r"\s*(?:[$#>%]\s?|PS[^>\n]{0,80}>\s?)?(?:curl|curl\.exe)\s")
_CONTINUED = re.compile(r"[\\^`][ \t]*\r?\n")
_DATA = ("-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--json")
_OTHER_VALUES = frozenset(
    [
        "-o",
        "--output",
        "-A",
        "--user-agent",
        "-e",
        "--referer",
        "-m",
        "--max-time",
        "--connect-timeout",
        "-b",
        "--cookie",
        "-c",
        "--cookie-jar",
        "-w",
        "--write-out",
        "--cacert",
        "--capath",
        "-E",
        "--cert",
        "--key",
        "--resolve",
        "--retry",
        "--proxy-user",
        "-U",
        "-D",
        "--dump-header",
        "--trace",
        "--trace-ascii",
        "-T",
        "--upload-file",
        "--interface",
        "--tlsv1.2x",
    ]
)


def split_off(text: str) -> tuple[str, str]:
    """The command line that a text begins with, and what follows it (its output)."""
    end = _end_of_command(text)
    return text[:end], text[end:].lstrip("\n")


def request_of(command: str) -> SeenRequest:
    """The request that a command line would send."""
    state = _State()
    words = iter(_words(command[:MAX_LINE]))
    for word in words:
        flag, value = _flag_of(word, words)
        state.take(flag, value)
    return state.request()


class _State:
    """What the options seen so far add up to."""

    def __init__(self) -> None:
        self.url = self.method = ""
        self.headers: list[tuple[str, str]] = []
        self.fields: list[tuple[str, str]] = []
        self.body: list[str] = []
        self.is_get = self.is_multipart = self.is_json = False

    def take(self, flag: str, value: str) -> None:
        if flag in _DATA:
            self.body.append(value)
            self.is_json = self.is_json or flag == "--json"
        elif flag == "--data-urlencode":
            name, equals, rest = value.partition("=")
            self.fields.append((name, rest) if equals else ("", name))
        elif flag in ("-F", "--form", "--form-string"):
            self.is_multipart = True
            name, _, rest = value.partition("=")
            self.fields.append((name, rest))
        elif flag in ("-H", "--header"):
            name, _, rest = value.partition(":")
            self.headers.append((name.strip(), rest.strip()))
        elif flag in ("-u", "--user"):
            self.headers.append(("Authorization", "Basic " + base64.b64encode(value.encode()).decode()))
        elif flag in ("-X", "--request"):
            self.method = value
        elif flag in ("-G", "--get"):
            self.is_get = True
        elif flag in ("", "--url") and ("." in value or "://" in value or "localhost" in value) and not self.url:
            self.url = value

    def request(self) -> SeenRequest:
        raw = "&".join(self.body)
        url, _, query = self.url.partition("?")
        fields, is_form = fields_of(raw, self._content_type())
        sends = bool(raw or self.fields)
        in_query = tuple(_pairs(query))
        everything = (*fields, *self.fields)
        if self.is_get:
            return SeenRequest(url, self.method or "GET", tuple(self.headers), (*in_query, *everything), (), None)
        if self.is_multipart or self.is_json:
            is_form = False
        headers = list(self.headers)
        if sends and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", self._default_type()))
        method = self.method or ("POST" if sends else "GET")
        return SeenRequest(url, method, tuple(headers), in_query, everything, is_form if sends else None)

    def _content_type(self) -> str | None:
        return next((v for k, v in self.headers if k.lower() == "content-type"), None)

    def _default_type(self) -> str:
        if self.is_multipart:
            return "multipart/form-data"
        return "application/json" if self.is_json else "application/x-www-form-urlencoded"


def fields_of(body: str, content_type: str | None) -> tuple[tuple[tuple[str, str], ...], bool | None]:
    """The fields of a request body, and whether it is form-encoded; None where there is no body."""
    text = body.strip()
    if not text:
        return (), None
    if text.startswith("{"):
        try:
            found = json_of(text)
        except ValueError:
            return (), False
        if isinstance(found, dict):
            return tuple((str(k), str(v)) for k, v in list(found.items())[:200] if isinstance(v, (str, int))), False
    if text.startswith("--") and "form-data" in text[:2000]:
        return tuple(_multipart(text)), False
    if content_type is not None and "json" in content_type.lower():
        return (), False
    return tuple(_pairs("".join(line.strip() for line in text.splitlines()))), True


_PART = re.compile(r'form-data;[ \t]{0,5}name="([^"\r\n]{1,100})"[^\r\n]{0,200}\r?\n\r?\n([^\r\n]{0,20000})')


def _multipart(text: str) -> Iterator[tuple[str, str]]:
    for found in _PART.finditer(text[:MAX_LINE]):
        yield found[1], found[2]


def _pairs(encoded: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(encoded, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return []


def _flag_of(word: str, words: Iterator[str]) -> tuple[str, str]:
    if not word.startswith("-"):
        return "", word
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if equals:
            return name, value
        takes = name in _DATA or name in _OTHER_VALUES or name in _LONG_WITH_VALUE
        return name, next(words, "") if takes else ""
    if len(word) > 2 and word[:2] in ("-d", "-H", "-F", "-u", "-X", "-x", "-o", "-A", "-m"):
        return word[:2], word[2:]
    takes = word in _OTHER_VALUES or (word[-1] in "dHFuXxA" and word[1:].isalpha())
    return "-" + word[-1] if takes else word, next(words, "") if takes else ""


_LONG_WITH_VALUE = frozenset(
    [
        "--header",
        "--form",
        "--form-string",
        "--user",
        "--request",
        "--url",
        "--proxy",
        "--data-urlencode",
        "--oauth2-bearer",
    ]
)


def _words(command: str) -> list[str]:
    joined = _CONTINUED.sub(" ", command).replace("$'", "'")
    start = STARTS.match(joined)
    rest = joined[start.end() :] if start else joined
    try:
        return shlex.split(rest)[:500]
    except ValueError:
        return [word.strip("'\"") for word in rest.split()[:500]]


def _end_of_command(text: str) -> int:
    """Where the first line break outside quotes and without a continuation is."""
    quote = ""
    escaped = False
    for at, char in enumerate(text[:MAX_LINE]):
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "\n" and text[max(0, at - 3) : at].rstrip()[-1:] not in ("^", "`"):
            return at
    return min(len(text), MAX_LINE)
