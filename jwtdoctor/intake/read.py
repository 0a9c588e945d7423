"""Whatever somebody pastes, read as one attempt.

The order is from the most telling form to the least: a case file, a HAR, a JSON body, one URL, an HTTP dump or curl
line, a request body or an assertion, an XML or HTML body, a form, and what is left is a log. Nothing is refused but
what is empty or too large: where nothing is recognised, the text stands as a client's, and the reasoning says so.

True time is the case's own, else the reply's `Date`, else a time printed in the body, else unknown. This machine's
clock is never asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from jwtdoctor.errors import BadCase, BadInput
from jwtdoctor.intake import casefile
from jwtdoctor.intake.bodies import of_json, parts_of, strings_in
from jwtdoctor.intake.bounds import json_of, text_of
from jwtdoctor.intake.curl import fields_of
from jwtdoctor.intake.dump import look_at_dump, looks_like_dump
from jwtdoctor.intake.har import is_har, look_at_har
from jwtdoctor.intake.logs import client_text, look_at_log
from jwtdoctor.intake.redact import clean, printable
from jwtdoctor.intake.reply_facts import observe_reply, server_time
from jwtdoctor.intake.request_facts import SeenRequest, flow_of, observe_seen
from jwtdoctor.intake.sighting import Sighting, fact, safe_reply
from jwtdoctor.intake.urls import look_at_url
from jwtdoctor.model.case import Case
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.exchange import MAX_BODY, Reply
from jwtdoctor.model.names import canonical_flow

_ONE_URL = re.compile(r"\A<?(https?://[^\s<>\"]{4,100000})>?\Z")
_ONE_JWT = re.compile(r"\A(?:[Bb]earer\s{1,3})?ey[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{4,}+\.[A-Za-z0-9_-]*+\Z")
_CASE_MARK = "jwtdoctor.case/"
_REQUEST_BODY = re.compile(r"(?:\A|&)(?:grant_type|client_assertion|assertion|jwt_token)=")


def read(
    observed: str | bytes | Mapping[str, Any],
    *,
    where: str = "input",
    provider: str | None = None,
    flow: str | None = None,
    known_providers: Collection[str] | None = None,
) -> Case:
    """One attempt, with every fact that can be read off the input, and without its secrets.

    `provider` and `flow` win over what the input says. Raises BadInput for what is empty, too large, or a damaged
    case file.
    """
    if isinstance(observed, Mapping):
        case = _of_mapping(observed, where, known_providers)
    else:
        text, warnings = text_of(observed, where)
        if not text.strip():
            raise BadInput(
                "is empty", where=where, expected="a response body, a dump, a log excerpt, a URL or a case file"
            )
        case = _of_text(text, where, known_providers)
        case = replace(case, warnings=(*warnings, *case.warnings))
    return _chosen(case, where, provider, flow, known_providers)


def _of_mapping(value: Mapping[str, Any], where: str, known_providers: Collection[str] | None) -> Case:
    if _is_case(value):
        return casefile.case_from(value, where, known_providers=known_providers)
    if str(value.get("schema", "")).startswith("jwtdoctor.report/"):
        return _of_report(value, where, known_providers)
    return _to_case(look_at_har(value) if is_har(value) else _of_object(value), where)


def _of_text(text: str, where: str, known_providers: Collection[str] | None) -> Case:
    stripped = printable(text).strip()
    if stripped[:1] in ("{", "["):
        try:
            value = json_of(stripped)
        except ValueError as problem:
            if _CASE_MARK in stripped[:2_000]:
                raise _damaged_case(problem, where) from None
            value = None
        if isinstance(value, Mapping):
            return _of_mapping(value, where, known_providers)
        if isinstance(value, list):
            return _to_case(_of_list(value, stripped), where)
    return _to_case(_seen_in(stripped), where)


def _damaged_case(problem: ValueError, where: str) -> BadCase:
    """The one line for a case file that is no JSON, with the place and never with its content."""
    if not isinstance(problem, json.JSONDecodeError):
        return BadCase("is a case file that cannot be read as JSON", where=where)
    if problem.msg == "Extra data":
        return BadCase("holds more than one case", where=where, do="read them with --cases")
    return BadCase("is no JSON here", where=f"{where}:{problem.lineno}:{problem.colno}", expected="a case file")


def _seen_in(text: str) -> Sighting:
    if found := _ONE_URL.match(text):
        seen = look_at_url(found[1])
        return _of_unknown(text) if seen.is_empty else seen
    if looks_like_dump(text):
        seen = look_at_dump(text)
        return look_at_log(text) if seen.is_empty else seen
    if _ONE_JWT.match(text):
        token = text.split()[-1]
        return Sighting(request=SeenRequest(body=(("assertion", token),), body_is_form=None))
    if _REQUEST_BODY.search(text) and "\n" not in text.strip() and " " not in text.strip():
        return _of_request_body(text)
    parts = parts_of(text) if text[:1] == "<" or ("=" in text and "\n" not in text) else None
    if parts is not None and (parts.is_error or parts.granted or parts.kind in ("html", "xml")):
        return Sighting(reply=Reply(body=text[:MAX_BODY]))
    return look_at_log(text)


def _of_request_body(text: str) -> Sighting:
    fields, is_form = fields_of(text, None)
    request = SeenRequest(method="POST", body=fields, body_is_form=is_form)
    return Sighting(request=request, flow=flow_of(request))


def _of_object(value: Mapping[str, Any]) -> Sighting:
    """A JSON object: the body itself, or a log record or exception in which one is buried."""
    if (seen := _of_client_error(value)) is not None:
        return seen
    parts = of_json(value)
    text = _dumped(value)
    if "exitCode" in value or "stack" in value:  # `sf … --json`
        words = [str(value[name]) for name in ("name", "message", "cause") if isinstance(value.get(name), str)]
        return look_at_log(": ".join(words[:2]) + "\n" + "\n".join(words[2:])) if words else look_at_log(text)
    if parts.is_error or parts.granted:
        return Sighting(reply=Reply(_own_status(value), body=text[:MAX_BODY]))
    inside = "\n".join(strings_in(value))
    if inside.strip():
        seen = look_at_log(inside)
        if seen.reply is not None or seen.facts:
            return seen
    return Sighting(reply=Reply(body=text[:MAX_BODY]))


def _of_client_error(value: Mapping[str, Any]) -> Sighting | None:
    """An HTTP client's error object (axios, got): `response.data` is the body, `config` the request."""
    for holder in (value, value.get("error"), value.get("err")):
        if not isinstance(holder, Mapping) or not isinstance(holder.get("response"), Mapping):
            continue
        response, config = holder["response"], holder.get("config")
        body = response.get("data", response.get("body"))
        text = _dumped(body) if isinstance(body, (Mapping, list)) else body
        if not isinstance(text, str):
            continue
        request = _of_config(config) if isinstance(config, Mapping) else None
        reply = Reply(_own_status(response), body=text[:MAX_BODY])
        return Sighting(reply=reply, request=request, flow=None if request is None else flow_of(request))
    return None


def _of_config(config: Mapping[str, Any]) -> SeenRequest:
    url, data, method = (config.get(name) for name in ("url", "data", "method"))
    fields, is_form = fields_of(data[:MAX_BODY] if isinstance(data, str) else "", None)
    seen_url = url.split("?")[0] if isinstance(url, str) else ""
    return SeenRequest(seen_url, method if isinstance(method, str) else "", (), (), fields, is_form)


def _own_status(value: Mapping[str, Any]) -> int | None:
    """The HTTP status that an error body repeats (`"status": 401`, `"statusCode": 400`)."""
    for name in ("status", "statusCode", "status_code", "httpStatus"):
        status = value.get(name)
        if isinstance(status, str) and status.isascii() and status.isdigit() and len(status) == 3:
            status = int(status)
        if isinstance(status, int) and not isinstance(status, bool) and 400 <= status <= 599:
            return status
    return None


def _of_list(value: list[Any], text: str) -> Sighting:
    if of_json(value).is_error:
        return Sighting(reply=Reply(body=text[:MAX_BODY]))
    return look_at_log("\n".join(strings_in(value)) or text)


def _of_unknown(text: str) -> Sighting:
    said = client_text(text)
    return Sighting(text=said, facts=(fact("reply.client_text", said),))


def _of_report(value: Mapping[str, Any], where: str, known_providers: Collection[str] | None) -> Case:
    """An earlier report: its observed facts are a case."""
    wanted = {name: value.get(name) for name in ("provider", "flow", "facts", "profile")}
    return casefile.case_from({**wanted, "id": value.get("case")}, where, known_providers=known_providers)


def _is_case(value: Mapping[str, Any]) -> bool:
    if str(value.get("schema", "")).startswith("jwtdoctor.case/"):
        return True
    if "error" in value or "access_token" in value or "log" in value or "schema" in value:
        return False
    return ("facts" in value or isinstance(value.get("reply"), Mapping)) and bool(
        {"provider", "flow", "reply", "facts"} & value.keys()
    )


def _dumped(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError, TypeError):
        return ""


def _to_case(seen: Sighting, where: str) -> Case:
    """A sighting as a case: facts of request and reply on one chart, secrets gone."""
    at = None if seen.reply is None else server_time(seen.reply)
    asked = () if seen.request is None else observe_seen(seen.request, at)
    told = () if seen.reply is None else observe_reply(seen.reply)
    return Case(
        provider=seen.provider or casefile.NOT_NAMED,
        flow=seen.flow,
        at=at,
        reply=None if seen.reply is None else safe_reply(seen.reply),
        text=None if seen.text is None else clean(seen.text),
        observations=tuple(Chart.of(asked).plus(told).plus(seen.facts)),
        warnings=tuple(f"{where}: {one}" for one in seen.warnings),
    )


def _chosen(
    case: Case, where: str, provider: str | None, flow: str | None, known_providers: Collection[str] | None
) -> Case:
    """What the caller says wins over what was read; an unknown name is a warning."""
    warnings: list[str] = []
    if provider is not None:
        known = known_providers is None or provider in known_providers
        case = replace(case, provider=provider if known else "generic")
        if not known:
            warnings.append(f"{where}: no provider is called {clean(provider)[:60]}; generic rules are used")
    if flow is not None:
        named = canonical_flow(flow)
        case = replace(case, flow=named if named is not None else case.flow)
        if named is None:
            warnings.append(f"{where}: no flow is called {clean(flow)[:60]}; it counts as unknown")
    return replace(case, warnings=(*case.warnings, *warnings))
