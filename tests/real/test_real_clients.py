"""Clients that nobody here wrote log in through the simulator, and fail through it as they do in the field.

Run unmodified, over TLS, behind a wall of loopback (`walled.py`). What each prints today must contain what
docs/real-clients.md says; the service's words must reach the user wherever the client passes words on; and what it
printed, pasted into `jwtdoctor explain`, must lead to the same cause as the service's own answer would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest
from client_runs import Run, Seen, accepted_causes, all_runs, explained, meet, why_not
from client_table import PAGE, Row, comparable, recorded
from conftest import missing
from real_clients import CLIENTS, Client, client
from record_clients import versions

pytestmark = pytest.mark.real
BATCH = 18


def _batches() -> Iterator[tuple[Run, ...]]:
    for one in CLIENTS:
        runs = all_runs([one])
        parts = -(-len(runs) // BATCH)
        yield from (tuple(runs[n::parts]) for n in range(parts))


def _name(runs: tuple[Run, ...]) -> str:
    return f"{runs[0][0]}-{runs[0][1]}"


@pytest.fixture
def _installed(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--real"):
        pytest.skip("takes minutes: asked for with --real")
    absent = [one.package for one in CLIENTS if not one.is_installed]
    if absent:
        missing(request, f"not installed (.ci/real-parts does): {', '.join(sorted(set(absent)))}")
    if reason := why_not():
        missing(request, reason)


@cache
def _page() -> dict[Run, Row]:
    return recorded(PAGE.read_text(encoding="utf-8"))


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("runs", list(_batches()), ids=_name)
def test_a_real_client_prints_what_the_page_says_and_the_diagnosis_reads_it(runs: tuple[Run, ...]) -> None:
    wrong = [complaint for seen in meet(runs) for complaint in _complaints(seen)]

    assert not wrong, "\n\n".join([*wrong, "after a wanted change: tests/real/record_clients.py --write"])


def _complaints(seen: Seen) -> Iterator[str]:
    said = (_not_as_recorded(seen), _should_have_logged_in(seen), _words_lost(seen), _misread(seen))
    return (f"{seen.client} at {seen.fault}: {text}\n{seen.printed[-1500:]}" for text in said if text)


def _not_as_recorded(seen: Seen) -> str | None:
    row = _page().get((seen.client, seen.fault))
    if row is None:
        return "is not on the page"
    lost = [line for line in row.prints if line not in comparable(seen.printed)]
    return f"the page also says {lost}" if lost else None


def _should_have_logged_in(seen: Seen) -> str | None:
    is_healthy = not accepted_causes(seen.fault)
    return f"exit {seen.exit_code} where nothing is wrong" if is_healthy and not seen.logged_in else None


def _words_lost(seen: Seen) -> str | None:
    """The first refusal's description is in what the client printed, if it did not log in after all."""
    said = [one["description"] for one in seen.refusals if one["description"]]
    if seen.logged_in or not said:
        return None
    return None if any(_is_in(words, seen.printed) for words in said) else f"the service said {said[0]!r}"


@cache
def _leaders(text: str) -> frozenset[str]:
    return frozenset(explained(text).leaders)


def _is_in(words: str, printed: str) -> bool:
    spellings = (words, words.replace(" ", "+"), words.replace(" ", "%20"))
    return any(spelling in printed for spelling in spellings)


def _misread(seen: Seen) -> str | None:
    """Where the endpoint's own body leads to the staged cause, the client's rendering of it must lead there too."""
    right = accepted_causes(seen.fault)
    if seen.logged_in or not right or not seen.refusals:
        return _no_longer_right(seen)
    first = {name: seen.refusals[0][name] for name in ("error", "description")}
    if not _is_in(first["description"] or first["error"], seen.printed):
        return _no_longer_right(seen)  # the client kept the words to itself
    body = {"error": first["error"], "error_description": first["description"]}
    from_body = _leaders(json.dumps({name: value for name, value in body.items() if value}))
    found = _leaders(seen.printed)
    if right & from_body and not right & found:
        return f"the body leads to {sorted(from_body)}, the client's text to {sorted(found)}"
    return _no_longer_right(seen)


def _no_longer_right(seen: Seen) -> str | None:
    row = _page().get((seen.client, seen.fault))
    if row is None or not row.right or seen.logged_in:
        return None
    leaders = _leaders(seen.printed)
    return None if set(row.right) & leaders else f"the page leads with {row.right}, today {sorted(leaders)}"


@pytest.mark.usefixtures("_installed")
def test_the_page_names_the_versions_that_are_installed() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert [
        f"{package} {version}" for package, version in versions().items() if f"{package} {version}, " not in text
    ] == []


def test_every_client_meets_a_success_and_the_faults_of_its_flow() -> None:
    runs = all_runs()

    for one in CLIENTS:
        met = {fault for name, fault in runs if name == one.name}
        assert any(fault.startswith("healthy") for fault in met), one.name
        assert any(not fault.startswith("healthy") for fault in met), one.name


def test_a_client_is_not_sent_into_a_fault_that_it_cannot_be_told_to_make() -> None:
    command_line: Client = client("sf org login jwt")
    library: Client = client("jsforce")

    runs = set(all_runs([command_line, library]))

    assert ("sf org login jwt", "unsupported-algorithm") not in runs
    assert ("jsforce", "unsupported-algorithm") in runs
    assert ("sf org login jwt", "user-inactive") in runs
