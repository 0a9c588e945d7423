"""Two reports made by hand, free of the knowledge, and the golden files that show them in every format.

`python tests/render/render_samples.py` (from the root of the tree) writes the golden files anew; read the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.names import Likelihood, Outcome, Standing, Sureness
from jwtdoctor.model.provider import Claim
from jwtdoctor.model.report import Evidence, Looked, Question, Report, Skipped, Timeline, Verdict
from jwtdoctor.render import html, json, junit, markdown, sarif, text

GOLDEN = Path(__file__).parent / "golden"
T = 1795301245.0
SOURCE = "https://example.com/a/page/that/says/so"


def evidence(
    fact: str, observed: bool | float | str | None, standing: Standing, weight: int, because: str, witness: str = ""
) -> Evidence:
    sureness = Sureness.MAINTAINER if weight else Sureness.INFERRED
    return Evidence(fact, observed, standing, weight, because, sureness, (SOURCE, SOURCE + "/2"), witness)


def clock_report() -> Report:
    """A clock that is 312.4 s slow: one cause, almost certain."""
    chart = Chart.of(
        [
            Observation("clock.ahead_s", -312.4, "ntp", 0.0123),
            Observation("reply.date_ahead_s", -312.0, "date", 1.02),
            Observation("reply.status", 400, "reply"),
            Observation("reply.error", "invalid_grant", "reply"),
            Observation("reply.description", "expired authorization code", "reply"),
            Observation("assertion.ttl_s", 180, "assertion"),
            Observation("assertion.iat_in_s", -312.4, "assertion"),
            Observation("assertion.exp_in_s", -132.4, "assertion"),
        ]
    )
    drift = Verdict(
        cause="clock-drift",
        title="This machine's clock is off by more than is tolerated",
        likelihood=Likelihood.ALMOST_CERTAIN,
        score=37,
        retryable=False,
        evidence=(
            evidence("reply.description", "expired authorization code", Standing.PRIOR, 14,
                     "for a bearer assertion, exp had passed when it arrived", "refusal"),
            evidence("clock.explains_expiry", True, Standing.FOR, 20,
                     "slow by more than the assertion lives and the server forgives", "clock"),
            evidence("reply.date_ahead_s", -312.0, Standing.ECHO, 0, "Date says the same", "clock"),
            evidence("clock.ahead_s", -312.4, Standing.ECHO, 0, "slow", "clock"),
            evidence("key.matches_certificate", True, Standing.AGAINST, -3,
                     'a wrong key is answered "invalid assertion"', "key.matches_certificate"),
            evidence("retry.granted_with_true_time", None, Standing.UNKNOWN, 0, "granted with true time", "retry"),
        ),
        remedy=(
            Remedy("Set the clock now (chrony; last sync 9 days ago).", command="sudo chronyc makestep"),
            Remedy("Until then sign with true time.", command="jwtdoctor sign --true-time --key /etc/acme/server.key "
                   "--client-id 3MVG9 --username 'ci user@acme.com' --audience https://login.salesforce.com"),
            Remedy("Ask the administrator.", where="Setup > Company Information", url="https://example.com/clock"),
        ),
        confirm="`jwtdoctor clock` must show it.",
        shows_in="Setup > Login History. No row is documented for this failure.",
        references=(SOURCE,),
    )  # fmt: skip
    other = Verdict(
        "assertion-expired", "The assertion was already expired when it arrived", Likelihood.POSSIBLE, 4, False,
        (evidence("reply.description", "expired authorization code", Standing.PRIOR, 4, "it may be", "refusal"),),
        (Remedy("Sign anew."),), "", "", (),
    )  # fmt: skip
    claims = (
        Claim("A JWT must arrive within 60 seconds of its iat.", "contradicted",
              "No page of the vendor says so. iat is not even required.", (SOURCE,), ("clock-drift",)),
        Claim("Certificates expire.", "confirmed", "They do.", (SOURCE,), ("certificate-expired",)),
    )  # fmt: skip
    return Report(
        command="check", at=T, took_s=0.9, provider="salesforce", flow="jwt-bearer", outcome=Outcome.REFUSED,
        logins_used=1, leaders=("clock-drift",), verdicts=(drift, other), claims=claims,
        findings=(Finding("thin-margin", "warning", "exp", "little was left", "sign longer"),),
        probes=(Looked("key", 0.001), Looked("clock", 0.041), Skipped("path", "the way to the host is simulated")),
        clocks=(
            ClockReading("ntp:time1.example", "agrees", -312.4, -312.5, -312.3),
            ClockReading("ntp:time2.example", "agrees", -312.4, -312.5, -312.3),
            ClockReading("ntp:time3.example", "refused", reason="no answer in 1.0 s"),
        ),
        chart=chart, profile="acme", host="acme.my.salesforce.com", clock_note="2 of 2 sources agree",
        timeline=Timeline(T - 312.4, T - 132.4, T - 312.4, T, True),
    )  # fmt: skip


def tie_report() -> Report:
    """Two causes that nothing separates, explained from a body, with foreign text that bites."""
    hostile = '<script>alert("x")</script> \x1b[31mred\x1b[0m *bold* [a](b) user hasn\'t approved'
    chart = Chart.of([Observation("reply.description", hostile, "reply"), Observation("reply.status", 400, "reply")])

    def cause(slug: str, title: str, weight: int) -> Verdict:
        said = evidence("reply.description", hostile, Standing.PRIOR, weight, "a usual cause", "refusal")
        steps = tuple(Remedy(f"Step {n} of {slug}.", where=f"Setup > Step {n}") for n in (1, 2, 3))
        return Verdict(slug, title, Likelihood.LIKELY, weight, False, (said,), steps, "", "Nowhere.", ())

    return Report(
        command="explain", at=None, took_s=0.0, provider="salesforce", flow=None, outcome=Outcome.REFUSED,
        logins_used=0, leaders=("user-not-preauthorized", "wrong-login-host"),
        verdicts=(
            cause("user-not-preauthorized", "The app is not set to pre-authorised users", 8),
            cause("wrong-login-host", "The request went to a host that does not serve this org", 7),
        ),
        questions=(
            Question("app.permitted_users", "What is Permitted Users of the app?",
                     ("admin-approved", "self-authorize"), ("user-not-preauthorized",)),
            Question("login_history.status", "What does Login History show?", ("Failed: Not approved for access",),
                     ("wrong-login-host",)),
            Question("clock.ahead_s", "How far is the clock off?", (), ("wrong-login-host",), "jwtdoctor clock"),
        ),
        chart=chart, warnings=("reply.txt: some bytes are not UTF-8 and were replaced",), case="a case",
    )  # fmt: skip


REPORTS: dict[str, Callable[[], Report]] = {"clock": clock_report, "tie": tie_report}
FORMATS: dict[str, Callable[[Report], str]] = {
    "txt": text.text,
    "verbose.txt": lambda report: text.text(report, verbose=True),
    "ascii-60.txt": lambda report: text.text(report, width=60, ascii=True),
    "md": markdown.markdown,
    "html": html.html,
    "junit.xml": junit.junit,
    "sarif.json": sarif.sarif,
    "json": json.json,
}

if __name__ == "__main__":
    for name, make in REPORTS.items():
        for ending, render in FORMATS.items():
            (GOLDEN / f"{name}.{ending}").write_text(render(make()), encoding="utf-8")
