"""The repository beside the org: what differs by itself is no difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jwtdoctor.lint.check import lint
from jwtdoctor.model.assertion import Finding

Write = Callable[[Mapping[str, str]], Path]
OURS = """<ConnectedApp>
    <label>Sync</label>
    <oauthConfig>
        <certificate>{certificate}</certificate>
        <consumerSecret>${{SECRET}}</consumerSecret>
        <isPkceRequired>false</isPkceRequired>
        <scopes>Api</scopes>
        <scopes>Email</scopes>
        <scopes>OfflineAccess</scopes>
    </oauthConfig>
    <oauthPolicy><ipRelaxation>{ip}</ipRelaxation></oauthPolicy>
</ConnectedApp>"""
THEIRS = """<ConnectedApp>
    <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
    <oauthConfig>
        <scopes>RefreshToken</scopes><scopes>Basic</scopes><scopes>Api</scopes>
        <consumerKey>3MVG9abc</consumerKey>
        <certificate>@certificate</certificate>
    </oauthConfig>
    <label>Sync</label>
</ConnectedApp>"""


def _told(folder: Path, now: float) -> list[Finding]:
    linted = lint([str(folder / "ours")], now, against=[str(folder / "theirs")])
    return [finding for finding in linted.findings if finding.rule in ("differs-from-org", "not-in-org",
                                                                       "not-in-repository")]  # fmt: skip


def test_order_secrets_keys_encodings_and_folded_scopes_are_no_difference(
    write: Write, now: float, filled_in: Callable[[str], str]
) -> None:
    import base64

    der = base64.b64decode(filled_in("@certificate<")[:-1])
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----"
    ours = OURS.format(certificate=pem, ip="ENFORCE")

    folder = write(
        {"ours/connectedApps/Sync.connectedApp-meta.xml": ours, "theirs/connectedApps/Sync.connectedApp": THEIRS}
    )

    assert _told(folder, now) == []


def test_a_difference_has_both_values_and_a_line(write: Write, now: float) -> None:
    ours = OURS.format(certificate="@certificate-ended", ip="BYPASS")

    folder = write({"ours/connectedApps/Sync.connectedApp": ours, "theirs/connectedApps/Sync.connectedApp": THEIRS})
    told = _told(folder, now)

    assert told[0].message.startswith("oauthConfig.certificate is the one with SHA-256 ")
    assert told[1].message == "oauthPolicy.ipRelaxation is 'BYPASS' here and 'ENFORCE' in the org"
    assert told[1].where.endswith("Sync.connectedApp:11:18")


def test_an_app_on_one_side_only_is_told(write: Write, now: float) -> None:
    app = "<ConnectedApp><label>x</label></ConnectedApp>"
    folder = write({"ours/connectedApps/Here.connectedApp": app, "theirs/connectedApps/There.connectedApp": app})

    assert [(finding.rule, finding.message) for finding in _told(folder, now)] == [
        ("not-in-org", "'Here' is not among what was retrieved"),
        ("not-in-repository", "'There' was retrieved and is not in the repository"),
    ]


def test_what_was_retrieved_into_the_repository_is_not_taken_for_a_part_of_it(write: Write, now: float) -> None:
    app = "<ConnectedApp><label>x</label></ConnectedApp>"
    folder = write({"connectedApps/A.connectedApp": app, "retrieved/connectedApps/A.connectedApp": app})

    linted = lint([str(folder)], now, against=[str(folder / "retrieved")])

    assert len(linted.apps) == 1


def test_policies_are_compared_by_their_app_whatever_their_file_is_called(write: Write, now: float) -> None:
    policy = (
        "<ExtlClntAppOauthConfigurablePolicies><externalClientApplication>Sync</externalClientApplication>"
        "<ipRelaxationPolicyType>{}</ipRelaxationPolicyType></ExtlClntAppOauthConfigurablePolicies>"
    )
    folder = write({
        "ours/extlClntAppOauthPolicies/a.ecaOauthPlcy": policy.format("Enforce"),
        "theirs/extlClntAppOauthPolicies/b.ecaOauthPlcy": policy.format("Bypass"),
    })  # fmt: skip

    assert [finding.message for finding in _told(folder, now)] == [
        "ipRelaxationPolicyType is 'Enforce' here and 'Bypass' in the org"
    ]


def test_what_was_not_read_of_the_org_is_told(write: Write, now: float) -> None:
    folder = write(
        {"ours/connectedApps/A.connectedApp": "<ConnectedApp/>", "theirs/connectedApps/A.connectedApp": "<x"}
    )

    linted = lint([str(folder / "ours")], now, against=[str(folder / "theirs")])

    assert "xml-broken" in {finding.rule for finding in linted.findings}
