"""What the names of variables mean: in a `.env`, in Postman's and Bruno's environments.

A name is taken apart into words (`SF_OAUTH2_CLIENT_ID`, `clientId`, `consumer-key`), the words that only say whose
login it is are set aside, and the rest is looked up. So the spellings of simple-salesforce (`SF_CONSUMER_KEY`,
`SF_SECURITY_TOKEN`, `SF_DOMAIN`), CumulusCI (`SFDX_CLIENT_ID`, `SFDX_HUB_KEY`), jsforce (`SF_LOGIN_URL`,
`SF_OAUTH2_CLIENT_ID`), the Salesforce CLI (`SF_AUDIENCE_URL`, `HUB_CONSUMER_KEY`), Postman's Salesforce collection
(`clientId`, `secretToken`), Entra (`AZURE_TENANT_ID`), Okta, Auth0, Snowflake and GitHub Apps need no list each.

The words set aside say which login it is, so that a `.env` with the variables of two services gives two profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jwtdoctor.config.imports.draft import Drafting, unfit, unfit_url
from jwtdoctor.config.profiles import SECRETS, SETTINGS

FAMILIES: dict[str, str] = {
    **dict.fromkeys(("sf", "sfdc", "sfdx", "salesforce", "cci", "cumulusci", "hub", "devhub"), "salesforce"),
    **dict.fromkeys(("azure", "aad", "entra", "msal", "arm", "microsoft"), "entra"),
    **{name: name for name in ("okta", "auth0", "snowflake", "github", "docusign", "box", "zoom", "keycloak")},
    **dict.fromkeys(("google", "gcp", "gcloud"), "google"),
}
"""First word of a name to the family of the login."""
_ASIDE = frozenset(
    ("oauth", "oauth2", "jwt", "hub", "devhub", "org", "connected", "auth", "api", "prod", "sandbox", "client")
)
"""Words that say nothing more about what a value is."""

MEANINGS: dict[str, str] = {
    **dict.fromkeys(("clientid", "consumerkey", "appid", "applicationid", "integrationkey", "ikey", "clientidentifier"),
                    "client_id"),
    **dict.fromkeys(("clientsecret", "consumersecret", "appsecret", "applicationsecret"), "client_secret"),
    **dict.fromkeys(("username", "user", "userid", "subject", "sub", "loginname"), "username"),
    **dict.fromkeys(("password", "pass", "passwd", "userpassword"), "password"),
    **dict.fromkeys(("securitytoken", "secrettoken", "usersecuritytoken"), "security_token"),
    **dict.fromkeys(("refreshtoken",), "refresh_token"),
    **dict.fromkeys(("privatekey", "privatekeyfile", "privatekeypath", "privkeyfile", "key", "keyfile", "keypath",
                     "serverkey", "serverkeypath", "serverkeyfile", "secretkey", "privatekeyraw", "privatekeypem",
                     "clientcertificatekey", "jwtkey", "jwtkeyfile", "signingkey"), "key"),
    **dict.fromkeys(("privatekeypassphrase", "privatekeypassword", "privatekeyfilepwd", "passphrase", "keypassphrase",
                     "keypassword"), "key_passphrase"),
    **dict.fromkeys(("cert", "certificate", "certfile", "certpath", "certificatepath", "certificatefile",
                     "clientcertificatepath", "servercrt"), "cert"),
    **dict.fromkeys(("audience", "audienceurl", "aud"), "audience"),
    **dict.fromkeys(("scope", "scopes", "clientscopes"), "scope"),
    **dict.fromkeys(("redirecturi", "redirecturl", "callbackurl", "callbackuri", "callback"), "redirect_uri"),
    **dict.fromkeys(("authurl", "authorizeurl", "authorizationurl", "authorizationendpoint", "authorizeendpoint"),
                    "authorize_url"),
    **dict.fromkeys(("granttype", "flow", "authflow", "grant", "mode"), "flow"),
    **dict.fromkeys(("kid", "keyid", "privatekeyid", "publickeyid"), "kid"),
    **dict.fromkeys(("alg", "algorithm"), "alg"),
    **dict.fromkeys(("clientauthentication", "credentialsplacement", "clientauthmethod"), "client_auth"),
}  # fmt: skip
"""The rest of a name, without separators, to the setting."""

URLS = ("tokenurl", "accesstokenurl", "tokenendpoint", "tokenuri", "tokenurlendpoint", "loginurl", "loginserverurl",
        "loginhost", "instanceurl", "mydomainurl", "mydomain", "orgurl", "instance", "clientorgurl", "url", "baseurl",
        "host", "domain", "endpoint", "site")  # fmt: skip
"""Names of where the token is asked for, the most exact first."""
_TOKENS = ("accesstoken", "token", "sessionid", "bearertoken", "authtoken", "accesskey", "idtoken", "assertion")


@dataclass(frozen=True, slots=True)
class Variable:
    """A name as it stands, its value, and whether the source itself calls it a secret."""

    name: str
    value: str
    is_secret: bool = False


def words_of(name: str) -> list[str]:
    """The words of a name: `clientId`, `CLIENT_ID` and `client-id` have the same."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name[:120])
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word]


def family_and_rest(name: str) -> tuple[str, str]:
    """Whose login a name belongs to (empty: unsaid), and what it is, without separators."""
    words, family = words_of(name), ""
    if len(words) > 1 and words[0] in FAMILIES:
        family = FAMILIES[words.pop(0)]
    while len(words) > 1 and words[0] in _ASIDE and not _means("".join(words)):
        words.pop(0)
    return family, "".join(words)


def _means(rest: str) -> bool:
    return rest in MEANINGS or rest in URLS


def tell(drafting: Drafting, variables: Iterable[Variable], references: Mapping[str, str]) -> None:
    """Puts what variables of one login say into a draft. `references`: name of a variable to the REF of its value.

    Token URLs are told before login hosts and those before the org's own, so that the most exact one wins.
    """
    urls: list[tuple[int, Variable, str]] = []
    variables = tuple(variables)
    authority = _authority(variables)
    for variable in variables:
        family, rest = family_and_rest(variable.name)
        setting = MEANINGS.get(rest)
        if rest in URLS or rest in ("tenantid", "tenant", "account", "sfdxauthurl"):
            urls.append((URLS.index(rest) if rest in URLS else -1, variable, rest))
        elif (family, rest) == ("entra", "authorityhost"):
            continue  # told with the tenant
        elif setting is None:
            _unknown(drafting, variable, rest)
        elif setting == "username" and rest == "user" and variable.name.isupper() and not family:
            drafting.ignored.append(variable.name)  # USER is the machine's
        else:
            _known(drafting, variable, setting, references.get(variable.name, ""))
    for _, variable, rest in sorted(urls, key=lambda found: found[0]):
        _told_url(drafting, variable, rest, authority)


def _unknown(drafting: Drafting, variable: Variable, rest: str) -> None:
    if rest in _TOKENS:
        drafting.secret("", variable.name, "a token, which no setting takes")
    elif variable.is_secret:
        drafting.secret("", variable.name, "a secret, which no setting takes")
    else:
        drafting.ignored.append(variable.name)


def _known(drafting: Drafting, variable: Variable, setting: str, ref: str) -> None:
    value = variable.value
    if setting in SECRETS:
        if value or variable.is_secret:
            drafting.secret(setting, variable.name, _SECRET_WORDS.get(setting, "a secret"), ref)
    elif variable.is_secret:
        drafting.secret("", variable.name, f"the source calls it a secret, and {setting} is none: give it by hand")
    elif setting == "flow":
        if value:
            drafting.flow(value, variable.name)
    elif setting == "client_auth":
        drafting.text(setting, _CLIENT_AUTH.get(value.strip().lower()), variable.name)
    elif SETTINGS[setting] == "path":
        drafting.path(setting, value, variable.name)
    elif setting in ("authorize_url", "device_url"):
        drafting.url(setting, value, variable.name)
    elif SETTINGS[setting] == "text":
        drafting.text(setting, value, variable.name)
    else:
        drafting.ignored.append(variable.name)


_CLIENT_AUTH = {
    **dict.fromkeys(("header", "basic", "basic_auth_header", "client_secret_basic"), "basic"),
    **dict.fromkeys(("body", "client_secret_post"), "body"),
}
"""How Postman, Bruno and OpenID Connect call the two places of a client's secret."""
_SECRET_WORDS = {
    "client_secret": "the client's secret",
    "password": "a password",
    "security_token": "a security token",
    "refresh_token": "a refresh token",
    "key_passphrase": "the passphrase of the key",
}


def _authority(variables: Iterable[Variable]) -> str:
    """Entra's login host: of a national cloud where AZURE_AUTHORITY_HOST says so (azure-identity)."""
    named = (one.value.strip() for one in variables if family_and_rest(one.name) == ("entra", "authorityhost"))
    return next((value.rstrip("/") for value in named if value), "https://login.microsoftonline.com")


def _told_url(drafting: Drafting, variable: Variable, rest: str, authority: str) -> None:
    value, family = variable.value.strip(), family_and_rest(variable.name)[0]
    if not value:
        return
    if rest == "sfdxauthurl":
        drafting.secret("", variable.name, "it holds a refresh token: log in with it once, then import what sf keeps")
        return
    if rest in ("tenantid", "tenant") and family == "entra" and re.fullmatch(r"[A-Za-z0-9.-]{1,100}", value):
        drafting.url("url", f"{authority}/{value}/oauth2/v2.0/token", variable.name)
        return
    if rest in ("tenantid", "tenant", "account"):
        drafting.ignored.append(variable.name)
        return
    url = _as_url(value, rest, family)
    if rest in ("instanceurl", "instance", "mydomain", "mydomainurl", "orgurl") and "url" in drafting.settings:
        if family == "salesforce" and not unfit(url) and not unfit_url(url):
            drafting.say("my_domain", url.split("/")[2], variable.name)
        return
    drafting.url("url", url, variable.name)


def _as_url(value: str, rest: str, family: str) -> str:
    """`login` and `acme.my` are simple-salesforce's `domain`; a bare host gets its scheme."""
    if "://" in value:
        return _token_url(value, family)
    if rest == "domain" and family in ("salesforce", "") and re.fullmatch(r"[A-Za-z0-9-]+(\.(my|sandbox\.my))?", value):
        return f"https://{value}.salesforce.com"
    return _token_url(f"https://{value}", family)


def _token_url(url: str, family: str) -> str:
    """What a host is asked with, where the family is known to have one path for it."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    if family == "salesforce" or host.endswith((".salesforce.com", ".force.com")):
        return url if path.endswith("oauth2/token") else f"{scheme}://{host}"
    if not path.strip("/") and family in _PATHS:
        return f"{scheme}://{host}{_PATHS[family]}"
    return url


_PATHS = {"okta": "/oauth2/v1/token", "auth0": "/oauth/token"}


def by_family(variables: Iterable[Variable]) -> dict[str, list[Variable]]:
    """The variables of each login. Those that name nobody go to the only one there is, else they are one of their own.

    A family that says neither who logs in nor with what is no login.
    """
    groups: dict[str, list[Variable]] = {}
    for variable in variables:
        groups.setdefault(family_and_rest(variable.name)[0], []).append(variable)
    logins = {family: members for family, members in groups.items() if _is_login(members)}
    plain = groups.get("", [])
    if set(logins) - {""} and len(set(logins) - {""}) == 1 and "" not in logins:
        return {family: [*members, *plain] for family, members in logins.items()}
    return logins


def _is_login(members: Iterable[Variable]) -> bool:
    means = {MEANINGS.get(family_and_rest(one.name)[1]) for one in members if one.value or one.is_secret}
    return bool(means & {"client_id", "username"}) or {"key", "kid"} <= means


def stem_of(path: Path) -> str:
    """A name out of a file's: `prod` of `prod.env` and `.env.prod`, the folder's of `.env`."""
    parts = [
        part for part in path.name.split(".") if part and part not in ("env", "local", "json", "bru", "toml", "yml")
    ]
    return parts[0] if parts else path.absolute().parent.name
