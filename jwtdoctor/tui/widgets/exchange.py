"""The exchange as it went over the wire, redacted: what was sent, what came back. The body is never hidden."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from jwtdoctor.intake.redact import clean, clean_body
from jwtdoctor.model.exchange import Exchange, NoReply, Reply
from jwtdoctor.tui.drawing import STYLES, Lines, hanging, joined, plain
from jwtdoctor.tui.preview import Preview
from jwtdoctor.tui.widgets.drawn import Drawn

MOST_BODY = 20_000
MOST_HEADERS = 60


class ExchangePane(VerticalScroll):
    """Request and response of the last run."""

    HELP = "The request and the raw answer of the last run. Credentials are shown as [redacted]; nothing else is cut."

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: hanging(Content(""), plain("Nothing was sent yet: f5 runs.", "italic"), width))

    def show(self, preview: Preview | None, exchange: Exchange | None) -> None:
        """`exchange` None: nothing came back (yet)."""
        self.query_one(Drawn).draw(lambda width: joined([_sent(preview, width), came(exchange, width)]))
        self.scroll_home(animate=False)


def _sent(preview: Preview | None, width: int) -> Lines:
    if preview is None:
        return hanging(Content(""), plain("No request left this machine.", "italic"), width)
    lines = [
        Content.styled("Request", STYLES["title"]),
        *hanging(Content("  "), plain(f"POST {preview.url}"), width),
    ]
    for name, value in preview.fields:
        lines += hanging(Content(f"  {name} = "), plain(value), width)
    return lines


def came(exchange: Exchange | None, width: int) -> Lines:
    """What came back: its title, then the answer line by line."""
    title = Content.styled("Response", STYLES["title"])
    match exchange:
        case None:
            return [title, Content("  none")]
        case NoReply(layer=layer, text=text):
            return [title, *hanging(Content("  "), plain(clean(f"no answer ({layer}): {text}")), width)]
        case Reply():
            return [title, *_reply(exchange, width)]


def _reply(reply: Reply, width: int) -> Lines:
    lines = [plain(f"  HTTP {reply.status}", "bold")]
    for name, value in list(reply.headers.items())[:MOST_HEADERS]:
        lines += hanging(Content("  "), plain(clean(f"{name}: {value}")), width)
    body = clean_body(reply.body)
    cut = " (cut here)" if len(body) > MOST_BODY or reply.truncated else ""
    for line in [*body[:MOST_BODY].splitlines(), cut] if body else ["(empty body)"]:
        lines += hanging(Content("  "), plain(line), width)
    return lines
