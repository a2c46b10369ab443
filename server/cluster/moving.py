"""People who change to a room of another node: a seat is kept there, they leave here, they sit down there.

A room that waits for company looks among the rooms of other nodes too, and the smaller one moves, as it would within
one process. Whoever dies in between: before they left here nothing has happened; afterwards their gateway has lost its
host, and they come back with their token.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from geo import Cell, cell_distance_m
from rooms.frozen import FrozenPerson, freeze_person
from rooms.moving import Leaver, hold, put_in, release, take_out
from rooms.outward import can_move
from rooms.person import Person
from rooms.placement import is_waiting, members_of, reach_m
from rooms.room import NEARBY, Room
from rooms.shaking_afar import come
from rooms.whys import Why
from rooms.windows import region_of, window_end
from server.bugs import log_bug
from server.cluster.commit import Held
from server.cluster.entrance import BACK_S, Entrance
from server.cluster.host_peer import HostPeer
from server.cluster.relay import RemoteLine
from server.cluster.shelving import RoomCard
from server.cluster.state import decode_identity, encode_identity, know_identity
from server.cluster.wire import Asked, Came, Kept, Message, Opened, Released
from server.outcomes import bye

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

ANSWER_S = 2.0
"""How long another node may take to say whether it has seats: it decides at once, and Redis is quicker than that."""

ASKED_MAX = 8
"""Rooms for which other nodes are asked in one look: each costs a look at a dozen of the directory's shelves."""

_encode = msgspec.msgpack.Encoder().encode
_decode_person = msgspec.msgpack.Decoder(FrozenPerson).decode
_decode_leaver = msgspec.msgpack.Decoder(Leaver).decode


class Moving:
    """Carries people between this node and others, one room at a time."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._asks = 0
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self.moved_out = 0
        self.moved_in = 0

    async def look_outward(self) -> None:
        """Have rooms that wait here look among those of other nodes, for ever."""
        cluster = self._cluster
        rules = cluster.house.world.rules
        while True:
            await asyncio.sleep(rules.look_every_s / cluster.clock.time_scale)
            try:
                waiting = [room for room in cluster.house.world.rooms.values() if self._may_go(room)]
            except Exception as bug:
                log_bug("looking who waits", bug)
                continue
            cluster.house.world.rng.shuffle(waiting)
            for room in waiting[:ASKED_MAX]:
                try:
                    await self._look(room)
                except Exception as bug:
                    log_bug("looking for company at other nodes", bug)

    def _may_go(self, room: Room) -> bool:
        now = self._cluster.clock.now()
        return (
            not self._cluster.writing.is_unsure
            and is_waiting(room)
            and room.kind == NEARBY
            and not room.is_over
            and bool(room.company)
            and can_move(room, now=now)
            and not self._awaits_answer(room, now)
        )

    def _awaits_answer(self, room: Room, now: float) -> bool:
        """Tell whether somebody there shakes: of that nothing is known elsewhere, and it is over within seconds."""
        shaking = self._cluster.house.world.shaking
        return any(shaking.answered_in_s(seat.person, now=now) > 0 for seat in room.seats.values())

    async def _look(self, room: Room) -> None:
        cluster = self._cluster
        world = cluster.house.world
        reach = reach_m(room, now=cluster.clock.now(), rules=world.rules)
        for card in await cluster.directory.rooms_near(room.cell, reach_m=reach):
            if not self._may_go(room) or world.rooms.get(room.id) is not room:
                return
            is_left = any(card.room in person.avoids for person in members_of(room))
            if not is_left and _is_to_move(room, card) and await self._move(room, card):
                return

    async def _move(self, room: Room, card: RoomCard) -> bool:
        """Have everybody of a room sit in that one, and tell whether they do."""
        cluster = self._cluster
        people = members_of(room)
        frozen = [_encode(freeze_person(person)) for person in people]
        is_kept = await self.ask(card.node, lambda ask: Asked(ask, card.room, frozen, room.id), within_s=ANSWER_S)
        now = cluster.clock.now()
        far_m = round(cell_distance_m(room.cell, Cell(card.cell)) / 100) * 100
        why = "outward" if far_m else "outward_here"
        is_changed = {person.id for person in members_of(room)} != {person.id for person in people}
        if not is_kept or is_changed or self._awaits_answer(room, now):
            # Asked for in vain, or too late: then they may be kept by now.
            cluster.tell(card.node, Released(tuple(person.id for person in people)))
            return False
        for person in people:
            own_window = window_end(region_of(person.cell), now, cluster.house.world.rules.window_s)
            person.moved_until = min(own_window, card.closes)
            self.send(person, card.node, now=now, why=why, far_m=far_m)
        cluster.node.arm()
        return True

    async def ask(self, node: str, ask_for: Callable[[int], Message], *, within_s: float) -> bool:
        """Ask another node to keep seats, and tell whether it does."""
        self._asks += 1
        ask, answer = self._asks, asyncio.get_running_loop().create_future()
        self._answers[ask] = answer
        try:
            self._cluster.tell(node, ask_for(ask))
            return await asyncio.wait_for(answer, within_s)
        except TimeoutError:
            return False
        finally:
            del self._answers[ask]

    def kept(self, node: str, kept: Kept) -> None:
        """Know the answer of another node."""
        answer = self._answers.get(kept.ask)
        if answer is not None and not answer.done():
            answer.set_result(kept.is_kept)

    def asked(self, node: str, asked: Asked) -> None:
        """Keep seats for all of another node's people, or for none."""
        world, now = self._cluster.house.world, self._cluster.clock.now()
        people = [self._as_known_here(_decode_person(each)) for each in asked.people]
        held: list[str] = []
        for person in people if not self._cluster.is_leaving else ():
            if hold(world, person, now=now, room=asked.room, left=asked.left) is None:
                break
            held.append(person.id)
        is_kept = len(held) == len(people)
        if not is_kept:
            for id in held:
                release(world, id, now=now)
        self._cluster.node.arm()
        self._cluster.tell(node, Kept(asked.ask, is_kept))

    def _as_known_here(self, person: FrozenPerson) -> FrozenPerson:
        """Return somebody kept apart from all whom this node knows of as well: a block may have overtaken them."""
        house = self._cluster.house
        barred = person.barred | house.blocks.kept_from(person.id)
        shunned_by = (person.shunned_by | house.blocks.shunned_by(person.id)) & barred
        return msgspec.structs.replace(person, barred=barred, shunned_by=shunned_by, kept=house.keeps.both(person.id))

    def released(self, node: str, message: Released) -> None:
        """Have those seats free again at once that were kept for people who do not come."""
        now = self._cluster.clock.now()
        for id in message.people:
            release(self._cluster.house.world, id, now=now)
        self._cluster.node.arm()

    def send(
        self,
        person: Person,
        to: str,
        *,
        now: float,
        why: str = "",
        far_m: int = 0,
        shook: tuple[float, str | None] | None = None,
    ) -> None:
        """Have somebody leave here and go to that node, their connection with them.

        Args:
            why: what they are told there, if it is not how near the room is.
            far_m: how far they go, where that is said with it.
            shook: when, and with which `ref`, if they go for that.
        """
        cluster = self._cluster
        node = cluster.node
        peer = node.peers.get(person.id)
        identity = cluster.house.identities.online(person.id)
        packed = encode_identity(cluster.house, identity, now=now) if identity is not None else b""
        if peer is not None:
            node.lost(peer)
            peer.unseat()
        leaver, changes = take_out(cluster.house.world, person, now=now)
        for change in changes:
            node.carry_out(change)
        cluster.house.let_go(person.id)
        node.moved.discard(person.id)
        cluster.directory.let_go_person(person.id)
        self.moved_out += 1
        gateway, conn, address, subprotocol = "", 0, "", ""
        entrance: Entrance | None = None
        if peer is not None:
            assert isinstance(peer, HostPeer)
            assert isinstance(peer.connection, Held)
            held = peer.connection
            address, subprotocol = held.address, held.subprotocol
            gateway, conn = peer.park()
            if isinstance(held.line, RemoteLine):
                cluster.commit.put([held], partial(cluster.remotes.rehome, held.line, to))
            elif held.entrance is not None:
                entrance, gateway = held.entrance, cluster.name
            # When they have heard all that was said to them here: until then they may be sent back.
            cluster.commit.put([held], held.is_anothers)
        came = Came(_encode(leaver), packed, gateway, conn, address, subprotocol, why, shook, far_m)
        # After what they heard here last, so that they hear everything in its order.
        cluster.commit.then(partial(self._send_off, came, to, entrance))

    def _send_off(self, came: Came, to: str, entrance: Entrance | None) -> None:
        """Have somebody arrive there, and what their client sent meanwhile come after them."""
        cluster = self._cluster
        cluster.tell(to, came)
        if entrance is not None:
            entrance.unpark(to)
            if cluster.registry.is_dead(to):
                entrance.host_lost()

    def came(self, node: str, came: Came) -> None:
        """Seat somebody who comes from another node."""
        cluster = self._cluster
        house, shell, now = cluster.house, cluster.node, cluster.clock.now()
        leaver = _decode_leaver(came.leaver)
        id = leaver.person.id
        if came.identity:
            known = know_identity(house, decode_identity(came.identity), now=now)
            house.identities.came(known)
            house.know_blocks(known, Cell(leaver.person.next_cell), now=now)
        house.ties.came(id, now=now)
        leaver = msgspec.structs.replace(leaver, person=self._as_known_here(leaver.person))
        former = shell.peers.get(id)
        if former is not None:
            shell.lost(former)
            former.session.unseat()
            former.end(bye(4000, reconnect_in=BACK_S))
        if came.shook is not None:
            at, ref = came.shook
            changes = come(house.world, leaver, at=at, ref=ref, now=now)
        else:
            args = {"distance_m": came.far_m} if came.far_m else {}
            changes = put_in(house.world, leaver, now=now, why=Why(came.why, args) if came.why else None)
        self.moved_in += 1
        shell.moved.add(id)
        person, identity = house.world.people[id], house.identities.online(id)
        if came.gateway and identity is not None:
            opened = Opened(came.conn, came.address, came.subprotocol)
            peer = cluster.adopt(came.gateway, opened)
            if peer is None:
                # Their connection went while they were on their way: else a seat nobody has would wait for ever.
                house.world.lose(person, now=now)
            else:
                peer.carry_out(peer.session.go_on(identity, person, now=now))
                shell.introduce(peer, person)
        for change in changes:
            shell.carry_out(change)
        shell.arrived(id)
        shell.arm()


def _is_to_move(room: Room, card: RoomCard) -> bool:
    """Tell whether this room is to move to that one: the smaller moves, and of two as small the later named."""
    return (card.company, card.room) > (room.company, room.id)
