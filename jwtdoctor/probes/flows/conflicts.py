"""What contradicts itself in a request, found before anything is sent. Each rule is one small function; all are pure.

A conflict is a finding and no verdict: the request is sent as it was asked for, since what the endpoint makes of it is
what the checkup is about. `error` is said only of what the standard or this provider certainly refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jwtdoctor.model.assertion import Finding, Severity
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.provider import Provider

_RFC_AUTH = "https://www.rfc-editor.org/rfc/rfc6749#section-2.3"
_RFC_PKCE = "https://www.rfc-editor.org/rfc/rfc7636#section-4.5"
_RFC_NATIVE = "https://www.rfc-editor.org/rfc/rfc8252#section-8.5"
_NETRC = "https://requests.readthedocs.io/en/latest/user/authentication/#netrc-authentication"
_SCOPELESS = {"salesforce": ("client-credentials", "refresh-token")}
"""Provider to flows whose token request takes no scope parameter: the app's own scopes are granted
(help, xcloud.remoteaccess_oauth_client_credentials_flow)."""
_NEEDS_ENCODING = re.compile(r"[%+&=#; ]|[^\x20-\x7e]")
_LOOKS_ENCODED = re.compile(r"%(?:2[0-9A-F]|3[A-F]|40|5[B-E]|7[B-D])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Given:
    """What the rules look at. `netrc`: whether a .netrc of this machine has an entry for the host; None: not known."""

    flow: str
    attempt: Attempt
    provider: Provider
    chart: Chart = field(default_factory=Chart)
    netrc: bool | None = None


def conflicts(given: Given) -> tuple[Finding, ...]:
    """Every conflict, in the order of the rules."""
    return tuple(finding for rule in _RULES for finding in rule(given))


def observe(given: Given) -> tuple[Observation, ...]:
    """The facts among them that the vocabulary knows and the request itself does not show."""
    client_id = given.attempt.client_id
    facts: list[Observation] = []
    if client_id and any(char.isspace() for char in client_id):
        facts.append(Observation("request.client_id_has_whitespace", True, "request"))
    return tuple(facts)


def _pkce_halves(given: Given) -> Iterator[Finding]:
    """Verifier without challenge, challenge without verifier (RFC 7636 §4.5, §4.6)."""
    if given.flow != "authorization-code":
        return
    verifier, challenge = given.attempt.code_verifier, _challenge(given)
    if verifier is not None and challenge is False:
        message = "a code_verifier is sent, and no code_challenge was: the code was not bound to it"
        yield _finding("verifier-without-challenge", "error", "code_verifier", message,
                       "send code_challenge with the authorize request, or no verifier", _RFC_PKCE)  # fmt: skip
    if verifier is None and challenge and (given.attempt.code is not None or not given.attempt.pkce):
        message = "a code_challenge was sent, and no code_verifier follows"
        yield _finding("challenge-without-verifier", "error", "code_verifier", message,
                       "keep the verifier beside the state, and send it with the code", _RFC_PKCE)  # fmt: skip


def _challenge(given: Given) -> bool | None:
    """Whether a challenge is sent, as far as it is known before."""
    told = given.chart.flag("request.code_challenge_sent")
    if told is not None or given.attempt.code is not None:
        return told
    return given.attempt.code_challenge is not None or given.attempt.pkce


def _public_with_secret(given: Given) -> Iterator[Finding]:
    if given.attempt.client_secret is None:
        return
    remedy = "leave the secret out, or register the client as confidential"
    method = (given.chart.text("app.client_auth_method") or "").strip().lower()
    if method == "none":
        message = "the client is registered as public and sends a secret"
        yield _finding("secret-of-a-public-client", "error", "client_secret", message, remedy, _RFC_AUTH)
    elif given.flow == "authorization-code" and _is_native(given.attempt.redirect_uri or ""):
        message = "the redirect goes to this machine or to an app, and such a client cannot keep a secret"
        yield _finding("secret-of-a-public-client", "note", "client_secret", message, remedy, _RFC_NATIVE)


def _is_native(redirect_uri: str) -> bool:
    """RFC 8252 §7: a private scheme, or http on loopback."""
    parts = urlsplit(redirect_uri)
    is_loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.scheme) and (parts.scheme not in ("http", "https") or is_loopback)


def _two_methods(given: Given) -> Iterator[Finding]:
    """RFC 6749 §2.3: not more than one method of authentication in a request."""
    fields = {name for name, _ in given.attempt.extra_fields}
    if given.attempt.client_auth == "basic" and given.attempt.client_secret is not None and "client_secret" in fields:
        message = "credentials stand in the Authorization header and in the body"
        yield _finding("two-client-authentications", "error", "client_auth", message,
                       "use one of them: --client-auth body or basic", _RFC_AUTH)  # fmt: skip
    if given.flow in ("private-key-jwt", "jwt-bearer", "saml-bearer") and given.attempt.client_secret is not None:
        message = "the assertion proves the client; the secret that is given beside it is not sent"
        yield _finding("secret-beside-assertion", "note", "client_secret", message,
                       "a client that sends both may be refused", _RFC_AUTH)  # fmt: skip


def _netrc_header(given: Given) -> Iterator[Finding]:
    if not given.netrc:
        return
    message = (
        "a .netrc of this machine has an entry for this host: requests and curl -n add it as Basic credentials, over "
        "what your program sends; jwtdoctor does not"
    )
    yield _finding("netrc-adds-credentials", "warning", ".netrc", message,
                   "remove the entry, or let your client not read it (trust_env = False)", _NETRC)  # fmt: skip


def _scope_not_taken(given: Given) -> Iterator[Finding]:
    if given.attempt.scope is None or given.flow not in _SCOPELESS.get(given.provider.slug, ()):
        return
    message = f"{given.provider.title} takes no scope parameter in this flow: what the app has is granted"
    yield _finding("scope-not-taken", "error", "scope", message, "leave scope out")


def _mangled_client_id(given: Given) -> Iterator[Finding]:
    if any(char.isspace() for char in given.attempt.client_id):
        message = "the client id holds white space or a line break, as copying leaves it"
        yield _finding("client-id-has-white-space", "error", "client_id", message, "copy it again, without blanks")


def _no_security_token(given: Given) -> Iterator[Finding]:
    is_salesforce = given.flow == "password" and given.provider.slug == "salesforce"
    if is_salesforce and given.attempt.security_token is None and given.attempt.password is not None:
        message = "no security token is given apart: from an address that is not trusted it must end the password"
        yield _finding("no-security-token", "note", "password", message, "--security-token REF, or trust the address")


def _unencoded_secret(given: Given) -> Iterator[Finding]:
    """A form needs these encoded (RFC 6749 appendix B); of Basic both halves too (§2.3.1)."""
    for name in ("client_secret", "password"):
        secret = getattr(given.attempt, name)
        text = "" if secret is None else secret.reveal()
        if text != text.strip():
            message = f"the {name.replace('_', ' ')} begins or ends with white space"
            yield _finding("secret-has-white-space", "warning", name, message, "look at how it was stored")
        if _LOOKS_ENCODED.search(text):
            message = f"the {name.replace('_', ' ')} looks percent-encoded already, and is encoded once more when sent"
            yield _finding("secret-encoded-twice", "warning", name, message, "store it as it was issued")
        elif _NEEDS_ENCODING.search(text):
            message = (
                f"the {name.replace('_', ' ')} holds characters that a form must encode; it is sent encoded here, and "
                "a client that does not encode it sends another one"
            )
            yield _finding("secret-needs-encoding", "note", name, message, "compare how your client builds the body")


def _finding(rule: str, severity: Severity, where: str, message: str, remedy: str, *sources: str) -> Finding:
    return Finding(rule, severity, where, message, remedy, sources)


_RULES: tuple[Callable[[Given], Iterator[Finding]], ...] = (
    _pkce_halves,
    _public_with_secret,
    _two_methods,
    _netrc_header,
    _scope_not_taken,
    _mangled_client_id,
    _no_security_token,
    _unencoded_secret,
)
