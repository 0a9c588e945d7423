"""What is wrong with an assertion, by the rules of the provider that is to take it. Standard library, pure.

One small function a rule, each reading only what it is about. Severity: `error` for what this provider is
known or bound by the RFC to refuse, `warning` for what is likely to hurt, `note` for what this provider
takes and others may not. What widely used Salesforce clients send every day (exp as text or in
milliseconds, `prn`, no `typ`, no `iat`, a slash after aud) is a note there and an error elsewhere: a lint
that called them errors would be wrong a thousand times a day.

A limit that is not known (None) makes no error: the arithmetic is then shown as a note, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jwtdoctor.assertions import lint_form, lint_names, lint_proof, lint_times
from jwtdoctor.assertions.decode import Decoded
from jwtdoctor.assertions.dpop import is_proof
from jwtdoctor.assertions.lint_common import Under
from jwtdoctor.assertions.lint_form import is_secret_name
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.provider import Provider

__all__ = ["is_secret_name", "lint"]

_RULES: tuple[Callable[[Under], Iterator[Finding]], ...] = (
    *lint_form.RULES,
    *lint_names.RULES,
    *lint_times.RULES,
    *lint_form.LAST_RULES,
)
_OF_ISSUED: tuple[Callable[[Under], Iterator[Finding]], ...] = (
    lint_names.issued_here,
    *lint_times.EXPIRY_RULES,
    *lint_form.FORM_RULES,
)


def lint(decoded: Decoded, provider: Provider, now: float | None) -> tuple[Finding, ...]:
    """Findings, errors first, then in the order of the parts. `now`: true now in epoch seconds,
    None: unknown. A DPoP proof is held against its own rules, which are no provider's; of a token that the provider
    itself issued only the form and the end are looked at.
    """
    under = Under(decoded, provider, now)
    rules = lint_proof.RULES if is_proof(decoded) else _OF_ISSUED if lint_names.is_issued_here(under) else _RULES
    found = [finding for rule in rules for finding in rule(under)]
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: rank[finding.severity]))
