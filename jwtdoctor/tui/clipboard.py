"""Copying: by OSC 52 where the terminal can be expected to take it, else by a tool of this machine, else into a file.

A terminal never answers OSC 52, so whoever copied is told which way was used; copying the same text once more goes to
a file, for terminals that did not take it. Inside tmux and screen the sequence is wrapped so that it passes through to
the terminal outside (tmux: `allow-passthrough on`).
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jwtdoctor.config.places import keep_private

LARGEST = 74_000
"""Bytes in base64: the usual limit of terminals."""
FILE = "copied.txt"
TOOL_S = 2.0
TOOLS = (("pbcopy",), ("wl-copy",), ("xclip", "-selection", "clipboard"), ("clip.exe",))
SCREEN_CHUNK = 76
"""GNU screen passes no longer strings through."""


@dataclass(slots=True)
class Clipboard:
    """Where copies go. `write` puts a sequence on the terminal; None where there is none."""

    write: Callable[[str], object] | None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _last: str = ""

    def copy(self, text: str) -> tuple[str, str]:
        """Copies, and says which way: a title and a line."""
        again, self._last = text == self._last, text
        if again:
            self._last = ""
            return self._to_file(text)
        if self.write is not None and takes_osc52(self.environ) and len(text) * 4 / 3 < LARGEST:
            self.write(osc52(text, self.environ))
            return "Copied by OSC 52" + wrapped_for(self.environ), "Not there? Copy once more: then it goes to a file."
        tool = None if "SSH_CONNECTION" in self.environ else self._by_tool(text)
        return (f"Copied by {tool}", "") if tool else self._to_file(text)

    def _by_tool(self, text: str) -> str | None:
        for command in TOOLS:
            if shutil.which(command[0], path=self.environ.get("PATH")) is None:
                continue
            try:
                subprocess.run(command, input=text, text=True, check=True, timeout=TOOL_S, capture_output=True)  # noqa: S603
            except (OSError, subprocess.SubprocessError):
                continue
            return command[0]
        return None

    def _to_file(self, text: str) -> tuple[str, str]:
        path = keep_private(FILE, text + "\n", self.environ)
        return ("Copied to a file", path) if path else ("Not copied", "No file could be written either.")


def takes_osc52(environ: Mapping[str, str]) -> bool:
    """Whether it is worth trying: Apple's Terminal and the consoles of Linux ignore it."""
    return environ.get("TERM_PROGRAM") != "Apple_Terminal" and environ.get("TERM") not in (None, "", "dumb", "linux")


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The sequence that sets the clipboard, wrapped for whatever stands between us and the terminal."""
    plain = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    if "TMUX" in environ:
        return "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("TERM", "").startswith("screen") and "STY" in environ:
        pieces = (plain[n : n + SCREEN_CHUNK] for n in range(0, len(plain), SCREEN_CHUNK))
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return plain


def wrapped_for(environ: Mapping[str, str]) -> str:
    """`, wrapped for tmux`; empty where it goes straight to the terminal."""
    if "TMUX" in environ:
        return ", wrapped for tmux"
    return ", wrapped for screen" if environ.get("TERM", "").startswith("screen") and "STY" in environ else ""
