"""The other flows against servers that nobody here wrote: each succeeds, and fails in the ways that the server knows.

And what a granted token is good for there: userinfo, introspection, an API, revocation. Authlib is asked as `generic`,
so that its places are named by the user; npm's `oidc-provider` as what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from peers import CALLBACK, Keys, Peer, authlib_server, code_of, oidc_provider

from jwtdoctor.assertions import pkce
from jwtdoctor.checkup import examine
from jwtdoctor.instruments.system import real_instruments
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.names import Outcome, Reach
from jwtdoctor.model.report import Report
from jwtdoctor.model.secret import Secret

pytestmark = pytest.mark.real
RIGHT = Secret("right-secret")
OF_OIDC = Secret("right-secret-of-twenty-characters")


@pytest.fixture(scope="module")
def authlib(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Peer]:
    with authlib_server(request, keys.public) as peer:
        yield peer


@pytest.fixture(scope="module")
def oidc(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Peer]:
    with oidc_provider(request, keys.public) as peer:
        yield peer


def tried(peer: Peer, flow: str, client_id: str, person: Any = None, **more: Any) -> Report:
    """A checkup in this process that asks no clock."""
    is_oidc = "api_url" not in more and peer.url in OIDC
    attempt = replace(Attempt(peer.token_url, client_id), **more)
    case = Case("node-oidc-provider" if is_oidc else "generic", flow, attempt=attempt, reach=Reach.ENDPOINT)
    instruments = replace(real_instruments(no_ntp=True, environ={}), host_clock=None, person=person)
    return examine(case, instruments)


OIDC: set[str] = set()
"""The URLs of the oidc-providers that run."""


@pytest.fixture(autouse=True)
def _known(request: pytest.FixtureRequest) -> None:
    if "oidc" in request.fixturenames:
        OIDC.add(request.getfixturevalue("oidc").url)


def ended(report: Report) -> tuple[Outcome, int]:
    return report.outcome, report.logins_used


# --- Authlib


@pytest.mark.parametrize("place", ["body", "basic"])
def test_authlib_grants_a_right_refresh_token(authlib: Peer, place: str) -> None:
    told = {"refresh_token": Secret("right-refresh-token"), "client_secret": RIGHT, "client_auth": place}

    assert ended(tried(authlib, "refresh-token", "refresh-client", **told)) == (Outcome.GRANTED, 1)


@pytest.mark.parametrize(
    ("client_id", "told", "cause"),
    [
        ("refresh-client", {"refresh_token": Secret("gone")}, "refresh-token-revoked"),
        ("other-client", {}, "refresh-token-wrong-client"),
        ("refresh-client", {"client_secret": Secret("wrong")}, "client-secret-wrong"),
        ("nobody", {}, "client-id-unknown"),
        ("refresh-client", {"scope": "admin"}, "scope-not-allowed"),
    ],
    ids=["revoked", "of another client", "wrong secret", "unknown client", "wider scope"],
)
def test_authlib_refuses_a_refresh_token(authlib: Peer, client_id: str, told: dict[str, object], cause: str) -> None:
    right = {"refresh_token": Secret("right-refresh-token"), "client_secret": RIGHT}

    report = tried(authlib, "refresh-token", client_id, **(right | told))

    assert ended(report) == (Outcome.REFUSED, 1)
    assert cause in [v.cause for v in report.verdicts[:5]], [(v.cause, v.score) for v in report.verdicts[:6]]


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({}, None),
        ({"password": Secret("wrong")}, "password-wrong"),
        ({"client_secret": Secret("wrong")}, "client-secret-wrong"),
    ],
    ids=["right", "wrong password", "wrong secret"],
)
def test_authlib_and_a_password(authlib: Peer, told: dict[str, object], cause: str | None) -> None:
    right = {"username": "user@example.com", "password": Secret("right-password"), "client_secret": RIGHT}

    report = tried(authlib, "password", "password-client", **(right | told))

    assert ended(report) == (Outcome.REFUSED if cause else Outcome.GRANTED, 1)
    assert cause is None or report.verdicts[0].cause == cause, [(v.cause, v.score) for v in report.verdicts[:4]]


@dataclass
class Somebody:
    """A person at another screen, who does what `then` says with the address and the code that are shown."""

    then: str = ""
    shown_at: list[str] = field(default_factory=list)

    def redirected(self, url: str, state: str, within_s: float) -> str | None:
        """Where a browser ends that goes through the login at `url`."""
        assert within_s > 0
        assert f"state={state}" in url
        with requests.Session() as browser:
            browser.trust_env = False
            for _ in range(8):
                reply = browser.get(url, allow_redirects=False, timeout=5)
                url = urljoin(url, reply.headers["Location"])
                if url.startswith(CALLBACK):
                    return url
        return None

    def shown(self, url: str, user_code: str) -> None:
        assert user_code
        self.shown_at.append(url)
        if self.then:
            self._enter(url, self.then)

    def wait(self, seconds: float) -> None:
        assert seconds <= 5.0

    def _enter(self, url: str, then: str) -> None:
        """As a browser would: the code's page, its form, the login."""
        with requests.Session() as browser:
            browser.trust_env = False
            page = browser.get(url, timeout=5).text
            fields = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', page))
            browser.post(url.partition("?")[0], data={**fields, then: "yes"}, timeout=5)


@pytest.mark.parametrize(
    ("answer", "causes"),
    [("yes", ()), ("no", ("user-denied",)), ("wait", ("device-pending", "device-code-expired"))],
)
def test_authlib_and_a_device(authlib: Peer, answer: str, causes: tuple[str, ...]) -> None:
    somebody = Somebody()

    report = tried(
        authlib, "device", "device-client", person=somebody, device_url=f"{authlib.url}/device", scope=answer
    )

    assert [url.partition("?")[0] for url in somebody.shown_at] == [f"{authlib.url}/device-of-a-person"]
    assert ended(report) == (Outcome.REFUSED if causes else Outcome.GRANTED, 1)
    assert not causes or report.verdicts[0].cause in causes


def test_the_code_flow_of_authlib_goes_through_by_itself_with_a_challenge_of_ours(authlib: Peer) -> None:
    report = tried(authlib, "authorization-code", "code-client", redirect_uri=CALLBACK)

    assert ended(report) == (Outcome.GRANTED, 1)
    assert report.chart.flag("request.code_challenge_sent") is True
    assert report.chart.flag("request.sends_code_verifier") is True


def test_authlib_redeems_a_code_for_its_own_verifier_alone(authlib: Peer) -> None:
    other = pkce.new().verifier

    report = tried(
        authlib, "authorization-code", "code-client", redirect_uri=CALLBACK, code_verifier=other,
        code_challenge=pkce.new().challenge,
    )  # fmt: skip

    assert report.leaders == ("pkce-verifier-mismatch",)
    assert [f.rule for f in report.findings if f.severity == "error"] == ["pkce-mismatch"]


def places(peer: Peer, *names: str) -> dict[str, str]:
    return {f"{name}_url": f"{peer.url}/{name}" for name in names}


def counted(peer: Peer) -> dict[str, int]:
    told: dict[str, int] = requests.get(f"{peer.url}/issued", timeout=5).json()
    return told


@pytest.mark.parametrize("place", ["body", "basic"])
def test_a_token_of_authlib_is_tried_introspected_and_given_back(authlib: Peer, place: str) -> None:
    before = counted(authlib)

    report = tried(
        authlib, "client-credentials", "secret-client", client_secret=RIGHT, client_auth=place, revoke=True,
        **places(authlib, "api", "introspect", "revoke"),
    )  # fmt: skip

    after = counted(authlib)
    chart = report.chart
    assert (chart.flag("token.api_works"), chart.flag("token.is_active")) == (True, True)
    assert chart.number("token.expires_in_s") == 864_000
    assert [after[name] - before[name] for name in ("issued", "revoked")] == [1, 1]
    assert (report.findings, ended(report)) == ((), (Outcome.GRANTED, 1))


def test_a_client_that_proves_itself_by_assertion_does_so_again_about_its_token(authlib: Peer, keys: Keys) -> None:
    """Each proof is an assertion of its own: this server remembers every jti."""
    before = counted(authlib)

    report = tried(
        authlib, "private-key-jwt", "assertion-client", key_path=str(keys.private), audience=authlib.token_url,
        revoke=True, **places(authlib, "api", "introspect", "revoke"),
    )  # fmt: skip

    assert report.chart.flag("token.is_active") is True
    assert counted(authlib)["revoked"] - before["revoked"] == 1
    assert ended(report) == (Outcome.GRANTED, 1)


def test_an_api_that_refuses_the_token_is_the_finding_and_its_words_are_read(authlib: Peer, oidc: Peer) -> None:
    elsewhere = tried(oidc, "client-credentials", "post-client", client_secret=OF_OIDC, api_url=f"{authlib.url}/api")

    assert elsewhere.outcome is Outcome.GRANTED
    assert "token-is-refused" in [f.rule for f in elsewhere.findings]
    assert elsewhere.chart.text("token.api_error") == "invalid_token"
    assert elsewhere.leaders


# --- oidc-provider


@pytest.fixture(scope="module")
def refreshable(oidc: Peer) -> str:
    """A refresh token that a person's login left behind."""
    got = code_of(oidc, "web-client")
    form = {
        "grant_type": "authorization_code", "code": got.code, "code_verifier": got.verifier, "redirect_uri": CALLBACK,
        "client_id": "web-client", "client_secret": OF_OIDC.reveal(),
    }  # fmt: skip
    told: dict[str, str] = requests.post(oidc.token_url, data=form, timeout=5).json()
    return told["refresh_token"]


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({}, None),
        ({"refresh_token": Secret("gone")}, "refresh-token-revoked"),
        ({"client_secret": Secret("wrong-secret-of-twenty-characters")}, "client-secret-wrong"),
    ],
    ids=["right", "unknown", "wrong secret"],
)
def test_oidc_provider_and_a_refresh_token(
    oidc: Peer, refreshable: str, told: dict[str, object], cause: str | None
) -> None:
    right = {"refresh_token": Secret(refreshable), "client_secret": OF_OIDC}

    report = tried(oidc, "refresh-token", "web-client", **(right | told))

    assert ended(report) == (Outcome.REFUSED if cause else Outcome.GRANTED, 1)
    assert cause is None or cause in [v.cause for v in report.verdicts[:3]]
    if cause is None:
        assert (report.chart.number("token.identity_status"), report.chart.flag("token.is_active")) == (200, True)
        assert report.chart.number("token.expires_in_s") == 3600


@pytest.mark.parametrize(("then", "cause"), [("confirm", None), ("abort", "user-denied")])
def test_oidc_provider_and_a_device(oidc: Peer, then: str, cause: str | None) -> None:
    report = tried(
        oidc, "device", "device-client", person=Somebody(then), device_url=f"{oidc.url}/device/auth", scope="openid"
    )

    assert ended(report) == (Outcome.REFUSED if cause else Outcome.GRANTED, 1)
    assert cause is None or report.verdicts[0].cause == cause


def test_a_token_of_oidc_provider_is_introspected_and_given_back(oidc: Peer, keys: Keys) -> None:
    secret = tried(oidc, "client-credentials", "post-client", client_secret=OF_OIDC, revoke=True)
    signed = tried(oidc, "private-key-jwt", "assertion-client", key_path=str(keys.private), revoke=True)

    for report in (secret, signed):
        token = next(p for p in report.probes if p.probe == "token")
        assert report.chart.flag("token.is_active") is True
        assert "token-not-revoked" not in [f.rule for f in report.findings]
        assert getattr(token, "reason", "") == ""


def test_a_person_logs_in_by_browser_and_the_code_is_redeemed(oidc: Peer) -> None:
    told = {"redirect_uri": CALLBACK, "scope": "openid"}

    report = tried(oidc, "authorization-code", "code-client", person=Somebody(), **told)

    assert ended(report) == (Outcome.GRANTED, 1)
    assert report.chart.number("token.identity_status") == 200


def test_the_code_grant_of_a_confidential_client_uses_pkce_and_secret_together(oidc: Peer) -> None:
    got = code_of(oidc, "web-client")
    told = {"code": Secret(got.code), "code_verifier": Secret(got.verifier), "redirect_uri": CALLBACK}

    granted = tried(oidc, "authorization-code", "web-client", client_secret=OF_OIDC, **told)
    again = tried(oidc, "authorization-code", "web-client", client_secret=OF_OIDC, **told)

    assert ended(granted) == (Outcome.GRANTED, 1)
    assert granted.chart.number("token.identity_status") == 200
    assert ended(again) == (Outcome.REFUSED, 1)
    assert "code-reused" in [v.cause for v in again.verdicts[:4]]
