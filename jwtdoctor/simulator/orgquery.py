"""A SOQL query over the simulated org: translated to SQL and run by SQLite in memory, so that state decides the answer.

    records = run(soql, World(policy, now), reader)        # or Refused, in the words of the API

The tables are made anew for each query, of the rows that this reader may see. Errors and their texts are those that
Salesforce sends; `# GUESS:` marks what is not documented.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jwtdoctor.simulator.orgrows import World, permission_columns, permissions_of
from jwtdoctor.simulator.orgschema import DATA, TOOLING, Column, Entity
from jwtdoctor.simulator.policy import User
from jwtdoctor.simulator.soql import Comparison, Condition, Item, Literal_, Refused, Select, parse, pointer
from jwtdoctor.simulator.wire import iso_date

MAX_STEPS = 2_000_000
"""Steps of SQLite's machine that one query may take: a hostile one ends and does not hang."""
AGGREGATES = ("COUNT", "COUNT_DISTINCT", "MAX", "MIN", "SUM", "AVG")
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gives: its records, or a number alone (`COUNT()`). `page` records go into one reply."""

    entity: str
    records: tuple[dict[str, Any], ...] = ()
    count: int | None = None
    page: int = 2000


def run(soql: str, world: World, reader: User, *, tooling: bool = False, version: str = "60.0") -> Answer:
    """Runs a query as this user. Raises Refused."""
    return _Query(soql, world, reader, tooling, version).answer()


@dataclass(slots=True)
class _Joined:
    """The tables of one SELECT: relationship path -> alias and object."""

    entity: Entity
    prefix: str
    tables: dict[str, tuple[str, Entity]] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables[""] = (f"{self.prefix}0", self.entity)


class _Query:
    """One query, from text to records."""

    def __init__(self, soql: str, world: World, reader: User, tooling: bool, version: str) -> None:
        self._soql = soql
        self._world = world
        self._reader = reader
        self._held = permissions_of(reader)
        self._tooling = tooling
        self._version = version
        self._values: list[Any] = []
        self._needed: dict[str, Entity] = {}
        self._nested = 0

    def answer(self) -> Answer:
        select = parse(self._soql)
        entity = self._entity(select)
        if len(select.items) == 1 and select.items[0].function == "COUNT" and not select.items[0].path:
            return Answer(entity.name, count=len(self._rows(select, entity)))
        rows = self._rows(select, entity)
        self._one_row_for_metadata(select, rows)
        is_grouped = bool(select.group_by) or any(item.function for item in select.items)
        shape = self._grouped if is_grouped else self._plain
        records = tuple(shape(select, entity, row) for row in rows[: entity.most])
        return Answer(entity.name, records, page=entity.page)

    # --- objects

    def _entity(self, select: Select) -> Entity:
        known = TOOLING if self._tooling else DATA
        entity = known.get(select.entity.lower())
        if entity is None or not self._is_there(entity):
            message = (
                f"sObject type '{select.entity}' is not supported. If you are attempting to use a custom object, be "
                "sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for "
                "the appropriate names."
            )
            raise Refused("INVALID_TYPE", pointer(self._soql, select.entity_at, message))
        self._needed[entity.name] = entity
        return entity

    def _is_there(self, entity: Entity) -> bool:
        if entity.name == "IdpEventLog" and not self._world.policy.org.offers_idp_log:
            return False
        return bool(entity.own_rows) or self._may(entity)

    def _may(self, entity: Entity) -> bool:
        return not entity.needs or bool(self._held & {*entity.needs})

    def _column(self, joined: _Joined, path: str, at: int) -> tuple[str, Column]:
        """SQL and column of `a` or `B.C.a`; the joins on the way are added."""
        *way, name = path.split(".")
        if way and way[0].lower() == joined.entity.name.lower():
            way = way[1:]
        alias, entity = self._walk(joined, way, at)
        column = entity.column(name)
        if column is None:
            raise self._no_such(f"No such column '{name}' on entity '{entity.name}'.", at)
        return f'{alias}."{column.name}"', column

    def _walk(self, joined: _Joined, way: list[str], at: int) -> tuple[str, Entity]:
        key = ""
        for step in way:
            alias, entity = joined.tables[key]
            link = entity.related(step)
            target = DATA.get(link.refers_to.lower()) if link is not None else None
            if link is None or target is None:
                raise self._no_such(f"Didn't understand relationship '{step}' in field path.", at)
            key = f"{key}.{step.lower()}"
            if key not in joined.tables:
                new = f"{joined.prefix}{len(joined.tables)}"
                joined.tables[key] = (new, target)
                self._needed[target.name] = target
                joined.joins.append(f'LEFT JOIN "{target.name}" {new} ON {new}."Id" = {alias}."{link.name}"')
        return joined.tables[key]

    def _no_such(self, what: str, at: int) -> Refused:
        message = (
            f"{what} If you are attempting to use a custom field, be sure to append the '__c' after the custom field "
            "name. Please reference your WSDL or the describe call for the appropriate names."
        )
        return Refused("INVALID_FIELD", pointer(self._soql, at, message))

    # --- SQL

    def _rows(self, select: Select, entity: Entity) -> list[tuple[Any, ...]]:
        sql = self._sql(select, entity)
        with closing(sqlite3.connect(":memory:")) as database:
            self._fill(database)
            database.set_progress_handler(lambda: 1, MAX_STEPS)
            try:
                return database.execute(sql, self._values).fetchall()
            except sqlite3.OperationalError:
                raise Refused("QUERY_TIMEOUT", "Your query request was running for too long.") from None

    def _fill(self, database: sqlite3.Connection) -> None:
        for entity in self._needed.values():
            columns = ", ".join(f'"{column.name}"' for column in entity.columns)
            database.execute(f'CREATE TABLE "{entity.name}" ({columns})')
            marks = ", ".join("?" for _ in entity.columns)
            rows = ([_stored(column, row) for column in entity.columns] for row in self._seen(entity))
            database.executemany(f'INSERT INTO "{entity.name}" VALUES ({marks})', rows)  # noqa: S608 - our own names

    def _seen(self, entity: Entity) -> Iterator[Mapping[str, Any]]:
        """The rows that this reader sees."""
        if entity.name == "UserPermissionAccess":
            yield {"LastCacheUpdate": iso_date(self._world.now), **permission_columns(self._held)}
            return
        for row in self._world.rows(entity.name, entity.is_tooling):
            if self._may(entity) or row.get(entity.own_rows) == self._reader.user_id:
                yield row

    def _sql(self, select: Select, entity: Entity) -> str:
        self._nested += 1
        joined = _Joined(entity, f"t{self._nested}_")
        chosen = ", ".join(self._chosen(joined, item) for item in select.items) or "1"
        where = "" if select.where is None else f" WHERE {self._where(joined, select.where)}"
        grouped = [self._column(joined, path, 0)[0] for path in select.group_by]
        ordered = [self._ordered(joined, order) for order in select.order_by]
        sql = f'SELECT {chosen} FROM "{entity.name}" {joined.prefix}0 {" ".join(joined.joins)}{where}'  # noqa: S608
        sql += f" GROUP BY {', '.join(grouped)}" if grouped else ""
        sql += f" ORDER BY {', '.join(ordered)}" if ordered else ""
        if select.limit is not None or select.offset:
            sql += f" LIMIT {-1 if select.limit is None else select.limit} OFFSET {select.offset}"
        return sql

    def _chosen(self, joined: _Joined, item: Item) -> str:
        if not item.function:
            return self._column(joined, item.path, item.at)[0]
        if item.function not in AGGREGATES:
            # GUESS: the words for an unknown function.
            raise Refused("MALFORMED_QUERY", pointer(self._soql, item.at, f"unexpected token: {item.function}"))
        if not item.path:
            return "1"
        sql = self._column(joined, item.path, item.at)[0]
        return f"COUNT(DISTINCT {sql})" if item.function == "COUNT_DISTINCT" else f"{item.function}({sql})"

    def _ordered(self, joined: _Joined, order: Any) -> str:
        sql, column = self._column(joined, order.path, order.at)
        if not column.is_filterable:
            message = f"field '{column.name}' can not be sorted in a query call"
            raise Refused("INVALID_FIELD", pointer(self._soql, order.at, message))
        nulls = "" if order.nulls_last is None else f" NULLS {'LAST' if order.nulls_last else 'FIRST'}"
        return f"{sql}{' DESC' if order.descending else ''}{nulls}"

    def _where(self, joined: _Joined, condition: Condition) -> str:
        if isinstance(condition, Comparison):
            return self._compared(joined, condition)
        parts = [f"({self._where(joined, part)})" for part in condition.parts]
        return f"NOT {parts[0]}" if condition.kind == "not" else f" {condition.kind.upper()} ".join(parts)

    def _compared(self, joined: _Joined, comparison: Comparison) -> str:
        sql, column = self._column(joined, comparison.path, comparison.at)
        if not column.is_filterable:
            message = f"field '{column.name}' can not be filtered in a query call"
            raise Refused("INVALID_FIELD", pointer(self._soql, comparison.at, message))
        left = f"substr({sql}, 1, 15)" if column.type == "id" else sql
        if comparison.within is not None:
            return f"{left} {comparison.operator.upper()} ({self._inner(comparison.within)})"
        if comparison.operator in ("in", "not in"):
            marks = [self._bound(column, value, comparison) for value in comparison.values]
            return f"{left}{_folded(column)} {comparison.operator.upper()} ({', '.join(marks)})"
        value = comparison.values[0]
        if value.kind == "null":
            return f"{sql} IS {'NOT ' if comparison.operator == '!=' else ''}NULL"
        if value.kind == "span":
            return self._spanned(sql, column, comparison)
        if comparison.operator == "like" and (column.type != "text" or column.name == "SourceIp"):
            message = f"invalid operator on {column.type} field"  # documented for LoginHistory.SourceIp: no LIKE
            raise Refused("INVALID_QUERY_FILTER_OPERATOR", pointer(self._soql, comparison.at, message))
        return f"{left}{_folded(column)} {comparison.operator.upper()} {self._bound(column, value, comparison)}"

    def _inner(self, select: Select) -> str:
        entity = self._entity(select)
        if len(select.items) != 1 or select.items[0].function:
            raise Refused("MALFORMED_QUERY", "semi join sub-selects must select exactly one field")  # GUESS: words
        prefix = f"t{self._nested + 1}_"
        inner = self._sql(select, entity)
        column = self._column(_Joined(entity, prefix), select.items[0].path, select.items[0].at)[1]
        name = f'"{column.name}"'
        return f"SELECT substr({name}, 1, 15) FROM ({inner})" if column.type == "id" else inner  # noqa: S608

    def _spanned(self, sql: str, column: Column, comparison: Comparison) -> str:
        """`LAST_N_DAYS:n` begins n days before today and goes on to now (SOQL Reference, "Date Formats")."""
        if column.type != "date":
            raise self._wrong_type(column, comparison.values[0], comparison.at)
        name, _, days = comparison.values[0].value.partition(":")
        midnight = self._world.now - self._world.now % DAY_S
        back = {"TODAY": 0, "YESTERDAY": 1}.get(name, int(days or 0))
        begin, end = midnight - back * DAY_S, midnight if name == "YESTERDAY" else midnight + DAY_S
        match comparison.operator:
            case "=" | "!=":
                within = f"({sql} >= {self._mark(iso_date(begin))} AND {sql} < {self._mark(iso_date(end))})"
                return within if comparison.operator == "=" else f"NOT {within}"
            case ">" | "<=":
                return f"{sql} {'>=' if comparison.operator == '>' else '<'} {self._mark(iso_date(end))}"
            case _:
                return f"{sql} {comparison.operator} {self._mark(iso_date(begin))}"

    def _bound(self, column: Column, value: Literal_, comparison: Comparison) -> str:
        fits = {
            "id": ("text",), "text": ("text",), "bool": ("bool",), "int": ("number",), "date": ("date",),
        }  # fmt: skip
        if value.kind == "null":
            return "NULL"
        if value.kind not in fits.get(column.type, ()):
            raise self._wrong_type(column, value, comparison.at)
        match column.type:
            case "id":
                return self._mark(self._id(value.value, comparison.at))
            case "bool":
                return self._mark(int(value.value == "true"))
            case "int":
                return self._mark(float(value.value))
            case "date":
                return self._mark(_normal_date(value.value))
            case _:
                return self._mark(value.value)

    def _id(self, text: str, at: int) -> str:
        if not re.fullmatch(r"\w{15}(\w{3})?", text):
            raise Refused("INVALID_QUERY_FILTER_OPERATOR", pointer(self._soql, at, f"invalid ID field: {text[:80]}"))
        return text[:15]

    def _wrong_type(self, column: Column, value: Literal_, at: int) -> Refused:
        message = f"value of filter criterion for field '{column.name}' must be of type {_API_TYPES[column.type]}"
        if value.kind == "text":
            message += " and should not be enclosed in quotes"
        return Refused("INVALID_FIELD", pointer(self._soql, at, message))

    def _mark(self, value: Any) -> str:
        self._values.append(value)
        return f"?{len(self._values)}"

    def _one_row_for_metadata(self, select: Select, rows: list[tuple[Any, ...]]) -> None:
        if not self._tooling or len(rows) < 2 or not any(item.path.lower() == "metadata" for item in select.items):
            return
        message = (
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more "
            f"than one row for retrieval. Result size: {len(rows)}"
        )
        raise Refused("MALFORMED_QUERY", message)

    # --- records

    def _plain(self, select: Select, entity: Entity, row: tuple[Any, ...]) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": self._attributes(select, entity, row)}
        for item, value in zip(select.items, row, strict=True):
            self._put(record, entity, item.path, value)
        return {name: _or_null(value) for name, value in record.items()}

    def _put(self, record: dict[str, Any], entity: Entity, path: str, value: Any) -> None:
        *way, name = path.split(".")
        if way and way[0].lower() == entity.name.lower():
            way = way[1:]
        for step in way:
            link = entity.related(step)
            assert link is not None  # the query was made of it
            entity = DATA[link.refers_to.lower()]
            inner = record.setdefault(link.relationship, {"attributes": {"type": entity.name}})
            record = inner
        column = entity.column(name)
        assert column is not None
        record[column.name] = _shown(column, value)

    def _attributes(self, select: Select, entity: Entity, row: tuple[Any, ...]) -> dict[str, str]:
        kind = {"type": entity.name}
        for item, value in zip(select.items, row, strict=True):
            if item.path.lower() == "id" and value:
                place = "tooling/sobjects" if entity.is_tooling else "sobjects"
                kind["url"] = f"/services/data/v{self._version}/{place}/{entity.name}/{value}"
        return kind

    def _grouped(self, select: Select, entity: Entity, row: tuple[Any, ...]) -> dict[str, Any]:
        record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        unnamed = 0
        for item, value in zip(select.items, row, strict=True):
            if item.function:
                record[item.alias or f"expr{unnamed}"] = value
                unnamed += not item.alias
            else:
                column = entity.column(item.path)
                name = item.path.rpartition(".")[2] if column is None else column.name
                record[name] = value if column is None else _shown(column, value)
        return record


_API_TYPES = {"id": "id", "text": "string", "bool": "boolean", "int": "int", "date": "dateTime", "complex": "complex"}


def _or_null(value: Any) -> Any:
    """A lookup that points to nothing is null, and no record of nulls."""
    if not isinstance(value, dict) or value.keys() == {"attributes"} or "type" not in value.get("attributes", {}):
        return value
    inner = {name: _or_null(one) for name, one in value.items()}
    return None if all(one is None for name, one in inner.items() if name != "attributes") else inner


def _folded(column: Column) -> str:
    """Text is compared without case."""
    return " COLLATE NOCASE" if column.type == "text" else ""


def _stored(column: Column, row: Mapping[str, Any]) -> Any:
    value = row.get(column.name)
    if column.type == "complex":
        return json.dumps(value)
    return int(value) if isinstance(value, bool) else value


def _shown(column: Column, value: Any) -> Any:
    match column.type:
        case "bool":
            return bool(value)
        case "complex":
            return json.loads(value) if isinstance(value, str) else None
        case _:
            return value


def _normal_date(text: str) -> str:
    """A dateTime literal as the rows have it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("MALFORMED_QUERY", f"Invalid date: {text[:40]}") from None  # GUESS: the words
    return iso_date((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
