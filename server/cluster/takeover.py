"""Going on with the room of a dead node, from its log.

One node alone can: the log takes one claim of each epoch. Everybody's seat waits for them here; nobody is told
anything, and those who come back hear what they missed.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rooms.frozen import EVENTS_MAX
from rooms.moving import take_out
from rooms.person import Person
from server.bugs import log_bug
from server.cluster.directory import DirectoryAway
from server.cluster.entries import Entry
from server.cluster.journal import AnyNumbered, decode_body
from server.cluster.log import Away, Claimed, HeldBy
from server.cluster.state import State, decode_state, put_in_place

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

AT_ONCE_S = 5.0
"""At a window's end all who seat somebody anew do so within this time, whichever of them is first."""


class Left(NamedTuple):
    """What this node wrote last of a room that it left, all there is of it; Redis may never have had that, or lost it.

    Attributes:
        epoch: in which epoch of its log.
    """

    epoch: int
    body: bytes

    def is_newest(self, entries: list[Entry]) -> bool:
        """Tell whether nobody has gone on with the room since."""
        return all(entry.epoch <= self.epoch or not entry.body for entry in entries)


async def take_over(
    cluster: "Cluster", room: str, *, lives: Callable[[str], bool] | None = None, handed: int = 0
) -> str | None:
    """Go on with a room here, if it is not another's by now; who asks for it meanwhile waits. Raises DirectoryAway.

    Args:
        lives: tells whose room it may not be; by default those who live.
        handed: in which epoch of its log it was handed on; of any other it is not taken.

    Returns:
        The node where it goes on, "" for this one; None if nothing is known of it any more.
    """
    taking = cluster.taking.get(room)
    if taking is None:
        taking = cluster.taking[room] = asyncio.ensure_future(
            _take(cluster, room, lives or cluster.registry.lives, handed)
        )
        taking.add_done_callback(lambda _: cluster.taking.pop(room, None))
    return await asyncio.shield(taking)


async def _take(cluster: "Cluster", room: str, lives: Callable[[str], bool], handed: int) -> str | None:
    claim = await cluster.log.claim(room, b"", lives=lives, handed=handed)
    if isinstance(claim, Away):
        raise DirectoryAway("a room's log cannot be read")
    left = cluster.left.pop(room, None)
    if isinstance(claim, HeldBy):
        return "" if claim.node == cluster.name else claim.node
    entries = claim.entries if isinstance(claim, Claimed) else []
    last = [left.body] if left is not None and left.is_newest(entries) else []
    if await _rebuild(cluster, room, [*(entry.body for entry in entries), *last]):
        if last:
            # The log has nothing of what the room was told last.
            cluster.journal.write_anew([room])
        cluster.takeovers += left is None  # else it was this node's own, and no other took it
        # Its node may have been cut off, and its people have talked on, unwritten.
        cluster.house.may_lag.add(room)
        return ""
    cluster.log.drop(room)
    return None


async def _rebuild(cluster: "Cluster", id: str, bodies: list[bytes]) -> bool:
    """Have the room be here as its log has it; tell whether that tells enough."""
    try:
        events, state = _read(bodies)
        if state is None:
            return False
        # Before the room is here: its end may be past, and who is seated anew is told of as being here.
        shadows = await _who_is_elsewhere(cluster, state)
        return _put_here(cluster, state, events, shadows)
    except Exception as bug:
        log_bug("going on with a room", bug)
        return False


def _read(bodies: list[bytes]) -> tuple[dict[int, AnyNumbered], State | None]:
    events: dict[int, AnyNumbered] = {}
    state = b""
    for body in map(decode_body, (each for each in bodies if each)):
        # A log that was begun anew holds some of them twice.
        events |= {event.seq: event for event in body.events}
        if body.state:
            state = body.state
    return events, decode_state(state) if state else None


async def _who_is_elsewhere(cluster: "Cluster", state: State) -> set[str]:
    """Return which of those who sit there have a newer seat in another room.

    A node that was cut off seats people in new rooms whom others have seated since; whoever comes back for one of these
    rooms would sit there with shadows, and those be led to it when their connection is lost next.
    """
    seats = [(seat.person.id, seat.since) for seat in state.room.seats]
    found = await asyncio.gather(*(_is_elsewhere(cluster, id, state.room.id, since) for id, since in seats))
    return {id for (id, _), is_elsewhere in zip(seats, found, strict=True) if is_elsewhere}


def _put_here(cluster: "Cluster", state: State, events: dict[int, AnyNumbered], shadows: set[str]) -> bool:
    """Have the room be here, and tell whether it is: all who sit there may have newer seats at this node."""
    id = state.room.id
    before = _up_to(state.room.seq, events)
    later = [events[seq] for seq in sorted(events) if seq > state.room.seq]
    state = msgspec.structs.replace(state, room=msgspec.structs.replace(state.room, events=before))
    changes = put_in_place(cluster.house, state, later, now=cluster.clock.now())
    cluster.journal.took_over(id)
    for change in changes:
        cluster.node.carry_out(change)
    room = cluster.house.world.rooms.get(id)
    for seat in list(room.seats.values()) if room is not None else ():
        if seat.person.id in shadows and seat.waits_until is not None:
            give_up(cluster, seat.person)
        else:
            cluster.node.moved.add(seat.person.id)
    cluster.node.arm()
    return room is not None


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


def give_up(cluster: "Cluster", person: Person) -> None:
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
