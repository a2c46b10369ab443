"""The conversation, line by line: what was said, by whom and when, and in dim lines what happened besides.

Own lines say how they fare. Never knows the client; text has to be cleaned (safe.py) and is never read as markup.
"""

from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from client_demo.terminal.looks import DIM

# A room remembers less than this; beyond it the screen would only grow slow.
LINES_MAX = 400


class Line(HorizontalGroup):
    """One line: a mark, a time, and words that wrap under themselves."""

    def __init__(self, words: Content, *, mark: str = "", when: str = "", classes: str = "") -> None:
        super().__init__(classes=classes)
        self._mark = Static(mark, classes="mark", markup=False)
        self._when = Static(when, classes="when", markup=False)
        self._words = Static(words, classes="words")

    def compose(self) -> ComposeResult:
        yield self._mark
        yield self._when
        yield self._words

    def rewrite(self, words: str | Content) -> None:
        """Say something else in its place."""
        self._words.update(words if isinstance(words, Content) else Content(words))


class OwnLine(Line):
    """What one said oneself: on its way, heard, or not said and why."""

    def __init__(self, name: str, text: str, *, shown: str, when: str, ref: str) -> None:
        """Show `shown`, the harmless form of the `text` that is said."""
        self.text, self.ref = text, ref
        self._speaker, self._shown = name, shown
        self.is_failed = False
        super().__init__(said(name, shown, "$primary"), mark="…", when=when, classes="own -pending")

    def acknowledge(self, when: str) -> None:
        """Show that the room has heard it."""
        self.is_failed = False
        self._show("✓", "own -heard")
        self._when.update(when)

    def fail(self, reason: str) -> None:
        """Show that it was not said, and why."""
        self.is_failed = True
        self._show("✗", "own -failed")
        why = Content.assemble((f"\nNot said, but kept. {reason} ^S says it again.", "$error"))
        self._words.update(said(self._speaker, self._shown, DIM) + why)

    def hold(self, reason: str) -> None:
        """Show that the server passed it on to nobody, and why; the same again would be no use."""
        self._show("⊘", "own -failed")
        why = Content.assemble((f"\nNot delivered. {reason}", "$error"))
        self._words.update(said(self._speaker, self._shown, DIM) + why)

    def _show(self, mark: str, classes: str) -> None:
        self._mark.update(mark)
        self.set_classes(classes)


def said(name: str, text: str, colour: str, *, aside: str = "") -> Content:
    """Return a name and what was said, and in dim words what is to be known of it."""
    words = Content.assemble((name, f"bold {colour}"), "  ", text)
    return words + Content.assemble((f"  {aside}", DIM)) if aside else words


class Transcript(VerticalScroll, can_focus=False):
    """Lines, the newest at the bottom, which stays in view unless one scrolls up."""

    unseen: reactive[int] = reactive(0)
    """Lines that came while one looked back."""

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._looks_back = False

    def on_mount(self) -> None:
        self.anchor()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.is_vertical_scroll_end:
            self._looks_back, self.unseen = False, 0

    def release_anchor(self) -> None:
        # Called when a person scrolls, and not when new lines have merely not been laid out yet.
        super().release_anchor()
        self._looks_back = self.max_scroll_y > 0

    def add(self, line: Line) -> Line:
        """Show a line at the bottom; the oldest ones make room."""
        if self._looks_back and not self.is_vertical_scroll_end:
            self.unseen += 1
        self.mount(line)
        lines = self.query_children(Line)
        for old in list(lines)[: max(0, len(lines) - LINES_MAX)]:
            if not (isinstance(old, OwnLine) and not old.has_class("-heard")):
                old.remove()
        return line

    def note(self, words: str | Content, *, when: str = "", kind: str = "dim") -> Line:
        """Show something that happened."""
        content = words if isinstance(words, Content) else Content(words)
        return self.add(Line(content, when=when, classes=f"note -{kind}"))

    def begin_room(self) -> None:
        """Dim what was said in the room before."""
        for line in self.query_children(Line):
            line.add_class("-past")

    def is_last(self, line: Line) -> bool:
        """Return whether nothing was shown after a line."""
        return bool(self.children) and self.children[-1] is line

    def own(self, ref: str | None) -> OwnLine | None:
        """Return one's own line of that ref."""
        return next((line for line in self.query_children(OwnLine) if line.ref == ref), None)

    def settle(self, line: OwnLine) -> None:
        """Put a line where the room heard it: after all that was heard before it, before what is on its way."""
        on_way = [own for own in self.query_children(OwnLine) if own.has_class("-pending")]
        if on_way:
            self.move_child(line, before=on_way[0])
        elif self.children[-1] is not line:
            self.move_child(line, after=self.children[-1])

    def failed(self) -> list[OwnLine]:
        """Return what was not said, the oldest first."""
        return [line for line in self.query_children(OwnLine) if line.is_failed]

    def unheard(self) -> list[OwnLine]:
        """Return what the room has not heard as far as is known: failed and still on its way."""
        return [line for line in self.query_children(OwnLine) if not line.has_class("-heard")]
