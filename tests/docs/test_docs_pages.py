"""What docs/ shows can be typed, followed and parsed as it stands, and says what the knowledge says."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from jwtdoctor.checkup import explain
from jwtdoctor.cli.main import cli
from jwtdoctor.knowledge.load import Knowledge, knowledge_of, raw
from jwtdoctor.model.names import FLOWS
from jwtdoctor.simulator.faults import LISTED

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent.name != "causes")
CAUSES = sorted((DOCS / "causes").glob("*.md"))
FLOW_PAGES = [path for path in PAGES if path.parent.name == "flows" and path.name != "README.md"]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def name_of(path: Path) -> str:
    return str(path.relative_to(DOCS))


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, *languages: str) -> list[str]:
    return [body for _, language, body in FENCE.findall(text_of(path)) if language in languages]


# --- links


def headings(path: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#{1,6} +(.+)$", FENCE.sub("", text_of(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(page)))
    broken = []
    for link in (link for link in links if not re.match(r"[a-z]+:", link)):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)

    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    """A new page gets its row in docs/README.md."""
    reached, waiting = set(), [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = {(page.parent / link).resolve() for link in re.findall(r"\]\(([^)#\s:]+\.md)", text_of(page))}
        waiting += [target for target in targets - reached if DOCS in target.parents and target.exists()]

    assert [name_of(page) for page in [*PAGES, *CAUSES] if page not in reached] == []


# --- command lines


def shell_text(path: Path) -> Iterator[str]:
    """All that stands for a shell on a page: its blocks, what YAML hands to one, and code within sentences."""
    yield from blocks(path, "sh", "bash", "console", "cron", "")
    for block in blocks(path, "yaml"):
        yield from strings_of(yaml.safe_load(block))
    spans = re.findall(r"(?<!`)`(jwtdoctor\s[^`]+)`(?!`)", FENCE.sub("", text_of(path)))
    yield from (" ".join(span.split()) for span in spans)


def strings_of(value: Any) -> Iterator[str]:
    """Every string of a YAML document; a list that begins with the command's name is one command line."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings_of(inner)
    elif isinstance(value, list):
        yield from [shlex.join(value)] if value[:1] == ["jwtdoctor"] else [s for v in value for s in strings_of(v)]


def commands_in(text: str) -> Iterator[list[str]]:
    """The words of each call of jwtdoctor, up to a pipe, a redirection or the next command."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if "jwtdoctor" not in line or line.lstrip().startswith("#"):
            continue
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&<>()")
        lexer.whitespace_split = True
        words: list[str] | None = None
        for word in lexer:
            if set(word) <= set(";|&<>()"):
                yield from [words] if words else []
                words = None
            elif words is not None:
                words.append(word)
            elif word.rpartition("/")[2] == "jwtdoctor":
                words = []
        yield from [words] if words else []


def shown_commands(path: Path) -> list[list[str]]:
    return [[w for w in words if w != "…"] for text in shell_text(path) for words in commands_in(text)]


def problem_with(words: list[str]) -> str | None:
    """What click has to say against a command line; nothing is run."""
    parent, command = click.Context(cli, info_name="jwtdoctor"), cli.get_command(click.Context(cli), words[0])
    rest = words[1:]
    if words[0] in ("--help", "--version", "-h"):
        return None
    if isinstance(command, click.Group):
        command, rest = (command.get_command(parent, rest[0]), rest[1:]) if rest else (command, ["--help"])
    if command is None:
        return "no such command"
    try:
        command.make_context(words[0], rest, parent=parent)
    except click.exceptions.Exit:
        return None
    except click.ClickException as problem:
        return problem.format_message()
    return None


@pytest.mark.parametrize("page", [*PAGES, DOCS / "causes" / "README.md"], ids=name_of)
def test_every_command_line_that_is_shown_can_be_typed(page: Path) -> None:
    problems = {shlex.join(words): problem_with(words) for words in shown_commands(page)}

    assert {line: problem for line, problem in problems.items() if problem is not None} == {}


def test_the_reader_of_command_lines_finds_them_and_knows_a_wrong_one() -> None:
    text = "A=1 jwtdoctor check acme --quiet || cat x; kubectl logs y | .venv/bin/jwtdoctor explain - > out"

    assert list(commands_in(text)) == [["check", "acme", "--quiet"], ["explain", "-"]]
    assert sum(len(shown_commands(page)) for page in PAGES) > 60
    assert problem_with(["check", "--no-such-option"]) is not None
    assert problem_with(["chekc"]) is not None


def test_every_fault_that_is_staged_in_docs_exists() -> None:
    known = {fault.name for fault in LISTED} | {"SLUG"}
    staged = {
        words[place + 1]
        for page in [*PAGES, *CAUSES]
        for words in shown_commands(page)
        for place, word in enumerate(words[:-1])
        if word == "--simulate" and not words[place + 1].startswith("-")
    }

    assert len(staged) > 60
    assert staged - known == set()


# --- what is to be parsed


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_of_toml_json_and_yaml_parse(page: Path) -> None:
    for block in blocks(page, "toml"):
        tomllib.loads(block)
    for block in blocks(page, "json"):
        json.loads(block)
    for block in blocks(page, "yaml"):
        assert isinstance(yaml.safe_load(block), dict)


def recipes() -> dict[str, dict[str, Any]]:
    github, gitlab, kubernetes = (yaml.safe_load(block) for block in blocks(DOCS / "ci.md", "yaml"))
    return {"github": github, "gitlab": gitlab, "kubernetes": kubernetes}


def test_no_recipe_tries_a_refused_login_again() -> None:
    found = recipes()
    job = found["kubernetes"]["spec"]["jobTemplate"]["spec"]

    assert (job["backoffLimit"], job["template"]["spec"]["restartPolicy"]) == (0, "Never")
    assert found["kubernetes"]["spec"]["concurrencyPolicy"] == "Forbid"
    assert "retry" not in found["gitlab"]["login"]


def test_the_pod_reads_its_secret_only_and_writes_nothing() -> None:
    pod = recipes()["kubernetes"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert all(mount["readOnly"] for mount in container["volumeMounts"])
    assert pod["volumes"][0]["secret"]["defaultMode"] == 0o400


def test_the_settings_of_the_recipes_are_settings_of_check() -> None:
    check = cli.get_command(click.Context(cli), "check")
    assert check is not None
    known = {f"JWTDOCTOR_{param.name.upper()}" for param in check.params if param.name}
    named = set(re.findall(r"\bJWTDOCTOR_[A-Z_]+\b", text_of(DOCS / "ci.md")))

    assert len(named) >= 4
    assert named - known == set()


# --- what must be true


def suspects(page: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Each row of *What you see*: error, description, the causes that are linked."""
    for error, description, links in re.findall(
        r"^\| `(\w+)`(?: / `([^`]+)`)? \| (\[.*?) \|$", text_of(page), re.MULTILINE
    ):
        yield error, description, re.findall(r"\]\(\.\./causes/([\w-]+)\.md\)", links)


@pytest.mark.parametrize("page", FLOW_PAGES, ids=name_of)
def test_the_first_suspects_of_a_text_are_those_of_the_knowledge(page: Path) -> None:
    for error, description, causes in suspects(page):
        body = {"error": error} | ({"error_description": description} if description else {})
        reply = {"status": 400, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
        case = {"schema": "jwtdoctor.case/1", "provider": "salesforce", "flow": page.stem, "reply": reply}

        first = [verdict.cause for verdict in explain(case).verdicts[:5]]
        assert causes, error
        assert set(causes) <= set(first), (error, description, first)


def test_every_flow_that_check_sends_has_its_page() -> None:
    from jwtdoctor.probes.flows import FLOWS as SENT

    named = {path.stem for path in FLOW_PAGES}
    assert set(SENT) & set(FLOWS) <= named
    assert sum(len(list(suspects(page))) for page in FLOW_PAGES) > 35


@pytest.fixture(scope="module")
def followed() -> Knowledge:
    """The knowledge with the two files in it that the pages for contributors show."""
    (cause,), (provider,) = blocks(DOCS / "adding-a-cause.md", "toml"), blocks(DOCS / "adding-a-provider.md", "toml")
    tables = raw()
    return knowledge_of({
        **tables,
        "causes": {**tables["causes"], "client-suspended": tomllib.loads(cause)},
        "providers": {**tables["providers"], "acme-idp": tomllib.loads(provider)},
    })  # fmt: skip


def test_the_cause_and_the_provider_that_are_shown_can_be_added_as_they_stand(followed: Knowledge) -> None:
    from jwtdoctor.checkup import explain_case
    from jwtdoctor.intake.casefile import case_from

    cause = followed.causes["client-suspended"]
    for example in (*cause.examples, *cause.lookalikes):
        reply = dict(example.reply or {})
        case = case_from({"schema": "jwtdoctor.case/1", "provider": example.provider, "flow": example.flow,
                          "reply": reply}, "docs", known_providers=tuple(followed.providers))  # fmt: skip
        assert explain_case(case, followed).leaders == (example.leads_to,)
    assert [
        slug for slug, p in followed.providers.items() if any(re.search(h, "eu.idp.acme.example") for h in p.hosts)
    ] == ["acme-idp"]
    assert len(cause.title) <= 60


def test_the_table_of_exit_codes_is_that_of_the_program() -> None:
    from jwtdoctor.cli.common import INTERRUPTED, NOTHING_LEARNT, OK, REFUSED, UNUSABLE

    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", text_of(DOCS / "exit-codes.md"), re.MULTILINE)]
    assert codes == [OK, REFUSED, UNUSABLE, NOTHING_LEARNT, INTERRUPTED]


def test_the_keys_of_the_report_that_are_told_are_in_its_schema() -> None:
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
    table = text_of(DOCS / "report.md").partition("| key |")[2].partition("\n\n")[0]
    told = {key for row in table.splitlines()[2:] for key in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert len(told) >= 10
    assert told <= set(schema["properties"])
