"""Every fault of the other providers by name: a change of client, service or clock, which no judge reads.

A name is the slug of the cause that it stages, or `SLUG:variant`. Most faults hold for every provider whose data have
the rule that they break; the rest are named with their provider. `staged(provider)` gives those that hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from jwtdoctor.errors import UnknownName
from jwtdoctor.model.provider import Provider
from jwtdoctor.simulator.keys import pair
from jwtdoctor.simulator.providers.scene import CLIENT, Scene, healthy, registered
from jwtdoctor.simulator.providers.snowflake import fingerprint

Change = Callable[[Scene], Scene]
Side = Literal["none", "client", "service", "clock"]
OFF_S = 900.0
"""How far a clock is off where one is: beyond every tolerance that is known or guessed."""
LONG_AGO_S = 6_000.0
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
    return _client(key_pem=pair("other").private_pem)(scene)


def _key_replaced(scene: Scene) -> Scene:
    """Another key was registered in the client's place."""
    kid = scene.policy.keys[0].kid
    return _service(keys=(registered("other", f"{kid}-new" if kid else ""),))(scene)


def _two_keys(scene: Scene) -> Scene:
    """The client has two keys there and names none."""
    keys = (*scene.policy.keys, registered("other", "acme-key-2"))
    return _client(kid=None)(_service(keys=keys)(scene))


def _expired_pair(scene: Scene) -> Scene:
    old = pair("expired")
    changed = _client(key_pem=old.private_pem, certificate_pem=old.certificate_pem)(scene)
    return _service(keys=(registered("expired"),))(changed)


def _used_already(scene: Scene) -> Scene:
    spent = scene.policy.spent | {"jti:acme-0001"}
    return _claims(jti="acme-0001")(_service(spent=spent)(scene))


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
    other = pair("other")
    issuer = f"{scene.policy.issuer}.{fingerprint(other.certificate_pem)}"
    return _client(client_id=issuer, key_pem=other.private_pem)(scene)


# --- the table


def _always(_scene: Scene) -> bool:
    return True


def _judges_audience(scene: Scene) -> bool:
    return bool(scene.policy.audiences)


def _refuses_lists(scene: Scene) -> bool:
    return _judges_audience(scene) and not scene.policy.provider.aud_as_array


def _is_plain(scene: Scene) -> bool:
    return scene.provider not in ("google", "entra", "okta", "github", "snowflake")


def _names_keys(scene: Scene) -> bool:
    return bool(scene.policy.keys[0].kid)


def _knows_a_maximum(scene: Scene) -> bool:
    return _maximum(scene) is not None


def _wants_iat(scene: Scene) -> bool:
    return "iat" in scene.policy.provider.required_claims


def _takes_few_algorithms(scene: Scene) -> bool:
    algorithms = scene.policy.provider.algorithms
    return bool(algorithms) and "RS512" not in algorithms


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    summary: str
    change: Change
    side: Side = "service"
    at: tuple[str, ...] = ()
    holds: Callable[[Scene], bool] = _always
    also: tuple[str, ...] = ()


_FIVE = ("google", "entra", "okta", "github", "snowflake")
_ROWS = (
    _Row("healthy", "everything is right", _nothing, "none"),
    # clocks and times
    _Row("clock-drift:slow", "the client's clock is 15 minutes slow", _world(true_time_offset_s=OFF_S), "clock"),
    _Row("clock-drift:fast", "the client's clock is 15 minutes fast", _world(true_time_offset_s=-OFF_S), "clock"),
    _Row("server-clock-wrong:fast", "the service's clock is 15 minutes fast",
         _world(server_clock_offset_s=OFF_S), "clock"),
    _Row("server-clock-wrong:slow", "the service's clock is 15 minutes slow",
         _world(server_clock_offset_s=-OFF_S), "clock"),
    _Row("assertion-expired:kept", "an assertion of an hour and a half ago", _world(assertion_shift_s=-LONG_AGO_S),
         "client"),
    _Row("assertion-time-miscalculated:zone", "times of a zone two hours to the east", _world(assertion_shift_s=7200.0),
         "client", also=("assertion-not-yet-valid",)),
    _Row("assertion-ttl-too-long", "exp a minute beyond the maximum", _too_long, "client", holds=_knows_a_maximum),
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
         also=("key-not-registered",)),
    _Row("key-id-missing", "two keys are registered, and the header names none", _two_keys, "client", ("okta",)),
    _Row("key-id-missing", "the header has no kid", _client(kid=None), "client",
         holds=lambda scene: _is_plain(scene) and _names_keys(scene)),
    _Row("certificate-expired", "the certificate has ended", _expired_pair, "client", ("entra",)),
    _Row("unsupported-algorithm", "signed with RS512", _client(alg="RS512"), "client", holds=_takes_few_algorithms),
    _Row("missing-claim:iat", "iat is left out", _client(iat=False), "client", holds=_wants_iat),
    # what for
    _Row("missing-claim:scope", "the scope claim is left out", _without_scope, "client", ("google",),
         also=("scope-not-allowed",)),
    _Row("wrong-subject", "sub is nobody of the domain", _client(username="nobody@acme.example"), "client",
         ("google",)),
    _Row("app-not-authorized", "domain-wide delegation is not granted", _service(delegated=False), at=("google",),
         also=("scope-not-granted",)),
    _Row("scope-not-granted", "a scope was not granted to the client", _service(scopes=frozenset()),
         at=("google", "okta"), also=("app-not-authorized", "scope-not-allowed")),
    _Row("jti-replayed", "the jti was used already", _used_already, "client",
         holds=lambda scene: scene.policy.single_use),
    _Row("dpop-required", "the app must prove possession", _service(wants_dpop=True), at=("okta",)),
    _Row("platform-transient", "the service is down for a moment", _service(up=False), at=_FIVE),
)  # fmt: skip
