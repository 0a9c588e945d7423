"""The request as a form: which fields a flow has, what is typed in each, and what this provider says about it.

A field is a setting of a profile under its own name, so that the form, a profile's TOML and the command line never
differ. What is typed is kept as edits over the profile; an emptied field falls back to what the profile says.

`limits_of` reads the provider's own figures with their footing: help on a claim tells what *this* server is known to
do, and says so where nothing is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jwtdoctor.config.attempts import claims_of, token_url_of
from jwtdoctor.config.profiles import SECRETS, Settings, Value, checked
from jwtdoctor.config.secrets import FORMS, is_ref
from jwtdoctor.errors import BadInput
from jwtdoctor.model.names import ASSERTION_FLOWS, FLOWS
from jwtdoctor.model.provider import Provider
from jwtdoctor.render.words import duration, tag

Kind = Literal["text", "path", "whole", "ref", "choice", "switch", "claims"]
Rows = tuple[tuple[str, str], ...]
SECRET_FLOWS = ("client-credentials", "authorization-code", "refresh-token", "password", "device", "token-exchange",
                "saml-bearer")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the form. `name` is the setting, `claim` the member of the assertion that it becomes.

    `flows` empty: every flow. `limits` are those of the provider that its help tells. A `switch` that is `inverted`
    is on where the setting is not.
    """

    name: str
    label: str
    about: str
    kind: Kind = "text"
    flows: tuple[str, ...] = ()
    claim: str = ""
    limits: tuple[str, ...] = ()
    inverted: bool = False
    hint: str = ""


FIELDS: tuple[Field, ...] = (
    Field(
        "url",
        "Token URL",
        (
            "Where the request goes: https://HOST alone, to which the provider's own path is added, or "
            "the whole token URL. Plain http is taken on loopback only."
        ),
        hint="such as https://acme.my.salesforce.com",
    ),
    Field(
        "provider",
        "Provider",
        "Whose rules apply: its audiences, limits and wordings. Left alone, the host decides.",
        kind="choice",
    ),
    Field(
        "flow",
        "Flow",
        "Which grant is sent. The fields below are those of this flow.",
        kind="choice",
    ),
    Field(
        "client_id",
        "Client id",
        ("Names the app: iss of the assertion, client_id of the form. At Salesforce it is the consumer key."),
        claim="iss",
        hint="consumer key of the app",
    ),
    Field(
        "username",
        "User",
        (
            "Who logs in: sub of the assertion. At Salesforce the user name, not the e-mail address; in a"
            " sandbox it usually ends in .SANDBOXNAME."
        ),
        flows=(
            "jwt-bearer",
            "client-secret-jwt",
            "password",
        ),
        claim="sub",
        hint="such as ci@acme.com",
    ),
    Field(
        "audience",
        "Audience",
        (
            "Whom the assertion is for: aud. It is apart from the host that is asked: production and "
            "sandbox want their own. Empty: the one that fits the host."
        ),
        flows=ASSERTION_FLOWS,
        claim="aud",
    ),
    Field(
        "key",
        "Key",
        "The file of the private key that signs. ^f picks a file; the tab Key says what it is.",
        kind="path",
        flows=ASSERTION_FLOWS,
        hint="such as server.key; ^f picks",
    ),
    Field(
        "cert",
        "Certificate",
        "The certificate that is uploaded on the app, to see whether it belongs to the key.",
        kind="path",
        flows=ASSERTION_FLOWS,
        hint="such as server.crt; ^f picks",
    ),
    Field(
        "lifetime",
        "Lifetime",
        (
            "Seconds from signing to exp. Short enough for the server's maximum, long enough for a clock "
            "that is a little slow: the life plus what is tolerated is how slow it may be."
        ),
        kind="whole",
        flows=ASSERTION_FLOWS,
        claim="exp",
        limits=(
            "late_tolerance_s",
            "max_ttl_s",
            "max_exp_ahead_s",
            "max_age_s",
        ),
    ),
    Field(
        "no_iat",
        "Send iat",
        (
            "Whether the moment of signing is written. Some servers demand it, some refuse one that lies "
            "in their future, which is what a fast clock writes."
        ),
        kind="switch",
        flows=ASSERTION_FLOWS,
        claim="iat",
        limits=(
            "early_tolerance_s",
            "early_nbf_tolerance_s",
            "max_age_s",
        ),
        inverted=True,
    ),
    Field(
        "alg",
        "Algorithm",
        "How it is signed. Empty: the usual one of the key.",
        flows=ASSERTION_FLOWS,
        claim="alg",
    ),
    Field(
        "kid",
        "Key id",
        "Which of the app's keys signed, for servers that keep several.",
        flows=ASSERTION_FLOWS,
        claim="kid",
    ),
    Field(
        "claim",
        "More claims",
        (
            "Further claims as one JSON object; they are written last and win. The pane Assertion takes "
            "the whole JSON (^e)."
        ),
        kind="claims",
        flows=ASSERTION_FLOWS,
        hint='such as {"scope": "api"}',
    ),
    Field(
        "client_secret",
        "Secret",
        (
            "Where the client secret is, never the secret itself. Empty: none is sent. A public client "
            "with PKCE sends none; an app that requires the secret refuses without it."
        ),
        kind="ref",
        flows=SECRET_FLOWS,
        hint="such as env:ACME_SECRET",
    ),
    Field(
        "client_auth",
        "Secret goes",
        "Into the form (body) or the Authorization header (basic).",
        kind="choice",
        flows=SECRET_FLOWS,
    ),
    Field(
        "no_pkce",
        "Use PKCE",
        (
            "Whether a code_challenge is sent and its verifier shown later (RFC 7636). An app that "
            "requires PKCE refuses a login without; a secret does not replace it."
        ),
        kind="switch",
        flows=("authorization-code",),
        inverted=True,
    ),
    Field(
        "redirect_uri",
        "Redirect URI",
        "To the letter as it stands on the app.",
        flows=("authorization-code", "client-secret-jwt"),
        hint="such as http://localhost:8080/callback",
    ),
    Field(
        "code",
        "Code",
        "An authorization code that was obtained elsewhere; empty: the browser is asked.",
        kind="ref",
        flows=("authorization-code", "client-secret-jwt"),
    ),
    Field(
        "code_verifier",
        "Verifier",
        "The verifier that belongs to that code.",
        kind="ref",
        flows=("authorization-code",),
    ),
    Field(
        "refresh_token",
        "Refresh token",
        "Where the refresh token is. It is used once more by this run.",
        kind="ref",
        flows=("refresh-token", "client-secret-jwt"),
        hint="such as file:token.txt",
    ),
    Field(
        "password",
        "Password",
        "Where the password is.",
        kind="ref",
        flows=("password",),
        hint="such as prompt",
    ),
    Field(
        "security_token",
        "Sec. token",
        "Salesforce: appended to the password from addresses that it does not trust.",
        kind="ref",
        flows=("password",),
    ),
    Field(
        "device_code",
        "Device code",
        "A device code that was approved; empty: one is asked for.",
        kind="ref",
        flows=("device",),
    ),
    Field(
        "saml_assertion",
        "SAML",
        "Where the SAML assertion is.",
        kind="ref",
        flows=("saml-bearer",),
        hint="such as file:assertion.xml",
    ),
    Field(
        "subject_token",
        "Subject token",
        "Where the token is that is exchanged.",
        kind="ref",
        flows=("token-exchange",),
    ),
    Field(
        "scope",
        "Scope",
        "Scopes to ask for, separated by blanks. At Salesforce the app's own scopes decide.",
        flows=(
            "authorization-code",
            "refresh-token",
            "client-credentials",
            "private-key-jwt",
            "device",
            "token-exchange",
        ),
    ),
    Field(
        "dpop",
        "Send DPoP",
        (
            "Whether each request carries a proof that a key is at hand (RFC 9449), for apps that demand it. "
            "The key is made for this login, unless the profile names one (dpop_key)."
        ),
        kind="switch",
        flows=tuple(flow for flow in FLOWS if flow != "api-jwt"),
    ),
)
BY_NAME = {field.name: field for field in FIELDS}

LIMITS = {
    "late_tolerance_s": "after exp",
    "max_ttl_s": "longest life",
    "max_exp_ahead_s": "exp ahead",
    "max_age_s": "oldest iat",
    "early_tolerance_s": "iat ahead",
    "early_nbf_tolerance_s": "nbf ahead",
}
UNLIMITED = {
    "late_tolerance_s": "not known: count on exp itself",
    "max_ttl_s": "no maximum is known",
    "max_exp_ahead_s": "no maximum is known",
    "max_age_s": "no limit is known",
    "early_tolerance_s": "not known",
    "early_nbf_tolerance_s": "as for iat",
}


def fields_of(flow: str, provider: Provider | None = None) -> tuple[Field, ...]:
    """The fields of a flow, in their order, and what this provider wants besides."""
    besides = set() if provider is None else _wanted_besides(flow, provider)
    return tuple(field for field in FIELDS if not field.flows or flow in field.flows or field.name in besides)


def _wanted_besides(flow: str, provider: Provider) -> set[str]:
    shape = provider.requests.get(flow)
    names = set() if shape is None else {"client_secret"} & set(shape.beside)
    if flow in ASSERTION_FLOWS and "scope" in provider.required_claims:
        names.add("scope")
    if flow == "api-jwt" and "sub" in provider.required_claims:
        names.add("username")
    return names


def example_of(field: Field, provider: Provider) -> str:
    """What stands in an empty field: what this provider's client ids are, else an example."""
    known = provider.client_id if field.name == "client_id" else None
    return field.hint if known is None or provider.slug == "salesforce" else known.says


def shown_value(field: Field, found: Settings) -> str:
    """What is in force, as the field shows it; a switch is `yes` or `no`."""
    if field.kind == "switch":
        return "no" if found.flag(field.name) is field.inverted else "yes"
    if field.kind == "claims":
        return json.dumps(_claims(found), ensure_ascii=False) if found.several(field.name) else ""
    if field.kind == "path":
        return _from_here(found.text(field.name) or "")
    setting = found.get(field.name)
    return "" if setting is None else str(setting.value)


def _from_here(path: str) -> str:
    """A path as one would type it here: a profile's own begins at its file."""
    place = Path(path)
    return str(place.relative_to(Path.cwd())) if path and place.is_relative_to(Path.cwd()) else path


def _claims(found: Settings) -> dict[str, Any]:
    try:
        return claims_of(found.several("claim"))
    except BadInput:
        return {}


def value_of(field: Field, text: str, provider: Provider) -> Value | None:
    """What was typed as a setting; None where nothing was. Raises BadInput, which quotes nothing of a secret."""
    text = text.strip()
    if field.kind == "switch":
        return (text == "no") is field.inverted
    if not text:
        return None
    if field.kind == "claims":
        return _claim_lines(text)
    if field.kind == "whole":
        return _whole(text)
    value = checked(field.name, text, field.label)
    if field.name == "url":
        token_url_of(text, provider)
    if field.kind == "path" and not Path(text).expanduser().is_file():
        raise BadInput("no such file", where=field.label, do="^f picks one")
    if field.name == "client_id" and re.search(r"\s", text):
        raise BadInput("holds a blank", where=field.label, do="copy it again, whole")
    return value


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,9}", text):
        raise BadInput("is no whole number", expected="seconds, such as 180")
    return int(text)


def _claim_lines(text: str) -> tuple[str, ...]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInput("is not JSON", expected='an object, such as {"scope": "api"}') from None
    if not isinstance(found, dict):
        raise BadInput("is no JSON object", expected='such as {"scope": "api"}')
    lines = tuple(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in found.items())
    claims_of(lines)
    return lines


def said(problem: BadInput) -> str:
    """The problem in the few words that fit under a field: the field itself needs no naming there."""
    words = problem.what
    if problem.expected:
        words += f"; expected {problem.expected}"
    return words + (f". {problem.do[:1].upper()}{problem.do[1:]}" if problem.do else "")


def hint_of(field: Field, value: Value | None, provider: Provider) -> str:
    """What is worth knowing about a value that can be used; empty where there is nothing."""
    if field.name == "lifetime" and isinstance(value, int):
        return _hint_of_lifetime(value, provider)
    if field.name == "alg" and isinstance(value, str) and value not in provider.algorithms and provider.algorithms:
        return f"{provider.title} takes {', '.join(provider.algorithms)}"
    if field.name == "kid" and value is None and provider.needs_kid:
        return f"{provider.title} finds the key by its id"
    return ""


def _hint_of_lifetime(lifetime_s: int, provider: Provider) -> str:
    if lifetime_s <= 0:
        return "exp lies in the past from the start"
    for name in ("max_ttl_s", "max_exp_ahead_s"):
        most = provider.limit(name)
        if most is not None and lifetime_s > most:
            return f"{provider.title} takes {duration(most)} at most"
        if most is not None and lifetime_s == most:
            return f"the whole of what {provider.title} takes: any drift breaks it"
    return ""


def limits_of(field: Field, provider: Provider) -> Rows:
    """This provider's own figures and rules about a field, each with its footing."""
    rows = [_limit_row(name, provider) for name in field.limits]
    if field.claim and field.claim in provider.required_claims:
        rows.append(("demanded", f"{provider.title} refuses an assertion without {field.claim}"))
    if field.claim and field.claim in provider.forbidden_claims:
        rows.append(("forbidden", f"{provider.title} refuses an assertion with {field.claim}"))
    if field.name == "audience":
        rows.append(("taken", ", ".join(provider.audiences).replace("{host}", "(token host)") or "not known"))
        rows.append(
            ("as a list", "is taken" if provider.aud_as_array else "is not known to be taken: one text is safe")
        )
    if field.name == "url" and provider.token_path:
        rows.append(("its path", provider.token_path))
    if field.name == "alg":
        rows.append(("taken", ", ".join(provider.algorithms) or "not known"))
    if field.name == "kid":
        rows.append(("needed", "yes" if provider.needs_kid else "no"))
    if field.name == "flow":
        rows.append(("it knows", ", ".join(provider.flows)))
    if field.kind == "ref":
        rows.append(("write", FORMS))
    return tuple(rows)


def _limit_row(name: str, provider: Provider) -> tuple[str, str]:
    limit = provider.limits.get(name)
    if limit is None:
        return (LIMITS[name], UNLIMITED[name])
    figure = UNLIMITED[name] if limit.value is None else f"{limit.value:g} s"
    note = f" {limit.note}" if limit.note else ""
    return (LIMITS[name], f"{figure} {tag(limit.sureness, len(limit.sources))}{note}")


def origin_of(field: Field, found: Settings, edits: Mapping[str, Value]) -> str:
    """Where the value in force comes from, in a few words."""
    if field.name in edits:
        return "typed here"
    setting = found.get(field.name)
    return "nowhere: it is not set" if setting is None else setting.origin


def is_safe_to_show(name: str, text: str) -> bool:
    """Whether what stands in a field may be shown: what is no reference (yet) may be the secret itself."""
    if name not in SECRETS or not text:
        return True
    return is_ref(text) or any(kind.startswith(text) for kind in ("env:", "file:", "keyring:", "cmd:", "prompt"))


def choices_of(field: Field, providers: tuple[str, ...]) -> tuple[str, ...]:
    """What a choice offers."""
    return {"provider": providers, "flow": FLOWS, "client_auth": ("body", "basic")}[field.name]
