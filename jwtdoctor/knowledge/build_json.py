"""Hatch build hook: writes `knowledge.jsonl` from the TOML files, so that an installed jwtdoctor starts fast.

It reads the loader's module by its path, since the package is not installed while it is being built.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # read by tests and type checkers where hatchling is not installed
    BuildHookInterface = object  # type: ignore[assignment,misc]


def write_json(package: Path) -> Path:
    """Writes `package/knowledge/knowledge.jsonl` and returns its path. Raises BadKnowledge."""
    sys.path.insert(0, str(package.parent))
    try:
        from jwtdoctor.knowledge.load import BUILT_NAME, lines_of, raw_from_toml
    finally:
        sys.path.pop(0)
    target = package / "knowledge" / BUILT_NAME
    target.write_text(lines_of(raw_from_toml(package / "knowledge")), encoding="utf-8", newline="\n")
    return target


class KnowledgeHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling before it collects the files of the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        write_json(Path(self.root) / "jwtdoctor")
