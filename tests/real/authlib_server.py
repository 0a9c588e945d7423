"""An authorization server made of Authlib's Flask integration, in memory and on loopback.

Run with a Python that has `authlib` and `flask`: `python authlib_server.py PUBLIC_KEY.pem`. The first line on stdout
is its own URL; the token endpoint is `/token`. It knows the RFC 7523 bearer grant, private_key_jwt with a memory for
`jti`, client secrets, the code grant with PKCE required, refresh tokens, passwords, device codes, introspection and
revocation. Everything that it decides and words is Authlib's.

A device's code is granted, denied or left waiting as its scope says: `yes`, `no`, `wait`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion, JWTBearerGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE, DeviceAuthorizationEndpoint, DeviceCodeGrant
from flask import Flask, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

USER = "user@example.com"
CALLBACK = "http://127.0.0.1:1717/callback"
KEY = RSAKey.import_key(Path(sys.argv[1]).read_bytes())

app = Flask(__name__)
codes: dict[str, Code] = {}
seen: set[str] = set()
base = ""


class Client(ClientMixin):
    def __init__(self, client_id: str, methods: list[str], grant: str, secret: str = "") -> None:
        self.client_id, self.methods, self.grant, self.secret = client_id, methods, grant, secret

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return CALLBACK

    def get_allowed_scope(self, scope: str) -> str:
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == CALLBACK

    def check_client_secret(self, client_secret: str) -> bool:
        return self.secret == client_secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in self.methods

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == self.grant


clients = {
    client.client_id: client
    for client in (
        Client("bearer-client", ["none"], JWTBearerGrant.GRANT_TYPE),
        Client("assertion-client", ["client_assertion_jwt"], "client_credentials"),
        Client("secret-client", ["client_secret_basic", "client_secret_post"], "client_credentials", "right-secret"),
        Client("code-client", ["none"], "authorization_code"),
        Client("refresh-client", ["client_secret_basic", "client_secret_post"], "refresh_token", "right-secret"),
        Client("other-client", ["client_secret_basic", "client_secret_post"], "refresh_token", "right-secret"),
        Client("password-client", ["client_secret_post"], "password", "right-secret"),
        Client("device-client", ["none"], DEVICE_CODE_GRANT_TYPE),
    )
}


class Bearer(JWTBearerGrant):
    def resolve_issuer_client(self, issuer: str) -> Client | None:
        return clients.get(issuer)

    def resolve_client_public_key(self, client: Client) -> Any:
        return KEY

    def authenticate_user(self, subject: str) -> str | None:
        return subject if subject == USER else None

    def get_audiences(self) -> list[str]:
        return [base, f"{base}/token"]

    def has_granted_permission(self, client: Client, user: str) -> bool:
        return True


class Proof(JWTBearerClientAssertion):
    def get_audiences(self) -> list[str]:
        return [base, f"{base}/token"]

    def validate_jti(self, claims: Any, jti: str) -> bool:
        is_new = jti not in seen
        seen.add(jti)
        return is_new

    def resolve_client_public_key(self, client: Client) -> Any:
        return KEY


class Credentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "client_assertion_jwt"]


class Code(dict[str, Any]):
    def get_redirect_uri(self) -> str:
        return str(self["redirect_uri"])

    def get_scope(self) -> str:
        return str(self["scope"] or "")

    def get_nonce(self) -> None:
        return None

    def get_auth_time(self) -> float:
        return float(self["at"])

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


class ByCode(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        asked = request.payload
        codes[code] = Code(
            redirect_uri=asked.redirect_uri, scope=asked.scope, at=time.time(), client_id=request.client.client_id,
            user=request.user, code_challenge=asked.data.get("code_challenge"),
            code_challenge_method=asked.data.get("code_challenge_method"),
        )  # fmt: skip

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = codes.get(code)
        return found if found and found["client_id"] == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        for code in [code for code, known in codes.items() if known is authorization_code]:
            del codes[code]

    def authenticate_user(self, authorization_code: Code) -> Any:
        return authorization_code["user"]


class User(str):
    __slots__ = ()

    def get_user_id(self) -> str:
        return str(self)


class Token(dict[str, Any]):
    """A token that was issued, as Authlib wants to ask about it."""

    def check_client(self, client: Client) -> bool:
        return bool(self["client_id"] == client.client_id)

    def get_client(self) -> Client:
        return clients[self["client_id"]]

    def get_user(self) -> User:
        return User(USER)

    def get_scope(self) -> str:
        return str(self.get("scope") or "")

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return bool(self.get("revoked"))


REFRESHABLE = Token(client_id="refresh-client", scope="read write", refresh_token="right-refresh-token")
issued: list[Token] = [REFRESHABLE]


def keep(token: dict[str, Any], request: Any) -> None:
    issued.append(Token(token, client_id=request.client.client_id))


class Refresh(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        return next((one for one in issued if one.get("refresh_token") == refresh_token), None)

    def authenticate_user(self, refresh_token: Token) -> User:
        return refresh_token.get_user()

    def revoke_old_credential(self, refresh_token: Token) -> None:
        return None


class ByPassword(grants.ResourceOwnerPasswordCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]

    def authenticate_user(self, username: str, password: str) -> User | None:
        return User(USER) if (username, password) == (USER, "right-password") else None


class DeviceCode(dict[str, Any]):
    def get_client_id(self) -> str:
        return str(self["client_id"])

    def get_scope(self) -> str:
        return str(self["scope"] or "")

    def get_user_code(self) -> str:
        return str(self["user_code"])

    def is_expired(self) -> bool:
        return float(self["at"]) + float(self["expires_in"]) < time.time()


device_codes: list[DeviceCode] = []


class Devices(DeviceAuthorizationEndpoint):
    INTERVAL = 1
    EXPIRES_IN = 2

    def get_verification_uri(self) -> str:
        return f"{base}/device-of-a-person"

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        device_codes.append(DeviceCode(data, client_id=client_id, scope=scope, at=time.time()))


class ByDevice(DeviceCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]

    def query_device_credential(self, device_code: str) -> DeviceCode | None:
        return next((one for one in device_codes if one["device_code"] == device_code), None)

    def query_user_grant(self, user_code: str) -> tuple[User, bool] | None:
        scope = next(one.get_scope() for one in device_codes if one["user_code"] == user_code)
        return None if scope == "wait" else (User(USER), scope == "yes")

    def should_slow_down(self, credential: DeviceCode) -> bool:
        return False


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "client_assertion_jwt"]

    def query_token(self, token: str, hint: str) -> Token | None:
        return next((one for one in issued if one.get("access_token") == token), None)

    def check_permission(self, token: Token, client: Client, request: Any) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: Token) -> dict[str, Any]:
        now = int(time.time())
        return {"client_id": token["client_id"], "scope": token.get_scope(), "iat": now, "exp": now + 864}


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "client_assertion_jwt"]

    def query_token(self, token: str, hint: str) -> Token | None:
        return next((one for one in issued if token in (one.get("access_token"), one.get("refresh_token"))), None)

    def revoke_token(self, token: Token, request: Any) -> None:
        token["revoked"] = True


server = AuthorizationServer(app, query_client=clients.get, save_token=keep)
server.register_client_auth_method(Proof.CLIENT_AUTH_METHOD, Proof())
for grant in (Bearer, Credentials, Refresh, ByPassword, ByDevice):
    server.register_grant(grant)
server.register_grant(ByCode, [CodeChallenge(required=True)])
for endpoint in (Devices, Introspection, Revocation):
    server.register_endpoint(endpoint)


@app.post("/device")
def device() -> Any:
    return server.create_endpoint_response(Devices.ENDPOINT_NAME)


@app.post("/introspect")
def introspect() -> Any:
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.post("/revoke")
def revoke() -> Any:
    return server.create_endpoint_response(Revocation.ENDPOINT_NAME)


@app.get("/issued")
def how_many() -> Any:
    """How many tokens were issued since the start, and how many of them were revoked."""
    return {"issued": len(issued) - 1, "revoked": sum(one.is_revoked() for one in issued)}


@app.get("/api")
def api() -> Any:
    """An API of its own: 200 for a token of ours, RFC 6750 words for every other."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = next((one for one in issued if one.get("access_token") == token and not one.is_revoked()), None)
    if known is None:
        return {}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="unknown here"'}
    return {"client": known["client_id"]}


@app.post("/token")
def token() -> Any:
    return server.create_token_response()


@app.get("/authorize")
def authorize() -> Any:
    """Logs the one user in and consents, without a page."""
    grant = server.get_consent_grant(end_user=User(USER))
    return server.create_authorization_response(grant=grant, grant_user=User(USER))


listener = make_server("127.0.0.1", 0, app, threaded=True)
base = f"http://127.0.0.1:{listener.server_port}"
print(base, flush=True)
listener.serve_forever()
