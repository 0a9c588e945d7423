"""The options that describe one attempt, shared by `check` and `sign`, and what becomes of them.

A flag, a variable and a profile's key are one setting under one name; `gather` merges them, and
`config.attempts` (which the interface shares) makes of them what is signed and sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.common import REF, Common, unknown
from jwtdoctor.cli.completion import flows, providers
from jwtdoctor.config.attempts import (
    DEFAULT_FLOW,
    DEFAULT_LIFETIME_S,
    DEFAULT_PROVIDER,
    attempt_of,
    claims_beside,
    claims_of,
    flow_of,
    iat_back_of,
    is_loopback,
    kid_of,
    lifetime_of,
    secret_of,
    signing_flow,
    token_url_of,
    unnamed_flow,
)
from jwtdoctor.config.profiles import SETTINGS, Settings, Value, settings, settings_or_fewer
from jwtdoctor.model.names import FLOW_ALIASES, FLOWS, canonical_flow
from jwtdoctor.reasoning.recognise import provider_at

if TYPE_CHECKING:
    from jwtdoctor.knowledge.load import Knowledge

__all__ = [
    "DEFAULT_FLOW",
    "DEFAULT_LIFETIME_S",
    "DEFAULT_PROVIDER",
    "attempt_of",
    "claims_beside",
    "claims_of",
    "flow_name",
    "flow_of",
    "gather",
    "is_loopback",
    "iat_back_of",
    "kid_of",
    "lifetime_of",
    "provider_name",
    "proving_options",
    "secret_of",
    "sending_options",
    "signing_flow",
    "signing_options",
    "token_url_of",
    "unnamed_flow",
]

Handler = Callable[..., Any]


def signing_options(handler: Handler) -> Handler:
    """`--provider --url --audience --client-id --username --key … --claim`: what goes into an assertion."""
    return _with(handler, _SIGNING)


def sending_options(handler: Handler) -> Handler:
    """`--flow --client-secret --password --code … --dpop`: what else goes into a token request, or beside it."""
    return _with(handler, [*_SENDING, *_PROVING])


def proving_options(handler: Handler) -> Handler:
    """`--dpop --dpop-key`: the proof beside a token request."""
    return _with(handler, _PROVING)


_SIGNING = [
    click.option(
        "--provider",
        metavar="NAME",
        shell_complete=providers,
        help=f"Whose rules apply.  [default: that of the URL, else {DEFAULT_PROVIDER}]",
    ),
    click.option("--url", metavar="TOKEN_URL", help="Token endpoint, or https://HOST alone."),
    click.option("--audience", metavar="AUD", help="aud claim.  [default: the provider's for this host]"),
    click.option("--client-id", metavar="ID", help="Consumer key: iss claim, client_id."),
    click.option("--username", metavar="NAME", help="User to log in as: sub claim."),
    click.option("--key", metavar="FILE", help="Private key that signs."),
    click.option("--key-passphrase", type=REF, metavar="REF", help="Passphrase of the key."),
    click.option("--cert", metavar="FILE", help="Certificate that is uploaded on the app."),
    click.option("--lifetime", type=int, metavar="S", help=f"exp - now.  [default: {DEFAULT_LIFETIME_S}]"),
    click.option("--no-iat", is_flag=True, default=None, help="Leave iat out."),
    click.option("--alg", metavar="ALG", help="Algorithm.  [default: the key's usual one]"),
    click.option("--kid", metavar="ID", help="Key id for the header."),
    click.option("--as", "as", metavar="CLIENT", help="Build the assertion as this client does."),
    click.option("--claim", multiple=True, metavar="NAME=JSON", help="Another claim; repeatable."),
]
_SENDING = [
    click.option(
        "--flow",
        metavar="NAME",
        shell_complete=flows,
        help=f"Which grant.  [default: the provider's, as {DEFAULT_FLOW}]",
    ),
    click.option("--client-secret", type=REF, metavar="REF", help="Consumer secret."),
    click.option("--client-auth", type=click.Choice(["body", "basic"]), help="Where the secret goes."),
    click.option("--password", type=REF, metavar="REF", help="Password (flow password)."),
    click.option("--refresh-token", type=REF, metavar="REF", help="Refresh token (flow refresh-token)."),
    click.option("--code", type=REF, metavar="REF", help="Authorization code."),
    click.option("--code-verifier", type=REF, metavar="REF", help="PKCE verifier."),
    click.option("--code-challenge", metavar="TEXT", help="code_challenge that the code was asked for with."),
    click.option("--no-pkce", is_flag=True, default=None, help="Send no PKCE parameters."),
    click.option("--device-code", type=REF, metavar="REF", help="Device code (flow device)."),
    click.option("--saml-assertion", type=REF, metavar="REF", help="SAML assertion (flow saml-bearer)."),
    click.option("--subject-token", type=REF, metavar="REF", help="Token to exchange (flow token-exchange)."),
    click.option("--security-token", type=REF, metavar="REF", help="Appended to the password."),
    click.option("--redirect-uri", metavar="URI", help="redirect_uri of the authorize request."),
    click.option("--authorize-url", metavar="URL", help="Authorize endpoint.  [default: beside the token URL]"),
    click.option("--device-url", metavar="URL", help="Device authorization endpoint (flow device)."),
    click.option("--api-url", metavar="URL", help="What to try a granted token at: GET, harmless."),
    click.option("--userinfo-url", metavar="URL", help="Userinfo endpoint.  [default: the provider's]"),
    click.option("--introspect-url", metavar="URL", help="Introspection endpoint.  [default: the provider's]"),
    click.option("--revoke-url", metavar="URL", help="Revocation endpoint, for --revoke.  [default: the provider's]"),
    click.option("--scope", metavar="SCOPES", help="Scopes to ask for, separated by blanks."),
    click.option("--field", multiple=True, metavar="NAME=VALUE", help="Another form field, no secret; repeatable."),
]
_PROVING = [
    click.option("--dpop", is_flag=True, default=None, help="With a DPoP proof (RFC 9449)."),
    click.option("--dpop-key", metavar="FILE", help="Key of the proof.  [default: a throwaway]"),
]


def _with(handler: Handler, options: Iterable[Callable[[Handler], Handler]]) -> Handler:
    for option in reversed(list(options)):
        handler = option(handler)
    return handler


def gather(
    common: Common, flags: Mapping[str, Any], *, profile: str | None = None, needs_them: bool = True
) -> Settings:
    """Flags, environment and profile as one. `flags`: the keyword arguments of a command, by setting name.

    Where a command does not need them (`needs_them`), a file that cannot be used is a warning unless it was asked for.
    """
    typed: dict[str, Value | None] = {}
    for name, value in flags.items():
        if name in SETTINGS:
            typed[name] = value if value != () else None
    return (settings if needs_them else settings_or_fewer)(profile or common.profile, typed)


def provider_name(found: Settings, knowledge: Knowledge) -> str:
    """The provider's slug. Raises UnknownName."""
    name = found.text("provider") or provider_at(found.text("url") or "", knowledge)
    if name not in knowledge.providers:
        raise unknown("provider", name, knowledge.providers, listed=knowledge.provider_names)
    return name


def flow_name(name: str) -> str:
    """The flow's own name, aliases accepted. Raises UnknownName."""
    flow = canonical_flow(name)
    if flow is None:
        raise unknown("flow", name, {*FLOWS, *FLOW_ALIASES}, listed=FLOWS)
    return flow
