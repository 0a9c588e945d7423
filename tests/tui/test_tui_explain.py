"""Pasted text is diagnosed while it is typed, and nothing in it reaches the terminal raw."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot
from tui_stage import SMALL, app_of, bench, seen, until, words

from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.widgets.explain import ExplainPane, PasteArea
from jwtdoctor.tui.widgets.question import AnswerRow

BODY = '{"error":"invalid_client","error_description":"invalid client credentials"}'
TOKEN = "00D300000000ABC!AQ0AQHplantedplantedplantedplanted"


async def test_a_body_is_diagnosed_while_it_is_typed() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.focused, PasteArea))
        await pilot.press(*BODY)
        await until(pilot, lambda: "REFUSED" in words(app))

        assert "secret" in words(app)
        assert bench(app).command_line() == "jwtdoctor explain -"


async def test_what_is_typed_next_replaces_the_diagnosis() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await _paste(pilot, app, "HTTP/1.1 400 Bad Request\n\n" + BODY)
        await until(pilot, lambda: "REFUSED" in words(app))
        app.screen.query_one(PasteArea).clear()
        await until(pilot, lambda: "Paste what you have" in words(app))


async def test_a_pasted_token_is_read_and_not_shown() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await _paste(pilot, app, f'{{"access_token":"{TOKEN}","token_type":"Bearer"}}')
        await until(pilot, lambda: "GRANTED" in words(app))

        assert TOKEN not in "".join(seen(app))
        assert "[redacted]" in words(app)
        assert TOKEN in app.screen.query_one(PasteArea).observed


async def test_escapes_and_markup_in_a_paste_are_plain_text() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await _paste(
            pilot,
            app,
            "\x1b]0;owned\x07[bold red]x[/] \x1b[31m" + BODY.replace("invalid client", "[b]bad[/b]"),
        )
        await until(pilot, lambda: "REFUSED" in words(app))

        painted = "".join(seen(app))
        assert "\x1b" not in painted
        assert "\x07" not in painted
        assert "[bold red]x[/]" in painted


async def test_line_ends_of_a_terminal_paste_stay_line_ends() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await _paste(pilot, app, "HTTP/1.1 400 Bad Request\r\rbody")

        assert app.screen.query_one(PasteArea).text.splitlines() == ["HTTP/1.1 400 Bad Request", "", "body"]


async def test_a_damaged_case_file_is_one_line() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await _paste(pilot, app, '{"schema":"jwtdoctor.case/1","reply":17}')
        await until(pilot, lambda: "✗" in words(app))

        assert app.crash is None


async def test_an_answer_in_explain_moves_its_own_ranking() -> None:
    app = app_of()

    async with app.run_test(size=(80, 60)) as pilot:
        body = '{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}'
        await _paste(pilot, app, body)
        await until(pilot, lambda: len(app.screen.query(AnswerRow)) > 1)
        row = app.screen.query(AnswerRow).last()
        row.focus()
        before = words(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query_one(ExplainPane).answers and words(app) != before)

        assert bench(app).report is None


async def test_the_grant_that_was_sent_can_be_told_and_decides_between_readings() -> None:
    app = app_of()

    async with app.run_test(size=(80, 60)) as pilot:
        await _paste(pilot, app, '{"error":"invalid_grant","error_description":"expired authorization code"}')
        await until(pilot, lambda: "Which grant was sent?" in words(app))
        app.screen.query(AnswerRow).first().focus()
        await pilot.press("enter")
        await until(pilot, lambda: "salesforce · jwt-bearer" in words(app))

        assert bench(app).command_line() == "jwtdoctor explain - --flow jwt-bearer"
        assert "(•) jwt-bearer" in words(app)


async def _paste(pilot: Pilot[None], app: JwtDoctorApp, text: str) -> None:
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(app.focused, PasteArea))
    app.post_message(events.Paste(text))
    await until(pilot, lambda: app.screen.query_one(PasteArea).text)
