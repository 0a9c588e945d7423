"""The door to an org: an administrator's session and the host that it belongs to.

The session stays in here. Whoever reads the org names paths, and gets answers; neither the token nor another host can
be named by what an answer says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.http import check_url
from jwtdoctor.instruments.ports import OrgWire
from jwtdoctor.model.exchange import Exchange, TextRequest
from jwtdoctor.model.secret import Secret

_BEFORE = (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:m="http://soap.sforce.com/2006/04/metadata"><e:Header><m:SessionHeader><m:sessionId>'
)
_BETWEEN = "</m:sessionId></m:SessionHeader></e:Header><e:Body>"
_AFTER = "</e:Body></e:Envelope>"


@dataclass(frozen=True, slots=True)
class OrgDoor:
    """`OrgApi` over a wire. `instance_url` is `https://HOST`; plain http is taken on loopback only."""

    wire: OrgWire
    instance_url: str
    token: Secret = field(repr=False)

    def __post_init__(self) -> None:
        check_url(self.instance_url)
        if not self.token.reveal().isascii() or not self.token.reveal().isprintable() or " " in self.token.reveal():
            raise BadInput("is no session of an org", where="the access token", expected="00D…!…")

    def get(self, path: str, deadline_s: float) -> Exchange:
        """GETs `/services/…` with the session as Bearer."""
        return self.wire.get_from_org(self._url(path), self.token, deadline_s)

    def soap(self, path: str, body: str, deadline_s: float) -> Exchange:
        """POSTs a SOAP 1.1 message whose header holds the session (Metadata API, SessionHeader)."""
        session = Secret(escape(self.token.reveal()))
        headers = (("Content-Type", "text/xml; charset=UTF-8"), ("SOAPAction", '""'), ("Accept", "text/xml"))
        parts = (_BEFORE, session, _BETWEEN + body + _AFTER)
        return self.wire.post_text(TextRequest(self._url(path), parts, headers), deadline_s)

    def _url(self, path: str) -> str:
        if not path.startswith("/services/"):
            raise ValueError("only paths of the API are asked")
        return self.instance_url.rstrip("/") + path
