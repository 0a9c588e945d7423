"""A run: the probes as they come, the login marked, the verdict and the remedy at once, and cancelling."""

from __future__ import annotations

from pathlib import Path
from threading import Event as Flag

import pytest
from textual.widgets import Input
from tui_stage import SMALL, WIDE, app_of, bench, examined, seen, subject, until, words

from jwtdoctor.model.exchange import NoReply, TokenRequest
from jwtdoctor.model.names import Outcome
from jwtdoctor.testing import TRUE_NOW, FixedClock, World
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.examining import Gate
from jwtdoctor.tui.screens.secret import SecretScreen
from jwtdoctor.tui.subjects import catalogue


@pytest.mark.parametrize("name", ["clock-drift", "user-not-preauthorized", "wrong-audience", "client-secret-wrong"])
async def test_verdict_and_remedy_stand_on_the_first_screen_at_80_by_24(name: str) -> None:
    first = subject(name)
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)

        report = bench(app).report
        assert report is not None
        assert name in report.leaders
        remedy = next(v.remedy[0].do for v in report.verdicts if v.cause == report.leaders[0])
        assert "REFUSED" in words(app)
        assert squeezed([remedy]) in squeezed(seen(app))
        assert f"$ jwtdoctor check --simulate {name}" in words(app)


def squeezed(lines: list[str]) -> str:
    """Without white space and without the scroll bar at the right."""
    return "".join(char for char in "".join(lines) if not char.isspace() and char not in "▁▂▃▄▅▆▇█")


async def test_a_healthy_world_accuses_nobody() -> None:
    first = subject("healthy")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)

        report = bench(app).report
        assert report is not None
        assert report.outcome is Outcome.GRANTED
        assert report.leaders == ()
        assert "✓ GRANTED" in words(app)


async def test_the_report_on_the_screen_is_the_one_that_check_makes() -> None:
    from jwtdoctor.checkup import examine

    world = World("clock-drift")
    expected = examine(world.case, world.instruments)
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)

        report = bench(app).report
        assert report is not None
        assert expected.verdicts == report.verdicts
        assert expected.chart == report.chart


async def test_probes_appear_as_they_start_and_end_and_the_login_is_marked() -> None:
    let = Flag()
    first = subject("clock-drift", held=let)
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: "login sent" in words(app))

        assert "+ key" in words(app)
        assert "… request" in words(app)
        assert bench(app).report is None
        let.set()
        await until(pilot, lambda: bench(app).report)
        assert "login sent" not in words(app)


async def test_the_interface_answers_keys_while_a_probe_hangs() -> None:
    let = Flag()
    first = subject("clock-drift", held=let)
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: "login sent" in words(app))
        await pilot.press("f1")
        await until(pilot, lambda: "Keys" in words(app))
        await pilot.press("escape", "f4")
        await until(pilot, lambda: "margin" in words(app))
    let.set()


async def test_escape_cancels_and_says_whether_the_login_had_left() -> None:
    let = Flag()
    first = subject("clock-drift", held=let)
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: "login sent" in words(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Cancelled. The login had been sent." in words(app))
        let.set()
        await pilot.pause(0.2)

        assert bench(app).report is None
        assert "Cancelled" in words(app)


def test_after_cancelling_no_login_leaves() -> None:
    cancelled, sent = Flag(), []
    world = World("healthy")
    gate = Gate(world.transport, world.clock, cancelled, lambda request, at: sent.append(request))
    cancelled.set()

    exchange = gate.post_form(TokenRequest("https://acme.my.salesforce.com/token", ()), 1.0)

    assert isinstance(exchange, NoReply)
    assert not exchange.sent
    assert sent == []
    assert world.rulings == ()


async def test_a_second_run_starts_from_an_empty_page() -> None:
    first = subject("healthy")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)
        await examined(pilot, app)

        logins = [request for request in first.world.transport.requests if request.method == "POST"]
        assert len(logins) == 2


# --- the assertion and the exchange


async def test_the_assertion_shows_each_time_as_utc_and_distance_and_its_margin_ticks() -> None:
    clock = FixedClock(TRUE_NOW)
    first = subject("healthy")
    app = app_of(first, start=first, now=clock.now)

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)
        await pilot.press("f4")
        await until(pilot, lambda: "in 3 min" in words(app))

        assert '"aud": "https://login.salesforce.com"' in words(app)
        assert "2026-11-21 22:29:40Z" in words(app)
        clock.advance(100.0)
        await until(pilot, lambda: "1 min 20 s left" in words(app) or "80 s left" in words(app))


async def test_where_the_clock_is_off_the_margin_is_that_of_the_token_host() -> None:
    first = subject("clock-drift")
    app = app_of(first, start=first, now=first.world.clock.now)

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)
        await pilot.press("f4")
        await until(pilot, lambda: "margin" in words(app))

        assert "over for 7 min" in words(app)
        assert "on the token host's clock" in words(app)


async def test_before_a_run_the_assertion_is_shown_as_it_would_be_signed_now() -> None:
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "integration@acme.example" in words(app))

        assert '"sub": "integration@acme.example"' in words(app)
        assert "f5 runs it" in words(app)
        assert first.world.rulings == ()


async def test_wide_terminals_show_the_assertion_beside_the_diagnosis() -> None:
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=WIDE) as pilot:
        await examined(pilot, app)

        assert "claims" in words(app)
        assert "REFUSED" in words(app)


async def test_the_raw_answer_is_shown() -> None:
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=(80, 60)) as pilot:
        await examined(pilot, app)
        await pilot.press("f4", "f4")
        await until(pilot, lambda: "expired authorization code" in words(app))

        assert "HTTP 400" in words(app)


@pytest.mark.parametrize("name", ["healthy", "client-secret-wrong"])
async def test_no_view_shows_a_secret(name: str) -> None:
    first = subject(name)
    app = app_of(first, start=first)
    attempt = first.world.case.attempt
    assert attempt is not None
    secrets = [s.reveal() for s in (attempt.client_secret, attempt.key_pem) if s is not None]

    async with app.run_test(size=(100, 120)) as pilot:
        await examined(pilot, app)
        painted = []
        for _ in range(3):
            painted.append("\n".join(seen(app)))
            await pilot.press("f4")
            await pilot.pause()

    request = first.world.transport.requests[0]
    token = str(request.body).split("assertion=")[-1].split("&")[0] if "assertion=" in request.body else ""
    for screen in painted:
        assert not any(secret in screen for secret in secrets)
        assert "PRIVATE KEY" not in screen
        assert not token or token[-30:] not in screen
        assert "00D" not in screen or "[redacted]" in screen
    assert "[redacted]" in painted[2]


# --- profiles


async def test_a_profile_that_cannot_be_tried_says_so_in_one_line(profile: Path) -> None:
    profile.write_text(
        '[profile.acme]\nurl = "https://acme.my.salesforce.com"\nclient_secret = "env:NOT_SET_ANYWHERE"\n'
    )
    app = JwtDoctorApp(catalogue("acme"))

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: "NOT_SET_ANYWHERE is not set" in words(app))

        assert "✗" in words(app)
        assert bench(app).run is None


async def test_a_secret_that_is_to_be_typed_is_asked_for_and_masked(profile: Path) -> None:
    profile.write_text('[profile.acme]\nurl = "http://127.0.0.1:9"\nflow = "client-credentials"\nno_ntp = true\n'
                       'client_id = "x"\nclient_secret = "prompt"\n')  # fmt: skip
    app = JwtDoctorApp(catalogue("acme"))

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, SecretScreen) and isinstance(app.focused, Input))
        await pilot.press(*"hunter2")
        await pilot.pause()

        assert "hunter2" not in words(app)
        assert app.screen.query_one(Input).value == "hunter2"
        await pilot.press("enter")
        await until(pilot, lambda: bench(app).report)
        assert "hunter2" not in words(app)
        assert "NO ANSWER" in words(app)


async def test_giving_up_on_a_secret_ends_the_run(profile: Path) -> None:
    profile.write_text('[profile.acme]\nurl = "http://127.0.0.1:9"\nclient_secret = "prompt"\n')
    app = JwtDoctorApp(catalogue("acme"))

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, SecretScreen) and isinstance(app.focused, Input))
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was typed" in words(app))


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "jwtdoctor.toml"
