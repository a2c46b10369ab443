"""Where people sat who left: whoever comes from the same address and cell within the window sits there again.

So leaving and coming back, as oneself or as somebody new, draws no other room. Knows marks of addresses, cells and ids
of rooms, while the rooms last; never an address.

It knows too out of which rooms somebody from an address was voted: whoever comes from there as somebody new since does
not sit there, else a second connection would undo the vote, and those who voted are not heard again for long.
"""

from collections import OrderedDict
from collections.abc import Container

from geo import Cell

PLACES_MAX = 20_000
"""Places remembered, some 6 MB; beyond, those longest ago are forgotten, and who comes from there draws a room."""
SEATS_MAX = 50
"""Seats remembered of one place."""

Where = tuple[bytes, Cell]


class Returns:
    """The seats that were left lately."""

    def __init__(self) -> None:
        self._left: OrderedDict[Where, dict[str, str]] = OrderedDict()
        self._out: OrderedDict[bytes, dict[str, float]] = OrderedDict()

    def left(self, where: Where, identity: str, room: str) -> None:
        """Know that somebody from there left their seat in that room, or lost their connection."""
        seats = self._left.setdefault(where, {})
        self._left.move_to_end(where)
        seats.pop(identity, None)
        seats[identity] = room
        if len(seats) > SEATS_MAX:
            del seats[next(iter(seats))]
        if len(self._left) > PLACES_MAX:
            self._left.popitem(last=False)

    def back(self, where: Where, identity: str) -> None:
        """Know that they have come back as themselves."""
        seats = self._left.get(where)
        if seats is not None and seats.pop(identity, None) is not None and not seats:
            del self._left[where]

    def take(self, where: Where, rooms: Container[str]) -> str | None:
        """Return the room that somebody from there left last, of these that last, and count that seat as taken."""
        seats = self._left.get(where)
        while seats:
            _, room = seats.popitem()
            if not seats:
                del self._left[where]
            if room in rooms:
                return room
        return None

    def voted_out(self, came_from: bytes, room: str, *, now: float) -> None:
        """Know that somebody from that address was voted out of the room."""
        out = self._out.setdefault(came_from, {})
        self._out.move_to_end(came_from)
        out[room] = now
        if len(out) > SEATS_MAX:
            del out[next(iter(out))]
        if len(self._out) > PLACES_MAX:
            self._out.popitem(last=False)

    def out_of(self, came_from: bytes, *, made_at: float) -> tuple[str, ...]:
        """Return the rooms out of which somebody from that address was voted since an identity was made."""
        return tuple(room for room, at in self._out.get(came_from, {}).items() if at <= made_at)

    def forget(self, rooms: Container[str]) -> None:
        """Forget the seats in all other rooms."""
        for where, seats in list(self._left.items()):
            for identity in [identity for identity, room in seats.items() if room not in rooms]:
                del seats[identity]
            if not seats:
                del self._left[where]
        for came_from, out in list(self._out.items()):
            for room in [room for room in out if room not in rooms]:
                del out[room]
            if not out:
                del self._out[came_from]
