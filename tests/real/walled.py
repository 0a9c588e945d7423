"""Runs real clients against the simulator, in a network namespace that holds only loopback.

    unshare -n -m python walled.py < job.json > results.jsonl

Only in there: the names of the service are 127.0.0.1, known from a hosts file that is mounted over the machine's, and
a certificate of a throwaway authority stands on port 443. Nothing can leave, and nothing outside is changed. The job
is `{"folder": …, "runs": [[client, fault], …]}`; a line of the result is `Met` as JSON. Needs root.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from real_clients import Client, client, settings_of, staged

from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.world import Scenario

HOSTS = (
    "login.salesforce.com",
    "test.salesforce.com",
    "acme.my.salesforce.com",
    "acme--dev.sandbox.my.salesforce.com",
    "acme.lightning.force.com",
    "na139.salesforce.com",
    "portal.guest.example",
)
PATIENCE_S = 45.0
SILENT_PATIENCE_S = 4.0


@dataclass(frozen=True, slots=True)
class Met:
    """What one client printed when it met one fault, and what the simulator was asked meanwhile."""

    client: str
    fault: str
    printed: str
    exit_code: int | None
    """None: it was still waiting when it was ended."""
    took_s: float
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    """The simulator's log: path, status, error and description of each request."""


def main() -> None:
    job = json.load(sys.stdin)
    folder = Path(job["folder"])
    _raise_the_wall(folder)
    make_authority(folder)
    for name, fault_name in job["runs"]:
        met = run(client(name), fault_name, folder)
        print(json.dumps(asdict(met)), flush=True)


def run(one: Client, fault_name: str, folder: Path) -> Met:
    """One client meets one fault."""
    scenario, asked = staged(fault_name), list[Mapping[str, Any]]()
    _name_the_hosts(folder, known=scenario.network != "dns")
    patience_s = SILENT_PATIENCE_S if scenario.network == "silent" else PATIENCE_S
    with _listening(scenario, folder, asked):
        began = time.time()
        settings = settings_of(scenario, began, folder)
        printed, code = _ended(one.command(settings), folder, patience_s)
        took_s = time.time() - began
    return Met(one.name, fault_name, printed, code, round(took_s, 2), asked)


def _ended(command: list[str], folder: Path, patience_s: float) -> tuple[str, int | None]:
    """What it printed, both streams together, and its exit code. Its whole process group ends with it."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=_home(command, folder),
        env=environment(folder),
        start_new_session=True,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=patience_s)
            return printed, process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed, _ = process.communicate()
            return printed, None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def environment(folder: Path) -> dict[str, str]:
    """What a client finds: our authority, a home of its own, no telemetry, no colour, no proxy."""
    authority = str(folder / "authority.pem")
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "COLUMNS": "400",
        "NO_COLOR": "1",
        "FORCE_COLOR": "0",
        "REQUESTS_CA_BUNDLE": authority,
        "NODE_EXTRA_CA_CERTS": authority,
        "SF_DISABLE_TELEMETRY": "true",
        "SF_DISABLE_LOG_FILE": "true",
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
    }


def _home(command: list[str], folder: Path) -> Path:
    """A library is found from the folder that it is installed in; everything else starts at home."""
    from installed import node_modules

    modules = node_modules("salesforce-npm")
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return modules.parent if modules is not None and "-e" in command else home


@contextmanager
def _listening(scenario: Scenario, folder: Path, asked: list[Mapping[str, Any]]) -> Iterator[None]:
    """The simulator on port 443; a URL that is meant to be http is answered on port 80 by a redirect to it."""
    certificate = (str(folder / "server.pem"), str(folder / "server.key"))
    with ExitStack() as stack:
        secure = replace(scenario, scheme="https")
        stack.enter_context(Simulator(secure, port=443, certificate=certificate, log=asked.append))
        if scenario.scheme == "http":
            stack.enter_context(Simulator(scenario, port=80, log=asked.append))
        yield


# --- the wall ---------------------------------------------------------------------------------------------------


def _raise_the_wall(folder: Path) -> None:
    names = [name for _, name in socket.if_nameindex()]
    if names != ["lo"]:
        sys.exit(f"not in an empty network namespace: {names}")
    _bring_up_loopback()
    (folder / "hosts").write_text("")
    (folder / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    for name in ("hosts", "nsswitch.conf"):
        Path("/etc", name).touch()
        subprocess.run(["mount", "--bind", str(folder / name), f"/etc/{name}"], check=True)


def _bring_up_loopback() -> None:
    """SIOCSIFFLAGS with IFF_UP and IFF_RUNNING, as `ip link set lo up` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))


def _name_the_hosts(folder: Path, *, known: bool) -> None:
    names = f"localhost {' '.join(HOSTS)}" if known else "localhost"
    (folder / "hosts").write_text(f"127.0.0.1 {names}\n")


def make_authority(folder: Path) -> None:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    leaf = authority.issue_cert(*HOSTS, "localhost", "127.0.0.1")
    (folder / "server.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(folder / "server.key"))


if __name__ == "__main__":
    main()
