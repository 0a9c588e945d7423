"""`jwtdoctor compare A B`: two assertions, requests, cases or reports, and what of their difference matters here.

Decisions where the contract is silent:
- What each input is shows in itself: a JWT (or a request that holds one) is compared claim by claim, anything else
  fact by fact; a saved JSON report adds its verdicts. An assertion against a case is compared by the facts that both
  have.
- The exit code is 0 whatever differs: to differ is no fault. What cannot be read is 2.
"""

from __future__ import annotations

import json
import re
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.attempt import gather, provider_name
from jwtdoctor.cli.common import OK, Common, common_options, emit, emit_document, one_line, report_document
from jwtdoctor.cli.completion import providers
from jwtdoctor.cli.findings import wrapped
from jwtdoctor.config.profiles import flags_alone
from jwtdoctor.errors import BadInput, NotAJwt

if TYPE_CHECKING:
    from jwtdoctor.assertions.decode import Decoded
    from jwtdoctor.reasoning.compare import Difference, Side

FIRST_VERDICTS = 5
TITLES = {
    "yes": "What matters at {provider}",
    "unknown": "What may matter",
    "no": "What does not matter at {provider}",
}


@click.command("compare", short_help="Two assertions, requests, cases or reports, claim by claim.")
@click.argument("a")
@click.argument("b")
@click.option("--provider", metavar="NAME", shell_complete=providers, help="Whose rules apply.  [default: salesforce]")
@common_options("text", "json")
def command(common: Common, a: str, b: str, **flags: Any) -> int:
    """Compares two assertions, requests, cases or reports, and says what of it matters.

    A and B are paths, or - for stdin (one of them): a token, a request body, curl -v output, a HAR, a case file, a
    JSON report.

    \b
    jwtdoctor sign … --as sf > theirs; jwtdoctor sign … > ours
    jwtdoctor compare ours theirs
    """
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.reasoning.compare import compare

    knowledge = load()
    found = gather(common, flags) if common.profile else flags_alone(flags)
    provider = knowledge.providers[provider_name(found, knowledge)]
    if a == b == "-":
        raise BadInput("only one of the two can be stdin", expected="two paths, or a path and -")
    sides = _side(a), _side(b)
    differences = compare(*sides, provider, knowledge)
    if common.format == "json":
        emit_document(common, _document(sides, differences, provider.slug, found.profile))
    else:
        emit(common, "\n".join(_lines(common, sides, differences, provider.title)))
    return OK


# --- reading ---------------------------------------------------------------------------------------------------------


def _side(argument: str) -> Side:
    from jwtdoctor.intake.arguments import open_argument

    if re.match(r"eyJ[\w=+/-]*\.", argument):
        return _of_text(argument, "the argument")
    if argument == "-" and sys.stdin is None:
        raise BadInput("is closed", where="stdin", expected="one of the two")
    content, where = open_argument(argument, sys.stdin.buffer if argument == "-" else BytesIO())
    return _of_text(content if isinstance(content, str) else _decoded(content, where), one_line(where))


def _decoded(data: bytes, where: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        raise BadInput(f"is not text: byte {problem.start + 1} is not UTF-8", where=where) from None


def _of_text(text: str, where: str) -> Side:
    from jwtdoctor.intake.read import read
    from jwtdoctor.model.chart import Chart
    from jwtdoctor.reasoning.compare import Side

    document = _json_of(text)
    if "schema" not in document and isinstance(document.get("claims"), dict):
        return Side(where, _members(document.get("header")), _members(document["claims"]))
    decoded = None if "schema" in document else _assertion_of(text, where)
    if decoded is not None and _is_token(text):
        return Side(where, _members(decoded.header), _members(decoded.claims), _facts_of(decoded))
    case = read(text, where=where)
    seen = Chart.of(case.observations)
    if case.reply is not None:
        from jwtdoctor.intake.reply_facts import observe_reply

        seen = Chart.of(observe_reply(case.reply)).plus(seen)
    signed = document.get("assertion") if isinstance(document.get("assertion"), dict) else {}
    header, claims = _members(signed.get("header")), _members(signed.get("claims"))  # type: ignore[union-attr]
    if decoded is not None:
        header, claims = _members(decoded.header), _members(decoded.claims)
    if not len(seen) and not claims:
        raise BadInput(
            "nothing in it can be compared", where=where, expected="an assertion, a request, a case or a report"
        )
    return Side(where, header, claims, seen, _scores(document), case.flow)


def _json_of(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text.lstrip()[:1] == "{" else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_token(text: str) -> bool:
    return re.fullmatch(r"\s*(?:[Bb]earer\s+)?[\w=+/-]+\.[\w=+/-]*\.[\w=+/-]*\s*", text) is not None


def _assertion_of(text: str, where: str) -> Decoded | None:
    from jwtdoctor.assertions.decode import take_apart
    from jwtdoctor.assertions.find import find_assertion

    try:
        return take_apart(find_assertion(text, where).text, where)
    except NotAJwt:
        if _is_token(text) and text.strip().startswith("eyJ"):
            raise
        return None


def _facts_of(decoded: Decoded) -> Any:
    from jwtdoctor.assertions.decode import observe
    from jwtdoctor.model.chart import Chart

    return Chart.of(observe(decoded.header, decoded.claims, at=None))


def _members(members: Any) -> dict[str, Any]:
    """Members without secrets and without what a terminal would obey."""
    from jwtdoctor.assertions.inspect import is_secret_name
    from jwtdoctor.intake.redact import clean_value
    from jwtdoctor.model.secret import REDACTED

    if not isinstance(members, dict):
        return {}
    return {
        one_line(name): REDACTED if is_secret_name(name) and value else clean_value(value)
        for name, value in members.items()
    }


def _scores(document: dict[str, Any]) -> dict[str, int]:
    """Cause to score of a JSON report, the first few."""
    rows = document.get("verdicts")
    found: dict[str, int] = {}
    for row in rows[:FIRST_VERDICTS] if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("score"), int):
            found[one_line(row.get("cause"))[:80]] = row["score"]
    return found


# --- the answer ------------------------------------------------------------------------------------------------------


def _lines(common: Common, sides: tuple[Side, Side], differences: tuple[Difference, ...], title: str) -> list[str]:
    lines = [f"A  {one_line(sides[0].name)}", f"B  {one_line(sides[1].name)}", ""]
    if not differences:
        return [*lines, "They do not differ in anything that is compared."]
    for matters, heading in TITLES.items():
        chosen = [one for one in differences if one.matters == matters and not _is_idle(common, one)]
        if chosen:
            lines += [heading.format(provider=title), *(line for one in chosen for line in _rows(common, one)), ""]
    idle = [one.name for one in differences if _is_idle(common, one)]
    if idle:
        lines += wrapped(common, "Not looked at by any cause: ", ", ".join(idle), 2)
        return lines
    return lines[:-1]


def _is_idle(common: Common, one: Difference) -> bool:
    """A fact that no cause looks at: only named, unless --verbose."""
    return one.part == "fact" and one.matters == "no" and not one.causes and not common.verbose


def _rows(common: Common, one: Difference) -> list[str]:
    from jwtdoctor.reasoning.compare import shown

    name = one.name if one.part in ("fact", "verdict") else f"{one.part} {one.name}"
    lines = [f"  {one_line(name)}"]
    lines += wrapped(common, "    A  ", one_line(shown(one.a)), 7)
    lines += wrapped(common, "    B  ", one_line(shown(one.b)), 7)
    causes = f"; can lead to {', '.join(one.causes)}" if one.causes and one.part != "verdict" else ""
    lines += wrapped(common, "    ", one_line(one.because + causes), 4)
    return lines


def _document(
    sides: tuple[Side, Side], differences: tuple[Difference, ...], provider: str, profile: str | None
) -> dict[str, Any]:
    return report_document(
        "compare",
        provider=provider,
        profile=profile,
        a=one_line(sides[0].name),
        b=one_line(sides[1].name),
        differences=[
            {
                "part": one.part,
                "name": one.name,
                "a": one.a,
                "b": one.b,
                "matters": one.matters,
                "because": one.because,
                "causes": list(one.causes),
            }
            for one in differences
        ],
    )
