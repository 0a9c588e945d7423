"""What can be seen without any network: the key, the certificate, the assertion that is about to be sent."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jwtdoctor.config.attempts import iat_back_of
from jwtdoctor.errors import BadKey, BadProfile
from jwtdoctor.model.assertion import Assertion, AssertionSpec
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey

MAX_KEY_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class KeySeen:
    """A loaded key, and what it and its certificate say."""

    key: PrivateKey
    observations: tuple[Observation, ...]
    saw: str


@dataclass(frozen=True, slots=True)
class AssertionMade:
    """A signed assertion, and what it was made of."""

    assertion: Assertion
    saw: str


def look_at_key(attempt: Attempt, now: float) -> KeySeen:
    """Loads the key once. Raises BadKey where a file is not what it should be, BadProfile where no key was named."""
    from jwtdoctor.assertions.keys import load_private, load_public, observe_key

    data, where = _key_of(attempt)
    key = load_private(data, where=where, passphrase=attempt.key_passphrase)
    certificate = _certificate_of(attempt)
    public = None if certificate is None else load_public(certificate[0], where=certificate[1])
    observations = (
        *observe_key(key, public, now),
        *_permissions(attempt.key_path),
        *_named_by_issuer(attempt.client_id, key),
    )
    pairs = {o.fact: o.value for o in observations}.get("key.matches_certificate")
    said = {
        None: "no certificate given to compare with",
        True: "pairs with the certificate",
        False: "does NOT pair with the certificate",
    }
    return KeySeen(
        key,
        observations,
        f"{key.kind} {key.bits or ''}".strip() + f", {said[pairs if isinstance(pairs, bool) else None]}",
    )


def make_assertion(
    attempt: Attempt, provider: Provider, key: PrivateKey, now: float, flow: str = "jwt-bearer"
) -> AssertionMade:
    """Signs with the local clock, wrong or not: that is what the failing program does."""
    from jwtdoctor.assertions.sign import sign

    spec = attempt.assertion or spec_of(attempt, provider, key, flow)
    assertion = _as_other(attempt, spec, key, now) if attempt.as_client else sign(spec, key, now)
    aud = assertion.claims.get("aud")
    return AssertionMade(assertion, f"{assertion.header.get('alg')}, aud {aud}")


def observe_making(attempt: Attempt, assertion: Assertion) -> tuple[Observation, ...]:
    """What only the maker of an assertion knows: a `jti` made just now was never sent before; a given one may be."""
    chosen = attempt.extra_claims if attempt.assertion is None else attempt.assertion.extra_claims
    if "jti" not in assertion.claims:
        return ()
    if "jti" in chosen:
        return (Observation("assertion.jti_is_fixed", True, "assertion"),)
    return (Observation("history.assertion_reused", False, "assertion"),)


def _as_other(attempt: Attempt, spec: AssertionSpec, key: PrivateKey, now: float) -> Assertion:
    """The assertion as another client builds it; an audience that nobody set is that client's own."""
    from jwtdoctor.assertions.clients import client_named, sign_as

    asked = replace(spec, audience=attempt.audience or "")
    return sign_as(client_named(attempt.as_client or ""), asked, key, now, token_url=attempt.token_url)


def take_ready(token: Secret, now: float) -> Assertion:
    """An assertion that was made elsewhere, whatever it is: it is sent as it stands."""
    return Assertion(token, {}, {}, now)


def spec_of(
    attempt: Attempt, provider: Provider, key: PrivateKey | None = None, flow: str = "jwt-bearer"
) -> AssertionSpec:
    """The assertion of RFC 7523 that an attempt asks for: §3 for a grant, and of a client that proves itself §2.2.

    There the subject is the client, and a `jti` is written, since most servers demand it and none refuses it.
    Where the provider wants no `aud` (a JWT that is the API's own credential), none is written unless it was asked for.
    """
    from jwtdoctor.assertions.sign import default_alg

    proves_client = flow == "private-key-jwt"
    x5t, x5t_s256 = _thumbprints(attempt, provider, flow)
    return AssertionSpec(
        issuer=None if no_issuer(attempt.client_id, attempt.username, provider) else attempt.client_id,
        subject=attempt.username or (attempt.client_id if proves_client else ""),
        audience=attempt.audience
        or (default_audience(attempt.token_url, provider, flow, attempt.client_id) if wants_audience(provider) else ""),
        jti=proves_client or "jti" in provider.required_claims,
        lifetime_s=attempt.lifetime_s,
        alg=attempt.alg or ("RS256" if key is None else default_alg(key, provider.algorithms)),
        kid=attempt.kid,
        x5t=x5t,
        x5t_s256=x5t_s256,
        iat=attempt.iat,
        iat_back_s=iat_back_of(attempt.lifetime_s, provider),
        extra_claims=dict(attempt.extra_claims),
    )


def no_issuer(client_id: str, subject: str, provider: Provider) -> bool:
    """Whether no `iss` is to be written: none is known, and at this provider such a subject stands for it."""
    return not client_id and provider.has_instead("iss", {"sub": subject})


def _thumbprints(attempt: Attempt, provider: Provider, flow: str) -> tuple[str | None, str | None]:
    """`x5t` and `x5t#S256` of the certificate given, as far as the provider finds the key by them."""
    shape = provider.requests.get(flow)
    certificate = _certificate_of(attempt)
    if shape is None or not shape.thumbprints or certificate is None:
        return None, None
    from jwtdoctor.assertions.keys import load_public

    public = load_public(certificate[0], where=certificate[1])
    wanted = shape.thumbprints
    return public.x5t or None if "x5t" in wanted else None, public.x5t_s256 or None if "x5t#S256" in wanted else None


def wants_audience(provider: Provider) -> bool:
    """Whether `aud` is among the claims that the provider reads; where nothing is known of them, it is."""
    return not provider.required_claims or "aud" in provider.required_claims


def default_audience(token_url: str, provider: Provider, flow: str = "jwt-bearer", client_id: str = "") -> str:
    """The audience that fits a token URL: the provider's first of that very host, else the first that follows from it.

    Without either it is the URL's own host. `client_id` stands in for its place holder.

    Salesforce takes login, test and the org's My Domain (help, xcloud.remoteaccess_oauth_jwt_flow; sfdx-core
    sfdcUrl.ts), so the host that is asked is right for each of them. A client that proves itself names the token
    endpoint (RFC 7523 §3, point 3) where the provider is known for nothing else.
    """
    from urllib.parse import urlsplit

    parts = urlsplit(token_url)
    audiences = tuple(one.replace("{client_id}", client_id or "{client_id}") for one in provider.audiences)
    if flow == "private-key-jwt" and (provider.slug == "generic" or not _sayable(audiences)):
        return token_url
    own = f"{parts.scheme}://{parts.netloc}"
    plain = _plain(audiences)
    of_this_host = next((one for one in plain if one.split("://")[-1].partition("/")[0] == parts.netloc), None)
    if of_this_host is not None:
        return of_this_host
    if provider.slug == "salesforce" or not plain:
        return own
    return plain[0].replace("https://{host}", own).replace("{host}", parts.netloc)


def _sayable(audiences: tuple[str, ...]) -> bool:
    """Whether the audience follows from the host: where the first asks for a realm or a tenant, the URL holds it."""
    return bool(audiences) and len(_plain(audiences)) == len(audiences)


def _plain(audiences: tuple[str, ...]) -> tuple[str, ...]:
    """The audiences that can be written without knowing more than the host."""
    return tuple(one for one in audiences if "{" not in one.replace("{host}", ""))


def _key_of(attempt: Attempt) -> tuple[bytes, str]:
    if attempt.key_pem is not None:
        return attempt.key_pem.reveal().encode(), "the key given"
    if attempt.key_path is None:
        raise BadProfile("no private key was named", expected="--key FILE", do="name the key that signs the assertion")
    return _read(attempt.key_path), attempt.key_path


def _certificate_of(attempt: Attempt) -> tuple[bytes, str] | None:
    if attempt.certificate_pem is not None:
        return attempt.certificate_pem.encode(), "the certificate given"
    if attempt.certificate_path is None:
        return None
    return _read(attempt.certificate_path), attempt.certificate_path


def _permissions(path: str | None) -> tuple[Observation, ...]:
    """Whether others can read the key file, where permission bits say anything."""
    if path is None or os.name != "posix":
        return ()
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return ()
    return (Observation("key.readable_by_others", bool(mode & 0o077), "key"),)


def _named_by_issuer(issuer: str, key: PrivateKey) -> tuple[Observation, ...]:
    """Snowflake's iss ends in the SHA-256 of the public key: whether that is this key's."""
    named = re.search(r"\.SHA256:([A-Za-z0-9+/]{43}=)$", issuer)
    if named is None:
        return ()
    from jwtdoctor.assertions.keys import public_of

    own = b64encode(bytes.fromhex(public_of(key).spki_sha256)).decode()
    return (Observation("key.is_named_by_iss", named[1] == own, "key"),)


def _read(path: str) -> bytes:
    """The bytes of a key file, bounded. Raises BadKey with one clear line."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_KEY_FILE + 1)
    except OSError as problem:
        reason = (problem.strerror or type(problem).__name__).lower()
        raise BadKey(f"cannot be read: {reason}", where=path, expected="a key or certificate file") from None
    if len(data) > MAX_KEY_FILE:
        raise BadKey("is too large for a key", where=path, expected="at most 1 MB")
    return data
