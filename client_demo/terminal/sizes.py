"""What gives way on a small screen: from which size on something is shown, and what is said below the least.

Knows columns and rows. Never knows what is shown.
"""

from textual.app import ComposeResult, RenderResult
from textual.widget import Widget
from textual.widgets import Footer

LEAST_COLUMNS, LEAST_ROWS = 40, 10
# Narrower, and the list of people gives its columns to what they say; then they are counted in the heading.
PEOPLE_FROM_COLUMNS = 70
# Lower, and the box of the search for company would leave no row for what is said.
BOX_FROM_ROWS = 18


class TooSmall(Widget):
    """Lies over everything where there is no room for it."""

    def render(self) -> RenderResult:
        size = self.app.size
        return (
            f"Too small: {size.width}×{size.height}.\n"
            f"{LEAST_COLUMNS} columns and {LEAST_ROWS} rows are the least. ^Q leaves."
        )


class Keys(Footer):
    """The keys at the bottom, each with a class of its action, so that a narrow screen can do without some."""

    def compose(self) -> ComposeResult:
        keys = list(super().compose())
        actions = [getattr(key, "action", "") for key in keys]
        self.set_class("again" in actions, "-has-again")
        for key, action in zip(keys, actions, strict=True):
            if action:
                key.add_class(f"-{action}")
            yield key
