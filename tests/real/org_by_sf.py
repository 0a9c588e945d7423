"""The real Salesforce CLI logs in to the simulator, and `jwtdoctor audit --sf` reads the org with its session.

    unshare -n -m python org_by_sf.py < job.json > read.json

Behind the wall of `walled.py`, which see. The integration's own user is given the rights of an administrator, since
it is the one that the CLI can log in.
"""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from installed import node, part
from real_clients import client, settings_of, staged
from walled import _ended, _listening, _name_the_hosts, _raise_the_wall, environment, make_authority

from jwtdoctor.cli.main import run
from jwtdoctor.simulator.policy import ADMINISTRATORS_PERMISSIONS

USERNAME = "integration@acme.example"


def main() -> None:
    folder = Path(json.load(sys.stdin)["folder"])
    _raise_the_wall(folder)
    make_authority(folder)
    _name_the_hosts(folder, known=True)
    scenario = staged("healthy")
    scenario = replace(scenario, policy=scenario.policy.with_user(permissions=ADMINISTRATORS_PERMISSIONS))
    with _listening(scenario, folder, []):
        settings = settings_of(scenario, time.time(), folder)
        printed, code = _ended(client("sf org login jwt").command(settings), folder, 60.0)
        audited = audit(folder, settings["client_id"]) if code == 0 else {}
    print(json.dumps({"login": [code, printed[-500:]], **audited}))


def audit(folder: Path, client_id: str) -> dict[str, Any]:
    """What our own command line answers, with `sf` on its path."""
    program = folder / "bin" / "sf"
    program.parent.mkdir()
    cli = part("salesforce-npm", "node_modules", "@salesforce", "cli", "bin", "run.js")
    program.write_text(f'#!/bin/sh\nexec "{node()}" --no-warnings "{cli}" "$@"\n')
    program.chmod(stat.S_IRWXU)
    os.environ.update(environment(folder) | {"PATH": f"{program.parent}:{os.environ['PATH']}"})
    out, err = io.StringIO(), io.StringIO()
    words = ["audit", "--sf", USERNAME, "--client-id", client_id, "--username", USERNAME, "--format", "json"]
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words)
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    main()
