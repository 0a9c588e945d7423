"""Postman's environments and collections, Bruno's environments and requests (`.bru`).

Both keep variables by name, and requests that refer to them as `{{name}}`. Environments that are given beside a
collection fill its variables in; alone they are read by the names of their variables. Of a collection the OAuth 2.0
settings and the request that asks for a token are read, and nothing else: no script is looked at.

Secrets are to be put into variables of the environment, which the profile names; `{{process.env.NAME}}` is one already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jwtdoctor.config.imports.draft import Draft, Drafting, name_of, variable_of
from jwtdoctor.config.imports.names import MEANINGS, Variable, family_and_rest, stem_of, tell
from jwtdoctor.config.profiles import SECRETS
from jwtdoctor.errors import BadInput

POSTMAN_ENVIRONMENT = "Postman environment"
POSTMAN_COLLECTION = "Postman collection"
BRUNO_ENVIRONMENT = "Bruno environment"
BRUNO_REQUEST = "Bruno request"
DEEPEST = 30
MOST_VARIABLES = 2_000
_TEMPLATE = re.compile(r"\{\{([^{}]{1,120})\}\}")


# --- Postman ---------------------------------------------------------------------------------------------------------


def fits_postman_environment(document: Any) -> bool:
    """Whether this is an environment, or the globals, as Postman exports them."""
    return isinstance(document, dict) and isinstance(document.get("values"), list) and (
        "_postman_variable_scope" in document or ("name" in document and _has_keys(document["values"]))
    )  # fmt: skip


def fits_postman_collection(document: Any) -> bool:
    """Whether this is a collection of format 2.0 or 2.1."""
    inner = document.get("collection") if isinstance(document, dict) else None
    found = inner if isinstance(inner, dict) else document
    return isinstance(found, dict) and isinstance(found.get("item"), list) and isinstance(found.get("info"), dict)


def postman_variables(document: Mapping[str, Any]) -> list[Variable]:
    """The variables of an environment that are switched on."""
    return list(_pairs(document.get("values")))


def postman_environment(document: Mapping[str, Any], path: Path) -> list[Draft]:
    """A draft by the names of the variables."""
    name = name_of(document.get("name"), stem_of(path))
    return [_draft(POSTMAN_ENVIRONMENT, name, path, _resolved(postman_variables(document), {}))]


def postman_collection(document: Mapping[str, Any], path: Path, given: Iterable[Variable]) -> list[Draft]:
    """A draft out of the collection's token request, its variables filled in from those `given` and its own."""
    collection = document.get("collection") if isinstance(document.get("collection"), dict) else document
    assert isinstance(collection, dict)
    known = {one.name: one for one in [*_pairs(collection.get("variable")), *given]}
    request = next(_token_requests(collection, 0), [])
    variables = _resolved(request, known) if request else _resolved(known.values(), known)
    name = name_of(collection["info"].get("name"), stem_of(path))
    return [_draft(POSTMAN_COLLECTION, name, path, variables)]


def _token_requests(node: Any, depth: int) -> Iterator[list[Variable]]:
    """OAuth settings and token requests below a node, outermost first."""
    if not isinstance(node, dict) or depth > DEEPEST:
        return
    holders = (node, node.get("request"))
    for holder in holders:
        if isinstance(holder, dict):
            yield from _oauth_settings(holder.get("auth"))
            yield from _token_form(holder)
    items = node.get("item")
    for item in items if isinstance(items, list) else ():
        yield from _token_requests(item, depth + 1)


def _oauth_settings(auth: Any) -> Iterator[list[Variable]]:
    if isinstance(auth, dict) and auth.get("type") == "oauth2":
        found = auth.get("oauth2")
        pairs = [{"key": key, "value": value} for key, value in found.items()] if isinstance(found, dict) else found
        settings = list(_pairs(pairs))
        if any(family_and_rest(one.name)[1] in ("accesstokenurl", "tokenurl") for one in settings):
            yield settings


def _token_form(request: Mapping[str, Any]) -> Iterator[list[Variable]]:
    body, url = request.get("body"), request.get("url")
    form = list(_pairs(body.get("urlencoded"))) if isinstance(body, dict) else []
    if any(one.name == "grant_type" for one in form):
        raw = url.get("raw") if isinstance(url, dict) else url
        yield [*form, Variable("tokenUrl", raw.partition("?")[0] if isinstance(raw, str) else "")]


def _pairs(found: Any) -> Iterator[Variable]:
    """Postman's `{key, value}` objects that are switched on."""
    for one in found[:MOST_VARIABLES] if isinstance(found, list) else ():
        if isinstance(one, dict) and isinstance(one.get("key"), str) and not _is_off(one):
            value = one.get("value")
            text = value if isinstance(value, str) else ""
            yield Variable(one["key"], text, one.get("type") == "secret")


def _is_off(pair: Mapping[str, Any]) -> bool:
    return pair.get("enabled") is False or pair.get("disabled") is True or pair["key"].startswith("_")


def _has_keys(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(one, dict) and "key" in one for one in values[:5])


# --- Bruno -----------------------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"([a-z0-9:_-]{1,40})[ \t]*([{\[])[ \t]*")
_BRUNO = ("vars", "vars:secret", "auth:oauth2", "vars:pre-request", "body:form-urlencoded", "post", "meta")


def fits_bruno(text: str) -> bool:
    """Whether one of the blocks is one that Bruno writes."""
    return any(name in _BRUNO for name, _ in _blocks(text))


def bruno_variables(text: str) -> list[Variable]:
    """The variables of an environment; of its secrets there are the names alone."""
    found: list[Variable] = []
    for name, lines in _blocks(text):
        if name in ("vars", "vars:pre-request"):
            found += _dictionary(lines)
        elif name == "vars:secret":
            found += [Variable(word.strip(), "", True) for line in lines for word in line.split(",") if word.strip()]
    return found[:MOST_VARIABLES]


def bruno(text: str, path: Path, given: Iterable[Variable]) -> list[Draft]:
    """A draft out of a request with OAuth 2.0 settings or a token form, else by the names of the variables."""
    own = bruno_variables(text)
    known = {one.name: one for one in [*own, *given]}
    request = _bruno_request(text)
    kind = BRUNO_REQUEST if request else BRUNO_ENVIRONMENT
    return [_draft(kind, name_of(stem_of(path)), path, _resolved(request or own, known))]


def is_bruno_environment(text: str) -> bool:
    """Whether it holds variables only."""
    return not _bruno_request(text) and bool(bruno_variables(text))


def _bruno_request(text: str) -> list[Variable]:
    blocks: dict[str, list[Variable]] = {}
    for name, lines in _blocks(text):
        blocks.setdefault(name, _dictionary(lines))
    if "auth:oauth2" in blocks:
        return blocks["auth:oauth2"]
    form, post = blocks.get("body:form-urlencoded", []), blocks.get("post", [])
    if any(one.name == "grant_type" for one in form):
        return [*form, *(Variable("tokenUrl", one.value) for one in post if one.name == "url")]
    return []


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """The top-level blocks, each with its lines. A block ends at a closing bracket in the first column."""
    name, end = "", ""
    lines: list[str] = []
    for line in text.splitlines():
        opened = _BLOCK.fullmatch(line) if not name else None
        if opened is not None:
            name, lines, end = opened[1], [], "}" if opened[2] == "{" else "]"
        elif name and line.rstrip() == end:
            yield name, lines
            name = ""
        elif name:
            lines.append(line)


def _dictionary(lines: Iterable[str]) -> list[Variable]:
    """`name: value` lines; a `~` switches one off, three quotes hold several lines, a decorator says nothing here."""
    found: list[Variable] = []
    rest = iter(lines)
    for line in rest:
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or name.startswith(("~", "@", "_")) or not name:
            continue
        if value.startswith("'''"):
            value = _several([value.removeprefix("'''")], rest)
        found.append(Variable(name, value))
    return found


def _several(body: list[str], rest: Iterator[str]) -> str:
    for more in rest:
        if more.strip() == "'''":
            break
        body.append(more.strip())
    return "\n".join(body).strip()


# --- both ------------------------------------------------------------------------------------------------------------


def _draft(kind: str, name: str, path: Path, variables: list[Variable]) -> Draft:
    drafting = Drafting(kind, name, str(path), path.absolute().parent)
    tell(drafting, variables, _references(name, variables))
    told = drafting.draft()
    if not {"client_id", "username", "url"} & told.settings.keys():
        raise BadInput(
            "no name in it says who logs in or where", where=str(path), expected="such as clientId, username, loginUrl"
        )
    return told


def _references(profile: str, variables: Iterable[Variable]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in variables:
        setting = MEANINGS.get(family_and_rest(one.name)[1], "")
        if setting in SECRETS:
            process = re.fullmatch(r"\{\{\s*process\.env\.([A-Za-z_]\w{0,100})\s*\}\}", one.value)
            found[one.name] = f"env:{process[1] if process else variable_of(profile, setting)}"
    return found


def _resolved(variables: Iterable[Variable], known: Mapping[str, Variable]) -> list[Variable]:
    """The variables with their templates filled in once. What a secret fills in is a secret."""
    return [_filled(one, known) for one in variables]


def _filled(variable: Variable, known: Mapping[str, Variable]) -> Variable:
    names = [name.strip() for name in _TEMPLATE.findall(variable.value)]
    if not names or any(name not in known for name in names):
        return variable
    is_secret = variable.is_secret or any(known[name].is_secret for name in names)
    value = _TEMPLATE.sub(lambda found: known[found[1].strip()].value, variable.value)
    return replace(variable, value=value, is_secret=is_secret)
