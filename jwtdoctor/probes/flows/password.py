"""The password grant (RFC 6749 §4.3), for those who still have it. Salesforce wants the security token appended."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.model.assertion import Assertion, Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows.shape import Field, Flow, Given, finding, needed


def _fields(attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    password = needed(attempt.password, "--password REF").reveal()
    appended = attempt.security_token.reveal() if attempt.security_token else ""
    return [
        ("grant_type", "password"),
        ("username", attempt.username),
        ("password", Secret(password + appended)),
    ]


def _no_security_token(given: Given) -> Iterator[Finding]:
    is_salesforce = given.provider.slug == "salesforce"
    if is_salesforce and given.attempt.security_token is None and given.attempt.password is not None:
        message = "no security token is given apart: from an address that is not trusted it must end the password"
        yield finding("no-security-token", "note", "password", message, "--security-token REF, or trust the address")


FLOW = Flow("password", _fields, (_no_security_token,))
