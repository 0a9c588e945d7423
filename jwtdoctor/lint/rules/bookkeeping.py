"""What the linter says about its own exceptions, and how the repository compares with the org."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule, told


@rule("warning", "documented", remedy="deploy the repository, or retrieve what the org has")
def differs_from_org(repository: Repository) -> Iterator[Problem]:
    """A setting differs between the repository and what was retrieved from the org (`--against`).

    What differs by itself is left out: order, generated ids, secrets, the encoding of a certificate, and scopes that a
    retrieve folds into others.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
        </ConnectedApp>
        retrieved/connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
        </ConnectedApp>
        retrieved/connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    """
    return told(repository, "differs-from-org")


@rule("warning", "documented", remedy="deploy it, or take it out of the repository")
def not_in_org(repository: Repository) -> Iterator[Problem]:
    """An app of the repository is not among what was retrieved (`--against`).

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
        retrieved/connectedApps/Other.connectedApp
        <ConnectedApp><label>Other</label></ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
        retrieved/connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "not-in-org")


@rule("warning", "documented", remedy="retrieve it into the repository, or delete it in the org")
def not_in_repository(repository: Repository) -> Iterator[Problem]:
    """An app that was retrieved from the org is not in the repository (`--against`).

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
        retrieved/connectedApps/Other.connectedApp
        <ConnectedApp><label>Other</label></ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
        retrieved/connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "not-in-repository")


@rule("warning", "documented", remedy="write: jwtdoctor: ignore RULE because REASON")
def suppression_unclear(repository: Repository) -> Iterator[Problem]:
    """A suppression gives no reason, or is not of the form that is read. It suppresses nothing.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <!-- jwtdoctor: ignore full-scope -->
            <oauthConfig><scopes>Full</scopes></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <!-- jwtdoctor: ignore full-scope because the vendor's tool needs it -->
            <oauthConfig><scopes>Full</scopes></oauthConfig>
        </ConnectedApp>
    """
    return told(repository, "suppression-unclear")


@rule("warning", "documented", remedy="see jwtdoctor lint --list-rules")
def suppression_of_unknown_rule(repository: Repository) -> Iterator[Problem]:
    """A suppression names a rule that does not exist.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <!-- jwtdoctor: ignore ful-scope because the vendor's tool needs it -->
            <oauthConfig><scopes>Full</scopes></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <!-- jwtdoctor: ignore full-scope because the vendor's tool needs it -->
            <oauthConfig><scopes>Full</scopes></oauthConfig>
        </ConnectedApp>
    """
    return told(repository, "suppression-of-unknown-rule")


@rule("warning", "documented", remedy="take it out")
def suppression_unused(repository: Repository) -> Iterator[Problem]:
    """A suppression suppresses nothing: what it was for is mended, or stands elsewhere.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <!-- jwtdoctor: ignore full-scope because the vendor's tool needs it -->
            <oauthConfig><scopes>Api</scopes></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <!-- jwtdoctor: ignore full-scope because the vendor's tool needs it -->
            <oauthConfig><scopes>Full</scopes></oauthConfig>
        </ConnectedApp>
    """
    return told(repository, "suppression-unused")


@rule("note", "documented", remedy="write the baseline anew: --write-baseline")
def baseline_entry_gone(repository: Repository) -> Iterator[Problem]:
    """The baseline holds findings that are no longer there.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
        @the baseline has other findings
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "baseline-entry-gone")
