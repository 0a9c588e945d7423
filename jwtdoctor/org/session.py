"""One session with an org: what is asked, how often, for how long, and what the org says of its limits.

Nothing raises for what is wrong with the org: it becomes `Unseen`, with a reason. Once the session itself is refused,
or the org has no requests left, nothing more is asked. The day's requests belong to others too: from `SPARED` of the
limit on, this stops by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote
from xml.sax.saxutils import escape

from jwtdoctor.instruments.ports import OrgApi
from jwtdoctor.lint.tree import Broken, Element, parse
from jwtdoctor.model.exchange import Exchange, NoReply, Reply
from jwtdoctor.org.shapes import Part, Rows, Unseen, plain

API_VERSION = "60.0"
"""Spring '24: old enough for every org, new enough for external client apps."""
MOST_CALLS = 80
MOST_PAGES = 5
MOST_ROWS = 5000
CALL_S = 15.0
AT_ONCE = 4
BATCH = 10
"""Components that one readMetadata takes (documented)."""
SPARED = 0.95
SESSION_GONE = ("INVALID_SESSION_ID", "INVALID_AUTH_HEADER")
ENDING = (*SESSION_GONE, "REQUEST_LIMIT_EXCEEDED", "ORG_LOCKED")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limits:
    """API requests of the org in the last 24 hours, as its last answer told (`Sforce-Limit-Info`)."""

    used: int
    allowed: int

    @property
    def is_spent(self) -> bool:
        return self.used >= self.allowed * SPARED


class OrgSession:
    """Asks one org. `ends_at`: monotonic time at which nothing more is begun."""

    def __init__(
        self, api: OrgApi, *, ends_at: float, version: str = API_VERSION, most_calls: int = MOST_CALLS
    ) -> None:
        self._api = api
        self._ends_at = ends_at
        self._version = version
        self._left = most_calls
        self._most = most_calls
        self._lock = Lock()
        self.limits: Limits | None = None
        self.has_answered = False
        self.date: float | None = None
        """The org's clock at its first answer, epoch seconds, if it said so."""
        self.ended: Unseen | None = None
        """Why nothing more can be asked, if so."""

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        return self._most - self._left

    def rows(self, soql: str, *, tooling: bool = False) -> Rows | Unseen:
        """The records of a query, further pages included, as far as the bounds go."""
        path = f"/services/data/v{self._version}/{'tooling/' if tooling else ''}query?q={quote(soql, safe='')}"
        records: list[Mapping[str, Any]] = []
        for _ in range(MOST_PAGES):
            found = self.content(path)
            if isinstance(found, Unseen):
                return found if not records else Rows(tuple(records), is_whole=False)
            page = found.get("records")
            records += [one for one in page if isinstance(one, dict)] if isinstance(page, list) else []
            more = found.get("nextRecordsUrl")
            if found.get("done") is not False or len(records) >= MOST_ROWS:
                return Rows(tuple(records[:MOST_ROWS]), is_whole=found.get("done") is not False)
            if not isinstance(more, str) or not re.fullmatch(r"/services/data/v\d+\.0/query/[\w.%-]{1,7000}", more):
                break
            path = more
        return Rows(tuple(records), is_whole=False)

    def count(self, soql: str) -> int | Unseen:
        """The number that `SELECT COUNT()` gives."""
        found = self.content(f"/services/data/v{self._version}/query?q={quote(soql, safe='')}")
        if isinstance(found, Unseen):
            return found
        total = found.get("totalSize")
        if isinstance(total, int) and not isinstance(total, bool) and 0 <= total < 10**9:
            return total
        return Unseen("the answer holds no number")

    def content(self, path: str) -> Mapping[str, Any] | Unseen:
        """The JSON object that a GET gives."""
        reply = self._asked(lambda deadline_s: self._api.get(path, deadline_s))
        if isinstance(reply, Unseen):
            return reply
        found = _json(reply)
        refused = _refusal(reply, found)
        if refused is not None:
            return self._refused(refused)
        return found if isinstance(found, dict) else Unseen("the answer is no JSON object")

    def connect(self, path: str, version: str) -> Mapping[str, Any] | Unseen:
        """A resource of the Connect API, in the version that knows it first."""
        return self.content(f"/services/data/v{version}/{path}")

    def names(self, kind: str) -> tuple[str, ...] | Unseen:
        """Full names of the components of a metadata type (`listMetadata`)."""
        body = f"<m:listMetadata><m:queries><m:type>{escape(kind)}</m:type></m:queries>"
        found = self._metadata(f"{body}<m:asOfVersion>{self._version}</m:asOfVersion></m:listMetadata>")
        if isinstance(found, Unseen):
            return found
        names = (element.text.strip() for element in found.all("Body.listMetadataResponse.result.fullName"))
        return tuple(name for name in names if 0 < len(name) <= 255)[:MOST_ROWS]

    def records(self, kind: str, names: Sequence[str]) -> tuple[Part, ...] | Unseen:
        """Metadata components by name (`readMetadata`), ten a call."""
        found: list[Part] = []
        for start in range(0, len(names), BATCH):
            wanted = "".join(f"<m:fullNames>{escape(name)}</m:fullNames>" for name in names[start : start + BATCH])
            body = f"<m:readMetadata><m:type>{escape(kind)}</m:type>{wanted}</m:readMetadata>"
            envelope = self._metadata(body)
            if isinstance(envelope, Unseen):
                return envelope  # half of them would look like all of them
            records = envelope.all("Body.readMetadataResponse.result.records")
            found += [Part(record) for record in records if not record.is_nil and record.children]
        return tuple(found)

    def together(self, asks: Iterable[Callable[[], _T]]) -> list[_T]:
        """Independent questions side by side, a few at a time; the answers in their order.

        On daemon threads, so that an interruption does not wait for the slowest.
        """
        todo = list(enumerate(asks))
        answers: dict[int, _T] = {}
        problems: list[BaseException] = []

        def work() -> None:
            while todo:
                with suppress(IndexError):  # another thread took the last one
                    place, ask = todo.pop(0)
                    try:
                        answers[place] = ask()
                    except Exception as problem:  # noqa: BLE001 - carried to the caller's thread, where it is raised
                        problems.append(problem)

        number = len(todo)
        threads = [Thread(target=work, daemon=True, name="jwtdoctor org") for _ in range(min(AT_ONCE, number))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            raise problems[0]
        return [answers[n] for n in range(number)]

    # --- one request

    def _metadata(self, body: str) -> Element | Unseen:
        path = f"/services/Soap/m/{self._version}"
        reply = self._asked(lambda deadline_s: self._api.soap(path, body, deadline_s))
        if isinstance(reply, Unseen):
            return reply
        found = parse(reply.body.encode("utf-8", "replace"))
        if isinstance(found, Broken):
            return Unseen(f"HTTP {reply.status}, and the answer {found.reason}")
        code = next((element.text.strip() for element in found.root.all("Body.Fault.faultcode")), "")
        if code or reply.status != 200:
            words = next((element.text for element in found.root.all("Body.Fault.faultstring")), "")
            return self._refused(Unseen(plain(words) or f"HTTP {reply.status}", code.rpartition(":")[2][:60]))
        return found.root

    def _asked(self, ask: Callable[[float], Exchange]) -> Reply | Unseen:
        with self._lock:
            refused = self._no_more()
            if refused is not None:
                return refused
            self._left -= 1
        exchange = ask(max(0.1, min(CALL_S, self._ends_at - monotonic())))
        if isinstance(exchange, NoReply):
            return self._unanswered(exchange)
        self.has_answered = True
        self._keep_limits(exchange)
        self.date = self.date or _date_of(exchange)
        if exchange.truncated:
            return Unseen("the answer is larger than is read", "TOO_LARGE")
        return exchange

    def _unanswered(self, exchange: NoReply) -> Unseen:
        """A host that never answered is asked nothing more."""
        silence = Unseen(f"no answer: {plain(exchange.text)}", "NO_REPLY")
        if not self.has_answered:
            self.ended = self.ended or silence
        return silence

    def _no_more(self) -> Unseen | None:
        if self.ended is not None:
            return self.ended
        if self._left <= 0:
            return Unseen(f"not asked: {self._most} requests are all that this may make", "BUDGET")
        if monotonic() >= self._ends_at:
            return Unseen("not asked: the time was over", "BUDGET")
        if self.limits is not None and self.limits.is_spent:
            return Unseen(
                f"not asked: the org has used {self.limits.used} of its {self.limits.allowed} API requests of the day",
                "LIMIT",
            )
        return None

    def _keep_limits(self, reply: Reply) -> None:
        found = re.search(r"api-usage=(\d{1,9})/(\d{1,9})", (reply.header("Sforce-Limit-Info") or "")[:500])
        if found is not None and int(found[2]) > 0:
            with self._lock:
                self.limits = Limits(int(found[1]), int(found[2]))

    def _refused(self, refused: Unseen) -> Unseen:
        if refused.code in ENDING:
            with self._lock:
                self.ended = self.ended or refused
        return refused


def _date_of(reply: Reply) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime((reply.header("Date") or "")[:60]).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _json(reply: Reply) -> object:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _refusal(reply: Reply, found: object) -> Unseen | None:
    """`[{"errorCode": …, "message": …}]`, the shape of every REST error (REST API Developer Guide)."""
    first = found[0] if isinstance(found, list) and found else found
    code = first.get("errorCode") if isinstance(first, dict) else None
    if isinstance(code, str):
        message = first.get("message") if isinstance(first, dict) else ""
        return Unseen(_last_line(message if isinstance(message, str) else ""), plain(code)[:60])
    if reply.status == 200:
        return None
    return Unseen(f"HTTP {reply.status}", "INVALID_SESSION_ID" if reply.status == 401 else "")


def _last_line(message: str) -> str:
    """The words of an error, without the excerpt of the query and the caret above them."""
    lines = [line for line in message[:4000].strip().splitlines() if line.strip()]
    return plain(lines[-1]) if lines else ""
