"""External client apps: five files, joined on `externalClientApplication` and never on their names."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.apps import FAMILY, IDENTITY, POLICY, App, Place, owner_of
from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word


@rule("note", "maintainer", "sdr", remedy="retrieve its settings and policies too, to have them checked")
def settings_not_in_source(repository: Repository) -> Iterator[Problem]:
    """An external client app stands alone: its settings and policies are not in the repository.

    Nothing can be said about what it allows. That is no fault, and no "no policy" either.

    Bad:
        externalClientApps/Sync.eca
        <ExternalClientApplication><label>Sync</label></ExternalClientApplication>
    Good:
        externalClientApps/Sync.eca
        <ExternalClientApplication><label>Sync</label></ExternalClientApplication>
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthConfigurablePolicies>
    """
    for app in repository.apps:
        if app.kind == "external-client-app" and not any(part in app.parts for part in FAMILY):
            yield Problem(f"settings and policies of '{word(app.name)}' are not in the repository", app.place)


@rule("note", "documented", "eca_oauth", remedy="retrieve the ExternalClientApplication too, or check the name")
def app_of_settings_not_in_source(repository: Repository) -> Iterator[Problem]:
    """Settings name an external client app that is not in the repository.

    Bad:
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Snyc</externalClientApplication>
        </ExtlClntAppOauthSettings>
        externalClientApps/Sync.eca
        <ExternalClientApplication><label>Sync</label></ExternalClientApplication>
    Good:
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthSettings>
        externalClientApps/Sync.eca
        <ExternalClientApplication><label>Sync</label></ExternalClientApplication>
    """
    for app in _external(repository):
        if IDENTITY not in app.parts:
            yield Problem(f"the external client app '{word(app.name)}' is not in the repository", app.place)


@rule(
    "warning",
    "documented",
    "eca_oauth",
    remedy="add <externalClientApplication> with the API name of the app",
)
def settings_of_no_app(repository: Repository) -> Iterator[Problem]:
    """A file of the external client app family does not say which app it belongs to.

    The element is required, and file names do not count.

    Bad:
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings><label>Sync</label></ExtlClntAppOauthSettings>
    Good:
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthSettings>
    """
    for document in repository.of_type(*FAMILY):
        if not owner_of(document):
            root = document.tree.root
            yield Problem("the file does not say which app it belongs to", Place(document.path, root.line, root.col))


@rule("warning", "documented", "eca", remedy="let each org have its own value: leave the element out of the source")
def made_in_another_org(repository: Repository) -> Iterator[Problem]:
    """The files carry the id of an org other than the one that they are meant for.

    `orgScopedExternalApp` and `oauthLink` begin with the id of the org that wrote them. With `target_org` in
    `jwtdoctor.toml` (or `--org`) every other id is told; without, only ids that differ within one app.

    Bad:
        externalClientApps/Sync.eca
        <ExternalClientApplication>
            <orgScopedExternalApp>00D000000000001:Sync</orgScopedExternalApp>
        </ExternalClientApplication>
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
            <oauthLink>00D000000000002:888000000000001</oauthLink>
        </ExtlClntAppOauthSettings>
    Good:
        externalClientApps/Sync.eca
        <ExternalClientApplication>
            <orgScopedExternalApp>00D000000000001:Sync</orgScopedExternalApp>
        </ExternalClientApplication>
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
            <oauthLink>00D000000000001:888000000000001</oauthLink>
        </ExtlClntAppOauthSettings>
    """
    for app in _external(repository):
        found = [one for one in (*app.all("org-scope"), *app.all("oauth-link")) if ":" in one.text]
        wanted = repository.target_org[:15] or (found[0].text.partition(":")[0][:15] if found else "")
        for one in found:
            org = one.text.partition(":")[0][:15]
            if org != wanted:
                meant = "the target org" if repository.target_org else "its other file"
                yield Problem(f"{one.path} of '{word(app.name)}' has another org id than {meant}", one.at)


@rule("warning", "documented", "eca", remedy="write the app's own API name behind the colon, or leave the element out")
def scoped_to_another_name(repository: Repository) -> Iterator[Problem]:
    """`orgScopedExternalApp` names another app than the file does: it was copied.

    Bad:
        externalClientApps/Sync.eca
        <ExternalClientApplication>
            <orgScopedExternalApp>00D000000000001:Billing</orgScopedExternalApp>
        </ExternalClientApplication>
    Good:
        externalClientApps/Sync.eca
        <ExternalClientApplication>
            <orgScopedExternalApp>00D000000000001:Sync</orgScopedExternalApp>
        </ExternalClientApplication>
    """
    for app in _external(repository):
        for one in app.all("org-scope"):
            name = one.text.rpartition(":")[2]
            if ":" in one.text and name != app.name:
                yield Problem(f"the file is '{word(app.name)}', and the element says '{word(name)}'", one.at)


@rule("warning", "inferred", "eca_oauth_plcy", remedy="keep the one that the org has")
def several_policies(repository: Repository) -> Iterator[Problem]:
    """An external client app has several OAuth policy files in one package folder.

    Salesforce makes one, under a name that cannot be predicted; a second is often a copy from another org.

    Bad:
        extlClntAppOauthPolicies/Sync_defaultPolicy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthConfigurablePolicies>
        extlClntAppOauthPolicies/Sync_oauthPlcy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthConfigurablePolicies>
    Good:
        extlClntAppOauthPolicies/Sync_defaultPolicy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthConfigurablePolicies>
    """
    for app in _external(repository):
        found = app.parts.get(POLICY, ())
        if len(found) > 1 and len({document.folder for document in found}) == 1:
            root = found[1].tree.root
            at = Place(found[1].path, root.line, root.col)
            yield Problem(f"'{word(app.name)}' has {len(found)} OAuth policy files", at)


def _external(repository: Repository) -> Iterator[App]:
    return (app for app in repository.apps if app.kind == "external-client-app")
