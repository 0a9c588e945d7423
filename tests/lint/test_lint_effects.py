"""The effective IP rule of every flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jwtdoctor.lint.check import lint
from jwtdoctor.lint.effects import ip_rules
from jwtdoctor.model.names import FLOWS

Write = Callable[[Mapping[str, str]], Path]
CONNECTED = "<ConnectedApp><oauthPolicy>{}</oauthPolicy></ConnectedApp>"


def _enforced(write: Write, now: float, files: Mapping[str, str]) -> dict[str, bool | None]:
    (app,) = lint([str(write(files))], now).apps
    return {rule.flow: rule.enforced for rule in ip_rules(app)}


@pytest.mark.parametrize("value", ["ENFORCE", "ENFORCE_RELAXREFRESH", "BYPASS_2FACTOR", "BYPASS"])
def test_jwt_and_saml_bearer_always_enforce(value: str, write: Write, now: float) -> None:
    text = CONNECTED.format(f"<ipRelaxation>{value}</ipRelaxation>")

    enforced = _enforced(write, now, {"connectedApps/A.connectedApp": text})

    assert (enforced["jwt-bearer"], enforced["saml-bearer"]) == (True, True)
    assert set(enforced) <= set(FLOWS)


@pytest.mark.parametrize(
    ("written", "relaxed"),
    [
        ("", set()),
        ("<ipRelaxation>ENFORCE</ipRelaxation>", set()),
        ("<ipRelaxation>ENFORCE_RELAXREFRESH</ipRelaxation>", {"refresh-token"}),
        ("<ipRelaxation>BYPASS_2FACTOR</ipRelaxation>", {"authorization-code"}),
        ("<ipRelaxation>BYPASS</ipRelaxation>", {"authorization-code", "refresh-token", "client-credentials",
                                                 "device", "user-agent", "password", "token-exchange"}),
    ],
)  # fmt: skip
def test_other_flows_heed_the_app(written: str, relaxed: set[str], write: Write, now: float) -> None:
    enforced = _enforced(write, now, {"connectedApps/A.connectedApp": CONNECTED.format(written)})

    assert {flow for flow, value in enforced.items() if value is False} == relaxed


def test_without_the_policy_of_an_external_client_app_nothing_is_known(write: Write, now: float) -> None:
    enforced = _enforced(write, now, {"externalClientApps/A.eca": "<ExternalClientApplication/>"})

    assert enforced["client-credentials"] is None
    assert "password" not in enforced
