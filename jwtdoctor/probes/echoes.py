"""Takes our own secrets out of what an endpoint sent back.

A debugging server, a proxy's error page or a gateway may echo the whole request, and no general pattern finds a
password with an ampersand in it. We know what we sent, so we look for exactly that, in every spelling that a form,
a header or a JSON body gives it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote, quote_plus

from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.model.secret import REDACTED, Secret

SHORTEST = 4
"""Characters: a shorter secret would be found everywhere, and is no secret."""


def without_own_secrets(exchange: Exchange, request: TokenRequest) -> Exchange:
    """The exchange with every secret of the request replaced by `[redacted]`. Pure."""
    spellings = _spellings(request)
    if not spellings:
        return exchange
    if isinstance(exchange, Reply):
        headers = {name: _cleaned(value, spellings) for name, value in exchange.headers.items()}
        return replace(exchange, headers=headers, body=_cleaned(exchange.body, spellings))
    return replace(exchange, text=_cleaned(exchange.text, spellings))


def _cleaned(text: str, spellings: Iterable[str]) -> str:
    for spelling in spellings:
        text = text.replace(spelling, REDACTED)
    return text


def _spellings(request: TokenRequest) -> list[str]:
    """Longest first, so that no part of a secret is left over from a shorter one within it."""
    values = [value for _, value in (*request.fields, *request.headers) if isinstance(value, Secret)]
    found: set[str] = set()
    for value in values:
        for text in _parts(value.reveal()):
            found |= {text, quote(text, safe=""), quote(text), quote_plus(text), json.dumps(text)[1:-1]}
            found.add(b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii"))
    return sorted((text for text in found if len(text) >= SHORTEST), key=lambda text: (-len(text), text))


def _parts(secret: str) -> list[str]:
    """The secret; of `Basic …`, `Bearer …`, `DPoP …` the credential; of a JWT the signature, which makes it usable."""
    parts = [secret]
    scheme, _, credential = secret.partition(" ")
    if scheme.lower() in ("basic", "bearer", "dpop") and credential:
        parts.append(credential)
    if secret.count(".") == 2:
        parts.append(secret.rpartition(".")[2])
    return parts
