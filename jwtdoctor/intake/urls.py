"""URLs with an outcome: redirects with an error (RFC 6749 §4.1.2.1), Salesforce's error pages, authorize requests.

Salesforce's `RemoteAccessErrorPage` may show only OAUTH_APPROVAL_ERROR_GENERIC while its address holds the real
error (https://github.com/forcedotcom/mcp-hosted/issues/47).
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from jwtdoctor.intake.forms import endpoint_of, safe_split
from jwtdoctor.intake.request_facts import SeenRequest, flow_of
from jwtdoctor.intake.sighting import Sighting, fact

MAX_URL = 100_000
_ERRORS = ("error", "errorcode", "error_code", "oauth_error")
_DESCRIPTIONS = ("error_description", "errordescription", "error_message", "errormessage", "message")
_NESTED = ("starturl", "returl", "redirect_uri", "redirect_url", "url", "source", "continue")


def look_at_url(url: str) -> Sighting:
    """What an address says. Empty where it says nothing of an attempt."""
    url = url.strip()[:MAX_URL]
    parameters = parameters_of(url)
    lowered = {name.lower(): value for name, value in parameters}
    outcome = _outcome(lowered)
    if outcome is not None:
        return _refused(outcome, url)
    for name in _NESTED:
        inner = lowered.get(name, "")
        if "error" in inner and "?" in inner:
            found = _outcome({n.lower(): v for n, v in parameters_of(inner)})
            if found is not None:
                return _refused(found, url)
    return _request(url, tuple(parameters))


def parameters_of(url: str) -> list[tuple[str, str]]:
    """Query and fragment, form-decoded."""
    parts = safe_split(url)
    found: list[tuple[str, str]] = []
    for encoded in (parts.query, parts.fragment.removeprefix("?").removeprefix("/?")):
        try:
            found += parse_qsl(encoded.replace("&amp;", "&"), keep_blank_values=True, max_num_fields=200)
        except ValueError:
            continue
    return found


def _outcome(lowered: dict[str, str]) -> tuple[str | None, str | None] | None:
    error = next((lowered[n].strip() for n in _ERRORS if lowered.get(n, "").strip()), None)
    description = next((lowered[n].strip() for n in _DESCRIPTIONS if lowered.get(n, "").strip()), None)
    if error is None and (description is None or "error_description" not in lowered):
        return None
    return error, description


def _refused(outcome: tuple[str | None, str | None], url: str) -> Sighting:
    error, description = outcome
    facts = [
        fact("request.endpoint", "authorize"),
        fact("reply.has_description", description is not None),
        fact("reply.granted", False),
    ]
    if error is not None:
        facts.append(fact("reply.error", error[:200]))
    if description is not None:
        facts.append(fact("reply.description", description[:4000]))
    is_fragment = "error=" in safe_split(url).fragment
    return Sighting(facts=tuple(facts), flow="user-agent" if is_fragment else "authorization-code")


def _request(url: str, parameters: tuple[tuple[str, str], ...]) -> Sighting:
    """An authorize (or token) request as an address; a page of no interest gives nothing."""
    endpoint = endpoint_of(url)
    names = {name for name, _ in parameters}
    if endpoint == "token" or (endpoint == "authorize" and names & {"client_id", "response_type"}):
        request = SeenRequest(url=url.split("?")[0].split("#")[0], query=parameters)
        return Sighting(request=request, flow=flow_of(request))
    if names & {"access_token", "code"}:
        return Sighting(facts=(fact("request.endpoint", "authorize"), fact("reply.granted", True)))
    return Sighting()
