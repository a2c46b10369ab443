"""What the server holds of one room besides its seats, as a value: to go on with where the room goes on.

Its pace; who has voted about whom, so that nobody votes twice; who has pressed `keep` for whom; the words of the last
ten minutes, for whoever reports them. Pure. Never knows how a value travels.

The words are most of it. They need not be in every state, as long as some state still at hand has them: with all words
after that one the trail is whole again.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from rooms.events import Said
from rooms.room import Room
from server.safety.keeps import Marks
from server.safety.trails import KEEP_S

if TYPE_CHECKING:
    from server.house import House

Pairs = tuple[tuple[str, str], ...]


class FrozenHouse(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The house's part of one room.

    Attributes:
        pace_due: until when the room's pace is used up, Unix seconds.
        votes: person's id → who has voted about them, in that order.
        pressed, let_go: pairs of people's ids: who has pressed for whom, and who has let go of whom there.
        trail: what was said in the last ten minutes, oldest first; None if it is not in here.
    """

    pace_due: float
    votes: dict[str, tuple[str, ...]]
    pressed: Pairs
    let_go: Pairs
    trail: tuple[Said, ...] | None


def freeze_house(house: "House", room: str, *, now: float, with_trail: bool = True) -> FrozenHouse:
    """Return what the house holds of the room."""
    marks = house.keeps.marks_of(room)
    return FrozenHouse(
        pace_due=house.pace_due(room),
        votes={about: tuple(voters) for about, voters in house.votes.of(room).items()},
        pressed=tuple(sorted(marks.pressed)),
        let_go=tuple(sorted(marks.let_go)),
        trail=tuple(house.trails.live(room).since((now - KEEP_S) * 1000)) if with_trail else None,
    )


def thaw_house(house: "House", room: Room, frozen: FrozenHouse, said: Iterable[Said] = ()) -> None:
    """Have the house hold the same of a room that goes on here.

    Args:
        said: everything else at hand of what was said there, oldest first: the trail of an older state if this one has
            none, then what came after it. What is in both is known once.
    """
    house.use_up_pace(room, frozen.pace_due)
    for about, voters in frozen.votes.items():
        for voter in voters:
            house.votes.cast(room.id, voter, about)
    house.keeps.take_up_marks(room.id, Marks(frozenset(frozen.pressed), frozenset(frozen.let_go)))
    house.trails.take_up(room.id, frozen.trail or ())
    house.trails.take_up(room.id, said)
