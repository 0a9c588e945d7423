"""What a module of a flow brings: the fields of its token request, and what may contradict itself in it.

A flow is one module with one `FLOW`. Its conflicts are small pure functions; what all flows can have in common stands
in `conflicts.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from jwtdoctor.errors import BadProfile
from jwtdoctor.model.assertion import Assertion, Finding, Severity
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.provider import Provider, RequestShape
from jwtdoctor.model.secret import Secret

RFC_CLIENT = "https://www.rfc-editor.org/rfc/rfc6749#section-2.3"
Field = tuple[str, str | Secret]
Proof = Literal["secret", "assertion"]


@dataclass(frozen=True, slots=True)
class Given:
    """What the rules look at. `netrc`: whether a .netrc of this machine has an entry for the host; None: not known."""

    flow: str
    attempt: Attempt
    provider: Provider
    chart: Chart = field(default_factory=Chart)
    netrc: bool | None = None


Rule = Callable[[Given], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Flow:
    """One grant. `fields` raises BadProfile, naming the option that is missing.

    `proof`: what proves the client. An assertion names and proves it by itself, and no secret goes with it.
    `asks_scope_here` False: the scopes went with the request before this one (RFC 6749 §4.1.1, RFC 8628 §3.1).
    """

    name: str
    fields: Callable[[Attempt, Assertion | None], list[Field]]
    conflicts: tuple[Rule, ...] = ()
    proof: Proof = "secret"
    asks_scope_here: bool = True


def finding(rule: str, severity: Severity, where: str, message: str, remedy: str, *sources: str) -> Finding:
    return Finding(rule, severity, where, message, remedy, sources)


def needed(value: Secret | None, option: str) -> Secret:
    """A credential that the flow cannot do without. Raises BadProfile."""
    if value is None:
        raise BadProfile("a credential of this flow is missing", expected=option, do=f"give it with {option}")
    return value


def signed(assertion: Assertion | None) -> Assertion:
    """The assertion that the flow sends. Raises BadProfile where none was built."""
    if assertion is None:
        raise BadProfile("no assertion was built", expected="--key FILE", do="name the key that signs the assertion")
    return assertion


def shaped(request: TokenRequest, shape: RequestShape, attempt: Attempt) -> TokenRequest:
    """A request as this provider wants it: other names, and what goes beside.

    Raises BadProfile where what goes beside was not given.
    """
    fields: list[Field] = []
    for name, value in request.fields:
        if name == "grant_type" and shape.grant_type:
            fields += [] if shape.grant_type == "-" else [(name, shape.grant_type)]
        elif name == "assertion" and shape.assertion:
            fields.append((shape.assertion, value))
        else:
            fields.append((name, value))
    there = {name for name, _ in fields}
    if "client_id" in shape.beside and "client_id" not in there:
        fields.append(("client_id", attempt.client_id))
    if "client_secret" in shape.beside and "client_secret" not in there:
        fields.append(("client_secret", needed(attempt.client_secret, "--client-secret REF")))
    for name in shape.fields:
        if name not in there:
            raise BadProfile(f"{name} is not known", expected=f"--field {name}=VALUE", do="or field in a profile")
    headers = (*request.headers, *shape.headers.items())
    return replace(request, fields=tuple(fields), headers=headers)


def secret_beside_assertion(given: Given) -> Iterator[Finding]:
    """RFC 6749 §2.3: not more than one method of authentication in a request; some want both for all that."""
    shape = given.provider.requests.get(given.flow)
    if shape is not None and "client_secret" in shape.beside:
        return
    if given.attempt.client_secret is not None:
        message = "the assertion proves the client; the secret that is given beside it is not sent"
        yield finding("secret-beside-assertion", "note", "client_secret", message,
                      "a client that sends both may be refused", RFC_CLIENT)  # fmt: skip


def scope_not_taken(given: Given) -> Iterator[Finding]:
    """Salesforce grants what the app has (help, xcloud.remoteaccess_oauth_client_credentials_flow)."""
    if given.attempt.scope is None or given.provider.slug != "salesforce":
        return
    message = f"{given.provider.title} takes no scope parameter in this flow: what the app has is granted"
    yield finding("scope-not-taken", "error", "scope", message, "leave scope out")
