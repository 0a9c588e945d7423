"""Whether a `.netrc` of this machine has an entry for a host. Nothing but host names is looked at or kept.

`requests` and `curl -n` read it and add the entry as Basic credentials, which an endpoint then sees beside or in the
place of what the program meant to send.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

MAX_FILE = 100_000


def names_host(host: str, environ: Mapping[str, str] | None = None) -> bool | None:
    """Whether there is an entry for the host, or a default one. None: no such file, or it cannot be read."""
    found = None
    for path in _files(os.environ if environ is None else environ):
        try:
            with path.open("rb") as file:
                text = file.read(MAX_FILE).decode("utf-8", "replace")
        except OSError:
            continue
        found = bool(found) or _has(text, host)
    return found


def _files(environ: Mapping[str, str]) -> list[Path]:
    if environ.get("NETRC"):
        return [Path(environ["NETRC"])]
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return [Path(home) / ".netrc", Path(home) / "_netrc"] if home else []


def _has(text: str, host: str) -> bool:
    """The words after `machine`; `default` stands for every host."""
    words = [word for line in text.splitlines() if not line.lstrip().startswith("#") for word in line.split()]
    named = [after for word, after in pairwise(words) if word == "machine"]
    is_default = re.search(r"(?m)^\s*default\b", text) is not None
    return is_default or host.lower() in (name.lower() for name in named)
