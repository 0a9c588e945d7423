"""`jwtdoctor logs query`: the SOQL and REST calls that fetch an app's and a user's logs, and what they need.

Decisions where the contract is silent:
- The user comes from `--user`, else from the profile (`username`). The app is a name, which a profile does not hold.
- Who asks for an event type that does not exist is told so, gets the calls for the types that do, and exit 0: that is
  the answer. A name that is no type at all is exit 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.attempt import gather
from jwtdoctor.cli.common import OK, Common, common_options, emit, one_line, report_document, to_json, unknown
from jwtdoctor.logs.columns import NO_TYPES
from jwtdoctor.logs.queries import KNOWN_TYPES, TELLING, USE_INSTEAD, Call, Subject, calls

if TYPE_CHECKING:
    from jwtdoctor.render.page import Page, Section


@click.command("query")
@click.option("--app", metavar="NAME", help="The app, as Setup shows its name.")
@click.option("--user", metavar="NAME", help="User name or id.  [default: the profile's username]")
@click.option("--days", type=click.IntRange(1, 180), default=7, show_default=True, help="How far back.")
@click.option("--event", "events", multiple=True, metavar="TYPE",
              help=f"Event type; repeatable.  [default: {', '.join(TELLING)}]")  # fmt: skip
@common_options("text", "json", "markdown")
def query(common: Common, app: str | None, user: str | None, days: int, events: tuple[str, ...]) -> int:
    """Prints the calls that fetch these logs from Salesforce, with permissions, licences, limits and retention."""
    from jwtdoctor.knowledge.load import load

    wrong, right = _sorted_out(events)
    user = user or gather(common, {}).text("username")
    subject = Subject(app, user, days)
    found = calls(subject, right or TELLING)
    claims = [one for one in load().providers["salesforce"].claims if "ConnectedAppOAuth" in one.claim] if wrong else []
    if common.format == "json":
        emit(common, to_json(report_document(
            "logs query", provider="salesforce", profile=common.profile,
            claims=[{"claim": c.claim, "verdict": c.verdict, "because": c.because, "sources": list(c.sources)}
                    for c in claims],
            warnings=[_no_such(one) for one in wrong],
            queries=[_document(one) for one in found],
        )))  # fmt: skip
        return OK
    page = _page(subject, found, [_no_such(one) for one in wrong])
    if common.format == "markdown":
        from jwtdoctor.render.markdown import markdown_of

        emit(common, markdown_of(page, {}))
        return OK
    from jwtdoctor.render.text import text_of

    shows = common.streams
    emit(common, text_of(page, {}, width=shows.width, colour=shows.colour, ascii=shows.ascii))
    return OK


def _sorted_out(events: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """The event types that guides made up, and those that exist. Raises UnknownName for what is neither."""
    made_up, real = {one.lower(): one for one in NO_TYPES}, {one.lower(): one for one in KNOWN_TYPES}
    wrong = [made_up[one.lower()] for one in events if one.lower() in made_up]
    for one in events:
        if one.lower() not in made_up and one.lower() not in real:
            raise unknown("event type", one, KNOWN_TYPES)
    return wrong, tuple(real[one.lower()] for one in events if one.lower() in real)


def _no_such(event: str) -> str:
    return f"Salesforce has no event type {event}, though guides name it. In its place: {USE_INSTEAD[event]}"


def _page(subject: Subject, found: tuple[Call, ...], wrong: list[str]) -> Page:
    from jwtdoctor.render.page import Page, Row, Section

    whom = [f"app {one_line(subject.app)}" if subject.app else "all apps",
            f"user {one_line(subject.user)}" if subject.user else "all users", f"{subject.days} days"]  # fmt: skip
    sections = [Section("No such event type", tuple(Row(one, sign="!") for one in wrong))] if wrong else []
    sections += [_section(one) for one in found]
    if subject.app is None or subject.user is None:
        missing = " and ".join(name for name, value in (("--app", subject.app), ("--user", subject.user)) if not value)
        sections.append(Section("Narrower", (Row(f"{missing} makes these the calls for one integration"),)))
    return Page("note", "QUERIES", "The calls that fetch these logs", "", "", tuple(whom), tuple(sections))


def _section(call: Call) -> Section:
    from jwtdoctor.render.page import Row, Section

    rest = call.rest if call.soql is None else call.rest.partition("?q=")[0] + "?q=… (that SOQL, percent-encoded)"
    rows = [Row(call.answers, name="tells"), *([Row(call.soql, name="SOQL")] if call.soql else []),
            Row(rest, name="GET"), Row(call.needs, name="needs"), Row(call.limits, name="limits"),
            Row(call.retention, name="kept"),
            Row("with the Salesforce CLI" + (", that SOQL in query.soql" if call.soql else ""), name="run",
                command=call.command)]  # fmt: skip
    return Section(call.title, (*rows, *([Row("reads it", name="then", command=call.then)] if call.then else [])))


def _document(call: Call) -> dict[str, Any]:
    return {
        "title": call.title, "answers": call.answers, "soql": call.soql, "rest": call.rest, "command": call.command,
        "needs": call.needs, "limits": call.limits, "retention": call.retention, "then": call.then or None,
        "sources": list(call.sources),
    }  # fmt: skip
