"""The certificate that verifies JWT bearer assertions: one slot, in every encoding that was seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from jwtdoctor.lint.apps import App, Seen
from jwtdoctor.lint.certificate import Certificate, State, certificate_of
from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word

SOON_S = 30 * 86_400.0
LONG_S = 10 * 366 * 86_400.0
LARGEST_BYTES = 4_096
MOST_NAMED = 3
"""Other apps that a message names."""
_RENEW = "make a new pair and upload its certificate: jwtdoctor keys new"
_EXPIRED_WORKS = (
    "https://salesforce.stackexchange.com/questions/313488/"
    "do-expired-certificates-for-salesforce-connected-applications-block-connections"
)
_HELP_JWT = "https://help.salesforce.com/apex/HTViewHelpDoc?id=xcloud.remoteaccess_oauth_jwt_flow.htm"


@rule(
    "error",
    "documented",
    "ca",
    "eca_global",
    leads_to=("certificate-not-uploaded", "signature-key-mismatch"),
    remedy="put the certificate itself there: PEM text, or base64 of its DER form",
)
def certificate_unusable(repository: Repository) -> Iterator[Problem]:
    """The certificate element holds no certificate.

    It takes the certificate itself: PEM, one line of base64 of the DER form, or base64 of a text with Bag
    Attributes before the PEM. It never takes the name of a certificate of the org, as some templates have it.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>Sync_Certificate</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for app, at, found in _certificates(repository, "unusable"):
        yield Problem(f"the certificate of '{word(app.name)}' cannot be used: {found.why}", at.at)


@rule("warning", "inferred", "ca", remedy="make sure that the deployment fills it in")
def certificate_is_a_placeholder(repository: Repository) -> Iterator[Problem]:
    """The certificate is still to be filled in.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>${SYNC_CERTIFICATE}</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for app, at, _ in _certificates(repository, "placeholder"):
        yield Problem(f"the certificate of '{word(app.name)}' is a placeholder", at.at)


@rule(
    "warning",
    "field-report",
    _EXPIRED_WORKS,
    leads_to=("certificate-expired",),
    remedy=_RENEW,
)
def certificate_expired(repository: Repository) -> Iterator[Problem]:
    """The certificate has ended.

    Salesforce is reported to go on accepting assertions signed with its key; whether it always does is not
    documented, and other tools on the way refuse.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-ended</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.facts and found.facts.not_after < repository.now:
            yield Problem(f"the certificate ended on {_day(found.facts.not_after)}", at.at)


@rule("warning", "inferred", _EXPIRED_WORKS, leads_to=("certificate-expired",), remedy=_RENEW)
def certificate_ends_soon(repository: Repository) -> Iterator[Problem]:
    """The certificate ends within thirty days.

    There is one slot, so that changing it is a cut-over that wants to be planned.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-ends-soon</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.facts and 0 <= found.facts.not_after - repository.now < SOON_S:
            yield Problem(f"the certificate ends on {_day(found.facts.not_after)}", at.at)


@rule("warning", "inferred", "ca", remedy="check the clock of the machine that made it")
def certificate_not_yet_valid(repository: Repository) -> Iterator[Problem]:
    """The certificate is not valid yet.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-of-the-future</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.facts and found.facts.not_before > repository.now:
            yield Problem(f"the certificate is valid from {_day(found.facts.not_before)} only", at.at)


@rule("warning", "inferred", "ca", remedy="plan a rotation all the same, and note its date somewhere")
def certificate_lives_long(repository: Repository) -> Iterator[Problem]:
    """The certificate is valid for more than ten years.

    Nothing will ever remind anybody to change the key.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-for-ever</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.facts and found.facts.not_after - found.facts.not_before > LONG_S:
            years = (found.facts.not_after - found.facts.not_before) / 31_557_600
            yield Problem(f"the certificate is valid for {years:,.0f} years", at.at)


@rule("warning", "documented", "https://www.rfc-editor.org/rfc/rfc7518#section-3.3", remedy=_RENEW)
def certificate_key_is_small(repository: Repository) -> Iterator[Problem]:
    """The RSA key behind the certificate has fewer than 2048 bits (RFC 7518 §3.3).

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-1024</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.facts and found.facts.key_kind == "RSA" and 0 < found.facts.key_bits < 2048:
            yield Problem(f"the key of the certificate has {found.facts.key_bits} bits", at.at)


@rule("warning", "documented", _HELP_JWT, leads_to=("unsupported-algorithm",), remedy=_RENEW)
def certificate_key_is_not_rsa(repository: Repository) -> Iterator[Problem]:
    """The certificate holds no RSA key: Salesforce verifies RSA with SHA-256 and nothing else.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-ec</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.facts and found.facts.key_kind not in ("RSA", ""):
            yield Problem(f"the certificate holds a key of kind {found.facts.key_kind}, which cannot do RS256", at.at)


@rule("warning", "documented", _HELP_JWT, remedy="upload one without long names and extensions: jwtdoctor keys new")
def certificate_is_too_large(repository: Repository) -> Iterator[Problem]:
    """The certificate has more than 4 KB, which is the most that Salesforce says it takes.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-large</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.size > LARGEST_BYTES:
            yield Problem(f"the certificate has {found.size:,} bytes", at.at)


@rule("warning", "inferred", "ca", remedy="give each app a key pair of its own: jwtdoctor keys new")
def certificate_of_several_apps(repository: Repository) -> Iterator[Problem]:
    """Several apps share one certificate.

    Whoever holds that key can log in as any of them, and none can be rotated alone.

    Bad:
        connectedApps/One.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
        connectedApps/Two.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/One.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    users: defaultdict[str, list[tuple[App, Seen]]] = defaultdict(list)
    for app, at, found in _certificates(repository):
        users[found.fingerprint].append((app, at))
    for sharing in users.values():
        names = sorted({app.name for app, _ in sharing})
        if len(names) > 1:
            for app, at in sharing:
                others = [f"'{word(name)}'" for name in names[: MOST_NAMED + 1] if name != app.name][:MOST_NAMED]
                more = f" and {len(names) - 1 - len(others)} more" if len(names) - 1 > len(others) else ""
                yield Problem(f"'{word(app.name)}' shares its certificate with {', '.join(others)}{more}", at.at)


@rule("note", "inferred", "ca", remedy="leave the app's own certificate only")
def certificate_with_others(repository: Repository) -> Iterator[Problem]:
    """More than one certificate stands in the one slot; only the first is looked at here.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate-chain</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for _, at, found in _certificates(repository):
        if found.others:
            yield Problem(f"{found.others} more stand behind the certificate", at.at)


def _certificates(repository: Repository, state: State = "certificate") -> Iterator[tuple[App, Seen, Certificate]]:
    for app in repository.apps:
        for one in app.all("certificate"):
            if one.text and (found := certificate_of(one.text)).state == state:
                yield app, one, found


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
