"""`--prove`: at most two more logins, each an experiment that one open question hangs on.

An experiment changes one thing of the request that was refused: the time that it is signed with, its audience, or the
host that it is sent to. It is chosen only where the cause that it would prove is still thought of, and where the other
value is known: true time as time servers told it, the audience that the kind of org or the host asks for, a host that
the user named (`org.my_domain`) or the same vendor's other login host.

Decisions:
- A code, a device code and a refresh token are spent or put at risk by a second use, and a wrong password counts
  towards a lock: such requests are never repeated. Nothing is repeated either where a limit or a lock is suspected,
  or where the platform is down.
- A refusal *with another text* proves nothing of the kind `granted: false` says: the first obstacle is gone, and
  another stands behind it. It becomes a finding and no fact.
- Where no time server answers, the token host's `Date` is the time that is signed with: it is the clock that judges.
  A grant then says that the two clocks differ, and not which of them is off.
- Once the clock is known to be wrong, the second experiment is signed with true time too, since an assertion that is
  refused for its time says nothing of its audience.
- A host brings its audience with it where the present one belongs to the other side of the line between sandboxes
  and the rest: aud and host of the wrong pool are one fault (`wrong-login-host`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.names import Outcome, Standing
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning import salesforce_hosts as hosts
from jwtdoctor.reasoning.weigh import SCALE

MOST = 2
"""Further logins at most."""
NEAR = 12
"""A cause within so many points of the first is open enough to be worth a login."""
SIGNIFICANT_S = 2.0
"""A clock within this of true time signs the same request again."""
ROOM_LEFT = 0.9
"""Of a limit on logins: beyond this share none is spent on a proof."""
SIGNING = ("jwt-bearer", "private-key-jwt")
REPEATABLE = (*SIGNING, "client-credentials")
ONCE_ONLY = {
    "authorization-code": "a code can be used once",
    "device": "a device code can be used once",
    "refresh-token": "a second use may revoke the refresh token",
    "password": "each refusal counts towards a lock of the user",
    "saml-bearer": "the assertion was made elsewhere",
    "token-exchange": "the subject token was made elsewhere",
}
NARROW = 4
"""Causes in a tie: with more of them, being in it means no suspicion."""
HANDS_OFF = {
    "rate-limited": "the login rate may be used up",
    "password-locked": "the user may be locked",
    "password-wrong": "a further refusal may lock the user",
    "platform-maintenance": "the platform is down",
    "platform-transient": "the platform asks to wait",
}
"""Causes that forbid a further login as long as they lead."""

What = Literal["time", "audience", "host"]
_PROVES: dict[What, str] = {"time": "clock-drift", "audience": "wrong-audience", "host": "wrong-login-host"}


@dataclass(frozen=True, slots=True)
class Experiment:
    """One login that differs from the refused one in one thing. `ahead_s` is taken off the clock when it is signed."""

    what: What
    fact: str
    does: str
    attempt: Attempt
    ahead_s: float = 0.0
    host: str | None = None
    """The host that a listener on loopback is to play; None: the URL names the host."""
    refutes: bool = True
    """Whether a refusal speaks against the cause: not where the other host is a mere guess."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be tried, in order, or why nothing is."""

    experiments: tuple[Experiment, ...] = ()
    reason: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        """One line an experiment. The second is sent only where the first is refused."""
        return tuple(e.does if n == 0 else f"only if that is refused: {e.does}" for n, e in enumerate(self.experiments))


@dataclass(frozen=True, slots=True)
class Result:
    """What an experiment showed: a fact, or a finding where the answer was another refusal."""

    observations: tuple[Observation, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    granted: bool = False


def plan(report: Report, attempt: Attempt, provider: Provider, flow: str) -> Plan:
    """The experiments that the report leaves open. Pure: what stands in the plan is all that may be sent."""
    reason = _why_not(report, attempt, provider, flow)
    if reason:
        return Plan(reason=reason)
    open_causes = _open(report)
    found = [e for make in (_time, _audience, _host) if (e := make(report, attempt, provider, flow)) is not None]
    chosen = sorted(
        (e for e in found if _PROVES[e.what] in open_causes), key=lambda e: open_causes.index(_PROVES[e.what])
    )[:MOST]
    if not chosen:
        return Plan(reason=_nothing_open(found, open_causes))
    return Plan(_with_true_time(tuple(chosen)))


def result_of(experiment: Experiment, before: Chart, seen: tuple[Observation, ...]) -> Result:
    """What the answer to an experiment says. `before` holds the first refusal, `seen` the facts of the new answer."""
    after = Chart.of(seen)
    if after.flag("reply.granted"):
        return Result((Observation(experiment.fact, True, "retry"),), granted=True)
    if "path.failure" in after or "reply.status" not in after:
        return Result()
    told, tells = _text(before), _text(after)
    if told and tells and told != tells:
        return Result(findings=(_another(experiment, tells),))
    return Result((Observation(experiment.fact, False, "retry"),) if experiment.refutes else ())


# --- whether a login may be spent at all -----------------------------------------------------------------------------


def _why_not(report: Report, attempt: Attempt, provider: Provider, flow: str) -> str:
    if report.outcome is Outcome.GRANTED:
        return "a token was granted: there is nothing to prove"
    if report.outcome is not Outcome.REFUSED:
        return "the endpoint gave no answer that a second login could be compared with"
    if flow not in REPEATABLE:
        return f"{flow} is not repeated: {ONCE_ONLY.get(flow, 'it is not known to be safe')}"
    for cause in report.leaders:
        if cause in HANDS_OFF and _is_suspected(cause, report):
            return f"nothing more is sent while {cause} leads: {HANDS_OFF[cause]}"
    if report.chart.number("reply.status") == 429:
        return "the endpoint asks for fewer requests (429)"
    if attempt.ready_assertion is not None:
        return "the assertion was made elsewhere, so no other can be signed"
    return _limit_is_near(report.chart, provider)


def _is_suspected(cause: str, report: Report) -> bool:
    """Whether something points to it. A bare refusal leaves everything that it may mean in one wide tie."""
    verdict = report.verdict(cause)
    seen = verdict is not None and any(e.standing is Standing.FOR for e in verdict.evidence)
    return seen or len(report.leaders) <= NARROW


def _limit_is_near(chart: Chart, provider: Provider) -> str:
    limit, used = provider.limit("logins_per_hour"), chart.number("history.logins_last_hour")
    if limit is not None and used is not None and used + MOST >= limit * ROOM_LEFT:
        return f"{used:.0f} of {limit:.0f} logins an hour are used up"
    return ""


def _open(report: Report) -> list[str]:
    """The causes that are still thought of, the first first."""
    if not report.verdicts:
        return []
    first = report.verdicts[0].score
    return [v.cause for v in report.verdicts if first - v.score <= NEAR and v.score >= SCALE.unlikely]


def _nothing_open(found: list[Experiment], open_causes: list[str]) -> str:
    if not open_causes:
        return "no cause is thought of that another login could prove"
    if not found:
        return "neither another time, another audience nor another host is known to try"
    return f"what could be tried ({', '.join(e.what for e in found)}) is not in question"


# --- the experiments -------------------------------------------------------------------------------------------------


def _time(report: Report, attempt: Attempt, provider: Provider, flow: str) -> Experiment | None:  # noqa: ARG001
    known = "clock.ahead_s" if "clock.ahead_s" in report.chart else "reply.date_ahead_s"
    ahead_s = report.chart.number(known)
    if ahead_s is None or not (flow in SIGNING or attempt.dpop):
        return None
    if abs(ahead_s) <= SIGNIFICANT_S + report.chart.uncertainty(known):
        return None
    side = "fast" if ahead_s > 0 else "slow"
    fact, does = "retry.granted_with_true_time", f"sign with true time (this clock is {abs(ahead_s):.1f} s {side})"
    if known == "reply.date_ahead_s":
        fact = "retry.granted_with_host_time"
        does = f"sign with the token host's time (against its Date this clock is {abs(ahead_s):.0f} s {side})"
    return Experiment("time", fact, does, afresh(attempt), ahead_s)


def _audience(report: Report, attempt: Attempt, provider: Provider, flow: str) -> Experiment | None:
    now = report.chart.text("assertion.aud")
    if flow not in SIGNING:
        return None
    other = next((a for a in _audiences(report.chart, now, attempt, provider, flow) if a and a != now), None)
    if other is None:
        return None
    return Experiment(
        "audience", "retry.granted_with_audience", f"sign for the audience {other}", with_audience(attempt, other)
    )


def _audiences(
    chart: Chart, now: str | None, attempt: Attempt, provider: Provider, flow: str
) -> tuple[str | None, ...]:
    """The audiences that evidence points to, the best founded first."""
    from jwtdoctor.probes.local import default_audience

    if provider.slug != "salesforce":
        return (default_audience(attempt.token_url, provider, flow, attempt.client_id),)
    org, host = chart.text("org.kind"), chart.text("request.token_host") or ""
    of_org = None if org is None else _login_of("sandbox" if hosts.is_sandbox_like(org) else "production")
    side = hosts.side(hosts.host_kind(host))
    of_host = None if side is None else _login_of(side)
    own = hosts.host_of_url(now or "")
    counterpart = _counterpart(own) if own else None
    return (of_org, of_host, f"https://{counterpart}" if counterpart else None)


def _host(report: Report, attempt: Attempt, provider: Provider, flow: str) -> Experiment | None:
    now = (report.chart.text("request.token_host") or "").lower()
    named = bare_host(report.chart.text("org.my_domain") or "")
    other = named if named and named != now else _guessed_host(report.chart, now, provider, flow)
    if not other or other == now:
        return None
    why = "the org's own domain, which you named" if other == named else "the same vendor's other login host"
    moved = _moved(attempt, other)
    if flow in SIGNING and provider.slug == "salesforce":
        moved = _with_fitting_audience(moved, report.chart, other)
    plays = other if moved.token_url == attempt.token_url else None
    does = f"send it to {other} ({why})"
    return Experiment("host", "retry.granted_with_host", does, afresh(moved), host=plays, refutes=other == named)


def _guessed_host(chart: Chart, now: str, provider: Provider, flow: str) -> str | None:
    """The same vendor's other login host, where one of the two can serve such a request at all."""
    needs_my_domain = flow == "client-credentials" or chart.text("app.kind") == "external-client-app"
    return None if provider.slug != "salesforce" or needs_my_domain else _counterpart(now)


def _counterpart(host: str) -> str | None:
    """Salesforce documents two login hosts, for production and for sandboxes (help, xcloud.domain_name_url_formats)."""
    return {"login.salesforce.com": "test.salesforce.com", "test.salesforce.com": "login.salesforce.com"}.get(host)


def bare_host(text: str) -> str | None:
    """The host of `acme.my.salesforce.com` or of `https://acme.my.salesforce.com/…`; None for what is neither."""
    host = hosts.host_of_url(text if "://" in text else f"https://{text}") or ""
    fits = 0 < len(host) <= 253 and "." in host and all(c.isalnum() or c in "-." for c in host)
    return host.lower() if fits else None


def _moved(attempt: Attempt, host: str) -> Attempt:
    """The attempt sent to another host. A loopback listener plays its hosts, so there the URL stays."""
    parts = urlsplit(attempt.token_url)
    if _is_loopback(parts.hostname or ""):
        return attempt
    return replace(attempt, token_url=urlunsplit(("https", host, parts.path, "", "")))


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _with_fitting_audience(attempt: Attempt, chart: Chart, host: str) -> Attempt:
    audience = chart.text("assertion.aud") or ""
    kind = hosts.host_kind(hosts.host_of_url(audience) or "")
    side = hosts.side(hosts.host_kind(host))
    if side is None or hosts.same_world(kind, hosts.host_kind(host)) is not False:
        return attempt
    return with_audience(attempt, _login_of(side))


def _login_of(side: str) -> str:
    return "https://test.salesforce.com" if side == "sandbox" else "https://login.salesforce.com"


def with_audience(attempt: Attempt, audience: str) -> Attempt:
    """The attempt with another `aud`, wherever it stood, and with a fresh `jti`."""
    fresh = afresh(attempt)
    others = {name: value for name, value in fresh.extra_claims.items() if name != "aud"}
    spec = None if fresh.assertion is None else replace(fresh.assertion, audience=audience)
    return replace(fresh, audience=audience, extra_claims=others, assertion=spec)


def afresh(attempt: Attempt) -> Attempt:
    """The attempt with a new `jti` where it names one: the same twice is a replay."""
    if attempt.extra_claims.get("jti") is None:
        return attempt
    return replace(attempt, extra_claims={**attempt.extra_claims, "jti": str(uuid4())})


def _with_true_time(chosen: tuple[Experiment, ...]) -> tuple[Experiment, ...]:
    """The time first, where it is in question, and the other experiment with true time as well."""
    timed = next((e for e in chosen if e.what == "time"), None)
    if timed is None:
        return chosen
    whose = "true time" if timed.fact == "retry.granted_with_true_time" else "the host's time"
    others = (replace(e, ahead_s=timed.ahead_s, does=f"{e.does}, with {whose}") for e in chosen if e is not timed)
    return (timed, *others)


# --- reading an answer -----------------------------------------------------------------------------------------------


def _text(chart: Chart) -> str:
    return " ".join(
        " ".join((chart.text(fact) or "").lower().split()) for fact in ("reply.error", "reply.description")
    ).strip()


def _another(experiment: Experiment, tells: str) -> Finding:
    follows = "so that the first obstacle is gone and a second stands behind it"
    if experiment.what == "host":
        follows = "which proves neither host right"
    return Finding(
        "refused-for-another-reason",
        "warning",
        experiment.what,
        f"{experiment.does}: the answer was another one ({tells[:200]}), {follows}",
        "" if experiment.what == "host" else "mend the first, then run check again: it will examine the second",
    )
