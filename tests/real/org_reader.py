"""An administrator's program of the field: simple-salesforce reads the org. Nothing of ours is imported.

    python org_reader.py < job.json > read.json

A job is `{"base": loopback URL, "session": …, "queries": [SOQL, …], "tooling": [SOQL, …], "apps": [name, …]}`.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError


class Loopback(HTTPAdapter):
    """Takes what is meant for the org to a loopback server."""

    def __init__(self, base: str) -> None:
        self.base = base
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        moved = request.copy()
        moved.url = self.base + request.path_url
        moved.headers["Host"] = str(request.url).split("/")[2]
        return super().send(moved, *args, **kwargs)


def main() -> None:
    job = json.load(sys.stdin)
    session = requests.Session()
    session.mount("https://", Loopback(job["base"]))
    org = Salesforce(instance="acme.my.salesforce.com", session_id=job["session"], session=session, version="60.0")
    org.mdapi._client.transport.session.mount("https://", Loopback(job["base"]))  # zeep brings its own
    read = {
        "queries": [attempted(lambda soql=soql: list(org.query_all_iter(soql))) for soql in job["queries"]],
        "tooling": [
            attempted(lambda soql=soql: org.toolingexecute(f"query?q={quote(soql)}")) for soql in job["tooling"]
        ],
        "apps": [attempted(lambda name=name: app_of(org, name)) for name in job["apps"]],
        "usage": [org.api_usage["api-usage"].used, org.api_usage["api-usage"].total],
    }
    print(json.dumps(read))


def app_of(org: Any, name: str) -> dict[str, Any]:
    """A connected app over the Metadata API, as zeep reads it by Salesforce's own WSDL."""
    app = org.mdapi.ConnectedApp.read(name)
    return {"label": app.label, "key": app.oauthConfig.consumerKey, "scopes": list(app.oauthConfig.scopes)}


def attempted(ask: Any) -> Any:
    """What came, or the library's exception with what the service said."""
    try:
        return ask()
    except SalesforceError as refused:
        return {"raised": type(refused).__name__, "status": refused.status, "content": refused.content}


main()
