"""What stands in a provider's service: the rules of its data, one registered client, and what was used up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.policy import Vague

if TYPE_CHECKING:
    from jwtdoctor.assertions.keytypes import PublicKey

State = Literal["active", "deleted", "disabled"]


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A public key (or certificate) as the service knows it, in PEM. `kid` empty: it has no name there."""

    pem: str
    kid: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A code or a refresh token that the service issued, to whom, and for which redirect; a code has one."""

    text: Secret
    client_id: str
    redirect_uri: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A provider's service with one registered client, as its console would show it.

    `limits` are those of the provider's data with what is guessed beside them (seconds). `users`: whom the client may
    log in; empty: the subject is not looked at. `names`: what else the service goes by, such as its tenant.
    """

    provider: Provider
    flow: str
    host: str
    path: str
    client_id: str
    issuer: str
    audiences: tuple[str, ...]
    keys: tuple[RegisteredKey, ...] = ()
    users: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    client: State = "active"
    secret: Secret | None = None
    scopes: frozenset[str] | None = None
    """What may be asked for; None: the scopes are not looked at."""
    delegated: bool = True
    """Whether the client may act for the users (Google: domain-wide delegation; Entra: an admin's consent)."""
    alg: str | None = None
    """The one algorithm that the client is registered for; None: any that the provider takes."""
    flow_enabled: bool = True
    auth_method: str = ""
    """How the client is registered to prove itself (OpenID Connect registration §2); empty: as its flow has it."""
    users_active: bool = True
    judges_certificates: bool = False
    """Whether an expired certificate is refused, beside what the provider's data say."""
    takes_address: bool = True
    """Whether the caller's address is one that the client may come from."""
    single_use: bool = False
    wants_dpop: bool = False
    nonces: Literal["asked", "none", "withheld", "unending"] = "asked"
    """What comes of the nonce of a proof: asked for and given, not asked for, dropped on the way, or never right."""
    up: bool = True
    vague: Vague = "no"
    """How much its refusals leave out."""
    names: Mapping[str, str] = field(default_factory=dict)
    spent: frozenset[str] = frozenset()
    """Every `jti` and code that was used (`jti:…`, `code:…`)."""
    issued: tuple[Issued, ...] = ()
    """What a client may redeem beside its assertion, where it has to."""
    code_ends_at: float | None = None
    """Epoch seconds of the service's clock; None: no code ends."""

    @property
    def logical_host(self) -> str:
        return self.host

    def limit(self, name: str) -> float | None:
        """Seconds; None where the service does not look."""
        found = self.limits.get(name)
        return self.provider.limit(name) if found is None else found

    def after(self, spent: Iterable[str]) -> Service:
        """The service once these names are used up."""
        return replace(self, spent=self.spent | frozenset(spent))


@lru_cache(maxsize=64)
def public_key(pem: str) -> PublicKey:
    """A registered key, read once."""
    from jwtdoctor.assertions.keys import load_public

    return load_public(pem.encode(), where="the registered key")
