"""Asks queries of the table, by the rights of the session: what it may not see is not asked, and said to be unseen.

An org answers a session without rights with silence, so the session's own permissions are read first
(`UserPermissionAccess`, which every API user may query). Where even that is not visible, an empty answer to a query
that gives a stranger his own rows only counts as unseen too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TypeVar

from jwtdoctor.model.report import Failed, Looked, ProbeOutcome, Skipped
from jwtdoctor.org import queries as ask
from jwtdoctor.org.queries import Query
from jwtdoctor.org.session import OrgSession
from jwtdoctor.org.shapes import Part, Rows, Unseen, flag

HIDDEN_BY_RIGHTS = ("INVALID_TYPE", "INVALID_FIELD", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY")
NOT_ASKED = ("BUDGET", "LIMIT", "RIGHTS")
MOST_UNKNOWN_COLUMNS = 8
MOST_COMPONENTS = 150
"""Of one metadata type, ten a request."""
_T = TypeVar("_T")


@dataclass(slots=True)
class Asker:
    """Puts queries to one session, and keeps what became of each for the report."""

    session: OrgSession
    permissions: frozenset[str] | None = None
    """What the session's user holds; None: not known."""
    _outcomes: dict[str, ProbeOutcome] = field(default_factory=dict)
    _cut: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def read_permissions(self) -> None:
        """Reads what the session may see. Asked first, since the rest is judged by it."""
        found = self.rows(ask.READER)
        if isinstance(found, Unseen) or not found.records:
            return
        row = found.records[0]
        names = (name for name in row if name.startswith("Permissions") and flag(row, name))
        self.permissions = frozenset(name.removeprefix("Permissions") for name in names)

    def rows(self, query: Query, where: str = "", tail: str = "") -> Rows | Unseen:
        """The rows of a query, or why they are not visible."""
        return self._noted(query, lambda: self._rows(query, where, tail))

    def count(self, query: Query, where: str) -> int | Unseen:
        """How many rows there are."""
        return self._noted(query, lambda: self._whole(query, self.session.count(query.counting(where))))

    def components(self, query: Query, names: Sequence[str] | None = None) -> tuple[Part, ...] | Unseen:
        """Metadata components; without `names` those that there are of the type, `MOST_COMPONENTS` at most."""

        def read() -> tuple[Part, ...] | Unseen:
            known = self.session.names(query.subject) if names is None else tuple(names)
            if isinstance(known, Unseen):
                return known
            if len(known) > MOST_COMPONENTS:
                self._cut.add(query.subject)
            return self.session.records(query.subject, known[:MOST_COMPONENTS])

        return self._noted(query, read)

    def is_whole(self, query: Query) -> bool:
        """Whether all components of the type were read, so that what is not among them is not there."""
        return query.subject not in self._cut

    def resource(self, query: Query, path: str, version: str) -> object:
        """A resource of the Connect API: its content, or `Unseen`."""
        return self._noted(query, lambda: self.session.connect(path, version))

    def together(self, asks: Iterable[Callable[[], _T]]) -> list[_T]:
        return self.session.together(asks)

    def skip(self, query: Query, reason: str) -> None:
        """Notes why a query made no sense here."""
        self._note(query, Skipped(query.probe, reason))

    @property
    def outcomes(self) -> tuple[ProbeOutcome, ...]:
        """What became of every query, in the order of the table."""
        order = {query.probe: number for number, query in enumerate(ask.QUERIES)}
        return tuple(sorted(self._outcomes.values(), key=lambda outcome: order.get(outcome.probe, len(order))))

    # --- one query

    def _rows(self, query: Query, where: str, tail: str) -> Rows | Unseen:
        without: frozenset[str] = frozenset()
        for _ in range(MOST_UNKNOWN_COLUMNS):
            found = self.session.rows(query.soql(where, tail, without), tooling=query.is_tooling)
            unknown = _unknown_column(found, query) if isinstance(found, Unseen) else None
            if unknown is None or unknown in without:
                break
            without |= {unknown}
        return self._whole(query, found)

    def _whole(self, query: Query, found: _T | Unseen) -> _T | Unseen:
        """What came, unless it may be nothing but the session's own rows."""
        if query.own_rows_only and self.permissions is None and not isinstance(found, Unseen):
            return Unseen("the session's permissions are not known, and it may see its own rows only", "RIGHTS")
        return found

    def _noted(self, query: Query, look: Callable[[], _T | Unseen]) -> _T | Unseen:
        started = monotonic()
        found = self._without_rights(query) or look()
        has_right = self.permissions is not None and (not query.needs or bool(self.permissions & {*query.needs}))
        self._note(query, _outcome(query, found, monotonic() - started, has_right))
        return found

    def _without_rights(self, query: Query) -> Unseen | None:
        if self.permissions is None or not query.needs or self.permissions & {*query.needs}:
            return None
        return Unseen("this session lacks the permission", "RIGHTS")

    def _note(self, query: Query, outcome: ProbeOutcome) -> None:
        with self._lock:
            before = self._outcomes.get(query.probe)
            if before is None or isinstance(before, Looked):
                self._outcomes[query.probe] = outcome


def _unknown_column(refused: Unseen, query: Query) -> str | None:
    """The optional column that an org does not know."""
    found = re.search(r"No such column '(\w{1,80})' on entity", refused.reason)
    if refused.code != "INVALID_FIELD" or found is None:
        return None
    return next((name for name in query.optional if name.rpartition(".")[2] == found[1]), None)


def _outcome(query: Query, found: object, took_s: float, has_right: bool) -> ProbeOutcome:
    """`has_right`: the session is known to hold what the query needs, so that a refusal has another reason."""
    if not isinstance(found, Unseen):
        return Looked(query.probe, took_s)
    hidden = f"not known without it: {query.hides}"
    if found.code == "RIGHTS" or (found.code in HIDDEN_BY_RIGHTS and query.needs and not has_right):
        return Skipped(query.probe, f"not visible to this session: it needs {query.needs_in_words}; {hidden}")
    said = f"{found.code}: {found.reason}" if found.code.isupper() else found.reason
    if found.code in HIDDEN_BY_RIGHTS:
        return Skipped(query.probe, f"not visible in this org ({said}); {hidden}")
    if found.code in NOT_ASKED:
        return Skipped(query.probe, f"{found.reason}; {hidden}")
    return Failed(query.probe, f"{said}; {hidden}", took_s)
