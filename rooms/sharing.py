"""The part of a window's end that processes carry out together: who waits for the plan, and what comes of it here.

From the window's end on those told of wait where they sat, and talk. Then, once: by the plan those who sit here sit
down here, seats are held for those who are to come, and who is to go elsewhere is given away as soon as a seat is held
there. Whoever is in no plan, or is never called for, sits down among those of this process.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from geo import Cell
from rooms.agenda import Window, Work
from rooms.moving import hold_for
from rooms.person import Person
from rooms.region import Offer, PlannedRoom, RegionPlan
from rooms.whys import Why

if TYPE_CHECKING:
    from rooms.gathering import Gathering


class Sharing(Protocol):
    """What the shell knows of other processes."""

    def is_shared(self, window: Window) -> bool:
        """Tell whether others have people of the window too, and can be asked."""

    def offer(self, share: "Share", offer: Offer) -> None:
        """Have a plan made of these people and those of the others: `share` waits for what comes of it."""

    def opened(self, share: "Share", room: str, awaited: Mapping[str, tuple[str, ...]]) -> None:
        """Know seats held for people of others: process → who of it may come."""


class Share:
    """What one process has of a window's end that is shared.

    Args:
        ids: those who were told of.
    """

    def __init__(self, gathering: "Gathering", window: Window, ids: Iterable[str]) -> None:
        self.window = window
        self._gathering = gathering
        self._ids = list(ids)
        self._is_given_up = False

    def carry_out(self, plan: RegionPlan | None, node: str, *, now: float) -> None:
        """Have this process, `node`, do its part of the plan; None: there is none, and there will be none."""
        self._gathering.begin(self._carry_out(plan, node) if plan is not None else self._seat_the_rest(), now=now)

    def take(self, ids: Iterable[str]) -> list[Person]:
        """Return those who still wait here, counted where they are to be seated: they are given away now.

        Nobody of those who are about to sit down here, since they were not called in time.
        """
        return [] if self._is_given_up else self._gathering.give_away(ids)

    def give_up(self, *, now: float) -> None:
        """Have those sit down here who still wait: nobody has called for them."""
        self._is_given_up = True
        self._gathering.begin(self._seat_the_rest(), now=now)

    def _carry_out(self, plan: RegionPlan, node: str) -> Work:
        away: set[str] = set()
        for planned in plan.rooms:
            if planned.node == node:
                yield from self._seat(planned, node)
            else:
                away.update(planned.people.get(node, ()))
        yield from self._gathering.reform([id for id in self._ids if id not in away])

    def _seat(self, planned: PlannedRoom, node: str) -> Work:
        gathering, own = self._gathering, planned.people.get(node, ())
        awaited = {each: ids for each, ids in planned.people.items() if each != node}
        if planned.cell:
            room = gathering.found(Cell(planned.cell), own, id=planned.room, is_for_more=bool(awaited))
        else:
            room = gathering.join(planned.room, own)
        yield from gathering.rest(len(own))
        if room is None or not awaited:
            return
        world = gathering.world
        everybody = [id for ids in awaited.values() for id in ids]
        held = set(hold_for(world, room, everybody, Why("window"), now=gathering.now))
        assert world.sharing is not None
        world.sharing.opened(
            self, room.id, {each: tuple(id for id in ids if id in held) for each, ids in awaited.items()}
        )

    def _seat_the_rest(self) -> Work:
        yield from self._gathering.reform(self._ids)
