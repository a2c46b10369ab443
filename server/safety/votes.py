"""Votes to eject somebody, and what they come to.

Pure: who voted against whom, of rooms that last, in memory and nowhere else; nobody is ever told. A vote counts if
whoever cast it has been in the room for `eject_present_s`, is no new identity, sits there by chance and not because
they asked to, and has had nobody ejected lately: a gang can be as many as it likes, but it cannot aim.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from enum import Enum, auto
from math import inf
from typing import NamedTuple

VOTES_MIN = 3
"""Two are not enough for a verdict: in small rooms they walk out instead."""
DAY_S = 86_400
SPENT_MAX = 20_000
"""Marks of addresses that votes came from, some 3 MB."""
WALK_OUT = 2
"""So many who want to be rid of the same person are seated elsewhere together, where no vote can do it."""


class Elector(NamedTuple):
    """One of the others in the room of whoever is voted about.

    Attributes:
        present: whether they have been here for `eject_present_s`, and are not away.
        is_new: whether their identity was when they sat down here.
        has_spoken: whether they have said anything here lately; asked of new ones only.
        is_free: whether they sit here by chance, and have had nobody ejected lately.
    """

    id: str
    present: bool
    is_new: bool
    has_spoken: bool
    is_free: bool


class Verdict(Enum):
    NOTHING = auto()
    EJECTED = auto()
    WALK_OUT = auto()


def verdict(others: Iterable[Elector], voters: Collection[str]) -> Verdict:
    """Return what these votes come to.

    Args:
        others: everybody in the room but the one who is voted about.
        voters: ids of those who voted, who may have left.
    """
    present = [elector for elector in others if elector.present]
    most_are_new = 2 * sum(elector.is_new for elector in present) > len(present)
    counted = [
        elector.id
        for elector in present
        if elector.is_free and (not elector.is_new or (most_are_new and elector.has_spoken))
    ]
    needed = max(VOTES_MIN, len(present) // 2 + 1)
    if len(present) > VOTES_MIN and sum(id in voters for id in counted) >= needed:
        return Verdict.EJECTED
    is_in_vain = len(present) <= VOTES_MIN or len(counted) < needed
    if is_in_vain and sum(elector.id in voters for elector in present) >= WALK_OUT:
        return Verdict.WALK_OUT
    return Verdict.NOTHING


class Votes:
    """The votes of every room that lasts, and from where votes came lately that had somebody ejected."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, dict[str, None]]] = {}
        self._spent: OrderedDict[bytes, float] = OrderedDict()

    def cast(self, room: str, voter: str, about: str) -> Collection[str]:
        """Count a vote, each voter's once, and return who has voted about the same person, in that order."""
        voters = self._rooms.setdefault(room, {}).setdefault(about, {})
        voters[voter] = None
        return voters.keys()

    def of(self, room: str) -> Mapping[str, Collection[str]]:
        """Return who has voted in the room about whom, by the latter."""
        return self._rooms.get(room, {})

    def settle(self, room: str, about: str) -> None:
        """Forget the votes about somebody: they have come to what they could."""
        votes = self._rooms.get(room)
        if votes is not None and votes.pop(about, None) is not None and not votes:
            del self._rooms[room]

    def spend(self, came_from: bytes, *, now: float) -> None:
        """Know that a vote from there has had its effect: a new identity from there would else vote again."""
        self._spent[came_from] = now
        self._spent.move_to_end(came_from)
        if len(self._spent) > SPENT_MAX:
            self._spent.popitem(last=False)

    def spent_at(self, came_from: bytes) -> float:
        """Return when a vote from there last had its effect; infinitely long ago if that is not known."""
        return self._spent.get(came_from, -inf)

    def forget(self, *, now: float) -> None:
        """Forget where votes came from a day ago."""
        while self._spent and next(iter(self._spent.values())) + DAY_S <= now:
            self._spent.popitem(last=False)

    def end(self, room: str) -> None:
        """Forget the votes of a room that is over."""
        self._rooms.pop(room, None)
