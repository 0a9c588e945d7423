"""SOQL as far as readers of an org use it: parsed into a small tree, or refused in the words of the API.

    SELECT a, B.c | COUNT() | COUNT(a)  FROM Object  [WHERE …]  [GROUP BY …]  [ORDER BY …]  [LIMIT n]  [OFFSET n]

Reference: SOQL and SOSL Reference, "SOQL SELECT Syntax". What is not supported here is refused as malformed, and said
to be the simulator's own limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

MAX_SOQL = 20_000
MAX_DEPTH = 20
_T = TypeVar("_T")


class Refused(Exception):
    """The query is refused: `code` and `message` as the API sends them."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Token:
    kind: Literal["word", "text", "number", "date", "mark", "end"]
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal_:
    """A value: `text`, `number`, `bool`, `null`, `date` (ISO 8601) or `span` (a date literal such as LAST_N_DAYS:7)."""

    kind: Literal["text", "number", "bool", "null", "date", "span"]
    value: str


@dataclass(frozen=True, slots=True)
class Comparison:
    path: str
    operator: str
    values: tuple[Literal_, ...] = ()
    within: Select | None = None
    at: int = 0


@dataclass(frozen=True, slots=True)
class Junction:
    """`and`, `or` or `not` over its parts."""

    kind: Literal["and", "or", "not"]
    parts: tuple[Condition, ...]


Condition = Comparison | Junction


@dataclass(frozen=True, slots=True)
class Item:
    """One thing selected: a path, or an aggregate (`function` COUNT, MAX …; empty path for `COUNT()`)."""

    path: str
    function: str = ""
    alias: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    path: str
    descending: bool = False
    nulls_last: bool | None = None
    at: int = 0


@dataclass(frozen=True, slots=True)
class Select:
    items: tuple[Item, ...]
    entity: str
    entity_at: int
    where: Condition | None = None
    group_by: tuple[str, ...] = ()
    order_by: tuple[Order, ...] = field(default=())
    limit: int | None = None
    offset: int = 0


def parse(soql: str) -> Select:
    """The tree of a query. Raises Refused."""
    if len(soql) > MAX_SOQL:
        raise Refused("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000 characters")
    reader = _Reader(soql, _tokens(soql))
    found = reader.select(0)
    reader.expect_end()
    return found


def pointer(soql: str, at: int, message: str) -> str:
    """A message with the place in the query, as the API writes it: an excerpt, a caret, row and column."""
    start, end = max(0, at - 30), min(len(soql), at + 30)
    excerpt = soql[start:end].replace("\n", " ")
    return f"\n{excerpt}\n{' ' * (at - start)}^\nERROR at Row:1:Column:{at + 1}\n{message}"


_LEXEMES = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>[A-Za-z_][\w.]*(?::\d+)?)"
    r"|(?P<mark><=|>=|!=|<>|[=<>(),]))",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_KEYWORDS = {"select", "from", "where", "and", "or", "not", "in", "like", "order", "group", "limit", "offset", "by"}


def _tokens(soql: str) -> list[Token]:
    found, at = [], 0
    while soql[at:].strip():
        match = _LEXEMES.match(soql, at)
        if match is None:
            bad = at + len(soql[at:]) - len(soql[at:].lstrip())
            raise Refused("MALFORMED_QUERY", pointer(soql, bad, f"unexpected token: '{soql[bad : bad + 1]}'"))
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind)))  # type: ignore[arg-type]
        at = match.end()
    return [*found, Token("end", "<EOF>", len(soql))]


class _Reader:
    """Reads the tokens from left to right."""

    def __init__(self, soql: str, tokens: list[Token]) -> None:
        self._soql = soql
        self._tokens = tokens
        self._next = 0

    def select(self, depth: int) -> Select:
        if depth > MAX_DEPTH:
            raise Refused("QUERY_TOO_COMPLICATED", "nested too deeply for this simulator")
        self._word("select")
        items = tuple(self._several(self._item))
        self._word("from")
        entity = self._take("word")
        where = self._condition(depth + 1) if self._skip("where") else None
        group_by = tuple(self._several(self._path)) if self._skip("group", "by") else ()
        order_by = tuple(self._several(self._order)) if self._skip("order", "by") else ()
        limit = self._whole() if self._skip("limit") else None
        offset = self._whole() if self._skip("offset") else 0
        return Select(items, entity.text, entity.at, where, group_by, order_by, limit, offset)

    def expect_end(self) -> None:
        if self._here.kind != "end":
            raise self._unexpected()

    def _item(self) -> Item:
        word = self._take("word")
        if self._here.text != "(":
            return Item(word.text, at=word.at)
        self._mark("(")
        path = "" if self._here.text == ")" else self._take("word").text
        self._mark(")")
        is_alias = self._here.kind == "word" and self._here.text.lower() not in _KEYWORDS
        return Item(path, word.text.upper(), self._take("word").text if is_alias else "", word.at)

    def _path(self) -> str:
        return self._take("word").text

    def _order(self) -> Order:
        word = self._take("word")
        descending = self._skip("desc")
        if not descending:
            self._skip("asc")
        nulls_last = None
        if self._skip("nulls"):
            nulls_last = self._skip("last")
            if not nulls_last:
                self._word("first")
        return Order(word.text, descending, nulls_last, word.at)

    def _condition(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise Refused("QUERY_TOO_COMPLICATED", "nested too deeply for this simulator")
        parts = [self._term(depth)]
        kind = self._here.text.lower()
        if kind not in ("and", "or"):
            return parts[0]
        while self._skip(kind):
            parts.append(self._term(depth))
        if self._here.text.lower() in ("and", "or"):
            raise self._unexpected()  # SOQL wants parentheses where AND and OR are mixed
        return Junction(kind, tuple(parts))  # type: ignore[arg-type]

    def _term(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise Refused("QUERY_TOO_COMPLICATED", "nested too deeply for this simulator")
        if self._skip("not"):
            return Junction("not", (self._term(depth + 1),))
        if self._here.text == "(":
            self._mark("(")
            inside = self._condition(depth + 1)
            self._mark(")")
            return inside
        return self._comparison(depth)

    def _comparison(self, depth: int) -> Comparison:
        word = self._take("word")
        if self._skip("not", "in"):
            return self._membership(word, "not in", depth)
        if self._skip("in"):
            return self._membership(word, "in", depth)
        if self._skip("like"):
            return Comparison(word.text, "like", (self._literal(),), at=word.at)
        mark = self._take("mark")
        if mark.text not in ("=", "!=", "<>", "<", ">", "<=", ">="):
            self._next -= 1
            raise self._unexpected()
        return Comparison(word.text, mark.text.replace("<>", "!="), (self._literal(),), at=word.at)

    def _membership(self, word: Token, operator: str, depth: int) -> Comparison:
        self._mark("(")
        if self._here.text.lower() == "select":
            within = self.select(depth + 1)
            self._mark(")")
            return Comparison(word.text, operator, within=within, at=word.at)
        values = tuple(self._several(self._literal))
        self._mark(")")
        return Comparison(word.text, operator, values, at=word.at)

    def _literal(self) -> Literal_:
        token = self._here
        self._next += 1
        match token.kind:
            case "text":
                return Literal_("text", _unescaped(token.text[1:-1]))
            case "number":
                return Literal_("number", token.text)
            case "date":
                return Literal_("date", token.text)
            case "word" if token.text.lower() in ("true", "false"):
                return Literal_("bool", token.text.lower())
            case "word" if token.text.lower() == "null":
                return Literal_("null", "")
            case "word" if re.fullmatch(r"LAST_N_DAYS:\d{1,4}|TODAY|YESTERDAY", token.text.upper()):
                return Literal_("span", token.text.upper())
            case _:
                self._next -= 1
                raise self._unexpected()

    def _whole(self) -> int:
        token = self._take("number")
        if not re.fullmatch(r"\d{1,9}", token.text):
            self._next -= 1
            raise self._unexpected()
        return int(token.text)

    def _several(self, read: Callable[[], _T]) -> list[_T]:
        found = [read()]
        while self._here.text == ",":
            self._mark(",")
            found.append(read())
        return found

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    def _skip(self, *words: str) -> bool:
        """Steps over these words, if all of them stand here."""
        ahead = [token.text.lower() for token in self._tokens[self._next : self._next + len(words)]]
        if ahead != list(words):
            return False
        self._next += len(words)
        return True

    def _word(self, word: str) -> None:
        if not self._skip(word):
            raise self._unexpected()

    def _mark(self, mark: str) -> None:
        if self._here.kind != "mark" or self._here.text != mark:
            raise self._unexpected()
        self._next += 1

    def _take(self, kind: str) -> Token:
        token = self._here
        if token.kind != kind or (kind == "word" and token.text.lower() in _KEYWORDS):
            raise self._unexpected()
        self._next += 1
        return token

    def _unexpected(self) -> Refused:
        token = self._here
        return Refused("MALFORMED_QUERY", pointer(self._soql, token.at, f"unexpected token: '{token.text[:80]}'"))


def _unescaped(text: str) -> str:
    """Backslash escapes of a SOQL string (SOQL Reference, "Quoted String Escape Sequences")."""

    def one(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES and found[1] not in "_%":
            raise Refused("MALFORMED_QUERY", f"Illegal escape sequence '\\{found[1]}'")  # GUESS: the wording
        return _ESCAPES.get(found[1], found[1])

    return re.sub(r"\\(.)", one, text, flags=re.DOTALL)
