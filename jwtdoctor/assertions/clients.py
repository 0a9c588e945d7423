"""How other clients build their assertion and its request: the answer to "but it works in the other tool".

A table and no code a client: a client is one entry. `ran` entries were decoded from what the client really sent to a
recording endpoint (and are held against it by `tests/real/test_real_fidelity.py`); the others were read in its source.
What one request cannot tell (chunked bodies, retries, timeouts) stands in `also`, as words.

Sources: the clients themselves, in the versions named; the forms of time were measured or read there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import floor
from typing import Any, Literal
from urllib.parse import urlsplit

from jwtdoctor.assertions.keys import PrivateKey
from jwtdoctor.assertions.sign import compact_json, signed_token
from jwtdoctor.errors import BadInput, UnknownName
from jwtdoctor.model.assertion import Assertion, AssertionSpec
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.secret import Secret

Form = Literal["seconds", "milliseconds", "text", "rounded text"]
"""How a time is written: a number of seconds, of milliseconds, or seconds as text, begun or rounded to the nearest."""


@dataclass(frozen=True, slots=True)
class Client:
    """One client's assertion. `claims` in its own order; `exp_plus` is added to now in the unit that `exp_form` has.

    `iat_plus` seconds from now, None where it writes no iat. `audience` None: as configured. `signs` False: the client
    takes an assertion that its caller made.
    """

    name: str
    title: str
    ran: bool
    claims: tuple[str, ...] = ("iss", "sub", "aud", "exp")
    header: tuple[str, ...] = ("alg", "typ")
    exp_plus: int = 180
    exp_form: Form = "seconds"
    iat_plus: int | None = None
    audience: Callable[[str], str] | None = None
    """From the token URL to the `aud` that it writes where none is set."""
    asks_at: Callable[[str], str] | None = None
    """From the token URL to the one that it asks in its place; None: it asks where it is told to."""
    fields: tuple[str, ...] = ("grant_type", "assertion")
    headers: tuple[tuple[str, str], ...] = ()
    """What it sends besides the form, as far as a server or a proxy may look at it."""
    signs: bool = True
    also: str = ""
    source: str = ""


def client_named(name: str) -> Client:
    """The client. Raises UnknownName with the names that there are."""
    if name in CLIENTS:
        return CLIENTS[name]
    raise UnknownName("no client of that name is known", where="--as", expected=", ".join(CLIENTS))


def sign_as(client: Client, spec: AssertionSpec, key: PrivateKey, now: float, *, token_url: str = "") -> Assertion:
    """The assertion as this client would sign it at `now` (epoch seconds). Raises as `sign` does.

    Of `spec` it takes issuer, subject, audience, alg, kid and the extra claims; times and the choice of claims are the
    client's. An audience that is not set in `spec` ("") is the client's own for `token_url`.
    """
    if not client.signs:
        raise BadInput(
            f"{client.name} signs nothing: it sends the assertion that its caller made",
            where="--as",
            expected=", ".join(name for name, one in CLIENTS.items() if one.signs),
        )
    header, claims = header_as(client, spec), claims_as(client, spec, now, token_url)
    return Assertion(Secret(signed_token(header, compact_json(claims), key, spec.alg)), header, claims, now)


def request_as(client: Client, request: TokenRequest) -> TokenRequest:
    """A jwt-bearer request as this client sends it: where it asks, its headers, and the form in its order."""
    rank = {name: n for n, name in enumerate(client.fields)}
    fields = sorted(request.fields, key=lambda field: rank.get(field[0], len(rank)))
    headers = (*request.headers, *client.headers)
    return replace(request, url=url_as(client, request.url), fields=tuple(fields), headers=headers)


def url_as(client: Client, token_url: str) -> str:
    """The token URL that this client would ask when it is told this one."""
    return token_url if client.asks_at is None else client.asks_at(token_url)


def header_as(client: Client, spec: AssertionSpec) -> dict[str, Any]:
    """The JOSE header, in the client's form."""
    named = {"alg": spec.alg, "typ": "JWT", "kid": spec.kid}
    return {name: named[name] for name in client.header if named[name] is not None}


def claims_as(client: Client, spec: AssertionSpec, now: float, token_url: str = "") -> dict[str, Any]:
    """The claims in the client's order and forms. Pure."""
    audience: Any = spec.audience if isinstance(spec.audience, str) else list(spec.audience)
    if not audience and client.audience is not None:
        audience = client.audience(token_url)
    made: Mapping[str, Any] = {
        "alg": spec.alg,
        "iss": spec.issuer,
        "sub": spec.subject,
        "prn": spec.subject,
        "aud": audience,
        "scope": spec.extra_claims.get("scope", ""),
        "iat": floor(now) + (client.iat_plus or 0),
        "exp": _exp(client, now),
    }
    written = {name: made[name] for name in client.claims if made[name] != "" or name == "scope"}
    return written | dict(spec.extra_claims)


def _exp(client: Client, now: float) -> int | str:
    match client.exp_form:
        case "milliseconds":
            return floor(now * 1000) + client.exp_plus
        case "text":
            return str(floor(now) + client.exp_plus)
        case "rounded text":
            return f"{now + client.exp_plus:.0f}"
        case _:
            return floor(now) + client.exp_plus


# --- audiences that clients choose themselves ------------------------------------------------------------------------


def _host_url(token_url: str) -> str:
    parts = urlsplit(token_url)
    return f"{parts.scheme}://{parts.netloc}"


def _with_slash(token_url: str) -> str:
    """`--instance-url` becomes a URL object, whose text ends in a slash; the two login hosts are constants."""
    url = _host_url(token_url)
    return url if urlsplit(url).hostname in ("login.salesforce.com", "test.salesforce.com") else f"{url}/"


def _login_host(token_url: str) -> str:
    """Of a client that is told whether the org is a sandbox, and is told right."""
    host = urlsplit(token_url).hostname or ""
    is_sandbox = host == "test.salesforce.com" or ".sandbox." in host or "--" in host
    return f"https://{'test' if is_sandbox else 'login'}.salesforce.com"


def _named_sandbox(token_url: str) -> str:
    return f"https://{'test' if 'sandbox' in token_url else 'login'}.salesforce.com"


_INSTANCE_OF_SANDBOXES = re.compile(r"([\w-]+\.)?(test|cs\d+)(\.my)?\.salesforce\.com")


def _cumulusci_audience(token_url: str) -> str:
    """A sandbox is what has the enhanced domain of one, or lies on an instance of sandboxes: not every `--`."""
    host = urlsplit(token_url).hostname or ""
    is_sandbox = "sandbox.my.salesforce.com" in host or _INSTANCE_OF_SANDBOXES.fullmatch(host) is not None
    return f"https://{'test' if is_sandbox else 'login'}.salesforce.com"


def _cumulusci_url(token_url: str) -> str:
    """An enhanced domain of a sandbox is asked at test.salesforce.com, one on an instance at that instance."""
    host = urlsplit(token_url).hostname or ""
    on_instance = _INSTANCE_OF_SANDBOXES.fullmatch(host)
    if "sandbox.my.salesforce.com" in host:
        return "https://test.salesforce.com/services/oauth2/token"
    return token_url if on_instance is None else f"https://{on_instance[2]}.salesforce.com/services/oauth2/token"


def _as_it_is(token_url: str) -> str:
    return token_url


def _googles_own(_token_url: str) -> str:
    """A constant of the library, whatever token URI it was told."""
    return "https://oauth2.googleapis.com/token"


_REQUESTS = (("User-Agent", "python-requests/2.34.2"), ("Accept", "*/*"))
_NODE_FETCH = (("User-Agent", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)"), ("Accept", "*/*"))
_UNDICI = (("User-Agent", "undici"), ("Accept", "*/*"), ("Accept-Language", "*"), ("Sec-Fetch-Mode", "cors"))

_TABLE = (
    Client("sf", "Salesforce CLI 2.146.3 (sf org login jwt)", True, ("iss", "sub", "aud", "exp", "iat"),
           exp_plus=300, exp_form="milliseconds", iat_plus=0, audience=_with_slash, headers=_UNDICI,
           also="tries five pairs of host and audience; the body is chunked",
           source="https://github.com/forcedotcom/sfdx-core/blob/cd4bdcb92f4532dc12a44f039dc3001e17b47ff5/src/org/authInfo.ts"),
    Client("simple-salesforce", "simple-salesforce 1.12.10 (Python)", True, exp_form="rounded text", audience=_host_url,
           headers=_REQUESTS, also="no timeout", source="https://github.com/simple-salesforce/simple-salesforce"),
    Client("cumulusci", "CumulusCI 4.10.1", True, ("alg", "iss", "sub", "aud", "exp"), exp_plus=0,
           audience=_cumulusci_audience, asks_at=_cumulusci_url, headers=_REQUESTS,
           also="exp equals now: it lives on the server's tolerance; a sandbox is asked at test.salesforce.com",
           source="https://github.com/SFDO-Tooling/CumulusCI/blob/598cda5ad62892cb59ae39a9b34dbfdb7724d84e/cumulusci/oauth/salesforce.py"),
    Client("restforce", "restforce (Ruby)", False, exp_plus=0, audience=_host_url,
           also="aud is its instance_url option, which is also the host",
           source="https://github.com/restforce/restforce/issues/674"),
    Client("forrest", "forrest (Laravel)", False, audience=_as_it_is, also="aud is its token URL, path included",
           source="https://github.com/omniphx/forrest/issues/302"),
    Client("go-salesforce", "go-salesforce", False, exp_plus=300, exp_form="text", audience=_named_sandbox,
           also="drops the body of a refusal", source="https://github.com/k-capehart/go-salesforce"),
    Client("jsforce", "jsforce 3.10.16 (Node)", True, signs=False, headers=_NODE_FETCH, also="the body is chunked",
           source="https://github.com/jsforce/jsforce"),
    Client("salesforce-jwt-bearer-token-flow", "salesforce-jwt-bearer-token-flow 0.2.4 (npm)", True, header=("alg",),
           exp_plus=300, audience=_host_url, also="aud is also the host that it asks",
           source="https://github.com/arthurimirzian/salesforce-jwt-bearer-token-flow"),
    Client("sf-jwt-token", "sf-jwt-token 1.3.0 (npm)", True, header=("alg",), exp_plus=300, audience=_host_url,
           also="aud is also the host that it asks", source="https://www.npmjs.com/package/sf-jwt-token"),
    Client("salesforce-jwt-promise", "salesforce-jwt-promise 0.1.8 (npm)", True, ("prn", "iat", "exp", "aud", "iss"),
           exp_plus=3, iat_plus=0, audience=_login_host, also="lives three seconds",
           source="https://www.npmjs.com/package/salesforce-jwt-promise"),
    Client("node-salesforce-jwt", "node-salesforce-jwt 1.1.0 (npm)", True, ("prn", "iat", "exp", "aud", "iss"),
           exp_plus=360, iat_plus=0, audience=_login_host, source="https://www.npmjs.com/package/node-salesforce-jwt"),
    Client("google-auth", "google-auth 2.62.2 (Python)", True, ("iat", "exp", "iss", "aud", "scope", "sub"),
           header=("typ", "alg", "kid"), exp_plus=3600, iat_plus=0, audience=_googles_own,
           fields=("assertion", "grant_type"), headers=(*_REQUESTS, ("x-goog-api-client", "gl-python/3.11.7 "
           "auth/2.62.2 auth-request-type/at cred-type/sa")),
           also="scope is among the claims, empty where none is asked for",
           source="https://github.com/googleapis/google-auth-library-python"),
    Client("octokit", "octokit auth-app (Node)", False, ("iat", "exp", "iss"), exp_plus=570, iat_plus=-30,
           also="corrects its clock by Date and tries once more", source="https://github.com/octokit/auth-app.js"),
)  # fmt: skip

CLIENTS: dict[str, Client] = {client.name: client for client in _TABLE}
"""Every client by name."""
