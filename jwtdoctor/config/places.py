"""The folders that are ours on this machine: one file of settings, one folder of state.

XDG on Unix, told by hand: the answer is two lines and costs no import. Elsewhere platformdirs knows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "jwtdoctor"
SETTINGS_FILE = "jwtdoctor.toml"


def user_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """The user's settings file, whether or not it exists; None where there is no home."""
    folder = _folder("XDG_CONFIG_HOME", ".config", environ)
    return None if folder is None else folder / SETTINGS_FILE


def state_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """Where last checks and crash logs are kept, whether or not it exists; None where there is no home."""
    return _folder("XDG_STATE_HOME", ".local/state", environ)


def keep_private(name: str, text: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Writes a 0600 file in the state folder, over an older one. Its path, or None if it could not."""
    folder = state_folder(environ)
    if folder is None:
        return None
    target = folder / name
    temporary = folder / f".{name}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        temporary.replace(target)
    except OSError:
        return None
    return str(target)


def _folder(variable: str, below_home: str, environ: Mapping[str, str] | None) -> Path | None:
    environ = os.environ if environ is None else environ
    named = environ.get(variable, "")
    if Path(named).is_absolute():  # the XDG specification: a relative path is to be ignored
        return Path(named) / NAME
    if sys.platform.startswith(("win", "darwin")):
        import platformdirs

        config = variable == "XDG_CONFIG_HOME"
        return Path(platformdirs.user_config_dir(NAME) if config else platformdirs.user_state_dir(NAME))
    try:
        return Path(environ.get("HOME") or Path.home()) / below_home / NAME
    except RuntimeError:
        return None
