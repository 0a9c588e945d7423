"""No claim without a source, and no gap passed over in silence: what a provider file says, and what it cannot say.

The loader refuses rules, requests, resources and the like without a source; here what types cannot say: bare lists at
the head of a file rest on something too, and whatever is not known is shown as unknown to people and to programs.
"""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Shell

from jwtdoctor.knowledge.load import load, raw
from jwtdoctor.model.provider import RULES, Provider
from jwtdoctor.render.provider_page import COLUMNS, UNKNOWN, provider_page, unknown_of

PROVIDERS = list(load().providers.values())
ADDRESS = re.compile(r"https?://[^\s/]+/?\S*$")
PLACES_OF_OTHERS = ("https://login.microsoftonline.com/error?code=",)
"""Pages that answer only while one is looking, so that nobody can hold a claim against them later."""


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def said(table: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every table under `table` that says how sure it is or gives a verdict, with the way to it."""
    found = [(path, table)] if isinstance(table, dict) and {"sureness", "verdict"} & table.keys() else []
    inner = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    for name, value in inner:
        found += said(value, f"{path}/{name}")
    return found


@pytest.mark.parametrize("slug", sorted(raw()["providers"]))
def test_whatever_a_provider_file_claims_has_a_web_address(slug: str) -> None:
    claimed = said(raw()["providers"][slug])
    unfounded = [path for path, row in claimed if not row.get("sources") or not all(map(ADDRESS.match, row["sources"]))]

    assert unfounded == []


def test_no_source_is_a_page_that_cannot_be_kept() -> None:
    cited = {source for table in raw()["providers"].values() for _, row in said(table) for source in row["sources"]}

    assert sorted(source for source in cited if source.startswith(PLACES_OF_OTHERS)) == []


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda p: p.slug)
def test_the_lists_at_the_head_of_a_file_rest_on_a_rule_or_a_reference(provider: Provider) -> None:
    rests_on = {
        "aud": provider.audiences or not provider.aud_as_array,
        "alg": provider.algorithms,
        "kid": provider.needs_kid,
    }
    claims = provider.required_claims or provider.forbidden_claims

    assert [name for name, is_said in rests_on.items() if is_said and name not in provider.rules] == []
    assert not claims or provider.references


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda p: p.slug)
def test_what_is_missing_from_a_file_is_unknown_and_nothing_else_is(provider: Provider) -> None:
    figures = {name for name, limit in provider.limits.items() if limit.value is not None or limit.note}
    silent = {name for name, limit in provider.limits.items() if limit.note.startswith("Not published")}
    told = {name for name in figures if name not in silent}
    missing = {name for name in RULES if name not in provider.rules}
    missing |= {"claims"} if not provider.required_claims else set()
    missing |= {"lifetime"} if not told & {"max_ttl_s", "max_exp_ahead_s", "max_age_s"} else set()
    missing |= {"skew"} if not told & {"early_tolerance_s", "early_nbf_tolerance_s", "late_tolerance_s"} else set()

    assert set(unknown_of(provider)) == missing


def test_the_page_shows_each_unknown_as_one() -> None:
    page = provider_page(load())

    for provider in PROVIDERS:
        row = next(line for line in page.splitlines() if line.startswith("| ") and f"(`{provider.slug}`)" in line)
        cells = dict(zip((c.split(",")[0] for c in COLUMNS), (c.strip() for c in row.split(" | ")), strict=True))
        shown = {name for name, cell in cells.items() if cell.strip("| ") == UNKNOWN}
        assert shown == set(unknown_of(provider)), provider.slug


def test_the_comparison_says_null_for_what_is_not_known(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("causes", "--providers", "--format", "json")
    told = {row["provider"]: row for row in json.loads(answer.out)["providers"]}

    for provider in PROVIDERS:
        assert [n for n, rule in told[provider.slug]["rules"].items() if rule is None] == [
            n for n in RULES if n not in provider.rules
        ]


def test_inspect_says_what_it_cannot_judge_by(jwtdoctor: Shell) -> None:
    """An assertion that passes rules which nobody published has passed nothing."""
    token = made({"alg": "RS256"}, {"iss": "a", "sub": "a", "exp": int(time.time()) + 60})

    shown = jwtdoctor("inspect", "-", "--provider", "mastercard", stdin=token)
    told = jwtdoctor("inspect", "-", "--provider", "mastercard", "--format", "json", stdin=token)
    known = jwtdoctor("inspect", "-", "--provider", "ory-hydra", stdin=token)

    assert "not known of it: aud, alg, lifetime, claims, kid, jti\n" in shown.out
    assert json.loads(told.out)["not_known"] == ["aud", "alg", "lifetime", "claims", "kid", "jti"]
    assert "not known" not in known.out


def made(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    return b".".join([*parts, b"AAAA"])
