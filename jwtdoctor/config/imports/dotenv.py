"""A `.env`: lines of NAME=VALUE, as Docker, dotenv libraries and shells read them.

Its secrets stay where they are: the profile refers to the variables by name, and whoever runs a check loads the file
first, as the failing program does. Variables of our own (`JWTDOCTOR_URL` …) mean what they mean in the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from jwtdoctor.config.imports import snowflake
from jwtdoctor.config.imports.draft import Draft, Drafting, LeftOut, name_of
from jwtdoctor.config.imports.names import Variable, by_family, family_and_rest, stem_of, tell
from jwtdoctor.config.profiles import PREFIX, RESERVED, SETTINGS, checked, parsed
from jwtdoctor.errors import BadInput, BadProfile

KIND = ".env file"
MOST_LINES = 5_000
_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]{0,100})[ \t]*=[ \t]*(.*)")


def fits(text: str) -> bool:
    """Whether this looks like a `.env`: its first line that is no comment is NAME=VALUE."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    first = next(lines, "")
    return _LINE.fullmatch(first) is not None


def drafts(text: str, path: Path, fingerprint: snowflake.Fingerprint) -> list[Draft]:
    """One draft a login. Raises BadInput where the file holds none, or is longer than any `.env`."""
    if text.count("\n") > MOST_LINES:
        raise BadInput(f"has more than {MOST_LINES} lines", where=str(path), expected="a .env file")
    variables = list(_variables(text))
    own = [one for one in variables if one.name.startswith(PREFIX)]
    others = by_family(one for one in variables if not one.name.startswith(PREFIX))
    if own:
        others = {next(iter(others)): next(iter(others.values()))} if len(others) == 1 else {"": []}
    if not others:
        raise BadInput(
            "no name in it says who logs in", where=str(path),
            expected="such as SF_CLIENT_ID, SALESFORCE_USERNAME or JWTDOCTOR_CLIENT_ID",
        )  # fmt: skip
    stem = name_of(stem_of(path))
    found = []
    for family, members in others.items():
        name = stem if len(others) == 1 else f"{stem}-{family or 'plain'}"
        drafting = Drafting(KIND, name, str(path), path.absolute().parent)
        _tell(drafting, members, own)
        _tell_family(drafting, family, members, fingerprint)
        found.append(drafting.draft())
    return found


def _tell(drafting: Drafting, members: list[Variable], own: list[Variable]) -> None:
    for one in own:
        _tell_own(drafting, one)
    tell(drafting, members, {one.name: f"env:{one.name}" for one in members if re.fullmatch(r"\w+", one.name)})
    if any(left.ref.startswith("env:") for left in drafting.left_out):
        drafting.notes.append("load the file before a check, in bash: set -a; . FILE; set +a")


def _tell_family(drafting: Drafting, family: str, members: list[Variable], fingerprint: snowflake.Fingerprint) -> None:
    """What follows from whose login it is, where no variable says it."""
    said = {family_and_rest(one.name)[1]: one.value for one in members}
    if family == "github":
        drafting.say("provider", "github", "the names of the variables")
    elif family == "snowflake":
        drafting.say("provider", "snowflake", "the names of the variables")
        drafting.say("flow", "api-jwt", "the names of the variables")
        drafting.settings.pop("username", None)
        snowflake.tell_login(drafting, said.get("account"), said.get("user") or said.get("username"), said.get("host"),
                             fingerprint)  # fmt: skip
    elif family == "salesforce" and "url" not in drafting.settings:
        drafting.say("url", "https://login.salesforce.com", "no variable")
        drafting.notes.append("no variable names a host: login.salesforce.com is what other clients take then")


def _tell_own(drafting: Drafting, variable: Variable) -> None:
    key = variable.name.removeprefix(PREFIX).lower()
    if key == "profile":
        drafting.name = name_of(variable.value, drafting.name)
    elif variable.name.removeprefix(PREFIX) in RESERVED or key not in SETTINGS:
        drafting.ignored.append(variable.name)
    elif SETTINGS[key] == "path":
        drafting.path(key, variable.value, variable.name)
    elif variable.value:
        try:
            drafting.say(key, checked(key, parsed(SETTINGS[key], variable.value), variable.name), variable.name)
        except BadProfile as problem:
            drafting.left_out.append(LeftOut(variable.name, problem.what, key))


def _variables(text: str) -> Iterator[Variable]:
    """Every variable, quotes taken off. A quoted value may hold line breaks, as keys do."""
    lines = iter(text.splitlines())
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is not None:
            yield Variable(found[1], _value(found[2].strip(), lines))


def _value(text: str, rest: Iterator[str]) -> str:
    quote = text[:1]
    if quote not in ("'", '"', "`"):
        return re.split(r"\s#", text, maxsplit=1)[0].strip()
    body = [text[1:]]
    while quote not in body[-1]:
        more = next(rest, None)
        if more is None:
            break
        body.append(more)
    return "\n".join(body).partition(quote)[0]
