"""The rules, by subject: a module is a chapter, a function is a rule; lists go in the order of the files."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from jwtdoctor.lint.rule import Rule

CHAPTERS = (
    "access",
    "jwt_bearer",
    "certificates",
    "sessions",
    "switches",
    "secrets",
    "client_credentials",
    "scopes_and_tokens",
    "networks",
    "callbacks",
    "external_client_apps",
    "org_settings",
    "elements",
    "files",
    "bookkeeping",
)


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its id, chapter by chapter."""
    rules: dict[str, Rule] = {}
    for chapter in CHAPTERS:
        module = import_module(f"jwtdoctor.lint.rules.{chapter}")
        rules |= {found.id: found for found in vars(module).values() if isinstance(found, Rule)}
    return rules
