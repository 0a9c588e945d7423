"""The SAML bearer grant (RFC 7522 §2.1), with an assertion that was made elsewhere."""

from __future__ import annotations

from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.probes.flows.shape import Field, Flow, needed, secret_beside_assertion


def _fields(attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    given = needed(attempt.saml_assertion, "--saml-assertion REF")
    return [("grant_type", "urn:ietf:params:oauth:grant-type:saml2-bearer"), ("assertion", given)]


FLOW = Flow("saml-bearer", _fields, (secret_beside_assertion,), proof="assertion")
