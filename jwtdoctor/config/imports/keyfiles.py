"""JSON files that say what they are for (Google, Box, Adobe, DocuSign), and keys that say nothing of themselves.

The key stays in its file, and `key` names it: `check` and `sign` find it there. So does every other secret beside it,
which the profile refers to as `json:PATH#POINTER`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jwtdoctor.config.attempts import APPLE_KEY_NAME
from jwtdoctor.config.imports.draft import Draft, Drafting, name_of, unfit

GOOGLE = "Google service-account JSON"
GOOGLE_USER = "Google user credentials (gcloud)"
BOX = "Box app configuration"
ADOBE = "Adobe credentials"
DOCUSIGN = "DocuSign JWT configuration"
PRIVATE_KEY = "private key"
GITHUB_KEY = "private key of a GitHub App"
APPLE_KEY = "private key of an Apple developer account"
CERTIFICATE = "certificate"
_GITHUB_NAME = re.compile(r"(.{1,80})\.\d{4}-\d{2}-\d{2}\.private-key\.pem")
"""As GitHub names the file that it hands out."""


# --- Google ----------------------------------------------------------------------------------------------------------


def fits_google(document: Any) -> bool:
    """Whether this is a key of a service account."""
    return isinstance(document, dict) and document.get("type") == "service_account"


def google(document: Any, path: Path) -> list[Draft]:
    """The login that google-auth makes of it. Its scopes stand in no key file."""
    drafting = Drafting(GOOGLE, name_of(document.get("client_email", "@").partition("@")[0], document.get("project_id"))
                        if isinstance(document.get("client_email"), str) else name_of(document.get("project_id")),
                        str(path), path.absolute().parent)  # fmt: skip
    drafting.say("provider", "google", "type")
    drafting.say("flow", "jwt-bearer", "type")
    drafting.text("client_id", document.get("client_email"), "client_email")
    drafting.url("url", document.get("token_uri"), "token_uri")
    drafting.url("audience", document.get("token_uri"), "token_uri")
    drafting.text("kid", document.get("private_key_id"), "private_key_id")
    _key_inside(drafting, document.get("private_key"), "private_key", path)
    if drafting.settings.get("url") not in (None, "https://oauth2.googleapis.com/token"):
        drafting.notes.append("token_uri is not Google's own: whoever serves it is sent the assertion")
    drafting.notes.append("scope is not in such a file: the assertion needs --scope SCOPES")
    drafting.notes.append("with domain-wide delegation the user is --username")
    return [drafting.draft()]


def fits_google_user(document: Any) -> bool:
    """Whether this is what `gcloud auth application-default login` leaves."""
    return isinstance(document, dict) and document.get("type") == "authorized_user"


def google_user(document: Any, path: Path) -> list[Draft]:
    """A user's refresh token, and the client that it was made for."""
    drafting = Drafting(GOOGLE_USER, "google-user", str(path), path.absolute().parent)
    drafting.say("provider", "google", "type")
    drafting.say("flow", "refresh-token", "type")
    drafting.say("url", "https://oauth2.googleapis.com/token", "type")
    drafting.text("client_id", document.get("client_id"), "client_id")
    _secrets_inside(drafting, path, ("client_secret", "/client_secret"), ("refresh_token", "/refresh_token"))
    return [drafting.draft()]


# --- Box -------------------------------------------------------------------------------------------------------------


def fits_box(document: Any) -> bool:
    """Whether this is what Box's developer console hands out with a key pair."""
    return isinstance(document, dict) and isinstance(document.get("boxAppSettings"), dict)


def box(document: Any, path: Path) -> list[Draft]:
    """The login of the enterprise's service account (`box_sub_type` enterprise)."""
    app = document["boxAppSettings"]
    auth = app.get("appAuth") if isinstance(app.get("appAuth"), dict) else {}
    drafting = Drafting(BOX, name_of(f"box-{document.get('enterpriseID') or ''}"), str(path), path.absolute().parent)
    drafting.say("provider", "box", "boxAppSettings")
    drafting.say("flow", "jwt-bearer", "boxAppSettings")
    drafting.say("url", "https://api.box.com", "boxAppSettings")
    drafting.text("client_id", app.get("clientID"), "clientID")
    enterprise = document.get("enterpriseID")
    drafting.text("username", str(enterprise) if isinstance(enterprise, int) else enterprise, "enterpriseID")
    drafting.text("kid", auth.get("publicKeyID"), "publicKeyID")
    _key_inside(drafting, auth.get("privateKey"), "privateKey", path)
    if "username" in drafting.settings:
        drafting.say("claim", ('box_sub_type="enterprise"',), "enterpriseID")
    inside = (
        (app.get("clientSecret"), "client_secret", "/boxAppSettings/clientSecret"),
        (auth.get("passphrase"), "key_passphrase", "/boxAppSettings/appAuth/passphrase"),
    )
    _secrets_inside(drafting, path, *((setting, pointer) for value, setting, pointer in inside if value))
    return [drafting.draft()]


# --- Adobe -----------------------------------------------------------------------------------------------------------


def fits_adobe(document: Any) -> bool:
    """Whether this is what Adobe's developer console hands out, for JWT (retired) or server to server."""
    return isinstance(document, dict) and "ORG_ID" in document and bool({"API_KEY", "CLIENT_ID"} & document.keys())


def adobe(document: Any, path: Path) -> list[Draft]:
    """One login: of a key where there is an API key, else of a client with a secret."""
    drafting = Drafting(ADOBE, name_of(document.get("PROJECT_NAME"), "adobe"), str(path), path.absolute().parent)
    drafting.say("provider", "adobe", "ORG_ID")
    told = _adobe_by_jwt if "API_KEY" in document else _adobe_by_secret
    told(drafting, document, path)
    return [drafting.draft()]


def _adobe_by_jwt(drafting: Drafting, document: dict[str, Any], path: Path) -> None:
    """The organisation is the assertion's issuer and the API key the client."""
    drafting.say("flow", "jwt-bearer", "API_KEY")
    drafting.say("url", "https://ims-na1.adobelogin.com/ims/exchange/jwt", "API_KEY")
    drafting.text("client_id", document["API_KEY"], "API_KEY")
    drafting.text("username", document.get("TECHNICAL_ACCOUNT_ID"), "TECHNICAL_ACCOUNT_ID")
    if not unfit(document["ORG_ID"]):
        drafting.say("claim", (f"iss={json.dumps(document['ORG_ID'])}",), "ORG_ID")
    if document.get("CLIENT_SECRET"):
        _secrets_inside(drafting, path, ("client_secret", "/CLIENT_SECRET"))
    drafting.notes.append("Adobe has retired JWT credentials: make server-to-server ones in its developer console")
    drafting.notes.append("each metascope is a claim more: --claim 'https://ims-na1.adobelogin.com/s/METASCOPE=true'")


def _adobe_by_secret(drafting: Drafting, document: dict[str, Any], path: Path) -> None:
    """What comes after JWT signs nothing."""
    drafting.say("flow", "client-credentials", "CLIENT_ID")
    drafting.say("url", "https://ims-na1.adobelogin.com/ims/token/v3", "CLIENT_ID")
    drafting.text("client_id", document["CLIENT_ID"], "CLIENT_ID")
    scopes = document.get("SCOPES")
    drafting.text("scope", ",".join(map(str, scopes)) if isinstance(scopes, list) else scopes, "SCOPES")
    if document.get("CLIENT_SECRETS"):
        _secrets_inside(drafting, path, ("client_secret", "/CLIENT_SECRETS/0"))


# --- DocuSign --------------------------------------------------------------------------------------------------------

_DOCUSIGN = (
    ("client_id", ("dsJWTClientId", "ClientId")),
    ("username", ("impersonatedUserGuid", "ImpersonatedUserId")),
    ("url", ("dsOauthServer", "AuthServer")),
    ("key", ("privateKeyLocation", "privateKeyFile", "PrivateKeyFile", "rsaKeyLocation")),
)
"""As the vendor's launchers call them, by setting."""


def fits_docusign(document: Any) -> bool:
    """Whether this is the configuration that DocuSign's code examples go by."""
    return isinstance(document, dict) and ("dsJWTClientId" in document or isinstance(document.get("DocuSignJWT"), dict))


def docusign(document: Any, path: Path) -> list[Draft]:
    """The user who is impersonated and the integration key."""
    table = document if "dsJWTClientId" in document else document["DocuSignJWT"]
    drafting = Drafting(DOCUSIGN, "docusign", str(path), path.absolute().parent)
    drafting.say("provider", "docusign", "dsJWTClientId")
    drafting.say("flow", "jwt-bearer", "dsJWTClientId")
    for setting, names in _DOCUSIGN:
        name = next((one for one in names if isinstance(table.get(one), str) and table[one]), None)
        if name is None:
            continue
        value = table[name]
        if setting == "url":
            drafting.url(setting, value if "://" in value else f"https://{value}", name)
        elif setting == "key":
            drafting.path(setting, value, name)
        else:
            drafting.text(setting, value, name)
    drafting.say("scope", "signature impersonation", "DocuSign's JWT grant")
    return [drafting.draft()]


def _secrets_inside(drafting: Drafting, path: Path, *places: tuple[str, str]) -> None:
    for setting, pointer in places:
        member = next(part for part in reversed(pointer.split("/")) if not part.isdigit())
        drafting.secret(setting, member, "a secret, which stays in its file", f"json:{path.absolute()}#{pointer}")


def _key_inside(drafting: Drafting, pem: object, member: str, path: Path) -> None:
    if not isinstance(pem, str) or "-----BEGIN" not in pem:
        drafting.notes.append(f"{member} holds no key: make a new one where this file came from")
        return
    drafting.say("key", str(path.absolute()), member)
    drafting.secret("key", member, "the key, which stays in its file")


# --- keys alone ------------------------------------------------------------------------------------------------------


def fits_key(text: str) -> bool:
    """Whether this is PEM with a private key or a certificate in it."""
    return re.search(r"-----BEGIN (?:[A-Z0-9]{2,12} )?(?:PRIVATE KEY|CERTIFICATE)-----", text[:20_000]) is not None


def key(text: str, path: Path) -> list[Draft]:
    """A key of a GitHub App is a login once its id is known; any other key or certificate completes one."""
    if "PRIVATE KEY-----" not in text:
        drafting = Drafting(CERTIFICATE, name_of(path.stem), str(path), path.absolute().parent)
        drafting.say("cert", str(path.absolute()), path.name)
        return [drafting.draft(completes=True)]
    app = _GITHUB_NAME.fullmatch(path.name)
    apple = APPLE_KEY_NAME.fullmatch(path.name)
    kind = APPLE_KEY if apple else PRIVATE_KEY if app is None else GITHUB_KEY
    drafting = Drafting(kind, name_of(app[1] if app else path.stem), str(path), path.absolute().parent)
    drafting.say("key", str(path.absolute()), path.name)
    if app is not None:
        drafting.say("provider", "github", path.name)
    if apple is not None:
        drafting.say("kid", apple[2], path.name)
        if apple[1] == "SubscriptionKey":
            drafting.say("provider", "apple-app-store-connect", path.name)
        else:
            drafting.notes.append("it may be of either: --provider apple (--client-id TEAM_ID --username SERVICES_ID) "
                                  "or --provider apple-app-store-connect (--client-id ISSUER_ID)")  # fmt: skip
    return [drafting.draft(completes=True)]
