"""HTTP as text: `curl -i`, `curl -v`, a raw request and response, a proxy's or client's wire log.

A dump may hold several exchanges. The last reply with a token error counts; a `100 Continue`, a proxy's
`200 Connection established` and the redirects before it do not. What a proxy answers to CONNECT is the proxy's word
and becomes `path.proxy_status`, never `reply.status`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jwtdoctor.intake.bodies import parts_of
from jwtdoctor.intake.bounds import shortened
from jwtdoctor.intake.curl import STARTS, fields_of, request_of, split_off
from jwtdoctor.intake.forms import endpoint_of, safe_split
from jwtdoctor.intake.logs import body_in, client_text
from jwtdoctor.intake.request_facts import SeenRequest, flow_of
from jwtdoctor.intake.sighting import Sighting, earlier, fact
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import MAX_BODY, Reply
from jwtdoctor.model.facts import Value

MAX_LINES = 200_000
_STATUS = re.compile(r"HTTP/(?:\d(?:\.\d)?)\s{1,3}([1-5]\d{2})(?:\s|$)")
_REQUEST = re.compile(
    r"(GET|POST|PUT|CONNECT|HEAD|OPTIONS|DELETE|PATCH)\s{1,3}(\S{1,8000})\s{1,3}HTTP/\d(?:\.\d)?\s{0,3}$"
)
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}):[ \t]?(.*)")
_PREFIX = re.compile(r"(?:[<>] ?|\d{2}:\d{2}:\d{2}(?:\.\d{1,6})? [<>] )")
_CURL_NOISE = re.compile(r"(?:\* |[{}] \[\d|  % Total|\s{0,4}Dload|\s{0,3}\d{1,3} +\d+)")


@dataclass(slots=True)
class _Message:
    """One request or response as it is being read."""

    is_reply: bool
    status: int = 0
    method: str = ""
    target: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name), None)


def looks_like_dump(text: str) -> bool:
    """Whether HTTP's own first lines, or a curl command, are in the text."""
    if STARTS.match(text):
        return True
    return any(_STATUS.match(line) or _REQUEST.match(line) for line in _stripped_lines(text))


def look_at_dump(text: str) -> Sighting:
    """The reply and the request of a dump, and what curl says about the way there."""
    command: SeenRequest | None = None
    if STARTS.match(text):
        line, text = split_off(text)
        command = request_of(line)
    messages = list(_messages(text))
    notes = _curl_notes(text)
    reply, warnings = _chosen_reply(messages)
    request = _request_of(messages) or command
    if reply is None and not any(m.is_reply for m in messages):
        return _without_reply(text, request, notes)
    facts = (*_proxy_facts(messages), *notes)
    flow = None if request is None else flow_of(request)
    said = client_text(text) if reply is None else None
    return Sighting(reply=reply, request=request, text=said, facts=facts, flow=flow, warnings=warnings)


def _without_reply(text: str, request: SeenRequest | None, notes: tuple[Observation, ...]) -> Sighting:
    """No HTTP answer: what is left is a bare body after a curl line, or a client's complaint."""
    flow = None if request is None else flow_of(request)
    found = body_in(text) if text.strip() else None
    if found is not None:
        return Sighting(reply=Reply(body=found), request=request, facts=notes, flow=flow)
    said = client_text(text) if text.strip() else ""
    if not said:
        return Sighting(request=request, facts=notes, flow=flow)
    return Sighting(request=request, text=said, facts=(*notes, fact("reply.client_text", said)), flow=flow)


def _stripped_lines(text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n")):
        if number >= MAX_LINES:
            return
        yield (
            _PREFIX.sub("", line.rstrip("\r"), count=1) if line[:1] in "<>0123456789" else line.rstrip("\r").lstrip(" ")
        )


def _messages(text: str) -> Iterator[_Message]:
    """The messages in order. A body ends where the next message begins."""
    current: _Message | None = None
    in_headers = False
    is_verbose = "\n< HTTP/" in text or "\n> " in text or text.startswith(("< HTTP/", "> ", "* "))
    for raw, line in zip(text.split("\n"), _stripped_lines(text), strict=False):
        begun = _begun(line)
        if begun is not None:
            if current is not None:
                yield current
            current, in_headers = begun, True
        elif current is None:
            continue
        elif in_headers:
            in_headers = _take_header(current, line, raw)
        elif not (is_verbose and (_CURL_NOISE.match(raw) or raw[:2] in ("< ", "> ") or raw.rstrip() in ("<", ">"))):
            current.body.append(raw.rstrip("\r"))
    if current is not None:
        yield current


def _begun(line: str) -> _Message | None:
    if found := _STATUS.match(line):
        return _Message(True, status=int(found[1]))
    if found := _REQUEST.match(line):
        return _Message(False, method=found[1], target=found[2])
    return None


def _take_header(message: _Message, line: str, raw: str) -> bool:
    """Whether more headers follow. A folded line (RFC 9112 §5.2) belongs to the one before."""
    if not line.strip():
        return False
    found = _HEADER.match(line)
    if found is not None and len(message.headers) < 200:
        message.headers.append((found[1], found[2].strip()[:8000]))
        return True
    if raw[:1] in " \t" and message.headers:
        name, value = message.headers[-1]
        message.headers[-1] = (name, (value + " " + line.strip())[:8000])
        return True
    if raw.startswith("*"):
        return True
    message.body.append(raw)
    return False


def _chosen_reply(messages: list[_Message]) -> tuple[Reply | None, tuple[str, ...]]:
    """The last reply with an error in it, else the last that is final."""
    replies: list[Reply] = []
    asked = ""
    for message in messages:
        if not message.is_reply:
            asked = message.method
        elif message.status >= 200 and asked != "CONNECT":
            replies.append(_reply_of(message))
        elif message.status >= 200:
            asked = ""
    if not replies:
        return None, ()
    with_error = [r for r in replies if parts_of(r.body, r.header("content-type")).is_error]
    chosen = with_error[-1] if with_error else replies[-1]
    return chosen, earlier(_named(r) for r in with_error[:-1] if _named(r) != _named(chosen))


def _named(reply: Reply) -> str:
    parts = parts_of(reply.body, reply.header("content-type"))
    return " ".join(str(part) for part in (reply.status, parts.error, parts.description) if part)


def _reply_of(message: _Message) -> Reply:
    body = "\n".join(message.body).strip()[:MAX_BODY]
    headers = dict(message.headers)
    if body and not parts_of(body, message.header("content-type")).is_error:
        body = body_in(body) or body
    return Reply(message.status, headers, body)


def _request_of(messages: list[_Message]) -> SeenRequest | None:
    """The last request that is no CONNECT, token requests first."""
    seen = [_seen(m) for m in messages if not m.is_reply and m.method != "CONNECT"]
    tokens = [r for r in seen if endpoint_of(r.url) == "token" or "grant_type" in r.values()]
    return (tokens or seen)[-1] if seen else None


def _seen(message: _Message) -> SeenRequest:
    host = message.header("host") or ""
    url = message.target if "://" in message.target else f"https://{host}{message.target}" if host else message.target
    url, _, query = url.partition("?")
    fields, is_form = fields_of("\n".join(message.body), message.header("content-type"))
    in_query = fields_of(query, None)[0]
    return SeenRequest(url, message.method, tuple(message.headers), in_query, fields, is_form)


def _proxy_facts(messages: list[_Message]) -> tuple[Observation, ...]:
    asked = ""
    found: tuple[Observation, ...] = ()
    for message in messages:
        if not message.is_reply:
            asked = message.method
        elif asked == "CONNECT" and message.status >= 300:
            found = (fact("path.proxy_status", message.status), fact("path.failure", "proxy"))
        elif message.status >= 200:
            asked, found = "", () if asked != "CONNECT" else found
    return found


_NOTES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^\* {1,3}SSL connection using TLSv(1(?:\.[0-3])?)", re.MULTILINE), "request.tls_version"),
    (re.compile(r"^\* {1,3}issuer: (.{1,300})$", re.MULTILINE), "path.tls_issuer"),
)
_PROXY_VARIABLE = re.compile(r"^\* Uses proxy env variable \S{1,20} == '([^'\n]{1,500})'", re.MULTILINE | re.IGNORECASE)


def _curl_notes(text: str) -> tuple[Observation, ...]:
    """What the `*` lines of `curl -v` tell about TLS and the proxy."""
    if "* " not in text:
        return ()
    notes: dict[str, Value] = {}
    for pattern, name in _NOTES:
        if found := pattern.search(text):
            notes[name] = shortened(found[1].strip(), 300)
    if (found := _PROXY_VARIABLE.search(text)) and "no_proxy" not in found[0].lower():
        parts = safe_split(found[1] if "://" in found[1] else "http://" + found[1])
        if parts.host:
            notes["path.proxy"] = f"{parts.host}:{parts.port}" if parts.port else parts.host
            notes["path.proxy_url_scheme"] = parts.scheme
            notes["path.proxy_has_credentials"] = parts.has_credentials
    return tuple(fact(name, value) for name, value in notes.items())
