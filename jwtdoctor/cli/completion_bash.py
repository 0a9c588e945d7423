"""Bash breaks words at `:` and `=`, and click's script for it does not put them together again: `WholeWords` does.

It is loaded by a run that completes, and by no other.
"""

from __future__ import annotations

from click.shell_completion import BashComplete, CompletionItem, add_completion_class


class WholeWords(BashComplete):
    """`clock-drift:slow` and `--provider=box` as whole words; what is offered begins where bash's own word begins."""

    _kept = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        typed, incomplete = super().get_completion_args()
        *words, incomplete = _rejoined([*typed, incomplete])
        self._kept = incomplete[: incomplete.rfind(":") + 1]
        return words, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{str(item.value).removeprefix(self._kept)}"


def _rejoined(typed: list[str]) -> list[str]:
    words: list[str] = []
    is_open = False
    for word in typed:
        is_colon = word != "" and not word.strip(":")
        if words and (is_colon or (is_open and word and not word.startswith("-"))):
            words[-1] += word
        elif words and words[-1] == "=" and len(words) > 1 and words[-2].startswith("--"):
            words[-1] = word
        else:
            words.append(word)
        is_open = is_colon
    return words


def prepare() -> None:
    """Makes click complete for bash with `WholeWords`."""
    add_completion_class(WholeWords, "bash")
