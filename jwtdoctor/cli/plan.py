"""`jwtdoctor plan`: the page for this app, filled in with what was observed. It asks nobody and touches no network.

    jwtdoctor audit acme --sf admin --format json -o audit.json
    jwtdoctor lint force-app --app Sync --format json -o lint.json
    jwtdoctor plan checklist acme --from audit.json --from lint.json --format markdown -o review.md

Decisions where the contract is silent:
- Exit 1 where a line is crossed (✗), else 0; an open line is no fault.
- Without `--flow`, the flow is the profile's, the case's, a report's, else jwt-bearer, and then the page says so.
- What is typed counts before what a report says, and among reports the org before the repository.
- The content is Salesforce's: a profile or case of another provider is refused.
- `rotation` is about the key pair in flows that sign an assertion, else about the secret, unless `--of` says.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.attempt import flow_name, gather
from jwtdoctor.cli.common import (
    OK,
    REFUSED,
    Common,
    Group,
    common_options,
    emit_each,
    narrate,
    one_line,
    refuse_unwritable_outputs,
    report_document,
    to_json,
)
from jwtdoctor.cli.completion import flows
from jwtdoctor.cli.facts import told
from jwtdoctor.errors import BadInput

if TYPE_CHECKING:
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.model.case import Case
    from jwtdoctor.model.chart import Observation
    from jwtdoctor.model.plan import Line, Plan, Sighting
    from jwtdoctor.plans.evidence import Seen
    from jwtdoctor.plans.reports import ReportRead

FORMATS = ("text", "markdown", "html", "json")
PROVIDER = "salesforce"
MOST_REPORTS = 50
OF_A_PROFILE = ("jwtdoctor check", "jwtdoctor audit", "jwtdoctor plan rotation", "jwtdoctor plan checklist")
"""Commands that take a profile."""
SIGNING = ("jwt-bearer", "private-key-jwt")
KEY, SECRET = "key", "secret"
Handler = Callable[..., Any]


@click.group("plan", cls=Group, short_help="Policies, rotation, hardening, review list, incident: for this app.")
def command() -> None:
    """The page for this app, filled in with what was observed.

    Every line names the observed fact that it rests on, or says "not observed". Facts come from a profile, from
    --fact, from a case, and from the JSON reports of check, lint, audit and logs.
    """


def _evidence_options(handler: Handler) -> Handler:
    options: list[Handler] = [
        click.argument("profile", required=False),
        click.option("--from", "reports", multiple=True, metavar="FILE", help="A JSON report as evidence; repeatable."),
        click.option("--case", "case_file", metavar="FILE|last", help="A case file, or this profile's last check."),
        click.option("--fact", multiple=True, metavar="NAME=VALUE", help="What you know besides; repeatable."),
        click.option("--metadata", metavar="PATH", help="Metadata of the app, such as force-app: its facts count too."),
        click.option("--app", metavar="NAME", help="The app in --metadata, where there are several."),
        click.option(
            "--flow",
            metavar="NAME",
            shell_complete=flows,
            help="Which grant.  [default: the profile's, else jwt-bearer]",
        ),
        click.option("--client", type=click.Choice(["confidential", "public"]), help="Whether it can keep a secret."),
        click.option("--client-id", metavar="ID", help="Consumer key of the app."),
        click.option("--username", metavar="NAME", help="User to log in as."),
        common_options(*FORMATS, several=True),
    ]
    for option in reversed(options):
        handler = option(handler)
    return handler


@command.command("policy", short_help="What each policy does to this flow and user.")
@_evidence_options
def policy(common: Common, **given: Any) -> int:
    """Permitted Users, addresses, refresh tokens, sessions, PKCE and secret: the true effect on this flow and user."""
    return _planned(common, "policy", given)


@command.command("rotation", short_help="A new secret, key or certificate, step by step.")
@click.option(
    "--of",
    "what",
    type=click.Choice([SECRET, KEY, "certificate"]),
    help="What is replaced.  [default: what the flow uses]",
)
@click.option(
    "--through",
    type=click.Choice(["rest", "ui", "metadata"]),
    default="ui",
    show_default=True,
    help="By which way.",
)
@_evidence_options
def rotation(common: Common, what: str | None, through: str, **given: Any) -> int:
    """How the secret, the key or the certificate is replaced: order, overlap, verification, the way back.

    secret: consumer secret, with the consumer key. key: a new signing key and its certificate. certificate: a new
    certificate over the key that is in use.
    """
    return _planned(common, "rotation", given, what=what, through=through)


@command.command("hardening", short_help="What is right for this flow and kind of client, and why.")
@_evidence_options
def hardening(common: Common, **given: Any) -> int:
    """What is right for this flow and kind of client, with the reason, beside what was observed."""
    return _planned(common, "hardening", given)


@command.command("checklist", short_help="The review lists, ticked and crossed from evidence.")
@click.option("--accept", multiple=True, metavar="ITEM=REASON", help="Tick an item in your name; repeatable.")
@_evidence_options
def checklist(common: Common, accept: tuple[str, ...], **given: Any) -> int:
    """The review lists: each item ticked, crossed or open, from the evidence that is given.

    What no evidence shows (a procedure that is written down), or is an exception with a reason, is ticked by --accept;
    --verbose shows the names of the items.
    """
    return _planned(common, "checklist", given, accepted=_accepted(accept))


@command.command("incident", short_help="What to run in which order, and what is done.")
@_evidence_options
def incident(common: Common, **given: Any) -> int:
    """What to run in which order when logins fail: what the evidence already holds is marked as done."""
    return _planned(common, "incident", given)


# --- one plan -------------------------------------------------------------------------------------


def _planned(common: Common, name: str, given: dict[str, Any], *, what: str | None = None, through: str = "",
             accepted: dict[str, str] | None = None) -> int:  # fmt: skip
    from jwtdoctor.plans.judge import plan_of

    refuse_unwritable_outputs(common)
    found = gather(common, given, profile=given["profile"])
    for warning in found.warnings:
        narrate(common, f"warning: {warning}")
    seen = _seen(common, found, given, what, through)
    plan = plan_of(name, seen, _about(found, seen), accepted)
    plan = replace(plan, lines=tuple(_for_profile(line, found.profile) for line in plan.lines))
    emit_each(common, lambda one: _rendered(one, plan, seen, found.profile))
    return REFUSED if plan.count("bad") else OK


def _seen(common: Common, found: Settings, given: dict[str, Any], what: str | None, through: str) -> Seen:
    from jwtdoctor.cli.metadata import metadata_facts
    from jwtdoctor.plans.evidence import seen_of

    now = time.time()
    if len(given["reports"]) > MOST_REPORTS:
        raise BadInput("too many reports", where="--from", expected=f"at most {MOST_REPORTS}")
    reports = [_report(path, given["app"] or "", now) for path in given["reports"]]
    case = _case(common, given["case_file"], found.profile)
    typed = told((*found.several("fact"), *given["fact"]))
    _refuse_others(found.text("provider"), *(report.provider for report in reports), case.provider if case else None)
    metadata = metadata_facts(given["metadata"], given["app"], found.text("client_id"), knows_time=True)
    groups = {
        "lint": metadata,
        "profile": _of_profile(found),
        "case": case.observations if case else (),
        "user": typed.observations,
    }
    choices = _choices(found, given["client"], case, what, through, reports)
    return seen_of(groups, reports, choices)


def _accepted(pairs: tuple[str, ...]) -> dict[str, str]:
    """Item -> reason. Raises BadInput where one has none."""
    accepted = {}
    for pair in pairs:
        name, _, reason = pair.partition("=")
        if not reason.strip():
            raise BadInput("an exception has a reason", where="--accept", expected="ITEM=REASON")
        accepted[name.strip()] = one_line(reason)[:300].rstrip(".")
    return accepted


def _for_profile(line: Line, profile: str | None) -> Line:
    """The line with its command made for the profile that the plan is about."""
    if profile is None:
        return line
    for begins in OF_A_PROFILE:
        if line.command == begins or line.command.startswith(f"{begins} --"):
            return replace(line, command=f"{begins} {quote(one_line(profile))}{line.command.removeprefix(begins)}")
    return line


def _refuse_others(*providers: str | None) -> None:
    for provider in providers:
        if provider and provider not in (PROVIDER, "generic"):
            raise BadInput("the plans know Salesforce's apps alone", where=f"provider {one_line(provider)[:40]}")


def _report(path: str, app: str, now: float) -> ReportRead:
    from jwtdoctor.intake.arguments import open_argument
    from jwtdoctor.plans.reports import report_of

    if path == "-" and sys.stdin is None:
        raise BadInput("is closed", where="stdin", expected="a report")
    data, where = open_argument(path, sys.stdin.buffer if path == "-" else BytesIO())
    return report_of(data, one_line(where), app=app, now=now)


def _case(common: Common, argument: str | None, profile: str | None) -> Case | None:
    """The case of `--case`: a file, or what the last check of this profile kept."""
    if argument is None:
        return None
    from jwtdoctor.config.kept import last_case
    from jwtdoctor.intake.arguments import open_argument
    from jwtdoctor.intake.read import read

    if argument == "last" and not Path(argument).exists():
        kept = last_case(profile)
        if kept is None:
            of = f" of profile {one_line(profile)}" if profile else ""
            raise BadInput(f"no check{of} is kept here", where="--case", expected="a jwtdoctor check before it")
        data: bytes | str = kept[0]
        where = kept[1]
    else:
        data, where = open_argument(argument, BytesIO())
    case = read(data, where=one_line(where))
    if not case.observations:
        raise BadInput("holds nothing that a plan can rest on", where=one_line(where), expected="a case file")
    for warning in case.warnings:
        narrate(common, f"warning: {warning}")
    return case


def _of_profile(found: Settings) -> tuple[Observation, ...]:
    """What a profile itself tells of the requests that it stands for."""
    from jwtdoctor.model.chart import Observation

    seen = []
    if "client_secret" in found:
        seen.append(Observation("request.sends_client_secret", True, "profile"))
    if "no_pkce" in found:
        seen.append(Observation("request.sends_code_verifier", False, "profile"))
    return tuple(seen)


def _choices(found: Settings, client: str | None, case: Case | None, what: str | None, through: str,
             reports: list[ReportRead]) -> tuple[Sighting, ...]:  # fmt: skip
    from jwtdoctor.model.plan import Sighting
    from jwtdoctor.plans.evidence import DEFAULT_FLOW

    choices = []
    named, flow = found.text("flow"), None
    if named:
        flow = flow_name(named)
        choices.append(Sighting("flow", flow, "asked for"))
    elif case is not None and case.flow:
        flow = case.flow
        choices.append(Sighting("flow", flow, "case"))
    if client:
        choices.append(Sighting("client", client, "asked for"))
    if through:
        flow = flow or next((report.flow for report in reports if report.flow), DEFAULT_FLOW)
        default = KEY if flow in SIGNING else SECRET
        choices.append(Sighting("of", what or default, "asked for" if what else f"flow {flow}"))
        choices.append(Sighting("through", through, "asked for"))
    return tuple(choices)


def _about(found: Settings, seen: Seen) -> tuple[str, ...]:
    flow = seen.choices["flow"]
    is_assumed = flow.source.startswith("assumed")
    app, kind = seen.chart.text("app.name"), seen.chart.text("app.kind")
    chosen = [str(seen.choices[name].value) for name in ("of", "through") if name in seen.choices]
    told_by = ", ".join(dict.fromkeys(report.kind for report in seen.reports))
    parts = [
        found.profile or "",
        PROVIDER,
        f"{flow.value}{' (assumed: no flow was named)' if is_assumed else ''}",
        " ".join(part for part in (app, f"({kind})" if kind and app else kind) if part),
        " through ".join(chosen),
        f"from {told_by}" if told_by else "",
    ]
    return tuple(one_line(part) for part in parts if part)


def _rendered(common: Common, plan: Plan, seen: Seen, profile: str | None) -> str:
    from jwtdoctor.render.plan import plan_document, plan_page

    if common.format == "json":
        from jwtdoctor.render.document import facts_document

        document = report_document(
            f"plan {plan.name}",
            profile=None if profile is None else one_line(profile),
            provider=PROVIDER,
            flow=plan.flow,
            facts=facts_document(seen.chart),
            warnings=list(plan.warnings),
            plan=plan_document(plan),
        )
        return to_json(document)
    shown = plan_page(plan, verbose=common.verbose, symbols=common.format != "text")
    if common.format == "text":
        from jwtdoctor.render.text import text_of

        shows = common.streams
        return text_of(shown, {}, width=shows.width, colour=shows.colour, ascii=shows.ascii)
    if common.format == "markdown":
        from jwtdoctor.render.markdown import markdown_of

        return markdown_of(shown, {})
    from jwtdoctor.render.html import html_of

    return html_of(shown, {})
