"""`jwtdoctor audit`: the org behind a failing integration, read with an administrator's session. It changes nothing.

Decisions where the contract is silent:
- Exit 0: nothing in the org speaks against the login; 1: something does, or did; 3: the org could not be read.
- What was only not visible is no error: the report names it, with the permission that would show it.
- Without `--flow` it is jwt-bearer, as for `check`. The key of the profile is compared with the app's certificate.
- `--simulate` stages a fault in an org on loopback and lets its integration try one login first, as in the field
  something has failed before anybody asks why.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.attempt import DEFAULT_FLOW, flow_name, gather, secret_of
from jwtdoctor.cli.common import (
    NOTHING_LEARNT,
    OK,
    REFUSED,
    Common,
    common_options,
    emit_each,
    narrate,
    one_line,
    refuse_unwritable_outputs,
)
from jwtdoctor.cli.completion import flows, staged_faults
from jwtdoctor.cli.facts import Told, told
from jwtdoctor.cli.orgs import door_of, hints_of, org_options, staged_door
from jwtdoctor.cli.reports import FORMATS, last_case, rendered
from jwtdoctor.errors import BadInput
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.instruments.ports import OrgApi
    from jwtdoctor.model.case import Attempt, Case
    from jwtdoctor.model.chart import Observation
    from jwtdoctor.org.audit import Target

DEFAULT_TIMEOUT_S = 60.0
BESIDE_SIMULATE = ("app", "caller_ip", "timeout")
"""Settings that mean something beside `--simulate`."""


@click.command("audit", short_help="Read the org behind a failing login, as its administrator.")
@click.argument("profile", required=False)
@org_options
@click.option("--client-id", metavar="ID", help="Consumer key of the app.")
@click.option("--username", metavar="NAME", help="User that the integration logs in as.")
@click.option("--flow", metavar="NAME", shell_complete=flows, help=f"Which grant.  [default: {DEFAULT_FLOW}]")
@click.option("--key", metavar="FILE", help="Private key, to compare with the app's certificate.")
@click.option("--redirect-uri", metavar="URI", help="redirect_uri that the client sends.")
@click.option("--last", is_flag=True, help="With the last check of this profile: what it was told, and the org.")
@click.option("--apps", is_flag=True, help="Every app of the org that is at risk.")
@click.option("--fact", multiple=True, metavar="NAME=VALUE", help="What you know besides, or NAME=unknown; repeatable.")
@click.option("--ca-file", metavar="FILE", help="Certificates to trust besides the system's.")
@click.option("--timeout", type=float, metavar="S", help=f"Seconds for all of it.  [default: {DEFAULT_TIMEOUT_S:g}]")
@click.option(
    "--simulate",
    is_flag=False,
    flag_value="healthy",
    metavar="[FAULT]",
    shell_complete=staged_faults,
    help="An org on loopback with a staged fault.  [without FAULT: healthy]",
)
@common_options(*FORMATS, several=True)
def command(
    common: Common,
    profile: str | None,
    apps: bool,
    last: bool,
    fact: tuple[str, ...],
    simulate: str | None,
    **flags: Any,
) -> int:
    """Reads the org behind a login: app, user, addresses, settings, Login History. Read only.

    The session is an administrator's: --sf ALIAS, or --access-token REF with --instance-url.
    """
    refuse_unwritable_outputs(common)
    timeout_s = _timeout(flags["timeout"])
    found = gather(common, flags, profile=profile)
    for warning in found.warnings:
        narrate(common, f"warning: {warning}")
    timeout_s = timeout_s or _timeout(found.number("timeout")) or DEFAULT_TIMEOUT_S
    typed = told((*found.several("fact"), *fact))
    case = _last_case(found) if last and not apps else None
    with _opened(found, simulate, flags) as opened:
        report = _risks(found, opened, timeout_s) if apps else _audited(common, found, opened, typed, case, timeout_s)
    emit_each(common, lambda one: rendered(one, report))
    return exit_code(report)


def exit_code(report: Report) -> int:
    """0 nothing speaks against it, 1 something does, 3 the org could not be read."""
    if any(finding.rule == "org-not-read" for finding in report.findings):
        return NOTHING_LEARNT
    is_bad = bool(report.leaders) or report.outcome is Outcome.REFUSED
    return REFUSED if is_bad or any(finding.severity == "error" for finding in report.findings) else OK


def _timeout(seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds <= 3600:
        raise BadInput("is out of range", where="--timeout", expected="a number of seconds above 0, at most 3600")
    return seconds


# --- the org and what is looked for


@dataclass(frozen=True, slots=True)
class Opened:
    """An org that can be read, and the integration to look for in it."""

    api: OrgApi
    target: Target
    key: PrivateKey | None = None
    known: tuple[Observation, ...] = ()


@contextmanager
def _opened(found: Settings, simulate: str | None, flags: Mapping[str, Any]) -> Iterator[Opened]:
    if simulate is None:
        yield Opened(door_of(found), _target(found), _key(found))
        return
    for name, value in flags.items():
        if value not in (None, ()) and name not in BESIDE_SIMULATE:
            flag = f"--{name.replace('_', '-')}"
            raise BadInput("cannot go with --simulate, which brings its own", where=flag, do="leave one of them out")
    with _simulated(simulate, found) as opened:
        yield opened


def _target(found: Settings) -> Target:
    from jwtdoctor.org.audit import Target

    hints = hints_of(found)
    return Target(
        client_id=found.text("client_id") or "",
        username=found.text("username") or "",
        flow=flow_name(found.text("flow") or DEFAULT_FLOW),
        app=hints.app,
        caller_ip=hints.caller_ip,
        redirect_uri=found.text("redirect_uri"),
    )


def _key(found: Settings) -> PrivateKey | None:
    """The private key that signs, where one is named. Raises BadKey."""
    path = found.text("key")
    if path is None:
        return None
    from jwtdoctor.model.case import Attempt

    return _loaded(Attempt("", key_path=path, key_passphrase=secret_of(found, "key_passphrase")))


def _loaded(attempt: Attempt) -> PrivateKey | None:
    from jwtdoctor.probes.local import look_at_key

    return None if attempt.key_path is None and attempt.key_pem is None else look_at_key(attempt, time.time()).key


@contextmanager
def _simulated(name: str, found: Settings) -> Iterator[Opened]:
    """A staged org in which the integration has just tried to log in once."""
    from jwtdoctor.checkup import examine, target_of
    from jwtdoctor.instruments.system import real_instruments
    from jwtdoctor.model.case import Case
    from jwtdoctor.model.names import Reach
    from jwtdoctor.simulator import simulated_check

    with simulated_check(name) as staged:
        case = Case(provider=staged.provider, flow=staged.flow, attempt=staged.attempt, reach=Reach.ENDPOINT)
        examine(case, real_instruments(no_ntp=True), timeout_s=5.0)
        target = target_of(staged.attempt, staged.flow, hints_of(found))
        yield Opened(staged_door(staged), target, _loaded(staged.attempt), tuple(staged.client_facts))


# --- reading it


def _audited(
    common: Common, found: Settings, opened: Opened, typed: Told, case: Case | None, timeout_s: float
) -> Report:
    from jwtdoctor.checkup import explain_case
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.org.audit import audit, pairs_with
    from jwtdoctor.org.report import joined, report_of
    from jwtdoctor.org.session import OrgSession

    if not opened.target.client_id and not opened.target.app and not opened.target.username:
        raise BadInput("nothing was named to look for", expected="a profile, or --client-id, --app or --username")
    began = time.monotonic()
    now = time.time()
    if common.shows_progress:
        narrate(common, f"reading the org as to {one_line(opened.target.username or opened.target.app or 'the app')}")
    target = opened.target if case is None else replace(opened.target, since=case.at)
    audited = audit(OrgSession(opened.api, ends_at=began + timeout_s), target, now)
    known = (*opened.known, *pairs_with(opened.key, audited.certificate), *typed.observations)
    if case is not None:
        seen = replace(case, observations=(*case.observations, *audited.observations, *known), profile=found.profile)
        report = joined(explain_case(replace(seen, not_known=typed.not_known), load()), audited)
        return replace(report, took_s=round(time.monotonic() - began, 3))
    return report_of(
        audited,
        load(),
        flow=target.flow,
        at=now,
        known=known,
        profile=found.profile,
        took_s=round(time.monotonic() - began, 3),
        not_known=typed.not_known,
    )


def _last_case(found: Settings) -> Case:
    """The last check of this profile, as it was kept. Raises BadInput where there is none."""
    from jwtdoctor.intake.read import read

    kept = last_case(found.profile)
    if kept is None:
        raise BadInput("no check is kept here", where="--last", expected="a jwtdoctor check of this profile before it")
    return read(kept[0])


def _risks(found: Settings, opened: Opened, timeout_s: float) -> Report:
    from jwtdoctor.org.report import report_of_risks
    from jwtdoctor.org.risks import risks
    from jwtdoctor.org.session import OrgSession

    began = time.monotonic()
    seen = risks(OrgSession(opened.api, ends_at=began + timeout_s), time.time())
    took_s = round(time.monotonic() - began, 3)
    return report_of_risks(seen, at=time.time(), profile=found.profile, took_s=took_s)
