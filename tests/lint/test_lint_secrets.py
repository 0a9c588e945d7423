"""Secrets in source are found, placeholders are not taken for them, and no message quotes either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jwtdoctor.lint.check import lint

Write = Callable[[Mapping[str, str]], Path]
APP = "<ConnectedApp><oauthConfig><{0}>{1}</{0}></oauthConfig></ConnectedApp>"
GENERATED = "3MVG9" + "A1b2C3d4." * 8 + "Xy_z01234"[:8]


def _told(write: Write, now: float, element: str, text: str) -> dict[str, str]:
    linted = lint([str(write({"connectedApps/Sync.connectedApp": APP.format(element, text)}))], now)
    return {finding.rule: finding.message for finding in linted.findings}


@pytest.mark.parametrize(
    "secret", ["7A1F09B2C3D4E5F60718293A4B5C6D7E", "1234567890123456789", "MySecret2026x", "sUp3rS3cretValue"]
)
def test_a_secret_is_an_error_that_does_not_quote_it(secret: str, write: Write, now: float) -> None:
    told = _told(write, now, "consumerSecret", secret)

    assert "consumer-secret-in-source" in told
    assert all(secret not in message for message in told.values())


@pytest.mark.parametrize(
    "text",
    ["", "${SECRET}", "{{secret}}", "REPLACE_CLIENT_SECRET", "CONSUMER_SECRET", "SECRET", "your-secret-here",
     "changeme", "%%SECRET%%", "xxxxxxxx", "***", "client_secret", "00000000000000000000000000000000"],
)  # fmt: skip
def test_a_placeholder_is_no_secret(text: str, write: Write, now: float) -> None:
    assert "consumer-secret-in-source" not in _told(write, now, "consumerSecret", text)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (GENERATED, None),
        ("SyncInProduction2026", None),
        ("AUTO_GENERATED", "is a placeholder"),
        ("short", "has 5 characters"),
        (GENERATED[:60], "in place of 85"),
    ],
    ids=["generated", "chosen", "placeholder", "short", "cut"],
)
def test_a_consumer_key_is_judged_by_its_form(key: str, says: str | None, write: Write, now: float) -> None:
    told = _told(write, now, "consumerKey", key).get("consumer-key-looks-wrong")

    assert (told is None) is (says is None)
    assert says is None or says in str(told)
