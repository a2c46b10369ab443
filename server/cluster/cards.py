"""Which rooms of this node the others are told of: those with a free seat, and how they stand."""

from rooms.placement import fill_of
from rooms.room import Room
from rooms.rules import Rules
from server.cluster.shelving import RoomCard


def card_of(room: Room, rules: Rules, *, node: str) -> RoomCard | None:
    """Return what others may know of the room; None if nobody is to come there."""
    fill = fill_of(room, rules)
    if fill is None or room.is_over or not room.company:
        return None
    return RoomCard(room.id, node, str(room.cell), room.company, fill, room.closes)
