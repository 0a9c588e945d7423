"""The request as a form: one line a field, its message under it, validated when it is left.

What is typed becomes an edit over the profile as soon as it can be used; what cannot be used stays where it is, with
the reason under it, and no run starts until it is mended. A field that holds a reference to a secret is masked until
what stands in it is a reference: what is none may be the secret itself.
"""

from __future__ import annotations

from asyncio import Lock
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.validation import ValidationResult, Validator
from textual.widget import Widget
from textual.widgets import Input, Select

from jwtdoctor.config.profiles import Settings, Value
from jwtdoctor.errors import BadInput
from jwtdoctor.model.provider import Provider
from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.form import (
    Field,
    Rows,
    choices_of,
    example_of,
    fields_of,
    hint_of,
    is_safe_to_show,
    limits_of,
    origin_of,
    said,
    shown_value,
    value_of,
)
from jwtdoctor.tui.messages import Edited, PathWanted
from jwtdoctor.tui.subjects import Subject
from jwtdoctor.tui.widgets.drawn import Drawn

LABEL = 14
EMPTY = "Nothing to fill in yet: f2 chooses a profile or a staged fault, ^n begins a request of your own."


class RequestPane(VerticalScroll):
    """The fields of the flow. Posts `Edited`."""

    HELP = (
        "The request as a form. Tab goes from field to field, ^o jumps by a letter; a field is checked when it is "
        "left, and says under it what is wrong. f1 in a field explains the claim and what this provider is known to "
        "take. ^s saves what was typed as a profile."
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=False)
        self._shape: tuple[object, ...] = ()
        self._one_at_a_time = Lock()

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: hanging(Content(""), plain(EMPTY, "italic"), width), id="no-request")
        yield Vertical(id="fields")
        yield Drawn(id="tips")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Where there is room, what f1 would tell stands under the form."""
        row = next((place for place in event.widget.ancestors if isinstance(place, FieldRow)), None)
        if row is not None:
            self.query_one("#tips", Drawn).draw(row.tips)

    async def show(
        self, subject: Subject, found: Settings, provider: Provider, flow: str, known: tuple[str, ...]
    ) -> None:
        """The fields of a subject. Rows stay where flow and subject stay, and with them focus and half-typed text."""
        self.query_one("#no-request").display = False
        shape = (subject.name, subject.kind, flow, provider.slug)
        async with self._one_at_a_time:
            if shape != self._shape:
                box = self.query_one("#fields", Vertical)
                await box.remove_children()
                rows = [FieldRow(f, subject, found, provider, known) for f in _wanted(flow, subject, found, provider)]
                await box.mount_all(rows)
                self._shape = shape
            for row in self.rows:
                row.tell(subject, found, provider)

    def show_problem(self, line: str) -> None:
        """Settings that cannot be read: one line in place of the fields."""
        told = self.query_one("#no-request", Drawn)
        told.draw(lambda width: hanging(Content.styled("✗ ", STYLES["bad"]), plain(line, STYLES["bad"]), width))
        told.display = True

    @property
    def rows(self) -> tuple[FieldRow, ...]:
        return tuple(self.query(FieldRow))

    def commit(self) -> FieldRow | None:
        """Takes what stands in every field; the first that cannot be used, or None."""
        return next((row for row in self.rows if not row.commit()), None)

    def note(self, name: str, words: str) -> None:
        """A hint under a field from elsewhere: a key that cannot be read, a finding about its claim."""
        for row in self.rows:
            if row.field.name == name:
                row.note(words)

    def defaults(self, values: dict[str, str]) -> None:
        """What is signed where a field is left empty."""
        for row in self.rows:
            if row.field.name in values:
                row.default(values[row.field.name])

    def notes(self, words: dict[str, str]) -> None:
        """The hints of all fields; those without one lose theirs."""
        for row in self.rows:
            row.note(words.get(row.field.name, ""))

    def row(self, name: str) -> FieldRow | None:
        return next((row for row in self.rows if row.field.name == name), None)


def _wanted(flow: str, subject: Subject, found: Settings, provider: Provider) -> list[Field]:
    """Of a staged fault only what it holds: the rest is not to be typed there."""
    fields = fields_of(flow, provider)
    if subject.editable is None:
        return list(fields)
    return [f for f in fields if f.name in found or f.name in subject.editable or f.kind == "switch"]


class FieldRow(Vertical):
    """Label, control, and under them what is to be said about the value."""

    def __init__(
        self, field: Field, subject: Subject, found: Settings, provider: Provider, known: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.field = field
        self.problem = ""
        self._hint = ""
        self._note = ""
        self._subject, self._found, self._provider, self._known = subject, found, provider, known

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Drawn(self._label, classes="label")
            yield self._control()
            if self.field.kind == "path" and self.can_edit:
                yield PickButton()
        yield Drawn(self._message, classes="message")

    @property
    def can_edit(self) -> bool:
        return self._subject.editable is None or self.field.name in self._subject.editable

    def _control(self) -> Widget:
        value = shown_value(self.field, self._found)
        if self.field.kind == "switch":
            return Toggle(value == "yes", self.field.label, disabled=not self.can_edit)
        if self.field.kind == "choice":
            options = [(name, name) for name in choices_of(self.field, self._known)]
            chosen = value if any(value == name for name, _ in options) else Select.NULL
            prompt = "by the host" if self.field.name == "provider" else "default"
            return Select(options, value=chosen, prompt=prompt, compact=True, disabled=not self.can_edit)
        box = FieldInput(
            value,
            placeholder=example_of(self.field, self._provider),
            compact=True,
            disabled=not self.can_edit,
            validators=[Usable(self)],
            validate_on=["blur", "submitted"],
            valid_empty=True,
        )
        box.password = not is_safe_to_show(self.field.name, value)
        return box

    def take_focus(self) -> None:
        for control in self.query("FieldInput, Toggle, Select"):
            control.focus()

    # --- what is told

    def tell(self, subject: Subject, found: Settings, provider: Provider) -> None:
        """The value in force, unless something is being typed here or stands here that cannot be used."""
        self._subject, self._found, self._provider = subject, found, provider
        value = shown_value(self.field, found)
        for box in self.query(FieldInput):
            if not self.problem and not (box.has_focus and box.value != value) and box.value != value:
                with box.prevent(Input.Changed):
                    box.value = value
                    box.password = not is_safe_to_show(self.field.name, value)
        for toggle in self.query(Toggle):
            toggle.set(value == "yes")
        for select in self.query(Select):
            if value and select.value != value:
                with select.prevent(Select.Changed):
                    select.value = value
        self._hint = self._hint_now(value)
        self._redraw()

    def note(self, words: str) -> None:
        self._note = words
        self._redraw()

    def default(self, value: str) -> None:
        for box in self.query(FieldInput):
            box.placeholder = f"{value or 'none'}, if left empty"
        if self.field.name == "kid":
            self._hint = ""
            self._redraw()

    def _hint_now(self, text: str) -> str:
        try:
            return hint_of(self.field, value_of(self.field, text, self._provider), self._provider)
        except BadInput:
            return ""

    @property
    def help_words(self) -> tuple[str, Rows]:
        """What f1 tells here: what the field is, the provider's own figures, and where its value comes from."""
        origin = ("from", origin_of(self.field, self._found, self._subject.edits))
        return self.field.about, (*limits_of(self.field, self._provider), origin)

    def tips(self, width: int) -> Lines:
        """The same beside the form, for terminals that have the room."""
        about, rows = self.help_words
        lines = [
            Content(""),
            Content.styled(self.field.label, STYLES["title"]),
            *hanging(Content(""), plain(about), width),
        ]
        for name, words in rows:
            lines += hanging(Content.assemble((f"{name:<13}", "bold")), plain(words), width)
        return lines

    @property
    def provider_title(self) -> str:
        return self._provider.title

    def _label(self, width: int) -> Lines:
        mark = "*" if self.field.name in self._subject.edits else " "
        return [plain(f"{mark}{self.field.label}", "bold" if mark == "*" else "").truncate(width)]

    def _message(self, width: int) -> Lines:
        if self.problem:
            return hanging(Content.styled("  ✗ ", STYLES["bad"]), plain(self.problem), width)
        words = self._hint or self._note
        return hanging(Content.styled("  ! ", STYLES["!"]), plain(words), width) if words else []

    def _redraw(self) -> None:
        """Nothing is there to draw before the row was composed; it is then drawn as it is by then."""
        for drawn in self.query(".label").results(Drawn):
            drawn.draw(self._label)
        for drawn in self.query(".message").results(Drawn):
            drawn.draw(self._message)

    # --- what is typed

    def check(self, text: str) -> str:
        """The problem of a text, and nothing changed."""
        try:
            value_of(self.field, text, self._provider)
        except BadInput as problem:
            return said(problem)
        return ""

    def commit(self) -> bool:
        """Takes what stands in the field, if it is to be typed in; whether it can be used."""
        for box in self.query(FieldInput):
            if not box.disabled:
                return self.take(box.value)
        return not self.problem

    def take(self, text: str) -> bool:
        """A text as the new value; whether it can be used. The value in force again is no edit, and no mistake."""
        is_same = text.strip() == shown_value(self.field, self._found)
        self.problem = "" if is_same else self.check(text)
        self._hint = self._hint_now(text)
        self._redraw()
        if self.problem:
            return False
        if not is_same:
            self.post_message(Edited({self.field.name: value_of(self.field, text, self._provider)}))
        return True

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        event.stop()
        self.take(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if self.take(event.value):
            self.screen.focus_next()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        event.input.password = not is_safe_to_show(self.field.name, event.value)

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        value = "" if event.value is Select.NULL else str(event.value)
        if value != shown_value(self.field, self._found):
            self.post_message(Edited({self.field.name: value or None}))

    def put(self, text: str) -> None:
        """A text that was picked elsewhere, as if it had been typed."""
        for box in self.query(FieldInput):
            box.value = text
        self.take(text)

    def toggled(self, is_on: bool) -> None:
        typed: Value | None = value_of(self.field, "yes" if is_on else "no", self._provider)
        self.post_message(Edited({self.field.name: typed}))

    def pick(self) -> None:
        self.post_message(PathWanted(self.field.name))


class Usable(Validator):
    """A field's own rules as Textual asks for them."""

    def __init__(self, row: FieldRow) -> None:
        super().__init__()
        self._row = row

    def validate(self, value: str) -> ValidationResult:
        problem = self._row.check(value)
        return self.failure(problem) if problem else self.success()


class FieldInput(Input):
    """One line of text. ^f picks a file where one is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+f", "pick", "Pick a file", show=False)]

    def action_pick(self) -> None:
        row = self.parent.parent if self.parent else None
        if isinstance(row, FieldRow) and row.field.kind == "path":
            row.pick()


class PickButton(Drawn):
    """`[…]`: picks a file by mouse; ^f does the same in the field."""

    def __init__(self) -> None:
        super().__init__(lambda _: [Content.styled(" […]", STYLES["?"])])

    def on_click(self, event: events.Click) -> None:
        event.stop()
        row = self.parent.parent if self.parent else None
        if isinstance(row, FieldRow):
            row.pick()


class Toggle(Drawn, can_focus=True):
    """`[x] yes`: a switch that is told by its sign and word, not by its colour."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "turn", "Turn", show=False)]

    def __init__(self, is_on: bool, label: str, *, disabled: bool = False) -> None:
        super().__init__()
        self.is_on = is_on
        self._said = label
        self.disabled = disabled
        self._drawing = self._lines

    def set(self, is_on: bool) -> None:
        self.is_on = is_on
        self.draw(self._lines)

    def action_turn(self) -> None:
        if self.disabled:
            return
        self.set(not self.is_on)
        row = self.parent.parent if self.parent else None
        if isinstance(row, FieldRow):
            row.toggled(self.is_on)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_turn()

    def on_focus(self) -> None:
        self.draw(self._lines)

    def on_blur(self) -> None:
        self.draw(self._lines)

    def _lines(self, width: int) -> Lines:
        words = "[x] yes" if self.is_on else "[ ] no"
        return [Content.styled(words, "reverse" if self.has_focus else "").truncate(width)]
