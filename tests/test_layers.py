"""Imports go down only, and heavy packages stay in their homes. The table is the architecture."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import jwtdoctor

PACKAGE = Path(jwtdoctor.__file__).parent

FLOORS: dict[str, int] = {
    "model": 0,
    "errors": 0,
    "knowledge": 1,
    "intake": 1,
    "assertions": 1,
    "instruments": 1,
    "config": 1,
    "reasoning": 2,
    "logs": 2,
    "render": 2,
    "lint": 2,
    "plans": 2,
    "probes": 3,
    "simulator": 3,
    "org": 3,
    "wrappers": 3,
    "checkup": 4,
    "testing": 4,
    "tui": 5,
    "cli": 6,
    "__main__": 7,
    "__init__": 8,
}
"""Room to floor. A module imports from floors below its own and from its own room."""

SAME_FLOOR = {("intake", "assertions"), ("instruments", "intake"), ("render", "reasoning"), ("knowledge", "assertions"),
              ("logs", "reasoning"), ("plans", "reasoning")}  # fmt: skip
"""Neighbours on one floor that may ask each other, in this direction only."""

HOMES: dict[str, tuple[str, ...]] = {
    "jwt": ("assertions",),
    "cryptography": ("assertions",),
    "requests": ("instruments", "wrappers"),
    "urllib3": ("instruments",),
    "truststore": ("instruments",),
    "ntplib": ("instruments",),
    "textual": ("tui",),
    "rich": ("tui",),
    "aiohttp": ("tui",),
    "textual_serve": ("tui",),
    "duckdb": ("logs",),
    "click": ("cli",),
    "platformdirs": ("config",),
    "keyring": ("config",),
    "hatchling": ("knowledge",),
}
"""Heavy (or framework) package to the rooms that may import it."""

AT_MODULE_SCOPE = {("click", "cli"), ("textual", "tui"), ("rich", "tui"), ("aiohttp", "tui"),
                   ("textual_serve", "tui"), ("hatchling", "knowledge")}  # fmt: skip
"""Where such a package may be imported at the top: the room is loaded for its sake alone."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: who imports what, and whether at module scope."""

    module: str
    room: str
    target: str
    at_top: bool
    line: int


def test_every_module_has_a_floor() -> None:
    rooms = {_room(path) for path in _modules()}

    assert rooms <= FLOORS.keys()


def test_imports_go_down_or_stay_in_their_room() -> None:
    wrong = [
        f"{i.module}:{i.line} imports {i.target}"
        for i in _imports()
        if i.target.startswith("jwtdoctor.") and not _may(i.room, i.target.split(".")[1])
    ]

    assert wrong == []


def test_nobody_inside_imports_from_the_package_root() -> None:
    wrong = [f"{i.module}:{i.line}" for i in _imports() if i.target == "jwtdoctor" and i.room != "__init__"]

    assert wrong == []


def test_heavy_packages_are_imported_in_their_homes_only() -> None:
    wrong = [
        f"{i.module}:{i.line} imports {i.target}"
        for i in _imports()
        if (package := i.target.split(".")[0]) in HOMES and i.room not in HOMES[package]
    ]

    assert wrong == []


def test_heavy_packages_are_imported_inside_functions() -> None:
    wrong = [
        f"{i.module}:{i.line} imports {i.target}"
        for i in _imports()
        if i.at_top and (package := i.target.split(".")[0]) in HOMES and (package, i.room) not in AT_MODULE_SCOPE
    ]

    assert wrong == []


@pytest.mark.parametrize(
    "module",
    ["jwtdoctor", "jwtdoctor.checkup", "jwtdoctor.cli.main", "jwtdoctor.cli.explain", "jwtdoctor.cli.causes",
     "jwtdoctor.cli.lint", "jwtdoctor.lint.check", "jwtdoctor.cli.plan", "jwtdoctor.plans.judge",
     "jwtdoctor.intake.read", "jwtdoctor.knowledge.load", "jwtdoctor.render.text"],
)  # fmt: skip
def test_a_cheap_import_drags_nothing_heavy_in(module: str) -> None:
    heavy = sorted(set(HOMES) - {"click", "hatchling"})
    program = f"import sys, {module}; print(*[n for n in {heavy!r} if n in sys.modules])"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed.split() == []


def _may(room: str, target_room: str) -> bool:
    if room == target_room or (room, target_room) in SAME_FLOOR:
        return True
    return FLOORS[target_room] < FLOORS[room]


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


@cache
def _imports() -> tuple[Import, ...]:
    """Every import of the package: read once for all the rules."""
    return tuple(_imports_of(_modules()))


def _imports_of(modules: Iterable[Path]) -> Iterator[Import]:
    for path in modules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = set(map(id, _at_module_scope(tree)))
        for node in ast.walk(tree):
            for target in _targets(node):
                name = ".".join(path.relative_to(PACKAGE).parts)
                yield Import(name, _room(path), target, id(node) in top, getattr(node, "lineno", 0))


def _at_module_scope(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run on import; `if TYPE_CHECKING` does not."""
    for node in tree.body:
        yield node
        if isinstance(node, ast.Try):
            yield from node.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            yield from node.body


def _targets(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module]
    return []
