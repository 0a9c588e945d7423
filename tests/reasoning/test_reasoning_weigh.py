"""The weighing, on a little made-up knowledge in which every number can be followed by eye."""

from __future__ import annotations

from typing import Any

import pytest

from jwtdoctor.knowledge.load import Knowledge, knowledge_of
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Likelihood, Standing
from jwtdoctor.model.report import Report, Verdict
from jwtdoctor.reasoning.conclude import Seen, conclude
from jwtdoctor.reasoning.weigh import SCALE

URL = "https://vendor.example/page"


def clue(fact: str, operand: Any, operator: str = "is", sureness: str = "documented", **side: str) -> dict[str, Any]:
    return {"fact": fact, operator: operand, "because": "so it is", "sureness": sureness, "sources": [URL], **side}


def cause(title: str, *clues: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": title, "explanation": title, "how_common": "common", "clues": list(clues), **more}


def reading(slug: str, usual: str = "usual", sureness: str = "documented", **more: Any) -> dict[str, Any]:
    return {"cause": slug, "usual": usual, "sureness": sureness, "sources": [URL], **more}


def response(name: str, *readings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "where": "token", "readings": list(readings), **more}


def made_up(*responses: dict[str, Any], **causes: Any) -> Knowledge:
    provider = {"title": "Vendor", "responses": list(responses), "limits": {}}
    empty = {"title": "Any", "responses": []}
    tables = {slug.replace("_", "-"): table for slug, table in causes.items()}
    return knowledge_of({"causes": tables, "providers": {"vendor": provider, "generic": empty}, "aliases": {}})


def judged(knowledge: Knowledge, *, flow: str = "jwt-bearer", **facts: Value) -> Report:
    named = {name.replace("__", "."): value for name, value in facts.items()}
    chart = Chart.of(Observation(name, value) for name, value in named.items())
    return conclude(Seen(chart=chart, provider="vendor", flow=flow), knowledge)


def verdict(report: Report, slug: str) -> Verdict:
    found = report.verdict(slug)
    assert found is not None
    return found


KEY = cause(
    "key",
    clue("key.matches_certificate", False, **{"for": "decisive"}),
    clue("key.matches_certificate", True, against="strong"),
)
AUDIENCE = cause("audience", clue("assertion.aud_type", "array", **{"for": "strong"}))


def test_without_a_text_a_cause_starts_from_how_common_it_is() -> None:
    report = judged(made_up(key=KEY), key__matches_certificate=False)

    assert verdict(report, "key").score == SCALE.general["common"] + SCALE.clue["decisive"]


def test_a_text_replaces_the_general_prior_by_its_reading() -> None:
    text = response("r", reading("key"), error="invalid_grant", description="bad signature")

    report = judged(made_up(text, key=KEY), reply__error="invalid_grant", reply__description="Bad signature.")

    assert verdict(report, "key").score == SCALE.reading["usual"]


def test_a_text_speaks_against_what_it_does_not_list() -> None:
    text = response("r", reading("key"), error="invalid_grant", description="bad signature")

    report = judged(
        made_up(text, key=KEY, audience=AUDIENCE),
        reply__error="invalid_grant", reply__description="bad signature", assertion__aud_type="array",
    )  # fmt: skip

    expected = SCALE.general["common"] + SCALE.unlisted + SCALE.clue["strong"]
    assert verdict(report, "audience").score == expected


def test_a_transparent_text_speaks_against_nothing() -> None:
    text = response(
        "r", reading("key", "often"), error="invalid_grant", description="something failed", transparent=True
    )

    report = judged(
        made_up(text, key=KEY, audience=AUDIENCE), reply__description="something failed", assertion__aud_type="array"
    )

    assert verdict(report, "audience").score == SCALE.general["common"] + SCALE.clue["strong"]


def test_a_bare_invalid_grant_is_no_text() -> None:
    text = response("r", reading("audience"), error="invalid_grant", description="audience is invalid")

    report = judged(
        made_up(text, key=KEY, audience=AUDIENCE), reply__error="invalid_grant", key__matches_certificate=False
    )

    assert report.leaders == ("key",)


def test_the_flow_decides_between_readings_of_one_text() -> None:
    text = response(
        "r", reading("key", flows=["jwt-bearer"]), reading("audience", flows=["refresh-token"]),
        error="invalid_grant", description="expired",
    )  # fmt: skip
    knowledge = made_up(text, key=KEY, audience=AUDIENCE)

    assert judged(knowledge, flow="jwt-bearer", reply__description="expired").leaders == ("key",)
    assert judged(knowledge, flow="refresh-token", reply__description="expired").leaders == ("audience",)


def test_two_sightings_of_one_event_count_once() -> None:
    drift = cause(
        "drift",
        clue("clock.ahead_s", -60, "below", **{"for": "strong"}),
        clue("reply.date_ahead_s", -60, "below", **{"for": "moderate"}),
    )

    report = judged(made_up(drift=drift), clock__ahead_s=-300.0, reply__date_ahead_s=-300.0)

    found = verdict(report, "drift")
    assert found.score == SCALE.general["common"] + SCALE.clue["strong"]
    assert [e.standing for e in found.evidence if e.fact == "reply.date_ahead_s"] == [Standing.ECHO]


def test_equally_strong_signs_of_one_event_that_disagree_do_not_count() -> None:
    drift = cause(
        "drift",
        clue("clock.ahead_s", -60, "below", **{"for": "strong"}),
        clue("reply.date_ahead_s", -60, "above", against="strong"),
    )

    report = judged(made_up(drift=drift), clock__ahead_s=-300.0, reply__date_ahead_s=0.0)

    found = verdict(report, "drift")
    assert found.score == SCALE.general["common"]
    assert "disagree" in " ".join(e.because for e in found.evidence)


def test_a_clue_whose_fact_was_not_seen_weighs_nothing_and_is_remembered() -> None:
    both = cause("both", *KEY["clues"], *AUDIENCE["clues"])

    found = verdict(judged(made_up(both=both), key__matches_certificate=False), "both")

    assert [(e.fact, e.weight) for e in found.evidence if e.standing is Standing.UNKNOWN] == [("assertion.aud_type", 0)]


def test_a_clue_of_another_flow_does_not_speak() -> None:
    only_code = cause(
        "pkce", {**clue("request.sends_scope", True, **{"for": "strong"}), "flows": ["authorization-code"]}
    )

    assert judged(made_up(pkce=only_code), flow="jwt-bearer", request__sends_scope=True).verdicts == ()


def test_login_history_decides_where_it_and_the_reply_differ() -> None:
    reply = response(
        "r", reading("key"), reading("audience", "often"), error="invalid_grant", description="authentication failure"
    )
    row = {**response("lh", reading("audience", "sole"), description="Audience Invalid"), "where": "login-history"}

    report = judged(
        made_up(reply, row, key=KEY, audience=AUDIENCE),
        reply__description="authentication failure", login_history__status="Failed: Audience invalid",
    )  # fmt: skip

    assert report.leaders == ("audience",)
    assert verdict(report, "audience").score == SCALE.reading["sole"]


def test_causes_within_three_points_of_the_first_are_a_tie() -> None:
    text = response("r", reading("key", "usual"), reading("audience", "usual"), error="e", description="vague words")

    report = judged(made_up(text, key=KEY, audience=AUDIENCE), reply__error="e", reply__description="vague words")

    assert report.leaders == ("audience", "key")


def test_a_question_asks_for_the_fact_that_breaks_a_tie() -> None:
    text = response("r", reading("key", "usual"), reading("audience", "usual"), error="e", description="vague words")

    report = judged(made_up(text, key=KEY, audience=AUDIENCE), reply__error="e", reply__description="vague words")

    assert report.questions[0].fact == "key.matches_certificate"
    assert "key" in report.questions[0].separates
    assert report.questions[0].command is not None


def test_no_question_is_asked_about_what_is_known() -> None:
    text = response("r", reading("key", "usual"), reading("audience", "usual"), error="e", description="vague words")

    report = judged(
        made_up(text, key=KEY, audience=AUDIENCE),
        reply__error="e",
        reply__description="vague words",
        key__matches_certificate=True,
    )

    assert "key.matches_certificate" not in [q.fact for q in report.questions]


SURE = [
    clue("key.matches_certificate", False, **{"for": "decisive"}),
    clue("app.certificate_uploaded", True, **{"for": "decisive"}),
]


def test_two_independent_witnesses_can_make_it_almost_certain() -> None:
    report = judged(made_up(key=cause("key", *SURE)), key__matches_certificate=False, app__certificate_uploaded=True)

    assert report.verdicts[0].likelihood is Likelihood.ALMOST_CERTAIN


def test_one_witness_alone_never_makes_it_almost_certain() -> None:
    text = response("r", reading("key", "usual"), error="e", description="odd words", transparent=True)
    loud = cause("key", clue("key.matches_certificate", False, **{"for": "decisive"}), how_common="common")

    report = judged(made_up(key=loud), key__matches_certificate=False)

    assert report.verdicts[0].likelihood is not Likelihood.ALMOST_CERTAIN
    assert text["transparent"]


def test_almost_certain_never_rests_on_an_inference() -> None:
    inferred = [{**row, "sureness": "inferred"} for row in SURE]

    report = judged(
        made_up(key=cause("key", *inferred)), key__matches_certificate=False, app__certificate_uploaded=True
    )

    assert report.verdicts[0].score >= SCALE.almost_certain
    assert report.verdicts[0].likelihood is not Likelihood.ALMOST_CERTAIN


def test_almost_certain_needs_a_lead_of_ten_points() -> None:
    near = cause("near", *SURE)

    report = judged(
        made_up(key=cause("key", *SURE), near=near), key__matches_certificate=False, app__certificate_uploaded=True
    )

    assert [v.likelihood for v in report.verdicts] == [Likelihood.LIKELY, Likelihood.LIKELY]


@pytest.mark.parametrize(
    ("sureness", "word"), [("documented", Likelihood.ALMOST_CERTAIN), ("field-report", Likelihood.LIKELY)]
)
def test_a_documented_text_with_one_reading_suffices_on_its_own(sureness: str, word: Likelihood) -> None:
    text = response("r", reading("key", "sole", sureness), error="e", description="only this")

    report = judged(made_up(text, key=KEY), reply__error="e", reply__description="only this")

    assert report.verdicts[0].likelihood is word


def test_a_granted_token_leaves_only_causes_of_a_useless_one() -> None:
    useless = cause("useless", clue("app.has_api_scope", False, **{"for": "strong"}), on_granted=True)

    report = judged(
        made_up(key=KEY, useless=useless), reply__granted=True, key__matches_certificate=False, app__has_api_scope=False
    )

    assert [v.cause for v in report.verdicts] == ["useless"]


def test_nothing_observed_gives_no_verdict() -> None:
    report = judged(made_up(key=KEY))

    assert report.verdicts == ()
    assert report.leaders == ()


def test_verdicts_of_one_score_are_in_the_order_of_their_slugs() -> None:
    twin = cause("twin", *KEY["clues"])

    report = judged(made_up(zeta=twin, alpha=twin, mid=twin), key__matches_certificate=False)

    assert [v.cause for v in report.verdicts] == ["alpha", "mid", "zeta"]


def test_without_an_answer_what_only_the_endpoint_can_find_does_not_lead() -> None:
    """A connection that was cut tied with an odd iss, which nobody had read."""
    knowledge = made_up(
        the_way=cause("the way", clue("path.failure", "reset", **{"for": "strong"})),
        the_key=cause("the key", clue("key.matches_certificate", False, **{"for": "decisive"})),
    )

    report = judged(knowledge, path__failure="reset", key__matches_certificate=False)

    assert report.leaders == ("the-way",)
