"""Pasted text is diagnosed while it is typed, and nothing in it reaches the terminal raw."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot
from tui_stage import SMALL, app_of, bench, seen, state, until, words  # noqa: F401

from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.widgets.explain import ExplainPane, PasteArea
from jwtdoctor.tui.widgets.question import AnswerRow

BODY = '{"error":"invalid_client","error_description":"invalid client credentials"}'
TOKEN = "00D300000000ABC!AQ0AQHplantedplantedplantedplanted"


async def test_a_body_is_diagnosed_while_it_is_typed_and_replaced_by_what_comes_next() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.focused, PasteArea))
        app.screen.query_one(PasteArea).insert('{"error":"invalid_client"')
        await pilot.press("}")
        await until(pilot, lambda: "REFUSED" in words(app))
        assert bench(app).command_line() == "jwtdoctor explain -"

        app.screen.query_one(PasteArea).clear()
        await until(pilot, lambda: "Paste what you have" in words(app))


async def test_what_is_pasted_is_read_whole_and_shown_without_secrets_escapes_and_markup() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await _paste(pilot, app, f'{{"access_token":"{TOKEN}","token_type":"Bearer"}}')
        await until(pilot, lambda: "GRANTED" in words(app))
        assert TOKEN not in "".join(seen(app))
        assert "[redacted]" in words(app)
        assert TOKEN in app.screen.query_one(PasteArea).observed

        bad = BODY.replace("invalid client", "[b]bad[/b]")
        await _paste(pilot, app, f"\x1b]0;owned\x07[bold red]x[/] \x1b[31m{bad}")
        await until(pilot, lambda: "REFUSED" in words(app))
        painted = "".join(seen(app))
        assert "\x1b" not in painted
        assert "\x07" not in painted
        assert "[bold red]x[/]" in painted

        await _paste(pilot, app, "HTTP/1.1 400 Bad Request\r\rbody")
        assert app.screen.query_one(PasteArea).text.splitlines() == ["HTTP/1.1 400 Bad Request", "", "body"]

        await _paste(pilot, app, '{"schema":"jwtdoctor.case/1","reply":17}')
        await until(pilot, lambda: "✗" in words(app) and "REFUSED" not in words(app))
        assert app.crash is None


async def test_answers_in_explain_move_its_own_ranking_and_the_grant_decides_between_readings() -> None:
    app = app_of()

    async with app.run_test(size=(80, 60)) as pilot:
        await _paste(pilot, app, '{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}')
        await until(pilot, lambda: len(app.screen.query(AnswerRow)) > 1)
        app.screen.query(AnswerRow).last().focus()
        before = words(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one(ExplainPane).answers and words(app) != before)
        assert bench(app).report is None

        await _paste(pilot, app, '{"error":"invalid_grant","error_description":"expired authorization code"}')
        await until(pilot, lambda: "Which grant was sent?" in words(app))
        app.screen.query(AnswerRow).first().focus()
        await pilot.press("enter")
        await until(pilot, lambda: "salesforce · jwt-bearer" in words(app))
        assert bench(app).command_line() == "jwtdoctor explain - --flow jwt-bearer"
        assert "(•) jwt-bearer" in words(app)


async def _paste(pilot: Pilot[None], app: JwtDoctorApp, text: str) -> None:
    """Over whatever stands there."""
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(app.focused, PasteArea))
    area = app.screen.query_one(PasteArea)
    area.clear()
    app.post_message(events.Paste(text))
    await until(pilot, lambda: area.text)
