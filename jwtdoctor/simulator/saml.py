"""As much of a SAML 2.0 bearer assertion as a simulator needs: issuer, subject, audience, end.

Read with bounded regular expressions and no XML parser, since the input is anybody's. The signature is not checked.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class SamlAssertion:
    """`issuer` is the consumer key (Salesforce help on the SAML bearer flow). Times are epoch seconds."""

    issuer: str
    subject: str
    audience: str
    not_on_or_after: float | None


def read_saml(text: str) -> SamlAssertion | None:
    """The assertion in a base64 or base64url parameter (RFC 7522 §2.1), None where it is none."""
    xml = _decoded(text)
    if xml is None or "Assertion" not in xml:
        return None
    return SamlAssertion(
        issuer=_element(xml, "Issuer"),
        subject=_element(xml, "NameID"),
        audience=_element(xml, "Audience"),
        not_on_or_after=_end(xml),
    )


def write_saml(issuer: str, subject: str, audience: str, now: float, life_s: float = 180.0) -> str:
    """A bearer assertion as a parameter value, unsigned: enough for this simulator, and for no other server."""
    end = datetime.fromtimestamp(now + life_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    xml = (
        '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Version="2.0">'
        f"<saml:Issuer>{issuer}</saml:Issuer><saml:Subject><saml:NameID>{subject}</saml:NameID></saml:Subject>"
        f'<saml:Conditions NotOnOrAfter="{end}"><saml:AudienceRestriction>'
        f"<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions></saml:Assertion>"
    )
    return base64.urlsafe_b64encode(xml.encode()).decode()


def _decoded(text: str) -> str | None:
    if not text or len(text) > MAX_CHARACTERS:
        return None
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def _element(xml: str, name: str) -> str:
    found = re.search(rf"<(?:[A-Za-z0-9]{{1,20}}:)?{name}(?:\s[^<>]{{0,500}})?>([^<>]{{0,1000}})<", xml)
    return found.group(1).strip() if found else ""


def _end(xml: str) -> float | None:
    found = re.search(r'NotOnOrAfter="([0-9TZ:.+-]{10,40})"', xml)
    if not found:
        return None
    try:
        at = datetime.fromisoformat(found.group(1))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
