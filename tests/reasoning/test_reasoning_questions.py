"""What is asked where the evidence leaves several causes open, and what a code without its words stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from jwtdoctor.checkup import explain, seen_of
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.names import Likelihood, Sureness
from jwtdoctor.model.provider import Reading, Response
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.conclude import Seen, conclude
from jwtdoctor.reasoning.questions import expected_bits
from jwtdoctor.reasoning.responses import Texts, match
from jwtdoctor.render.text import text


def seen(body: str, **facts: object) -> Seen:
    case = {"schema": "jwtdoctor.case/1", "provider": "salesforce", "flow": "jwt-bearer"}
    return seen_of(case_from({**case, "reply": {"status": 400, "body": body}, "facts": facts}))


def bare(**facts: object) -> Report:
    return conclude(seen('{"error":"invalid_grant"}', **facts), load())


def test_a_bare_code_lists_every_cause_that_it_is_given_for_in_this_flow() -> None:
    report = bare()

    assert {"signature-key-mismatch", "wrong-audience", "user-not-preauthorized", "clock-drift"} <= set(report.leaders)
    assert "refresh-token-revoked" not in report.leaders
    assert report.verdicts[0].likelihood is Likelihood.POSSIBLE


def test_what_is_known_besides_takes_a_cause_out_of_the_tie_or_to_its_head() -> None:
    report = bare(**{"key.matches_certificate": True, "app.permitted_users": "self-authorize"})

    assert "signature-key-mismatch" not in report.leaders
    assert report.verdicts[0].cause in ("user-not-preauthorized", "user-not-approved-app")


def test_words_beside_the_code_end_the_tie() -> None:
    report = explain('{"error":"invalid_grant","error_description":"audience is invalid"}', flow="jwt-bearer")

    assert report.leaders == ("wrong-audience",)


def test_a_code_that_several_wordings_share_is_no_proof_of_one_of_them() -> None:
    def wording(name: str, cause: str) -> Response:
        reading = Reading(cause, "sole", Sureness.DOCUMENTED, ("https://example.com",))
        return Response(name, "token", (reading,), error="quill_refused", description=f"the {name} is wrong")

    generic = load().providers["generic"]
    one = replace(generic, slug="made-up", responses=(wording("ink", "wrong-audience"),))
    two = replace(one, responses=(*one.responses, wording("paper", "wrong-issuer")))
    texts = Texts(error="quill_refused")

    alone, shared = (match(texts, provider, generic, "jwt-bearer") for provider in (one, two))

    assert alone.refusal is not None
    assert not alone.unsaid
    assert shared.refusal is None
    assert set(shared.unsaid) == {"wrong-audience", "wrong-issuer"}


def test_of_many_causes_login_history_is_asked_for_first() -> None:
    assert bare().questions[0].fact == "login_history.status"


def test_what_nobody_can_tell_is_not_asked_for_again() -> None:
    basis = seen('{"error":"invalid_grant"}')
    asked: list[str] = []
    for _ in range(4):
        report = conclude(replace(basis, not_known=frozenset(asked)), load())
        asked += [question.fact for question in report.questions]

    assert len(asked) == len(set(asked)) == 12


def test_the_only_leader_can_be_asked_away() -> None:
    """With one likely cause left, the fact that would refute it is worth asking for."""
    basis = seen(
        '{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}',
        **{
            "app.permitted_users": "admin-approved",
            "user.exists_in_org": True,
            "app.installed": True,
            "user.approval_has_refresh_token": True,
            "app.has_refresh_token_scope": True,
            "history.works_with_my_domain": False,
        },
    )
    report = conclude(basis, load())

    assert report.leaders == ("user-not-assigned-to-app",)
    assert "user.assigned_to_app" in {question.fact for question in report.questions}


def test_the_page_of_many_causes_asks_before_it_tells_what_to_do() -> None:
    page = text(bare())

    assert page.splitlines()[0].startswith("✗ REFUSED  The answer does not tell which of ")
    assert page.index("To tell them apart") < page.index("\nDo\n")
    assert "NAME=unknown" in page
    assert max(len(line) for line in page.splitlines()) <= 80


SCORES = st.dictionaries(st.sampled_from("abcdef"), st.integers(-40, 60), min_size=2)


@bounded(max_examples=60)
@given(SCORES, st.lists(st.integers(-20, 20), min_size=12, max_size=12))
def test_an_answer_brings_between_nothing_and_what_is_open(now: dict[str, int], moves: list[int]) -> None:
    then = [
        {slug: score + moves[(n * 6 + place) % 12] for place, (slug, score) in enumerate(now.items())} for n in (0, 1)
    ]

    assert -1e-9 <= expected_bits(now, then) <= 1 + 1e-9  # two answers: one bit at most


@pytest.mark.parametrize("move", [0, 7, -20])
def test_an_answer_that_moves_all_causes_alike_brings_nothing(move: int) -> None:
    now = {"a": 5, "b": 2}

    assert expected_bits(now, [now, {"a": 5 + move, "b": 2 + move}]) == pytest.approx(0.0, abs=1e-9)


def test_an_answer_that_decides_between_two_equal_causes_brings_nearly_a_bit() -> None:
    assert expected_bits({"a": 0, "b": 0}, [{"a": 20, "b": -20}, {"a": -20, "b": 20}]) > 0.95
