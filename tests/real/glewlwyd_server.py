"""Debian's glewlwyd on loopback, with a database of its own, set up through its admin API.

`python glewlwyd_server.py FOLDER_OF_THE_PACKAGE PUBLIC_KEY.pem JWK LOG`, with a Python that has `requests`; JWK is the
same key as JSON. The first line on stdout is the URL of its OIDC plugin: the token endpoint is `/token` below it, and
`nonces` in place of the last part is a plugin that wants nonces in DPoP proofs. LOG is glewlwyd's own: each line is in
it before the answer goes out.

It is never a service of this machine: the package is only unpacked, the database is made from the schema in it, and
glewlwyd ends with this process.
"""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

CALLBACK = "http://127.0.0.1:1717/callback"
SECRET = "right-secret"
ANSWERS_WITHIN_S = 10.0
CLIENTS: tuple[dict[str, Any], ...] = (
    {"client_id": "assertion-client"},
    {"client_id": "secret-client", "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"]},
    {"client_id": "disabled-client", "enabled": False},
    {"client_id": "code-client", "confidential": False, "authorization_type": ["code"]},
    {"client_id": "other-grants-client", "authorization_type": ["code"]},
)


def main(package: Path, public_key: str, jwk: dict[str, str], log: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="glewlwyd-") as name:
        folder, port = Path(name), free_port()
        make_database(package, folder / "database")
        settings = folder / "settings.conf"
        settings.write_text(settings_of(package, folder, port, log))
        glewlwyd = subprocess.Popen(
            [package / "usr" / "bin" / "glewlwyd", "--config-file", settings],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        signal.signal(signal.SIGTERM, lambda *_: glewlwyd.terminate())
        try:
            set_up(f"http://127.0.0.1:{port}/api", public_key, jwk, glewlwyd)
            print(f"http://127.0.0.1:{port}/api/oidc", flush=True)
            glewlwyd.wait()
        finally:
            glewlwyd.kill()
            glewlwyd.wait()


def free_port() -> int:
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port: int = spare.getsockname()[1]
    return port


def make_database(package: Path, path: Path) -> None:
    schema = package / "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
    database = sqlite3.connect(path)
    database.executescript("PRAGMA synchronous = OFF;" + schema.read_text())
    database.close()


def settings_of(package: Path, folder: Path, port: int, log: Path) -> str:
    modules = package / "usr" / "lib" / "glewlwyd"
    return f"""
port = {port}
bind_address = "127.0.0.1"
external_url = "http://127.0.0.1:{port}"
login_url = "login.html"
api_prefix = "api"
log_mode = "file"
log_level = "DEBUG"
log_file = "{log}"
cookie_domain = "127.0.0.1"
cookie_secure = 0
session_expiration = 2419200
session_key = "GLEWLWYD2_SESSION_ID"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "{modules / "user"}"
client_module_path = "{modules / "client"}"
user_auth_scheme_module_path = "{modules / "scheme"}"
plugin_module_path = "{modules / "plugin"}"
hash_algorithm = "SHA512"
database = {{ type = "sqlite3"; path = "{folder / "database"}"; }};
"""


def set_up(api: str, public_key: str, jwk: dict[str, str], glewlwyd: subprocess.Popen[bytes]) -> None:
    admin = requests.Session()
    admin.trust_env = False
    log_in(admin, api, glewlwyd)
    for name, wants_nonces in (("oidc", False), ("nonces", True)):
        parameters = {
            "iss": f"{api}/{name}", "jwt-type": "sha", "jwt-key-size": "256", "key": "a key of the tests",
            "code-duration": 600, "refresh-token-duration": 3600, "access-token-duration": 3600,
            "allow-non-oidc": True, "auth-type-client-enabled": True, "auth-type-code-enabled": True,
            "request-parameter-allow": True, "client-pubkey-parameter": "pubkey", "client-jwks-parameter": "jwks",
            "client-jwks_uri-parameter": "jwks_uri", "pkce-allowed": True, "pkce-required": True,
            "oauth-dpop-allowed": True, "oauth-dpop-iat-duration": 60, "oauth-dpop-nonce-mandatory": wants_nonces,
            "oauth-dpop-nonce-counter": 100,
        }  # fmt: skip
        plugin = {"module": "oidc", "name": name, "display_name": name, "enabled": True, "parameters": parameters}
        tell(admin, "POST", f"{api}/mod/plugin/", plugin)
    tell(admin, "POST", f"{api}/scope/", {"name": "read", "display_name": "read", "password_required": False})
    for client in (*CLIENTS, {"client_id": "jwks-client", "jwks": {"keys": [jwk]}, "pubkey": ""}):
        usual = {
            "name": client["client_id"], "enabled": True, "confidential": True, "redirect_uri": [CALLBACK],
            "authorization_type": ["client_credentials"], "scope": ["read"],
            "client_secret": SECRET, "password": SECRET, "pubkey": public_key,
            "token_endpoint_auth_method": ["private_key_jwt"],
        }  # fmt: skip
        tell(admin, "POST", f"{api}/client/", {**usual, **client})
    tell(admin, "PUT", f"{api}/user/admin", {"scope": ["g_admin", "g_profile", "openid"]})
    tell(admin, "PUT", f"{api}/auth/grant/code-client", {"scope": "openid"})


def log_in(admin: requests.Session, api: str, glewlwyd: subprocess.Popen[bytes]) -> None:
    """With the account that the packaged schema has; again until glewlwyd listens."""
    ends = time.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            return tell(admin, "POST", f"{api}/auth/", {"username": "admin", "password": "password"})
        except requests.ConnectionError:
            if glewlwyd.poll() is not None or time.monotonic() > ends:
                raise
            time.sleep(0.02)


def tell(admin: requests.Session, method: str, url: str, body: dict[str, Any]) -> None:
    reply = admin.request(method, url, json=body, timeout=5)
    if not reply.ok:
        sys.exit(f"{method} {url}: {reply.status_code} {reply.text}")


main(Path(sys.argv[1]), Path(sys.argv[2]).read_text(), json.loads(sys.argv[3]), Path(sys.argv[4]))
