"""The top of the screen: where one is, how near the others are, why this room, and how long it lasts.

`facts` in, two lines out; the clock burns down by itself. Never knows events or the client.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from textual.content import Content
from textual.widget import Widget

from client_demo.terminal.looks import DIM, FAINT
from client_demo.terminal.sizes import PEOPLE_FROM_COLUMNS
from client_demo.terminal.wording import clock, count, distance

BAR_CELLS = 20
HURRY_S = 120.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the heading says; without a `place` the cell stands for it. Times in seconds of the clock of `now_s`.

    Attributes:
        closes_s: when the seat's time is over: the room ends, or, if `gathers`, all around are seated anew.
    """

    place: str = ""
    cell: str = ""
    within_m: float | None = None
    why: str = ""
    closes_s: float = 0.0
    gathers: bool = False
    window_s: float = 1800.0
    people: int = 0
    is_live: bool = True


def bar(share_left: float, cells: int = BAR_CELLS) -> tuple[str, str]:
    """Return what is left and what is burnt of a bar; anything left at all shows half a cell."""
    halves = min(cells * 2, max(0, -int(-share_left * cells * 2 // 1)))
    whole, half = divmod(halves, 2)
    return "━" * whole + "╸" * half, "─" * (cells - whole - half)


def sides(left: Content, right: Content, width: int, *, gap: int = 1) -> Content:
    """Return one line with something at both ends and a gap between; the left gives way."""
    left = left.truncate(max(0, width - right.cell_length - gap), ellipsis=True)
    return left.pad_right(max(0, width - left.cell_length - right.cell_length)) + right


class Heading(Widget):
    """Two lines. `now_s` is asked each second."""

    def __init__(self, now_s: Callable[[], float], place: str) -> None:
        super().__init__(id="heading")
        self._now_s = now_s
        self.facts = Facts(place=place)

    def on_mount(self) -> None:
        self.set_interval(1.0, self.refresh)

    def tell(self, **facts: object) -> None:
        """Change some of the facts."""
        self.facts = replace(self.facts, **facts)  # type: ignore[arg-type]
        self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        until = self._until()
        where = self._where(width - until.cell_length - 1)
        return Content("\n").join([sides(where, until, width), sides(self._why(), self._bar(), width, gap=2)])

    def _where(self, width: int) -> Content:
        """Return as much as fits, the least important left out."""
        facts = self.facts
        cell = f"cell {facts.cell}"
        parts = [Content.styled(facts.place or cell, "bold $primary")]
        if facts.within_m and facts.people > 1:
            parts.append(Content(f"within {distance(facts.within_m)}"))
        if self.app.size.width < PEOPLE_FROM_COLUMNS:
            parts.append(Content.styled(count(facts.people, "person", "people"), DIM))
        if facts.place:
            parts.append(Content.styled(cell, DIM))
        while len(parts) > 1 and sum(part.cell_length + 3 for part in parts) - 3 > width:
            parts.pop()
        return Content(" · ").join(parts)

    def _until(self) -> Content:
        if not self.facts.is_live:
            return Content.styled("not connected", "$warning")
        left_s = self.facts.closes_s - self._now_s()
        verb = "gathers" if self.facts.gathers else "ends"
        words = f"{verb} in {clock(left_s)}" if left_s > 0 else "ending"
        return Content.styled(words, self._colour(left_s))

    def _why(self) -> Content:
        return Content.styled(self.facts.why, DIM)

    def _bar(self) -> Content:
        left_s = self.facts.closes_s - self._now_s()
        # A whole bar is a whole window, so that a bar of one length always means the same time.
        left, burnt = bar(left_s / self.facts.window_s)
        return Content.assemble((left, self._colour(left_s)), (burnt, FAINT))

    def _colour(self, left_s: float) -> str:
        return "$warning" if left_s <= HURRY_S else "$primary"
