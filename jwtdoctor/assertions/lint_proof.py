"""Lint rules of a DPoP proof (RFC 9449 §4.2, §4.3): another JWT than an assertion, with other rules.

`error` is what the RFC has every server refuse; how old a proof may be is the server's own choice, so that its time is
a warning. No provider's rules for assertions apply to a proof.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from jwtdoctor.assertions.decode import is_milliseconds
from jwtdoctor.assertions.dpop import WINDOW_S, is_nonce, malformed, private_members
from jwtdoctor.assertions.lint_common import Under, quoted
from jwtdoctor.assertions.lint_form import FORM_RULES
from jwtdoctor.assertions.times import duration
from jwtdoctor.model.assertion import Finding

_SYNTAX = "https://www.rfc-editor.org/rfc/rfc9449#section-4.2"
_CHECKS = "https://www.rfc-editor.org/rfc/rfc9449#section-4.3"
_TIMES = "https://www.rfc-editor.org/rfc/rfc9449#section-11.1"
_NONCES = "https://www.rfc-editor.org/rfc/rfc9449#section-8"
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY")


def _well_formed(under: Under) -> Iterator[Finding]:
    for where, what in malformed(under.decoded):
        yield Finding("proof-malformed", "error", where, what, _REMEDIES.get(where, "build the proof anew"), (_SYNTAX,))


_REMEDIES = {
    "header.typ": "write typ dpop+jwt, so that no other JWT of the key can pass for a proof",
    "header.alg": "sign with a key pair, such as ES256",
    "header.jwk": "write the public key as jwk; a kid alone does not do",
}


def _private_key(under: Under) -> Iterator[Finding]:
    members = private_members(under.decoded)
    if members:
        message = f"the jwk holds parts of the private key ({', '.join(members)}): whoever saw this proof has the key"
        remedy = "write the public members alone; throw this key away, and revoke the tokens that are bound to it"
        yield Finding("proof-shows-private-key", "error", "header.jwk", message, remedy, (_CHECKS,))


def _method(under: Under) -> Iterator[Finding]:
    htm = under.claims.get("htm")
    if isinstance(htm, str) and htm and htm not in _METHODS:
        message = f"htm is {quoted(htm)}; methods are compared to the letter"
        yield Finding("proof-method", "error" if htm.upper() in _METHODS else "warning", "claims.htm", message,
                      "write the method of the request, such as POST", (_SYNTAX,))  # fmt: skip


def _target(under: Under) -> Iterator[Finding]:
    htu = under.claims.get("htu")
    if not isinstance(htu, str) or not htu:
        return
    try:
        parts = urlsplit(htu)
        is_url = bool(parts.scheme and parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_url = False
    if not is_url:
        yield Finding("proof-url", "error", "claims.htu", "htu is no whole URL", "write https://HOST/PATH", (_SYNTAX,))
    elif parts.query or parts.fragment:
        message = "htu has a query or fragment, which does not belong into it"
        yield Finding("proof-url", "warning", "claims.htu", message, "cut them off", (_SYNTAX,))


def _time(under: Under) -> Iterator[Finding]:
    iat = under.claims.get("iat")
    if is_milliseconds(iat):
        message = "iat is in milliseconds; RFC 7519 §2 wants a number of seconds"
        yield Finding("proof-time", "error", "claims.iat", message, "write epoch seconds")
        return
    made_at = under.time("iat")
    if under.now is None or made_at is None:
        return
    age_s = under.now - made_at
    if age_s > WINDOW_S:
        message = f"it was made {duration(age_s)} ago, and servers take proofs for seconds or a few minutes"
        yield Finding("proof-time", "warning", "claims.iat", message, "make one for each request", (_TIMES,))
    elif age_s < -WINDOW_S:
        message = f"it was made {duration(-age_s)} in the future, as a fast clock writes it"
        yield Finding("proof-time", "warning", "claims.iat", message, "look at the clock: jwtdoctor clock", (_TIMES,))


def _nonce(under: Under) -> Iterator[Finding]:
    nonce = under.claims.get("nonce")
    if nonce is not None and not (isinstance(nonce, str) and is_nonce(nonce)):
        message = "nonce is none that a server can have given: it is empty, too long, or holds other characters"
        yield Finding("proof-nonce", "error", "claims.nonce", message, "copy the DPoP-Nonce header", (_NONCES,))


def _token_hash(under: Under) -> Iterator[Finding]:
    ath = under.claims.get("ath")
    if ath is None:
        message = "there is no ath: with an access token beside it the proof is refused"
        yield Finding("proof-without-ath", "note", "claims.ath", message, "none is needed for a token request",
                      (_SYNTAX,))  # fmt: skip
    elif not isinstance(ath, str) or not re.fullmatch(r"[A-Za-z0-9_-]{43}", ath):
        message = "ath is not base64url of 32 bytes, without padding"
        yield Finding("proof-token-hash", "error", "claims.ath", message, "write the SHA-256 of the access token",
                      (_SYNTAX,))  # fmt: skip


RULES: tuple[Callable[[Under], Iterator[Finding]], ...] = (
    *FORM_RULES, _well_formed, _private_key, _method, _target, _time, _nonce, _token_hash,
)  # fmt: skip
