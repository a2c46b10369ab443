"""What opens over the room and closes again: help, whom to mute, and a new name.

Each returns what was chosen, or None. Never knows the client.
"""

from collections.abc import Callable, Collection
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import HorizontalGroup, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key, Paste
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from client_demo.terminal import safe, slash
from client_demo.terminal.looks import DIM
from client_demo.terminal.people import mark, remark

# key, what it does
KEYS = (
    ("Enter", "say it (Ctrl-J breaks the line)"),
    ("Ctrl-N", "next: sit with other people"),
    ("Ctrl-T", "mute or unmute somebody"),
    ("Ctrl-R", "rename yourself"),
    ("Ctrl-O", "away, and back"),
    ("Ctrl-L", "shake: meet whoever shakes now"),
    ("Ctrl-S", "say again what failed; reconnect now"),
    ("PgUp PgDn", "look back"),
    ("Ctrl-G F1", "this help"),
    ("Ctrl-Q", "leave (Ctrl-C too)"),
)
COMMAND_OF = {"Ctrl-N": "next", "Ctrl-T": "mute", "Ctrl-R": "name", "Ctrl-O": "away", "Ctrl-L": "shake"}
"""Keys that do what a command does."""


class Dialog(ModalScreen[str | None]):
    """A panel in the middle; Escape closes it."""

    BINDINGS = [  # noqa: RUF012
        Binding("escape,ctrl+g", "dismiss", "close"),
        Binding("ctrl+c,ctrl+q", "app.leave", "leave", show=False, priority=True),
    ]


class Row(HorizontalGroup):
    """Something to press or to type, and what it does; both wrap under themselves."""

    def __init__(self, key: str, what: str, *, classes: str = "") -> None:
        super().__init__(classes=classes)
        self._key, self._what = key, what

    def compose(self) -> ComposeResult:
        yield Static(self._key, classes="key", markup=False)
        yield Static(self._what, classes="what", markup=False)


class Help(Dialog):
    """Keys, commands, what the server was told of the place, and what it says it keeps."""

    def __init__(
        self, privacy: dict[str, Any], cell: str, type_on: Callable[[str], object], *, off: Collection[str] = ()
    ) -> None:
        """Prepare.

        Args:
            privacy: as `entered` told it.
            cell: the newest that was told.
            type_on: takes what is typed over the help, which closes it.
            off: commands that this server has switched off, and the help leaves out.
        """
        super().__init__()
        self._privacy, self._cell, self._type_on, self._off = privacy, cell, type_on, off

    def compose(self) -> ComposeResult:
        offered = ((name, *told) for name, told in slash.COMMANDS.items() if name not in self._off)
        commands = ((f"/{name} {argument}".rstrip(), what) for name, argument, what in offered)
        told = f"Of your place the server was told the cell {self._cell} and nothing finer."
        panel = VerticalScroll(
            *(Row(key, what) for key, what in KEYS if COMMAND_OF.get(key) not in self._off),
            Static(""),
            *(Row(command, what) for command, what in commands),
            Static(""),
            Static(Content.styled(told, DIM)),
            Static(""),
            Static(Content.styled("What the server keeps, as it says:", "bold")),
            *(Row("·", safe.line(sentence), classes="-point") for sentence in self._kept()),
            classes="panel",
        )
        panel.border_title, panel.border_subtitle = "Help", "Esc closes · so does typing on"
        yield panel

    def on_key(self, event: Key) -> None:
        """Close when somebody writes on, and lose nothing of it."""
        if event.is_printable and event.character:
            self._write_on(event.character)

    def on_paste(self, event: Paste) -> None:
        """Do the same with what is pasted."""
        self._write_on(event.text)

    def _write_on(self, text: str) -> None:
        self._type_on(text)
        if self.is_current:
            self.dismiss()

    def look(self, pages: int) -> None:
        """Turn so many pages."""
        panel = self.query_one(VerticalScroll)
        panel.scroll_relative(y=pages * panel.size.height, animate=False)

    def _kept(self) -> list[str]:
        kept = self._privacy.get("kept") or "It says nothing of that."
        return [str(sentence) for sentence in (kept if isinstance(kept, list) else [kept])]


class ChooseMember(Dialog):
    """Returns the id of the member whose muting is to be turned round."""

    def __init__(self, members: dict[str, dict[str, Any]], me: str) -> None:
        super().__init__()
        self._members = [member for member in members.values() if member["id"] != me]
        self._me = me

    def compose(self) -> ComposeResult:
        panel = Vertical(classes="panel")
        panel.border_title, panel.border_subtitle = "Mute or unmute", "Enter turns it round · Esc closes"
        with panel:
            if self._members:
                yield OptionList(*(self._option(member) for member in self._members), markup=False)
            else:
                yield Static("Nobody else is here.")

    def _option(self, member: dict[str, Any]) -> Option:
        note = remark(member, self._me)
        name = f"{mark(member, self._me)} {safe.line(member['name'])}"
        return Option(Content.assemble(name, (f"  {note}" if note else "", DIM)), id=member["id"])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


class NewName(Dialog):
    """Returns the name that was typed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._old_name = name

    def compose(self) -> ComposeResult:
        panel = Vertical(Input(self._old_name, max_length=32), classes="panel")
        panel.border_title, panel.border_subtitle = "Your name", "Enter takes it · Esc closes"
        yield panel

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
