"""The DPoP proof that went with a request (RFC 9449): another JWT than the assertion, with facts of its own.

All but its time are one witness: the proof as it was sent.
"""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact(
        "proof.is_well_formed",
        "bool",
        "the DPoP header holds a JWT of the type dpop+jwt with a public key, and with htm, htu, iat and jti",
        witness="dpop-proof",
    ),
    fact("proof.jwk_is_private", "bool", "the key in the DPoP proof is the private one", witness="dpop-proof"),
    fact(
        "proof.method_fits",
        "bool",
        "htm of the DPoP proof is the method of the request",
        witness="dpop-proof",
        ask="Is htm of the DPoP proof the method of the request (POST)?",
    ),
    fact(
        "proof.url_fits",
        "bool",
        "htu of the DPoP proof is the URL of the request",
        witness="dpop-proof",
        ask="Is htu of the DPoP proof the URL that is called, host and path to the letter?",
    ),
    fact(
        "proof.token_hash_fits",
        "bool",
        "ath of the DPoP proof is the hash of the access token beside it",
        witness="dpop-proof",
    ),
    fact(
        "proof.nonce_present",
        "bool",
        "the DPoP proof carries a nonce",
        witness="dpop-nonce",
        ask="Does the DPoP proof carry the nonce of the last DPoP-Nonce header?",
    ),
    fact(
        "proof.iat_in_s",
        "number",
        "iat of the DPoP proof minus true time; positive: it lies in the future",
        witness="dpop-proof.time",
    ),
)

DERIVED = (
    fact(
        "proof.is_outside_window",
        "bool",
        "iat of the DPoP proof lies further from true time than servers are likely to take",
        witness="dpop-proof.time",
    ),
    fact(
        "proof.is_out_of_time",
        "bool",
        "the DPoP proof was made at another time than it was sent, and not because of the clock",
        witness="dpop-proof.time",
    ),
    fact(
        "proof.nonce_is_refused",
        "bool",
        "the DPoP proof carried a nonce, and the server asked for another",
        witness="dpop-nonce",
    ),
    fact(
        "clock.spoils_proof",
        "bool",
        "the clock is off by more than a DPoP proof is likely to be tolerated",
        witness="clock",
    ),
)
