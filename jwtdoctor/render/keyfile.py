"""What a key file is, in words: for the command line and the interface alike. Pure; no key material is among it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jwtdoctor.assertions.keytypes import KeyPart

WHERE_TO_UPLOAD = (
    (
        "external client app",
        "Setup > External Client App Manager > (app) > Edit > OAuth Settings > Enable JWT Bearer Flow",
    ),
    ("connected app", "Setup > App Manager > (app) > Edit > API (Enable OAuth Settings) > Use digital signatures"),
)


def headline(part: KeyPart) -> str:
    """`private key (PKCS#8), an RSA key of 2048 bits`."""
    if part.public is None:
        return f"{part.role} ({part.form}); give its passphrase to see more" if part.encrypted else part.role
    encrypted = ", encrypted" if part.encrypted and "encrypted" not in part.form else ""
    return f"{part.role} ({part.form}{encrypted}), {part.public.description}"


def details(part: KeyPart) -> Iterator[tuple[str, str]]:
    """Name and value of what its public side tells: subject, dates, thumbprints."""
    from jwtdoctor.assertions.times import iso

    public = part.public
    if public is None:
        return
    if public.subject:
        yield "subject", public.subject
    if public.not_after is not None and public.not_before is not None:
        yield "issuer", "itself" if public.issuer == public.subject else public.issuer
        yield "valid", f"{iso(public.not_before, None)} to {iso(public.not_after, None)}"
        yield "x5t", public.x5t
        yield "x5t#S256", public.x5t_s256
    if public.kid:
        yield "kid", public.kid
    yield "key SHA-256", public.spki_sha256
    if public.thumbprint:
        yield "thumbprint", public.thumbprint
