"""The one retry: a refusal that is about time, or may be, while the clock proves to be off, is signed anew and resent.

It is one more login, so nobody gets it who did not ask. What must hold, all of it:

- the refused assertion is the signer's own (issuer, subject, audience): nobody else's identity is ever swapped in;
- the knowledge reads the refusal as definitely or possibly about time. A wording that it does not know counts as
  possible only where it speaks of time, a bare `invalid_grant` or `invalid_client` (a text that speaks against
  nothing) always;
- this reply has moved the correction by more than the threshold since the assertion was sent. What matters is that
  *another* time would be signed: a request that was signed with the right correction already is not repeated;
- the budget is not used up: so many retries that did not help in a row, so that two machines with different clocks
  behind one name cannot double the logins for ever.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.intake.request_facts import observe_seen
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.exchange import Reply
from jwtdoctor.wrappers.calls import TokenCall

if TYPE_CHECKING:
    from jwtdoctor.assertions.signer import Signer
    from jwtdoctor.model.provider import Response

THRESHOLD_S = 30.0
"""A fresh assertion whose time is this far off is taken nearly everywhere: below it, something else is wrong."""
BUDGET = 3
ABOUT_TIME = frozenset(
    {
        "assertion-expired",
        "assertion-not-yet-valid",
        "assertion-time-miscalculated",
        "clock-drift",
        "server-clock-wrong",
    }
)
_NEIGHBOURS = frozenset({"assertion-ttl-too-long"})
"""What a wording about time may list besides without being about anything else: a fast clock stretches a lifetime."""
_SPEAKS_OF_TIME = re.compile(r"expir|not yet valid|clock|skew|\b(exp|iat|nbf|time|future|past)\b", re.IGNORECASE)
_REFUSALS = (400, 401, 403)

AboutTime = Literal["definitely", "possibly", "no"]


def about_time(call: TokenCall, reply: Reply) -> AboutTime:
    """Whether a refusal is about time, as the knowledge reads its wording."""
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.reasoning.plainwords import PLAIN_WORDS
    from jwtdoctor.reasoning.recognise import recognise
    from jwtdoctor.reasoning.responses import match, texts_of

    chart = Chart.of((*observe_seen(call.seen), *observe_reply(reply)))
    texts, knowledge = texts_of(chart, reply.body), load()
    provider = knowledge.provider_or_generic(recognise(chart, texts, call.flow, knowledge))
    found = match(texts, provider, knowledge.providers["generic"], call.flow, "token").refusal
    causes = set() if found is None else _causes(found.response, call.flow)
    if found is None or (found.response.transparent and not causes & ABOUT_TIME):
        return _of_unknown(texts.error, texts.description)
    if not causes & ABOUT_TIME:
        return "no"
    is_known = found.response.id != PLAIN_WORDS
    return "definitely" if is_known and causes <= ABOUT_TIME | _NEIGHBOURS else "possibly"


def _causes(response: Response, flow: str | None) -> set[str]:
    fitting = (r for r in response.readings if not r.flows or flow in r.flows)
    return {reading.cause for reading in fitting if reading.usual != "claimed"}


def _of_unknown(error: str | None, description: str | None) -> AboutTime:
    if error not in ("invalid_grant", "invalid_client"):
        return "no"
    return "possibly" if not description or _SPEAKS_OF_TIME.search(description) else "no"


class Again:
    """The permission to retry: with which signer, from which offset on, how often in vain."""

    def __init__(self, signer: Signer, threshold_s: float = THRESHOLD_S, budget: int = BUDGET) -> None:
        self.signer = signer
        self.threshold_s = threshold_s
        self._budget = budget
        self._left = budget
        self._lock = threading.Lock()

    def is_worth_reading(self, call: TokenCall, status: int, moved_s: float) -> bool:
        """Whether the refusal's words would decide: everything else already speaks for a retry."""
        if status not in _REFUSALS or abs(moved_s) <= self.threshold_s or self._left <= 0:
            return False
        return call.is_form and call.signed is not None and bool(call.signed.carrier) and self._is_own(call)

    def request(self, call: TokenCall, request: Any, reply: Reply) -> Any | None:
        """The same request with an assertion of the corrected time; None where the refusal is not about time."""
        if call.signed is None or about_time(call, reply) == "no" or not self._spend():
            return None
        token = self.signer.sign().token.reveal()
        name = call.signed.carrier
        body = urlencode([(k, token if k == name else v) for k, v in call.seen.body])
        again = request.copy()
        again.body = body.encode("ascii") if isinstance(request.body, bytes) else body
        again.headers["Content-Length"] = str(len(body))
        return again

    def helped(self) -> None:
        """A retry was granted: the budget is whole again."""
        with self._lock:
            self._left = self._budget

    def _spend(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _is_own(self, call: TokenCall) -> bool:
        claims = {} if call.signed is None else call.signed.claims
        spec = self.signer.spec
        audience = list(spec.audience) if isinstance(spec.audience, tuple) else spec.audience
        return (claims.get("iss"), claims.get("sub"), claims.get("aud")) == (spec.issuer, spec.subject, audience)
