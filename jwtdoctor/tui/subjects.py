"""What can be examined: a profile, or a staged fault on loopback sockets. Nothing here knows of screens.

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
from jwtdoctor.config.attempts import DEFAULT_FLOW, DEFAULT_PROVIDER, attempt_of, plain_attempt
from jwtdoctor.config.profiles import Settings, chosen, found_files, settings
from jwtdoctor.errors import UnknownName
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.names import FLOWS, Reach, canonical_flow
from jwtdoctor.reasoning.recognise import provider_of_url
from jwtdoctor.render.words import one_line

if TYPE_CHECKING:
    from jwtdoctor.instruments.ports import Instruments
    from jwtdoctor.knowledge.load import Knowledge
    from jwtdoctor.simulator.faults import Fault

Kind = Literal["profile", "fault"]
Ask = Callable[[str], str]
ENVIRONMENT = "(environment)"
"""The name of settings that come from JWTDOCTOR_… variables alone."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case, the world that it is tried in, and how long that may take."""

    case: Case
    instruments: Instruments
    timeout_s: float = DEADLINE_S


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

    def command(self, facts: Mapping[str, str]) -> str:
        """The command line that does the same. `facts`: what was answered."""
        ...

    def draft(self, knowledge: Knowledge, now: float) -> Case:
        """What would be tried, without secrets. Raises BadInput."""
        ...

    def opened(self, knowledge: Knowledge, ask: Ask) -> AbstractContextManager[Prepared]:
        """Ready to be examined until the block ends. `ask` answers `prompt`. Raises BadInput."""
        ...


def shell_line(*words: str, facts: Mapping[str, str]) -> str:
    """A command line, quoted for a shell."""
    told = [part for name, value in facts.items() for part in ("--fact", f"{name}={value}")]
    return shlex.join(["jwtdoctor", *words, *told])


@dataclass(frozen=True, slots=True)
class StagedFault:
    """A fault of the simulator. The engine is never told which one it is."""

    fault: Fault
    kind: Kind = "fault"

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
        return shell_line("check", "--simulate", self.name, facts=facts)

    def draft(self, knowledge: Knowledge, now: float) -> Case:  # noqa: ARG002
        from jwtdoctor.simulator.live import PROVIDER
        from jwtdoctor.simulator.world import stage

        scenario = stage(self.name)
        return Case(provider=PROVIDER, flow=scenario.flow, attempt=scenario.ready(now).attempt)

    @contextmanager
    def opened(self, knowledge: Knowledge, ask: Ask) -> Iterator[Prepared]:  # noqa: ARG002
        from jwtdoctor.instruments.system import real_instruments
        from jwtdoctor.simulator.live import simulated_check

        with simulated_check(self.name) as staged:
            case = Case(
                provider=staged.provider,
                flow=staged.flow,
                observations=staged.client_facts,
                attempt=staged.attempt,
                reach=Reach.ENDPOINT,
            )
            # its own time server says all; narrowing the host's clock would only take time
            yield Prepared(case, replace(real_instruments(ntp=staged.ntp), host_clock=None))


@dataclass(frozen=True, slots=True)
class Profile:
    """A named profile, or with `profile` None what the environment alone says."""

    profile: str | None
    summary: str = ""
    kind: Kind = "profile"

    @property
    def name(self) -> str:
        return self.profile or ENVIRONMENT

    @property
    def group(self) -> str:
        return "profiles"

    def command(self, facts: Mapping[str, str]) -> str:
        return shell_line("check", *([self.profile] if self.profile else []), facts=facts)

    def draft(self, knowledge: Knowledge, now: float) -> Case:  # noqa: ARG002
        found = self._settings()
        slug = _provider(found, knowledge)
        attempt, warnings = plain_attempt(found, knowledge.providers[slug])
        return self._case(found, slug, attempt, warnings)

    @contextmanager
    def opened(self, knowledge: Knowledge, ask: Ask) -> Iterator[Prepared]:
        from jwtdoctor.instruments.system import real_instruments

        found = self._settings()
        slug = _provider(found, knowledge)
        attempt, warnings = attempt_of(found, knowledge.providers[slug], ask=ask)
        instruments = real_instruments(
            ntp=found.several("ntp") or None, no_ntp=found.flag("no_ntp"), ca_file=found.text("ca_file")
        )
        yield Prepared(self._case(found, slug, attempt, warnings), instruments, found.number("timeout") or DEADLINE_S)

    def _settings(self) -> Settings:
        return settings(self.profile, {})

    def _case(self, found: Settings, provider: str, attempt: Attempt, warnings: tuple[str, ...]) -> Case:
        return Case(
            provider=provider,
            flow=_flow(found),
            attempt=attempt,
            reach=Reach.ENDPOINT,
            profile=self.profile,
            warnings=(*found.warnings, *warnings),
        )


def _provider(found: Settings, knowledge: Knowledge) -> str:
    slug = found.text("provider") or provider_of_url(found.text("url") or "", knowledge) or DEFAULT_PROVIDER
    if slug not in knowledge.providers:
        raise UnknownName("no provider of that name", where="provider", expected=", ".join(sorted(knowledge.providers)))
    return slug


def _flow(found: Settings) -> str:
    flow = canonical_flow(found.text("flow") or DEFAULT_FLOW)
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
    parts = (
        found.text("provider") or DEFAULT_PROVIDER,
        found.text("flow") or DEFAULT_FLOW,
        found.text("url"),
    )
    return Profile(name, one_line(" · ".join(part for part in parts if part), 120))
