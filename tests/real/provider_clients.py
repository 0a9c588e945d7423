"""Vendors' own clients, each logging in once at a loopback URL.

    python provider_clients.py < job.json

Run with a Python that has them (`.ci/real-parts provider_clients`). A job is `{"client": …, "url": the endpoint, "key":
PEM, "certificate": PEM, "client_id": …, "user": …, "audience": …, "ca": file or null}`; what is printed is the outcome
as a caller of the library sees it: `{"granted": …}` or `{"refused": the library's own words}`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

Job = dict[str, Any]
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")


def main() -> None:
    job: Job = json.load(sys.stdin)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for name in PROXIES:
        os.environ.pop(name, None)
    if job["ca"]:
        os.environ["REQUESTS_CA_BUNDLE"] = job["ca"]
    try:
        told = {"granted": CLIENTS[job["client"]](job)}
    except Exception as problem:  # noqa: BLE001 - what a library raises is the outcome
        told = {"refused": f"{type(problem).__name__}: {problem}"}
    print(json.dumps(told))


def google(job: Job) -> str:
    """google-auth, whose `aud` is always Google's own."""
    from google.auth.transport.requests import Request
    from google.oauth2 import service_account

    info = {
        "type": "service_account",
        "client_email": job["client_id"],
        "private_key": job["key"],
        "token_uri": job["url"],
        "private_key_id": "0a1b2c3d",
    }
    made = service_account.Credentials.from_service_account_info(info, scopes=[job["scope"]], subject=job["user"])
    made.refresh(Request())
    return str(made.token)


def entra(job: Job) -> str:
    """MSAL, which asks the discovery page of the authority first, over TLS."""
    import msal

    parts = urlsplit(job["url"])
    app = msal.ConfidentialClientApplication(
        job["client_id"],
        authority=f"{parts.scheme}://{parts.netloc}/{parts.path.split('/')[1]}",
        client_credential={"private_key": job["key"], "public_certificate": job["certificate"]},
        instance_discovery=False,
    )
    told = app.acquire_token_for_client(scopes=["https://graph.microsoft.com/.default"])
    if "access_token" not in told:
        raise RuntimeError(f"{told.get('error')} {told.get('error_codes')} {told.get('error_description')}")
    return str(told["access_token"])


def github(job: Job) -> str:
    """PyGithub: who the app is, and then a token of an installation of it."""
    import github

    parts = urlsplit(job["url"])
    auth = github.Auth.AppAuth(int(job["client_id"]), job["key"])
    with github.GithubIntegration(auth=auth, base_url=f"{parts.scheme}://{parts.netloc}", retry=None) as integration:
        name = integration.get_app().name
        return f"{name}: {integration.get_access_token(1).token}"


def snowflake(job: Job) -> str:
    """The connector's login with a key pair."""
    import snowflake.connector
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

    parts = urlsplit(job["url"])
    key = load_pem_private_key(job["key"].encode(), None)
    account, _, user = job["user"].partition(".")
    made = snowflake.connector.connect(
        account=account.lower(),
        user=user.lower(),
        private_key=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        authenticator="SNOWFLAKE_JWT",
        host=parts.hostname,
        port=parts.port,
        protocol=parts.scheme,
        login_timeout=10,
        client_session_keep_alive=False,
        session_parameters={"CLIENT_TELEMETRY_ENABLED": False},
    )
    token = str(made.rest.token)
    made.close(retry=False)
    return token


def okta(job: Job) -> str:
    """Authlib's private_key_jwt (RFC 7523 §2.2), which writes a `jti`."""
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oauth2.rfc7523 import PrivateKeyJWT

    proof = PrivateKeyJWT(token_endpoint=job["audience"], headers={"kid": job["kid"]})
    session = OAuth2Session(
        job["client_id"], job["key"], scope=job["scope"], token_endpoint_auth_method="private_key_jwt"
    )
    session.register_client_auth_method(proof)
    return str(session.fetch_token(job["url"], grant_type="client_credentials")["access_token"])


def apple(job: Job) -> str:
    """Authlib with a client secret that PyJWT signs (ES256): a code is redeemed where one is held, else refreshed."""
    import time

    import jwt
    from authlib.integrations.requests_client import OAuth2Session

    now = int(time.time())
    claims = {"iss": job["client_id"], "sub": job["user"], "aud": "https://appleid.apple.com", "iat": now}
    secret = jwt.encode({**claims, "exp": now + 180}, job["key"], algorithm="ES256", headers={"kid": job["kid"]})
    session = OAuth2Session(job["user"], secret, token_endpoint_auth_method="client_secret_post")
    if job["code"]:
        told = session.fetch_token(job["url"], code=job["code"], redirect_uri=job["redirect_uri"])
    else:
        told = session.refresh_token(job["url"], refresh_token=job["refresh_token"])
    return str(told["access_token"])


def app_store(job: Job) -> str:
    """PyJWT's token as the Bearer of an API call."""
    import time

    import jwt
    import requests

    claims = {"iss": job["client_id"], "aud": "appstoreconnect-v1", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, job["key"], algorithm="ES256", headers={"kid": job["kid"]})
    reply = requests.get(job["url"], headers={"Authorization": f"Bearer {token}"}, timeout=10)
    if not reply.ok:
        raise RuntimeError(f"{reply.status_code} {reply.text}")
    return f"simulated: {reply.text}"


CLIENTS: dict[str, Callable[[Job], str]] = {
    "google": google,
    "entra": entra,
    "okta": okta,
    "github": github,
    "snowflake": snowflake,
    "apple": apple,
    "apple-app-store-connect": app_store,
}

if __name__ == "__main__":
    main()
