"""What goes into an assertion: from a spec and a time to a header and claims. Pure, apart from a fresh `jti`.

`exp`, `iat` and `nbf` are whole seconds, rounded down, so that `iat` never lies in the future by a fraction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from jwtdoctor.model.assertion import AssertionSpec


def header_of(spec: AssertionSpec) -> dict[str, Any]:
    """The JOSE header. What the spec leaves None is absent; `extra_header` wins."""
    named = {"alg": spec.alg, "typ": spec.typ, "kid": spec.kid, "x5t": spec.x5t, "x5t#S256": spec.x5t_s256}
    return _present(named) | dict(spec.extra_header)


def claims_of(spec: AssertionSpec, now: float, jti: str | None = None) -> dict[str, Any]:
    """The claims as signed at `now` (epoch seconds). `extra_claims` wins; an empty subject or audience is not written.

    `jti` is the id to write where the spec asks for one; without it a random UUID, since Salesforce and most
    others refuse a second use.
    """
    second = math.floor(now)
    named: dict[str, Any] = {
        "iss": spec.issuer,
        "sub": spec.subject or None,
        "aud": (spec.audience if isinstance(spec.audience, str) else list(spec.audience)) or None,
        "exp": second + spec.lifetime_s,
        "iat": second - spec.iat_back_s if spec.iat else None,
        "nbf": second if spec.nbf else None,
        "jti": (jti or str(uuid4())) if spec.jti else None,
    }
    return _present(named) | dict(spec.extra_claims)


def _present(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if value is not None}
