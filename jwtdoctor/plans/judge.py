"""From the content of a plan and what was observed to its lines. Pure; the only place where a row is decided.

A row is a decision table: the first case whose conditions were all *observed* and hold speaks. A condition on
something that nobody saw neither holds nor fails, so that such a row is open and says what was not observed. The
tables are data, since they are content; what they look at are observed facts alone, so that every line can name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from jwtdoctor.errors import UnknownName
from jwtdoctor.intake.redact import clean
from jwtdoctor.knowledge.planning import CHOICES, Condition, PlanContent, PlanRow, RowCase, plan_content
from jwtdoctor.model.commands import AUDIT, LINT, command_for
from jwtdoctor.model.plan import Line, Mark, Plan, Sighting
from jwtdoctor.plans.evidence import Seen
from jwtdoctor.reasoning.operators import meets

MOST_MISSING = 4
COMMANDS = {
    "check:": "jwtdoctor check",
    "said:": "jwtdoctor check",
    "logs:": "jwtdoctor logs PATH",
    "lint:": LINT,
    "apps:": "jwtdoctor audit --apps --sf ALIAS",
    "assertion.": "jwtdoctor check",
    "request.": "jwtdoctor check",
    "key.": "jwtdoctor check",
    "app.scopes": LINT,
    "app.session_policy": AUDIT,
    "app.staged_credentials": AUDIT,
    "app.certificate_not_after_in_s": LINT,
    "user.within_login_hours": AUDIT,
}
"""What shows a thing that no question of a diagnosis is about, by its name or the beginning of it."""


def plan_of(name: str, seen: Seen, about: tuple[str, ...] = (), accepted: Mapping[str, str] | None = None) -> Plan:
    """One of PLANS, decided by what was seen. `accepted`: line -> why it is accepted as it is.

    Raises UnknownName for an accepted line that the plan does not have.
    """
    content = plan_content(name)
    title = content.titles.get(str(seen.choices["of"].value), content.title) if "of" in seen.choices else content.title
    lines = _with_accepted(lines_of(content, seen), accepted or {})
    return Plan(name, title, seen.flow, lines, content.numbered, about, seen.warnings)


def _with_accepted(lines: tuple[Line, ...], accepted: Mapping[str, str]) -> tuple[Line, ...]:
    """What somebody has decided to live with, or knows better than any evidence, is ticked in that person's name."""
    unknown = accepted.keys() - {line.id for line in lines}
    if unknown:
        known = ", ".join(line.id for line in lines)
        raise UnknownName("the plan has no such line", where="--accept", expected=known)
    return tuple(_accepted(line, accepted[line.id]) if line.id in accepted else line for line in lines)


def _accepted(line: Line, reason: str) -> Line:
    rests_on = (Sighting("accepted", True, "user"), *line.rests_on)
    return replace(
        line, mark="ok", text=f"Accepted: {clean(reason)}. {line.text}", rests_on=rests_on, do="", command=""
    )


def lines_of(content: PlanContent, seen: Seen) -> tuple[Line, ...]:
    """The lines that apply, in their order."""
    return tuple(line for row in content.rows if (line := line_of(row, seen)) is not None)


def line_of(row: PlanRow, seen: Seen) -> Line | None:
    """The line of a row; None where something that was observed says that it does not apply."""
    if any(holds(condition, seen) is False for condition in row.only):
        return None
    if not row.cases:
        return _line(row, seen, row.mark, row.say, row.only, row.do, row.command)
    case = next((one for one in row.cases if all(holds(condition, seen) for condition in one.when)), None)
    if case is None:
        return _open(row, seen)
    return _line(row, seen, case.mark, case.say, (*case.when, *row.only), case.do, case.command)


def holds(condition: Condition, seen: Seen) -> bool | None:
    """Whether a condition holds; None where nobody saw what it looks at."""
    found = seen.look(condition.name)
    if found is None:
        return None
    return all(meets(found.value, operator, operand) for operator, operand in condition.tests)  # type: ignore[arg-type]


def command_to_see(name: str) -> str:
    """The command of ours that shows what is known under this name; empty where none does."""
    prefix = next((prefix for prefix in COMMANDS if name.startswith(prefix)), "")
    return command_for(name, "salesforce") or COMMANDS.get(prefix, "")


def _line(row: PlanRow, seen: Seen, mark: Mark, text: str, looks: Iterable[Condition], do: str, command: str) -> Line:
    """What was observed of `looks`, choices only where nothing else was: they are told above all lines."""
    names = tuple(dict.fromkeys(condition.name for condition in looks))
    sightings = tuple(found for name in names if (found := seen.look(name)) is not None)
    facts = tuple(found for found in sightings if found.name not in CHOICES)
    missing = tuple(name for name in names if seen.look(name) is None)
    return Line(row.id, row.section, row.name, mark, text, facts or sightings, missing, do, command,
                row.sureness, row.sources)  # fmt: skip


def _open(row: PlanRow, seen: Seen) -> Line:
    looks = (*row.only, *_still_possible(row.cases, seen))
    missing = tuple(dict.fromkeys(c.name for c in looks if seen.look(c.name) is None))[:MOST_MISSING]
    every = [condition.name for case in row.cases for condition in case.when if condition.name not in CHOICES]
    rests: list[Sighting] = [found for name in dict.fromkeys(every) if (found := seen.look(name)) is not None]
    shows = row.command or next((shown for name in missing if (shown := command_to_see(name))), "")
    text = f"Right here: {row.right} {row.open}" if row.right else row.open
    return Line(row.id, row.section, row.name, "open", text, tuple(rests), missing, row.do, shows,
                row.sureness, row.sources)  # fmt: skip


def _still_possible(cases: Iterable[RowCase], seen: Seen) -> Iterator[Condition]:
    """Conditions of the cases that nothing observed speaks against."""
    for case in cases:
        if all(holds(condition, seen) is not False for condition in case.when):
            yield from case.when
