"""Where one types. Enter says it, Ctrl-J breaks the line; what is typed stays until it was understood.

Knows keys and length. Never knows what becomes of the text.
"""

import unicodedata
from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import TextArea

# From here on the rest is counted, so that nobody learns the limit by a refusal.
WARN_AT = 0.8


class Composer(TextArea):
    """One to four lines that grow with the text."""

    BINDINGS = [Binding("ctrl+j", "newline", "Break the line", show=False)]  # noqa: RUF012

    @dataclass
    class Submitted(Message):
        """Enter was pressed on something."""

        text: str

    def __init__(self, *, max_chars: int = 1000) -> None:
        super().__init__(id="composer", highlight_cursor_line=False, placeholder="Say something, or /help")
        self.max_chars = max_chars

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            if self.text.strip():
                self.post_message(self.Submitted(self.text))
            return
        await super()._on_key(event)

    def action_newline(self) -> None:
        """Break the line."""
        self.insert("\n")

    def on_text_area_changed(self) -> None:
        chars = len(unicodedata.normalize("NFC", self.text.strip()))
        self.border_subtitle = f"{chars}/{self.max_chars}" if chars > self.max_chars * WARN_AT else ""
        self.set_class(chars > self.max_chars, "-too-long")
