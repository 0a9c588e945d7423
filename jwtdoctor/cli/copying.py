"""`check --copy curl|python`: the whole request to take along, without a secret in it.

Secrets stay the references that they are in the settings: a variable, a file, the keyring. The assertion is made when
the copy runs, by `jwtdoctor sign` or the library, since a pasted one is dead in minutes and a credential until then.
Nothing is sent, no secret is read, no command of `cmd:` is run or repeated.

In curl, secrets reach the form through process substitution (bash, zsh) and not the command line, which others can see.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jwtdoctor.config.attempts import plain_attempt
from jwtdoctor.config.profiles import SECRETS, Settings
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.model.provider import Provider

FORMS = ("curl", "python")
SIGNING = ("jwt-bearer", "private-key-jwt")
_MARK = re.compile(r"\x00(\w+)\x00")
_SIGN_SETTINGS = ("provider", "url", "audience", "client_id", "username", "key", "key_passphrase", "lifetime", "alg",
                  "kid", "as")  # fmt: skip


def copied(form: str, found: Settings, provider: Provider, flow: str) -> str:
    """The request as a program. Raises BadInput where something of the flow is missing."""
    attempt = _with_marks(plain_attempt(found, provider)[0], found)
    request = _request(flow, attempt)
    if form == "curl":
        return _curl(request, attempt, found, flow)
    return _python(request, attempt, found, flow, provider)


def _with_marks(attempt: Attempt, found: Settings) -> Attempt:
    """Each secret that is set, as a mark in its place."""
    marks: dict[str, Any] = {name: Secret(f"\0{name}\0") for name in SECRETS if name in found}
    return replace(attempt, **marks, client_auth="body")


def _request(flow: str, attempt: Attempt) -> TokenRequest:
    from jwtdoctor.probes.flows import token_request

    signed = Assertion(Secret("\0assertion\0"), {}, {}, 0.0) if flow in SIGNING else None
    return token_request(flow, attempt, signed)


def _parts(value: str | Secret) -> list[tuple[str, str]]:
    """A value as (text, mark) pieces: one of the two is empty."""
    text = value.reveal() if isinstance(value, Secret) else value
    pieces = _MARK.split(text)
    found = [(piece, "") if n % 2 == 0 else ("", piece) for n, piece in enumerate(pieces)]
    return [pair for pair in found if pair != ("", "")]


def _is_basic(found: Settings) -> bool:
    return found.text("client_auth") == "basic" and "client_secret" in found


# --- curl ------------------------------------------------------------------------------------------------------------


def _curl(request: TokenRequest, attempt: Attempt, found: Settings, flow: str) -> str:
    lines = [f"curl --silent --show-error --include {shlex.quote(request.url)}"]
    basic = _is_basic(found)
    for name, value in request.fields:
        if basic and name in ("client_id", "client_secret"):
            continue
        lines.append(_curl_field(name, value, found))
    if basic:
        secret = _in_shell("client_secret", found)
        pair = f"printf '%s:%s' {shlex.quote(attempt.client_id)} {secret}"
        lines.append(f"--header @<(printf 'Authorization: Basic %s' \"$({pair} | base64 | tr -d '\\n')\")")
    before = _asked_before(request, found)
    said = "# bash or zsh; secrets are read when this runs" + (f", each run is a login ({flow})")
    return "\n".join([said, *before, " \\\n  ".join(lines)])


def _curl_field(name: str, value: str | Secret, found: Settings) -> str:
    parts = _parts(value)
    if all(not mark for _, mark in parts):
        return f"--data-urlencode {shlex.quote(name + '=' + ''.join(text for text, _ in parts))}"
    words = " ".join(shlex.quote(text) if text else _in_shell(mark, found) for text, mark in parts)
    return f"--data-urlencode {name}@<(printf %s {words})"


def _in_shell(mark: str, found: Settings) -> str:
    """The shell's way to a secret."""
    if mark == "assertion":
        return f'"$({_sign_line(found)})"'
    kind, _, rest = (found.text(mark) or "").partition(":")
    match kind:
        case "env":
            return f'"${{{rest}}}"'
        case "file":
            return f'"$(cat {shlex.quote(_path(mark, rest, found))})"'
        case "keyring":
            service, _, user = rest.partition("/")
            return f'"$(keyring get {shlex.quote(service)} {shlex.quote(user)})"'
        case _:
            return f'"${{{_variable(mark)}}}"'


def _asked_before(request: TokenRequest, found: Settings) -> list[str]:
    """Lines that fill the variables of `prompt` and `cmd:`, whose command is not repeated: it may hold a secret."""
    marks = {mark for _, value in request.fields for _, mark in _parts(value) if mark and mark != "assertion"}
    lines = []
    for mark in sorted(marks):
        kind = (found.text(mark) or "").partition(":")[0]
        if kind == "prompt":
            lines.append(f"read -rs {_variable(mark)}  # {mark}: type it")
        elif kind == "cmd":
            lines.append(f"{_variable(mark)}=$(YOUR COMMAND)  # {mark}: the command of your settings")
    return lines


def _variable(mark: str) -> str:
    return f"JWTDOCTOR_{mark.upper()}_VALUE"


def _path(mark: str, path: str, found: Settings) -> str:
    setting = found.get(mark)
    folder = None if setting is None else setting.folder
    return path if folder is None else str(folder / path)


def _sign_line(found: Settings) -> str:
    words = ["jwtdoctor", "sign", "--quiet"]
    for name in _SIGN_SETTINGS:
        if name in found:
            words += [f"--{name.replace('_', '-')}", found.text(name) or ""]
    words += [] if not found.flag("no_iat") else ["--no-iat"]
    for claim in found.several("claim"):
        words += ["--claim", claim]
    return " ".join(shlex.quote(word) for word in words)


# --- Python ----------------------------------------------------------------------------------------------------------


def _python(request: TokenRequest, attempt: Attempt, found: Settings, flow: str, provider: Provider) -> str:
    imports, basic = {"requests"}, _is_basic(found)
    fields = []
    for name, value in request.fields:
        if not (basic and name in ("client_id", "client_secret")):
            fields.append(f"    {name!r}: {_expression(value, found, imports)},")
    made = _signer(attempt, found, flow, provider) if flow in SIGNING else []
    if made:
        imports.add("jwtdoctor")
    authentication = ""
    if basic:
        imports.add("urllib.parse")
        secret = _value_of("client_secret", found, imports)
        quoted = f"urllib.parse.quote_plus({attempt.client_id!r}), urllib.parse.quote_plus({secret})"
        authentication = f", auth=({quoted})"
    lines = [f"import {name}" for name in sorted(imports)]
    lines += ["", *made, "form = {", *fields, "}"]
    call = f"reply = requests.post({request.url!r}, data=form, timeout=20, allow_redirects=False{authentication})"
    return "\n".join([*lines, call, "print(reply.status_code, reply.json().get('error_description', ''))"])


def _signer(attempt: Attempt, found: Settings, flow: str, provider: Provider) -> list[str]:
    from jwtdoctor.probes.local import spec_of

    if found.text("as") is not None:
        raise BadInput("python cannot emulate a client", where="--copy", do="use --copy curl beside --as")
    if attempt.key_path is None:
        raise BadInput("no private key was named", expected="--key FILE")
    spec = spec_of(attempt, provider, flow=flow)
    parts: list[tuple[str, Any]] = [
        ("key", attempt.key_path), ("issuer", spec.issuer), ("subject", spec.subject), ("audience", spec.audience),
        ("lifetime_s", spec.lifetime_s), ("alg", attempt.alg), ("kid", spec.kid), ("jti", spec.jti or None),
        ("iat", None if spec.iat else False), ("extra_claims", dict(spec.extra_claims) or None),
    ]  # fmt: skip
    lines = [f"    {name}={value!r}," for name, value in parts if value is not None]
    if attempt.key_passphrase is not None:
        lines.append("    passphrase=...,  # a jwtdoctor Secret")
    return ["signer = jwtdoctor.Signer(", *lines, ")"]


def _expression(value: str | Secret, found: Settings, imports: set[str]) -> str:
    pieces = [repr(text) if text else _value_of(mark, found, imports) for text, mark in _parts(value)]
    return " + ".join(pieces) or "''"


def _value_of(mark: str, found: Settings, imports: set[str]) -> str:
    if mark == "assertion":
        return "signer.sign().token.reveal()"
    kind, _, rest = (found.text(mark) or "").partition(":")
    by_kind: dict[str, tuple[str, Callable[[], str]]] = {
        "env": ("os", lambda: f"os.environ[{rest!r}]"),
        "file": ("pathlib", lambda: f"pathlib.Path({_path(mark, rest, found)!r}).read_text().rstrip('\\r\\n')"),
        "keyring": ("keyring", lambda: "keyring.get_password({!r}, {!r})".format(*rest.partition("/")[::2])),
    }
    module, made = by_kind.get(kind, ("getpass", lambda: f"getpass.getpass({mark + ': '!r})"))
    imports.add(module)
    return made()
