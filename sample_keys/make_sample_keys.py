"""Makes the throwaway keys of this folder anew: python sample_keys/make_sample_keys.py (from the project's folder).

They are for tests and for trying the commands. Nothing that is made here may ever be put onto a real app.
"""

from __future__ import annotations

from pathlib import Path

from jwtdoctor.assertions.keys import PrivateKey, load_private
from jwtdoctor.assertions.pairs import fresh_key, new_pair, private_pem_of
from jwtdoctor.model.secret import Secret

HERE = Path(__file__).resolve().parent
PASSPHRASE = "throwaway"
"""Of encrypted.key and bundle.p12; it stands in the README too."""

MADE_AT = 1_795_305_600.0  # 2026-11-22
LONG_AGO = 1_577_836_800.0  # 2020-01-01
FAR_DAYS = 36_500


def main() -> None:
    matching = pair("matching", MADE_AT, FAR_DAYS)
    pair("other", MADE_AT, FAR_DAYS)
    pair("expired", LONG_AGO, 30)
    write("encrypted.key", private_pem_of(matching, Secret(PASSPHRASE)).reveal())
    write("damaged.key", damaged(private_pem_of(matching).reveal()))
    write("public.pem", public_pem(matching))
    write("request.csr", request(matching))
    (HERE / "bundle.p12").write_bytes(bundle(matching))
    write("ec.key", private_pem_of(ec := fresh_key("EC", 256)).reveal())
    write("ec.pub.pem", public_pem(ec))


def pair(name: str, now: float, days: int) -> PrivateKey:
    """NAME.key and NAME.crt; the certificate says in its subject what it is."""
    made = new_pair(days=days, common_name=f"THROWAWAY SAMPLE {name}", now=now)
    write(f"{name}.key", made.private_pem.reveal())
    write(f"{name}.crt", made.certificate_pem)
    return load_private(made.private_pem.reveal().encode(), where=name)


def damaged(pem: str) -> str:
    """A key of which the middle lines are missing, as a careless copy leaves it."""
    lines = pem.splitlines()
    return "\n".join(lines[:8] + lines[-3:]) + "\n"


def public_pem(key: PrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw: bytes = key.native.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return raw.decode("ascii")


def request(key: PrivateKey) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "THROWAWAY SAMPLE request")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key.native, SHA256())
    return made.public_bytes(Encoding.PEM).decode("ascii")


def bundle(key: PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
    from cryptography.x509 import load_pem_x509_certificate

    certificate = load_pem_x509_certificate((HERE / "matching.crt").read_bytes())
    cipher = BestAvailableEncryption(PASSPHRASE.encode())
    return pkcs12.serialize_key_and_certificates(b"THROWAWAY SAMPLE", key.native, certificate, None, cipher)


def write(name: str, text: str) -> None:
    path = HERE / name
    path.write_text(text, encoding="ascii", newline="\n")
    path.chmod(0o600 if name.endswith(".key") else 0o644)


if __name__ == "__main__":
    main()
