"""jwtdoctor finds out why an OAuth token request was refused.

The package root only resolves names when they are asked for, so that `jwtdoctor --help` and
`jwtdoctor explain` load neither `requests`, `cryptography` nor `textual`. Inside the package nobody
imports from here: each module imports from the module that defines the name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from jwtdoctor.model.about import VERSION as __version__

if TYPE_CHECKING:
    from jwtdoctor.assertions import pkce
    from jwtdoctor.assertions.signer import Signer
    from jwtdoctor.checkup import examine, explain
    from jwtdoctor.instruments.skew import Skew
    from jwtdoctor.model.case import Case
    from jwtdoctor.model.report import Report
    from jwtdoctor.model.secret import Secret
    from jwtdoctor.reasoning.columns import causes_of
    from jwtdoctor.wrappers.context import correlation_id
    from jwtdoctor.wrappers.iatlog import IatLog
    from jwtdoctor.wrappers.watch import watch

_HOMES = {
    "Case": "jwtdoctor.model.case",
    "IatLog": "jwtdoctor.wrappers.iatlog",
    "Report": "jwtdoctor.model.report",
    "Secret": "jwtdoctor.model.secret",
    "Signer": "jwtdoctor.assertions.signer",
    "Skew": "jwtdoctor.instruments.skew",
    "causes_of": "jwtdoctor.reasoning.columns",
    "correlation_id": "jwtdoctor.wrappers.context",
    "examine": "jwtdoctor.checkup",
    "explain": "jwtdoctor.checkup",
    "pkce": "jwtdoctor.assertions",
    "watch": "jwtdoctor.wrappers.watch",
}

__all__ = [
    "Case", "IatLog", "Report", "Secret", "Signer", "Skew",
    "__version__", "causes_of", "correlation_id", "examine", "explain", "pkce", "watch",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _HOMES:
        home = import_module(_HOMES[name])
        return getattr(home, name, None) or import_module(f"{home.__name__}.{name}")
    raise AttributeError(f"module 'jwtdoctor' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
