"""Providers: endpoints, limits, and the wordings that they answer with. One provider is one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jwtdoctor.model.cause import Clue, Remedy
from jwtdoctor.model.names import Sureness

Usual = Literal["sole", "usual", "often", "sometimes", "rarely", "claimed"]
"""How usual a reading of a text is. `sole`: the text has this one reading."""
SAYS: Mapping[Usual, str] = {
    "sole": "it is known to mean this alone",
    "usual": "it usually means this",
    "often": "it often means this",
    "sometimes": "it sometimes means this",
    "rarely": "it seldom means this",
    "claimed": "it is said to mean this, and nobody showed it",
}
"""The same for a reader, where a reading has no note of its own."""
RESOURCES = ("api", "userinfo", "introspect", "revoke")
Where = Literal["token", "authorize", "revoke", "introspect", "userinfo", "api", "client", "login-history"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One cause that a wording has been seen to mean."""

    cause: str
    usual: Usual
    sureness: Sureness
    sources: tuple[str, ...]
    note: str = ""
    flows: tuple[str, ...] = ()
    """Flows in which the wording has this meaning; empty: all flows of the response."""


@dataclass(frozen=True, slots=True)
class Response:
    """A wording that an endpoint, a login history or a client on the way is known to print.

    `error` and `description` are compared whole and loosely (case, apostrophes, white space); `pattern` is a
    regular expression searched in the description, or in the whole text where `error` and `description` are None.
    `evidence` says whether it was observed, is only documented, or is only named in a list of codes.
    """

    id: str
    where: Where
    readings: tuple[Reading, ...]
    statuses: tuple[int, ...] = ()
    error: str | None = None
    description: str | None = None
    pattern: str | None = None
    flows: tuple[str, ...] = ()
    evidence: Literal["observed", "documented", "enum-only"] = "observed"
    notes: str = ""
    transparent: bool = False
    """The text is vague: it lists what it has been seen to mean, and speaks against nothing."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of the provider's rules, with its footing. `value` None: not known."""

    value: float | None
    sureness: Sureness
    sources: tuple[str, ...]
    note: str = ""


RULES = ("aud", "alg", "kid", "jti")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a provider wants of one part of an assertion, in words, with its footing."""

    says: str
    sureness: Sureness
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpiredCertificate:
    """What the server does with an assertion whose certificate is past its end date."""

    is_taken: bool
    sureness: Sureness
    sources: tuple[str, ...]
    note: str = ""
    """What it holds for, where not for all."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """What a provider takes of DPoP proofs (RFC 9449): the `algorithms` that they may be signed with."""

    algorithms: tuple[str, ...]
    sureness: Sureness
    sources: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that is asked with a token in hand, or about it.

    `at` is resolved against the token URL (RFC 3986 §5): a bare name is its sibling, a path is of the same host.
    `{member}` at its beginning stands for the URL that the token response names in that member.
    """

    at: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestShape:
    """How the request of one flow is sent, where that is not as its RFC has it. Empty: as it has it.

    `method` and `path`: what is asked where the JWT is an API's own credential; the path stands in the place of
    `token_path`. `assertion`: the form field that holds the JWT. `grant_type` "-": none is sent. `beside`: which of
    `client_id` and `client_secret` go with the assertion. `fields`: further form fields that the client must name.
    `client_auth`: where the secret goes. `thumbprints`: which of `x5t` and `x5t#S256` the JWT's header must have.
    """

    sources: tuple[str, ...]
    method: Literal["POST", "GET"] = "POST"
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    assertion: str = ""
    grant_type: str = ""
    beside: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    client_auth: Literal["", "body", "basic"] = ""
    thumbprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that guides repeat, and what the better evidence says of it."""

    claim: str
    verdict: Literal["confirmed", "contradicted", "unverifiable"]
    because: str
    sources: tuple[str, ...]
    causes: tuple[str, ...]
    """The report shows the claim where one of these is among its verdicts' first five."""


@dataclass(frozen=True, slots=True)
class CauseAddition:
    """This provider's own clues and words for a general cause. Empty fields leave the general ones."""

    clues: tuple[Clue, ...] = ()
    remedy: tuple[Remedy, ...] = ()
    confirm: str = ""
    shows_in: str = ""
    references: tuple[str, ...] = ()
    how_common: str = ""
    without: tuple[str, ...] = ()
    """Facts whose general clues do not hold at this provider."""


@dataclass(frozen=True, slots=True)
class ClientIdForm:
    """How its client ids are written: a regular expression for the whole of one, and what that is in words."""

    form: str
    says: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimInstead:
    """What stands for a required claim: another claim that has this value."""

    claim: str
    value: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signs:
    """What gives a provider away: its `hosts`, `words`, `issuers`, `audiences` and `paths`, as `Provider` has them."""

    hosts: tuple[str, ...]
    words: tuple[str, ...]
    issuers: tuple[str, ...]
    audiences: tuple[str, ...]
    """Without those that name a host or a client by a place holder."""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """An authorization server's rules.

    `limits` keys: `late_tolerance_s` (exp may lie so far in the past), `early_tolerance_s` (iat or nbf may lie so
    far ahead), `early_nbf_tolerance_s` (in its place where nbf alone is judged), `max_ttl_s` (an enforced maximum of
    exp - iat), `max_exp_ahead_s` (of exp - now on the server), `max_age_s` (of now - iat on the server),
    `iat_back_s` (by which it advises to date iat back), `logins_per_hour`, `approvals_per_app`.
    """

    slug: str
    title: str
    hosts: tuple[str, ...]
    """Regular expressions for host names that belong to it."""
    token_path: str
    audiences: tuple[str, ...]
    """Audiences that it takes, `{host}` standing for the token host."""
    algorithms: tuple[str, ...]
    required_claims: tuple[str, ...]
    needs_kid: bool
    aud_as_array: bool
    flows: tuple[str, ...]
    limits: Mapping[str, Limit] = field(default_factory=dict)
    responses: tuple[Response, ...] = ()
    causes: Mapping[str, CauseAddition] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    references: tuple[str, ...] = ()
    forbidden_claims: tuple[str, ...] = ()
    expired_certificate: ExpiredCertificate | None = None
    """None where it is not known."""
    proofs: Proofs | None = None
    """None where it is not known."""
    resources: Mapping[str, Resource] = field(default_factory=dict)
    """What a granted token is tried at, by `RESOURCES`: read-only, and `api` the most harmless call that there is."""
    requests: Mapping[str, RequestShape] = field(default_factory=dict)
    """How the request is sent, by flow, where that is not as its RFC has it."""
    client_id: ClientIdForm | None = None
    """None where it is not known."""
    issuers: tuple[str, ...] = ()
    """Regular expressions for an iss that is written so for nobody else."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """By `RULES`, for people; what is missing is not known. Programs read the fields above."""
    words: tuple[str, ...] = ()
    """Regular expressions for what nobody else prints: it is known by them where no host tells."""
    paths: tuple[str, ...] = ()
    """Regular expressions for the path of an endpoint that nobody else has so: what gives it away on a host of its
    customer's, and at its own hosts a path beside `token_path`."""

    claim_instead: Mapping[str, ClaimInstead] = field(default_factory=dict)
    """By required claim: what else stands for it, so that it need not be there."""

    def has_instead(self, name: str, claims: Mapping[str, object]) -> bool:
        """Whether something in these claims stands for the one of this name."""
        instead = self.claim_instead.get(name)
        return instead is not None and claims.get(instead.claim) == instead.value

    def limit(self, name: str) -> float | None:
        """The figure, or None where it is not known."""
        found = self.limits.get(name)
        return None if found is None else found.value
