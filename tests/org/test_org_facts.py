"""From rows to facts: assignments, addresses, hours, Login History, settings. Small cases that a world cannot be in."""

from __future__ import annotations

import pytest

from jwtdoctor.lint.tree import Tree, parse
from jwtdoctor.org import addresses, history, user
from jwtdoctor.org.app import AppSeen, scopes_of, with_connected_settings
from jwtdoctor.org.audit import org_kind, staged_state
from jwtdoctor.org.shapes import Part

SET, GROUP, MEMBER = "0PS000000000001", "0PG000000000001", "0PS000000000002"


def held(set_id: str, *, group: str = "", active: bool = True) -> user.Assignment:
    return user.Assignment(set_id, group, "Held", active, None, True, False, None)


def test_a_grant_on_a_set_within_a_group_reaches_whoever_holds_the_group() -> None:
    grants = (user.Grant(MEMBER, "Member", is_profile=False),)

    reached = user.reach(grants, (held("0PS000000000009", group=GROUP),), {GROUP: frozenset({MEMBER})})

    assert (reached.assigned, reached.way) == (True, "permission set group")


def test_an_inactive_assignment_reaches_nothing_and_is_remembered() -> None:
    reached = user.reach((user.Grant(SET, "Set", is_profile=False),), (held(SET, active=False),), {})

    assert (reached.assigned, reached.ran_out) == (False, "Held")


def test_a_revoked_assignment_is_not_active() -> None:
    (one,) = user.assignments_of([{"PermissionSetId": SET + "AAA", "IsActive": True, "IsRevoked": True}])

    assert not one.is_active


def test_a_permission_that_one_set_gives_is_held() -> None:
    rows = [{"PermissionSetId": SET, "PermissionSet": {"PermissionsApiEnabled": flag}} for flag in (False, True)]

    assert user.permission_facts(user.assignments_of(rows))["user.has_api_access"] is True


def session_settings(profile: str, level: str) -> Part:
    tree = parse(f"<r><profile>{profile}</profile><requiredSessionLevel>{level}</requiredSessionLevel></r>".encode())
    assert isinstance(tree, Tree)
    return Part(tree.root)


def test_the_session_level_is_that_of_the_users_profile_whose_name_may_be_escaped() -> None:
    found = [session_settings("other", "STANDARD"), session_settings("acme%3a integration", "HIGH_ASSURANCE")]

    assert user.session_facts(found, "Acme: Integration") == {"user.required_session_level": "High Assurance"}


@pytest.mark.parametrize(
    "levels", [[], ["HIGH_ASSURANCE", "STANDARD"], ["LOW"], ["$nonsense"]], ids=["none", "two", "low", "unknown"]
)
def test_a_session_level_that_is_not_plain_is_left_open(levels: list[str]) -> None:
    found = [session_settings("acme", level) for level in levels]

    assert user.session_facts(found, "Acme") == {"user.required_session_level": None}


@pytest.mark.parametrize(
    ("address", "ranges", "inside"),
    [
        ("10.0.0.5", [("10.0.0.1", "10.0.0.9")], True),
        ("10.0.0.10", [("10.0.0.1", "10.0.0.9")], False),
        ("::1", [("10.0.0.1", "10.0.0.9")], False),
        ("2001:db8::5", [("2001:db8::", "2001:db8::ffff")], True),
        ("10.0.0.5", [("10.0.0.9", "10.0.0.1"), ("x", "y")], False),
        ("Salesforce.com IP", [("10.0.0.1", "10.0.0.9")], None),
    ],
)
def test_an_address_lies_in_a_range_or_not(address: str, ranges: list[tuple[str, str]], inside: bool | None) -> None:
    assert addresses.is_within(address, ranges) is inside


def test_a_range_over_everything_is_the_same_as_none() -> None:
    everybody = (("0.0.0.0", "255.255.255.255"),)

    assert addresses.range_facts(everybody, "10.0.0.1", "jwt-bearer", None) == {"user.has_ip_ranges": False}


@pytest.mark.parametrize(
    ("flow", "relaxation", "binds"),
    [
        ("jwt-bearer", "relax", True),
        ("saml-bearer", "relax", True),
        ("client-credentials", "relax", False),
        ("refresh-token", "enforce_relax_refresh", False),
        ("authorization-code", "enforce_relax_refresh", True),
        ("authorization-code", None, True),
    ],
)
def test_which_flows_the_ranges_bind(flow: str, relaxation: str | None, binds: bool) -> None:
    assert addresses.bind(flow, relaxation) is binds


NINE_TO_FIVE = {"loginHours": {f"{day}{edge}": minute for day in addresses.DAYS[:5]
                               for edge, minute in (("Start", "540"), ("End", "1020"))}}  # fmt: skip
MONDAY_NOON = 1_795_435_200.0


@pytest.mark.parametrize(
    ("at", "zone", "inside"),
    [
        (MONDAY_NOON, "GMT", True),
        (MONDAY_NOON + 6 * 3600, "GMT", False),
        (MONDAY_NOON, "Asia/Tokyo", False),
        (MONDAY_NOON - 86_400, "GMT", True),  # Sunday has no hours, and so is open
    ],
)
def test_a_moment_lies_within_login_hours_or_not(at: float, zone: str, inside: bool) -> None:
    assert addresses.hour_facts(NINE_TO_FIVE, at, zone)["user.within_login_hours"] is inside


def test_an_unknown_time_zone_leaves_the_hours_open() -> None:
    assert addresses.hour_facts(NINE_TO_FIVE, 0.0, "Mars/Base") == {"user.login_hours_set": True}


def login(**changes: str) -> dict[str, str]:
    row = {"LoginTime": "2026-11-22T00:00:00.000+0000", "LoginType": "Remote Access 2.0", "Status": "Success"}
    return {**row, "Application": "Acme", **changes}


def test_a_row_of_another_app_or_flow_is_none_of_ours() -> None:
    rows = [login(Application="Other"), login(LoginType="Application"), login(LoginSubType="OauthWebServer")]

    assert history.about(history.logins_of(rows), "Acme", "jwt-bearer").logins == ()


def test_a_label_is_compared_as_far_as_a_row_holds_it() -> None:
    label = "A" * 80

    assert history.about(history.logins_of([login(Application="A" * 64)]), label, "jwt-bearer").logins


def test_a_failure_before_a_success_is_over() -> None:
    rows = [login(LoginTime="2026-11-21T00:00:00.000+0000", Status="Restricted IP"), login()]

    past = history.about(history.logins_of(rows), "Acme", "jwt-bearer")

    assert past.failure is None
    assert history.history_facts(past, None) == {"login_history.status": None, "history.worked_before": True}


def settings(xml: str) -> AppSeen:
    tree = parse(f"<records>{xml}</records>".encode())
    assert isinstance(tree, Tree)
    return with_connected_settings(AppSeen("connected-app"), Part(tree.root), "jwt-bearer")


def test_what_is_absent_in_metadata_has_its_default() -> None:
    app = settings("<oauthConfig><consumerKey>3MVG9</consumerKey></oauthConfig>")

    assert app.facts["app.requires_pkce"] == (False, "audit:ConnectedApp")
    assert app.facts["app.certificate_uploaded"] == (False, "audit:ConnectedApp")
    assert "app.ip_relaxation" not in app.facts


@pytest.mark.parametrize(
    ("written", "read"),
    [("ENFORCE", "enforce"), ("BYPASS", "relax"), ("BYPASS_2FACTOR", "relax_with_second_factor"),
     ("ENFORCE_RELAXREFRESH", "enforce_relax_refresh")],
)  # fmt: skip
def test_ip_relaxation_is_read_in_the_words_of_metadata(written: str, read: str) -> None:
    app = settings(f"<oauthPolicy><ipRelaxation>{written}</ipRelaxation></oauthPolicy>")

    assert app.facts["app.ip_relaxation"][0] == read


def test_the_refresh_policy_is_one_string_with_its_period() -> None:
    app = settings("<oauthPolicy><refreshTokenPolicy>specific_lifetime:30:DAYS</refreshTokenPolicy></oauthPolicy>")

    assert app.facts["app.refresh_token_policy"][0] == "specific_lifetime"


def test_scopes_of_both_spellings_are_one() -> None:
    assert scopes_of(["Api", "RefreshToken", "OfflineAccess", "SFAP", "SFApiPlatform", "Brand New"]) == (
        "api", "refresh_token", "offline_access", "sfap_api", "brand new",
    )  # fmt: skip


def test_the_kind_of_org_is_told_from_its_row() -> None:
    assert org_kind({"IsSandbox": True, "TrialExpirationDate": "2026-12-01T00:00:00.000+0000"}) == "scratch"
    assert org_kind({"IsSandbox": True}) == "sandbox"
    assert org_kind({"IsSandbox": False, "OrganizationType": "Developer Edition"}) == "developer"
    assert org_kind({}) is None


def test_of_staged_credentials_only_the_state_is_kept() -> None:
    assert staged_state({"anything": [{"state": "Rotated", "secret": "S", "key": "K"}]}) == "Rotated"
    assert staged_state({"anything": []}) == "none"
    assert staged_state("no answer") is None
