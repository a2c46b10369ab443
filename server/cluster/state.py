"""All that another node needs to go on with a room: itself, who its people are to the server, what is held by room."""

from collections.abc import Sequence

import msgspec

from rooms.changes import Change
from rooms.events import Numbered, Said
from rooms.frozen import FrozenRoom, freeze, thaw
from rooms.room import Room
from server.house import House
from server.safety.frozen_house import FrozenHouse, freeze_house, thaw_house
from server.safety.frozen_identity import FrozenIdentity, freeze_identity, thaw_identity
from server.safety.identities import Identity


class State(msgspec.Struct, frozen=True, array_like=True):
    """A room's whole state. Its events are not in it: they stand in the log by themselves."""

    room: FrozenRoom
    identities: tuple[FrozenIdentity, ...]
    house: FrozenHouse


_encode = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(State).decode
decode_identity = msgspec.msgpack.Decoder(FrozenIdentity).decode


def encode_state(room: Room, house: House, *, now: float) -> bytes:
    """Return the room's whole state."""
    known = (house.identities.known(seat.person.id) for seat in room.seats.values())
    identities = tuple(freeze_with_lines(house, identity, now=now) for identity in known if identity is not None)
    held = freeze_house(house, room.id, now=now, with_trail=False)
    return _encode(State(freeze(room, now=now, events_max=0), identities, held))


def encode_identity(house: House, identity: Identity, *, now: float, is_online: bool = True) -> bytes:
    """Return who somebody is to the server."""
    return _encode(freeze_with_lines(house, identity, now=now, is_online=is_online))


def freeze_with_lines(house: House, identity: Identity, *, now: float, is_online: bool = True) -> FrozenIdentity:
    """Return an identity as a value, with the contact lines that go with it."""
    lines = house.keeps.lines.of(identity.id)
    return freeze_identity(identity, now=now, is_online=is_online, lines=lines)


def know_identity(house: House, frozen: FrozenIdentity, *, now: float) -> Identity:
    """Know in this house who somebody is to the server, and return it."""
    known = house.identities.known(frozen.id)
    is_news = known is None or known.gone_at <= frozen.gone_at
    identity = thaw_identity(house.identities, frozen, now=now)
    if is_news and house.identities.online(frozen.id) is None:
        lines = [each for each in frozen.lines if house.may_still_come(each.line.by, each.to)]
        house.keeps.lines.take_up(frozen.id, lines)
    return identity


def put_in_place(house: House, state: State, later: Sequence[Numbered], *, now: float) -> list[Change]:
    """Have the room go on in this house, and return what follows."""
    known = [know_identity(house, frozen, now=now) for frozen in state.identities]
    room, changes = thaw(house.world, state.room, later, now=now)
    # Only now: where the room cannot go on nobody sits here, and nobody's seat is to count as waiting for ever.
    for each in known:
        house.identities.came(each)
    said = [event for event in (*state.room.events, *later) if isinstance(event, Said)]
    thaw_house(house, room, state.house, said)
    for seat in room.seats.values():
        identity = house.identities.online(seat.person.id)
        if identity is not None:
            house.know_blocks(identity, seat.person.next_cell, now=now)
        house.keep_apart(seat.person)
    return changes
