"""This process as one of many: puts the parts together, and decides nothing about rooms.

Nothing of this is loaded where there is no `--redis`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Container

import msgspec
from prometheus_client import CollectorRegistry

from server.bugs import log, log_bug
from server.cluster.alike import Alike, Mark
from server.cluster.bus import Bus
from server.cluster.commit import Commit
from server.cluster.directory import Directory, DirectoryAway
from server.cluster.doubles import Doubles
from server.cluster.engine import Engine
from server.cluster.entrance import Entrance
from server.cluster.finding import Finding
from server.cluster.gossip import Gossip
from server.cluster.handing import Handing
from server.cluster.hearing import Hearing
from server.cluster.journal import Journal
from server.cluster.log import RoomLog
from server.cluster.metrics import ClusterCollector
from server.cluster.moving import Moving
from server.cluster.node import ClusterNode
from server.cluster.offices import Offices
from server.cluster.recalling import Recalling
from server.cluster.regions import Regions
from server.cluster.registry import Registry
from server.cluster.relay import RemoteLine, Remotes, Wire
from server.cluster.rooms_clock import RoomsClock
from server.cluster.shaking import Shaking
from server.cluster.state import decode_identity, encode_state, know_identity
from server.cluster.takeover import Left
from server.cluster.wire import Message, Opened
from server.cluster.writing import Writing
from server.codes import Refused
from server.commands import Enter
from server.house import House
from server.peer import Peer
from server.safety.keys import derive
from server.settings import Settings
from server.store.sealing import Seal, SealBroken

SPREAD_S = 0.25
"""Clients whose host is gone come back spread over this time: by then somebody has taken their room over."""

LISTED_S = 0.5
"""When something was lost, so long after it gateways have heard whose their clients are by now."""

LATE_S = 0.5
"""While the log takes longer no room ends: what was said in it is yet to be written, and who sits elsewhere meanwhile
would hear it among the words of their new room. After two seconds it is known that Redis is away."""


class Cluster:
    """One node of many. Make it in a running loop, `start` it, and `stop` it. Raises EngineError.

    Attributes:
        name: the node's id, never used twice.
        node: what carries out what the rooms decide.
        entrances: this node's sockets whose clients are another's, by their number.
        taking: rooms that are on their way here.
        left: what was written last of rooms that left here and went nowhere, until they are here again.
        takeovers: rooms of dead nodes that went on here, and those that were handed on.
        is_leaving: whether this node is about to end, and takes nobody any more.

    Args:
        called: what the node is called for people.
        seal: seals what names places and passes through Redis.
        stored: waits until everything that is to last is written.
        outlived: called when the others hold this node dead, or it hears them no more: it can only begin anew.
    """

    def __init__(
        self,
        settings: Settings,
        house: House,
        *,
        name: str,
        called: str,
        key: bytes,
        seal: Seal,
        loop: asyncio.AbstractEventLoop,
        stored: Callable[[], Awaitable[None]] | None = None,
        outlived: Callable[[], None],
    ) -> None:
        engine = self.engine = Engine(settings.redis)
        # However many look for their seats, the beat waits for no connection of theirs.
        self._beats = Engine(settings.redis)
        self.name = name
        self.house = house
        self.seal = seal
        self.entrances: dict[int, Entrance] = {}
        self.takeovers = 0
        self.taking: dict[str, asyncio.Future[str | None]] = {}
        self.left: dict[str, Left] = {}
        self.stored = stored
        self.alike = Alike(engine, Mark(key, settings), node=name, called=called)
        self.clock = RoomsClock(engine, settings.time_scale)
        self.writing = Writing(self, loop)
        self.log = RoomLog(
            engine,
            node=name,
            key=derive(key, b"hereabouts log"),
            noticed=self.writing.noticed,
            went_away=self.writing.went_away,
        )
        self.journal = Journal(
            self.log,
            house.world.rooms.get,
            lambda room: encode_state(room, house, now=self.clock.now()),
            unix=self.clock.unix,
        )
        self.commit = Commit(
            loop.call_soon, self.writing.write_down, gathers=self.writing.is_under_way, failed=outlived
        )
        self.recalling = Recalling(self)
        self.node = ClusterNode(
            house,
            self.clock,
            loop,
            journal=self.journal,
            log=self.log,
            commit=self.commit,
            refusal=self.writing.refusal,
            turns_away=lambda enter: self.is_leaving and not self.finding.is_here(enter),
            recall=self.recalling.recall,
            stands_still=lambda: self.registry.has_slept or self.log.waits_s > LATE_S,
        )
        self.registry = Registry(
            engine,
            node=name,
            beats=self._beats,
            died=self._died,
            came=self._came,
            buried=self._buried,
            emptied=self._emptied,
        )
        self.node.processes = lambda: 1 + len(self.registry.nodes)
        self.doubles = Doubles(self)
        self.directory = Directory(
            engine,
            node=name,
            takes=self.registry.takes,
            is_dead=self.registry.is_dead,
            is_mute=lambda: self.registry.may_be_outlived,
            replaced=self.doubles.found,
            rng=house.world.rng,
            unix=self.clock.now,
            time_scale=settings.time_scale,
        )
        self.remotes = Remotes(self.wire_to, self._receive)
        self.finding = Finding(self)
        self.moving = Moving(self)
        self.handing = Handing(self)
        self.shaking = Shaking(self)
        self.regions = house.world.sharing = Regions(self)
        self.offices = Offices(self, called)
        self.gossip = Gossip(self)
        self.is_leaving = False
        self.bus = Bus(engine, node=name, received=Hearing(self).received, gap=self._lost_touch, deaf=self._deaf)
        self._has_joined = False
        self._outlived = outlived
        self._wires: dict[str, Wire] = {}
        self._conns = 0
        self._lists_due = 0
        self._loop = loop
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Join the others. Raises EngineError."""
        await self.engine.open()
        await self._beats.open()
        await self.alike.start()
        self._has_joined = True
        await self.clock.start()
        await self.log.start()
        await self.bus.start()
        await self.registry.start()
        log.info("This is node %s.", self.offices.shown(self.name))
        self.begin(self.moving.look_outward())
        self.begin(self.regions.ahead.look_ahead())
        self.begin(self.gossip.tell_on())

    async def stop(self) -> None:
        """Leave: the others know at once."""
        for task in list(self._tasks):
            task.cancel()
        for taking in list(self.taking.values()):
            taking.cancel()
        await self.alike.stop()
        if self._has_joined:
            await self.directory.stop()
            await self.registry.stop()
            await self.bus.stop()
            await self.log.stop()
        await self._beats.close()
        await self.engine.close()

    def begin(self, work: "asyncio._CoroutineLike[None]") -> None:
        """Have something done that takes until others answer; it ends with the node."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(bug := task.exception(), Exception):
            log_bug("something in the background", bug)

    def measure(self, metrics: CollectorRegistry) -> None:
        """Have this node's part in the cluster read out with the rest."""
        metrics.register(ClusterCollector(self))

    @property
    def trouble(self) -> str:
        """What cannot be done now and why, in words for the operator; "" if all can."""
        if self.registry.reason or not self.bus.refusal:
            return self.registry.reason or ("Redis does not take what rooms write" if self.log.is_away else "")
        return f"Redis does not let this node hear others or tell them ({self.bus.refusal})"

    # What connections and entrances ask

    @property
    def reaches_others(self) -> bool:
        """Whether other nodes hear what this one says, as far as is known."""
        # A node that only relays has nothing to write, and learns it from the registry alone.
        return not (self.log.is_away or self.registry.is_degraded or self.bus.refusal)

    def refuse(self) -> Refused:
        """Return why others cannot be told of anything now."""
        return self.writing.refuse()

    def make_receiver(self) -> Entrance:
        """Return the end of a client that has just connected here."""
        return Entrance(self)

    def make_peer(self) -> Peer:
        """Return who hears a client that is this node's."""
        return self.node.make_peer()

    def next_conn(self) -> int:
        """Return a number for a client that another node has."""
        self._conns += 1
        return self._conns

    def wire_to(self, node: str) -> Wire:
        """Return the way to a node."""
        wire = self._wires.get(node)
        if wire is None:
            wire = self._wires[node] = Wire(lambda words: self.bus.send(node, words), self._loop.call_soon)
        return wire

    def tell(self, node: str, message: Message) -> None:
        """Send a message to a node."""
        self.wire_to(node).tell(message)

    def now(self) -> float:
        """Return the rooms' time, Unix seconds."""
        return self.clock.now()

    def find(self, enter: Enter, then: Callable[[str | None], None]) -> None:
        """Find out where whoever enters is to be, and say so."""
        self.begin(self._find(enter, then))

    async def _find(self, enter: Enter, then: Callable[[str | None], None]) -> None:
        node: str | None = ""
        try:
            node = await self.finding.host_of(enter)
        except DirectoryAway:
            node = None
        except Exception as bug:
            log_bug("finding where somebody is to be", bug)
        then("" if node == self.name else node)

    # What other nodes bring about

    def adopt(self, gateway: str, opened: Opened) -> Peer | None:
        """Return who hears a client that comes with somebody from another node; None if it is gone already."""
        if gateway != self.name:
            if self.registry.is_dead(gateway):
                return None
            receiver = self.remotes.opened(gateway, opened).receiver
            assert isinstance(receiver, Peer)
            return receiver
        entrance = self.entrances.get(opened.conn)
        if entrance is None:
            return None
        peer = self.make_peer()
        entrance.adopted(peer)
        return peer

    def know_identity(self, id: str, sealed: bytes) -> None:
        """Know who somebody is to the server, who was last at another node."""
        try:
            frozen = decode_identity(self.seal.unseal(sealed, about=id))
        except (SealBroken, msgspec.MsgspecError) as error:
            log.warning("What another node remembered of somebody cannot be read: %s", error)
            return
        know_identity(self.house, frozen, now=self.clock.now())

    def _receive(self, line: RemoteLine) -> Peer:
        peer = self.make_peer()
        held = self.commit.hold(line)
        held.peer = peer
        peer.opened(held)
        return peer

    def _came(self, node: str) -> None:
        self.offices.came(node)

    def _died(self, node: str) -> None:
        if self.registry.has_left(node):
            log.info("Node %s has left.", self.offices.shown(node))
        else:
            log.warning("Node %s is gone.", self.offices.shown(node))
        self.offices.died(node)
        self._lost_touch(node)
        self._wires.pop(node, None)
        self.bus.forget(node)

    def _buried(self) -> None:
        log.warning("This node stood still for so long that the others went on without it: it begins anew.")
        self.begin(self._begin_anew())

    async def _begin_anew(self) -> None:
        # Rooms that only this node's people sat in went on here; they come back for them, and for what was said.
        try:
            await self.writing.catch_up()
        finally:
            self._outlived()

    def _deaf(self) -> None:
        log.warning("This node hears nothing any more of what Redis takes: it begins anew.")
        self._outlived()

    def _emptied(self) -> None:
        """Write everything anew that Redis has forgotten; the logs of rooms are when they are next refused."""
        self.alike.forgotten()
        self.directory.rewrite()
        self.regions.ahead.forgotten()

    def _lost_touch(self, node: str) -> None:
        """Know that something on the way from that node, or the node itself, was lost: its clients come anew."""
        self.remotes.lost(node)
        self.come_back_from(node)
        self.commit.happened()
        # One that is due is followed by another: each loss is told of so long after it.
        if not self._lists_due:
            self._loop.call_later(LISTED_S, self._list_clients)
        self._lists_due = min(2, self._lists_due + 1)

    def _list_clients(self) -> None:
        """Tell all others which of their clients are here: somebody who was to come may have been lost on the way."""
        self._lists_due -= 1
        if self._lists_due:
            self._loop.call_later(LISTED_S, self._list_clients)
        for node in self.registry.nodes:
            self.remotes.list_to(node)

    def listed(self, node: str, conns: Collection[int]) -> None:
        """Have the clients come anew who are to be that node's and whom it does not know: they were lost on the way.

        Whoever was sent there later than anything was lost is not among them: they may be on the way yet.
        """
        lost_at = self._loop.time() - LISTED_S
        coming = {conn for conn, entrance in self.entrances.items() if entrance.sent_at > lost_at}
        self.come_back_from(node, but=coming.union(conns))

    def come_back_from(self, node: str, *, but: Container[int] = ()) -> None:
        """Have the clients come anew who are that node's, `but` those whom it knows."""
        lost = [conn for conn, entrance in self.entrances.items() if entrance.host == node and conn not in but]
        for entrance in [self.entrances[conn] for conn in lost]:
            entrance.lose_touch()
            self._loop.call_later(random.uniform(0, SPREAD_S), entrance.host_lost)
