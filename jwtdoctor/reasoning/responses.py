"""Which known wording a reply, a Login History row or a client's message is.

Texts are compared as people paste them: without case, with either apostrophe, white space folded, a final stop
dropped. Of several fits the most specific one wins: a whole description before a pattern, a pattern before an error
code, a code before a bare status. Flows only break ties, because the flow in a report is often wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from jwtdoctor.model.chart import Chart
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Provider, Reading, Response, Usual
from jwtdoctor.reasoning.plainwords import spoken_of

VAGUE_ERRORS = frozenset({"invalid_grant", "invalid_request", "error", "unknown_error", "bad_request", "access_denied"})
"""Codes that stand for many faults. Alone they say little: only a response of the bare code (transparent) fits them."""
STANDARD_ERRORS = frozenset({"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "access_denied",
                             "unauthorized_client", "unsupported_grant_type", "server_error"})  # fmt: skip
"""RFC 6749 §4.1.2.1 and §5.2. A wording whose code nobody wrote down has one of these."""
MAX_TEXT = 20_000
"""Characters of a log that are searched for wordings; what a person pastes is far shorter."""
IMPLIED: Mapping[str, tuple[str, Mapping[Usual, Usual]]] = {
    "client-secret-rotated": (
        "client-secret-wrong",
        {"sole": "often", "usual": "sometimes", "often": "sometimes", "sometimes": "rarely"},
    ),
    "client-secret-expired": ("client-secret-wrong", {"sole": "sometimes", "usual": "rarely", "often": "rarely"}),
}
"""Cause -> the listed one that it looks like, and how usual it then is."""
SAME_TO_SERVER = "to the server a secret that has been replaced is a wrong one"
BY_ITS_WORDS = 10
"""How closely a wording fits that nobody knows and that was read word by word."""
A_CODE_IN_TEXT = 42
"""How closely a code in free text fits; whole wordings there fit more closely."""
_SAME_ERROR = {"invalid_client_credentials": "invalid_client", "consumer_key_unknown": "invalid_client_id"}


@dataclass(frozen=True, slots=True)
class Texts:
    """What there is to read: the endpoint's error, a Login History status, and free text (bounded)."""

    status: int | None = None
    error: str | None = None
    description: str | None = None
    login_history: str | None = None
    free: str = ""
    is_html: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A known response that fits, and how closely (0 to 150)."""

    response: Response
    closeness: int

    def reading_of(self, cause: str, flow: str | None) -> Reading | None:
        """The reading that names this cause, if the response has one that fits the flow."""
        named = [r for r in self.response.readings if r.cause == cause] or self._implied(cause)
        if flow is None and self.response.transparent and any(not r.flows for r in self.response.readings):
            named = [r for r in named if not r.flows]
        fitting = [r for r in named if flow is None or not r.flows or flow in r.flows]
        return fitting[0] if fitting else None

    def _implied(self, cause: str) -> list[Reading]:
        """What is not listed and follows: to the server a secret that was replaced is simply a wrong one."""
        listed, weaker = IMPLIED.get(cause, ("", {}))
        return [
            replace(reading, cause=cause, usual=weaker[reading.usual], sureness=Sureness.INFERRED, note=SAME_TO_SERVER)
            for reading in self.response.readings
            if reading.cause == listed and reading.usual in weaker
        ]


@dataclass(frozen=True, slots=True)
class Matches:
    """The best fit of each kind of text: the endpoint's or a client's (`refusal`), and the org's own row."""

    refusal: Match | None = None
    login_history: Match | None = None
    unsaid: Mapping[str, Reading] = field(default_factory=dict)
    """What the endpoint is known to mean by this code with words that are not here, by cause."""


def texts_of(chart: Chart, body: str = "", free: str = "") -> Texts:
    """The texts on a chart, with the raw body and log for patterns that look at the whole."""
    if chart.flag("reply.granted") and chart.flag("token.api_works") is False:
        return _of_api(chart)
    status = chart.number("reply.status")
    client = chart.text("reply.client_text") or ""
    return Texts(
        status=None if status is None else int(status),
        error=chart.text("reply.error"),
        description=chart.text("reply.description"),
        login_history=chart.text("login_history.status"),
        free="\n".join(part for part in (client, free, body) if part)[:MAX_TEXT],
        is_html=chart.flag("reply.is_html") is True,
    )


def _of_api(chart: Chart) -> Texts:
    """A token was granted, and the API refused it: its words are those that count."""
    status = chart.number("token.api_status")
    error, description = chart.text("token.api_error"), chart.text("token.api_description")
    return Texts(
        status=None if status is None else int(status),
        error=error,
        description=description,
        login_history=chart.text("login_history.status"),
        free="\n".join(part for part in (error, description) if part)[:MAX_TEXT],
    )


def match(
    texts: Texts, provider: Provider, generic: Provider, flow: str | None, endpoint: str | None = None
) -> Matches:
    """The known wordings that these texts are. The provider's own come before the generic ones.

    Where none is known for certain, the words themselves are read.
    """
    refusal = closest(provider, texts, flow, endpoint)
    if provider is not generic:
        refusal = own_or_common(refusal, closest(generic, texts, flow, endpoint))
    row = login_history(provider, texts.login_history)
    if row is None and refusal is None:
        row = _row_in(texts.free, provider)
    is_guess = refusal is not None and _is_guess(refusal.response, texts)
    if row is None and (refusal is None or is_guess or _is_vague(refusal.response)):
        said = spoken_of(texts.description, texts.free, flow)
        if said is not None:
            return Matches(Match(said, BY_ITS_WORDS), None, _unsaid(texts.error, provider, flow, endpoint))
    if refusal is not None and is_guess:
        return _guessed(refusal, row, texts, provider, flow, endpoint)
    if refusal is None or _is_code_alone(refusal.response):
        return Matches(refusal, row, _unsaid(texts.error, provider, flow, endpoint))
    return Matches(refusal, row)


def _guessed(
    refusal: Match, row: Match | None, texts: Texts, provider: Provider, flow: str | None, endpoint: str | None
) -> Matches:
    """A wording that was found by its code stands where no other wording may be meant that says something else."""
    told = {reading.cause for reading in refusal.response.readings}
    unsaid = _unsaid(texts.error, provider, flow, endpoint)
    if set(unsaid) <= told and (texts.error or "").strip().lower() in STANDARD_ERRORS:  # else it is a code of its own
        unsaid = _unsaid(texts.error, provider, flow, endpoint, or_unknown=True)
    return Matches(refusal, row) if set(unsaid) <= told else Matches(None, row, unsaid)


def _is_guess(response: Response, texts: Texts) -> bool:
    """A wording found by its code, its own words being nowhere: other wordings may have the same code."""
    has_words = response.description is not None or response.pattern is not None
    is_by_code = has_words and response.error is not None and texts.error is not None and not texts.description
    return is_by_code and _free_closeness(response, texts.free) <= A_CODE_IN_TEXT


def _is_code_alone(response: Response) -> bool:
    """A code that fits whatever stands beside it: no known words were found, whether there were any or not."""
    return response.transparent and response.description is None and response.pattern is None


def _is_vague(response: Response) -> bool:
    """A wording without words of its own, or a client's that says no more than that something failed."""
    has_words = response.description is not None or response.pattern is not None
    return response.transparent and (not has_words or response.where == "client")


def closest(provider: Provider, texts: Texts, flow: str | None, endpoint: str | None = None) -> Match | None:
    """The provider's own wording that fits these texts best, rows of Login History aside."""
    return _best(provider.responses, texts, flow, endpoint)


def own_or_common(own: Match | None, common: Match | None) -> Match | None:
    """Which of two fits counts: the provider's own, unless one that every provider may have is clearly closer."""
    if common is not None and (own is None or common.closeness > own.closeness + 10):
        return common
    return own


def login_history(provider: Provider, status: str | None) -> Match | None:
    """The row of Login History: `Failed: ` may stand before the reason or not."""
    if not status:
        return None
    said = _row(status)
    found: list[Match] = []
    for response in provider.responses:
        if response.where != "login-history":
            continue
        if response.error is not None and response.error.lower() == status.strip().lower():
            found.append(Match(response, 100))
        elif response.description is not None and _row(response.description) == said:
            found.append(Match(response, 90))
        elif (
            response.description is not None
            and len(_row(response.description)) >= 8
            and _row(response.description) in said
        ):
            found.append(Match(response, 50 + min(len(response.description), 30)))
        elif response.pattern is not None and _search(response.pattern, said):
            found.append(Match(response, 45))
    return max(found, key=lambda m: m.closeness, default=None)


_CODE_OF_A_ROW = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+")
"""`EntityOrRoleDisabled`: nobody writes so by chance, which one ordinary word in a log may well be."""


def _row_in(free: str, provider: Provider) -> Match | None:
    """The row that stands in a text as a code of its own: somebody copied it from the administrator's screen."""
    for response in provider.responses:
        code = response.description if response.where == "login-history" else None
        if code and _CODE_OF_A_ROW.fullmatch(code) and re.search(rf"\b{code}\b", free):
            return Match(response, 40)
    return None


def _unsaid(
    error: str | None, provider: Provider, flow: str | None, endpoint: str | None, *, or_unknown: bool = False
) -> dict[str, Reading]:
    """The readings of every wording with this code: a bare code is one of them with its words lost on the way, and a
    code beside words that nobody knows may be. `or_unknown`: or a wording whose code nobody knows."""
    found: dict[str, Reading] = {}
    if error is None:
        return found
    for response in provider.responses:
        has_code = or_unknown if response.error is None else _same_error(response.error, error)
        if response.where != (endpoint or "token") or not has_code:
            continue
        if response.description is None and response.pattern is None:
            continue
        flows = response.flows
        for reading in response.readings:
            fits = flow is None or flow in (reading.flows or flows or (flow,))
            if fits and reading.usual != "claimed":
                found.setdefault(reading.cause, reading)
    return found


def fold(text: str) -> str:
    """A text as it is compared."""
    text = text.replace("’", "'").replace("‘", "'").replace("`", "'").lower()
    return " ".join(text.split()).strip(" .\"'")


def _best(responses: Iterable[Response], texts: Texts, flow: str | None, endpoint: str | None) -> Match | None:
    found = (
        Match(response, closeness)
        for response in responses
        if response.where != "login-history" and (closeness := _closeness(response, texts, flow, endpoint)) > 0
    )
    return max(found, key=lambda m: m.closeness, default=None)


def _closeness(response: Response, texts: Texts, flow: str | None, endpoint: str | None) -> int:
    """How closely a response fits; 0: not at all."""
    if response.where == "client":
        return _client_closeness(response, texts)
    score = _wording_closeness(response, texts)
    if score <= 0:
        return 0
    if response.error is not None and texts.error is not None:
        score += 15 if _same_error(response.error, texts.error) else -8
    if flow is not None and response.flows:
        score += 6 if flow in response.flows else -6
    if endpoint is not None and response.where == endpoint:
        score += 4
    if texts.status is not None and response.statuses:
        score += 2 if texts.status in response.statuses else -2
    if response.evidence == "observed":
        score += 1
    return max(score, 1)


def _wording_closeness(response: Response, texts: Texts) -> int:
    if texts.description:
        said = fold(texts.description)
        if response.description is not None and _wording(response.description) == said:
            return 100
        if (
            response.pattern is not None
            and (response.error or response.description)
            and _search(response.pattern, said)
        ):
            return (
                80 if response.error is None or texts.error is None or _same_error(response.error, texts.error) else 60
            )
        known = response.description
        if known is not None and len(known) >= 10 and _wording(known) in said:
            return 70
    if response.pattern is not None and response.error is None and response.description is None:
        body_wide = _search(response.pattern, texts.free) if texts.free else False
        described = bool(texts.description) and _search(response.pattern, fold(texts.description or ""))
        statuses_fit = not response.statuses or texts.status is None or texts.status in response.statuses
        if not statuses_fit:
            return 0
        # In the description itself a pattern says more than any code beside it.
        return 60 if described else 50 if body_wide else 0
    in_free = 0 if texts.description is not None or not texts.free else _free_closeness(response, texts.free)
    if texts.error is not None:
        return in_free if in_free > A_CODE_IN_TEXT else _code_closeness(response, texts)
    if in_free:
        return in_free
    if texts.description is None and texts.status is not None and _status_alone(response):
        return 20 if texts.status in response.statuses and not texts.is_html else 0
    return 0


def _free_closeness(response: Response, free: str) -> int:
    """A known wording inside a log line: the whole description, its pattern, or a code that is no ordinary word."""
    if response.description is not None and len(response.description) >= 10 and _phrase_in(response.description, free):
        return 55
    if response.pattern is not None and response.error is not None and _search(response.pattern, free):
        return 52
    code = response.error
    if code is not None and "_" in code and code.lower() not in VAGUE_ERRORS and response.description is None:
        return A_CODE_IN_TEXT if _search(rf"\b{re.escape(code)}\b", free) else 0
    return 0


def _code_closeness(response: Response, texts: Texts) -> int:
    """A code without the known description: enough where the code itself says something."""
    if response.error is None or texts.error is None or not _same_error(response.error, texts.error):
        return 0
    vague = texts.error.strip().lower() in VAGUE_ERRORS
    bare = response.description is None and response.pattern is None
    if bare:
        return 40 if not texts.description or not vague else 25
    return 0 if vague or texts.description else 35


def _status_alone(response: Response) -> bool:
    return (
        response.error is None and response.description is None and response.pattern is None and bool(response.statuses)
    )


def _client_closeness(response: Response, texts: Texts) -> int:
    """Messages of clients count where no endpoint answered with an error of its own."""
    if response.pattern is None:
        return 18 if _status_alone(response) and texts.error is None and texts.status in response.statuses else 0
    if not texts.free or not _search(response.pattern, texts.free):
        return 0
    if texts.error is not None and not response.transparent and texts.error.strip().lower() not in VAGUE_ERRORS:
        return 12
    if texts.error is not None or texts.description is not None:
        return 12
    return (22 if response.transparent else 45) + min(len(response.pattern), 40) // 10


@lru_cache(maxsize=512)
def _row(status: str) -> str:
    """A row as it is compared; cached, since every known row is compared with every row that is tried."""
    return re.sub(r"[^a-z0-9]+", " ", fold(status).removeprefix("failed:").removeprefix("failed -")).strip()


def _phrase_in(phrase: str, free: str) -> bool:
    return _wording(phrase) in _folded(free)


@lru_cache(maxsize=2048)
def _wording(known: str) -> str:
    """A known wording is folded once, not once for each text."""
    return fold(known)


@lru_cache(maxsize=8)
def _folded(free: str) -> str:
    """A long text is folded once, not once for each known wording."""
    return fold(free)


def _same_error(one: str, other: str) -> bool:
    first, second = one.strip().lower(), other.strip().lower()
    return _SAME_ERROR.get(first, first) == _SAME_ERROR.get(second, second)


def _search(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
