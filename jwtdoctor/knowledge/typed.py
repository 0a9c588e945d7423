"""From raw tables to typed causes and providers. A misspelt key, fact or word is refused by name: BadKnowledge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.model.cause import Cause, Clue, Example, HowCommon, Operator, Remedy, Weight
from jwtdoctor.model.facts import VOCABULARY, Value, fits
from jwtdoctor.model.names import FLOWS, Sureness
from jwtdoctor.model.provider import (
    RESOURCES,
    RULES,
    CauseAddition,
    Claim,
    ClaimInstead,
    ClientIdForm,
    ExpiredCertificate,
    Limit,
    Proofs,
    Provider,
    Reading,
    RequestShape,
    Resource,
    Response,
    Rule,
    Usual,
    Where,
)

Table = Mapping[str, Any]

OPERATORS: tuple[Operator, ...] = get_args(Operator)
WEIGHTS: tuple[str, ...] = get_args(Weight)
HOW_COMMON: tuple[str, ...] = get_args(HowCommon)
PLACES: tuple[str, ...] = get_args(Where)
USUAL: tuple[str, ...] = get_args(Usual)
SURENESS: Mapping[str, Sureness] = {word.value: word for word in Sureness}
TEXT_FACTS = frozenset({"reply.error", "reply.description", "login_history.status", "reply.client_text"})
"""No clue may look at these: the text belongs to the responses alone."""

_CAUSE_KEYS = {
    "title", "explanation", "how_common", "flows", "on_granted", "retryable", "clues", "remedy", "confirm",
    "shows_in", "references", "examples", "lookalikes", "no_clue_for", "no_clue_against",
}  # fmt: skip
_PROVIDER_KEYS = {
    "title", "hosts", "token_path", "audiences", "algorithms", "required_claims", "needs_kid", "aud_as_array",
    "flows", "limits", "responses", "causes", "claims", "references", "forbidden_claims", "resources",
    "expired_certificate", "requests", "words", "issuers", "rules", "client_id", "paths",
    "claim_instead", "proofs",
}  # fmt: skip
_ADDITION_KEYS = {"clues", "remedy", "confirm", "shows_in", "references", "how_common", "without"}
_RESPONSE_KEYS = {
    "id", "where", "statuses", "error", "description", "pattern", "flows", "evidence", "notes", "transparent",
    "readings",
}  # fmt: skip
_READING_KEYS = {"cause", "usual", "sureness", "sources", "note", "flows"}
_CLUE_KEYS = {"fact", "for", "against", "because", "sureness", "sources", "flows", *OPERATORS}


def cause_of(slug: str, table: Table) -> Cause:
    """A cause from its file. Raises BadKnowledge, naming what is wrong and where."""
    where = f"cause {slug}"
    _only(table, _CAUSE_KEYS, where)
    return Cause(
        slug=slug,
        title=_text(table, "title", where),
        explanation=_text(table, "explanation", where).strip(),
        how_common=_word(table, "how_common", HOW_COMMON, where),
        flows=_flows(table, where),
        on_granted=bool(table.get("on_granted", False)),
        retryable=bool(table.get("retryable", False)),
        clues=_clues(table, where),
        remedy=_remedies(table, where),
        confirm=str(table.get("confirm", "")),
        shows_in=str(table.get("shows_in", "")),
        references=tuple(table.get("references", ())),
        examples=tuple(_example(row, slug, where) for row in table.get("examples", ())),
        lookalikes=tuple(_example(row, None, where) for row in table.get("lookalikes", ())),
        no_clue_for=str(table.get("no_clue_for", "")),
        no_clue_against=str(table.get("no_clue_against", "")),
    )


def provider_of(slug: str, table: Table) -> Provider:
    """A provider from its file or folder. Raises BadKnowledge, naming what is wrong and where."""
    where = f"provider {slug}"
    _only(table, _PROVIDER_KEYS, where)
    return Provider(
        slug=slug,
        title=_text(table, "title", where),
        hosts=tuple(table.get("hosts", ())),
        words=tuple(table.get("words", ())),
        paths=tuple(table.get("paths", ())),
        client_id=_client_id(table.get("client_id"), where),
        issuers=tuple(table.get("issuers", ())),
        rules=_rules(table.get("rules", {}), where),
        claim_instead=_claim_instead(table.get("claim_instead", {}), where),
        token_path=str(table.get("token_path", "")),
        audiences=tuple(table.get("audiences", ())),
        algorithms=tuple(table.get("algorithms", ())),
        required_claims=tuple(table.get("required_claims", ())),
        needs_kid=bool(table.get("needs_kid", False)),
        aud_as_array=bool(table.get("aud_as_array", True)),
        flows=_flows(table, where),
        limits={name: _limit(row, f"{where}, limit {name}") for name, row in table.get("limits", {}).items()},
        responses=tuple(_response(row, where) for row in table.get("responses", ())),
        causes={name: _addition(row, f"{where}, cause {name}") for name, row in table.get("causes", {}).items()},
        claims=tuple(_claim(row, where) for row in table.get("claims", ())),
        references=tuple(table.get("references", ())),
        forbidden_claims=tuple(table.get("forbidden_claims", ())),
        expired_certificate=_expired_certificate(table.get("expired_certificate"), where),
        proofs=_proofs(table.get("proofs"), where),
        resources=_resources(table.get("resources", {}), where),
        requests=_requests(table.get("requests", {}), where),
    )


def _addition(table: Table, where: str) -> CauseAddition:
    _only(table, _ADDITION_KEYS, where)
    return CauseAddition(
        clues=_clues(table, where),
        remedy=_remedies(table, where),
        confirm=str(table.get("confirm", "")),
        shows_in=str(table.get("shows_in", "")),
        references=tuple(table.get("references", ())),
        how_common=_word(table, "how_common", ("", *HOW_COMMON), where) if "how_common" in table else "",
        without=tuple(table.get("without", ())),
    )


def _response(table: Table, provider: str) -> Response:
    where = f"{provider}, response {table.get('id')}"
    _only(table, _RESPONSE_KEYS, where)
    return Response(
        id=_text(table, "id", where),
        where=_word(table, "where", PLACES, where),
        readings=tuple(_reading(row, where) for row in table.get("readings", ())),
        statuses=tuple(table.get("statuses", ())),
        error=table.get("error"),
        description=table.get("description"),
        pattern=table.get("pattern"),
        flows=_flows(table, where),
        evidence=_word(table, "evidence", ("observed", "documented", "enum-only"), where),
        notes=str(table.get("notes", "")),
        transparent=bool(table.get("transparent", False)),
    )


def _reading(table: Table, where: str) -> Reading:
    _only(table, _READING_KEYS, where)
    return Reading(
        cause=_text(table, "cause", where),
        usual=_word(table, "usual", USUAL, where),
        sureness=_sureness(table, where),
        sources=_sources(table, where),
        note=str(table.get("note", "")),
        flows=_flows(table, where),
    )


def _clues(table: Table, where: str) -> tuple[Clue, ...]:
    return tuple(_clue(row, f"{where}, clue {n}") for n, row in enumerate(table.get("clues", ()), 1))


def _clue(table: Table, where: str) -> Clue:
    _only(table, _CLUE_KEYS, where)
    fact = _text(table, "fact", where)
    if fact not in VOCABULARY:
        raise BadKnowledge(f"{where}: no fact is called {fact!r}")
    if fact in TEXT_FACTS:
        raise BadKnowledge(f"{where}: {fact} is a text, and texts belong to the responses alone")
    operators = [name for name in OPERATORS if name in table]
    speaks = [word for word in ("for", "against") if word in table]
    if len(operators) != 1 or len(speaks) != 1:
        raise BadKnowledge(f"{where}: exactly one operator, and one of for and against")
    operator, side = operators[0], speaks[0]
    return Clue(
        fact=fact,
        operator=operator,
        operand=_operand(fact, operator, table[operator], where),
        speaks="for" if side == "for" else "against",
        weight=_word(table, side, WEIGHTS, where),
        because=_text(table, "because", where),
        sureness=_sureness(table, where),
        sources=_sources(table, where),
        flows=_flows(table, where),
    )


def _operand(fact: str, operator: Operator, operand: Any, where: str) -> Value:
    """The operand, checked against the type of the fact that it is compared with."""
    kind = VOCABULARY[fact].kind
    if operator == "one_of":
        if not isinstance(operand, list) or not operand:
            raise BadKnowledge(f"{where}: one_of takes a list")
        return tuple(str(item) for item in operand)
    if operator in ("above", "below"):
        if kind != "number" or isinstance(operand, bool) or not isinstance(operand, (int, float)):
            raise BadKnowledge(f"{where}: {operator} compares numbers")
        return operand
    if operator == "matches":
        if kind not in ("text", "text or list", "list"):
            raise BadKnowledge(f"{where}: matches takes a text")
        return str(operand)
    value: Value = tuple(operand) if isinstance(operand, list) else operand
    if not fits(VOCABULARY[fact], value):
        raise BadKnowledge(f"{where}: {fact} takes {kind}, not {operand!r}")
    return value


def _remedies(table: Table, where: str) -> tuple[Remedy, ...]:
    return tuple(_remedy(row, f"{where}, remedy {n}") for n, row in enumerate(table.get("remedy", ()), 1))


def _remedy(row: Table, where: str) -> Remedy:
    _only(row, {"do", "command", "where", "url", "fact", *OPERATORS}, where)
    general = Remedy(_text(row, "do", where), row.get("command"), row.get("where"), row.get("url"))
    operators = [name for name in OPERATORS if name in row]
    if "fact" not in row and not operators:
        return general
    fact = _text(row, "fact", where)
    if fact not in VOCABULARY:
        raise BadKnowledge(f"{where}: no fact is called {fact!r}")
    if len(operators) != 1:
        raise BadKnowledge(f"{where}: exactly one operator goes with a fact")
    operand = _operand(fact, operators[0], row[operators[0]], where)
    return replace(general, fact=fact, operator=operators[0], operand=operand)


def _example(table: Table, leads_to: str | None, where: str) -> Example:
    _only(table, {"name", "flow", "reply", "text", "facts", "provider", "leads_to"}, f"{where}, example")
    return Example(
        name=_text(table, "name", f"{where}, example"),
        flow=table.get("flow"),
        reply=table.get("reply"),
        text=table.get("text"),
        facts=table.get("facts", {}),
        provider=str(table.get("provider", "salesforce")),
        leads_to=leads_to or table.get("leads_to"),
    )


def _limit(table: Table, where: str) -> Limit:
    _only(table, {"value", "sureness", "sources", "note"}, where)
    sureness = _sureness(table, where)
    return Limit(table.get("value"), sureness, tuple(table.get("sources", ())), str(table.get("note", "")))


def _client_id(table: Table | None, provider: str) -> ClientIdForm | None:
    if table is None:
        return None
    where = f"{provider}, client_id"
    _only(table, {"form", "says", "sources"}, where)
    return ClientIdForm(_text(table, "form", where), _text(table, "says", where), _sources(table, where))


def _claim_instead(table: Table, provider: str) -> dict[str, ClaimInstead]:
    found = {}
    for name, row in table.items():
        where = f"{provider}, claim_instead {name}"
        _only(row, {"claim", "is", "sources"}, where)
        found[name] = ClaimInstead(_text(row, "claim", where), _text(row, "is", where), _sources(row, where))
    return found


def _rules(table: Table, where: str) -> dict[str, Rule]:
    _only(table, set(RULES), f"{where}, rules")
    found = {}
    for name, row in table.items():
        place = f"{where}, rule {name}"
        _only(row, {"says", "sureness", "sources"}, place)
        found[name] = Rule(_text(row, "says", place), _sureness(row, place), _sources(row, place))
    return found


def _proofs(table: Table | None, provider: str) -> Proofs | None:
    if table is None:
        return None
    where = f"{provider}, proofs"
    _only(table, {"algorithms", "sureness", "sources", "note"}, where)
    algorithms = tuple(str(name) for name in table.get("algorithms", ()))
    return Proofs(algorithms, _sureness(table, where), _sources(table, where), str(table.get("note", "")))


def _expired_certificate(table: Table | None, provider: str) -> ExpiredCertificate | None:
    if table is None:
        return None
    where = f"{provider}, expired_certificate"
    _only(table, {"is_taken", "sureness", "sources", "note"}, where)
    if not isinstance(table.get("is_taken"), bool):
        raise BadKnowledge(f"{where}: is_taken must be true or false")
    sureness = _sureness(table, where)
    return ExpiredCertificate(table["is_taken"], sureness, _sources(table, where), str(table.get("note", "")))


def _resources(table: Table, where: str) -> dict[str, Resource]:
    """No address of its own: a token goes to the host that was asked, or to one that its response named."""
    _only(table, set(RESOURCES), f"{where}, resources")
    found = {}
    for name, row in table.items():
        place = f"{where}, resource {name}"
        _only(row, {"at", "sources"}, place)
        at = _text(row, "at", place)
        if "://" in at or at.startswith("//"):
            raise BadKnowledge(f"{place}: names a host of its own")
        found[name] = Resource(at, _sources(row, place))
    return found


_SHAPE_KEYS = {"sources", "method", "path", "headers", "assertion", "grant_type", "beside", "fields", "client_auth",
               "thumbprints"}  # fmt: skip


def _requests(table: Table, where: str) -> dict[str, RequestShape]:
    found = {}
    for flow, row in table.items():
        place = f"{where}, request {flow}"
        _flows({"flows": [flow]}, place)
        _only(row, _SHAPE_KEYS, place)
        path = str(row.get("path", ""))
        if path and not re.fullmatch(r"/[\w/.{}-]+", path):
            raise BadKnowledge(f"{place}: path is no path")
        found[flow] = RequestShape(
            sources=_sources(row, place),
            method=_word({"method": "POST", **row}, "method", ("POST", "GET"), place),
            path=path,
            headers={str(name): str(value) for name, value in row.get("headers", {}).items()},
            assertion=str(row.get("assertion", "")),
            grant_type=str(row.get("grant_type", "")),
            beside=_some_of(row, "beside", ("client_id", "client_secret"), place),
            fields=tuple(str(name) for name in row.get("fields", ())),
            client_auth=_word({"client_auth": "", **row}, "client_auth", ("", "body", "basic"), place),
            thumbprints=_some_of(row, "thumbprints", ("x5t", "x5t#S256"), place),
        )
    return found


def _some_of(row: Table, key: str, allowed: tuple[str, ...], where: str) -> tuple[str, ...]:
    found = tuple(row.get(key, ()))
    if not set(found) <= set(allowed):
        raise BadKnowledge(f"{where}: {key} holds some of {', '.join(allowed)}")
    return found


def _claim(table: Table, where: str) -> Claim:
    _only(table, {"claim", "verdict", "because", "sources", "causes"}, f"{where}, claim")
    return Claim(
        claim=_text(table, "claim", where),
        verdict=_word(table, "verdict", ("confirmed", "contradicted", "unverifiable"), where),
        because=_text(table, "because", where),
        sources=_sources(table, where),
        causes=tuple(table.get("causes", ())),
    )


def _only(table: Table, allowed: set[str], where: str) -> None:
    if not table.keys() <= allowed:
        raise BadKnowledge(f"{where}: no key is called {min(table.keys() - allowed)!r}")


def _text(table: Table, key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadKnowledge(f"{where}: {key} is missing")
    return value


def _word(table: Table, key: str, allowed: tuple[Any, ...], where: str) -> Any:
    value = table.get(key, "observed" if key == "evidence" else None)
    if value not in allowed:
        raise BadKnowledge(f"{where}: {key} is one of {', '.join(map(str, allowed))}, not {value!r}")
    return value


def _sureness(table: Table, where: str) -> Sureness:
    return SURENESS[_word(table, "sureness", tuple(SURENESS), where)]


def _flows(table: Table, where: str) -> tuple[str, ...]:
    if "flows" not in table:
        return ()
    flows = tuple(table["flows"])
    wrong = [flow for flow in flows if flow not in FLOWS]
    if wrong:
        raise BadKnowledge(f"{where}: no flow is called {wrong[0]!r}")
    return flows


def _sources(table: Table, where: str) -> tuple[str, ...]:
    sources = tuple(table.get("sources", ()))
    if not sources:
        raise BadKnowledge(f"{where}: a source is missing")
    return sources
