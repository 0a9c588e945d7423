"""Canaille, an identity provider, in memory and on loopback.

Run with a Python that has `canaille[oidc]`: `python canaille_server.py SERVER_KEY.pem`. The first line on stdout is the
URL of its OAuth endpoints; the token endpoint is `/token` below it. Its RFC 7523 grant takes assertions that are signed
with the server's own first key, so that key is the one that is handed over. Its private_key_jwt serves the grants that
begin with a person alone: for client_credentials it takes nothing but a secret in the header.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from werkzeug.serving import make_server

USER = "user"
SECRET = "right-secret"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENTS = {
    "bearer-client": {"grant_types": [BEARER], "client_uri": "http://127.0.0.1"},
    "untrusted-client": {"grant_types": [BEARER], "client_uri": "https://client.example.com"},
    "secret-client": {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic"},
    "password-client": {"grant_types": ["password"], "token_endpoint_auth_method": "client_secret_basic"},
}

with socket.socket() as spare:
    spare.bind(("127.0.0.1", 0))
    port = spare.getsockname()[1]

app = create_app(
    {
        "SECRET_KEY": "of the tests",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "CANAILLE": {"LOGGING": {"version": 1}},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [Path(sys.argv[1]).read_text()]},
    }
)
with app.app_context():
    user = models.User(user_name=USER, formatted_name="U Ser", family_name="Ser", password="right-password")
    Backend.instance.save(user)
    for client_id, settings in CLIENTS.items():
        client = models.Client(client_id=client_id, client_name=client_id, client_secret=SECRET, **settings)
        Backend.instance.save(client)

listener = make_server("127.0.0.1", port, app, threaded=True)
print(f"http://127.0.0.1:{port}/oauth", flush=True)
listener.serve_forever()
