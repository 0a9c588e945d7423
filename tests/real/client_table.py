"""`docs/real-clients.md`: what each real client printed at each fault, as a table that is written and read back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from client_runs import Seen, accepted_causes, explained
from installed import PARTS
from real_clients import CLIENTS, Client

PAGE = Path(__file__).resolve().parents[2] / "docs" / "real-clients.md"
MAX_LINE = 260
MAX_LINES = 8
NOTHING = "(nothing)"

HEAD = """# What real clients print

Clients that nobody here wrote, run unmodified against `jwtdoctor simulate` over TLS, in a network namespace that holds
only loopback. Each meets every staged fault that it can get into; faults that end in the same words share a row.
`tests/real/record_clients.py --write` writes this page, and `tests/real/test_real_clients.py` runs the clients again
and compares.

- **prints**: the telling lines of what the program wrote, each once: of a traceback or a stack the message.
- **asks**: how often the token (or authorize) endpoint was asked in one run, if more than once.
- **explain**: what `jwtdoctor explain` names first when it gets the whole output, and nothing else. Causes that the
  same words cannot tell apart are all staged in the row, and only some of them lead. **Bold**: one of those staged in
  the row. `-`: the words name none.

A row without a verdict logged in. The Salesforce CLI signs `exp` in milliseconds, so that no clock makes its assertions
late, and takes the instance URL as the audience; CumulusCI signs `exp` as the present second, and lives on the
service's tolerance.
"""


def said(printed: str) -> list[str]:
    """The telling lines of what a client printed, without paths, addresses and repetitions."""
    lines = [_plain(line) for line in _with_gaps(_message(printed.splitlines()))]
    kept = dict.fromkeys(line for line in lines if line and not _NOISE.fullmatch(line))
    return list(kept)[:MAX_LINES]


_NOISE = re.compile(r"at .+|Node\.js v\S+|\^+|[{}\[\]]+,?|Emitted .{1,80} event on .{1,80} instance at:")
_CLI_PREFACE = (
    "We encountered a JSON web token error, which is likely not an issue with Salesforce CLI. Here’s the error:"
)
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*\w(:|$)")


def _message(lines: list[str]) -> list[str]:
    """From the last exception of a traceback on; from behind the caret line of a Node stack on; else everything."""
    tracebacks = [n for n, line in enumerate(lines) if line.startswith("Traceback (most recent")]
    if tracebacks:
        rest = lines[tracebacks[-1] + 1 :]
        start = next((n for n, line in enumerate(rest) if _EXCEPTION.match(line)), 0)
        return rest[start:]
    carets = [n for n, line in enumerate(lines) if re.fullmatch(r"\s*\^+", line)]
    return lines[carets[-1] + 1 :] if carets else lines


def _with_gaps(lines: list[str]) -> list[str]:
    """The empty lines inside the CLI's list of errors are answers without a description: they are said."""
    start = next((n for n, line in enumerate(lines) if line.startswith("Errors encountered:")), None)
    if start is None:
        return lines
    is_page = any("<html" in line for line in lines)
    end = max(n for n, line in enumerate(lines) if line.strip())
    inside = [line if line.strip() or is_page else "(an empty line)" for line in lines[start : end + 1]]
    return [*lines[:start], *inside]


def _plain(line: str) -> str:
    """One line without what differs from run to run or from machine to machine."""
    line = line.replace(str(PARTS), "…").replace(_CLI_PREFACE, "…").strip()
    line = re.sub(r"/tmp/\S*jwtdoctor-walled-\w+", "…", line)
    line = re.sub(r" at 0x[0-9a-f]+", "", line)
    line = re.sub(r" ?\(_ssl\.c:\d+\)", "", line)
    line = re.sub(r"\b(code|state|oauth_token)=[^&\s]{20,}", r"\1=…", line)
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…"


# --- writing ----------------------------------------------------------------------------------------------------


def page(seen: Iterable[Seen], versions: Mapping[str, str]) -> str:
    """The whole page."""
    by_client: dict[str, list[Seen]] = {}
    for one in seen:
        by_client.setdefault(one.client, []).append(one)
    sections = [_section(client, by_client[client.name], versions) for client in CLIENTS if client.name in by_client]
    return HEAD + "".join(sections)


def _section(client: Client, seen: list[Seen], versions: Mapping[str, str]) -> str:
    rows: dict[tuple[str, ...], list[Seen]] = {}
    for one in seen:
        rows.setdefault((*said(one.printed), _ending(one)), []).append(one)
    lines = [
        f"\n## {client.name}\n",
        f"{client.package} {versions.get(client.package, '')}, {client.flow}.\n".replace(" ,", ","),
        "| fault | prints | asks | explain |",
        "| --- | --- | --- | --- |",
        *(_row(group) for group in rows.values()),
    ]
    return "\n".join(lines) + "\n"


def _row(group: list[Seen]) -> str:
    first = group[0]
    lines = said(first.printed) or [NOTHING]
    asked = len([one for one in first.asked if one["path"].endswith(("/token", "/authorize"))])
    cells = (
        " ".join(_code(one.fault) for one in group),
        "<br>".join(_code(line) for line in lines) + _ending(first),
        str(asked) if asked > 1 else "",
        "" if first.logged_in else _leaders(group),
    )
    return f"| {' | '.join(cells)} |"


def _ending(one: Seen) -> str:
    return " and waits on" if one.exit_code is None else ""


def _leaders(group: list[Seen]) -> str:
    leaders = explained(group[0].printed).leaders if group[0].printed.strip() else ()
    right = {slug for one in group for slug in accepted_causes(one.fault)}
    return " ".join(f"**{_code(slug)}**" if slug in right else _code(slug) for slug in leaders) or "-"


def _code(text: str) -> str:
    """A code span of a table cell; backticks and bars are written so that both survive."""
    shown = text.replace("`", "ʼ").replace("|", "¦")
    return f"`{shown}`"


# --- reading ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """What the page says of one client at one fault: the lines, and the right causes that lead."""

    prints: list[str]
    right: list[str]


def recorded(text: str) -> dict[tuple[str, str], Row]:
    """(client, fault) -> what the page says."""
    found: dict[tuple[str, str], Row] = {}
    client = ""
    for line in text.splitlines():
        if line.startswith("## "):
            client = line[3:]
        elif client and line.startswith("| `"):
            faults, prints, _, explain = line.removeprefix("| ").removesuffix(" |").split(" | ")
            row = Row(_codes(prints), re.findall(r"\*\*`([^`]+)`\*\*", explain))
            found |= {(client, fault): row for fault in _codes(faults)}
    return found


def _codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def comparable(printed: str) -> list[str]:
    """`said`, as the page can hold it."""
    return [_code(line)[1:-1] for line in said(printed) or [NOTHING]]
