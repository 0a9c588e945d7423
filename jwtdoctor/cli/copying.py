"""`check --copy curl|python`: the whole request to take along, without a secret in it.

Secrets stay the references that they are in the settings: a variable, a file, the keyring. The assertion is made when
the copy runs, by `jwtdoctor sign` or the library, since a pasted one is dead in minutes and a credential until then.
Nothing is sent, no secret is read, no command of `cmd:` is run or repeated.

In curl, secrets reach the form through process substitution (bash, zsh) and not the command line, which others can see.
If the assertion cannot be signed, nothing is sent: a login is not wasted on an empty one.

With `--dpop` the copy has `jwtdoctor sign` make the proof, and asks once more where a nonce is wanted, as `check` does.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jwtdoctor.config.attempts import plain_attempt
from jwtdoctor.config.profiles import OF_THE_ORG, SECRETS, Settings
from jwtdoctor.config.secrets import pointer_steps
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.names import ASSERTION_FLOWS
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.model.provider import Provider

FORMS = ("curl", "python")
SHOW_REPLY = """\
answer = reply.json() if "json" in reply.headers.get("Content-Type", "") else {}
print(reply.status_code, answer.get("error", ""), answer.get("error_description", ""))"""
"""How a copy in Python ends: with what was said, and never with the token."""
_MARK = re.compile(r"\x00(\w+)\x00")
_SIGN_SETTINGS = ("provider", "flow", "url", "audience", "client_id", "username", "key", "cert", "lifetime", "alg",
                  "kid", "x5t", "x5t_s256", "as")  # fmt: skip
_SIGN_FLAGS = ("no_iat", "nbf", "jti")


@dataclass(frozen=True, slots=True)
class _Copied:
    """One request, its secrets as marks, and the settings that say where they are."""

    request: TokenRequest
    attempt: Attempt
    found: Settings
    flow: str
    provider: Provider
    client_auth: str

    @property
    def is_signed(self) -> bool:
        return self.flow in ASSERTION_FLOWS

    @property
    def is_proved(self) -> bool:
        """Whether a DPoP proof goes along; where the JWT itself is the credential there is none."""
        return self.attempt.dpop and self.flow != "api-jwt"

    @property
    def is_basic(self) -> bool:
        return self.client_auth == "basic" and "client_secret" in self.found and not self.is_signed

    def fields(self) -> list[tuple[str, str | Secret]]:
        """The form, without what goes into the header."""
        aside = ("client_id", "client_secret") if self.is_basic else ()
        return [(name, value) for name, value in self.request.fields if name not in aside]

    def plain_headers(self) -> list[tuple[str, str]]:
        """The headers that hold no credential."""
        return [(name, value) for name, value in self.request.headers if isinstance(value, str)]

    def marks(self) -> set[str]:
        """The secrets that the request needs, by setting."""
        seen = {mark for _, value in self.request.fields for _, mark in _parts(value) if mark}
        has_key = self.is_signed or (self.is_proved and self.attempt.dpop_key_path is not None)
        passphrase = {"key_passphrase"} if has_key and "key_passphrase" in self.found else set()
        return (seen - {"assertion"}) | passphrase


def copied(form: str, found: Settings, provider: Provider, flow: str) -> str:
    """The request as a program. Raises BadInput where something of the flow is missing."""
    plain = plain_attempt(found, provider)[0]
    attempt = _with_marks(plain, found)
    copy = _Copied(_request(flow, attempt, provider), attempt, found, flow, provider, plain.client_auth)
    if copy.is_signed and attempt.key_path is None:
        raise BadInput("no private key was named", expected="--key FILE")
    return _curl(copy) if form == "curl" else _python(copy)


def _with_marks(attempt: Attempt, found: Settings) -> Attempt:
    """Each secret that is set, as a mark in its place."""
    marks: dict[str, Any] = {name: Secret(f"\0{name}\0") for name in SECRETS - OF_THE_ORG if name in found}
    return replace(attempt, **marks, client_auth="body")


def _request(flow: str, attempt: Attempt, provider: Provider) -> TokenRequest:
    from jwtdoctor.probes.flows import token_request

    signed = Assertion(Secret("\0assertion\0"), {}, {}, 0.0) if flow in ASSERTION_FLOWS else None
    return token_request(flow, attempt, signed, provider)


def _parts(value: str | Secret) -> list[tuple[str, str]]:
    """A value as (text, mark) pieces: one of the two is empty."""
    text = value.reveal() if isinstance(value, Secret) else value
    pieces = _MARK.split(text)
    found = [(piece, "") if n % 2 == 0 else ("", piece) for n, piece in enumerate(pieces)]
    return [pair for pair in found if pair != ("", "")]


def _place(mark: str, found: Settings) -> tuple[str, str]:
    """The kind of reference and what it names, files from the working folder's point of view."""
    kind, _, rest = (found.text(mark) or "").partition(":")
    setting = found.get(mark)
    folder = None if setting is None else setting.folder
    if kind in ("file", "json"):
        path, mark_, pointer = rest.partition("#") if kind == "json" else (rest, "", "")
        placed = Path(path).expanduser() if folder is None else folder / Path(path).expanduser()
        rest = f"{placed}{mark_}{pointer}"
    return kind, rest


def _variable(mark: str) -> str:
    return f"COPIED_{mark.upper()}"


# --- curl ------------------------------------------------------------------------------------------------------------

_ENCODE = """\
encoded() { local LC_ALL=C i c; for ((i = 0; i < ${#1}; i++)); do c=${1:$i:1}; case $c in
  [a-zA-Z0-9._~-]) printf %s "$c" ;;
  *) printf %s "$c" | od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g' ;; esac; done; }"""
"""RFC 6749 §2.3.1 wants both halves of Basic form-encoded."""


def _curl(copy: _Copied) -> str:
    said = f"# bash or zsh; secrets are read when this runs, each run is a login ({copy.flow})"
    before = [said, *_asked_before(copy)]
    if copy.is_basic:
        before.append(_ENCODE)
    signed = [f"assertion=$({_in_words(_sign_words(copy))}) &&"] if copy.is_signed else []
    if not copy.is_proved:
        return "\n".join([*before, *signed, _curl_call(copy)])
    proof = f'proof=$({_in_words(_proof_words(copy))} "$@") &&'
    return "\n".join([*before, "asked() {", *signed, proof, _curl_call(copy), "}", _ASK_WITH_NONCE])


_ASK_WITH_NONCE = """\
answer=$(asked) && case $answer in *'"use_dpop_nonce"'*)
  nonce=$(printf '%s\\n' "$answer" | tr -d '\\r' | sed -n 's/^[Dd][Pp][Oo][Pp]-[Nn][Oo][Nn][Cc][Ee]: *//p')
  answer=$(asked "--dpop-nonce=$nonce") ;;
esac && printf '%s\\n' "$answer\""""
"""Asks, and once more where the server wants a nonce of its own in the proof (RFC 9449 §8)."""


def _curl_call(copy: _Copied) -> str:
    lines = [f"curl --silent --show-error --include --max-time 20 {shlex.quote(copy.request.url)}"]
    ca_file = copy.found.text("ca_file")
    lines += [] if ca_file is None else [f"--cacert {shlex.quote(ca_file)}"]
    if copy.request.method == "POST" and not copy.request.fields:
        lines.append("--request POST")
    if copy.flow == "api-jwt":
        lines.append('--header @<(printf "Authorization: Bearer %s" "$assertion")')
    lines += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in copy.plain_headers()]
    lines += [_curl_field(name, value, copy.found) for name, value in copy.fields()]
    if copy.is_basic:
        secret = _in_shell("client_secret", copy.found)
        pair = f'printf %s:%s "$(encoded {shlex.quote(copy.attempt.client_id)})" "$(encoded {secret})"'
        lines.append(f"--header @<(printf 'Authorization: Basic %s' \"$({pair} | base64 | tr -d '\\n')\")")
    if copy.is_proved:
        lines.append("""--header @<(printf 'DPoP: %s' "$proof")""")
    return " \\\n  ".join(lines)


def _curl_field(name: str, value: str | Secret, found: Settings) -> str:
    parts = _parts(value)
    if all(not mark for _, mark in parts):
        return f"--data-urlencode {shlex.quote(name + '=' + ''.join(text for text, _ in parts))}"
    words = " ".join(shlex.quote(text) if text else _in_shell(mark, found) for text, mark in parts)
    return f"--data-urlencode {name}@<(printf %s {words})"


def _in_shell(mark: str, found: Settings) -> str:
    """The shell's way to a secret."""
    if mark == "assertion":
        return '"$assertion"'
    kind, rest = _place(mark, found)
    match kind:
        case "env":
            return f'"${{{rest}}}"'
        case "file":
            return f'"$(cat {shlex.quote(rest)})"'
        case "json":
            path, _, pointer = rest.partition("#")
            steps = "".join(f"[{step if step.isdecimal() else json.dumps(step)}]" for step in pointer_steps(pointer))
            return f'"$(jq -r {shlex.quote("." + steps)} {shlex.quote(path)})"'
        case "keyring":
            service, _, user = rest.partition("/")
            return f'"$(keyring get {shlex.quote(service)} {shlex.quote(user)})"'
        case _:
            return f'"${{{_variable(mark)}}}"'


def _asked_before(copy: _Copied) -> Iterable[str]:
    """Lines that fill the variables of `prompt` and `cmd:`, whose command is not repeated: it may hold a secret."""
    for mark in sorted(copy.marks()):
        kind = _place(mark, copy.found)[0]
        if kind == "prompt" and mark != "key_passphrase":  # jwtdoctor sign asks for that itself
            yield f"read -rs {_variable(mark)}  # {mark}: type it"
        elif kind == "cmd":
            yield f"export {_variable(mark)}=$(YOUR COMMAND)  # {mark}: the command of your settings"


def _in_words(words: Iterable[str]) -> str:
    return " ".join(shlex.quote(word) for word in words)


def _sign_words(copy: _Copied) -> list[str]:
    """`jwtdoctor sign` with these settings; a command of `cmd:` is a variable here."""
    found, words = copy.found, ["jwtdoctor", "sign", "--quiet"]
    for name in _SIGN_SETTINGS:
        if name in found:
            words += [f"--{name.replace('_', '-')}", found.text(name) or ""]
    words += [f"--{name.replace('_', '-')}" for name in _SIGN_FLAGS if found.flag(name)]
    words += _passphrase_words(found)
    for name, value in copy.attempt.extra_claims.items():
        words += ["--claim", f"{name}={json.dumps(value)}"]
    return words


def _passphrase_words(found: Settings) -> list[str]:
    if "key_passphrase" not in found:
        return []
    kind, rest = _place("key_passphrase", found)
    ref = f"env:{_variable('key_passphrase')}" if kind == "cmd" else f"{kind}:{rest}" if rest else kind
    return ["--key-passphrase", ref]


def _proof_words(copy: _Copied) -> list[str]:
    """`jwtdoctor sign` for the proof of this very request."""
    words = ["jwtdoctor", "sign", "--quiet", "--format", "proof", "--provider", copy.provider.slug]
    words += ["--url", copy.request.url]
    if copy.attempt.dpop_key_path is None:
        return words
    return [*words, "--dpop-key", copy.attempt.dpop_key_path, *_passphrase_words(copy.found)]


# --- Python ----------------------------------------------------------------------------------------------------------


def _python(copy: _Copied) -> str:
    imports = {"requests"}
    made = _assertion(copy, imports) if copy.is_signed else []
    if copy.flow == "api-jwt":
        others = "".join(f", {name!r}: {value!r}" for name, value in copy.plain_headers())
        bearer = _value_of("assertion", copy.found, imports)
        call = [f'headers = {{"Authorization": "Bearer " + {bearer}{others}}}',
                f"reply = requests.{copy.request.method.lower()}"
                f"({copy.request.url!r}, headers=headers{_rest(copy, imports)})"]  # fmt: skip
    elif copy.is_proved:
        made, call = [], _proved_in_python(copy, made, imports)
    else:
        fields = [f"    {name!r}: {_expression(value, copy.found, imports)}," for name, value in copy.fields()]
        call = [
            "form = {",
            *fields,
            "}",
            f"reply = requests.post({copy.request.url!r}, data=form{_rest(copy, imports)})",
        ]
    lines = [f"import {name}" for name in sorted(imports)]
    return "\n".join(
        [
            f"# secrets are read when this runs, each run is a login ({copy.flow})",
            *lines, "", *made, *call,
            SHOW_REPLY,
        ]
    )  # fmt: skip


def _proved_in_python(copy: _Copied, made: list[str], imports: set[str]) -> list[str]:
    """Asks with a proof, and once more where the server wants a nonce of its own in it (RFC 9449 §8).

    What somebody has to type is asked for once; the assertion and the proof are made for each request.
    """
    imports.add("subprocess")
    now, kept = [], []
    for name, value in copy.fields():
        written = _expression(value, copy.found, imports)
        if any(mark == "assertion" for _, mark in _parts(value)):
            now.append(f"    form[{name!r}] = {written}")
        else:
            kept.append(f"    {name!r}: {written},")
    asked = []
    if copy.attempt.dpop_key_path is not None and _place("key_passphrase", copy.found)[0] == "cmd":
        imports.update(("os", "getpass"))
        asked = [f"os.environ[{_variable('key_passphrase')!r}] = getpass.getpass('key_passphrase: ')"]
    others = "".join(f", {name!r}: {value!r}" for name, value in copy.plain_headers())
    return [
        *asked, *made[:-1], "form = {", *kept, "}",
        f"how = dict({_rest(copy, imports).removeprefix(', ')})", "", "",
        "def asked(*nonce):", *(f"    {line}" for line in made[-1:]), *now,
        f"    sign = {_proof_words(copy)!r}",
        "    proof = subprocess.run([*sign, *nonce], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()",
        f'    return requests.post({copy.request.url!r}, data=form, headers={{"DPoP": proof{others}}}, **how)', "", "",
        "reply = asked()",
        'if "use_dpop_nonce" in reply.text and "DPoP-Nonce" in reply.headers:',
        '    reply = asked("--dpop-nonce=" + reply.headers["DPoP-Nonce"])',
    ]  # fmt: skip


def _rest(copy: _Copied, imports: set[str]) -> str:
    ca_file = copy.found.text("ca_file")
    verify = "" if ca_file is None else f", verify={ca_file!r}"
    if not copy.is_basic:
        return f", timeout=20, allow_redirects=False{verify}"
    imports.add("urllib.parse")
    secret = _value_of("client_secret", copy.found, imports)
    quoted = f"urllib.parse.quote_plus({copy.attempt.client_id!r}), urllib.parse.quote_plus({secret})"
    return f", timeout=20, allow_redirects=False{verify}, auth=({quoted})"


def _assertion(copy: _Copied, imports: set[str]) -> list[str]:
    """Lines that leave a fresh assertion in `assertion`."""
    from jwtdoctor.probes.local import spec_of

    attempt, found = copy.attempt, copy.found
    spec = spec_of(attempt, copy.provider, flow=copy.flow)
    has_thumbprint = spec.x5t is not None or spec.x5t_s256 is not None
    # what the library's signer does not write
    if has_thumbprint or spec.issuer is None or any(name in found for name in ("as", "x5t", "x5t_s256", "nbf")):
        imports.add("subprocess")
        run = f"subprocess.run({_sign_words(copy)!r}, check=True, stdout=subprocess.PIPE, text=True)"
        return [f"assertion = {run}.stdout.strip()"]
    imports.add("jwtdoctor")
    algorithms = copy.provider.algorithms
    parts: list[tuple[str, Any]] = [
        ("key", attempt.key_path), ("issuer", spec.issuer), ("subject", spec.subject or None),
        ("audience", spec.audience or None), ("lifetime_s", spec.lifetime_s), ("alg", attempt.alg),
        ("algs", algorithms if attempt.alg is None and algorithms and "RS256" not in algorithms else None),
        ("kid", spec.kid), ("jti", spec.jti or None), ("iat", None if spec.iat else False),
        ("iat_back_s", spec.iat_back_s or None),
        ("extra_claims", dict(spec.extra_claims) or None),
    ]  # fmt: skip
    always = ("subject", "audience")
    lines = [f"    {name}={value!r}," for name, value in parts if value is not None or name in always]
    if "key_passphrase" in found:
        lines.append(f"    passphrase=jwtdoctor.Secret({_value_of('key_passphrase', found, imports)}),")
    return ["signer = jwtdoctor.Signer(", *lines, ")", "assertion = signer.sign().token.reveal()"]


def _expression(value: str | Secret, found: Settings, imports: set[str]) -> str:
    pieces = [repr(text) if text else _value_of(mark, found, imports) for text, mark in _parts(value)]
    return " + ".join(pieces) or "''"


def _value_of(mark: str, found: Settings, imports: set[str]) -> str:
    if mark == "assertion":
        return "assertion"
    kind, rest = _place(mark, found)
    by_kind: dict[str, tuple[tuple[str, ...], Callable[[], str]]] = {
        "env": (("os",), lambda: f"os.environ[{rest!r}]"),
        "file": (("pathlib",), lambda: f"pathlib.Path({rest!r}).read_text().rstrip('\\r\\n')"),
        "json": (("json", "pathlib"), lambda: _json_value(rest)),
        "keyring": (("keyring",), lambda: "keyring.get_password({!r}, {!r})".format(*rest.partition("/")[::2])),
    }
    modules, made = by_kind.get(kind, (("getpass",), lambda: f"getpass.getpass({mark + ': '!r})"))
    imports.update(modules)
    return made()


def _json_value(rest: str) -> str:
    path, _, pointer = rest.partition("#")
    steps = "".join(f"[{int(step) if step.isdecimal() else step!r}]" for step in pointer_steps(pointer))
    return f"json.loads(pathlib.Path({path!r}).read_text()){steps}"
