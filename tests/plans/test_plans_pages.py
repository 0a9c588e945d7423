"""`docs/hardening.md` says what `plan hardening` says."""

from __future__ import annotations

from pathlib import Path

from jwtdoctor.plans.pages import FLOWS, hardening_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hardening.md"


def test_the_page_of_the_flows_is_current() -> None:
    """To renew it: python tests/plans/test_plans_pages.py"""
    assert PAGE.read_text(encoding="utf-8") == hardening_page()


def test_every_flow_has_addresses_and_a_first_suspicion() -> None:
    for part in hardening_page().split("\n## ")[1:]:
        assert part.startswith(FLOWS)
        assert "| Addresses: " in part
        assert "First suspicion | In this flow, in this order" in part


if __name__ == "__main__":
    PAGE.write_text(hardening_page(), encoding="utf-8")
