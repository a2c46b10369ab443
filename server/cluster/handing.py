"""Rooms that go on at another node while their people talk: how a node that is about to end is left by them.

One turn of the loop writes the room's whole state into its log, and from then on the room is not here. What its people
send meanwhile waits with their connections. The other node claims the room from the log, as that of a dead node, and
takes its people over in their seats; when it says so, what waited is sent after them. If it does not, they are told to
come back, and the room is claimed here: one of both claims succeeds.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple

from rooms.frozen import drop
from rooms.room import Room
from server.bugs import log, log_bug
from server.cluster.commit import Held
from server.cluster.directory import DirectoryAway
from server.cluster.engine import FAILURES
from server.cluster.entrance import Entrance
from server.cluster.host_peer import HostPeer
from server.cluster.relay import RemoteLine
from server.cluster.takeover import Left, take_over
from server.cluster.wire import Carried, Handed, Opened, Took
from server.cluster.writing import send_back

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

ANSWER_S = 2.0
"""How long the other node may take to go on with a room: it asks Redis twice, some milliseconds."""

AGAIN_S = 1.0
"""A room that went nowhere is asked for so often while Redis is away."""


class _Passenger(NamedTuple):
    """Somebody's connection on its way; `entrance` where this node holds the socket, else `line`."""

    held: Held
    carried: Carried
    entrance: Entrance | None
    line: RemoteLine | None


class Handing:
    """Hands rooms of this node on, and takes those of others.

    Attributes:
        handed_on, taken: how many rooms.
        passengers: whose room has left and may yet be here again: what it said to them is to be written first.
    """

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._answers: dict[str, asyncio.Future[bool]] = {}
        self.passengers: set[Held] = set()
        self.handed_on = 0
        self.taken = 0

    # Here they leave

    async def hand_on(self, room: Room, node: str) -> bool:
        """Have a room go on at that node, and tell whether it does."""
        cluster = self._cluster
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._answers[room.id] = answer
        passengers, body = self._take_out(room)
        handed = Handed(room.id, [each.carried for each in passengers], room.seq, cluster.log.epoch(room.id))

        def tell() -> None:
            # While Redis is away the turn goes out unwritten: who heard of the room later would lack its last words.
            if not answer.done():
                answer.set_result(False) if cluster.log.is_away else cluster.tell(node, handed)

        # After what they heard here last, and the room's state, have gone out.
        cluster.commit.then(tell)
        held = {each.held for each in passengers}
        self.passengers |= held
        try:
            is_taken = await self._is_taken(room.id, answer)
            if is_taken:
                cluster.log.let_go(room.id)  # of which that node may die, and this one be asked for it again
            else:
                await self._take_back(room.id, Left(handed.epoch, body))
            for each in passengers:
                self._send_after(each, node) if is_taken else send_back_held(each)
                each.held.is_anothers()
        finally:
            self.passengers -= held
        self.handed_on += is_taken
        return is_taken

    async def _is_taken(self, room: str, answer: "asyncio.Future[bool]") -> bool:
        try:
            return await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            return False
        finally:
            del self._answers[room]

    async def _take_back(self, room: str, left: Left) -> None:
        """Have a room that no other took be here: its people would be sent here, and away, until this node ends."""
        cluster = self._cluster
        cluster.log.let_go(room)
        cluster.left[room] = left
        try:
            await take_over(cluster, room)
        except DirectoryAway:
            # Redis has to tell whether somebody took it after all.
            log.warning("Room %s went nowhere; it is asked for until Redis is back.", room)
            cluster.begin(self._take_back_later(room))

    async def _take_back_later(self, room: str) -> None:
        # Whoever comes back for it first has it go on with what was left, too.
        while room in self._cluster.left:
            await asyncio.sleep(AGAIN_S)
            with contextlib.suppress(DirectoryAway):
                await take_over(self._cluster, room)

    def _take_out(self, room: Room) -> tuple[list[_Passenger], bytes]:
        """Have a room be here no more; return who is to go after it, and what was written of it last."""
        cluster = self._cluster
        node = cluster.node
        people = [seat.person for seat in room.seats.values()]
        for person in people:
            for change in cluster.house.world.shaking.forget(cluster.house.world, person, cluster.clock.now()):
                node.carry_out(change)
        node.fanout.catch_up(room.id)
        body = cluster.journal.write_out(room)
        passengers: list[_Passenger] = []
        for person in people:
            peer = node.peers.get(person.id)
            if peer is not None:
                node.lost(peer)
                peer.unseat()
                assert isinstance(peer, HostPeer)
                passengers.append(self._park(person.id, peer))
        for change in drop(cluster.house.world, room):
            node.carry_out(change)
        for person in people:
            cluster.house.let_go(person.id)
            cluster.directory.let_go_person(person.id)
            node.moved.discard(person.id)
        cluster.journal.touch(room.id)  # so that this turn is one in which something is written
        node.arm()
        return passengers, body

    def _park(self, person: str, peer: HostPeer) -> _Passenger:
        held = peer.connection
        assert isinstance(held, Held)
        gateway, conn = peer.park()
        carried = Carried(person, gateway or self._cluster.name, conn, held.address, held.subprotocol)
        if isinstance(held.line, RemoteLine):
            return _Passenger(held, carried, None, held.line)
        assert held.entrance is not None
        return _Passenger(held, carried, held.entrance, None)

    def _send_after(self, passenger: _Passenger, node: str) -> None:
        """Have a client be that node's, and what it sent meanwhile come there."""
        if passenger.entrance is not None:
            passenger.entrance.unpark(node)
        elif passenger.line is not None:
            self._cluster.remotes.rehome(passenger.line, node)

    def took(self, node: str, took: Took) -> None:
        """Know the answer of another node."""
        answer = self._answers.get(took.room)
        if answer is not None and not answer.done():
            answer.set_result(took.is_taken)

    # Here they come

    def handed(self, node: str, handed: Handed) -> None:
        """Go on with a room of another node."""
        self._cluster.begin(self._take(node, handed))

    async def _take(self, node: str, handed: Handed) -> None:
        cluster = self._cluster
        is_taken = False
        try:
            lives = cluster.registry.lives
            found = await take_over(
                cluster, handed.room, lives=lambda other: other != node and lives(other), handed=handed.epoch
            )
            is_taken = found == ""
        except (DirectoryAway, *FAILURES):
            pass  # whoever asked tells the people to come back
        except Exception as bug:
            log_bug("taking a room of another node", bug)
        if is_taken:
            self.taken += 1
            for carried in handed.clients:
                try:
                    self._adopt(carried, heard=handed.seq)
                except Exception as bug:
                    log_bug("taking somebody with their room", bug)
            cluster.node.arm()
        # When it is written where they are now.
        cluster.commit.then(lambda: cluster.tell(node, Took(handed.room, is_taken)))

    def _adopt(self, carried: Carried, *, heard: int) -> None:
        cluster = self._cluster
        now = cluster.clock.now()
        person = cluster.house.world.people.get(carried.person)
        identity = cluster.house.identities.online(carried.person)
        if person is None or person.room is None or identity is None:
            return
        peer = cluster.adopt(carried.gateway, Opened(carried.conn, carried.address, carried.subprotocol))
        if peer is None:
            return
        cluster.house.world.regain(person)
        peer.carry_out(peer.session.go_on(identity, person, now=now))
        cluster.node.introduce(peer, person)
        if heard:
            # Somebody of theirs sat here already, and left the room as it came.
            events, _ = person.room.since(heard)
            peer.tell(*map(peer.seen, events))
        cluster.node.fanout.attach(person.room.id, peer)
        cluster.node.arrived(person.id)


def send_back_held(passenger: _Passenger) -> None:
    """Have somebody come back to wherever their room is."""
    if passenger.held.peer is not None:
        send_back(passenger.held.peer)
