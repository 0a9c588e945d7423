"""Every fault of the other providers by name: a change of client, service or clock, which no judge reads.

A name is the slug of the cause that it stages, or `SLUG:variant`. Most faults hold for every provider whose data have
the rule that they break; the rest are named with their provider. `staged(provider)` gives those that hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from jwtdoctor.errors import UnknownName
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.keys import Role, pair
from jwtdoctor.simulator.providers.checks import code_name
from jwtdoctor.simulator.providers.plain import speaks_of
from jwtdoctor.simulator.providers.scene import CALLBACK, CLIENT, CODE, TEAM, Scene, healthy, registered
from jwtdoctor.simulator.providers.service import Issued, RegisteredKey
from jwtdoctor.simulator.providers.snowflake import fingerprint

if TYPE_CHECKING:
    from jwtdoctor.assertions.pairs import Pair

Change = Callable[[Scene], Scene]
Holds = Callable[[Scene], bool]
Side = Literal["none", "client", "service", "clock"]
OFF_S = 900.0
"""How far a clock is off where one is: beyond every tolerance that is known or guessed."""
LONG_AGO_S = 6_000.0
NOBODY = "nobody"
NO_JWT = Secret("eyJhbGciOiJSUzI1NiJ9.not-a-claim-set")
OTHER_CLIENT = "00000000-1111-2222-3333-444444444444"


@dataclass(frozen=True, slots=True)
class Staged:
    """A situation to stage at one provider. `stages` is the cause's slug, None where nothing is wrong."""

    name: str
    flow: str
    summary: str
    change: Change
    side: Side
    also: tuple[str, ...] = ()
    """Other causes that are as right a name for the very same state."""

    @property
    def stages(self) -> str | None:
        slug = self.name.partition(":")[0]
        return None if slug == "healthy" else slug


def staged(provider: Provider) -> tuple[Staged, ...]:
    """The faults that can be staged at a provider, `healthy` first."""
    base = healthy(provider)
    return tuple(
        Staged(row.name, base.flow, row.summary, row.change, row.side, row.also)
        for row in _ROWS
        if (not row.at or provider.slug in row.at) and row.holds(base)
    )


def stage(name: str, provider: Provider, base: Scene | None = None) -> Scene:
    """The scene of a fault by its name; of a cause that has variants alone, its slug means the first of them.

    Raises UnknownName, with the nearest names.
    """
    known = {one.name: one for one in reversed(staged(provider))}
    known = {one.stages or one.name: one for one in known.values()} | known
    if name in known:
        return known[name].change(base if base is not None else healthy(provider))
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), list(known), n=3, cutoff=0.5)
    list_them = f"list them: jwtdoctor simulate --provider {provider.slug} --list"
    do = f"nearest: {', '.join(near)}" if near else list_them
    raise UnknownName(f"no fault of that name at {provider.slug}", do=do)


# --- changes


def _client(**fields: Any) -> Change:
    return lambda scene: replace(scene, attempt=replace(scene.attempt, **fields))


def _claims(**claims: Any) -> Change:
    return lambda scene: replace(
        scene, attempt=replace(scene.attempt, extra_claims={**scene.attempt.extra_claims, **claims})
    )


def _service(**fields: Any) -> Change:
    return lambda scene: replace(scene, policy=replace(scene.policy, **fields))


def _world(**fields: Any) -> Change:
    return lambda scene: replace(scene, **fields)


def _proving(**claims: Any) -> Change:
    """The app wants proofs, and the client sends one with these claims over its own."""
    return lambda scene: _client(dpop=True, dpop_claims=claims)(_wanting_proofs(scene))


def _wanting_proofs(scene: Scene) -> Scene:
    """A nonce goes with it where the provider's data know that one is asked for."""
    return _service(wants_dpop=True, nonces="asked" if _knows_nonces(scene) else "none")(scene)


def _nonces(what: Literal["withheld", "unending"]) -> Change:
    return lambda scene: _client(dpop=True)(_service(wants_dpop=True, nonces=what)(scene))


def _nothing(scene: Scene) -> Scene:
    return scene


def _too_long(scene: Scene) -> Scene:
    """A minute over the lowest maximum."""
    return _client(lifetime_s=int(_maximum(scene) or 0.0) + 60)(scene)


def _maximum(scene: Scene) -> float | None:
    maxima = [scene.policy.limit(name) for name in ("max_ttl_s", "max_exp_ahead_s")]
    return min((m for m in maxima if m is not None), default=None)


def _audience_listed(scene: Scene) -> Scene:
    return _claims(aud=[scene.attempt.audience])(scene)


def _other_audience(scene: Scene) -> Scene:
    """That of another provider: the commonest slip is the address of a service that was set up before."""
    return _client(audience="https://login.salesforce.com")(scene)


def _others_key(scene: Scene) -> Scene:
    """The client signs with a key that is not the one whose name (and certificate) it sends."""
    return _client(key_pem=_pair("other", scene).private_pem)(scene)


def _pair(role: Role, scene: Scene) -> Pair:
    """Of the kind that the client signs with."""
    return pair(role, scene.attempt.alg or "RS256")


def _registered(role: Role, scene: Scene, kid: str = "") -> RegisteredKey:
    return registered(role, kid, scene.attempt.alg)


def _other_kind(scene: Scene) -> Scene:
    """The name is right, and what is registered under it is a key of another kind than the one that signs."""
    other = "RS256" if _is_curve(scene) else "ES256"
    return _service(keys=(registered("client", _kid(scene), other),))(scene)


def _is_curve(scene: Scene) -> bool:
    return (scene.attempt.alg or "").startswith("E")


def _other_algorithm(scene: Scene) -> Scene:
    """The key is of the right kind where another algorithm goes with it; a curve has but one, so there it is RSA."""
    if not _is_curve(scene):
        return _client(alg=_not_taken(scene))(scene)
    rsa = pair("client", "RS256")
    return _client(alg="RS256", key_pem=rsa.private_pem)(_service(keys=(registered("client", _kid(scene)),))(scene))


def _not_taken(scene: Scene) -> str | None:
    """An algorithm of an RSA key that the provider does not take."""
    taken = scene.policy.provider.algorithms
    return next((alg for alg in ("RS512", "PS256") if taken and alg not in taken), None)


def _kid(scene: Scene) -> str:
    return scene.policy.keys[0].kid


def _with_code(**fields: Any) -> Change:
    """The client redeems a code in place of a refresh token, and the service is changed."""
    return lambda scene: _service(**fields)(_client(code=CODE, refresh_token=None)(scene))


def _old_code(scene: Scene) -> Scene:
    return replace(_with_code()(scene), code_age_s=600.0)


def _other_redirect(scene: Scene) -> Scene:
    return _client(redirect_uri=f"{CALLBACK}/")(_with_code()(scene))


def _key_replaced(scene: Scene) -> Scene:
    """Another key was registered in the client's place."""
    kid = _kid(scene)
    return _service(keys=(_registered("other", scene, f"{kid}-new" if kid else ""),))(scene)


def _two_keys(scene: Scene) -> Scene:
    """The client has two keys there and names none."""
    keys = (*scene.policy.keys, _registered("other", scene, "acme-key-2"))
    return _client(kid=None)(_service(keys=keys)(scene))


def _expired_pair(scene: Scene) -> Scene:
    old = _pair("expired", scene)
    changed = _client(key_pem=old.private_pem, certificate_pem=old.certificate_pem)(scene)
    return _service(keys=(_registered("expired", scene, _kid(scene)),))(changed)


def _old_and_judged(scene: Scene) -> Scene:
    return _service(judges_certificates=True)(_expired_pair(scene))


def _no_such_client(scene: Scene) -> Scene:
    """iss, and sub where the client proves itself, name a client that is not registered."""
    proves_itself = scene.flow == "private-key-jwt"
    return _client(client_id=NOBODY, **({"username": NOBODY} if proves_itself else {}))(scene)


def _other_scope(scene: Scene) -> Scene:
    """What is asked for, in the assertion or beside it, is not granted."""
    return _client(scope="acme.everything")(_service(scopes=frozenset())(scene))


def _forbidden(scene: Scene) -> Scene:
    """The first of the claims that are not taken; as a number, since that is what a time is."""
    return _claims(**{scene.policy.provider.forbidden_claims[0]: 1})(scene)


def _used_already(scene: Scene) -> Scene:
    spent = scene.policy.spent | {"jti:acme-0001"}
    return _claims(jti="acme-0001")(_service(spent=spent, single_use=True)(scene))


def _without_scope(scene: Scene) -> Scene:
    claims = {name: value for name, value in scene.attempt.extra_claims.items() if name != "scope"}
    return _client(extra_claims=claims)(scene)


def _lower_case(scene: Scene) -> Scene:
    """Account and user in lower case, as people type them."""
    account_and_user = scene.policy.issuer.lower()
    digest = fingerprint(scene.policy.keys[0].pem)
    return _client(client_id=f"{account_and_user}.{digest}", username=account_and_user)(scene)


def _with_region(scene: Scene) -> Scene:
    """The account as it stands in the URL of an older one, region and all."""
    account, _, user = scene.policy.issuer.partition(".")
    named = f"{account}.US-EAST-1.{user}"
    return _client(client_id=f"{named}.{fingerprint(scene.policy.keys[0].pem)}", username=named)(scene)


def _other_account(scene: Scene) -> Scene:
    """The client calls the URL of another account."""
    user = scene.policy.issuer.partition(".")[2]
    return _service(host="acme-dev.snowflakecomputing.com", issuer=f"ACME-DEV.{user}")(scene)


def _own_fingerprint(scene: Scene) -> Scene:
    """A client whose key and fingerprint belong together, of another user or before the key was replaced."""
    other = _pair("other", scene)
    issuer = f"{scene.policy.issuer}.{fingerprint(other.certificate_pem)}"
    return _client(client_id=issuer, key_pem=other.private_pem)(scene)


# --- the table


def _always(_scene: Scene) -> bool:
    return True


def _refuses_the_future(scene: Scene) -> bool:
    """Whether an iat of the future is refused, or an exp too far ahead. Where nothing is known, the usual is played."""
    limit = scene.policy.limit
    return limit("early_nbf_tolerance_s") is None or limit("max_exp_ahead_s") is not None


def _judges_audience(scene: Scene) -> bool:
    return bool(scene.policy.audiences)


def _refuses_lists(scene: Scene) -> bool:
    return _judges_audience(scene) and not scene.policy.provider.aud_as_array


def _is_plain(scene: Scene) -> bool:
    return scene.provider not in ("google", "entra", "okta", "github", "snowflake")


def _says(*causes: str) -> Holds:
    """Where the provider is played from data alone, and they have words for one of these causes."""
    return lambda scene: _is_plain(scene) and speaks_of(scene.policy.provider, scene.flow, *causes)


def _both(*needs: Holds) -> Holds:
    return lambda scene: all(need(scene) for need in needs)


def _logs_somebody_in(scene: Scene) -> bool:
    return bool(scene.policy.users)


def _client_is_subject(scene: Scene) -> bool:
    return scene.flow in ("private-key-jwt", "client-secret-jwt")


def _proves_itself(scene: Scene) -> bool:
    return scene.flow == "private-key-jwt"


def _wants_secret(scene: Scene) -> bool:
    return scene.policy.secret is not None


def _forbids_claims(scene: Scene) -> bool:
    return bool(scene.policy.provider.forbidden_claims)


def _wants_jti(scene: Scene) -> bool:
    return "jti" in scene.policy.provider.required_claims


def _refuses_old_certificates(scene: Scene) -> bool:
    rule = scene.policy.provider.expired_certificate
    return rule is not None and not rule.is_taken


def _names_keys(scene: Scene) -> bool:
    return bool(scene.policy.keys[0].kid)


def _knows_proofs(scene: Scene) -> bool:
    """Whether the provider's data know DPoP, and a token is asked for at all."""
    told = (one for one in scene.policy.provider.responses if one.where == "token")
    return scene.flow != "api-jwt" and any(r.cause == "dpop-required" for one in told for r in one.readings)


def _knows_nonces(scene: Scene) -> bool:
    return _knows_proofs(scene) and any(one.error == "use_dpop_nonce" for one in scene.policy.provider.responses)


def _knows_a_maximum(scene: Scene) -> bool:
    return _maximum(scene) is not None


def _knows_no_maximum(scene: Scene) -> bool:
    return not _knows_a_maximum(scene)


def _wants_iat(scene: Scene) -> bool:
    return "iat" in scene.policy.provider.required_claims


def _takes_few_algorithms(scene: Scene) -> bool:
    return _is_curve(scene) or _not_taken(scene) is not None


def _takes_any_algorithm(scene: Scene) -> bool:
    return not scene.policy.provider.algorithms


def _takes_both_kinds(scene: Scene) -> bool:
    algorithms = scene.policy.provider.algorithms
    return any(alg.startswith("ES") for alg in algorithms) and any(alg.startswith(("RS", "PS")) for alg in algorithms)


def _redeems_codes(scene: Scene) -> bool:
    return bool(scene.policy.issued)


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    summary: str
    change: Change
    side: Side = "service"
    at: tuple[str, ...] = ()
    holds: Holds = _always
    also: tuple[str, ...] = ()


_FIVE = ("google", "entra", "okta", "github", "snowflake")
_ROWS = (
    _Row("healthy", "everything is right", _nothing, "none"),
    # clocks and times
    _Row("clock-drift:slow", "the client's clock is 15 minutes slow", _world(true_time_offset_s=OFF_S), "clock"),
    _Row("clock-drift:fast", "the client's clock is 15 minutes fast", _world(true_time_offset_s=-OFF_S), "clock",
         holds=_refuses_the_future),
    _Row("server-clock-wrong:fast", "the service's clock is 15 minutes fast",
         _world(server_clock_offset_s=OFF_S), "clock"),
    _Row("server-clock-wrong:slow", "the service's clock is 15 minutes slow",
         _world(server_clock_offset_s=-OFF_S), "clock", holds=_refuses_the_future),
    _Row("assertion-expired:kept", "an assertion of an hour and a half ago", _world(assertion_shift_s=-LONG_AGO_S),
         "client"),
    _Row("assertion-time-miscalculated:zone", "times of a zone two hours to the east", _world(assertion_shift_s=7200.0),
         "client", holds=_refuses_the_future, also=("assertion-not-yet-valid",)),
    _Row("assertion-not-yet-valid:nbf", "nbf lies an hour ahead", _world(nbf_ahead_s=3600.0), "client",
         holds=_says("assertion-not-yet-valid"), also=("assertion-time-miscalculated",)),
    _Row("assertion-ttl-too-long", "exp a minute beyond the maximum", _too_long, "client", holds=_knows_a_maximum),
    _Row("assertion-ttl-too-long:setting", "the client's own maximum is a minute", _service(limits={"max_ttl_s": 60.0}),
         holds=_both(_knows_no_maximum, _says("assertion-ttl-too-long"))),
    # whom it is for
    _Row("wrong-audience", "aud names another service", _other_audience, "client", holds=_judges_audience),
    _Row("audience-must-be-string", "aud is a list", _audience_listed, "client", holds=_refuses_lists,
         also=("wrong-audience",)),
    # who it is
    _Row("client-id-unknown", "no such client is registered", _client(client_id="nobody"), "client", ("okta",),
         also=("client-id-mismatch", "client-deleted")),
    _Row("client-id-unknown", "the app id is another's", _client(client_id="654321"), "client", ("github",),
         also=("wrong-issuer", "client-deleted")),
    _Row("client-deleted", "the service account was deleted", _service(client="deleted"), "service", ("google",),
         also=("wrong-issuer",)),
    _Row("client-deleted:disabled", "the service account is disabled", _service(client="disabled"), "service",
         ("google",)),
    _Row("client-deleted", "the app was deleted", _service(client="deleted"), "service", ("github",),
         also=("client-id-unknown", "wrong-issuer")),
    _Row("wrong-issuer", "iss is no service account", _client(client_id="acme-project"), "client", ("google",),
         also=("client-deleted",)),
    _Row("wrong-issuer:case", "account and user in lower case", _lower_case, "client", ("snowflake",)),
    _Row("wrong-issuer:region", "the account with its region", _with_region, "client", ("snowflake",)),
    _Row("wrong-tenant", "the app is registered in another tenant",
         _service(client_id=OTHER_CLIENT, issuer=OTHER_CLIENT), "service", ("entra",), also=("client-id-unknown",)),
    _Row("wrong-tenant:unknown", "no such tenant", _service(names={"tenant": CLIENT}), "service", ("entra",)),
    _Row("wrong-login-host", "the URL is another account's", _other_account, "client", ("snowflake",),
         also=("wrong-issuer",)),
    _Row("client-id-unknown", "no such client is registered", _no_such_client, "client",
         holds=_says("client-id-unknown"), also=("wrong-issuer", "client-id-mismatch", "client-deleted")),
    _Row("wrong-issuer", "iss is no registered client", _client(client_id=NOBODY), "client",
         holds=_says("wrong-issuer"), also=("client-id-unknown", "client-id-mismatch", "wrong-subject")),
    _Row("client-id-mismatch:sub", "sub is another client than the one that asks", _claims(sub=NOBODY), "client",
         holds=_both(_client_is_subject, _says("wrong-issuer", "client-id-mismatch")),
         also=("wrong-issuer", "wrong-subject")),
    _Row("client-deleted", "the client was deleted", _service(client="deleted"), holds=_says("client-deleted"),
         also=("client-id-unknown", "wrong-issuer")),
    _Row("app-blocked", "the client is disabled", _service(client="disabled"), holds=_says("app-blocked"),
         also=("client-deleted",)),
    _Row("client-secret-wrong", "the secret that goes with the assertion is another",
         _client(client_secret=Secret("simulated-former-secret")), "client",
         holds=_both(_wants_secret, _says("client-secret-wrong", "client-secret-missing")),
         also=("client-secret-rotated",)),
    _Row("client-type-mismatch", "the client is registered for a secret, and sends an assertion",
         _service(auth_method="client_secret_basic"), holds=_both(_proves_itself, _says("client-type-mismatch"))),
    _Row("flow-disabled", "the client may not use this grant", _service(flow_enabled=False),
         holds=_says("flow-disabled")),
    _Row("ip-restricted", "the caller's address is not one of the client's", _service(takes_address=False),
         holds=_says("ip-restricted")),
    # with what key
    _Row("signature-key-mismatch", "signed with another key than the one that is named", _others_key, "client",
         also=("key-not-registered",)),
    _Row("signature-key-mismatch:replaced", "key and fingerprint are not those that are set", _own_fingerprint,
         "client", ("snowflake",), also=("key-not-registered",)),
    _Row("key-not-registered", "the key was deleted there", _service(keys=()),
         at=("google", "okta", "github", "snowflake"), also=("signature-key-mismatch", "key-id-unknown")),
    _Row("key-not-registered", "another certificate is registered", _key_replaced, at=("entra",),
         also=("key-id-unknown", "signature-key-mismatch")),
    _Row("key-id-unknown", "the key was replaced there, with another kid", _key_replaced, holds=_names_keys,
         also=("key-not-registered", "signature-key-mismatch")),
    _Row("key-id-unknown:typo", "the key is right, and its name is written wrongly", _client(kid="acme-key-9"),
         "client", holds=lambda scene: _is_plain(scene) and (_names_keys(scene) or _says("key-id-unknown")(scene)),
         also=("key-not-registered",)),
    _Row("key-not-registered", "the key was deleted there", _service(keys=()), holds=_says("key-not-registered"),
         also=("signature-key-mismatch", "key-id-unknown")),
    _Row("key-id-missing", "two keys are registered, and the header names none", _two_keys, "client", ("okta",)),
    _Row("key-id-missing:two", "two keys are registered, and the header names none", _two_keys, "client",
         holds=lambda scene: not _names_keys(scene) and _says("key-id-missing")(scene)),
    _Row("key-id-missing", "the header has no kid", _client(kid=None), "client",
         holds=lambda scene: _is_plain(scene) and _names_keys(scene)),
    _Row("certificate-expired", "the certificate has ended", _expired_pair, "client", ("entra",)),
    _Row("certificate-expired", "the certificate has ended", _expired_pair, "client",
         holds=lambda scene: _is_plain(scene) and _refuses_old_certificates(scene)),
    _Row("certificate-expired:judged", "the certificate has ended, and the service looks", _old_and_judged, "client",
         holds=lambda scene: not _refuses_old_certificates(scene) and _says("certificate-expired")(scene)),
    _Row("unsupported-algorithm:registered", "the client is registered for another algorithm", _service(alg="PS512"),
         holds=_both(_takes_any_algorithm, _says("unsupported-algorithm"))),
    _Row("unsupported-algorithm", "signed with another algorithm", _other_algorithm, "client",
         holds=_takes_few_algorithms),
    _Row("signature-key-mismatch:kind", "an RSA key signs and one of a curve is registered, or the other way round",
         _other_kind, holds=_takes_both_kinds, also=("unsupported-algorithm", "key-not-registered")),
    _Row("missing-claim:iat", "iat is left out", _client(iat=False), "client", holds=_wants_iat),
    _Row("missing-claim:jti", "jti is left out", _claims(jti=None), "client", holds=_both(_wants_jti, _is_plain)),
    _Row("forbidden-claim", "a claim that is not taken is there", _forbidden, "client", holds=_forbids_claims),
    _Row("assertion-malformed", "what is sent is no JWT", _client(ready_assertion=NO_JWT), "client",
         holds=_says("assertion-malformed")),
    _Row("assertion-malformed", "what is sent is no JWT", _client(ready_assertion=NO_JWT), "client",
         ("entra", "github"), also=("credential-mangled",)),
    _Row("app-blocked", "the app is disabled", _service(client="disabled"), at=("entra",), also=("client-deleted",)),
    # what for
    _Row("missing-claim:scope", "the scope claim is left out", _without_scope, "client", ("google",),
         also=("scope-not-allowed",)),
    _Row("wrong-subject", "sub is nobody of the domain", _client(username="nobody@acme.example"), "client",
         ("google",)),
    _Row("wrong-subject", "sub is nobody who is known there", _client(username=OTHER_CLIENT), "client",
         holds=_both(_logs_somebody_in, _says("wrong-subject", "user-inactive"))),
    _Row("user-inactive", "the user is deactivated", _service(users_active=False), holds=_says("user-inactive"),
         also=("wrong-subject",)),
    _Row("wrong-subject:client", "sub is another client than iss", _claims(sub=NOBODY), "client", ("entra", "okta"),
         also=("wrong-issuer", "client-id-mismatch")),
    _Row("consent-missing", "nobody consented to the client", _service(delegated=False),
         holds=_says("consent-missing"), also=("app-not-authorized",)),
    _Row("app-not-authorized", "an administrator has not let the client in", _service(delegated=False),
         holds=_says("app-not-authorized"), also=("consent-missing",)),
    _Row("scope-not-granted", "a scope was not granted to the client", _other_scope, "client",
         holds=_says("scope-not-granted", "scope-not-allowed"), also=("scope-not-allowed", "app-not-authorized")),
    _Row("app-not-authorized", "domain-wide delegation is not granted", _service(delegated=False), at=("google",),
         also=("scope-not-granted",)),
    _Row("scope-not-granted", "a scope was not granted to the client", _service(scopes=frozenset()),
         at=("google", "okta"), also=("app-not-authorized", "scope-not-allowed")),
    _Row("jti-replayed", "the jti was used already", _used_already, "client",
         holds=lambda scene: scene.policy.single_use or _says("jti-replayed")(scene)),
    # what it redeems
    _Row("healthy:code", "a code is redeemed, once", _with_code(), "none", holds=_redeems_codes),
    _Row("code-expired", "the code is ten minutes old", _old_code, "client", holds=_redeems_codes,
         also=("code-reused",)),
    _Row("code-reused", "the code was redeemed before",
         _with_code(spent=frozenset({code_name(CODE.reveal())})), "client", holds=_redeems_codes),
    _Row("redirect-uri-mismatch", "redirect_uri is not that of the login", _other_redirect, "client",
         holds=_redeems_codes),
    _Row("client-id-mismatch:code", "the code was issued to another client of the team",
         _with_code(issued=(Issued(CODE, "com.acme.app", CALLBACK),)), "client", holds=_redeems_codes),
    _Row("refresh-token-revoked", "the user withdrew the consent", _service(issued=(Issued(CODE, TEAM),)),
         holds=_redeems_codes),
    _Row("dpop-required", "the app must prove possession, and no proof is sent", _wanting_proofs,
         holds=_knows_proofs),
    _Row("dpop-required:url", "the DPoP proof is for another URL", _proving(htu="https://old.acme.example/token"),
         "client", holds=_knows_proofs),
    _Row("dpop-required:kept", "the DPoP proof was made long ago", _proving(iat=1_700_000_000), "client",
         holds=_knows_proofs),
    _Row("dpop-required:nonce-lost", "a proxy drops the DPoP-Nonce header", _nonces("withheld"), holds=_knows_nonces),
    _Row("dpop-required:nonce-unending", "every nonce is refused, and another asked for", _nonces("unending"),
         holds=_knows_nonces),
    _Row("platform-transient", "the service is down for a moment", _service(up=False)),
)  # fmt: skip
