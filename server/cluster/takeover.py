"""Going on with the room of a dead node, from its log.

One node alone can: the log takes one claim of each epoch. Everybody's seat waits for them here; nobody is told
anything, and those who come back hear what they missed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from rooms.frozen import EVENTS_MAX
from rooms.moving import take_out
from rooms.person import Person
from server.bugs import log_bug
from server.cluster.directory import DirectoryAway
from server.cluster.journal import AnyNumbered, decode_body
from server.cluster.log import Away, Claimed, HeldBy
from server.cluster.state import decode_state, put_in_place

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

AT_ONCE_S = 5.0
"""At a window's end all who seat somebody anew do so within this time, whichever of them is first."""


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
            if _is_rebuilt(cluster, room, [entry.body for entry in entries]):
                cluster.takeovers += 1
                # Its node may have been cut off, and its people have talked on, unwritten.
                cluster.house.may_lag.add(room)
                # Not before the room is here: whoever asks for it meanwhile is to find it.
                cluster.begin(_give_up_who_is_elsewhere(cluster, room))
                return ""
            cluster.log.drop(room)
        case Away():
            raise DirectoryAway("a room's log cannot be read")
    return None


def _is_rebuilt(cluster: "Cluster", id: str, bodies: list[bytes]) -> bool:
    try:
        return _rebuild(cluster, id, bodies)
    except Exception as bug:
        log_bug("going on with a room", bug)
        return False


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
    cluster.node.arm()
    return True


async def _give_up_who_is_elsewhere(cluster: "Cluster", id: str) -> None:
    """Give up the seats of those who have one in another room by now, and have the others be found here.

    A node that was cut off seats people in new rooms whom others have seated since; whoever comes back for one of these
    rooms would sit there with shadows, and those be led to it when their connection is lost next.
    """
    room = cluster.house.world.rooms.get(id)
    people = [seat.person for seat in room.seats.values()] if room is not None else []
    for person in people:
        is_elsewhere = person.seat is not None and await _is_elsewhere(cluster, person.id, id, person.seat.since)
        if person.room is not room or cluster.house.world.people.get(person.id) is not person:
            continue
        if is_elsewhere and person.seat is not None and person.seat.waits_until is not None:
            _give_up(cluster, person)
        else:
            cluster.node.moved.add(person.id)
    cluster.commit.happened()


async def _is_elsewhere(cluster: "Cluster", identity: str, room: str, since: float) -> bool:
    """Tell whether somebody sat down in another room since, at another node that is not dead.

    An entry may be older than the seat: they moved here, and their node died before it had written so.
    """
    try:
        where = await cluster.directory.person(identity)
    except DirectoryAway:
        return False
    if where is None or not where.is_online or where.room == room or where.since < since - AT_ONCE_S:
        return False
    return where.node != cluster.name and not cluster.registry.is_dead(where.node)


def _give_up(cluster: "Cluster", person: Person) -> None:
    """Know somebody here no more who is online at another node."""
    _, changes = take_out(cluster.house.world, person, now=cluster.clock.now())
    for change in changes:
        cluster.node.carry_out(change)
    cluster.house.let_go(person.id)
    cluster.node.moved.discard(person.id)
    cluster.directory.let_go_person(person.id)


def _up_to(seq: int, events: dict[int, AnyNumbered]) -> tuple[AnyNumbered, ...]:
    """Return the newest events up to that number, as far back as none is missing."""
    found: list[AnyNumbered] = []
    while len(found) < EVENTS_MAX and seq in events:
        found.append(events[seq])
        seq -= 1
    return tuple(reversed(found))
