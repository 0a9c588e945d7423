"""DPoP proofs (RFC 9449): a small JWT that shows, for one request, that its sender holds a key.

A proof is no assertion: it names no client and no user, and what it proves is possession alone. So the key need not be
known to anybody before; `check` makes one for the one examination and drops it with the token, unless it is given one.

Building is pure: the time, the `jti` and the key are handed in. Reading is the standard library's work alone, since
`explain` reads proofs too: whether the signature is good is `verified`, which loads the libraries.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jwtdoctor.assertions.decode import Decoded, seconds, take_apart
from jwtdoctor.errors import BadKey, NotAJwt
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.secret import REDACTED, Secret

if TYPE_CHECKING:
    from jwtdoctor.assertions.keytypes import PrivateKey
    from jwtdoctor.assertions.sign import Verification

TYPE = "dpop+jwt"
REQUIRED = ("jti", "htm", "htu", "iat")
"""RFC 9449 §4.2: the claims of every proof."""
WINDOW_S = 60.0
"""Seconds of age or of future that a proof may be thought to survive. RFC 9449 §11.1 asks for seconds or minutes and
names no number: FAPI 2.0 has servers refuse from 60 s of future on, Keycloak takes 25 s of age, oidc-provider 300 s."""
PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""Members of a JWK that only a private or a shared key has (RFC 7518 §6, RFC 8037 §2)."""
LONGEST_NONCE = 1_000
"""Characters: a longer one would make a header that servers refuse, and none is known to be that long."""
_NONCE = re.compile(rf"[\x21\x23-\x5b\x5d-\x7e]{{1,{LONGEST_NONCE}}}")
_SYMMETRIC = re.compile(r"(?i)none|HS\d{3}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def proof(
    key: PrivateKey,
    *,
    method: str,
    url: str,
    now: float,
    jti: str,
    nonce: str | None = None,
    token: Secret | None = None,
    claims: Mapping[str, Any] | None = None,
    taken: Sequence[str] = (),
) -> Assertion:
    """A proof for one request (RFC 9449 §4.2), signed at `now` (epoch seconds of the signing clock).

    `nonce` is what the server asked for. `token` is the access token that goes with the request, whose hash is then
    written. `claims` are put over these (deliberate faults). `taken` are the algorithms that the server takes in
    proofs, as far as that is known. Raises BadKey for a key that no JWK can be written of.
    """
    from jwtdoctor.assertions.keys import public_of
    from jwtdoctor.assertions.public import jwk_of
    from jwtdoctor.assertions.sign import compact_json, default_alg, signed_token

    jwk = jwk_of(public_of(key).native, key.kind)
    if not jwk:
        raise BadKey(f"a proof cannot be signed with {key.description}", where=key.where, expected="an EC or RSA key")
    alg = default_alg(key, taken)
    header: dict[str, Any] = {"typ": TYPE, "alg": alg, "jwk": jwk}
    written: dict[str, Any] = {"jti": jti, "htm": method, "htu": target_of(url), "iat": math.floor(now)}
    if token is not None:
        written["ath"] = hash_of(token)
    if nonce is not None:
        written["nonce"] = nonce
    written |= claims or {}
    return Assertion(Secret(signed_token(header, compact_json(written), key, alg)), header, written, now)


def target_of(url: str) -> str:
    """`htu` of a request's URL: without query and fragment, and written as servers compare it (RFC 9449 §4.3)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme.lower())) else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{port}{parts.path or '/'}"


def hash_of(token: Secret) -> str:
    """`ath` (RFC 9449 §4.2): base64url of the SHA-256 of the access token."""
    digest = hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def is_nonce(text: str) -> bool:
    """Whether a text has the form of a nonce (RFC 9449 §8.1, NQCHAR of RFC 6749 appendix A), and is not too long."""
    return _NONCE.fullmatch(text) is not None


# --- reading one -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Beside:
    """The request that a proof came with, as far as it was seen: empty where it was not. `token`: the access token."""

    method: str = ""
    url: str = ""
    token: Secret | None = None


def is_proof(decoded: Decoded) -> bool:
    """Whether a JWT is meant as a proof: by its type, or by the claims that nothing else has; one, beside a `jwk`."""
    typ, of_proofs = decoded.header.get("typ"), {"htm", "htu"} & decoded.claims.keys()
    enough = 1 if "jwk" in decoded.header else 2
    return (isinstance(typ, str) and typ.lower() == TYPE) or len(of_proofs) >= enough


def observe_proof(text: str, beside: Beside, *, at: float | None = None) -> tuple[Observation, ...]:
    """The `proof.*` facts of a DPoP header, whatever it holds. `at` is true now in epoch seconds, None: not known."""
    if not text.strip() or text == REDACTED or "[redacted" in text:
        return ()
    try:
        decoded = take_apart(text)
    except NotAJwt:
        return (Observation("proof.is_well_formed", False, "proof"),)
    facts: dict[str, Value | None] = {
        "proof.is_well_formed": next(malformed(decoded), None) is None,
        "proof.jwk_is_private": bool(private_members(decoded)),
        "proof.nonce_present": isinstance(decoded.claims.get("nonce"), str),
        "proof.iat_in_s": _iat_in_s(decoded, at),
        **fits(decoded, beside),
    }
    return tuple(Observation(name, value, "proof") for name, value in facts.items() if value is not None)


def malformed(decoded: Decoded) -> Iterator[tuple[str, str]]:
    """What every reader refuses about a proof by itself (RFC 9449 §4.3): (where, what)."""
    header, claims = decoded.header, decoded.claims
    if header.get("typ") != TYPE:
        yield "header.typ", f"typ is not {TYPE}"
    alg = header.get("alg")
    if not isinstance(alg, str) or not alg:
        yield "header.alg", "the header names no algorithm"
    elif _SYMMETRIC.fullmatch(alg):
        yield "header.alg", "alg is not that of a key pair"
    jwk = header.get("jwk")
    if not isinstance(jwk, Mapping) or jwk.get("kty") not in ("EC", "RSA", "OKP"):
        yield "header.jwk", "the header holds no public key"
    for name in REQUIRED:
        kind = (int, float) if name == "iat" else str
        value = claims.get(name)
        if value in (None, ""):
            yield f"claims.{name}", f"{name} is missing"
        elif not isinstance(value, kind) or isinstance(value, bool):
            yield f"claims.{name}", f"{name} is no {'number' if name == 'iat' else 'text'}"


def private_members(decoded: Decoded) -> tuple[str, ...]:
    """The members of the proof's `jwk` that only its owner may have (RFC 9449 §4.3, item 7)."""
    jwk = decoded.header.get("jwk")
    return tuple(name for name in PRIVATE_MEMBERS if name in jwk) if isinstance(jwk, Mapping) else ()


def fits(decoded: Decoded, beside: Beside) -> dict[str, Value | None]:
    """Whether the proof is one for this request; None where a side was not seen."""
    claims = decoded.claims
    found: dict[str, Value | None] = {"proof.method_fits": None, "proof.url_fits": None, "proof.token_hash_fits": None}
    if beside.method and isinstance(claims.get("htm"), str):
        found["proof.method_fits"] = claims["htm"] == beside.method
    if beside.url and isinstance(claims.get("htu"), str):
        found["proof.url_fits"] = same_target(claims["htu"], beside.url)
    if beside.token is not None:
        found["proof.token_hash_fits"] = claims.get("ath") == hash_of(beside.token)
    return found


def same_target(htu: str, url: str) -> bool | None:
    """Whether `htu` names this URL, query and fragment apart; None where `url` is no whole one.

    None too where they differ in the scheme alone: a recorded request does not show it, and https is supposed.
    """
    try:
        wanted = target_of(url) if urlsplit(url).hostname else None
    except ValueError:
        return None
    if wanted is None:
        return None
    try:
        named = target_of(htu)
    except ValueError:
        return False
    if named == wanted:
        return True
    return None if named.partition("://")[2] == wanted.partition("://")[2] else False


def verified(decoded: Decoded) -> Verification:
    """Whether the signature verifies with the key in the header, which is all that a proof is judged by."""
    from jwtdoctor.assertions.public import public_of_jwk
    from jwtdoctor.assertions.sign import Verification, verify

    jwk = decoded.header.get("jwk")
    if not isinstance(jwk, Mapping):
        return Verification(False, "the header holds no key")
    try:
        return verify(decoded, public_of_jwk(jwk, "the jwk of the header"))
    except BadKey as problem:
        return Verification(False, problem.what)


def _iat_in_s(decoded: Decoded, at: float | None) -> float | None:
    iat = seconds(decoded.claims.get("iat"))
    return None if iat is None or at is None or abs(iat) >= 1e18 else round(iat - at, 6)
