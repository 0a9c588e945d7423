"""As much of JSON Schema as `docs/*.schema.json` uses. A keyword that is not known here is a mistake of the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
REMARKS = {"$schema", "$defs", "title", "description"}


def complaints(document: Any, name: str) -> list[str]:
    """What in the document does not fit `docs/NAME.schema.json`, each with its place."""
    schema = json.loads((DOCS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return list(_complaints(document, schema, schema, name))


def _complaints(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str) -> list[str]:
    found: list[str] = []
    for keyword, wanted in schema.items():
        if keyword not in REMARKS:
            found += _of_keyword(keyword, wanted, value, schema, root, place)
    return found


def _of_keyword(
    keyword: str, wanted: Any, value: Any, schema: dict[str, Any], root: dict[str, Any], place: str
) -> list[str]:
    match keyword:
        case "$ref":
            target = root
            for step in wanted.removeprefix("#/").split("/"):
                target = target[step]
            return _complaints(value, target, root, place)
        case "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            return [] if any(_is(value, name) for name in names) else [f"{place}: {type(value).__name__}, not {names}"]
        case "const":
            return [] if value == wanted else [f"{place}: {value!r}, not {wanted!r}"]
        case "enum":
            return [] if value in wanted else [f"{place}: {value!r} is none of {wanted}"]
        case "pattern":
            is_wrong = isinstance(value, str) and re.search(wanted, value) is None
            return [f"{place}: {value!r} does not match {wanted}"] if is_wrong else []
        case "minimum":
            return [f"{place}: {value} < {wanted}"] if _is(value, "number") and value < wanted else []
        case "minLength" | "minItems":
            return [f"{place}: shorter than {wanted}"] if hasattr(value, "__len__") and len(value) < wanted else []
        case "maxLength" | "maxItems":
            return [f"{place}: longer than {wanted}"] if hasattr(value, "__len__") and len(value) > wanted else []
        case "items":
            items = enumerate(value) if isinstance(value, list) else ()
            return [c for n, item in items for c in _complaints(item, wanted, root, f"{place}[{n}]")]
        case "required":
            missing = set(wanted) - value.keys() if isinstance(value, dict) else ()
            return [f"{place}.{name}: missing" for name in missing]
        case "properties":
            known = value.items() if isinstance(value, dict) else ()
            return [
                c
                for name, item in known
                if name in wanted
                for c in _complaints(item, wanted[name], root, f"{place}.{name}")
            ]
        case "additionalProperties":
            return _of_others(wanted, value, schema, root, place)
    raise AssertionError(f"the small validator knows no {keyword}")


def _of_others(wanted: Any, value: Any, schema: dict[str, Any], root: dict[str, Any], place: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    others = {name: item for name, item in value.items() if name not in schema.get("properties", {})}
    if wanted is False:
        return [f"{place}.{name}: unknown" for name in others]
    return [c for name, item in others.items() for c in _complaints(item, wanted, root, f"{place}.{name}")]


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (not isinstance(value, bool) or name == "boolean")
