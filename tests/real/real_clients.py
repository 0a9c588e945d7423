"""Clients that nobody here wrote: what each is told, how it is started, and which faults it can meet.

The libraries are used as their own documentation shows, in a few lines that catch nothing: what is recorded is the
traceback or the stack that a user would see. A client *carries* some fields of an attempt (it has an option for them);
it can meet a fault when everything that the fault changes on the client's side is carried. Faults of the service, of
the clocks and of the network change nothing on the client's side, so everybody meets them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from installed import node, node_modules, part, python_of

from jwtdoctor.assertions.keys import load_private
from jwtdoctor.assertions.sign import sign
from jwtdoctor.model.assertion import AssertionSpec
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.faults import FAULTS, USELESS_TOKENS, Fault, fault, stage
from jwtdoctor.simulator.world import Scenario, healthy

MOMENT = 1_795_300_000.0
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """One program and one flow of it. `command` makes its argument list from the settings (`settings_of`)."""

    name: str
    flow: str
    package: str
    """What is installed, for the table."""
    carries: frozenset[str]
    command: Callable[[Settings], list[str]]
    needs: Callable[[], tuple[Path | None, ...]]
    can_say: Callable[[Attempt], bool] = lambda _: True
    """Whether its options can express this attempt's values."""
    only: frozenset[str] | None = None
    """The faults that it is sent into where not all of them: enough to hear each kind of its words once."""

    @property
    def is_installed(self) -> bool:
        return all(path is not None for path in self.needs())

    def meets(self, met: Fault) -> bool:
        """Whether this client, as it is, can get into that situation."""
        if met.flow != self.flow or (self.only is not None and met.name not in self.only):
            return False
        staged, right = stage(met.name), healthy(self.flow)
        changed = _changed(staged.ready(MOMENT).attempt, right.ready(MOMENT).attempt)
        if met.side in ("none", "service"):
            changed.discard("audience")  # who chooses the audience by itself meets the service's faults all the same
        return changed <= self.carries and self.can_say(staged.attempt)


def _changed(one: Attempt, other: Attempt) -> set[str]:
    return {f.name for f in fields(Attempt) if f.name != "token_url" and getattr(one, f.name) != getattr(other, f.name)}


def faults_of(client: Client) -> list[Fault]:
    """Every fault that it can meet, `healthy` and what is wrong with a granted token among them."""
    return [met for met in (*FAULTS, *USELESS_TOKENS) if client.meets(met)]


def settings_of(scenario: Scenario, now: float, folder: Path) -> dict[str, Any]:
    """What a client is told. The key goes into a file of `folder`, a private one."""
    attempt = scenario.ready(now).attempt
    host = scenario.token_host
    key = folder / "client.key"
    if attempt.key_pem is not None:
        key.write_text(attempt.key_pem.reveal())
        key.chmod(0o600)
    audience = (attempt.audience or "").removesuffix("/")
    return {
        "base": f"{scenario.scheme}://{host}",
        "host": host,
        "prefix": host.removesuffix(".salesforce.com"),
        "audience": audience,
        "login": audience.removeprefix("https://").removesuffix(".salesforce.com"),
        "client_id": attempt.client_id,
        "username": attempt.username,
        "key": str(key),
        "assertion": _assertion(scenario, attempt, now),
        "redirect_uri": attempt.redirect_uri or "",
        "scope": attempt.scope or "",
        "pkce": attempt.pkce,
        **{name: _plain(getattr(attempt, name)) for name in _SECRETS},
    }


_SECRETS = ("client_secret", "password", "security_token", "refresh_token", "code", "code_verifier")


def _plain(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()


def _assertion(scenario: Scenario, attempt: Attempt, now: float) -> str:
    """The assertion of a client that leaves signing to its user."""
    if scenario.flow != "jwt-bearer" or attempt.key_pem is None:
        return ""
    if attempt.ready_assertion is not None:
        return attempt.ready_assertion.reveal()
    spec = AssertionSpec(
        issuer=attempt.client_id,
        subject=attempt.username,
        audience=attempt.audience or "",
        lifetime_s=attempt.lifetime_s,
        alg=attempt.alg or "RS256",
        iat=attempt.iat,
        extra_claims=attempt.extra_claims,
    )
    return sign(spec, load_private(attempt.key_pem.reveal().encode(), where="the key"), now).token.reveal()


# --- the programs -----------------------------------------------------------------------------------------------

_SF = ("@salesforce", "cli", "bin", "run.js")


def _sf(*words: str) -> list[str]:
    return [str(node()), "--no-warnings", str(part("salesforce-npm", "node_modules", *_SF)), *words]


def _sf_jwt(s: Settings) -> list[str]:
    return _sf("org", "login", "jwt", "--username", s["username"], "--jwt-key-file", s["key"],
               "--client-id", s["client_id"], "--instance-url", s["base"])  # fmt: skip


def _sf_refresh(s: Settings) -> list[str]:
    """The URL comes from a file: from stdin the CLI waits for it but a moment."""
    url = Path(s["key"]).with_name("sfdx-url")
    url.write_text(f"force://{s['client_id']}:{s['client_secret']}:{s['refresh_token']}@{s['host']}\n")
    return _sf("org", "login", "sfdx-url", "--sfdx-url-file", str(url))


def _needs_sf() -> tuple[Path | None, ...]:
    return node(), part("salesforce-npm", "node_modules", *_SF)


def _needs_npm() -> tuple[Path | None, ...]:
    return node(), node_modules("salesforce-npm")


def _python(folder: str, program: str) -> Callable[[Settings], list[str]]:
    return lambda s: [str(python_of(folder)), "-c", program, json.dumps(dict(s))]


def _node(program: str) -> Callable[[Settings], list[str]]:
    return lambda s: [str(node()), "--no-deprecation", "-e", program, json.dumps(dict(s))]


_SSF_USE = """
print("session on", sf.sf_instance)
print("organisation", sf.query("SELECT Name FROM Organization")["records"][0]["Name"])
"""
_SSF = "import json, sys\nfrom simple_salesforce import Salesforce\ns = json.loads(sys.argv[1])\n"
SSF_JWT = f"""{_SSF}
sf = Salesforce(username=s["username"], consumer_key=s["client_id"], privatekey_file=s["key"],
                domain=s["login"], instance_url=s["prefix"])
{_SSF_USE}"""
SSF_CREDENTIALS = f"""{_SSF}
sf = Salesforce(consumer_key=s["client_id"], consumer_secret=s["client_secret"], domain=s["prefix"])
{_SSF_USE}"""
SSF_PASSWORD = f"""{_SSF}
sf = Salesforce(username=s["username"], password=s["password"] + s["security_token"],
                consumer_key=s["client_id"], consumer_secret=s["client_secret"], domain=s["prefix"])
{_SSF_USE}"""

_CCI = "import json, pathlib, sys, warnings\nwarnings.simplefilter('ignore')\ns = json.loads(sys.argv[1])\n"
CCI_JWT = f"""{_CCI}
from cumulusci.oauth.salesforce import jwt_session
got = jwt_session(s["client_id"], pathlib.Path(s["key"]).read_text(), s["username"], url=s["base"])
print("session on", got["instance_url"])
"""
CCI_REFRESH = f"""{_CCI}
from cumulusci.oauth.client import OAuth2Client
got = OAuth2Client({{"client_id": s["client_id"], "client_secret": s["client_secret"],
                    "auth_uri": s["base"] + "/services/oauth2/authorize",
                    "token_uri": s["base"] + "/services/oauth2/token"}}).refresh_token(s["refresh_token"])
print("session on", got["instance_url"])
"""

_JSFORCE = """
const jsforce = require('jsforce'), s = JSON.parse(process.argv[1]);
const oauth2 = (more) => new jsforce.OAuth2({loginUrl: s.base, ...more});
const app = {clientId: s.client_id, clientSecret: s.client_secret};
async function use(conn) {
  console.log('session on', conn.instanceUrl);
  console.log('identity', (await conn.identity()).username);
  const found = await conn.query('SELECT Name FROM Organization');
  console.log('organisation', found.records[0].Name);
}
"""
JSFORCE_JWT = f"""{_JSFORCE}
const conn = new jsforce.Connection({{oauth2: oauth2()}});
conn.authorize({{grant_type: '{GRANT}', assertion: s.assertion}}).then(() => use(conn));
"""
JSFORCE_CREDENTIALS = f"""{_JSFORCE}
const conn = new jsforce.Connection({{instanceUrl: s.base, oauth2: oauth2(app)}});
conn.authorize({{grant_type: 'client_credentials'}}).then(() => use(conn));
"""
JSFORCE_PASSWORD = f"""{_JSFORCE}
const conn = new jsforce.Connection({{oauth2: oauth2(app)}});
conn.login(s.username, s.password + s.security_token).then(() => use(conn));
"""
JSFORCE_CODE = f"""{_JSFORCE}
const {{request}} = require('node:https');
const flow = oauth2({{...app, redirectUri: s.redirect_uri, useVerifier: s.pkce && (!s.code || !!s.code_verifier)}});
if (s.code_verifier) flow.codeVerifier = s.code_verifier;
const conn = new jsforce.Connection({{oauth2: flow}});
const redeem = (code) => conn.authorize(code).then(() => use(conn));
if (s.code) redeem(s.code);
else request(flow.getAuthorizationUrl({{scope: s.scope || undefined}}), (reply) => {{
  const back = new URL(reply.headers.location);
  if (back.searchParams.get('code')) redeem(back.searchParams.get('code'));
  else console.log('the browser is sent to', back.href);
}}).end();
"""
JSFORCE_REFRESH = f"""{_JSFORCE}
const conn = new jsforce.Connection({{oauth2: oauth2(app), instanceUrl: s.base, refreshToken: s.refresh_token}});
use(conn);
"""

_SMALL = "const s = JSON.parse(process.argv[1]), key = require('fs').readFileSync(s.key, 'utf8');\n"
_AND_SHOW = "(failed, got) => { if (failed) throw failed; console.log('session on', got.instance_url); }"
FLOW_LIBRARY = f"""{_SMALL}
require('salesforce-jwt-bearer-token-flow').getToken(
  {{iss: s.client_id, sub: s.username, aud: s.base, privateKey: key}}, {_AND_SHOW});
"""
JWT_TOKEN = f"""{_SMALL}
require('sf-jwt-token').getToken({{iss: s.client_id, sub: s.username, aud: s.base, privateKey: key}})
  .then((got) => console.log('session on', got.instance_url));
"""
JWT_PROMISE = f"""{_SMALL}
require('salesforce-jwt-promise').getJWTToken(
  {{clientId: s.client_id, userName: s.username, audience: s.audience, instanceUrl: s.base, privateKey: key}})
  .then((got) => console.log('session on', got.instance_url));
"""
NODE_JWT = f"""{_SMALL}
require('node-salesforce-jwt').getToken({{clientId: s.client_id, user: s.username, audience: s.audience,
  uri: s.base + '/services/oauth2/token', privateKey: key}}, {_AND_SHOW});
"""


def _is_salesforce_login(attempt: Attempt) -> bool:
    """simple-salesforce makes the audience from a word: `https://WORD.salesforce.com`."""
    return re.fullmatch(r"https://[a-z.-]+\.salesforce\.com", attempt.audience or "") is not None


_NAMES = frozenset({"client_id", "username", "key_pem"})
_SIGNED = _NAMES | {"audience", "lifetime_s", "iat", "alg", "extra_claims", "ready_assertion"}
_SECRET = frozenset({"client_id", "client_secret"})
_USER = _SECRET | {"username", "password", "security_token"}

_ENOUGH = frozenset(
    {
        *(
            "healthy",
            "healthy:external-client-app",
            "clock-drift",
            "clock-drift:just-beyond",
            "client-id-missing",
        ),
        *("signature-key-mismatch", "user-not-preauthorized", "mfa-required", "app-not-installed"),
        *(
            "platform-maintenance",
            "platform-transient:overloaded",
            "dns-failed",
            "tls-trust-failed",
            "proxy-refused",
        ),
        *("network-blocked", "network-blocked:reset", "network-blocked:portal-page"),
    }
)
"""For small libraries, which pass on what they get: one fault for each kind of answer."""

CLIENTS: tuple[Client, ...] = (
    Client("sf org login jwt", "jwt-bearer", "@salesforce/cli", _NAMES, _sf_jwt, _needs_sf),
    Client("sf org login sfdx-url", "refresh-token", "@salesforce/cli", _SECRET | {"refresh_token"}, _sf_refresh,
           _needs_sf),
    Client("jsforce", "jwt-bearer", "jsforce", _SIGNED, _node(JSFORCE_JWT), _needs_npm),
    Client("jsforce, client credentials", "client-credentials", "jsforce", _SECRET, _node(JSFORCE_CREDENTIALS),
           _needs_npm),
    Client("jsforce, password", "password", "jsforce", _USER, _node(JSFORCE_PASSWORD), _needs_npm),
    Client("jsforce, authorization code", "authorization-code", "jsforce",
           _SECRET | {"redirect_uri", "scope", "code", "code_verifier", "pkce"}, _node(JSFORCE_CODE), _needs_npm,
           lambda attempt: attempt.redirect_uri is not None),
    Client("jsforce, refresh token", "refresh-token", "jsforce", _SECRET | {"refresh_token"}, _node(JSFORCE_REFRESH),
           _needs_npm),
    Client("simple-salesforce", "jwt-bearer", "simple-salesforce", _NAMES | {"audience"},
           _python("salesforce-python", SSF_JWT), lambda: (python_of("salesforce-python"),), _is_salesforce_login),
    Client("simple-salesforce, client credentials", "client-credentials", "simple-salesforce", _SECRET,
           _python("salesforce-python", SSF_CREDENTIALS), lambda: (python_of("salesforce-python"),)),
    Client("simple-salesforce, password", "password", "simple-salesforce", _USER,
           _python("salesforce-python", SSF_PASSWORD), lambda: (python_of("salesforce-python"),)),
    Client("CumulusCI", "jwt-bearer", "cumulusci", _NAMES, _python("cumulusci", CCI_JWT),
           lambda: (python_of("cumulusci"),)),
    Client("CumulusCI, refresh token", "refresh-token", "cumulusci", _SECRET | {"refresh_token"},
           _python("cumulusci", CCI_REFRESH), lambda: (python_of("cumulusci"),)),
    Client("salesforce-jwt-bearer-token-flow", "jwt-bearer", "salesforce-jwt-bearer-token-flow",
           _NAMES, _node(FLOW_LIBRARY), _needs_npm, only=_ENOUGH),
    Client("sf-jwt-token", "jwt-bearer", "sf-jwt-token", _NAMES, _node(JWT_TOKEN), _needs_npm, only=_ENOUGH),
    Client("salesforce-jwt-promise", "jwt-bearer", "salesforce-jwt-promise", _NAMES | {"audience"},
           _node(JWT_PROMISE), _needs_npm, only=_ENOUGH),
    Client("node-salesforce-jwt", "jwt-bearer", "node-salesforce-jwt", _NAMES | {"audience"}, _node(NODE_JWT),
           _needs_npm, only=_ENOUGH),
)  # fmt: skip


def client(name: str) -> Client:
    return next(one for one in CLIENTS if one.name == name)


def staged(name: str) -> Scenario:
    """The scenario of a fault for a client of its flow."""
    return stage(name, healthy(fault(name).flow))
