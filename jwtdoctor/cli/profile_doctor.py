"""What is wrong with a profile, as far as can be told without any network: `jwtdoctor profiles doctor`.

The files and references are tried, the key and the certificate are read and paired, the request is looked at as `check`
looks at it before it sends one, and an assertion is signed in memory and judged by the provider's rules. So nothing
here knows a rule that `check`, `inspect` and `keys` do not know; its own is what only a profile can be wrong about: a
setting that its flow never reads, one that is missing, a provider that is not the host's.

No command of `cmd:` is run and nobody is asked (`prompt`); what hangs on them is left aside and said to be.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jwtdoctor.cli.attempt import attempt_of, flow_name, flow_of, provider_name, token_url_of, unnamed_flow
from jwtdoctor.config.profiles import SECRETS, SETTINGS, Setting, Settings, Value
from jwtdoctor.config.secrets import resolve, shown
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.names import ASSERTION_FLOWS

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey, PublicKey
    from jwtdoctor.model.case import Attempt
    from jwtdoctor.model.provider import Provider

_OF_ASSERTION = frozenset(
    ("key", "key_passphrase", "cert", "audience", "lifetime", "no_iat", "nbf", "jti", "alg", "kid", "x5t", "x5t_s256",
     "claim", "as", "scope")
)  # fmt: skip
_OF_CLIENT = frozenset(("client_secret", "client_auth", "scope"))
_READS: dict[str, frozenset[str]] = {
    **{flow: _OF_ASSERTION | {"client_secret", "client_auth"} for flow in ASSERTION_FLOWS},
    "client-secret-jwt": _OF_ASSERTION | {"client_secret", "client_auth", "refresh_token", "code", "redirect_uri"},
    "client-credentials": _OF_CLIENT,
    "authorization-code": _OF_CLIENT | {"code", "code_verifier", "code_challenge", "no_pkce", "redirect_uri",
                                        "authorize_url"},
    "refresh-token": _OF_CLIENT | {"refresh_token"},
    "password": _OF_CLIENT | {"password", "security_token"},
    "device": _OF_CLIENT | {"device_code", "device_url"},
    "token-exchange": _OF_CLIENT | {"subject_token"},
    "saml-bearer": _OF_CLIENT | {"saml_assertion"},
}  # fmt: skip
"""Flow to what it reads beside what every flow does."""
_OF_SOME_FLOW = frozenset(name for names in _READS.values() for name in names)
_NEEDS: dict[str, tuple[str, ...]] = {
    "jwt-bearer": ("client_id", "username", "key"),
    "private-key-jwt": ("client_id", "key"),
    "api-jwt": ("client_id", "key"),
    "client-secret-jwt": ("client_id", "username", "key"),
    "client-credentials": ("client_id", "client_secret"),
    "authorization-code": ("client_id", "redirect_uri"),
    "refresh-token": ("client_id", "refresh_token"),
    "password": ("client_id", "username", "password"),
    "device": ("client_id",),
    "token-exchange": ("client_id", "subject_token"),
    "saml-bearer": ("client_id", "saml_assertion"),
}
_FORMS = {"ref": "REF", "path": "FILE"}


def missing(settings: Settings | Mapping[str, Value]) -> Iterator[str]:
    """What the flow of these settings cannot do without and they do not say, one line a thing. Raises UnknownName."""
    found = settings if isinstance(settings, Settings) else settings_of(settings)
    provider, flow = _provider_and_flow(found)
    if "url" not in found:
        yield "url, the token endpoint: --url https://HOST"
    for name in _NEEDS.get(flow, ()):
        if name == "client_id" and provider.has_instead("iss", {"sub": found.text("username")}):
            continue
        if name not in found and not (name == "username" and "sub" not in provider.required_claims):
            yield f"{name}: --{name.replace('_', '-')} {_FORMS.get(SETTINGS[name], 'VALUE')}"
    shape = provider.requests.get(flow)
    if shape is not None and "client_secret" in shape.beside and "client_secret" not in found:
        yield f"client_secret, which {provider.title} wants beside the assertion: --client-secret REF"
    given = {one.partition("=")[0] for one in found.several("field")}
    for name in () if shape is None else shape.fields:
        if name not in given:
            yield f"{name}, which {provider.title} wants in the form: --field {name}=VALUE"
    claims = {one.partition("=")[0] for one in found.several("claim")}
    if flow == "jwt-bearer" and "scope" in provider.required_claims and "scope" not in {*claims, *found.values}:
        yield f"scope, which {provider.title} wants in the assertion: --scope SCOPES"


def settings_of(values: Mapping[str, Value]) -> Settings:
    """Bare values as settings that come from nowhere."""
    return Settings({name: Setting(name, value, "import") for name, value in values.items()})


def shown_value(name: str, value: Value) -> str:
    """A setting's value as it may be printed: a secret as its reference."""
    if name in SECRETS:
        return shown(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def findings(found: Settings) -> Iterator[Finding]:
    """Everything that is wrong, files and references first. Reads secrets, keeps and shows none."""
    yield from _of_places(found)
    for warning in found.warnings:
        yield Finding("setting-not-used", "warning", "settings", warning, "rename or remove it")
    try:
        provider, flow = _provider_and_flow(found)
    except BadInput as problem:
        yield Finding("unknown-name", "error", "provider or flow", str(problem), "correct it")
        return
    yield from _of_names(found, provider, flow)
    yield from _of_request(found, provider, flow)


def _provider(found: Settings) -> Provider:
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    return knowledge.providers[provider_name(found, knowledge)]


def _provider_and_flow(found: Settings) -> tuple[Provider, str]:
    provider = _provider(found)
    return provider, flow_name(found.text("flow") or unnamed_flow(found, provider))


def _where(found: Settings, name: str) -> str:
    setting = found.get(name)
    return name if setting is None else _of(setting)


def _of(setting: Setting) -> str:
    """The setting and the place that it comes from, in a few words."""
    return f"{setting.name} ({setting.origin.partition(' file ')[0]}{' file' if ' file ' in setting.origin else ''})"


# --- files and references --------------------------------------------------------------------------------------------


def _of_places(found: Settings) -> Iterator[Finding]:
    told: set[str] = set()
    for setting in found:
        if setting.name in SECRETS:
            each = _of_secret(setting)
        elif SETTINGS[setting.name] == "path":
            each = _of_file(setting, Path(found.text(setting.name) or ""))
        else:
            continue
        for one in each:  # a file with a key and a secret in it is told once
            if one.message not in told:
                told.add(one.message)
                yield one


def _is_tried(ref: str) -> bool:
    return not ref.startswith("cmd:") and ref != "prompt"


def _of_secret(setting: Setting) -> Iterator[Finding]:
    ref = str(setting.value)
    where = _of(setting)
    if not _is_tried(ref):
        yield Finding("secret-not-tried", "note", where, f"{shown(ref)} was not tried", "")
        return
    try:
        resolve(ref, what=setting.name, folder=setting.folder)
    except BadInput as problem:
        yield Finding("secret-unreadable", "error", where, str(problem), "make it readable or name another place")
        return
    kind, _, path = ref.partition(":")
    if kind in ("file", "json"):
        path = path.partition("#")[0] if kind == "json" else path
        yield from _open_to_others((setting.folder or Path()) / Path(path).expanduser(), where)


def _of_file(setting: Setting, path: Path) -> Iterator[Finding]:
    where = _of(setting)
    try:
        with path.open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a path"
        yield Finding("file-unreadable", "error", where, f"{path} cannot be read: {reason}", "name another file")
        return
    if setting.name in ("key", "dpop_key"):
        yield from _open_to_others(path, where)


def _open_to_others(path: Path, where: str) -> Iterator[Finding]:
    """Unix modes only: elsewhere they say nothing."""
    if os.name == "posix" and path.is_file() and path.stat().st_mode & 0o077:
        yield Finding("secret-open-to-others", "warning", where, f"{path} can be read by others", f"chmod 600 {path}")


# --- names and forms -------------------------------------------------------------------------------------------------


def _of_names(found: Settings, provider: Provider, flow: str) -> Iterator[Finding]:
    for need in missing(found):
        rule = "profile-without-url" if need.startswith("url") else "setting-missing"
        yield Finding(rule, "warning", need.partition(":")[0].partition(",")[0], f"{flow} needs {need}", "set it")
    if flow not in provider.flows and provider.slug != "generic":
        message = f"{flow} is not known at {provider.title}, which has {', '.join(provider.flows)}"
        yield Finding("flow-not-known", "note", _where(found, "flow"), message, "look at flow and provider")
    yield from _of_host(found, provider)
    for setting in found:
        if setting.name in _OF_SOME_FLOW - _READS.get(flow, _OF_SOME_FLOW):
            message = f"{flow} does not read it"
            yield Finding("setting-unused", "warning", _where(found, setting.name), message, "remove it, or set flow")
    yield from _of_client_id(found, provider)


def _of_host(found: Settings, provider: Provider) -> Iterator[Finding]:
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.reasoning.recognise import provider_of_url

    url = found.text("url")
    if url is None:
        return
    own = provider_of_url(url, load())
    if own is not None and own != provider.slug:
        message = f"the host is {own}'s and provider says {provider.slug}"
        yield Finding("provider-of-another-host", "warning", _where(found, "provider"), message, f'provider = "{own}"')
    try:
        _, warnings = token_url_of(url, provider, flow_of(found, provider))
    except BadInput as problem:
        yield Finding("url-unusable", "error", _where(found, "url"), str(problem), "correct url")
        return
    for warning in warnings:
        yield Finding("url-odd", "warning", _where(found, "url"), warning, "look at url")


def _of_client_id(found: Settings, provider: Provider) -> Iterator[Finding]:
    text = found.text("client_id")
    known = provider.client_id
    if text is None or known is None or re.fullmatch(known.form, text):
        return
    message = f"is not {known.says}"
    if text != text.strip() or any(char.isspace() for char in text):
        message += ": it holds white space"
    yield Finding(
        "client-id-form", "warning", _where(found, "client_id"), message, "copy it again from the app", known.sources
    )


# --- what would be sent ----------------------------------------------------------------------------------------------


def _of_request(found: Settings, provider: Provider, flow: str) -> Iterator[Finding]:
    """Key, certificate, assertion and request, as far as the readable secrets lead."""
    from jwtdoctor.probes.flows.conflicts import Given, conflicts

    try:
        attempt, _ = attempt_of(_readable(found), provider)
    except BadInput:
        return  # told above: url, or something that cannot be read
    for one in conflicts(Given(flow, attempt, provider)):
        yield replace(one, where=_where(found, one.where))
    if flow in ASSERTION_FLOWS and "key" in found:
        yield from _of_key(found, attempt, provider, flow)


def _readable(found: Settings) -> Settings:
    """The settings without the secrets that are not tried, or cannot be read."""
    return replace(found, values={name: one for name, one in found.values.items() if _can_be_read(one)})


def _can_be_read(setting: Setting) -> bool:
    if setting.name not in SECRETS:
        return True
    if not _is_tried(str(setting.value)):
        return False
    try:
        resolve(str(setting.value), what=setting.name, folder=setting.folder)
    except BadInput:
        return False
    return True


def _of_key(found: Settings, attempt: Attempt, provider: Provider, flow: str) -> Iterator[Finding]:
    from jwtdoctor.assertions.keys import load_private
    from jwtdoctor.assertions.signer import read_file

    path = attempt.key_path or ""
    if not Path(path).is_file():
        return
    passphrase = found.get("key_passphrase")
    if passphrase is not None and attempt.key_passphrase is None:
        return
    try:
        key = load_private(read_file(path), where=path, passphrase=attempt.key_passphrase)
    except BadInput as problem:
        yield Finding("key-unusable", "error", _where(found, "key"), str(problem), "name the private key")
        return
    yield from _of_certificate(found, attempt, key)
    if not list(missing(found)):
        yield from _of_assertion(found, attempt, provider, key, flow)


def _of_certificate(found: Settings, attempt: Attempt, key: PrivateKey) -> Iterator[Finding]:
    from jwtdoctor.assertions.keys import load_public, matches
    from jwtdoctor.assertions.signer import read_file

    path, where = attempt.certificate_path, _where(found, "cert")
    if path is None or not Path(path).is_file():
        return
    try:
        public: PublicKey = load_public(read_file(path), where=path)
    except BadInput as problem:
        yield Finding("certificate-unusable", "error", where, str(problem), "name the certificate")
        return
    if not matches(key, public):
        yield Finding("certificate-of-another-key", "error", where, "key and cert do not belong together",
                      "upload the certificate of this key, or sign with the other")  # fmt: skip
    if public.not_after is not None and public.not_after < time.time():
        yield Finding("certificate-expired", "warning", where, "the certificate has expired by this clock",
                      "make a new pair: jwtdoctor keys new")  # fmt: skip


def _of_assertion(
    found: Settings, attempt: Attempt, provider: Provider, key: PrivateKey, flow: str
) -> Iterator[Finding]:
    """Signs in memory, and judges that as `inspect` would, and its audience against the host."""
    from jwtdoctor.assertions.decode import take_apart
    from jwtdoctor.assertions.inspect import lint
    from jwtdoctor.probes.local import make_assertion

    now = time.time()
    try:
        assertion = make_assertion(attempt, provider, key, now, flow).assertion
    except BadInput as problem:
        yield Finding("assertion-cannot-be-signed", "error", "assertion", str(problem), "correct it")
        return
    names = {"claims.aud": "audience", "claims.sub": "username", "header.kid": "kid", "header.alg": "alg"}
    for one in lint(take_apart(assertion.token.reveal()), provider, now):
        if one.severity != "note" and one.rule != "iss-no-consumer-key":
            yield replace(one, where=_where(found, names.get(one.where, one.where)))
    if _contradicts_host(assertion.claims.get("aud"), attempt.token_url, provider, flow):
        message = "the audience is of another environment than the host that is asked"
        yield Finding("audience-of-another-host", "warning", _where(found, "audience"), message,
                      "leave audience out, or correct url")  # fmt: skip


def _contradicts_host(aud: Any, token_url: str, provider: Provider, flow: str) -> bool:
    from urllib.parse import urlsplit

    from jwtdoctor.model.chart import Chart, Observation
    from jwtdoctor.reasoning.derive import derive

    host = urlsplit(token_url).hostname
    if not isinstance(aud, str) or host is None:
        return False
    seen = (Observation("assertion.aud", aud, "key"), Observation("request.token_host", host, "request"))
    return derive(Chart.of(seen), provider, flow).value("assertion.aud_fits_host") is False
