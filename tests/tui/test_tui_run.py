"""A run: the probes as they come, the login marked, the verdict and the remedy at once, proof only when agreed to."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Event as Flag

import pytest
from textual.widgets import Input
from tui_stage import SMALL, WIDE, InWorld, app_of, bench, examined, seen, state, subject, until, words  # noqa: F401

from jwtdoctor.checkup import examine
from jwtdoctor.model.exchange import NoReply, TokenRequest
from jwtdoctor.model.names import Outcome
from jwtdoctor.testing import TRUE_NOW, FixedClock, World
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.examining import Gate
from jwtdoctor.tui.screens.ask import AskScreen
from jwtdoctor.tui.screens.secret import SecretScreen
from jwtdoctor.tui.subjects import catalogue
from jwtdoctor.tui.widgets.step import StepRow

REFUSED = ("clock-drift", "user-not-preauthorized", "client-secret-wrong", "dns-failed")


async def test_verdict_and_remedy_stand_on_the_first_screen_at_80_by_24() -> None:
    """Granted, refused, refused with a tie, unreachable: one after the other in one session."""
    subjects = [subject(name) for name in (*REFUSED, "healthy")]
    app = app_of(*subjects)

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("escape")
        for one in subjects:
            await bench(app).take(one)
            await examined(pilot, app)
            report = bench(app).report
            assert report is not None
            assert f"$ jwtdoctor check --simulate {one.name}" in words(app)
            if one.name == "healthy":
                assert report.outcome is Outcome.GRANTED
                assert report.leaders == ()
                assert "✓ GRANTED" in words(app)
                continue
            assert one.name in report.leaders
            if one.name == REFUSED[0]:  # the screen says what check says
                expected = examine(World(one.name).case, World(one.name).instruments)
                assert [v.cause for v in expected.verdicts] == [v.cause for v in report.verdicts]
            assert ("NO ANSWER" if one.name == "dns-failed" else "REFUSED") in words(app)
            remedy = next(v.remedy[0].do for v in report.verdicts if v.cause == report.leaders[0])
            assert _squeezed([remedy]) in _squeezed(seen(app))


def _squeezed(lines: list[str]) -> str:
    """Without white space and without the scroll bar at the right."""
    return "".join(char for char in "".join(lines) if not char.isspace() and char not in "▁▂▃▄▅▆▇█")


async def test_while_a_probe_hangs_every_key_answers_and_escape_cancels() -> None:
    let = Flag()
    first = subject("clock-drift", held=let)
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: "login sent" in words(app))
        assert "+ key" in words(app)
        assert "… request" in words(app)
        assert bench(app).report is None
        await pilot.press("f1")
        await until(pilot, lambda: "Keys" in words(app))
        await pilot.press("escape", "f4", "f4")
        await until(pilot, lambda: "margin" in words(app))

        await pilot.press("escape")
        await until(pilot, lambda: "Cancelled. The login had been sent." in words(app))
        let.set()
        await pilot.pause(0.2)
        assert bench(app).report is None
        await pilot.press("f5")
        await until(pilot, lambda: bench(app).report)
        assert "login sent" not in words(app)
        logins = [request for request in first.world.transport.requests if request.method == "POST"]
        assert len(logins) == 2


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


async def test_proof_is_asked_for_before_anything_more_is_sent() -> None:
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        assert "sign with true time" in words(app)
        assert "1 login was used" in words(app)
        assert len(first.world.rulings) == 1
        await pilot.press("escape")
        await until(pilot, lambda: bench(app).report)
        assert len(first.world.rulings) == 1
        assert bench(app).command_line().endswith("--prove")

        await pilot.press("f6")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("y")
        await until(pilot, lambda: bench(app).report)
        report = bench(app).report
        assert report is not None
        assert report.chart.flag("retry.granted_with_true_time") is True
        assert len([r for r in first.world.transport.requests if r.method == "POST"]) == 3


async def test_a_remedy_is_copied_by_key_and_the_way_is_said_then_into_a_file(
    state: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("TMUX", "/tmp/tmux-1/default,1,0")
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await examined(pilot, app)
        await pilot.press("c")
        await until(pilot, lambda: "Copied by OSC 52, wrapped for tmux" in words(app))
        await pilot.press("c")
        await until(pilot, lambda: "Copied to a file" in words(app))
        assert (state / "copied.txt").read_text() == "sudo chronyc makestep\n"

        await pilot.press("tab", "tab")
        assert isinstance(app.focused, StepRow)
        await pilot.press("c", "c")
        await until(pilot, lambda: "timedatectl" in (state / "copied.txt").read_text())


# --- the assertion and the exchange


async def test_the_assertion_is_readable_and_its_margin_ticks_on_the_token_hosts_clock() -> None:
    clock = FixedClock(TRUE_NOW)
    first, slow = subject("healthy"), subject("clock-drift")
    app = app_of(first, slow, start=first, now=clock.now)

    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: '"sub": "integration@acme.example"' in words(app))
        assert "as it would be signed now" in words(app)
        assert first.world.rulings == ()

        await examined(pilot, app)
        assert '"aud": "https://login.salesforce.com"' in words(app)
        clock.advance(100.0)
        await until(pilot, lambda: "1 min 20 s left" in words(app) or "80 s left" in words(app))

        clock.at = slow.world.clock.at
        await bench(app).take(slow, run=True)
        await until(pilot, lambda: "over for 7 min" in words(app))
        assert "on the token host's clock" in words(app)
        assert "REFUSED" in words(app)


async def test_every_view_shows_what_it_is_about_and_none_shows_a_secret() -> None:
    both = (subject("healthy"), subject("client-secret-wrong"))
    app = app_of(*both, start=both[0])

    async with app.run_test(size=(100, 120)) as pilot:
        for one in both:
            await bench(app).take(one)
            await examined(pilot, app)
            painted = {}
            for view in ("diagnosis", "request", "assertion", "exchange", "clock", "path", "key", "log"):
                bench(app).goto(view)
                await pilot.pause()
                painted[view] = "\n".join(seen(app))
            _hold_no_secret(one, painted)
            assert "[redacted]" in painted["exchange"]
            assert "HTTP 200" in painted["exchange"] or "HTTP 400" in painted["exchange"]
            assert "ntp:time1.example" in painted["clock"]
            assert re.search(r"\+ DNS +the name resolves", painted["path"])
            assert "sent to https://acme.my.salesforce.com" in painted["log"]
            if one.name == "healthy":
                assert "an RSA key of 2048 bits" in painted["key"]


def _hold_no_secret(one: InWorld, painted: dict[str, str]) -> None:
    attempt = one.world.case.attempt
    assert attempt is not None
    secrets = [s.reveal() for s in (attempt.client_secret, attempt.key_pem) if s is not None]
    request = one.world.transport.requests[0]
    token = str(request.body).split("assertion=")[-1].split("&")[0] if "assertion=" in request.body else ""
    for screen in painted.values():
        assert not any(secret in screen for secret in secrets)
        assert "PRIVATE KEY" not in screen
        assert not token or token[-30:] not in screen


# --- profiles


async def test_a_profile_that_cannot_be_tried_says_so_and_a_typed_secret_is_masked(profile: Path) -> None:
    profile.write_text(
        '[profile.acme]\nurl = "http://127.0.0.1:9"\nflow = "client-credentials"\nno_ntp = true\n'
        'client_id = "x"\nclient_secret = "prompt"\n'
        '[profile.other]\nurl = "https://acme.my.salesforce.com"\nclient_secret = "env:NOT_SET_ANYWHERE"\n'
    )
    app = JwtDoctorApp(catalogue("other"))

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: "NOT_SET_ANYWHERE is not set" in words(app))
        assert bench(app).run is None

        await bench(app).take(catalogue("acme").profiles[0], run=True)
        await until(pilot, lambda: isinstance(app.screen, SecretScreen) and isinstance(app.focused, Input))
        await pilot.press(*"hunter2")
        assert "hunter2" not in words(app)
        await pilot.press("f4")
        await until(pilot, lambda: "hunter2" in words(app))
        assert "hunter2" not in app.export_screenshot()
        await pilot.press("enter")
        await until(pilot, lambda: bench(app).report)
        assert "hunter2" not in words(app)
        assert "NO ANSWER" in words(app)

        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, SecretScreen))
        await pilot.press("escape")
        await until(pilot, lambda: "nothing was typed" in words(app))


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "jwtdoctor.toml"
