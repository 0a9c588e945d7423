"""`jwtdoctor inspect`: an assertion taken apart, each of its times as people read it, and what is wrong with it.

Decisions where the contract is silent:
- The signature is never printed, and neither are claims whose name says that they hold a secret, nor the private part
  of a key that stands where a public one belongs.
- A DPoP proof brings its key, so that its signature is verified without being asked.
- `--key` and `--cert` come from the command line, or from a profile that is named: a token that belongs to
  another app is not called forged because of a profile that happens to be there.
- A token as the argument itself is taken, with a remark that others can see it there.
- Whose rules apply is said by `--provider` or a profile, else by the aud and iss of the token, else by a profile's URL.
- Times are judged by this machine's clock, unless `--at` gives another time.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from jwtdoctor.cli.attempt import gather, provider_name, secret_of
from jwtdoctor.cli.common import (
    REF,
    Common,
    common_options,
    emit,
    emit_document,
    narrate,
    one_line,
    report_document,
)
from jwtdoctor.cli.completion import providers
from jwtdoctor.cli.findings import code_of, finding_lines, summary, wrapped
from jwtdoctor.config.profiles import flags_alone
from jwtdoctor.errors import BadInput, NotAJwt

if TYPE_CHECKING:
    from jwtdoctor.assertions.decode import Decoded
    from jwtdoctor.assertions.find import Found
    from jwtdoctor.assertions.times import ClaimTime
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.model.assertion import Finding
    from jwtdoctor.model.provider import Provider

LARGEST = 1_000_000
"""Bytes that are read."""


@click.command("inspect", short_help="Take an assertion apart and say what is wrong with it.")
@click.argument("path", required=False, metavar="[PATH|-]")
@click.option(
    "--provider", metavar="NAME", shell_complete=providers, help="Whose rules apply.  [default: as recognised]"
)
@click.option("--key", metavar="FILE", help="Verify with the public half of this key.")
@click.option("--cert", metavar="FILE", help="Verify with this certificate, public key or JWKS.")
@click.option("--key-passphrase", type=REF, metavar="REF", help="Passphrase of the key.")
@click.option("--at", type=float, metavar="EPOCH", help="Judge the times as of then.  [default: now]")
@common_options("text", "json")
def command(common: Common, path: str | None, at: float | None, **flags: Any) -> int:
    """Takes an assertion apart and lints it against a provider's rules.

    PATH (or stdin) holds a token, a whole request body, a curl line, an Authorization or a DPoP header.
    """
    from jwtdoctor.assertions.decode import take_apart
    from jwtdoctor.assertions.find import find_assertion
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.reasoning.recognise import provider_of_assertion

    if at is not None and not abs(at) < 1e15:
        raise BadInput("is no epoch time", where="--at", expected="seconds, such as 1795301245")
    settings = gather(common, flags, needs_them=False)
    for warning in settings.warnings:
        narrate(common, f"warning: {warning}")
    knowledge = load()
    named = provider_name(settings, knowledge)
    text, where = _read(common, path)
    found = find_assertion(text, where)
    decoded = take_apart(found.text, where)
    if "provider" not in settings:
        named = provider_of_assertion(decoded.claims, knowledge) or named
    seen = _examined(decoded, found, knowledge.providers[named], time.time() if at is None else at)
    seen = _verified(seen, settings if common.profile else flags_alone(flags))
    if common.format == "json":
        emit_document(common, _document(seen, common.profile))
    else:
        emit(common, "\n".join(_lines(common, seen)))
    return code_of(seen.findings)


@dataclass(frozen=True, slots=True)
class _Seen:
    """An assertion with everything that was found out about it. `verified` None: not asked."""

    decoded: Decoded
    found: Found
    provider: Provider
    now: float
    times: tuple[ClaimTime, ...]
    findings: tuple[Finding, ...]
    verified: bool | None = None
    signature: str = "not verified (--key or --cert gives the key)"

    @property
    def is_proof(self) -> bool:
        from jwtdoctor.assertions.dpop import is_proof

        return is_proof(self.decoded)


def _examined(decoded: Decoded, found: Found, provider: Provider, now: float) -> _Seen:
    from jwtdoctor.assertions.inspect import lint
    from jwtdoctor.assertions.times import times

    return _Seen(decoded, found, provider, now, times(decoded.claims, now), lint(decoded, provider, now))


def _verified(seen: _Seen, settings: Settings) -> _Seen:
    from dataclasses import replace

    path = settings.text("cert") or settings.text("key")
    if path is None:
        return _verified_by_itself(seen) if seen.is_proof else seen
    from jwtdoctor.assertions.keys import load_publics
    from jwtdoctor.assertions.sign import verify
    from jwtdoctor.assertions.signer import read_file

    passphrase = secret_of(settings, "key_passphrase")
    results = [verify(seen.decoded, key) for key in load_publics(read_file(path), where=path, passphrase=passphrase)]
    good = next((result for result in results if result.verifies), None)
    if good:
        return replace(seen, verified=True, signature=f"verified {good.because} ({one_line(path)})")
    return _forged(seen, f"{results[0].because} ({one_line(path)})", "sign with the key that belongs to that file")


def _verified_by_itself(seen: _Seen) -> _Seen:
    """A proof, by the key that it carries."""
    from dataclasses import replace

    from jwtdoctor.assertions.dpop import verified

    if not isinstance(seen.decoded.header.get("jwk"), dict):
        return replace(seen, signature="not verified: the header holds no key")
    result = verified(seen.decoded)
    if result.verifies:
        return replace(seen, verified=True, signature=f"verified {result.because}, that of the header")
    return _forged(seen, f"{result.because}, by the key of the header", "sign with the key whose jwk is written")


def _forged(seen: _Seen, because: str, remedy: str) -> _Seen:
    from dataclasses import replace

    from jwtdoctor.model.assertion import Finding

    message = f"the signature does NOT verify: {because}"
    finding = Finding("signature-does-not-verify", "error", "signature", message, remedy)
    return replace(seen, verified=False, signature=f"does NOT verify: {because}", findings=(finding, *seen.findings))


# --- reading --------------------------------------------------------------------------------------


def _read(common: Common, path: str | None) -> tuple[str, str]:
    """The text and the name that messages give it. A token in place of a path is never quoted."""
    if path is None or path == "-":
        if sys.stdin is None or sys.stdin.closed:
            raise BadInput("stdin is closed", expected="a token on stdin, or a PATH")
        if sys.stdin.isatty():
            narrate(common, "reading a token from stdin; end with ctrl-D")
        return _decoded(_bounded(sys.stdin.buffer, "stdin"), "stdin"), "stdin"
    if re.match(r"eyJ[\w=+/-]*\.|curl\s|[Bb]earer\s", path):
        narrate(common, "note: an argument is visible to other users of this machine; stdin is not")
        return path, "the argument"
    where = one_line(path) if len(path) < 256 else "the argument"
    try:
        with Path(path).open("rb") as file:
            return _decoded(_bounded(file, where), where), where
    except (OSError, ValueError) as problem:
        reason = (getattr(problem, "strerror", None) or "not a usable path").lower()
        raise BadInput(f"cannot be read: {reason}", where=where, expected="a file, or - for stdin") from None


def _bounded(stream: BinaryIO, where: str) -> bytes:
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise NotAJwt("is larger than 1 MB", where=where, expected="a token or one request")
    return data


def _decoded(data: bytes, where: str) -> str:
    """Text in UTF-8, or in UTF-16 with its mark (PowerShell's `>`)."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        raise NotAJwt(f"is not text: byte {problem.start + 1} is not UTF-8", where=where, expected="a token") from None


# --- the answer -----------------------------------------------------------------------------------


def _lines(common: Common, seen: _Seen) -> list[str]:
    ok, bad = ("+", "x") if common.streams.ascii else ("✓", "✗")
    symbol = bad if code_of(seen.findings) else ok
    whose = "of a DPoP proof (RFC 9449)" if seen.is_proof else f"of {seen.provider.title}"
    lines = [f"{symbol} {summary(seen.findings)}, by the rules {whose}"]
    lines += [*([] if seen.is_proof else _not_judged(common, seen.provider)), ""]
    lines += _members(common, "Header", _shown(seen.decoded.header), ())
    lines += _members(common, "Claims", _shown(seen.decoded.claims), seen.times)
    lines += wrapped(common, "Signature  ", one_line(seen.signature), 11)
    if seen.findings:
        lines += ["", "Findings", *finding_lines(common, seen.findings)]
    return lines


def _not_judged(common: Common, provider: Provider) -> list[str]:
    """What no finding can speak of, since nobody published it: else its absence would read as approval."""
    from jwtdoctor.render.provider_page import unknown_of

    unknown = unknown_of(provider)
    return wrapped(common, "  not known of it: ", ", ".join(unknown), 18) if unknown else []


def _members(common: Common, title: str, members: dict[str, Any], times: tuple[ClaimTime, ...]) -> list[str]:
    import json

    by_name = {one.claim: one for one in times}
    names = {name: one_line(name)[:30] for name in members}
    column = max((len(shown) for shown in names.values()), default=0)
    lines = [title]
    for name, value in members.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        lines += wrapped(common, f"  {names[name]:<{column}}  ", one_line(text), column + 4)
        if name in by_name:
            lines += [" " * (column + 4) + line for line in _time_lines(by_name[name])]
    return [*lines, ""]


def _time_lines(one: ClaimTime) -> list[str]:
    from jwtdoctor.assertions.times import distance

    if one.epoch_s is None or one.in_s is None:
        return ["(no time)"]
    unit = ", read as milliseconds" if one.unit == "ms" else ""
    text = ", written as text" if one.is_text else ""
    if not one.utc:
        return [f"outside the calendar{unit}{text}"]
    return [f"{distance(one.in_s)}{unit}{text}", f"{one.utc}  (here {one.local or 'not in the calendar'})"]


def _shown(members: Any) -> dict[str, Any]:
    """Members without what must not be seen: values of secret names, and whatever has the form of a secret."""
    from jwtdoctor.assertions.inspect import is_secret_name
    from jwtdoctor.intake.redact import clean_value
    from jwtdoctor.model.secret import REDACTED

    return {
        one_line(name): REDACTED if is_secret_name(name) and value else clean_value(_without_private_parts(value))
        for name, value in members.items()
    }


def _without_private_parts(value: Any) -> Any:
    """A JWK without what only its owner may have. Proofs have been seen with the whole key in their header."""
    from jwtdoctor.assertions.dpop import PRIVATE_MEMBERS
    from jwtdoctor.model.secret import REDACTED

    if isinstance(value, list):
        return [_without_private_parts(one) for one in value]
    if isinstance(value, str):
        return REDACTED if _PRIVATE_IN_TEXT.search(value) else value
    if not isinstance(value, dict):
        return value
    private = () if _OF_KEYS.isdisjoint(value) else PRIVATE_MEMBERS
    return {name: REDACTED if name in private else _without_private_parts(one) for name, one in value.items()}


_OF_KEYS = frozenset({"kty", "crv", "n", "x"})
"""Members of a JWK, of which a careless writer forgets one or another."""
_PRIVATE_IN_TEXT = re.compile(r'"(?:d|k|p)\\{0,9}"\s{0,20}:')
"""A key that was written as text, and not as an object."""


def _document(seen: _Seen, profile: str | None) -> dict[str, Any]:
    from jwtdoctor.assertions.decode import observe
    from jwtdoctor.assertions.dpop import Beside, observe_proof
    from jwtdoctor.model.chart import Chart, Observation
    from jwtdoctor.render.document import facts_document, finding_document
    from jwtdoctor.render.provider_page import unknown_of

    observed = observe(seen.decoded.header, seen.decoded.claims, at=seen.now)
    if seen.is_proof:
        observed = observe_proof(seen.decoded.token.reveal(), Beside(), at=seen.now)
    chart = Chart.of(observed)
    if seen.verified is not None and not seen.is_proof:
        chart = chart.plus([Observation("assertion.signature_verifies", seen.verified, "assertion")])
    return report_document(
        "inspect",
        profile=profile,
        provider=seen.provider.slug,
        findings=[finding_document(finding) for finding in seen.findings],
        facts=facts_document(chart),
        not_known=[] if seen.is_proof else list(unknown_of(seen.provider)),
        assertion={
            "form": seen.found.form,
            "parameter": seen.found.parameter or None,
            "header": _shown(seen.decoded.header),
            "claims": _shown(seen.decoded.claims),
            "times": [_time(one) for one in seen.times],
            "signature": {"present": seen.decoded.signature_present, "verified": seen.verified},
        },
    )


def _time(one: ClaimTime) -> dict[str, Any]:
    return {
        "claim": one.claim,
        "epoch_s": one.epoch_s,
        "utc": one.utc or None,
        "local": one.local or None,
        "in_s": one.in_s,
        "unit": one.unit,
        "is_text": one.is_text,
    }
