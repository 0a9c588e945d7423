"""Microsoft Entra ID's token endpoint for a client with a certificate, in its own words and with its own times.

Sources of the numbers and texts: `knowledge/providers/entra.toml` and the error reference. Every body holds
`error_codes`, the server's `timestamp`, a trace id and a correlation id (documented). The order is a GUESS: tenant,
client, key, for whom, when.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.names import Sureness
from jwtdoctor.simulator.providers import checks
from jwtdoctor.simulator.providers.checks import Asked, Trouble
from jwtdoctor.simulator.providers.dialect import Dialect, access_token, json_reply, uuid_of
from jwtdoctor.simulator.providers.service import Service, public_key
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest

_D, _F, _M, _I = Sureness.DOCUMENTED, Sureness.FIELD_REPORT, Sureness.MAINTAINER, Sureness.INFERRED
_TOKEN = re.compile(r"/([\w.-]{1,80})/oauth2/v2\.0/token")
_DISCOVERY = re.compile(r"/([\w.-]{1,80})/v2\.0/\.well-known/openid-configuration")
_CERTIFICATES = "https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials"


def _no(error: str, number: int, text: str, sure: Sureness, status: int = 400) -> Refusal:
    return Refusal(error, f"AADSTS{number}: {text}", sure, status=status)


_KEY = "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: '{x5t}'"

_WORDS = {
    "tenant": _no(
        "invalid_request", 90002,
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud.", _D,
    ),
    "client": _no(
        "unauthorized_client", 700016,
        "Application with identifier '{client}' was not found in the directory '{tenant}'.", _D,
    ),
    "issuer": _no(
        "invalid_client", 700021,
        "Client assertion application identifier doesn't match 'client_id' parameter.", _D, 401,
    ),
    "deleted": _no(
        "unauthorized_client", 700016,
        "Application with identifier '{client}' was not found in the directory '{tenant}'.", _D,
    ),
    "disabled": _no("unauthorized_client", 7000112, "Application '{client}' is disabled.", _D),
    "no-assertion": _no(
        "invalid_client", 7000218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", _F, 401,
    ),
    "grant-type": _no("unsupported_grant_type", 70003, "The app requested an unsupported grant type '{about}'.", _D),
    "method": _no(
        "invalid_request", 900561,
        "The endpoint only accepts POST requests. Received a {about} request.", _D,
    ),
    "audience-list": _no("invalid_request", 50027, "JWT token is invalid or malformed.", _F),
    "malformed": _no("invalid_request", 50027, "JWT token is invalid or malformed.", _D),
    # GUESS: a claim that is not there makes the token malformed; no number of its own is known for one.
    "missing": _no("invalid_request", 50027, "JWT token is invalid or malformed.", _I),
    # GUESS: which number another algorithm gets is not known; it is a signature that cannot be verified.
    "algorithm": _no("invalid_client", 700027, "Client assertion failed signature validation.", _I, 401),
    "kid-unknown": _no("invalid_client", 700027, _KEY.replace("{reason}", "The key was not found.") + "]", _F, 401),
    "no-key": _no("invalid_client", 700027, _KEY.replace("{reason}", "The key was not found.") + "]", _F, 401),
    "kid-missing": _no(
        "invalid_client", 700027,
        "The certificate with identifier used to sign the client assertion is not registered on application.",
        _M, 401,
    ),
    "certificate": _no(
        "invalid_client", 700027,
        _KEY.replace("{reason}", "The key used is expired.") + ", Found key 'Start={start}, End={end}']", _F, 401,
    ),
    "signature": _no(
        "invalid_client", 700027,
        _KEY.replace("{reason}", "The provided signature value did not match the expected signature value.")
        + ", Found key 'Start={start}, End={end}']", _F, 401,
    ),
    # GUESS: the number for a client assertion's audience is not among the reports; the one of a federated one is.
    "audience": _no(
        "invalid_client", 700212,
        "No matching federated identity record found for presented assertion audience '{about}'.", _I, 401,
    ),
    "time": _no(
        "invalid_client", 700024,
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {nbf}, expiry "
        f"time of assertion {{exp}}. Review the documentation at {_CERTIFICATES} .", _M, 401,
    ),
    "scope": _no("invalid_resource", 500011, "The resource principal named {about} was not found in the tenant.", _D),
    "consent": _no(
        "invalid_grant", 65001,
        "The user or administrator has not consented to use the application with ID '{client}'.", _D,
    ),
    "down": _no("temporarily_unavailable", 90033, "A transient error has occurred. Please try again.", _D, 503),
}  # fmt: skip


def _words(trouble: Trouble, asked: Asked) -> Refusal:
    del asked
    if trouble.kind in ("expired", "early"):
        return _WORDS["time"]
    return _WORDS.get(trouble.kind, _WORDS["malformed"])


def _body(refusal: Refusal, trouble: Trouble, asked: Asked) -> object:
    """The description ends in the three ids and times that stand beside it as members too."""
    text = refusal.description or ""
    for name, value in _told(trouble, asked).items():
        text = text.replace(f"{{{name}}}", value)
    number = int(text[6:].partition(":")[0])
    stamp = f"{_moment(asked.now):%Y-%m-%d %H:%M:%S}Z"
    trace, correlation = uuid_of(asked, "trace"), uuid_of(asked, "correlation")
    return {
        "error": refusal.error,
        "error_description": f"{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://{asked.service.host}/error?code={number}",
    }


def _told(trouble: Trouble, asked: Asked) -> dict[str, str]:
    """What the texts name: times, the thumbprint in hex, the dates of the key that was found."""
    key = asked.key or (asked.service.keys[0] if asked.service.keys else None)
    public = None if key is None else public_key(key.pem)
    tenant = _TOKEN.fullmatch(asked.request.path)
    return {
        "about": trouble.about[:200],
        "client": (asked.form.get("client_id") or asked.text("iss"))[:100],
        "tenant": tenant[1] if tenant else "",
        "now": _precise(asked.now),
        "nbf": _precise(asked.time("nbf") or 0.0),
        "exp": _precise(asked.time("exp") or 0.0),
        "x5t": _hex(asked.header("x5t#S256") or asked.header("x5t")),
        "start": _american(public.not_before if public else None),
        "end": _american(public.not_after if public else None),
    }


def _precise(at: float) -> str:
    """Seven digits of a second, as .NET prints them. An epoch of 0 is `1970-01-01`: the claim was not there."""
    return f"{_moment(at):%Y-%m-%dT%H:%M:%S}.{int(at % 1 * 1e7):07}Z"


def _american(at: float | None) -> str:
    return "" if at is None else f"{_moment(at):%m/%d/%Y %H:%M:%S}"


def _moment(at: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(min(max(at, 0.0), 253402300799.0)))


def _hex(thumbprint: str) -> str:
    """A thumbprint as the portal shows it. The header is the client's: what is no base64url stays out."""
    from base64 import urlsafe_b64decode

    try:
        return urlsafe_b64decode(thumbprint[:64] + "=" * (-len(thumbprint[:64]) % 4)).hex().upper()
    except ValueError:
        return ""


def _tenant_known(asked: Asked) -> Trouble | None:
    found = _TOKEN.fullmatch(asked.request.path)
    tenant = found[1] if found else ""
    return None if tenant == asked.service.names.get("tenant", tenant) else Trouble("tenant", tenant)


def _named_by_thumbprint(asked: Asked) -> Trouble | None:
    """kid alone does not do: the key is found by a thumbprint (field reports; see the head of entra.toml)."""
    if not asked.header("x5t#S256") and not asked.header("x5t"):
        return Trouble("kid-missing")
    return checks.key_named(asked)


def _serves(request: HttpRequest, service: Service) -> bool:
    del service
    return _TOKEN.fullmatch(request.path) is not None


def _pages(request: HttpRequest, service: Service, now: float) -> Reply | None:
    """Discovery, which MSAL asks first. It names the listener itself, since that is where the client is to go on."""
    found = _DISCOVERY.fullmatch(request.path)
    if found is None:
        return None
    own = f"{request.own_scheme}://{request.host}/{found[1]}"
    told = {
        "issuer": f"{own}/v2.0",
        "token_endpoint": f"{own}/oauth2/v2.0/token",
        "authorization_endpoint": f"{own}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{own}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{own}/discovery/v2.0/keys",
        "tenant_region_scope": service.names.get("region", "EU"),
    }
    return json_reply(200, told, now)


DIALECT = Dialect(
    checks=(
        checks.is_up,
        checks.has_assertion,
        _tenant_known,
        checks.is_readable,
        checks.claims_there,
        checks.client_known,
        checks.client_there,
        checks.algorithm_allowed,
        checks.key_there,
        _named_by_thumbprint,
        checks.certificate_lives,
        checks.signature_right,
        checks.audience_right,
        checks.not_expired,
        checks.not_early,
        checks.consented,
        checks.scope_granted,
    ),
    words=_words,
    body=_body,
    granted=lambda asked: {**access_token(asked, 3599), "ext_expires_in": 3599},
    serves=_serves,
    pages=_pages,
    # GUESS: not published. Five minutes are the default clock skew of Microsoft's own token libraries for .NET.
    guesses={"late_tolerance_s": 300.0, "early_tolerance_s": 300.0},
)
