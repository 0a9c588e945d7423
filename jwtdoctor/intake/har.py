"""HAR files (http://www.softwareishard.com/blog/har-12-spec/): what a browser's or a proxy's recorder kept.

Decisions: the token exchange counts, the last refused one first; without one, the redirect or error page that ended
the authorize step. The recorder's own time stamps are the local clock of that machine, so together with `Date` they
tell how far it is off.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jwtdoctor.intake.bodies import parts_of
from jwtdoctor.intake.curl import fields_of
from jwtdoctor.intake.forms import endpoint_of
from jwtdoctor.intake.request_facts import SeenRequest, flow_of
from jwtdoctor.intake.sighting import Sighting, earlier, fact
from jwtdoctor.intake.times import http_date, iso_time
from jwtdoctor.intake.urls import look_at_url
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import MAX_BODY, Reply

MAX_ENTRIES = 5_000
_LONGEST_ROUND_TRIP_S = 60.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """One exchange of the file."""

    request: SeenRequest
    reply: Reply | None
    problem: str
    """What the recorder says in place of an answer (`net::ERR_…`)."""

    @property
    def is_token(self) -> bool:
        return endpoint_of(self.request.url) == "token" or "grant_type" in self.request.values()

    @property
    def error(self) -> str:
        if self.reply is None:
            return self.problem
        parts = parts_of(self.reply.body, self.reply.header("content-type"))
        return " ".join(part for part in (parts.error, parts.description) if part)


def is_har(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a HAR file."""
    log = value.get("log")
    return isinstance(log, Mapping) and isinstance(log.get("entries"), list)


def look_at_har(value: Mapping[str, Any]) -> Sighting:
    """The exchange of a HAR file that matters. Empty where no exchange has to do with OAuth."""
    found = value["log"]["entries"]
    warnings = (f"only the first {MAX_ENTRIES} exchanges of the HAR were read",) if len(found) > MAX_ENTRIES else ()
    entries = list(_entries(found[:MAX_ENTRIES]))
    challenge = _challenge_facts(entries)
    tokens = [e for e in entries if e.is_token]
    refused = [e for e in tokens if e.error]
    if tokens:
        chosen = (refused or tokens)[-1]
        others = earlier(e.error for e in refused if e is not chosen and e.error != chosen.error)
        return _of_exchange(chosen, challenge).noting(*others, *warnings)
    for entry in reversed(entries):
        outcome = _of_redirect(entry)
        if outcome is not None:
            return outcome.noting(*warnings)
    failed = [e for e in entries if e.reply is not None and (e.reply.status or 0) >= 400 and e.error]
    return (_of_exchange(failed[-1], challenge) if failed else Sighting()).noting(*warnings)


def _of_exchange(entry: _Entry, challenge: tuple[Observation, ...]) -> Sighting:
    flow = flow_of(entry.request)
    if entry.reply is None:
        text = entry.problem or "no answer was recorded"
        return Sighting(
            request=entry.request, text=text, facts=(*challenge, fact("reply.client_text", text)), flow=flow
        )
    facts = (*challenge, *_of_date(entry.reply))
    return Sighting(reply=entry.reply, request=entry.request, facts=facts, flow=flow)


def _of_redirect(entry: _Entry) -> Sighting | None:
    """An error in a Location header, or in the address of a page."""
    location = "" if entry.reply is None else entry.reply.header("location") or ""
    for url in (location, _whole_url(entry.request)):
        if "error" in url.lower():
            found = look_at_url(url)
            if any(o.fact == "reply.granted" for o in found.facts):
                return found
    return None


def _whole_url(request: SeenRequest) -> str:
    return request.url + ("?" + urlencode(request.query) if request.query else "")


def _challenge_facts(entries: list[_Entry]) -> tuple[Observation, ...]:
    asked = [
        e.request.values()
        for e in entries
        if endpoint_of(e.request.url) == "authorize" and "response_type" in e.request.values()
    ]
    return (fact("request.code_challenge_sent", bool(asked[-1].get("code_challenge"))),) if asked else ()


def _of_date(reply: Reply) -> tuple[Observation, ...]:
    """Local midpoint of the round trip minus `Date` (positive: local fast); `Date` rounds a second away."""
    said = http_date(reply.header("date"))
    if said is None or reply.sent_at is None or reply.received_at is None or reply.header("age") is not None:
        return ()
    round_trip_s = reply.received_at - reply.sent_at
    if not 0 <= round_trip_s <= _LONGEST_ROUND_TRIP_S:
        return ()
    ahead_s = (reply.sent_at + reply.received_at) / 2 - said
    return (Observation("reply.date_ahead_s", round(ahead_s, 3), "date", round(round_trip_s / 2 + 1, 3)),)


def _entries(found: list[Any]) -> Iterator[_Entry]:
    for item in found:
        if isinstance(item, Mapping) and isinstance(item.get("request"), Mapping):
            yield _Entry(_request(item["request"]), _reply(item), _problem(item))


def _request(raw: Mapping[str, Any]) -> SeenRequest:
    url, _, query = str(raw.get("url", ""))[:20_000].partition("?")
    headers = tuple(_pairs(raw.get("headers")))
    post = raw.get("postData")
    body: tuple[tuple[str, str], ...] = ()
    is_form: bool | None = None
    if isinstance(post, Mapping):
        content_type = str(post.get("mimeType", "")) or None
        text = post.get("text")
        body, is_form = fields_of(text[:MAX_BODY] if isinstance(text, str) else "", content_type)
        body = tuple(_pairs(post.get("params"))) or body
        if is_form is None and body:
            is_form = content_type is None or "urlencoded" in content_type
        if content_type and not any(name.lower() == "content-type" for name, _ in headers):
            headers = (*headers, ("Content-Type", content_type))
    in_query = tuple(_pairs(raw.get("queryString"))) or fields_of(query, None)[0]
    return SeenRequest(url.split("#")[0], str(raw.get("method", ""))[:20], headers, in_query, body, is_form)


def _reply(item: Mapping[str, Any]) -> Reply | None:
    raw = item.get("response")
    if not isinstance(raw, Mapping):
        return None
    status = raw.get("status")
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        return None
    sent_at, took_s = _started(item)
    received_at = None if sent_at is None or took_s is None else sent_at + took_s
    headers = dict(_pairs(raw.get("headers")))
    redirect = raw.get("redirectURL")
    if isinstance(redirect, str) and redirect and not any(name.lower() == "location" for name in headers):
        headers["Location"] = redirect[:20_000]
    return Reply(status, headers, _content(raw.get("content")), sent_at, received_at)


def _started(item: Mapping[str, Any]) -> tuple[float | None, float | None]:
    started = item.get("startedDateTime")
    took = item.get("time")
    sent_at = iso_time(started) if isinstance(started, str) else None
    is_number = isinstance(took, (int, float)) and not isinstance(took, bool) and 0 <= took < 1e7
    return sent_at, float(took) / 1000 if is_number and took is not None else None


def _content(content: object) -> str:
    if not isinstance(content, Mapping) or not isinstance(content.get("text"), str):
        return ""
    text = str(content["text"])[: MAX_BODY * 2]
    if content.get("encoding") == "base64":
        try:
            text = base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return ""
    return text[:MAX_BODY]


def _problem(item: Mapping[str, Any]) -> str:
    response = item.get("response")
    for holder in (response, item):
        if isinstance(holder, Mapping):
            for name in ("_error", "_errorMessage", "statusText", "comment"):
                if isinstance(holder.get(name), str) and holder[name]:
                    return str(holder[name])[:500]
    return ""


def _pairs(found: object) -> list[tuple[str, str]]:
    """The `{name, value}` lists of the format."""
    if not isinstance(found, list):
        return []
    return [
        (str(item["name"])[:200], str(item.get("value", ""))[:200_000])
        for item in found[:500]
        if isinstance(item, Mapping) and isinstance(item.get("name"), str)
    ]
