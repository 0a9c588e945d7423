"""From settings to an attempt: what a profile, the environment and flags together ask to be signed and sent.

Pure but for the secrets, which are read last, when all else is known to be usable. The command line and the
interface both come here, so that a profile means the same to both.

Decisions where the contract is silent:
- `url` takes the host alone (`https://acme.my.salesforce.com`), to which the provider's token path
  is added, or the whole token URL. No user name, password, query or fragment may be in it: URLs end up in logs.
- At a host that is the provider's own, a path that is not its token path is a mistake and refused. Elsewhere
  (a gateway, a proxy, loopback) it is taken with a warning.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from jwtdoctor.config.profiles import OF_THE_ORG, SECRETS, Settings
from jwtdoctor.config.secrets import resolve
from jwtdoctor.errors import BadInput
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.names import ASSERTION_FLOWS, canonical_flow
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.model.provider import Provider

DEFAULT_PROVIDER = "salesforce"
DEFAULT_FLOW = "jwt-bearer"
DEFAULT_LIFETIME_S = 180
SAFE_SHARE = 0.95
"""Of a provider's maximum, where that is below the usual lifetime: room for a clock that is a little off."""

APPLE_KEY_NAME = re.compile(r"(AuthKey|ApiKey|SubscriptionKey)_([A-Z0-9]{10})\.p8")
"""As Apple names a key: its id is in it. A SubscriptionKey is of the App Store Server API, an AuthKey of any."""

_OWN_FIELDS = frozenset({
    "grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "assertion", "username",
    "password", "code", "code_verifier", "refresh_token", "device_code", "subject_token", "scope", "redirect_uri",
})  # fmt: skip
Ask = Callable[[str], str]
"""Answers `prompt`: given the name of the setting, what was typed."""


def attempt_of(found: Settings, provider: Provider, *, ask: Ask | None = None) -> tuple[Attempt, tuple[str, ...]]:
    """What is to be signed and sent, and warnings about it. Raises BadInput; reads the secrets last.

    `ask` answers `prompt` (default: the terminal, without echo).
    """
    attempt, warnings = plain_attempt(found, provider)
    return _with_secrets(attempt, found, ask), warnings


def plain_attempt(found: Settings, provider: Provider) -> tuple[Attempt, tuple[str, ...]]:
    """The same without its secrets: no command is run and nobody is asked. Raises BadInput."""
    url = found.text("url")
    if url is None:
        raise BadInput(
            "the token endpoint is not known",
            expected="--url https://HOST, JWTDOCTOR_URL or url in a profile",
        )
    token_url, warnings = token_url_of(url, provider, flow_of(found, provider))
    attempt = Attempt(
        token_url=token_url,
        client_id=found.text("client_id") or "",
        username=found.text("username") or "",
        audience=found.text("audience"),
        key_path=found.text("key"),
        certificate_path=found.text("cert"),
        client_auth=found.text("client_auth") or client_auth_of(provider, flow_of(found, provider)),
        redirect_uri=found.text("redirect_uri"),
        code_challenge=found.text("code_challenge") if found.get("code") is not None else None,
        authorize_url=endpoint_of(found, "authorize_url"),
        device_url=endpoint_of(found, "device_url"),
        api_url=endpoint_of(found, "api_url"),
        userinfo_url=endpoint_of(found, "userinfo_url"),
        introspect_url=endpoint_of(found, "introspect_url"),
        revoke_url=endpoint_of(found, "revoke_url"),
        scope=None if _scope_is_a_claim(found, provider) else found.text("scope"),
        lifetime_s=lifetime_of(found, provider),
        iat=not found.flag("no_iat"),
        alg=found.text("alg"),
        kid=kid_of(found, provider),
        pkce=not found.flag("no_pkce"),
        revoke=found.flag("revoke"),
        as_client=found.text("as"),
        dpop=found.flag("dpop") or ("dpop" not in found and "dpop_key" in found),
        dpop_key_path=found.text("dpop_key"),
        extra_claims=claims_beside(found, provider),
        extra_fields=fields_of(found.several("field")),
    )
    return attempt, warnings


def _with_secrets(attempt: Attempt, found: Settings, ask: Ask | None) -> Attempt:
    secrets: dict[str, Any] = {}
    for name in sorted(SECRETS - OF_THE_ORG):
        secret = secret_of(found, name, ask=ask)
        if secret is not None:
            secrets[name] = secret
    return replace(attempt, **secrets)


def secret_of(found: Settings, name: str, *, ask: Ask | None = None) -> Secret | None:
    """The secret that a setting refers to; None where it is not set. Raises BadProfile."""
    setting = found.get(name)
    if setting is None:
        return None
    what = setting.origin if setting.is_flag else f"{setting.origin} {name}"
    return resolve(str(setting.value), what=what, folder=setting.folder, ask=ask)


def flow_of(found: Settings, provider: Provider) -> str | None:
    """The flow as set, else the one that goes with what is there; None where the name is none."""
    named = found.text("flow")
    return unnamed_flow(found, provider) if named is None else canonical_flow(named)


def unnamed_flow(found: Settings, provider: Provider) -> str:
    """The flow where nobody says which: a key's, and a client's own where there is a secret and no key.

    At Salesforce it is always the bearer's, as the contract has it.
    """
    has_secret_only = "client_secret" in found and "key" not in found
    if has_secret_only and provider.slug != DEFAULT_PROVIDER and "client-credentials" in provider.flows:
        return "client-credentials"
    return signing_flow(provider)


def signing_flow(provider: Provider) -> str:
    """The flow in which a key signs at this provider, where nobody says which: the first that its data name.

    Where none of its flows takes a JWT, it is the first of these.
    """
    return next((f for f in provider.flows if f in ASSERTION_FLOWS), next(iter(provider.flows), DEFAULT_FLOW))


def lifetime_of(found: Settings, provider: Provider) -> int:
    """Seconds from signing to exp: as asked, else 180, or 95 % of a lower maximum of the provider."""
    asked = found.number("lifetime")
    if asked is not None:
        return int(asked)
    maxima = [provider.limit("max_ttl_s"), provider.limit("max_exp_ahead_s")]
    lowest = min((m for m in maxima if m is not None), default=None)
    if lowest is None or lowest * SAFE_SHARE >= DEFAULT_LIFETIME_S:
        return DEFAULT_LIFETIME_S
    return int(lowest * SAFE_SHARE)


def iat_back_of(lifetime_s: int, provider: Provider) -> int:
    """Seconds by which iat is dated back: as the provider advises, and only where nothing counts from iat.

    Nowhere else: an age on arrival (`max_age_s`) or a life that is measured as exp - iat would be used up by it. Where
    both an advice and such a maximum are known, no more than keeps the life within 95 % of that.
    """
    advised, most = provider.limit("iat_back_s"), provider.limit("max_ttl_s")
    if advised is None or provider.limit("max_age_s") is not None:
        return 0
    return int(advised if most is None else max(0.0, min(advised, most * SAFE_SHARE - lifetime_s)))


def kid_of(found: Settings, provider: Provider) -> str | None:
    """The kid as set, else the one in the name of the key file, where the provider needs one (Apple)."""
    return found.text("kid") or (kid_of_name(found.text("key")) if provider.needs_kid else None)


def kid_of_name(path: str | None) -> str | None:
    """The key's id, where a file has the name that Apple gives to one (`AuthKey_ABC123DEFG.p8`); else None."""
    named = None if path is None else APPLE_KEY_NAME.fullmatch(re.split(r"[\\/]", path)[-1])
    return None if named is None else named[2]


def claims_beside(found: Settings, provider: Provider) -> dict[str, Any]:
    """The claims of `claim`, and `scope` where the provider wants it in the assertion. Raises BadInput."""
    scope = {"scope": found.text("scope")} if _scope_is_a_claim(found, provider) else {}
    return scope | claims_of(found.several("claim"))


def _scope_is_a_claim(found: Settings, provider: Provider) -> bool:
    """Google and others read the scopes in the assertion, in place of the form (RFC 7521 §4.1 leaves it to them)."""
    flow = flow_of(found, provider)
    return "scope" in found and "scope" in provider.required_claims and flow in ASSERTION_FLOWS


def claims_of(pairs: Iterable[str]) -> dict[str, Any]:
    """`NAME=JSON` pairs as claims. Raises BadInput, which names the claim only if it looks like a name."""
    claims: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not re.fullmatch(r"[\w.:/#-]{1,100}", name):
            raise BadInput("is not a claim", where="--claim", expected="NAME=JSON, e.g. --claim 'scope=\"api\"'")
        try:
            claims[name] = json.loads(text)
        except (ValueError, RecursionError):
            raise BadInput(
                "the value is not JSON", where=f"--claim {name}", expected="JSON; text goes in double quotes"
            ) from None
    return claims


def fields_of(pairs: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """`NAME=VALUE` pairs as further form fields. Raises BadInput, which quotes no value.

    What has an option of its own is refused: it would be sent twice, and a secret would stand in a list of processes.
    """
    fields: list[tuple[str, str]] = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z][\w.:-]{0,99}", name):
            raise BadInput("is not a form field", where="--field", expected="NAME=VALUE, e.g. --field account_id=A1")
        if name in _OWN_FIELDS:
            raise BadInput("is sent by an option of its own", where=f"--field {name}", do="leave it out here")
        fields.append((name, value))
    return tuple(fields)


def client_auth_of(provider: Provider, flow: str | None) -> str:
    """Where the secret goes if nobody says: as the provider wants it in this flow, else in the body."""
    shape = provider.requests.get(flow or "")
    return (shape.client_auth if shape is not None else "") or "body"


def endpoint_of(found: Settings, name: str) -> str | None:
    """Another endpoint in full, checked as the token URL is. Raises BadInput."""
    text = found.text(name)
    if text is None:
        return None
    where = f"--{name.replace('_', '-')}"
    parts = split_url(text, where)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise BadInput("plain http is taken on loopback only", where=where, do="write https://")
    return text.strip()


def token_url_of(url: str, provider: Provider, flow: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The token endpoint that is meant, and warnings. Raises BadInput, which quotes nothing but a host.

    Where the JWT is an API's own credential, it is the call that the provider's data name for that `flow`.
    """
    parts = split_url(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host):
        raise BadInput(
            "plain http is taken on loopback only: credentials would travel in clear",
            where="--url",
            do="write https://",
        )
    path = parts.path
    if path in ("", "/"):
        return f"{parts.scheme}://{parts.netloc}{_token_path(provider, flow)}", ()
    warnings = () if flow == "api-jwt" else _odd_path(path, host, provider)
    return f"{parts.scheme}://{parts.netloc}{path}", warnings


def split_url(url: str, where: str = "--url") -> SplitResult:
    """A URL that an endpoint may have, in its parts. Raises BadInput, which quotes nothing of it."""
    text = url.strip()
    if any(not char.isprintable() or char.isspace() for char in text):
        raise BadInput("holds blanks or control characters", where=where, expected="https://HOST")
    if "://" not in text:
        raise BadInput("has no scheme", where=where, do=_write_https(text))
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise BadInput("is not a URL", where=where, expected="https://HOST[:PORT]") from None
    if parts.scheme not in ("http", "https"):
        raise BadInput("has another scheme than https", where=where, expected="https://HOST")
    if not parts.hostname:
        raise BadInput("names no host", where=where, expected="https://HOST")
    if parts.username is not None or parts.password is not None:
        raise BadInput("holds credentials", where=where, expected="https://HOST without user name and password")
    if parts.query or parts.fragment:
        raise BadInput("has a query or fragment", where=where, expected="the token endpoint alone")
    return parts


def _write_https(text: str) -> str:
    """What to write in place of a bare host; quoted only where it can be nothing but a host."""
    host = text.split("/")[0]
    is_host = re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?", host) is not None
    return f"write https://{host}" if is_host else "write https://HOST"


def is_loopback(host: str) -> bool:
    """`localhost`, or an address of 127.0.0.0/8 or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token_path(provider: Provider, flow: str | None) -> str:
    shape = provider.requests.get(flow or "")
    if shape is not None and shape.path and "{" not in shape.path:
        return shape.path
    if not provider.token_path or "{" in provider.token_path:
        raise BadInput(
            f"{provider.slug} has no token path that fits every host",
            where="--url",
            expected="the whole token URL",
        )
    return provider.token_path


def _odd_path(path: str, host: str, provider: Provider) -> tuple[str, ...]:
    """Warnings about a path; raises where it can only be a mistake."""
    usual = provider.token_path
    if not usual or "{" in usual or path == usual:
        return ()
    what_to_write = f"write https://{host} alone, or end it with {usual}"
    if path.count(usual) > 1 or f"{usual}/" in path:
        raise BadInput("has a path too many", where="--url", do=what_to_write)
    if path.endswith(usual) and "//" not in path:
        return ()  # a site's prefix, as in https://acme.my.site.com/shop/services/oauth2/token
    if "//" not in path and any(re.search(pattern, path) for pattern in provider.paths):
        return ()
    if any(re.search(pattern, host, re.IGNORECASE) for pattern in provider.hosts):
        raise BadInput(f"its path is not the token path of {provider.slug}", where="--url", do=what_to_write)
    return (f"the path of the token URL is not the usual one of {provider.slug} ({usual})",)
