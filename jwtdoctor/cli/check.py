"""`jwtdoctor check`: one login, examined. Builds the case and the instruments, runs the checkup, answers.

Decisions where the contract is silent:
- `--simulate` brings its own key, client and host; flags that name others beside it are refused, what a profile or the
  environment say is left aside.
- The redacted case of every check is kept for `explain last`: one a profile, 0600, in the state folder.
- What may be missing is judged by the engine, as a finding; here only what cannot be worked with is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.attempt import (
    attempt_of,
    flow_name,
    gather,
    provider_name,
    sending_options,
    signing_options,
    unnamed_flow,
)
from jwtdoctor.cli.common import (
    Common,
    common_options,
    emit,
    emit_each,
    narrate,
    one_line,
    refuse_unwritable_outputs,
)
from jwtdoctor.cli.completion import staged_faults
from jwtdoctor.cli.facts import told
from jwtdoctor.cli.metadata import metadata_facts
from jwtdoctor.cli.orgs import door_of, hints_of, org_options, staged_door
from jwtdoctor.cli.outputs import is_twice
from jwtdoctor.cli.proving import wants_proof
from jwtdoctor.cli.reports import FORMATS, exit_code, keep_last, rendered
from jwtdoctor.cli.streams import refuse_unwritable
from jwtdoctor.errors import BadInput
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Exchange, TokenRequest
from jwtdoctor.model.names import Reach
from jwtdoctor.model.report import Concluded, Failed, Looked, ProbeEnded, ProbeStarted, Report, Skipped

if TYPE_CHECKING:
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.instruments.ports import Instruments, Transport

DEFAULT_TIMEOUT_S = 30.0
WITH_SIMULATE = frozenset({
    *("provider", "flow", "lifetime", "no_ntp", "timeout", "my_domain", "prove", "revoke", "as"),
    *("audit", "app", "caller_ip", "dpop"),
})  # fmt: skip
"""Settings that mean something beside `--simulate`."""


@click.command("check", short_help="Try one login, name the cause if it is refused.")
@click.argument("profile", required=False)
@signing_options
@sending_options
@click.option("--ntp", multiple=True, metavar="HOST[:PORT]", help="Time server; repeatable, replaces the defaults.")
@click.option("--no-ntp", is_flag=True, default=None, help="Ask no time server.")
@click.option("--ca-file", metavar="FILE", help="Certificates to trust besides the system's.")
@click.option("--timeout", type=float, metavar="S", help=f"Seconds for all of it.  [default: {DEFAULT_TIMEOUT_S:g}]")
@click.option("--my-domain", metavar="HOST", help="The org's own host, for --prove.")
@click.option("--prove", is_flag=True, default=None, help="Two more logins at most, to settle what is open.")
@click.option("--revoke", is_flag=True, default=None, help="Give a granted token back at the end.")
@click.option("--audit", is_flag=True, default=None, help="Read the org too, with an administrator's session.")
@org_options
@click.option("--metadata", metavar="PATH", help="Metadata of the app, such as force-app: its facts count too.")
@click.option("--fact", multiple=True, metavar="NAME=VALUE", help="What you know besides, or NAME=unknown; repeatable.")
@click.option(
    "--simulate",
    is_flag=False,
    flag_value="healthy",
    metavar="[FAULT]",
    shell_complete=staged_faults,
    help="Against a staged fault on loopback.  [without FAULT: healthy]",
)
@click.option("--copy", type=click.Choice(["curl", "python"]), help="Print the request instead of sending it.")
@click.option("--save-case", metavar="FILE", help="Write the redacted case, for explain.")
@click.option("--keep-names", is_flag=True, help="Do not replace names in the saved case.")
@common_options(*FORMATS, several=True)
def command(
    common: Common,
    profile: str | None,
    simulate: str | None,
    save_case: str | None,
    keep_names: bool,
    fact: tuple[str, ...],
    metadata: str | None,
    copy: str | None,
    **flags: Any,
) -> int:
    """Makes one login and names the cause if it is refused.

    Builds and signs an assertion, measures the clock, looks at the way to the host, sends one token request.
    """
    refuse_unwritable_outputs(common)
    if save_case is not None:
        refuse_unwritable(save_case)
        if is_twice((save_case, *(one.output for one in common.outputs))):
            raise BadInput("is the file of --output as well", where="--save-case", do="give each a file of its own")
    timeout_s = _timeout(flags["timeout"])
    found = gather(common, flags, profile=profile, needs_them=simulate is None)
    for warning in found.warnings:
        narrate(common, f"warning: {warning}")
    _refuse_unknown_client(found)
    timeout_s = timeout_s or _timeout(found.number("timeout")) or DEFAULT_TIMEOUT_S
    if copy is not None:
        return _copied(common, found, copy, simulate)
    typed = told((*found.several("fact"), *fact))
    meant = metadata_facts(metadata, found.text("app"), found.text("client_id"), knows_time=True)
    with _prepared(found, simulate, flags) as prepared:
        case = replace(
            prepared.case,
            observations=(
                *prepared.case.observations,
                *meant,
                *_named_host(found),
                *typed.observations,
            ),
            not_known=typed.not_known,
            profile=found.profile,
            reach=Reach.REPEAT if found.flag("prove") else prepared.case.reach,
        )
        recorder = Recorder(prepared.instruments.transport)
        try:
            report = _examined(common, case, replace(prepared.instruments, transport=recorder), timeout_s)
        except KeyboardInterrupt:
            if recorder.has_posted:
                narrate(common, "interrupted after the token request was begun: it may count as a login")
            raise
    seen = replace(case, reply=report.reply)
    keep_last(found.profile, _case_document(seen, report, False))
    unsaved = None if save_case is None else _saved(common, save_case, _case_document(seen, report, keep_names))
    emit_each(common, lambda one: rendered(one, report))
    if unsaved is not None:
        raise unsaved
    return exit_code(report)


def _copied(common: Common, found: Settings, form: str, simulate: str | None) -> int:
    """The request for another place. Nothing is signed or sent, and no secret is read."""
    from jwtdoctor.cli.common import OK
    from jwtdoctor.cli.copying import copied
    from jwtdoctor.knowledge.load import load

    if simulate is not None:
        raise BadInput("cannot go with --simulate, whose keys live as long as it runs", where="--copy")
    if common.others:
        raise BadInput("has a form of its own", where="--copy", do="leave --format out")
    knowledge = load()
    provider = knowledge.providers[provider_name(found, knowledge)]
    named = found.text("flow")
    flow = unnamed_flow(found, provider) if named is None else flow_name(named)
    if wants_proof(found) and flow == "api-jwt":
        narrate(common, "warning: no token is asked for in this flow, so the copy sends no DPoP proof")
    elif wants_proof(found) and "dpop_key" not in found:
        narrate(common, "note: the proof's key is dropped at once, so no API takes the token: --dpop-key FILE")
    emit(common, copied(form, found, provider, flow))
    return OK


def _refuse_unknown_client(found: Settings) -> None:
    """`--as` is looked up before anything is begun."""
    name = found.text("as")
    if name is not None:
        from jwtdoctor.assertions.clients import client_named

        client_named(name)


def _named_host(found: Settings) -> tuple[Observation, ...]:
    """`my_domain` as a fact. Raises BadInput for what is no host."""
    from jwtdoctor.probes.retry import bare_host

    text = found.text("my_domain")
    if text is None:
        return ()
    host = bare_host(text)
    if host is None:
        raise BadInput("is no host", where="--my-domain", expected="such as acme.my.salesforce.com")
    return (Observation("org.my_domain", host, source="user"),)


def _saved(common: Common, path: str, document: dict[str, Any]) -> BadInput | None:
    """Writes the case file. A problem is handed back: a login was spent, so the report comes first."""
    from jwtdoctor.intake.casefile import write_case

    try:
        write_case(path, document)
    except BadInput as problem:
        return problem
    narrate(common, f"case written: {one_line(path)}")
    return None


def _timeout(seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds <= 3600:
        raise BadInput("is out of range", where="--timeout", expected="a number of seconds above 0, at most 3600")
    return seconds


# --- what is to be tried


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case, and the world that it is tried in."""

    case: Case
    instruments: Instruments


@contextmanager
def _prepared(found: Settings, simulate: str | None, flags: Mapping[str, Any]) -> Iterator[Prepared]:
    if simulate is None:
        with _with_person(_real(found)) as prepared:
            yield prepared
        return
    for name, value in flags.items():
        if value not in (None, ()) and name not in WITH_SIMULATE:
            flag = f"--{name.replace('_', '-')}"
            raise BadInput("cannot go with --simulate, which brings its own", where=flag, do="leave one of them out")
    with _simulated(simulate, found) as prepared:
        yield prepared


def _real(found: Settings) -> Prepared:
    from jwtdoctor.instruments.system import real_instruments
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    slug = provider_name(found, knowledge)
    named = found.text("flow")
    flow = unnamed_flow(found, knowledge.providers[slug]) if named is None else flow_name(named)
    attempt, warnings = attempt_of(found, knowledge.providers[slug])
    instruments = real_instruments(
        ntp=found.several("ntp") or None, no_ntp=found.flag("no_ntp"), ca_file=found.text("ca_file")
    )
    if found.flag("audit"):
        instruments = replace(instruments, org=door_of(found), org_hints=hints_of(found))
    case = Case(provider=slug, flow=flow, attempt=attempt, reach=Reach.ENDPOINT, warnings=warnings)
    return Prepared(case, instruments)


@contextmanager
def _with_person(prepared: Prepared) -> Iterator[Prepared]:
    """A person, for the flows that want one: the redirect is waited for where it comes to this machine."""
    from jwtdoctor.cli.person import TerminalPerson
    from jwtdoctor.instruments.loopback import is_loopback_redirect, listening

    attempt = prepared.case.attempt
    if attempt is None or prepared.case.flow not in ("authorization-code", "device"):
        yield prepared
        return
    wants_code = prepared.case.flow == "authorization-code" and attempt.code is None
    if wants_code and is_loopback_redirect(attempt.redirect_uri):
        with listening(attempt.redirect_uri or "") as listener:
            moved = replace(attempt, redirect_uri=listener.redirect_uri)
            person = replace(prepared.instruments, person=TerminalPerson(listener))
            yield Prepared(replace(prepared.case, attempt=moved), person)
        return
    asked = TerminalPerson()
    is_device = prepared.case.flow == "device" and attempt.device_code is None
    yield Prepared(prepared.case, replace(prepared.instruments, person=asked if asked.is_there or is_device else None))


@contextmanager
def _simulated(name: str, found: Settings) -> Iterator[Prepared]:
    from jwtdoctor.instruments.system import real_instruments
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.simulator import simulated_check
    from jwtdoctor.simulator.staging import DEFAULT

    flow, provider = found.get("flow"), found.get("provider")
    wanted = flow_name(str(flow.value)) if flow is not None and flow.is_flag else None
    played = provider_name(found, load()) if provider is not None and provider.is_flag else DEFAULT
    with simulated_check(name, flow=wanted, provider=played) as staged:
        _agrees("flow", found, staged.flow)
        attempt = replace(staged.attempt, revoke=found.flag("revoke"), as_client=found.text("as"))
        attempt = replace(attempt, dpop=attempt.dpop or found.flag("dpop"))
        attempt = _with_its_own_audience(attempt, name, staged.client_facts)
        lifetime_s = found.get("lifetime")
        if lifetime_s is not None and lifetime_s.is_flag:
            attempt = replace(attempt, lifetime_s=int(found.number("lifetime") or 0))
        no_ntp = found.flag("no_ntp")
        # The stage's clock is known to the second that its margins need: narrowing it would only take time.
        instruments = replace(real_instruments(ntp=staged.ntp, no_ntp=no_ntp), host_clock=None)
        if found.flag("audit"):
            instruments = replace(instruments, org=staged_door(staged), org_hints=hints_of(found))
        case = Case(
            provider=staged.provider,
            flow=staged.flow,
            id=None,
            attempt=attempt,
            observations=tuple(staged.client_facts),
            reach=Reach.ENDPOINT,
            warnings=staged.warnings,
        )
        yield Prepared(case, instruments)


def _with_its_own_audience(attempt: Attempt, name: str, facts: Iterable[Observation]) -> Attempt:
    """In another client's shoes the audience is the one that it chooses for the host that is played, unless the
    audience is the staged fault."""
    from jwtdoctor.assertions.clients import client_named

    if attempt.as_client is None or "audience" in name:
        return attempt
    host = next((str(seen.value) for seen in facts if seen.fact == "request.token_host"), None)
    choose = client_named(attempt.as_client).audience
    if host is None or choose is None:
        return attempt
    return replace(attempt, audience=choose(f"https://{host}/services/oauth2/token"))


def _agrees(name: str, found: Settings, staged: str) -> None:
    """A flag that says the same as the stage is no mistake; one that says otherwise is."""
    setting = found.get(name)
    if setting is None or not setting.is_flag:
        return
    typed = flow_name(str(setting.value)) if name == "flow" else str(setting.value)
    if typed != staged:
        raise BadInput(f"the staged fault has {name} {staged}", where=f"--{name}", do="leave it out")


# --- running it


@dataclass(slots=True)
class Recorder:
    """A transport that remembers whether a login was begun, for whoever interrupts it."""

    inner: Transport
    has_posted: bool = field(default=False, init=False)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        self.has_posted = True
        return self.inner.post_form(request, deadline_s)

    def get(self, url: str, deadline_s: float) -> Exchange:
        return self.inner.get(url, deadline_s)


def _examined(common: Common, case: Case, instruments: Instruments, timeout_s: float) -> Report:
    from contextlib import closing

    from jwtdoctor.checkup import events

    report: Report | None = None
    with closing(events(case, instruments, timeout_s=timeout_s)) as happenings:  # type: ignore[type-var]
        for event in happenings:
            if isinstance(event, Concluded):
                report = event.report
            elif isinstance(event, ProbeStarted) and event.plan:
                _announce(common, event.plan)
            elif common.shows_progress:
                _tell(common, event)
    assert report is not None
    return report


def _announce(common: Common, plan: tuple[str, ...]) -> None:
    """What `--prove` may send, before it does: on stderr, watched or not."""
    number = "1 more login" if len(plan) == 1 else f"{len(plan)} more logins at most"
    narrate(common, f"--prove: {number}, after the 1 that was used")
    for step, does in enumerate(plan, 1):
        narrate(common, f"  {step}  {does}")


def _tell(common: Common, event: ProbeStarted | ProbeEnded) -> None:
    """One line as each probe ends; under `--verbose` also as it starts."""
    if isinstance(event, ProbeStarted):
        if common.verbose:
            narrate(common, f"  {event.at_s:5.2f} s  {event.probe:<10} begins")
        return
    match event.outcome:
        case Looked(probe=probe):
            what = event.saw
        case Skipped(probe=probe, reason=reason):
            what = f"not examined: {reason}"
        case Failed(probe=probe, reason=reason):
            what = f"failed: {reason}"
    narrate(common, f"  {event.at_s:5.2f} s  {probe:<10} {what}")


def _case_document(case: Case, report: Report, keep_names: bool) -> dict[str, Any]:
    """The attempt as a case file: what was observed, never what was derived, never what was sent."""
    from jwtdoctor.intake.casefile import case_to

    seen = replace(case, at=report.at, attempt=None)
    return case_to(seen, report.chart, keep_names=keep_names)
