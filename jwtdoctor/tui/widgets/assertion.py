"""The assertion alive: header and claims as JSON, what is wrong beside its line, each time readable, a ticking margin.

`e` (or ^e from anywhere) opens it as text: what is typed there becomes edits of the request while it is typed, and what
no setting can say is refused under it. The rest of the screen shows at once what it comes to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import TextArea

from jwtdoctor.assertions.times import ClaimTime, distance, times
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding
from jwtdoctor.render.words import duration
from jwtdoctor.tui.drawing import STYLES, Lines, blank, hanging, joined, plain
from jwtdoctor.tui.form import said
from jwtdoctor.tui.messages import Edited
from jwtdoctor.tui.preview import Preview
from jwtdoctor.tui.retyping import as_text, retyped
from jwtdoctor.tui.widgets.drawn import Drawn

TICK_S = 1.0
THIN_S = 30.0
"""Seconds of margin from which on it is marked."""
BAR = 20
DIFFERS_S = 2.0
"""Seconds from which on the two clocks are worth telling apart."""
MOST_CHARACTERS = 20_000
SIGNS = {"error": "✗", "warning": "!", "note": "·"}
SIGN_STYLES = {"error": STYLES["bad"], "warning": STYLES["!"], "note": STYLES["aside"]}


class AssertionLook(VerticalScroll):
    """The part that is read. `e` edits."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("e,enter", "edit", "Edit", show=False)]

    def action_edit(self) -> None:
        if isinstance(self.parent, AssertionPane):
            self.parent.edit()


class JsonArea(TextArea):
    """The same as text. Escape closes it."""

    HELP = (
        "The assertion as JSON. What you type becomes edits of the request at once: iss, sub and aud are the fields of "
        "the form, exp minus iat is the lifetime, any other claim is a claim of its own; leave iat out to send none. "
        "^g opens your editor, escape goes back. What no setting can say is refused under the text."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Done", show=False, priority=True),
        Binding("ctrl+g", "editor", "Editor", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(tab_behavior="focus", show_line_numbers=False, soft_wrap=True, compact=True)
        for key in ("f6", "f7"):  # Textual selects lines with them; here they mean the same as everywhere
            self._bindings.key_to_bindings.pop(key, None)

    def action_close(self) -> None:
        if isinstance(self.parent, Vertical) and isinstance(self.parent.parent, AssertionPane):
            self.parent.parent.look()

    async def action_editor(self) -> None:
        from jwtdoctor.tui.outside import edited_outside

        self.text = edited_outside(self.app, self.text)


class AssertionPane(Vertical):
    """What is, or would be, signed and sent. `now` is the local clock in epoch seconds. Posts `Edited`."""

    HELP = (
        "The assertion: its header and its claims, never the token itself, and beside each line what this provider's "
        "rules say of it. Before a run it is shown as it would be signed now; after a run, as it was sent. The margin "
        "counts down to exp on the token host's clock where that is known, else on this machine's. e edits it as JSON."
    )

    def __init__(self, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._preview: Preview | None = None
        self._ahead_s: float | None = None
        self._opened: tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]] | None = None
        self._problem = ""
        self._before: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        with AssertionLook(id="look"):
            yield Drawn(self._lines)
        with Vertical(id="retype"):
            yield JsonArea()
            yield Drawn(self._under, id="retype-problem")

    def on_mount(self) -> None:
        self.query_one("#retype").display = False
        self.set_interval(TICK_S, self.tick)

    def show(self, preview: Preview | None, ahead_s: float | None = None) -> None:
        """`ahead_s`: how far the local clock is fast against the token host; None where that is not known."""
        self._preview, self._ahead_s = preview, ahead_s
        self.tick()
        if self.is_editing:
            self.query_one("#retype-problem", Drawn).draw(self._under)

    def tick(self) -> None:
        """Draws the times anew."""
        if self.display and not self.is_editing:
            self.query_one("#look Drawn", Drawn).draw(self._lines)

    # --- editing

    @property
    def is_editing(self) -> bool:
        return self._opened is not None

    def edit(self) -> None:
        """Opens the JSON, where there is an assertion that is yet to be signed."""
        preview = self._preview
        if preview is None or preview.spec is None:
            self.notify("f5 shows what was sent; choose the request again (f2) to change it."
                        if preview is not None and preview.claims else "This flow signs no assertion.",
                        title="Nothing to edit here", markup=False)  # fmt: skip
            return
        header, claims = preview.header, preview.claims_at(self._now())
        self._opened = (header, claims, dict(preview.spec.extra_claims))
        self._problem, self._before = "", {}
        area = self.query_one(JsonArea)
        with area.prevent(TextArea.Changed):
            area.text = as_text(header, claims)
        self.query_one("#look").display = False
        self.query_one("#retype").display = True
        self.query_one("#retype-problem", Drawn).draw(self._under)
        area.focus()

    def look(self) -> None:
        """Back to reading."""
        self._opened = None
        self.query_one("#retype").display = False
        look = self.query_one("#look")
        look.display = True
        look.focus()
        self.tick()

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._opened is None:
            return
        header, claims, extra = self._opened
        try:
            edits = retyped(event.text_area.text, header, claims, extra)
        except BadInput as problem:
            self._problem = said(problem)
        else:
            self._problem = ""
            taken_back = {name: None for name in self._before if name not in edits}
            self._before = dict(edits)
            if edits or taken_back:
                self.post_message(Edited({**taken_back, **edits}))
        self.query_one("#retype-problem", Drawn).draw(self._under)

    def _under(self, width: int) -> Lines:
        if self._problem:
            return hanging(Content.styled("✗ ", STYLES["bad"]), plain(self._problem), width)
        found = self._preview.findings if self._preview else ()
        lines = [line for finding in found[:3] for line in _finding(finding, 0, width)]
        return [*lines, *hanging(Content(""), plain("esc closes, ^g opens your editor", STYLES["aside"]), width)]

    def _lines(self, width: int) -> Lines:
        if self._preview is None:
            return hanging(Content(""), plain("No assertion yet: choose something to examine (f2).", "italic"), width)
        return drawn(self._preview, self._now(), self._ahead_s, width)


def drawn(preview: Preview, now: float, ahead_s: float | None, width: int) -> Lines:
    """Pure: the lines at local time `now`."""
    claims = preview.claims_at(now)
    known = {time.claim: time for time in times(claims, now)}
    parts = [
        hanging(Content(""), plain(preview.note, STYLES["!"]), width) if preview.note else [],
        _margin(preview, now, ahead_s, width),
        _json("header", preview.header, {}, None, preview, width),
        _json("claims", claims, known, ahead_s, preview, width),
        _foot(preview, width),
        _request(preview, width),
    ]
    return joined(parts)


def _margin(preview: Preview, now: float, ahead_s: float | None, width: int) -> Lines:
    """`margin 2 min 59 s  ████████░░░`, against the token host's clock where its error is known."""
    exp = next((t for t in times(preview.claims_at(now), now) if t.claim == "exp"), None)
    if exp is None or exp.epoch_s is None:
        return []
    left_s = exp.epoch_s - (now - (ahead_s or 0.0))
    whose = "this machine's clock" if ahead_s is None else "the token host's clock"
    life_s = (preview.spec.lifetime_s if preview.spec else _life_s(preview, exp.epoch_s)) or 1
    filled = round(BAR * min(max(left_s / life_s, 0.0), 1.0))
    bar = "█" * filled + "░" * (BAR - filled)
    words = f"{duration(round(left_s))} left" if left_s > 0 else f"over for {duration(round(left_s))}"
    sign = "!" if left_s < THIN_S else "+"
    lead = Content.assemble(("margin  ", STYLES["title"]), (f"{sign} {bar} ", STYLES[sign]))
    state = "as it would be signed now" if preview.spec else "as it was sent"
    return [lead, *hanging(blank(8), Content.assemble((words, "bold"), f", {state}; on {whose}"), width)]


def _life_s(preview: Preview, exp_s: float) -> float:
    sent_at = exp_s if preview.sent_at is None else preview.sent_at
    return max(exp_s - sent_at, 0.0)


def _json(
    title: str,
    part: Mapping[str, Any],
    known: Mapping[str, ClaimTime],
    ahead_s: float | None,
    preview: Preview,
    width: int,
) -> Lines:
    """An object as JSON, one member a line; under a time what it means, under each what is wrong with it."""
    loose = preview.about(title)
    if not part and not loose:
        return []
    lines = [Content.styled(title, STYLES["title"]), Content("{")]
    for number, (name, value) in enumerate(part.items(), 1):
        comma = "," if number < len(part) else ""
        text = json.dumps(value, ensure_ascii=False)[:MOST_CHARACTERS]
        lead = Content.assemble("  ", (json.dumps(name, ensure_ascii=False), "bold"), ": ")
        lines += hanging(lead, plain(text + comma), width)
        if name in known:
            lines += hanging(blank(4), plain(_said(known[name], ahead_s), "$text-accent"), width)
        for finding in preview.about(f"{title}.{name}"):
            lines += _finding(finding, 4, width)
    lines.append(Content("}"))
    for finding in loose:
        lines += _finding(finding, 2, width)
    return lines


def _finding(finding: Finding, indent: int, width: int) -> Lines:
    sign = Content.assemble(blank(indent), (f"{SIGNS[finding.severity]} ", SIGN_STYLES[finding.severity]))
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return hanging(sign, plain(f"{finding.message}{remedy}"), width)


def _said(time: ClaimTime, ahead_s: float | None) -> str:
    """`2026-11-22 00:29:40Z, in 2 min 59 s`; where the host's clock says otherwise, by both."""
    if time.in_s is None:
        return "is no time"
    odd = (" (milliseconds)" if time.unit == "ms" else "") + (" (text)" if time.is_text else "")
    words = f"{time.utc or 'in no calendar'}, {distance(time.in_s)}{odd}"
    if ahead_s is None or abs(ahead_s) < DIFFERS_S:
        return words
    return f"{words} here, {distance(time.in_s + ahead_s)} on the token host"


def _foot(preview: Preview, width: int) -> Lines:
    """Size, and what names the key; and whatever else was found that belongs to no member."""
    parts = [
        "" if preview.size is None else f"{preview.size:,} bytes",
        "" if not preview.key else preview.key,
        *(f"{name} {preview.header[name]}" for name in ("kid", "x5t", "x5t#S256") if name in preview.header),
    ]
    words = " · ".join(part for part in parts if part)
    lines = hanging(Content.styled("token   ", STYLES["title"]), plain(words), width) if words else []
    for finding in preview.findings:
        if finding.where.partition(".")[0] not in ("header", "claims"):
            lines += _finding(finding, 2, width)
    return lines


def _request(preview: Preview, width: int) -> Lines:
    """Where it goes, and the form, secrets redacted."""
    if not preview.url:
        return []
    lines = [
        Content.styled("request", STYLES["title"]),
        *hanging(Content("POST "), plain(preview.url), width),
    ]
    for name, value in preview.fields:
        lines += hanging(Content(f"  {name} = "), plain(value), width)
    return lines
