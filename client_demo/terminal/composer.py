"""Where one types. Enter says it, Ctrl-J breaks the line; what is typed stays until it was understood.

Knows keys and length. Never knows what becomes of the text.
"""

import unicodedata
from collections.abc import Callable

from textual import events
from textual.widgets import TextArea

# From here on the rest is counted, so that nobody learns the limit by a refusal.
WARN_AT = 0.8


class Composer(TextArea):
    """One to four lines that grow with the text."""

    def __init__(self, submit: Callable[[str], bool], *, max_chars: int = 1000) -> None:
        """Prepare to be typed in.

        Args:
            submit: told the text when Enter is pressed; returns whether it was understood and may be cleared. It is
                called within the key's turn: keys that come in one burst must find the text of those before gone.
        """
        super().__init__(id="composer", highlight_cursor_line=False, placeholder="Say something, or /help")
        self.max_chars = max_chars
        self._submit = submit

    async def _on_key(self, event: events.Key) -> None:
        # Not left to the bindings: their turn comes once the key has bubbled up, after the keys behind it in a burst.
        act = {"enter": self.action_submit, "ctrl+j": self.action_newline, "ctrl+u": self.action_clear_all}.get(
            event.key
        )
        if act is None:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        act()

    def action_submit(self) -> None:
        """Hand over what was typed."""
        if self.text.strip() and self._submit(self.text):
            self.clear()

    def action_newline(self) -> None:
        """Break the line."""
        self.replace("\n", *self.selection, maintain_selection_offset=False)

    def action_clear_all(self) -> None:
        """Clear all lines, where the same key usually clears to the start of the one on the screen."""
        self.clear()

    def on_text_area_changed(self) -> None:
        chars = len(unicodedata.normalize("NFC", self.text.strip()))
        self.border_subtitle = f"{chars}/{self.max_chars}" if chars > self.max_chars * WARN_AT else ""
        self.set_class(chars > self.max_chars, "-too-long")
