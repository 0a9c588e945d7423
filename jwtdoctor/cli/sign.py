"""`jwtdoctor sign`: builds and signs an assertion, right or with one deliberate fault.

It prints a credential, since that is what it is for: on stdout, or with `--output` into a new file of mode 0600.
Everything else about it goes to stderr.

Decisions where the contract is silent:
- `--format text` is `token`. `form` is the request body, `header` an Authorization line; `curl` and `python` are the
  whole request with the fresh assertion in it (`check --copy` makes one that signs when it runs). `json` is the report
  document with `assertion` (header, claims) and `token`, since `claims` means something else there.
- With `--dpop` a proof stands beside the assertion, and `--format proof` prints it alone (`proving`).
- Without `--audience` it is the provider's for the host of `--url`; `curl` needs the URL in any case.
- `--true-time` without an answer from any time server signs nothing and is exit 3: whoever asks for it knows
  that the clock here is wrong.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from jwtdoctor.cli import streams
from jwtdoctor.cli.attempt import (
    claims_beside,
    flow_name,
    gather,
    iat_back_of,
    kid_of,
    lifetime_of,
    provider_name,
    proving_options,
    secret_of,
    signing_flow,
    signing_options,
    token_url_of,
)
from jwtdoctor.cli.common import (
    NOTHING_LEARNT,
    OK,
    Common,
    common_options,
    emit,
    emit_document,
    narrate,
    report_document,
)
from jwtdoctor.cli.completion import flows, signing_faults
from jwtdoctor.cli.copying import SHOW_REPLY
from jwtdoctor.cli.proving import proof_order
from jwtdoctor.errors import BadInput
from jwtdoctor.model.names import ASSERTION_FLOWS
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey, PublicKey
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.model.assertion import Assertion, AssertionSpec
    from jwtdoctor.model.exchange import TokenRequest
    from jwtdoctor.model.provider import Provider


@click.command("sign", short_help="Build and sign an assertion.")
@signing_options
@click.option("--flow", metavar="NAME", shell_complete=flows, help="For curl and form.  [default: the provider's]")
@click.option("--nbf", is_flag=True, default=None, help="Write nbf.")
@click.option("--jti", is_flag=True, default=None, help="Write a fresh jti.")
@click.option("--x5t", metavar="VALUE|auto", help="x5t for the header; auto: of --cert.")
@click.option("--x5t-s256", metavar="VALUE|auto", help="x5t#S256 for the header; auto: of --cert.")
@click.option("--fault", metavar="NAME", shell_complete=signing_faults, help="One deliberate fault, for testing.")
@click.option("--list-faults", is_flag=True, help="List the faults and stop.")
@click.option("--true-time", is_flag=True, help="Sign with the time of NTP servers.")
@click.option("--ntp", multiple=True, metavar="HOST[:PORT]", help="Time server; repeatable.")
@proving_options
@click.option("--dpop-nonce", metavar="TEXT", help="Nonce for the proof, as DPoP-Nonce gave it.")
@common_options("token", "text", "json", "curl", "python", "form", "header", "proof")
def command(
    common: Common, fault: str | None, list_faults: bool, true_time: bool, dpop_nonce: str | None, **flags: Any
) -> int:
    """Builds and signs an assertion. It is a credential until it expires.

    \b
    jwtdoctor sign --client-id 3MVG9… --username user@example.com \\
        --url https://login.salesforce.com --key app.key
    """
    if list_faults:
        return _list_faults(common)
    found = gather(common, flags)
    for warning in found.warnings:
        narrate(common, f"warning: {warning}")
    if common.format == "proof" and fault is not None:
        raise BadInput("is one of an assertion, and --format proof signs none", where="--fault", do="leave one out")
    proving = proof_order(common, found, dpop_nonce)
    order = None if common.format == "proof" else _order(found, common, fault)
    now, remark = time.time(), ""
    if true_time:
        measured = _true_now(found, now)
        if isinstance(measured, str):
            streams.narrate(f"the true time could not be measured, so nothing was signed: {measured}")
            return NOTHING_LEARNT
        now, remark = measured
    proof = None if proving is None else proving.signed(now)
    if order is None:
        assert proof is not None  # of a proof alone there is an order, or it was refused
        if remark:
            narrate(common, remark)
        emit(common, proof.token.reveal(), secret=True)
        return OK
    assertion = _signed(order, now)
    _narrate(common, order, assertion, remark)
    _answer(common, order, assertion, proof, is_typed=proving is not None and proving.is_typed)
    return OK


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be signed, with what, and for which request."""

    spec: AssertionSpec
    key: PrivateKey
    provider: Provider
    flow: str
    url: str | None
    profile: str | None
    fault: str | None
    client: str | None = None
    scope: str | None = None
    """To be sent beside the assertion, where it does not stand in it."""


# --- what is to be signed -------------------------------------------------------------------------


def _order(found: Settings, common: Common, fault: str | None) -> _Order:
    from jwtdoctor.assertions.faults import fault_named
    from jwtdoctor.assertions.keys import load_private
    from jwtdoctor.assertions.signer import read_file
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    provider = knowledge.providers[provider_name(found, knowledge)]
    if fault is not None:
        fault_named(fault)
    url = _url(common, found, provider)
    path = found.text("key")
    if path is None:
        raise BadInput("no private key was named", expected="--key FILE, JWTDOCTOR_KEY or key in a profile")
    key = load_private(read_file(path), where=path, passphrase=secret_of(found, "key_passphrase"))
    for note in key.notes:
        narrate(common, f"note: {path}: {note}; other programs may not read it so")
    client = _client(found, fault)
    flow = _flow(found, provider)
    spec = _spec(found, provider, key, url, flow)
    scope = None if "scope" in spec.extra_claims else found.text("scope")
    return _Order(spec, key, provider, flow, url, found.profile, fault, client, scope)


def _client(found: Settings, fault: str | None) -> str | None:
    """The client to be emulated. Raises UnknownName, or BadInput beside a fault."""
    from jwtdoctor.assertions.clients import client_named

    name = found.text("as")
    if name is None:
        return None
    if fault is not None:
        raise BadInput("cannot go with --as", where="--fault", do="leave one of them out")
    client_named(name)
    return name


def _url(common: Common, found: Settings, provider: Provider) -> str | None:
    text = found.text("url")
    if text is None:
        if common.format in ("curl", "python"):
            raise BadInput(
                "the token endpoint is not known", expected=f"--url https://HOST for --format {common.format}"
            )
        return None
    url, warnings = token_url_of(text, provider, _flow(found, provider))
    for warning in warnings:
        narrate(common, f"warning: {warning}")
    return url


def _flow(found: Settings, provider: Provider) -> str:
    named = found.text("flow")
    flow = signing_flow(provider) if named is None else flow_name(named)
    if flow not in ASSERTION_FLOWS:
        who = provider.title if named is None else "this flow"
        raise BadInput(f"{who} takes no signed JWT", where="--flow", expected=", ".join(ASSERTION_FLOWS))
    return flow


def _spec(found: Settings, provider: Provider, key: PrivateKey, url: str | None, flow: str) -> AssertionSpec:
    from jwtdoctor.assertions.sign import default_alg
    from jwtdoctor.model.assertion import AssertionSpec

    certificate = _certificate(found)
    return AssertionSpec(
        issuer=_issuer(found, provider),
        subject=_subject(found, provider, flow),
        audience=_audience(found, provider, url, flow),
        lifetime_s=lifetime_of(found, provider),
        iat_back_s=iat_back_of(lifetime_of(found, provider), provider),
        alg=found.text("alg") or default_alg(key, provider.algorithms),
        kid=kid_of(found, provider),
        x5t=_thumbprint(found, "x5t", certificate, _thumbprints_of(provider, flow)),
        x5t_s256=_thumbprint(found, "x5t_s256", certificate, _thumbprints_of(provider, flow)),
        iat=not found.flag("no_iat"),
        nbf=found.flag("nbf"),
        jti=found.flag("jti") or flow == "private-key-jwt" or "jti" in provider.required_claims,
        extra_claims=claims_beside(found, provider),
    )


def _issuer(found: Settings, provider: Provider) -> str | None:
    from jwtdoctor.probes.local import no_issuer

    if no_issuer(found.text("client_id") or "", found.text("username") or "", provider):
        return None
    return _wanted(found, "client_id", "--client-id ID (the iss claim)")


def _subject(found: Settings, provider: Provider, flow: str) -> str:
    """The user; else the client where that proves itself, and nobody where the provider asks for none (an app)."""
    if "username" not in found and flow == "private-key-jwt":
        return found.text("client_id") or ""
    if "username" not in found and provider.required_claims and "sub" not in provider.required_claims:
        return ""
    return _wanted(found, "username", "--username NAME (the sub claim)")


def _wanted(found: Settings, name: str, expected: str) -> str:
    text = found.text(name)
    if not text:
        raise BadInput(f"{name} is not known", expected=expected)
    return text


def _audience(found: Settings, provider: Provider, url: str | None, flow: str) -> str:
    from jwtdoctor.probes.local import default_audience, wants_audience

    audience = found.text("audience")
    if audience is not None:
        return audience
    if not wants_audience(provider):
        return ""
    if found.text("as") is not None and url is not None:
        return ""  # the emulated client's own
    if url is None:
        raise BadInput("aud is not known", expected="--audience AUD, or --url from which it follows")
    return default_audience(url, provider, flow, found.text("client_id") or "")


def _certificate(found: Settings) -> PublicKey | None:
    from jwtdoctor.assertions.keys import load_public
    from jwtdoctor.assertions.signer import read_file

    path = found.text("cert")
    return None if path is None else load_public(read_file(path), where=path)


def _thumbprints_of(provider: Provider, flow: str) -> tuple[str, ...]:
    """The settings of the thumbprints that the provider finds the key by."""
    shape = provider.requests.get(flow)
    return () if shape is None else tuple({"x5t": "x5t", "x5t#S256": "x5t_s256"}[one] for one in shape.thumbprints)


def _thumbprint(found: Settings, name: str, certificate: PublicKey | None, wanted: tuple[str, ...] = ()) -> str | None:
    """As asked for; where nobody asked, that of the certificate given, if the provider wants it."""
    value = found.text(name)
    if value is None and name in wanted and certificate is not None and certificate.is_certificate:
        value = "auto"
    if value != "auto":
        return value
    if certificate is None or not certificate.is_certificate:
        raise BadInput("auto needs a certificate", where=f"--{name.replace('_', '-')}", expected="--cert FILE")
    return certificate.x5t if name == "x5t" else certificate.x5t_s256


# --- the time, and the signing --------------------------------------------------------------------


def _true_now(found: Settings, now: float) -> tuple[float, str] | str:
    """True time and a remark on it, or why it could not be measured."""
    from jwtdoctor.instruments.system import real_instruments
    from jwtdoctor.probes.clock import ask_the_time
    from jwtdoctor.reasoning.clock import combine

    instruments = real_instruments(ntp=found.several("ntp") or None)
    began = time.monotonic()
    verdict = combine(ask_the_time(instruments.time_sources))
    if verdict.interval is None:
        return verdict.note
    ahead_s = verdict.interval.ahead_s
    side = f"{abs(ahead_s):.3f} s {'ahead of' if ahead_s > 0 else 'behind'}" if abs(ahead_s) >= 0.0005 else "right by"
    remark = f"this clock is {side} true time ({verdict.note}); signed with true time"
    return now + (time.monotonic() - began) - ahead_s, remark


def _signed(order: _Order, now: float) -> Assertion:
    if order.client is not None:
        from jwtdoctor.assertions.clients import client_named, sign_as

        return sign_as(client_named(order.client), order.spec, order.key, now, token_url=order.url or "")
    if order.fault is None:
        from jwtdoctor.assertions.sign import sign

        return sign(order.spec, order.key, now)
    from jwtdoctor.assertions.faults import fault_named, sign_with_fault

    return sign_with_fault(order.spec, order.key, now, fault_named(order.fault))


# --- the answer -----------------------------------------------------------------------------------


def _narrate(common: Common, order: _Order, assertion: Assertion, remark: str) -> None:
    if remark:
        narrate(common, remark)
    if order.fault is not None:
        narrate(common, f"with a deliberate fault: {order.fault}")
        return
    aud = assertion.claims.get("aud")
    said = "no aud" if aud is None else f"aud {aud}"
    if order.client is not None:
        _narrate_client(common, order.client)
        narrate(common, f"{assertion.header.get('alg')}, {said}; it is a credential")
    else:
        narrate(
            common,
            f"{assertion.header.get('alg')}, {said}, expires in {order.spec.lifetime_s} s; it is a credential",
        )
    for finding in _lint(order, assertion):
        if finding.severity != "note":
            narrate(common, f"{finding.severity}: {finding.where}: {finding.message}")


def _narrate_client(common: Common, name: str) -> None:
    from jwtdoctor.assertions.clients import client_named

    client = client_named(name)
    how = "as it was seen to sign" if client.ran else "as its source says; it was not run"
    narrate(common, f"as {client.title}, {how}{f'; {client.also}' if client.also else ''}")


def _lint(order: _Order, assertion: Assertion) -> tuple[Any, ...]:
    from jwtdoctor.assertions.decode import take_apart
    from jwtdoctor.assertions.inspect import lint

    return lint(take_apart(assertion.token.reveal()), order.provider, assertion.signed_at)


def _answer(common: Common, order: _Order, assertion: Assertion, proof: Assertion | None, *, is_typed: bool) -> None:
    token = assertion.token.reveal()
    match common.format:
        case "json":
            emit(common, streams.to_json(_document(order, assertion, token, proof)), secret=True)
        case "curl":
            emit(common, _curl(_request(order, assertion, proof)), secret=True)
        case "python":
            emit(common, _python(_request(order, assertion, proof)), secret=True)
        case "form":
            emit(common, urlencode(_revealed(_request(order, assertion).fields)), secret=True)
        case "header":
            emit(common, f"Authorization: Bearer {token}", secret=True)
        case _:
            lines = [token, *([proof.token.reveal()] if proof is not None and is_typed else [])]
            emit(common, "\n".join(lines), secret=True)
    if proof is not None and common.format in ("form", "header"):
        narrate(common, f"note: the DPoP proof is no part of --format {common.format}; --format proof prints one")


def _document(order: _Order, assertion: Assertion, token: str, proof: Assertion | None) -> dict[str, Any]:
    beside = {} if proof is None else {"proof": {**_parts_of(proof), "token": proof.token.reveal()}}
    return report_document(
        "sign",
        at=round(assertion.signed_at, 3),
        profile=order.profile,
        provider=order.provider.slug,
        flow=order.flow,
        fault=order.fault,
        assertion=_parts_of(assertion),
        token=token,
        **beside,
    )


def _parts_of(signed: Assertion) -> dict[str, Any]:
    return {"header": dict(signed.header), "claims": dict(signed.claims)}


def _request(order: _Order, assertion: Assertion, proof: Assertion | None = None) -> TokenRequest:
    """The request that carries it, as the provider wants it. What is secret beside it is a word to be replaced."""
    from jwtdoctor.model.case import Attempt
    from jwtdoctor.probes.flows import token_request

    attempt = Attempt(
        order.url or "",
        client_id=order.spec.issuer or "",
        username=order.spec.subject or "",
        as_client=order.client,
        scope=order.scope,
        client_secret=_FILL_IN["client_secret"],
        refresh_token=_FILL_IN["refresh_token"],
    )
    request = token_request(order.flow, attempt, assertion, order.provider)
    return request if proof is None else replace(request, headers=(*request.headers, ("DPoP", proof.token)))


_FILL_IN = {"client_secret": Secret("YOUR_CLIENT_SECRET"), "refresh_token": Secret("YOUR_REFRESH_TOKEN")}


def _revealed(pairs: Iterable[tuple[str, str | Secret]]) -> list[tuple[str, str]]:
    return [(name, value.reveal() if isinstance(value, Secret) else value) for name, value in pairs]


def _curl(request: TokenRequest) -> str:
    lines = [f"curl --silent --show-error --include {shlex.quote(request.url)}"]
    lines += ["--request POST"] if request.method == "POST" and not request.fields else []
    lines += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in _revealed(request.headers)]
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in _revealed(request.fields)]
    return " \\\n  ".join(lines)


def _python(request: TokenRequest) -> str:
    form = [f"    {name!r}: {value!r}," for name, value in _revealed(request.fields)]
    headers = [f"    {name!r}: {value!r}," for name, value in _revealed(request.headers)]
    method, data = request.method.lower(), ", data=form" if form else ""
    lines = ["import requests", "", *(["form = {", *form, "}"] if form else []), "headers = {", *headers, "}"]
    call = f"reply = requests.{method}({request.url!r}{data}, headers=headers, timeout=20, allow_redirects=False)"
    return "\n".join([*lines, call, SHOW_REPLY])


def _list_faults(common: Common) -> int:
    from jwtdoctor.assertions.faults import FAULTS

    faults = [FAULTS[name] for name in sorted(FAULTS)]
    if common.format == "json":
        rows = [{"name": f.name, "does": f.does, "stages": f.stages or None} for f in faults]
        emit_document(common, report_document("sign", faults=rows))
        return OK
    longest = max(len(fault.name) for fault in faults)
    emit(common, "\n".join(f"{fault.name:<{longest}}  {fault.does}" for fault in faults))
    return OK
