"""References to secrets: a setting says where the secret is, never what it is.

`env:NAME` `file:PATH` `json:PATH#/POINTER` `keyring:SERVICE/USER` `cmd:COMMAND` `prompt`. `json:` takes one text out of
a JSON file by its pointer (RFC 6901), for files that a vendor hands out with several secrets in one.

Whatever is no reference is refused without being quoted, since it most likely is the secret itself. Reading is
bounded: 64 KB, and 10 s for a command. One trailing line end is taken off, since editors and commands add one.

The command of `cmd:` gets no stdin, and what it writes to stderr is dropped, since that may hold the secret.
It runs in a session of its own, so that all of it can be ended. Error messages name the kind of reference and
the variable or file, never the command (which may hold a secret) and never what was read.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from jwtdoctor.errors import BadProfile
from jwtdoctor.model.secret import Secret

FORMS = "env:NAME, file:PATH, json:PATH#/POINTER, keyring:SERVICE/USER, cmd:COMMAND or prompt"
LARGEST = 64 * 1024
COMMAND_TIMEOUT_S = 10.0

_REF = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+|json:[^#]+#(?:/[^/]*)+|keyring:[^/]+/.+|cmd:.*\S.*|prompt", re.DOTALL
)


def is_ref(text: object) -> bool:
    """Whether this is a reference. It does not say that there is anything to find there."""
    return isinstance(text, str) and _REF.fullmatch(text) is not None


def shown(ref: str) -> str:
    """A reference as it may be printed: of a command its first word only, as arguments may hold a secret."""
    if not is_ref(ref):
        return "[refused]"
    if ref.startswith("cmd:"):
        program = ref.removeprefix("cmd:").split()[0]
        return f"cmd:{program} …" if re.fullmatch(r"[\w./+-]{1,60}", program) else "cmd:…"
    return ref


def resolve(
    ref: str,
    *,
    what: str = "the secret",
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    ask: Callable[[str], str] | None = None,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
) -> Secret:
    """The secret that a reference names. Raises BadProfile, in one line that quotes nothing of it.

    `what` is the setting, for messages. `folder`: where relative paths of `file:` begin (default: the working
    folder). `ask` answers `prompt` (default: the terminal, without echo).
    """
    if not is_ref(ref):
        raise BadProfile("not a reference to a secret", where=what, expected=FORMS)
    kind, _, rest = ref.partition(":")
    match kind:
        case "env":
            text = _from_environment(rest, what, os.environ if environ is None else environ)
        case "file":
            text = _from_file(rest, what, folder)
        case "json":
            text = _from_json(rest, what, folder)
        case "keyring":
            text = _from_keyring(rest, what)
        case "cmd":
            text = _decoded(_output_of(rest, what, command_timeout_s), f"{what}: cmd:")
        case _:
            text = (ask or _from_terminal)(what)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise BadProfile("is empty", where=f"{what}: {shown(ref)}", expected="the secret")
    return Secret(text)


def _from_environment(name: str, what: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise BadProfile(f"the environment variable {name[:60]} is not set", where=what)
    if len(environ[name]) > LARGEST:
        raise _too_large(f"{what}: env:{name[:60]}")
    return environ[name]


def _from_file(path: str, what: str, folder: Path | None) -> str:
    where = f"{what}: file:{path}"
    try:
        with ((folder or Path()) / Path(path).expanduser()).open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, RuntimeError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a path"
        raise BadProfile(f"cannot be read: {reason}", where=where) from None
    if len(data) > LARGEST:
        raise _too_large(where)
    return _decoded(data, where)


def _from_json(rest: str, what: str, folder: Path | None) -> str:
    path, _, pointer = rest.partition("#")
    where = f"{what}: json:{path}"
    try:
        found = json.loads(_from_file(path, what, folder))
    except (ValueError, RecursionError):
        raise BadProfile("is not JSON", where=where) from None
    for step in pointer_steps(pointer):
        if isinstance(found, list) and re.fullmatch(r"\d{1,6}", step) and int(step) < len(found):
            found = found[int(step)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise BadProfile("there is no text at this place of the file", where=f"{where}#{pointer}")
    return found


def pointer_steps(pointer: str) -> list[str]:
    """The member names of a JSON pointer (RFC 6901 §4)."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _from_keyring(name: str, what: str) -> str:
    service, _, user = name.partition("/")
    try:
        import keyring
    except ImportError:
        raise BadProfile(
            "the keyring package is not installed", where=what, do="pip install 'jwtdoctor[keyring]'"
        ) from None
    try:
        found = keyring.get_password(service, user)
    except Exception as problem:  # noqa: BLE001 - each backend raises its own
        raise BadProfile(f"the keyring did not answer ({type(problem).__name__})", where=what) from None
    if found is None:
        raise BadProfile("the keyring holds no such entry", where=what, expected=f"an entry {service}/{user}")
    return str(found)


def _from_terminal(what: str) -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise BadProfile("prompt needs a terminal", where=what, do="use env:NAME or file:PATH here")
    from getpass import getpass

    try:
        return getpass(f"{what}: ")
    except EOFError:
        raise BadProfile("nothing was typed", where=what) from None


def _output_of(command: str, what: str, timeout_s: float) -> bytes:
    """stdout of a shell command, read by a thread that stops at the limit: a flood is cut and not kept."""
    where = f"{what}: cmd:"
    try:
        process = subprocess.Popen(  # noqa: S602 - a shell is what `cmd:` promises, and it is the user's own
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError):
        raise BadProfile("the command could not be started", where=where) from None
    kept: list[bytes] = []
    reader = threading.Thread(target=_read_some, args=(process, kept), daemon=True)
    reader.start()
    try:
        reader.join(timeout_s)
        if reader.is_alive():
            raise BadProfile(f"the command did not end within {timeout_s:g} s", where=where)
        if not kept:
            raise BadProfile("the command's output could not be read", where=where)
        if len(kept[0]) > LARGEST:
            raise _too_large(where)
        status = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        raise BadProfile(f"the command did not end within {timeout_s:g} s", where=where) from None
    finally:
        _end(process, reader)
    if status != 0:
        raise BadProfile(f"the command failed with status {status}", where=where, do="run it by hand to see why")
    return kept[0]


def _read_some(process: subprocess.Popen[bytes], kept: list[bytes]) -> None:
    assert process.stdout is not None
    kept.append(process.stdout.read(LARGEST + 1))


def _end(process: subprocess.Popen[bytes], reader: threading.Thread) -> None:
    """Ends the command and all that it started; then the pipe has no writer, and the reader ends too."""
    if process.poll() is None or reader.is_alive():
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    process.wait()
    reader.join(1.0)
    if process.stdout is not None and not reader.is_alive():
        process.stdout.close()


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadProfile("is not UTF-8 text", where=where, expected="the secret alone") from None


def _too_large(where: str) -> BadProfile:
    return BadProfile(f"is larger than {LARGEST // 1024} KB", where=where, expected="the secret alone")
