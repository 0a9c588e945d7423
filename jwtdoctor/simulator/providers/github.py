"""GitHub's API for an app that proves itself by a JWT, in its own words: `GET /app`, and an installation's token.

Sources of the texts: `knowledge/providers/github.toml`. A refusal is a message without any code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from jwtdoctor.model.names import Sureness
from jwtdoctor.simulator.providers import checks
from jwtdoctor.simulator.providers.checks import Asked, Trouble
from jwtdoctor.simulator.providers.dialect import Dialect, seed_of
from jwtdoctor.simulator.providers.service import Service
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest, iso_date

_M, _F, _I = Sureness.MAINTAINER, Sureness.FIELD_REPORT, Sureness.INFERRED
_DOCS = "https://docs.github.com/rest"
INSTALLATION = re.compile(r"/app/installations/\d{1,12}/access_tokens")


def _no(text: str, sure: Sureness, status: int = 401) -> Refusal:
    return Refusal("", text, sure, status=status)


_DECODE = _no("A JSON web token could not be decoded", _M)
_EXPIRED = _no(
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion "
    "expires",
    _M,
)
_ISSUED = _no("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued", _M)

_WORDS = {
    "no-assertion": _no("Requires authentication", _I),
    "malformed": _DECODE,
    "signature": _DECODE,
    "no-key": _DECODE,
    "algorithm": _DECODE,
    # GUESS of the status: the thread that quotes the text does not show it, and a thing that is not there is a 404.
    "client": _no("Integration not found", _F, status=404),
    "deleted": _no("Integration not found", _F, status=404),
    # GUESS: the text of an app that its owner suspended is not known; the nearest is that of one that is gone.
    "disabled": _no("Integration not found", _I, status=404),
    "expired": _EXPIRED,
    "early": _ISSUED,
    "far": _no("'Expiration time' claim ('exp') is too far in the future", _M),
    "down": _no("We couldn't respond to your request in time.", _I, status=503),
}


def _words(trouble: Trouble, asked: Asked) -> Refusal:
    del asked
    if trouble.kind == "missing":
        # GUESS: a time that is not there is no number either; without an issuer nothing says whose key verifies.
        return {"iat": _ISSUED, "exp": _EXPIRED}.get(trouble.about, _DECODE)
    return _WORDS.get(trouble.kind, _DECODE)


def _body(refusal: Refusal, trouble: Trouble, asked: Asked) -> object:
    del trouble, asked
    return {"message": refusal.description, "documentation_url": _DOCS, "status": str(refusal.status)}


def _granted(asked: Asked) -> Mapping[str, object]:
    if INSTALLATION.fullmatch(asked.request.path):
        until = iso_date(asked.now + 3600)[:19] + "Z"
        token = f"ghs_simulated{seed_of(asked)[:24]}"
        return {"token": token, "expires_at": until, "permissions": {"metadata": "read"}}
    number = int(asked.service.issuer) if asked.service.issuer.isdecimal() else 1
    return {"id": number, "slug": "acme-integration", "name": "Acme Integration", "events": []}


def _serves(request: HttpRequest, service: Service) -> bool:
    path = request.path.removeprefix("/api/v3")  # Enterprise Server
    return path == service.path or (request.method == "POST" and INSTALLATION.fullmatch(path) is not None)


def _status(asked: Asked, status: int) -> int:
    return 201 if status == 200 and asked.request.method == "POST" else status


DIALECT = Dialect(
    checks=(
        checks.is_up,
        checks.has_assertion,
        checks.is_readable,
        checks.claims_there,
        checks.client_known,
        checks.client_there,
        checks.algorithm_allowed,
        checks.key_there,
        checks.signature_right,
        checks.not_expired,
        checks.not_far,
        checks.not_early,
    ),
    words=_words,
    body=_body,
    granted=_granted,
    serves=_serves,
    status_of=_status,
    headers=lambda asked: {"X-GitHub-Request-Id": seed_of(asked)[:20].upper()},
    # GUESS: not published for an exp of the past; for an iat of the future there is none (maintainer).
    guesses={"late_tolerance_s": 0.0},
)
