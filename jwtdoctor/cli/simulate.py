"""`jwtdoctor simulate`: a token endpoint like Salesforce's or another provider's on loopback, with faults on demand.

Decisions where the contract is silent:
- Assertions are always verified. Without `--cert` a throwaway pair is made: its private key lies in a private folder,
  which the narration names and which is removed at the end.
- `--clock-offset` shifts the token host's clock alone (positive: fast). The time server beside it stays with true time.
- The time server answers on a port of its own; the narration names it, within the `check` command that fits.
- SIGTERM is the ordinary end (0), ctrl+c is an interruption (130).
- Google, Entra ID, Okta, GitHub and Snowflake answer in their own words; every other provider is played from its data
  alone, and the narration says so.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.common import Common, common_options, emit, narrate, one_line, to_json, unknown
from jwtdoctor.cli.completion import providers, staged_faults
from jwtdoctor.errors import BadInput
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.simulator.faults import Fault
    from jwtdoctor.simulator.providers.staged import Staged
    from jwtdoctor.simulator.server import Simulator
    from jwtdoctor.simulator.staging import Stage
    from jwtdoctor.simulator.world import Scenario

PROVIDER = "salesforce"
MAX_FILE = 1_000_000


@click.command("simulate", short_help="A token endpoint on loopback, with faults on demand.")
@click.option(
    "--fault",
    default="healthy",
    show_default=True,
    metavar="NAME",
    shell_complete=staged_faults,
    help="What is to be wrong.",
)
@click.option("--list", "list_", is_flag=True, help="List every fault.")
@click.option("--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT", help="Port 0 picks one.")
@click.option("--clock-offset", type=float, default=None, metavar="S", help="Seconds the token host's clock is fast.")
@click.option("--tls", nargs=2, metavar="CERT KEY", help="Speak TLS with this certificate and key.")
@click.option("--client-id", metavar="ID", help="Consumer key of the simulated app.")
@click.option("--username", metavar="NAME", help="User name of the simulated user.")
@click.option("--cert", metavar="FILE", help="Certificate on the app: verifies assertions.  [default: a throwaway]")
@click.option(
    "--provider", default=PROVIDER, show_default=True, metavar="NAME", shell_complete=providers, help="Whose endpoint."
)
@click.option("--log", metavar="FILE", help="Append one JSON line a request, without secrets.")
@common_options("text", "json")
def command(
    common: Common,
    fault: str,
    list_: bool,
    listen: str,
    clock_offset: float | None,
    tls: tuple[str, str] | None,
    client_id: str | None,
    username: str | None,
    cert: str | None,
    provider: str,
    log: str | None,
) -> int:
    """Serves a token endpoint and a time server on loopback until it is ended.

    The first line on stdout is the token URL. The rest, the check command that fits among it, goes to stderr.
    """
    if provider != PROVIDER:
        _refuse_unknown(provider)
    if list_:
        emit(common, _listed(common.format, provider))
        return 0
    if clock_offset is not None and not abs(clock_offset) < 1e9:
        raise BadInput("is out of range", where="--clock-offset", expected="a number of seconds")
    scenario = _staged(provider, fault, client_id, username, cert, clock_offset or 0.0)
    host, port = _address(listen)
    with _ended_by_signal() as ended, _log_to(log) as write:
        from jwtdoctor.simulator.server import Simulator

        simulator = Simulator(scenario, host=host, port=port, certificate=tls or None, log=write)
        with simulator, tempfile.TemporaryDirectory(prefix="jwtdoctor-simulate-") as folder:
            emit(common, simulator.token_url)
            narrate(common, _narration(simulator, Path(folder)))
            while not ended.wait(0.5):
                pass
    return 0


def _refuse_unknown(provider: str) -> None:
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    if provider not in knowledge.providers:
        raise unknown("provider", provider, knowledge.providers, listed=knowledge.provider_names)


def _listed(form: str, provider: str) -> str:
    rows = _faults_of(provider)
    if form == "json":
        return to_json([{"name": one.name, "flow": one.flow, "stages": one.stages} for one in rows])
    widest = max(len(one.name) for one in rows)
    lines: list[str] = []
    for flow in dict.fromkeys(one.flow for one in rows):
        lines += ["", flow] if lines else [flow]
        lines += [f"  {one.name:<{widest}}  {one.summary}" for one in rows if one.flow == flow]
    return "\n".join(lines)


def _faults_of(provider: str) -> Sequence[Fault | Staged]:
    if provider == PROVIDER:
        from jwtdoctor.simulator.faults import LISTED

        return LISTED
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.simulator.providers.staged import staged

    return staged(load().providers[provider])


def _staged(
    provider: str, fault: str, client_id: str | None, username: str | None, cert: str | None, offset_s: float
) -> Stage:
    """The situation, with what was asked for in it. `offset_s` makes the service's clock fast."""
    certificate = _certificate(cert)
    if provider == PROVIDER:
        scenario = _scenario(fault, client_id, username, certificate)
        return replace(scenario, server_clock_offset_s=scenario.server_clock_offset_s + offset_s)
    for flag, value in (("--client-id", client_id), ("--username", username)):
        if value is not None:
            raise BadInput("can be chosen at salesforce only", where=flag, do="leave it out: the command names it")
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.simulator.providers.scene import healthy
    from jwtdoctor.simulator.providers.staged import stage

    data = load().providers[provider]
    scene = stage(fault, data, healthy(data, certificate_pem=certificate))
    return replace(scene, server_clock_offset_s=scene.server_clock_offset_s + offset_s)


def _scenario(fault: str, client_id: str | None, username: str | None, certificate: str | None) -> Scenario:
    from jwtdoctor.simulator.faults import fault as fault_named
    from jwtdoctor.simulator.faults import stage
    from jwtdoctor.simulator.world import healthy

    given = {"client_id": client_id, "username": username, "certificate_pem": certificate}
    base = healthy(fault_named(fault).flow, **{name: value for name, value in given.items() if value is not None})
    return stage(fault, base)


def _certificate(path: str | None) -> str | None:
    """The certificate's text, once it is known to be one. Raises BadKey or BadInput."""
    if path is None:
        return None
    from jwtdoctor.assertions.keys import load_public

    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE)
    except OSError as problem:
        reason = (problem.strerror or "cannot be read").lower()
        raise BadInput(f"cannot be read: {reason}", where=one_line(path), expected="a certificate") from None
    load_public(data, where=one_line(path))
    return data.decode("utf-8", "replace")


def _address(listen: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:PORT` or a port alone. Only loopback can be listened on."""
    found = re.fullmatch(r"(?:(?:\[([0-9A-Fa-f:]{2,45})\]|([^\s:\[\]]{1,253})):)?(\d{1,5})", listen)
    if found is None or int(found[3]) > 65535:
        raise BadInput("is no address", where="--listen", expected="HOST:PORT, e.g. 127.0.0.1:8443")
    host = found[1] or found[2] or "127.0.0.1"
    return ("127.0.0.1" if host == "localhost" else host), int(found[3])


def _narration(simulator: Simulator, folder: Path) -> str:
    from jwtdoctor.simulator.command import audit_arguments, check_arguments
    from jwtdoctor.simulator.staging import reservation

    scenario = simulator.scenario
    ntp = "{}:{}".format(*simulator.ntp)
    lines = [
        f"plays {scenario.scheme}://{scenario.token_host} for {scenario.flow}; time server at {ntp}",
    ]
    reserved = reservation(scenario.provider)
    if reserved is not None:
        lines.append(reserved)
    words = check_arguments(scenario, simulator.ready().attempt, ntp, folder)
    if words is None:
        lines.append("what is wrong here lies in what the client sends, and no option says it: use check --simulate")
    else:
        lines += ["try it:", *_folded(words)]
    if scenario.provider == "salesforce":
        session = Secret(simulator.administrators_session())
        reading = audit_arguments(scenario.flow, simulator.ready().attempt, session, folder)
        lines += ["read its org:", *_folded(reading)]
    return "\n".join(lines)


def _folded(words: list[str]) -> list[str]:
    """The command, one option a line with a backslash before it, so that no line of it is cut."""
    lines = ["jwtdoctor"]
    for word in words:
        if word.startswith("--"):
            lines[-1] += " \\"
            lines.append(word)
        else:
            lines[-1] += f" {shlex.quote(word)}"
    return lines


@contextmanager
def _ended_by_signal() -> Iterator[threading.Event]:
    """Set once SIGTERM came. The handler that was there is put back."""
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not on the main thread: whoever started the thread ends it
        yield ended
        return
    try:
        yield ended
    finally:
        with suppress(ValueError, TypeError):
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _log_to(path: str | None) -> Iterator[Callable[[Mapping[str, Any]], None] | None]:
    """Appends records to a file that only this user can read."""
    if path is None:
        yield None
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as problem:
        raise BadInput(f"cannot be written: {problem.strerror}", where=one_line(path)) from None
    lock = threading.Lock()
    with os.fdopen(handle, "a", encoding="utf-8", newline="\n") as file:

        def write(record: Mapping[str, Any]) -> None:
            with lock:
                file.write(json.dumps(record) + "\n")
                file.flush()

        yield write
