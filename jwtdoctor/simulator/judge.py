"""The simulated service's judgement: a pure function of the request, the policy and the host's clock.

    judge(request, policy, now) -> Reply

`rule` gives the same with what the request used up, which the server adds to the policy; the judge itself remembers
nothing, reads no clock and knows no fault. What each endpoint asks, and in which order, stands in `grants`, `authorize`
and `resources`.
"""

from __future__ import annotations

from dataclasses import replace

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator.authorize import authorize
from jwtdoctor.simulator.checks import meant_host
from jwtdoctor.simulator.grants import token_endpoint
from jwtdoctor.simulator.policy import Policy
from jwtdoctor.simulator.resources import resource
from jwtdoctor.simulator.ruling import Ruling, seed_of
from jwtdoctor.simulator.wire import (
    AUTHORIZE_PATH,
    ERROR_PAGE,
    TOKEN_PATH,
    HttpRequest,
    html_reply,
    redirect,
)


def judge(request: HttpRequest, policy: Policy, now: float) -> Reply:
    """The simulated service's answer. `now` is the token host's clock in epoch seconds. Never raises."""
    return rule(request, policy, now).reply


def rule(request: HttpRequest, policy: Policy, now: float) -> Ruling:
    """The answer with what it used up. Any path of the service; unknown ones are 404."""
    if request.scheme == "http":
        # The platform redirects plain http; a client that follows turns the POST into a GET.
        location = f"https://{meant_host(request, policy)}{request.target}"
        return Ruling(redirect(location, now, seed_of(request), status=301))
    if policy.org.platform in ("maintenance", "overloaded"):
        return Ruling(_platform_down(request, policy, now))
    match request.path.rstrip("/"):
        case path if path == TOKEN_PATH:
            return token_endpoint(request, policy, now)
        case path if path == AUTHORIZE_PATH:
            return authorize(request, policy, now)
        case path if path == ERROR_PAGE:
            return Ruling(_error_page(request, now))
        case _:
            return resource(request, policy, now)


def _platform_down(request: HttpRequest, policy: Policy, now: float) -> Reply:
    """An HTML page while the org is down (documented by the CLI guide), or a bare 503 (field report)."""
    if policy.org.platform == "overloaded":
        return replace(html_reply(503, "", "", now, seed_of(request)), body="")
    text = "The data you were trying to access could not be found. It may be due to maintenance."
    return html_reply(503, "Data Not Available", text, now, seed_of(request))


def _error_page(request: HttpRequest, now: float) -> Reply:
    """The page shows one code for everything; the real one stands in its own address (field reports)."""
    text = "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occurred during authentication. Please try again."
    return html_reply(200, "OAuth Error", text, now, seed_of(request))
