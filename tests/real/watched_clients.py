"""Libraries that nobody here wrote, each logging in over a session of `requests`, bare or watched.

    python watched_clients.py < job.json > outcomes.json

Run with a Python that has them (`.ci/real-parts watched_clients`), and with jwtdoctor on its path. A job is
`{"client": …, "modes": [path, …], "base": loopback URL, "key": file, "log": file or null, "threads": n, "times": n}`;
an outcome is what a caller of the library sees: a token, a body, or the class and words of an exception.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

import jwtdoctor

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
Job = dict[str, Any]
Outcome = Any


class Loopback(HTTPAdapter):
    """Takes what is meant for a host of the service to a loopback server."""

    def __init__(self, base: str) -> None:
        self.base = base
        super().__init__(max_retries=Retry(2, status_forcelist=[503], allowed_methods=None, backoff_factor=0.01))

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        moved = request.copy()
        moved.url = self.base + request.path_url
        moved.headers["Host"] = str(request.url).split("/")[2]
        return super().send(moved, *args, **kwargs)


def main() -> None:
    job: Job = json.load(sys.stdin)
    client = CLIENTS[job["client"]]
    runs = [mode for mode in job["modes"] for _ in range(job.get("times", 1))]
    with ThreadPoolExecutor(job.get("threads", 1)) as pool:
        print(json.dumps(list(pool.map(lambda mode: outcome(client, job, mode), runs))))


def outcome(client: Callable[[Job, str], Outcome], job: Job, mode: str) -> Outcome:
    try:
        return client(job, mode)
    except Exception as problem:  # noqa: BLE001 - what a library raises is the outcome
        return f"{type(problem).__module__}.{type(problem).__name__}: {problem}"


def watched(session: Any, job: Job) -> Any:
    return session if job["log"] is None else jwtdoctor.watch(session, log=job["log"])


# --- the libraries ----------------------------------------------------------------------------------------------------


def simple_salesforce(job: Job, mode: str) -> Outcome:
    from simple_salesforce.api import Salesforce

    with requests.Session() as session:
        session.mount("https://", Loopback(job["base"] + mode))
        org = Salesforce(
            username=job["username"],
            consumer_key=job["client_id"],
            privatekey=Path(job["key"]).read_text(),
            domain=job.get("domain", "login"),
            session=watched(session, job),
        )
        found = org.query("SELECT Id, Name FROM Organization LIMIT 1") if job.get("query") else None
        return [org.sf_instance, bool(org.session_id), found and found["totalSize"]]


def google_auth(job: Job, mode: str) -> Outcome:
    from google.auth.transport.requests import AuthorizedSession

    with watched(AuthorizedSession(google_credentials(job, mode)), job) as session:
        response = session.get(job["base"] + "/api", stream=True)
        return [response.status_code, b"".join(response.iter_content(3)).decode(), session.credentials.token]


def google_auth_in_a_block(job: Job, mode: str) -> Outcome:
    """The session is made inside, where nobody can watch it by name."""
    from google.auth.transport.requests import Request

    def refresh() -> str:
        credentials = google_credentials(job, mode)
        credentials.refresh(Request())
        return str(credentials.token)

    return refresh() if job["log"] is None else jwtdoctor.watch(log=job["log"])(refresh)()


def google_credentials(job: Job, mode: str) -> Any:
    from google.oauth2.service_account import Credentials

    account = {
        "client_email": "robot@project.example",
        "token_uri": job["base"] + mode + "/token",
        "private_key": Path(job["key"]).read_text(),
    }
    return Credentials.from_service_account_info(account, scopes=["read"])


def authlib(job: Job, mode: str) -> Outcome:
    from authlib.integrations.requests_client import OAuth2Session

    with watched(OAuth2Session("app", "secret", token_endpoint_auth_method="client_secret_post"), job) as session:
        token = session.fetch_token(job["base"] + mode + "/token", grant_type="client_credentials")
        return [dict(token).get("access_token"), session.get(job["base"] + "/api").text]


def requests_oauthlib(job: Job, mode: str) -> Outcome:
    from oauthlib.oauth2 import BackendApplicationClient
    from requests_oauthlib import OAuth2Session

    with watched(OAuth2Session(client=BackendApplicationClient("app")), job) as session:
        token = session.fetch_token(job["base"] + mode + "/token", client_secret="secret")
        return [token.get("access_token"), session.get(job["base"] + "/api").text]


CLIENTS: dict[str, Callable[[Job, str], Outcome]] = {
    "simple-salesforce": simple_salesforce,
    "google-auth": google_auth,
    "google-auth in a block": google_auth_in_a_block,
    "Authlib": authlib,
    "requests-oauthlib": requests_oauthlib,
}

if __name__ == "__main__":
    main()
