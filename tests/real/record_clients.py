"""Runs every real client through every fault that it can meet, and writes what they print into docs/real-clients.md.

python tests/real/record_clients.py --write [PAGE]     as root; `.ci/real-parts` installs the clients
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from client_runs import all_runs, meet, why_not
from client_table import PAGE, page
from installed import node_modules, part
from real_clients import CLIENTS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", nargs="?", type=Path, const=PAGE, metavar="PAGE", help="in place of stdout")
    parser.add_argument("--walls", type=int, default=2, help="how many namespaces side by side")
    options = parser.parse_args()
    reason = why_not() or next((f"{one.package} is not installed" for one in CLIENTS if not one.is_installed), None)
    if reason:
        print(f"cannot run the clients: {reason}", file=sys.stderr)
        return 2
    began = time.monotonic()
    seen = meet(all_runs(), walls=options.walls)
    print(f"{len(seen)} runs in {time.monotonic() - began:.0f} s", file=sys.stderr)
    text = page(seen, versions())
    if options.write is None:
        print(text, end="")
    else:
        options.write.write_text(text, encoding="utf-8", newline="\n")
    return 0


def versions() -> dict[str, str]:
    """Package -> installed version."""
    return {one.package: _version(one.package) for one in CLIENTS}


def _version(package: str) -> str:
    modules = node_modules("salesforce-npm")
    manifest = None if modules is None else modules / package / "package.json"
    if manifest is not None and manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])
    name = package.replace("-", "_")
    found = part("*", "lib", "python3*", "site-packages", f"{name}-*.dist-info")
    return "" if found is None else found.name.removeprefix(f"{name}-").removesuffix(".dist-info")


if __name__ == "__main__":
    sys.exit(main())
