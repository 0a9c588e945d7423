"""What can be examined: a profile, or a staged fault on loopback sockets. Nothing here knows of screens.

What is typed in the form is kept as edits over a profile, under the names of the settings: the command line that is
shown carries the same edits as options.

A subject is opened on the thread of the run, since reading secrets and starting a listener take their time. Its
draft is what the screen shows before: the same attempt without its secrets, so that looking at a profile runs no
command and asks nobody.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from jwtdoctor.checkup import DEADLINE_S
from jwtdoctor.config.attempts import attempt_of, plain_attempt, unnamed_flow
from jwtdoctor.config.profiles import PREFIX, Settings, Value, chosen, flags_alone, found_files, settings
from jwtdoctor.errors import BadInput, UnknownName
from jwtdoctor.knowledge.load import Knowledge, load
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.names import FLOWS, Reach, canonical_flow
from jwtdoctor.reasoning.recognise import provider_at
from jwtdoctor.render.words import one_line

if TYPE_CHECKING:
    from jwtdoctor.instruments.ports import Instruments
    from jwtdoctor.model.provider import Provider
    from jwtdoctor.probes.rounds import Rules
    from jwtdoctor.simulator.faults import Fault
    from jwtdoctor.simulator.providers.staged import Staged

Kind = Literal["profile", "fault"]
Ask = Callable[[str], str]
NEW = "(new request)"
"""The name of a request that is not saved as a profile yet."""
SALESFORCE = "salesforce"
"""The provider whose faults are staged where no other is chosen."""
ENVIRONMENT = "(environment)"
"""The name of settings that come from JWTDOCTOR_… variables alone."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case, the world that it is tried in, and how long that may take."""

    case: Case
    instruments: Instruments
    timeout_s: float = DEADLINE_S


@dataclass(frozen=True, slots=True)
class Clocks:
    """Whose time is asked, and what it is held against. `url`: one of the token host, asked without credentials."""

    instruments: Instruments
    url: str | None
    rules: Rules | None
    pause: Callable[[float], None] | None = None


class Subject(Protocol):
    """Something to examine."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def group(self) -> str:
        """Under which heading it is listed."""
        ...

    @property
    def summary(self) -> str:
        """What it is, in one line."""
        ...

    @property
    def edits(self) -> Mapping[str, Value]:
        """What was typed in the form, by setting."""
        ...

    @property
    def editable(self) -> frozenset[str] | None:
        """The settings that may be edited; None: all."""
        ...

    def edited(self, edits: Mapping[str, Value]) -> Subject:
        """The same subject with other edits in place of these."""
        ...

    def settings(self, knowledge: Knowledge) -> Settings:
        """What is in force, edits included. Raises BadInput."""
        ...

    def command(self, facts: Mapping[str, str]) -> str:
        """The command line that does the same. `facts`: what was answered."""
        ...

    def draft(self, knowledge: Knowledge, now: float) -> Case:
        """What would be tried, without secrets. Raises BadInput."""
        ...

    def opened(self, knowledge: Knowledge, ask: Ask) -> AbstractContextManager[Prepared]:
        """Ready to be examined until the block ends. `ask` answers `prompt`. Raises BadInput."""
        ...

    def clocks(self, knowledge: Knowledge) -> AbstractContextManager[Clocks]:
        """Its time servers and its token host, ready to be asked until the block ends. Raises BadInput."""
        ...

    def clock_command(self, *, watch: bool) -> str:
        """The command line that looks at the same clocks."""
        ...


def shell_line(*words: str, facts: Mapping[str, str] | None = None) -> str:
    """A command line, quoted for a shell."""
    told = [part for name, value in (facts or {}).items() for part in ("--fact", f"{name}={value}")]
    return shlex.join(["jwtdoctor", *words, *told])


def options_of(edits: Mapping[str, Value]) -> tuple[list[str], list[str]]:
    """The edits as options of `check`, and as variables that stand before it.

    A switch of a profile cannot be taken back by an option: there the variable says it, which comes before the file.
    """
    options: list[str] = []
    variables: list[str] = []
    for name, value in edits.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            options.append(flag)
        elif value is False:
            variables.append(f"{PREFIX}{name.upper()}=0")
        elif isinstance(value, tuple):
            options += [part for item in value for part in (flag, item)]
        else:
            options += [flag, str(value)]
    return options, variables


@dataclass(frozen=True, slots=True)
class StagedFault:
    """A fault of the simulator. The engine is never told which one it is."""

    fault: Fault | Staged
    edits: Mapping[str, Value] = field(default_factory=dict)
    kind: Kind = "fault"
    provider: str = SALESFORCE

    @property
    def editable(self) -> frozenset[str] | None:
        return frozenset({"lifetime"})

    def edited(self, edits: Mapping[str, Value]) -> StagedFault:
        return replace(self, edits={name: value for name, value in edits.items() if name == "lifetime"})

    def settings(self, knowledge: Knowledge) -> Settings:
        """What the stage holds, as settings: to look at, and in the lifetime to change."""
        case = self.draft(knowledge, 0.0)
        assert case.attempt is not None
        return staged_settings(case, self.edits)

    @property
    def name(self) -> str:
        return self.fault.name

    @property
    def group(self) -> str:
        return self.fault.flow

    @property
    def summary(self) -> str:
        return self.fault.summary

    def command(self, facts: Mapping[str, str]) -> str:
        whose = () if self.provider == SALESFORCE else ("--provider", self.provider)
        return shell_line("check", *whose, "--simulate", self.name, *options_of(self.edits)[0], facts=facts)

    def draft(self, knowledge: Knowledge, now: float) -> Case:
        from jwtdoctor.simulator.staging import staged

        scenario = staged(self.name, self.provider, knowledge=knowledge)
        return Case(provider=scenario.provider, flow=scenario.flow, attempt=self._lived(scenario.ready(now).attempt))

    def _lived(self, attempt: Attempt) -> Attempt:
        lifetime_s = self.edits.get("lifetime")
        return replace(attempt, lifetime_s=lifetime_s) if isinstance(lifetime_s, int) else attempt

    @contextmanager
    def opened(self, knowledge: Knowledge, ask: Ask) -> Iterator[Prepared]:  # noqa: ARG002
        from jwtdoctor.instruments.system import real_instruments
        from jwtdoctor.simulator.live import simulated_check

        with simulated_check(self.name, provider=self.provider) as staged:
            case = Case(
                provider=staged.provider,
                flow=staged.flow,
                observations=staged.client_facts,
                attempt=self._lived(staged.attempt),
                reach=Reach.ENDPOINT,
                warnings=staged.warnings,
            )
            # its own time server says all; narrowing the host's clock would only take time
            yield Prepared(case, replace(real_instruments(ntp=staged.ntp), host_clock=None))

    @contextmanager
    def clocks(self, knowledge: Knowledge) -> Iterator[Clocks]:
        from jwtdoctor.instruments.system import real_instruments
        from jwtdoctor.simulator.live import simulated_check

        with simulated_check(self.name, provider=self.provider) as staged:
            rules = _rules(knowledge, staged.provider, self._lived(staged.attempt))
            yield Clocks(real_instruments(ntp=staged.ntp), staged.attempt.token_url, rules, pause=lambda _: None)

    def clock_command(self, *, watch: bool) -> str:  # noqa: ARG002
        return self.command({})


@dataclass(frozen=True, slots=True)
class Profile:
    """A named profile, or with `profile` None what the environment and the form alone say."""

    profile: str | None
    summary: str = ""
    edits: Mapping[str, Value] = field(default_factory=dict)
    is_new: bool = False
    kind: Kind = "profile"

    @property
    def name(self) -> str:
        return self.profile or (NEW if self.is_new else ENVIRONMENT)

    @property
    def editable(self) -> frozenset[str] | None:
        return None

    def edited(self, edits: Mapping[str, Value]) -> Profile:
        return replace(self, edits=dict(edits))

    def settings(self, knowledge: Knowledge) -> Settings:  # noqa: ARG002
        return self._settings()

    @property
    def group(self) -> str:
        return "profiles"

    def command(self, facts: Mapping[str, str]) -> str:
        options, variables = options_of(self.edits)
        line = shell_line("check", *([self.profile] if self.profile else []), *options, facts=facts)
        return " ".join((*variables, line))

    def draft(self, knowledge: Knowledge, now: float) -> Case:  # noqa: ARG002
        found = self._settings()
        slug = _provider(found, knowledge)
        attempt, warnings = plain_attempt(found, knowledge.providers[slug])
        return self._case(found, knowledge.providers[slug], attempt, warnings)

    @contextmanager
    def opened(self, knowledge: Knowledge, ask: Ask) -> Iterator[Prepared]:
        from jwtdoctor.instruments.system import real_instruments

        found = self._settings()
        slug = _provider(found, knowledge)
        attempt, warnings = attempt_of(found, knowledge.providers[slug], ask=ask)
        instruments = real_instruments(
            ntp=found.several("ntp") or None, no_ntp=found.flag("no_ntp"), ca_file=found.text("ca_file")
        )
        case = self._case(found, knowledge.providers[slug], attempt, warnings)
        yield Prepared(case, instruments, found.number("timeout") or DEADLINE_S)

    @contextmanager
    def clocks(self, knowledge: Knowledge) -> Iterator[Clocks]:
        from jwtdoctor.instruments.system import real_instruments

        found = self._settings()
        slug = _provider(found, knowledge)
        attempt, _ = plain_attempt(found, knowledge.providers[slug])
        tools = real_instruments(
            ntp=found.several("ntp") or None, no_ntp=found.flag("no_ntp"), ca_file=found.text("ca_file")
        )
        yield Clocks(tools, attempt.token_url, _rules(knowledge, slug, attempt))

    def clock_command(self, *, watch: bool) -> str:
        named = ("--profile", self.profile) if self.profile else ()
        url = ("--url", str(self.edits["url"])) if "url" in self.edits else ()
        return shell_line("clock", *named, *url, *(("--watch",) if watch else ()))

    def _settings(self) -> Settings:
        return settings(self.profile, self.edits)

    def _case(self, found: Settings, provider: Provider, attempt: Attempt, warnings: tuple[str, ...]) -> Case:
        return Case(
            provider=provider.slug,
            flow=_flow(found, provider),
            attempt=attempt,
            reach=Reach.ENDPOINT,
            profile=self.profile,
            warnings=(*found.warnings, *warnings),
        )


def staged_settings(case: Case, edits: Mapping[str, Value]) -> Settings:
    """What a staged case holds, as settings: to look at, never to be sent from."""
    attempt = case.attempt
    assert attempt is not None
    told: dict[str, Value | None] = {
        "provider": case.provider,
        "flow": case.flow,
        "url": attempt.token_url,
        "client_id": attempt.client_id or None,
        "username": attempt.username or None,
        "audience": attempt.audience,
        "lifetime": attempt.lifetime_s,
        "no_iat": not attempt.iat or None,
        "no_pkce": not attempt.pkce or None,
        "kid": attempt.kid,
        "alg": attempt.alg,
        "redirect_uri": attempt.redirect_uri,
        "scope": attempt.scope,
        "dpop": attempt.dpop or None,
    }
    return flags_alone({**told, **edits})


def _rules(knowledge: Knowledge, provider: str, attempt: Attempt) -> Rules:
    from jwtdoctor.probes.rounds import Rules

    return Rules(knowledge.providers[provider], attempt.lifetime_s, attempt.iat)


def _provider(found: Settings, knowledge: Knowledge) -> str:
    slug = found.text("provider") or provider_at(found.text("url") or "", knowledge)
    if slug not in knowledge.providers:
        raise UnknownName("no provider of that name", where="provider", expected=", ".join(knowledge.provider_names))
    return slug


def _flow(found: Settings, provider: Provider) -> str:
    flow = canonical_flow(found.text("flow") or unnamed_flow(found, provider))
    if flow is None:
        raise UnknownName("no flow of that name", where="flow", expected=", ".join(FLOWS))
    return flow


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that can be chosen, and what is chosen at the start."""

    profiles: tuple[Subject, ...] = ()
    faults: tuple[Subject, ...] = ()
    start: Subject | None = None
    warnings: tuple[str, ...] = field(default=())
    provider: str = SALESFORCE
    """Whose faults these are."""
    note: str = ""
    """Why they are not those of the provider that was asked for."""

    def at(self, provider: str, knowledge: Knowledge) -> Catalogue:
        """With the faults of this provider in place of Salesforce's, as `simulate --provider … --list` has them.

        Where none of its faults can be staged, Salesforce's stay, and `note` says why.
        """
        if provider == self.provider:
            return self
        from jwtdoctor.simulator.providers.staged import staged

        try:
            rows = staged(knowledge.providers[provider])
        except BadInput as problem:
            return replace(self, note=problem.what)
        return replace(self, faults=tuple(StagedFault(row, provider=provider) for row in rows), provider=provider)

    def __iter__(self) -> Iterator[Subject]:
        yield from self.profiles
        yield from self.faults

    def matching(self, words: str) -> tuple[Subject, ...]:
        """Those whose name, summary or group holds every word, in their order."""
        wanted = words.lower().split()
        return tuple(s for s in self if all(word in _haystack(s) for word in wanted))


def _haystack(subject: Subject) -> str:
    return f"{subject.name} {subject.summary} {subject.group}".lower()


def catalogue(profile: str | None = None) -> Catalogue:
    """The profiles of this machine and the staged faults, by flow.

    `profile` (else JWTDOCTOR_PROFILE, else `[profile.default]`) is chosen at the start. Raises UnknownName for a
    profile that does not exist, BadProfile for a settings file that cannot be read.
    """
    import os

    from jwtdoctor.simulator.faults import FAULTS

    warnings: list[str] = []
    files = found_files(warnings=warnings)
    name = chosen(profile, os.environ, files)
    names = sorted({known for file in files for known in file.profiles})
    profiles: list[Subject] = [_profile(known) for known in names]
    if not profiles and settings(None, {}).text("url") is not None:
        profiles.append(_profile(None))
    start = next((p for p in profiles if p.name == name), None)
    faults = sorted(FAULTS, key=lambda fault: FLOWS.index(fault.flow))
    return Catalogue(tuple(profiles), tuple(StagedFault(f) for f in faults), start, tuple(warnings))


def _profile(name: str | None) -> Profile:
    found = settings(name, {})
    knowledge = load()
    slug = found.text("provider") or provider_at(found.text("url") or "", knowledge)
    flow = found.text("flow") or unnamed_flow(found, knowledge.provider_or_generic(slug))
    parts = (slug, flow, found.text("url"))
    return Profile(name, one_line(" · ".join(part for part in parts if part), 120))
