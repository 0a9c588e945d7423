"""What contradicts itself in a request, found before anything is sent. Each rule is one small function; all are pure.

Here stand the rules that every flow shares; those of one flow stand in its module.

A conflict is a finding and no verdict: the request is sent as it was asked for, since what the endpoint makes of it is
what the checkup is about. `error` is said only of what the standard or this provider certainly refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jwtdoctor.intake.forms import is_placeholder
from jwtdoctor.intake.redact import clean
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Observation
from jwtdoctor.probes.flows import FLOWS
from jwtdoctor.probes.flows.shape import RFC_CLIENT, Given, Rule, finding

__all__ = ["Given", "conflicts", "observe"]

_NETRC = "https://requests.readthedocs.io/en/latest/user/authentication/#netrc-authentication"
_RFC_REFRESH = "https://www.rfc-editor.org/rfc/rfc9449#section-5"
_RFC_CODE = "https://www.rfc-editor.org/rfc/rfc9449#section-10"
_NEEDS_ENCODING = re.compile(r"[%+&=#; ]|[^\x20-\x7e]")
_LOOKS_ENCODED = re.compile(r"%(?:2[0-9A-F]|3[A-F]|40|5[B-E]|7[B-D])", re.IGNORECASE)


def conflicts(given: Given) -> tuple[Finding, ...]:
    """Every conflict: those of the flow, then those that every flow can have."""
    flow = FLOWS.get(given.flow)
    own = () if flow is None else flow.conflicts
    return tuple(found for rule in (*own, *_COMMON) for found in rule(given))


def observe(given: Given) -> tuple[Observation, ...]:
    """The facts among them that the vocabulary knows and the request itself does not show."""
    client_id = given.attempt.client_id
    facts: list[Observation] = []
    if client_id and any(char.isspace() for char in client_id):
        facts.append(Observation("request.client_id_has_whitespace", True, "request"))
    if is_placeholder(client_id):
        facts.append(Observation("request.client_id_is_placeholder", True, "request"))
    return tuple(facts)


def _public_with_secret(given: Given) -> Iterator[Finding]:
    method = (given.chart.text("app.client_auth_method") or "").strip().lower()
    if given.attempt.client_secret is not None and method == "none":
        message = "the client is registered as public and sends a secret"
        remedy = "leave the secret out, or register the client as confidential"
        yield finding("secret-of-a-public-client", "error", "client_secret", message, remedy, RFC_CLIENT)


def _two_methods(given: Given) -> Iterator[Finding]:
    """RFC 6749 §2.3: not more than one method of authentication in a request."""
    fields = {name for name, _ in given.attempt.extra_fields}
    if given.attempt.client_auth == "basic" and given.attempt.client_secret is not None and "client_secret" in fields:
        message = "credentials stand in the Authorization header and in the body"
        yield finding("two-client-authentications", "error", "client_auth", message,
                      "use one of them: --client-auth body or basic", RFC_CLIENT)  # fmt: skip


def _netrc_header(given: Given) -> Iterator[Finding]:
    if not given.netrc:
        return
    message = (
        "a .netrc of this machine has an entry for this host: requests and curl -n add it as Basic credentials, over "
        "what your program sends; jwtdoctor does not"
    )
    yield finding("netrc-adds-credentials", "warning", ".netrc", message,
                  "remove the entry, or let your client not read it (trust_env = False)", _NETRC)  # fmt: skip


def _mangled_client_id(given: Given) -> Iterator[Finding]:
    if any(char.isspace() for char in given.attempt.client_id):
        message = "the client id holds white space or a line break, as copying leaves it"
        yield finding("client-id-has-white-space", "error", "client_id", message, "copy it again, without blanks")


def _placeholder_for_client_id(given: Given) -> Iterator[Finding]:
    client_id = given.attempt.client_id.strip()
    if is_placeholder(client_id):
        message = f"the client id is a placeholder, and no id: {clean(client_id)[:60]}"
        remedy = "write the id that the provider issued; where a variable should have filled it in, see that it is set"
        yield finding("client-id-is-placeholder", "error", "client_id", message, remedy)


def _unencoded_secret(given: Given) -> Iterator[Finding]:
    """A form needs these encoded (RFC 6749 appendix B); of Basic both halves too (§2.3.1)."""
    for name in ("client_secret", "password"):
        secret = getattr(given.attempt, name)
        text = "" if secret is None else secret.reveal()
        if text != text.strip():
            message = f"the {name.replace('_', ' ')} begins or ends with white space"
            yield finding("secret-has-white-space", "warning", name, message, "look at how it was stored")
        if _LOOKS_ENCODED.search(text):
            message = f"the {name.replace('_', ' ')} looks percent-encoded already, and is encoded once more when sent"
            yield finding("secret-encoded-twice", "warning", name, message, "store it as it was issued")
        elif _NEEDS_ENCODING.search(text):
            message = (
                f"the {name.replace('_', ' ')} holds characters that a form must encode; it is sent encoded here, and "
                "a client that does not encode it sends another one"
            )
            yield finding("secret-needs-encoding", "note", name, message, "compare how your client builds the body")


def _proof_without_request(given: Given) -> Iterator[Finding]:
    """A proof goes with a token request, or with a token; where the JWT is the credential there is neither."""
    if given.attempt.dpop and given.flow == "api-jwt":
        message = "no token is asked for in this flow, so no DPoP proof is sent"
        yield finding("dpop-not-sent", "note", "dpop", message, "leave --dpop out")


def _throwaway_key(given: Given) -> Iterator[Finding]:
    """What was bound to a key before is not good with another one."""
    if not given.attempt.dpop or given.attempt.dpop_key_path is not None:
        return
    is_public = given.attempt.client_secret is None
    if given.flow == "refresh-token" and is_public:
        message = "the refresh token of a public client is bound to the key of its first proof, and this one is new"
        yield finding("dpop-key-is-new", "warning", "dpop_key", message, "name that key: --dpop-key FILE", _RFC_REFRESH)
    elif given.flow == "authorization-code" and given.attempt.code is not None:
        message = "a code that was asked for with dpop_jkt is bound to that key, and this one is new"
        yield finding("dpop-key-is-new", "note", "dpop_key", message, "name that key: --dpop-key FILE", _RFC_CODE)


_COMMON: tuple[Rule, ...] = (
    _public_with_secret,
    _two_methods,
    _netrc_header,
    _mangled_client_id,
    _placeholder_for_client_id,
    _unencoded_secret,
    _proof_without_request,
    _throwaway_key,
)
