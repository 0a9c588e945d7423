"""`python -m jwtdoctor`, and the entry point of the `jwtdoctor` script."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command line; its exit code. An interrupt while modules are still loading is one as well."""
    try:
        from jwtdoctor.cli.main import run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
