"""Okta's token endpoint for a client that proves itself, in its own words.

Sources of the texts: `knowledge/providers/okta.toml`, response by response. The order is a GUESS: who, with what, for
whom, when.
"""

from __future__ import annotations

from collections.abc import Mapping

from jwtdoctor.model.names import Sureness
from jwtdoctor.simulator.providers import checks, possession
from jwtdoctor.simulator.providers.checks import Asked, Trouble
from jwtdoctor.simulator.providers.dialect import Dialect, access_token, oauth_body, seed_of
from jwtdoctor.simulator.refusals import Refusal

_D, _F, _M, _I = Sureness.DOCUMENTED, Sureness.FIELD_REPORT, Sureness.MAINTAINER, Sureness.INFERRED

_KID = Refusal("invalid_client", "The client_assertion JWT kid is invalid.", _D, status=401)
# GUESS: the code is right for whatever is wrong with a client's assertion; no text for these is known.
_BARE = Refusal("invalid_client", None, _I, status=401)

_WORDS = {
    "grant-type": Refusal("unsupported_grant_type", None, _I),
    "no-assertion": Refusal("invalid_client", "Client authentication failed.", _I, status=401),
    "down": Refusal("temporarily_unavailable", None, _I, status=503),
    # GUESS of the status: 401 is what its client failures have.
    "client": Refusal("invalid_client", "Invalid value for 'client_id' parameter.", _F, status=401),
    "deleted": Refusal("invalid_client", "Invalid value for 'client_id' parameter.", _I, status=401),
    "disabled": Refusal("invalid_client", "Invalid value for 'client_id' parameter.", _I, status=401),
    # GUESS of the exact words: issue threads quote their beginning.
    "issuer": Refusal(
        "invalid_client", "The issuer and subject claims for client_assertion must be the client_id.", _I, status=401
    ),
    "no-key": _KID,
    "kid-unknown": _KID,
    "kid-missing": _KID,
    "signature": Refusal("invalid_client", "The client_assertion signature is invalid.", _D, status=401),
    "algorithm": Refusal("invalid_client", "The client_assertion signature is invalid.", _D, status=401),
    "audience": Refusal(
        "invalid_client",
        "The audience claim for client_assertion must be the endpoint invoked for the request.",
        _F,
        status=401,
    ),
    "expired": Refusal("invalid_client", "The client_assertion token is expired.", _F, status=401),
    # GUESS of the exact words: that such an assertion is refused is documented.
    "early": Refusal("invalid_client", "The client_assertion token was issued in the future.", _I, status=401),
    "far": Refusal(
        "invalid_client", "The client_assertion token has an expiration too far into the future.", _D, status=401
    ),
    "replay": Refusal("invalid_client", "The client_assertion token has already been used.", _F, status=401),
    "scope": Refusal(
        "invalid_scope", "One or more scopes are not configured for the authorization server resource.", _I
    ),
    "dpop": Refusal("invalid_dpop_proof", "The DPoP proof JWT header is missing.", _D),
    "dpop-nonce": Refusal("use_dpop_nonce", "Authorization server requires nonce in DPoP proof.", _D),
    "dpop-proof": Refusal("invalid_dpop_proof", "'{about}' claim in the DPoP proof JWT is invalid.", _D),
}
_PROOFS = {
    "DPoP": Refusal("invalid_dpop_proof", "The DPoP proof JWT cannot be parsed.", _D),
    "typ": Refusal("invalid_dpop_proof", "'typ' must be 'dpop+jwt' in the DPoP proof JWT.", _D),
    "alg": Refusal("invalid_dpop_proof", "The DPoP proof JWT signature algorithm is invalid.", _D),
    # GUESS: a jwk has no sentence of its own in its table, so that this one is left.
    "jwk": Refusal("invalid_dpop_proof", "The DPoP proof JWT is invalid.", _I),
    "signature": Refusal("invalid_dpop_proof", "The DPoP proof JWT signature is invalid.", _D),
    "early": Refusal("invalid_dpop_proof", "The DPoP proof JWT is issued in the future.", _D),
    "late": Refusal("invalid_dpop_proof", "The DPoP proof JWT is issued more than five minutes in the past.", _D),
    "used": Refusal("invalid_dpop_proof", "The DPoP proof JWT has already been used.", _D),
}
"""What is wrong with a proof, where it is no claim."""


def _words(trouble: Trouble, asked: Asked) -> Refusal:
    del asked
    found = _PROOFS.get(trouble.about) if trouble.kind == "dpop-proof" else None
    return found or _WORDS.get(trouble.kind, _BARE)


def _body(refusal: Refusal, trouble: Trouble, asked: Asked) -> object:
    """An unknown client gets the error object of Okta's own API, which its token endpoint shares."""
    if trouble.kind not in ("client", "deleted", "disabled"):
        return oauth_body(refusal, trouble, asked)
    return {
        "errorCode": refusal.error,
        "errorSummary": refusal.description,
        "errorLink": refusal.error,
        "errorId": f"oae{seed_of(asked)[:22]}",
        "errorCauses": [],
    }


def _headers(asked: Asked) -> Mapping[str, str]:
    return {"x-okta-request-id": seed_of(asked)[:32]}


DIALECT = Dialect(
    checks=(
        checks.is_up,
        checks.has_assertion,
        checks.is_readable,
        checks.claims_there,
        checks.client_known,
        checks.client_there,
        checks.algorithm_allowed,
        checks.key_there,
        checks.key_named,
        checks.signature_right,
        checks.audience_right,
        checks.not_expired,
        checks.not_far,
        checks.not_early,
        checks.not_used,
        possession.proof_right,
        checks.scope_granted,
    ),
    words=_words,
    body=_body,
    granted=lambda asked: {**access_token(asked), "scope": asked.form.get("scope", "")},
    headers=_headers,
    # GUESS: none is published for an assertion that has ended, and none was seen.
    guesses={"late_tolerance_s": 0.0},
)
