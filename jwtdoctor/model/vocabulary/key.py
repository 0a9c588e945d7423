"""Keys and certificates."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact("key.type", "text", "RSA, EC, Ed25519 …", answers=("RSA", "EC")),
    fact("key.bits", "number", "size of the key in bits"),
    fact(
        "key.matches_certificate",
        "bool",
        "the private key belongs to the certificate or public key on the app",
        witness="key-pairing",
        ask="Does the private key belong to the certificate that is uploaded on the app (jwtdoctor keys match)?",
    ),
    fact("certificate.not_after_in_s", "number", "the certificate's end minus true now", witness="certificate"),
    fact(
        "certificate.is_expired",
        "bool",
        "the certificate is past its validity",
        witness="certificate",
        ask="Is the certificate on the app past its end date?",
    ),
    fact(
        "certificate.thumbprint",
        "text",
        "SHA-1 or SHA-256 of the certificate of the key that signs, in hex",
        witness="thumbprint",
        ask="Which thumbprint has the certificate that you sign with (jwtdoctor keys show)?",
    ),
    fact(
        "key.is_named_by_iss",
        "bool",
        "the fingerprint at the end of iss is that of the key that signs",
        witness="key-fingerprint",
    ),
    fact("key.loads", "bool", "the key file given could be read as a private key", witness="key-file"),
    fact("key.readable_by_others", "bool", "others on this machine can read the private key file", witness="key-mode"),
    fact("key.problem", "text", "what is wrong with the key file", witness="key-file"),
)

DERIVED = (
    fact(
        "certificate.is_named_by_the_reply",
        "bool",
        "the thumbprint that the server looked for is that of the certificate",
        witness="thumbprint",
    ),
)
