"""Waiting for company, as a state of its own: how far the server looks, who is about, when it gathers anew.

`facts` in, a small panel out. Never knows events or the client.
"""

from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from client_demo.terminal.heading import bar
from client_demo.terminal.looks import DIM, FAINT
from client_demo.terminal.sizes import BOX_FROM_ROWS
from client_demo.terminal.wording import PEOPLE, clock, distance

RINGS = ("   ·   ", "  (·)  ", " ((·)) ", "(((·)))")


@dataclass(frozen=True, slots=True)
class Search:
    """How the search for company stands; times in seconds on the clock that `now_s` reads.

    Attributes:
        company: how many sit here and are not away; `members` counts those too.
    """

    within_m: float
    reach_max_m: float
    people: str
    next_s: float
    company: int
    members: int
    seats_min: int


class Waiting(Static):
    """A panel that is there while fewer than `seats_min` sit in the room."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        super().__init__(id="waiting")
        self._now_s = now_s
        self._search: Search | None = None
        self._beat = 0
        self._shape: list[int] = []

    def on_mount(self) -> None:
        self.display = False
        self.set_interval(0.6, self._tick)

    def show(self, search: Search | None) -> None:
        """Show how the search stands, or nothing."""
        self._search = search
        self.display = search is not None
        self._draw()

    def _tick(self) -> None:
        self._beat += 1
        if self.display:
            self._draw()

    def _draw(self) -> None:
        search = self._search
        if search is None:
            return
        if self.app.size.height < BOX_FROM_ROWS:
            self.border_title = ""
            self._put(Content.styled(self._in_a_line(search), "$primary"))
            return
        left, rest = bar(search.within_m / max(search.reach_max_m, search.within_m, 1.0), 16)
        self.border_title = f"Waiting for company {RINGS[self._beat % len(RINGS)]}"
        self._put(
            Content.assemble(
                "Looking within ",
                (f"{distance(search.within_m):<7} ", "bold"),
                (left, "$primary"),
                (rest, FAINT),
                (f" {distance(search.reach_max_m)}\n", DIM),
                f"{PEOPLE.get(search.people, '')}\n" if search.people in PEOPLE else "",
                f"{self._here(search)}\n",
                (self._next(search), DIM),
            )
        )

    def _put(self, content: Content) -> None:
        shape = [len(line) for line in content.plain.split("\n")]
        # Laying out the whole screen anew takes a fifth of a core, twice a second, where much was said.
        self.update(content, layout=shape != self._shape)
        self._shape = shape

    def _in_a_line(self, search: Search) -> str:
        return f"Waiting for {self._lack(search)} more · anew in {clock(search.next_s - self._now_s())}"

    def _here(self, search: Search) -> str:
        if search.company > 1:
            here = f"{search.company} of you are here"
        else:
            away = search.members - search.company
            here = f"{search.members} here, {away} of them away" if search.members > 1 else "Nobody else is here"
        lack = self._lack(search)
        return f"{here}; {lack} more {'makes' if lack == 1 else 'make'} a room."

    def _lack(self, search: Search) -> int:
        # Who is away is no company, but nobody has less of it than whoever sits alone.
        return max(1, search.seats_min - max(1, search.company))

    def _next(self, search: Search) -> str:
        in_s = search.next_s - self._now_s()
        return f"Everyone gathers anew in {clock(in_s)}. Just stay."
