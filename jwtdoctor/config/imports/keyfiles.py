"""JSON files that hold secrets and say what they are for (Google, Box), and keys that say nothing of themselves.

The key stays in its file, and `key` names it: `check` and `sign` find it there. So does every other secret beside it,
which the profile refers to as `json:PATH#POINTER`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jwtdoctor.config.imports.draft import Draft, Drafting, name_of

GOOGLE = "Google service-account JSON"
GOOGLE_USER = "Google user credentials (gcloud)"
BOX = "Box app configuration"
PRIVATE_KEY = "private key"
GITHUB_KEY = "private key of a GitHub App"
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


def _secrets_inside(drafting: Drafting, path: Path, *places: tuple[str, str]) -> None:
    for setting, pointer in places:
        member = pointer.rpartition("/")[2]
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
    kind = PRIVATE_KEY if app is None else GITHUB_KEY
    drafting = Drafting(kind, name_of(app[1] if app else path.stem), str(path), path.absolute().parent)
    drafting.say("key", str(path.absolute()), path.name)
    if app is not None:
        drafting.say("provider", "github", path.name)
    return [drafting.draft(completes=True)]
