"""The form at other providers than Salesforce: the fields of their own flow, and what they want besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from jwtdoctor.config.attempts import signing_flow
from jwtdoctor.knowledge.load import load
from jwtdoctor.tui.form import BY_NAME, example_of, fields_of
from jwtdoctor.tui.subjects import catalogue
from jwtdoctor.tui.widgets.question import AnswerRow

KEY = Path(__file__).parents[2] / "sample_keys" / "matching.key"


@pytest.mark.parametrize(
    ("slug", "there", "absent"),
    [
        ("zoom", {"client_secret", "scope"}, {"key", "username", "kid"}),
        ("entra", {"key", "cert", "scope"}, {"username", "client_secret"}),
        ("google", {"key", "username", "scope"}, {"client_secret"}),
        ("box", {"key", "username", "client_secret"}, {"scope"}),
        ("adobe", {"client_secret"}, {"password"}),
        ("apple", {"username", "refresh_token", "code", "kid"}, {"client_secret"}),
        ("snowflake", {"username", "key"}, {"client_secret", "scope"}),
        ("github", {"key"}, {"username", "client_secret", "scope"}),
        ("salesforce", {"key", "username"}, {"client_secret", "scope"}),
    ],
)
def test_a_provider_gets_the_fields_of_its_flow_and_what_it_wants_besides(
    slug: str, there: set[str], absent: set[str]
) -> None:
    provider = load().providers[slug]
    names = {field.name for field in fields_of(signing_flow(provider), provider)}

    assert there <= names
    assert not absent & names


def test_an_empty_client_id_says_what_this_providers_are() -> None:
    field, providers = BY_NAME["client_id"], load().providers

    assert "e-mail" in example_of(field, providers["google"])
    assert example_of(field, providers["salesforce"]) == field.hint == example_of(field, providers["zoom"])


def test_a_profile_without_a_flow_is_shown_and_tried_with_its_providers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Path("jwtdoctor.toml").write_text(
        f'[profile.gh]\nurl = "https://api.github.com/app"\nclient_id = "1"\nkey = "{KEY}"\n'
        '[profile.kc]\nurl = "https://sso.acme.example/realms/a/protocol/openid-connect/token"\nclient_id = "1"\n'
    )

    github, keycloak = catalogue().profiles
    case = github.draft(load(), 0.0)

    assert github.summary.startswith("github · api-jwt")
    assert keycloak.summary.startswith("keycloak · private-key-jwt")
    assert (case.provider, case.flow) == ("github", "api-jwt")


def test_the_flows_that_are_offered_change_with_the_provider_and_nothing_stays_chosen() -> None:
    def chosen_after(answers: tuple[str, ...]) -> tuple[int | None, str]:
        row = AnswerRow("flow", ("jwt-bearer", "password"))
        setattr(row, "_chosen", 1)  # noqa: B010 - as if it was chosen on a screen
        row.offer(answers)
        return row._chosen, row._answers[0]

    assert chosen_after(("jwt-bearer", "password")) == (1, "jwt-bearer")
    assert chosen_after(("api-jwt",)) == (None, "api-jwt")
