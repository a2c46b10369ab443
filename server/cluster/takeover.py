"""Going on with the room of a dead node, from its log.

One node alone can: the log takes one claim of each epoch. Everybody's seat waits for them here; nobody is told
anything, and those who come back hear what they missed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from rooms.frozen import EVENTS_MAX
from server.cluster.directory import DirectoryAway
from server.cluster.journal import AnyNumbered, decode_body
from server.cluster.log import Away, Claimed, HeldBy
from server.cluster.state import decode_state, put_in_place

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster


async def take_over(cluster: "Cluster", room: str, *, lives: Callable[[str], bool] | None = None) -> str | None:
    """Go on with a room here, if it is not another's by now. Raises DirectoryAway.

    Args:
        lives: tells whose room it may not be; by default those who live.

    Returns:
        The node where it goes on, "" for this one; None if nothing is known of it any more.
    """
    claim = await cluster.log.claim(room, b"", lives=lives or cluster.registry.lives)
    match claim:
        case HeldBy(node):
            return "" if node == cluster.name else node
        case Claimed(entries):
            if _rebuild(cluster, room, [entry.body for entry in entries]):
                cluster.takeovers += 1
                return ""
            cluster.log.drop(room)
        case Away():
            raise DirectoryAway("a room's log cannot be read")
    return None


def _rebuild(cluster: "Cluster", id: str, bodies: list[bytes]) -> bool:
    """Have the room be here as its log has it; tell whether that tells enough."""
    events: dict[int, AnyNumbered] = {}
    state = b""
    for body in map(decode_body, (each for each in bodies if each)):
        # A log that was begun anew holds some of them twice.
        events |= {event.seq: event for event in body.events}
        if body.state:
            state = body.state
    if not state:
        return False
    frozen = decode_state(state)
    before = _up_to(frozen.room.seq, events)
    later = [events[seq] for seq in sorted(events) if seq > frozen.room.seq]
    frozen = msgspec.structs.replace(frozen, room=msgspec.structs.replace(frozen.room, events=before))
    changes = put_in_place(cluster.house, frozen, later, now=cluster.clock.now())
    cluster.journal.took_over(id)
    for change in changes:
        cluster.node.carry_out(change)
    for seat in cluster.house.world.rooms[id].seats.values():
        cluster.node.moved.add(seat.person.id)
    cluster.node.arm()
    return True


def _up_to(seq: int, events: dict[int, AnyNumbered]) -> tuple[AnyNumbered, ...]:
    """Return the newest events up to that number, as far back as none is missing."""
    found: list[AnyNumbered] = []
    while len(found) < EVENTS_MAX and seq in events:
        found.append(events[seq])
        seq -= 1
    return tuple(reversed(found))
