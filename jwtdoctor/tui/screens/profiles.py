"""How to set up a profile: the file, the five lines, and what to do then. It writes nothing."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer

from jwtdoctor.config.places import SETTINGS_FILE, user_file
from jwtdoctor.config.secrets import FORMS
from jwtdoctor.tui.drawing import STYLES, Lines, hanging, joined, plain
from jwtdoctor.tui.widgets.drawn import Drawn

EXAMPLE = (
    "[profile.acme]",
    'url = "https://acme.my.salesforce.com"',
    'client_id = "(the consumer key of the app)"',
    'username = "ci@acme.com"',
    'key = "server.key"',
)


class ProfileHelpScreen(Screen[None]):
    """Escape goes back."""

    HELP = "How to set up a profile. The settings are the long options of 'jwtdoctor check', with _ for -."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back")]

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Drawn(_lines)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def _lines(width: int) -> Lines:
    return joined(
        [
            [Content.styled("Set up a profile", STYLES["title"])],
            _said(f"1  Make the file {user_file() or SETTINGS_FILE}, or {SETTINGS_FILE} in your project:", width),
            [Content.assemble("     ", (line, "bold")) for line in EXAMPLE],
            _said(f"2  A secret is never written there, only where it is: {FORMS}.", width),
            _said('     client_secret = "env:ACME_SECRET"', width),
            _said("3  Look at what is in force, and where each value comes from:", width),
            [Content.assemble("     ", ("$ jwtdoctor profiles show acme", "bold"))],
            _said("4  Start again with its name, and press f5:", width),
            [Content.assemble("     ", ("$ jwtdoctor tui acme", "bold"))],
            _said("No key yet? 'jwtdoctor keys new' makes one, with the certificate to upload.", width),
        ]
    )


def _said(text: str, width: int) -> Lines:
    return hanging(Content(""), plain(text), width)
