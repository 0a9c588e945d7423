"""Remedies for one observation, and what is put into their words."""

from __future__ import annotations

import pytest

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.load import load
from jwtdoctor.knowledge.typed import cause_of
from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.reasoning.remedies import fitted

GENERAL = Remedy("Try it by hand.", command="curl https://HOST/")
OWN = Remedy("Look in Setup.")
CLOSED = Remedy(
    "The port is closed at {path.addresses|its address}.", fact="path.failure", operator="is", operand="refused"
)


def chart(**facts: Value) -> Chart:
    return Chart.of(Observation(name.replace("__", "."), value) for name, value in facts.items())


def test_what_was_observed_comes_first_and_the_rest_is_kept() -> None:
    shown = fitted((), (GENERAL, CLOSED), chart(path__failure="refused", path__addresses=("192.0.2.1", "192.0.2.2")))

    assert [r.do for r in shown] == ["The port is closed at 192.0.2.1, 192.0.2.2.", "Try it by hand."]


@pytest.mark.parametrize("failure", ["reset", None])
def test_a_remedy_for_another_observation_is_not_shown(failure: str | None) -> None:
    facts = chart() if failure is None else chart(path__failure=failure)

    assert [r.do for r in fitted((), (CLOSED, GENERAL), facts)] == ["Try it by hand."]


def test_the_providers_own_remedies_replace_the_general_and_not_the_special_ones() -> None:
    shown = fitted((OWN,), (CLOSED, GENERAL), chart(path__failure="refused"))

    assert [r.do for r in shown] == ["The port is closed at its address.", "Look in Setup."]


def test_the_token_host_goes_into_a_command_only_if_it_is_a_plain_name() -> None:
    good = fitted((), (GENERAL,), chart(request__token_host="acme.my.salesforce.com"))
    bad = fitted((), (GENERAL,), chart(request__token_host="x;rm -rf /"))

    assert good[0].command == "curl https://acme.my.salesforce.com/"
    assert bad[0].command == "curl https://HOST/"


@pytest.mark.parametrize(
    ("command", "port", "shown"),
    [
        ("curl https://HOST/token", 8443, "curl https://127.0.0.1:8443/token"),
        ("openssl s_client -connect HOST:443 -servername HOST", 8443,
         "openssl s_client -connect 127.0.0.1:8443 -servername 127.0.0.1"),
        ("getent hosts HOST", 8443, "getent hosts 127.0.0.1"),
        ("curl https://HOST/token", 443, "curl https://127.0.0.1/token"),
        ("curl https://HOST/token", -1, "curl https://127.0.0.1/token"),
    ],
)  # fmt: skip
def test_an_unusual_port_goes_where_a_command_opens_a_connection(command: str, port: int, shown: str) -> None:
    seen = chart(request__token_host="127.0.0.1", request__token_port=port)

    assert fitted((), (Remedy("Try it.", command=command),), seen)[0].command == shown


def test_observed_text_is_cleaned_and_bounded() -> None:
    shown = fitted(
        (), (Remedy("It said {path.failure_text|nothing}."),), chart(path__failure_text="\x1b[31m" + "x" * 900)
    )

    assert "\x1b" not in shown[0].do
    assert len(shown[0].do) < 150


def test_an_aside_without_an_observation_is_left_out() -> None:
    shown = fitted((), (Remedy("It is over ({path.certificates|no details}): renew it."),), chart())

    assert shown[0].do == "It is over: renew it."


def test_a_misspelt_fact_in_a_remedy_is_refused_by_name() -> None:
    table = {"title": "T", "explanation": "E", "how_common": "rare",
             "remedy": [{"do": "x", "fact": "path.falure", "is": "dns"}]}  # fmt: skip

    with pytest.raises(BadKnowledge, match=r"path\.falure"):
        cause_of("x", table)


def test_every_place_in_the_knowledge_names_a_fact() -> None:
    from jwtdoctor.model.facts import VOCABULARY
    from jwtdoctor.reasoning.remedies import _SLOT

    knowledge = load()
    remedies = [r for cause in knowledge.causes.values() for r in cause.remedy]
    remedies += [r for p in knowledge.providers.values() for added in p.causes.values() for r in added.remedy]

    wrong = [slot[1] for r in remedies for slot in _SLOT.finditer(r.do) if slot[1] not in VOCABULARY]
    loose = [r.do for r in remedies if "{" in _SLOT.sub("", r.do)]
    assert (wrong, loose) == ([], [])
