"""The API of the simulated org for whoever holds a session: queries, pages of them, limits, metadata, credentials.

    /services/data/vNN.0/query, /tooling/query, /query/LOCATOR    SOQL (orgquery)
    /services/data/vNN.0/limits                                   what is left of the day's requests
    /services/data/vNN.0/apps/oauth/credentials/APP[/CONSUMER/staged]   keys of external client apps, never a secret
    /services/Soap/m/NN.0                                         readMetadata, listMetadata (orgmetadata)

Every answer says in `Sforce-Limit-Info` what has been used; where nothing is left, requests are refused. A page of
records is named by a sealed locator, so that the judge needs no memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator import orgmetadata, sealed
from jwtdoctor.simulator.orgquery import Answer, run
from jwtdoctor.simulator.orgrows import World, made_id, permissions_of
from jwtdoctor.simulator.policy import App, Policy, User
from jwtdoctor.simulator.ruling import Ruling
from jwtdoctor.simulator.soql import Refused
from jwtdoctor.simulator.wire import HttpRequest, first_values, iso_date, json_reply

LIMIT_HEADER = "Sforce-Limit-Info"
_VERSION = r"/services/data/v(\d{2,3}\.0)"
ECA_READERS = frozenset({"ExternalClientAppDeveloper", "ViewClientSecret"})


@dataclass(frozen=True, slots=True)
class Call:
    """One API call of a user with a live session. `version` as `60.0`."""

    request: HttpRequest
    world: World
    reader: User
    version: str


Made = tuple[int, Any]
"""Status and JSON content."""


def administrators_session(policy: Policy, now: float) -> str:
    """An access token of the simulated administrator, as a CLI would hold it. `now` is the org's clock."""
    content = {"user": policy.administrator.username, "client": "PlatformCLI", "scopes": ["full"], "at": now}
    return sealed.access_token({**content, "id": "administrator"}, policy)


def wants(path: str) -> bool:
    """Whether a path belongs here."""
    return any(re.fullmatch(pattern, path) for pattern, _ in _ROUTES)


def answer_call(request: HttpRequest, policy: Policy, now: float, reader: User) -> Ruling:
    """The answer to a REST call whose session was accepted."""
    path = request.path.rstrip("/")
    for pattern, make in _ROUTES:
        found = re.fullmatch(pattern, path)
        if found is not None:
            call = Call(request, World(policy, now), reader, found[1])
            return Ruling(_counted(_made(make, call, found), policy, now, request.target), api_calls=1)
    raise AssertionError("asked for a path that is not ours")


def soap_call(request: HttpRequest, policy: Policy, now: float, reader: User | None) -> Ruling:
    """The answer to a Metadata API request."""
    made = orgmetadata.answer(request.body, World(policy, now), reader, f"{request.target} {len(request.body)}")
    return Ruling(_limited(made, policy), api_calls=1 if reader is not None else 0)


def _made(make: Callable[[Call, re.Match[str]], Made], call: Call, found: re.Match[str]) -> Made:
    org = call.world.policy.org
    if org.api_used >= org.api_limit:
        return 403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    try:
        return make(call, found)
    except Refused as refused:
        return 400, [{"message": refused.message, "errorCode": refused.code}]


def _counted(made: Made, policy: Policy, now: float, seed: str) -> Reply:
    return _limited(json_reply(*made, now, seed), policy)


def _limited(made: Reply, policy: Policy) -> Reply:
    used = min(policy.org.api_used + 1, policy.org.api_limit)
    return replace(made, headers={**made.headers, LIMIT_HEADER: f"api-usage={used}/{policy.org.api_limit}"})


# --- queries ----------------------------------------------------------------------------------------------------


def _query(call: Call, _: re.Match[str]) -> Made:
    return _asked(call, tooling=False)


def _tooling_query(call: Call, _: re.Match[str]) -> Made:
    return _asked(call, tooling=True)


def _asked(call: Call, *, tooling: bool) -> Made:
    soql = first_values(call.request.query).get("q", "")
    if re.search(r"\bfrom\s+scratchorginfo\b", soql[:20_000], re.IGNORECASE):
        return 400, [{"message": "sObject type 'ScratchOrgInfo' is not supported.", "errorCode": "INVALID_TYPE"}]
    found = run(soql, call.world, call.reader, tooling=tooling, version=call.version)
    if found.count is not None:
        return 200, {"totalSize": found.count, "done": True, "records": []}
    return 200, _page(call, soql, found, 0, tooling)


def _page(call: Call, soql: str, found: Answer, start: int, tooling: bool) -> dict[str, Any]:
    size = min(found.page, _batch_size(call.request))
    shown = found.records[start : start + size]
    content: dict[str, Any] = {"totalSize": len(found.records), "done": True, "records": list(shown)}
    if tooling:
        content |= {"size": len(shown), "queryLocator": None}
    if start + size < len(found.records):
        locator = sealed.seal("locator", {"q": soql, "start": start + size, "size": size}, call.world.policy)
        content |= {"done": False, "nextRecordsUrl": f"/services/data/v{call.version}/query/{locator}"}
    return content


def _batch_size(request: HttpRequest) -> int:
    """`Sforce-Query-Options: batchSize=200` (200 to 2,000, documented)."""
    found = re.search(r"batchSize\s*=\s*(\d{1,5})", request.header("Sforce-Query-Options")[:200])
    return min(max(int(found[1]), 200), 2000) if found else 2000


def _more(call: Call, found: re.Match[str]) -> Made:
    locator = sealed.unseal("locator", found[2], call.world.policy)
    if locator is None:
        return 400, [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]
    soql, start = str(locator["q"]), int(locator["start"])
    return 200, _page(call, soql, run(soql, call.world, call.reader, version=call.version), start, False)


def _limits(call: Call, _: re.Match[str]) -> Made:
    org = call.world.policy.org
    return 200, {"DailyApiRequests": {"Max": org.api_limit, "Remaining": org.api_limit - org.api_used}}


# --- credentials of external client apps ------------------------------------------------------------------------


def _credentials(call: Call, found: re.Match[str]) -> Made:
    """`?part=` is not looked at: this simulator hands out no secret."""
    app = _external(call, found[2])
    if app is None:
        return _not_found()
    base = f"/services/data/v{call.version}/apps/oauth/credentials/{app.app_id}/{_consumer(app)}"
    one = {"id": _consumer(app), "key": app.consumer_key, "name": app.label, "url": base}
    return 200, {"consumers": [{**one, "stagedCredentialsUrl": f"{base}/staged"}]}


def _staged(call: Call, found: re.Match[str]) -> Made:
    app = _external(call, found[2])
    if app is None or found[3][:15] != _consumer(app)[:15]:
        return _not_found()
    if not app.staged:
        return 200, {"stagedCredentials": []}
    now = call.world.now
    one = {
        "id": made_id("8St", "Acme"),
        "state": app.staged,
        "createdDate": iso_date(now - 5 * 86_400),
        "expirationDate": iso_date(now + 25 * 86_400),
    }
    return 200, {"stagedCredentials": [one]}  # GUESS: the name of the list; the page names its type alone


def _external(call: Call, app_id: str) -> App | None:
    """The app, where this reader may see credentials at all. Raises Refused."""
    if not permissions_of(call.reader) >= ECA_READERS:
        raise Refused("INSUFFICIENT_ACCESS", "You do not have access to this resource")  # GUESS: the words
    return next((app for app in call.world.apps if app.is_external and app.app_id[:15] == app_id[:15]), None)


def _consumer(app: App) -> str:
    return made_id("888", app.app_id[11:15])


def _not_found() -> Made:
    return 404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


_ROUTES: tuple[tuple[str, Callable[[Call, re.Match[str]], Made]], ...] = (
    (_VERSION + r"/query", _query),
    (_VERSION + r"/query/([\w.-]{1,6000})", _more),
    (_VERSION + r"/tooling/query", _tooling_query),
    (_VERSION + r"/limits", _limits),
    (_VERSION + r"/apps/oauth/credentials/(\w{15,18})", _credentials),
    (_VERSION + r"/apps/oauth/credentials/(\w{15,18})/(\w{15,18})/staged", _staged),
)
SOAP_PATH = re.compile(r"/services/Soap/m/\d{2,3}\.0(/\w{15,18})?")
