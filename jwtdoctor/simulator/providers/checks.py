"""What a service can ask of a request: one function a question, each with a `Trouble` or nothing as its answer.

None raises, and none knows the name of a fault or the words of a provider. A time is judged on the service's own clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jwtdoctor.assertions.decode import Decoded, seconds, take_apart
from jwtdoctor.errors import BadKey, NotAJwt
from jwtdoctor.simulator.providers.service import RegisteredKey, Service, public_key
from jwtdoctor.simulator.wire import HttpRequest


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and the one word that a refusal may want to name (a claim, a scope)."""

    kind: str
    about: str = ""


KINDS: Mapping[str, tuple[str, ...]] = {
    "down": ("platform-transient",),
    "method": ("wrong-http-method", "malformed-request"),
    "grant-type": ("malformed-request", "flow-disabled"),
    "no-assertion": ("malformed-request", "missing-claim"),
    "malformed": ("assertion-malformed", "malformed-request"),
    "algorithm": ("unsupported-algorithm",),
    "missing": ("missing-claim",),
    "forbidden": ("forbidden-claim",),
    "client": ("client-id-unknown", "wrong-issuer"),
    "issuer": ("wrong-issuer", "client-id-mismatch"),
    "deleted": ("client-deleted",),
    "disabled": ("client-deleted", "app-blocked"),
    "secret": ("client-secret-wrong", "client-secret-missing"),
    "kid-missing": ("key-id-missing",),
    "kid-unknown": ("key-id-unknown", "key-not-registered"),
    "no-key": ("key-not-registered",),
    "certificate": ("certificate-expired",),
    "signature": ("signature-key-mismatch",),
    "audience-list": ("audience-must-be-string", "wrong-audience"),
    "audience": ("wrong-audience",),
    "expired": ("assertion-expired", "clock-drift"),
    "early": ("assertion-not-yet-valid", "clock-drift"),
    "long": ("assertion-ttl-too-long",),
    "far": ("assertion-ttl-too-long", "clock-drift"),
    "old": ("assertion-expired", "clock-drift"),
    "replay": ("jti-replayed",),
    "subject": ("wrong-subject", "user-inactive"),
    "scope": ("scope-not-granted", "scope-not-allowed"),
    "consent": ("consent-missing", "app-not-authorized"),
    "dpop": ("dpop-required",),
    "dpop-proof": ("dpop-required",),
    "dpop-nonce": ("dpop-required",),
    "user": ("user-inactive",),
    "flow": ("flow-disabled",),
    "method-of-client": ("client-type-mismatch",),
    "address": ("ip-restricted",),
    "grant": ("refresh-token-revoked", "code-reused"),
    "code-used": ("code-reused",),
    "code-ended": ("code-expired",),
    "redirect": ("redirect-uri-mismatch",),
    "grant-client": ("client-id-mismatch", "refresh-token-wrong-client"),
}
"""Every kind of trouble, and the causes that stand behind it: for a dialect that has nothing but data."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with everything in it taken apart once. `now` is the service's clock."""

    request: HttpRequest
    form: Mapping[str, str] = field(repr=False)
    token: str = field(repr=False)
    jwt: Decoded | None = field(repr=False)
    service: Service
    now: float

    def text(self, claim: str) -> str:
        """A claim that is a text, or a whole number (GitHub's app id) as text; empty where it is neither."""
        value = None if self.jwt is None else self.jwt.claims.get(claim)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return value if isinstance(value, str) else ""

    def time(self, claim: str) -> float | None:
        return None if self.jwt is None else seconds(self.jwt.claims.get(claim))

    def header(self, name: str) -> str:
        value = None if self.jwt is None else self.jwt.header.get(name)
        return value if isinstance(value, str) else ""

    @property
    def key(self) -> RegisteredKey | None:
        """The registered key that the header names, by any of the names that a key has; the only one where it names
        none. MSAL pads its thumbprint with `=`, and is let in by the real service."""
        keys = self.service.keys
        named = [self.header("kid"), *(self.header(name).rstrip("=") for name in ("x5t#S256", "x5t"))]
        if any(named):
            return next((one for one in keys if any(name and name in names_of(one) for name in named)), None)
        return keys[0] if len(keys) == 1 else None


Check = Callable[[Asked], Trouble | None]


def asked_of(request: HttpRequest, token: str, service: Service, now: float) -> Asked:
    """The request as the checks read it. Never raises."""
    try:
        jwt = take_apart(token) if token else None
    except NotAJwt:
        jwt = None
    return Asked(request, request.parameters(), token, jwt, service, now)


def names_of(key: RegisteredKey) -> frozenset[str]:
    """What a header may call a key: its `kid`, its certificate's `x5t` and `x5t#S256`."""
    public = public_key(key.pem)
    return frozenset(name for name in (key.kid, public.x5t, public.x5t_s256) if name)


# --- the request


def is_up(asked: Asked) -> Trouble | None:
    return None if asked.service.up else Trouble("down")


def has_assertion(asked: Asked) -> Trouble | None:
    return None if asked.token else Trouble("no-assertion")


def is_readable(asked: Asked) -> Trouble | None:
    return None if asked.jwt is not None and not asked.jwt.defects else Trouble("malformed")


def algorithm_allowed(asked: Asked) -> Trouble | None:
    algorithms = asked.service.provider.algorithms
    alg, wanted = asked.header("alg"), asked.service.alg
    allowed = alg in algorithms if algorithms else alg not in ("", "none")
    return None if allowed and wanted in (None, alg) else Trouble("algorithm", alg)


def claims_there(asked: Asked) -> Trouble | None:
    """Every claim that the provider's data demand. RFC 7519 §4.1.4: times are numbers."""
    assert asked.jwt is not None
    for name in asked.service.provider.required_claims:
        has_instead = asked.service.provider.has_instead(name, asked.jwt.claims)
        if not has_instead and asked.jwt.claims.get(name) in (None, ""):
            return Trouble("missing", name)
    return None


def nothing_forbidden(asked: Asked) -> Trouble | None:
    assert asked.jwt is not None
    found = next((n for n in asked.service.provider.forbidden_claims if n in asked.jwt.claims), None)
    return None if found is None else Trouble("forbidden", found)


# --- the client


def client_known(asked: Asked) -> Trouble | None:
    """`iss` names a registered client; where the client proves itself, `sub` and the form's `client_id` name it too."""
    wanted = asked.service.issuer
    if asked.text("iss") != wanted:
        return Trouble("client", asked.text("iss"))
    named = asked.form.get("client_id")
    if named is not None and named != asked.service.client_id:
        return Trouble("client", named)
    if asked.service.flow in ("private-key-jwt", "client-secret-jwt") and asked.text("sub") != asked.service.client_id:
        return Trouble("issuer", asked.text("sub"))
    return None


def client_there(asked: Asked) -> Trouble | None:
    state = asked.service.client
    return None if state == "active" else Trouble(state)


def flow_enabled(asked: Asked) -> Trouble | None:
    return None if asked.service.flow_enabled else Trouble("flow")


def proves_itself_as_registered(asked: Asked) -> Trouble | None:
    """A client that sends an assertion is registered for that, and not for a secret."""
    is_right = asked.service.flow != "private-key-jwt" or asked.service.auth_method in ("", "private_key_jwt")
    return None if is_right else Trouble("method-of-client", asked.service.auth_method)


def address_allowed(asked: Asked) -> Trouble | None:
    return None if asked.service.takes_address else Trouble("address")


def secret_right(asked: Asked) -> Trouble | None:
    secret = asked.service.secret
    if secret is None or asked.form.get("client_secret") == secret.reveal():
        return None
    return Trouble("secret")


# --- the key


def key_there(asked: Asked) -> Trouble | None:
    return None if asked.service.keys else Trouble("no-key")


def key_named(asked: Asked) -> Trouble | None:
    """A header that names no registered key, or none at all where a name is needed to choose."""
    if asked.key is not None:
        needs = asked.service.provider.needs_kid and not any(asked.header(n) for n in ("kid", "x5t", "x5t#S256"))
        return Trouble("kid-missing") if needs else None
    named = asked.header("kid") or asked.header("x5t#S256") or asked.header("x5t")
    return Trouble("kid-unknown", named) if named else Trouble("kid-missing")


def certificate_lives(asked: Asked) -> Trouble | None:
    """Where the provider's data, or the service, say that an expired certificate is refused."""
    rule, key = asked.service.provider.expired_certificate, asked.key
    is_judged = asked.service.judges_certificates or (rule is not None and not rule.is_taken)
    if key is None or not is_judged:
        return None
    ends = public_key(key.pem).not_after
    return Trouble("certificate") if ends is not None and ends < asked.now else None


def signature_right(asked: Asked) -> Trouble | None:
    """By the key that is named, or by any where none is."""
    assert asked.jwt is not None
    named = asked.key
    keys = asked.service.keys if named is None else (named,)
    return None if any(is_signed_by(asked.jwt, key) for key in keys) else Trouble("signature")


def is_signed_by(jwt: Decoded, key: RegisteredKey) -> bool:
    from jwtdoctor.assertions.sign import verify

    try:
        return verify(jwt, public_key(key.pem)).verifies
    except BadKey:
        return False


# --- whom it is for


def audience_right(asked: Asked) -> Trouble | None:
    """One of the audiences, or, of a client that was pointed at the listener itself, the listener's own address.
    A service without any does not look."""
    assert asked.jwt is not None
    if not asked.service.audiences:
        return None
    value = asked.jwt.claims.get("aud")
    taken = {*asked.service.audiences, *own_addresses(asked.request)}
    if isinstance(value, list):
        if not asked.service.provider.aud_as_array:
            return Trouble("audience-list")
        return None if taken & {one for one in value if isinstance(one, str)} else Trouble("audience")
    return None if value in taken else Trouble("audience", value if isinstance(value, str) else "")


def own_addresses(request: HttpRequest) -> tuple[str, ...]:
    """The URL that was called, where that is on loopback: real clients put it into `aud`."""
    host = request.host
    if not host.startswith(("127.0.0.1", "localhost", "[::1]")):
        return ()
    return (f"{request.own_scheme}://{host}{request.path}",)


# --- time


def not_expired(asked: Asked) -> Trouble | None:
    ends = asked.time("exp")
    late_s = asked.service.limit("late_tolerance_s") or 0.0
    return Trouble("expired") if ends is not None and asked.now > ends + late_s else None


def not_early(asked: Asked) -> Trouble | None:
    """`iat` and `nbf` of the future, beyond what is tolerated; `nbf` alone where the provider looks at no other."""
    nbf_s = asked.service.limit("early_nbf_tolerance_s")
    early_s = (asked.service.limit("early_tolerance_s") if nbf_s is None else nbf_s) or 0.0
    judged = ("iat", "nbf") if nbf_s is None else ("nbf",)
    starts = [t for t in map(asked.time, judged) if t is not None]
    return Trouble("early") if any(t > asked.now + early_s for t in starts) else None


def not_long(asked: Asked) -> Trouble | None:
    most_s, ends = asked.service.limit("max_ttl_s"), asked.time("exp")
    began = asked.time("iat")
    if most_s is None or ends is None or began is None:
        return None
    return Trouble("long") if ends - began > most_s else None


def not_far(asked: Asked) -> Trouble | None:
    most_s, ends = asked.service.limit("max_exp_ahead_s"), asked.time("exp")
    return Trouble("far") if most_s is not None and ends is not None and ends - asked.now > most_s else None


def not_old(asked: Asked) -> Trouble | None:
    most_s, began = asked.service.limit("max_age_s"), asked.time("iat")
    return Trouble("old") if most_s is not None and began is not None and asked.now - began > most_s else None


def not_used(asked: Asked) -> Trouble | None:
    name = jti_of(asked)
    return Trouble("replay") if name is not None and name in asked.service.spent else None


def jti_of(asked: Asked) -> str | None:
    """The name that a used assertion leaves, where it can be used once only."""
    jti = asked.text("jti")
    return f"jti:{jti}" if asked.service.single_use and jti else None


def used_up(asked: Asked) -> tuple[str, ...]:
    """The names that a granted request leaves: of its assertion and of its code."""
    code = code_of(asked)
    return tuple(name for name in (jti_of(asked), code) if name is not None)


def code_of(asked: Asked) -> str | None:
    """The name that a used code leaves: it is good for one exchange (RFC 6749 §4.1.2)."""
    code = asked.form.get("code", "")
    return code_name(code) if asked.service.issued and code else None


def code_name(code: str) -> str:
    """Holds nothing of the code itself."""
    return f"code:{hashlib.sha256(code.encode('utf-8', 'replace')).hexdigest()[:16]}"


# --- what it redeems


def grant_good(asked: Asked) -> Trouble | None:
    """The code or refresh token that goes with an assertion, where the service issued any."""
    service, form = asked.service, asked.form
    if not service.issued:
        return None
    text = form.get("code") or form.get("refresh_token") or ""
    found = next((one for one in service.issued if one.text.reveal() == text), None)
    if found is None:
        return Trouble("grant")
    if code_of(asked) in service.spent:
        return Trouble("code-used")
    if "code" in form and service.code_ends_at is not None and asked.now > service.code_ends_at:
        return Trouble("code-ended")
    if found.client_id != service.client_id:
        return Trouble("grant-client")
    return Trouble("redirect") if found.redirect_uri and form.get("redirect_uri") != found.redirect_uri else None


# --- what it asks for


def subject_known(asked: Asked) -> Trouble | None:
    """`sub` names somebody whom the client may log in. None at all asks for nobody's data but its own."""
    users, subject = asked.service.users, asked.text("sub")
    if not asked.service.users_active:
        return Trouble("user", subject)
    return None if not users or not subject or subject in users else Trouble("subject", subject)


def consented(asked: Asked) -> Trouble | None:
    return None if asked.service.delegated else Trouble("consent")


def scope_granted(asked: Asked) -> Trouble | None:
    """The scopes of the assertion, else those of the form."""
    allowed = asked.service.scopes
    if allowed is None:
        return None
    wanted = (asked.text("scope") or asked.form.get("scope", "")).split()
    refused = next((one for one in wanted if one not in allowed), None)
    return None if refused is None else Trouble("scope", refused)
