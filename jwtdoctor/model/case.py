"""A case: one attempt to get a token, as observed or as yet to be made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jwtdoctor.model.assertion import AssertionSpec
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.names import Reach
from jwtdoctor.model.secret import Secret

CASE_SCHEMA = "jwtdoctor.case/1"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What `check` is to sign and send: one login. Secrets are resolved, and typed as such.

    `token_url` is the token endpoint in full. Files are paths as the user gave them. `username` is `sub` in
    jwt-bearer. `audience` None means the provider's default for the host.
    """

    token_url: str
    client_id: str = ""
    username: str = ""
    audience: str | None = None
    key_path: str | None = None
    key_pem: Secret | None = None
    """The key itself in place of a path (profiles, simulator)."""
    key_passphrase: Secret | None = None
    certificate_path: str | None = None
    certificate_pem: str | None = None
    client_secret: Secret | None = None
    client_auth: str = "body"
    password: Secret | None = None
    refresh_token: Secret | None = None
    code: Secret | None = None
    code_verifier: Secret | None = None
    code_challenge: str | None = None
    """What the authorize request carries, where it is not the challenge of the verifier (a deliberate fault)."""
    pkce: bool = True
    """Whether the code flow uses PKCE; a verifier is made where none is given."""
    redirect_uri: str | None = None
    device_code: Secret | None = None
    saml_assertion: Secret | None = None
    subject_token: Secret | None = None
    security_token: Secret | None = None
    """Salesforce: appended to the password."""
    extra_fields: tuple[tuple[str, str], ...] = ()
    """Further form fields, sent as they are."""
    authorize_url: str | None = None
    """Of the code flow, where it is not `/authorize` beside `/token`."""
    device_url: str | None = None
    """Where a device code is asked for (RFC 8628 §3.1), where that is not the token endpoint."""
    api_url: str | None = None
    """A harmless call of an API that the token is meant for: GET, and nothing is changed by it."""
    userinfo_url: str | None = None
    introspect_url: str | None = None
    revoke_url: str | None = None
    scope: str | None = None
    lifetime_s: int = 180
    iat: bool = True
    alg: str | None = None
    """None: the usual one for the key and the provider."""
    kid: str | None = None
    extra_claims: Mapping[str, Any] = field(default_factory=dict)
    """Claims added last, over those above."""
    assertion: AssertionSpec | None = None
    """A whole spec in place of the fields above (deliberate faults)."""
    as_client: str | None = None
    """Another client whose assertion is built in place of ours, claim for claim (`assertions/clients.py`)."""
    revoke: bool = False
    """Whether a granted token is given back at the end. Repeated logins may share one session (Salesforce)."""
    dpop: bool = False
    """Whether each request that carries a credential or a bound token carries a proof of a key too (RFC 9449)."""
    dpop_key_path: str | None = None
    """The key of the proofs; None: one that is made for this examination and dropped with the token."""
    dpop_claims: Mapping[str, Any] = field(default_factory=dict)
    """Claims put over those of the proof (deliberate faults)."""
    ready_assertion: Secret | None = None
    """An assertion that was made elsewhere, sent as it is, whatever it is (deliberate faults; another program's)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt. `reply`, `text` and `observations` are what was seen; `attempt` is what is to be tried.

    `at` is epoch seconds (true time as far as known) of the attempt. Unknown providers count as `generic`,
    unknown flows as None; both leave a line in `warnings`. An empty provider was not named, and is recognised later.
    """

    provider: str = "salesforce"
    flow: str | None = None
    id: str | None = None
    at: float | None = None
    reply: Reply | None = None
    text: str | None = None
    observations: tuple[Observation, ...] = ()
    attempt: Attempt | None = None
    reach: Reach = Reach.LOCAL
    profile: str | None = None
    warnings: tuple[str, ...] = field(default=())
    not_known: frozenset[str] = frozenset()
    """Facts that were asked for in vain: no question repeats them."""
