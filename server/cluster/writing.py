"""What this node writes down, turn by turn, and what becomes of it: accepted, forgotten by Redis, or another node's.

Words that could not be written down go out only where nobody but this node could go on with the room. Of all others it
is known, when Redis can be asked again, whether they count.
"""

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

from rooms.frozen import drop
from server.bugs import log
from server.cluster.cards import card_of
from server.cluster.commit import Held
from server.cluster.directory import Where
from server.cluster.entrance import BACK_S
from server.cluster.journal import LATER_S
from server.cluster.log import Verdict
from server.cluster.relay import RemoteLine
from server.cluster.state import encode_identity
from server.codes import Refused
from server.outcomes import bye
from server.peer import Peer
from server.safety.identities import DAY_S
from server.store.store import StoreError

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

AGAIN_S = 2.0
"""When to try again what cannot be written down: about as long as it takes to know that it can be."""

SHOWN_S = 0.05
"""Nobody's seat waits longer than this for the directory, which is advisory; it takes about a millisecond."""

LIMBO_S = 5.0
"""When Redis can be asked again, so long after it everything is known that can be."""
LOOK_AGAIN_S = 0.1
"""How soon it is asked again whether the others went on without this node: a look is under way."""

CATCH_UP_S = 3.0
"""How long a node that was outlived has to write what its own people said: to connect may take two seconds."""


class Writing:
    """The writing of one node.

    Attributes:
        rooms_lost: rooms that another node went on with while this one still held them.
        refused: commands refused since the others of the room could not be told.
    """

    def __init__(self, cluster: "Cluster", loop: asyncio.AbstractEventLoop) -> None:
        self._cluster = cluster
        self._loop = loop
        self._limbo: dict[asyncio.Future[None], set[str]] = {}
        self._waiting_for: dict[str, list[asyncio.Future[None]]] = {}
        self._ends_limbo: asyncio.TimerHandle | None = None
        self._unanswered = 0
        self._new: set[str] = set()
        self._later: asyncio.TimerHandle | None = None
        self.rooms_lost = 0
        self.refused = 0

    def is_under_way(self) -> bool:
        """Tell whether the log has something to answer, and is expected to."""
        return self._unanswered > 0 and not self._cluster.log.is_away

    def write_down(self) -> asyncio.Future[None] | None:
        """Write what happened in this turn; what is returned is done when it may be heard."""
        cluster = self._cluster
        cluster.node.fanout.flush()
        is_news = cluster.journal.write()
        is_elsewhere = self._tell_where()
        if not is_news:
            return None
        written = logged = self._loop.create_future()
        if is_elsewhere:
            written = self._loop.create_task(self._all_written(logged, cluster.directory.written()))
        self._send(logged, written)
        return written

    async def _all_written(self, logged: asyncio.Future[None], shown: asyncio.Future[None] | None) -> None:
        """Return when a turn in which more than words came is written everywhere.

        Whoever is told where they sit can be found there by then, from whichever node somebody looks; and what is to
        last, lasts.
        """
        await logged
        if shown is not None:
            await asyncio.wait((shown,), timeout=SHOWN_S)
        if self._cluster.stored is not None:
            # A store that is away has refused what came since, in words of its own.
            with contextlib.suppress(StoreError):
                await self._cluster.stored()

    def refusal(self, peer: Peer) -> Refused | None:
        """Return why a client's command cannot be carried out now: others of its room could not be told of it."""
        person = peer.session.person
        if person is None or person.room is None or not self._cluster.log.is_away:
            return None
        # Whoever waits for words of several nodes would hear nothing of what is said here either.
        waits = isinstance(peer.connection, Held) and self._cluster.commit.is_bound(peer.connection)
        return self.refuse() if waits or not self._is_local(person.room.id) else None

    def is_reachable(self, room: str) -> bool:
        """Tell whether what is said in a room that is here can be heard now."""
        return not self._cluster.log.is_away or self._is_local(room)

    def refuse(self) -> Refused:
        """Return why others cannot be told of anything now."""
        self.refused += 1
        message = "Others here cannot be reached at the moment; try again soon."
        return Refused("unavailable", message, retry_after=AGAIN_S)

    @property
    def is_unsure(self) -> bool:
        """Whether it is not known of something whether it is written: nobody is to leave over it."""
        return bool(self._waiting_for) or self._cluster.log.is_away

    def noticed(self, room: str, verdict: Verdict) -> None:
        """Know what Redis has of a room, now that it can be asked again."""
        if verdict is Verdict.LOST:
            # Of one that has ended here meanwhile the words stay: who sat there is elsewhere, and it begins anew here.
            if room in self._cluster.house.world.rooms:
                self._lose(room)
                self._is_sure(room)
        elif room in self._cluster.house.world.rooms:
            self._write_anew({room})
        else:
            self._is_sure(room)

    def _write_anew(self, rooms: set[str]) -> None:
        """Have rooms written of which Redis has nothing, or lacks something."""
        self._cluster.journal.write_anew(rooms - self._hold_back(rooms))
        self._cluster.commit.happened()

    def _hold_back(self, rooms: set[str]) -> set[str]:
        """Return those of these rooms that are not to be written yet, and have them written when they may be.

        A room that is in Redis is written at once: if another node goes on with it, that is refused. One that began
        here meanwhile waits until it is known that the others have not gone on without this node: else people would be
        in it who sit elsewhere, and nothing would tell which seat holds.
        """
        registry = self._cluster.registry
        if not rooms or not registry.may_be_outlived:
            return set()
        new = {room for room in rooms if not self._cluster.log.was_written(room)}
        self._new |= new
        if new and self._later is None and not registry.is_buried:
            self._later = self._loop.call_later(LOOK_AGAIN_S, self._write_new)
        return new

    def _write_new(self) -> None:
        self._later = None
        new, self._new = self._new, set()
        self._write_anew(new & self._cluster.house.world.rooms.keys())

    async def catch_up(self) -> None:
        """Return when what happened here while Redis was away is written, as far as it may be; or after a while."""
        log = self._cluster.log
        for _ in range(int(CATCH_UP_S / LOOK_AGAIN_S)):
            # Of rooms that ended meanwhile, or began, nothing more will be known.
            waits = any(log.holds(room) and log.was_written(room) for room in self._waiting_for)
            if not (log.is_away or self._unanswered or waits):
                return
            await asyncio.sleep(LOOK_AGAIN_S)

    def went_away(self, is_away: bool) -> None:
        """Know that nothing can be written down for now, or can be again."""
        self._cluster.commit.free(self._need_not_wait if is_away else None)
        if self._ends_limbo is not None:
            self._ends_limbo.cancel()  # of an earlier outage
        if not is_away:
            self._let_out(of_ended=True)
            self._let_out_after(LIMBO_S, of_ended=False)

    def _let_out(self, *, of_ended: bool) -> None:
        """Let out what waits for rooms of which nothing more will be known: those that ended here, and later all.

        If the others went on without this node they went on with those rooms, too: then nobody is to hear it, and this
        node begins anew.
        """
        registry, log = self._cluster.registry, self._cluster.log
        if log.is_away or registry.is_buried:
            return
        if registry.is_degraded:
            self._let_out_after(LOOK_AGAIN_S, of_ended=of_ended)
            return
        for room in list(self._waiting_for):
            if not (of_ended and log.holds(room)):
                self._is_sure(room)

    def _let_out_after(self, seconds: float, *, of_ended: bool) -> None:
        timer = self._loop.call_later(seconds, partial(self._let_out, of_ended=of_ended))
        if not of_ended:
            self._ends_limbo = timer

    def _send(self, done: asyncio.Future[None], turn: asyncio.Future[None]) -> None:
        """Send what is queued; `done` is when it is written, which the `turn` waits for."""
        self._unanswered += 1
        self._cluster.log.send().add_done_callback(lambda verdicts: self._answered(verdicts.result(), done, turn))

    def _answered(self, verdicts: dict[str, Verdict], done: asyncio.Future[None], turn: asyncio.Future[None]) -> None:
        self._unanswered -= 1
        self._judge(verdicts, done, turn)
        self._cluster.commit.hurry()

    def _judge(self, verdicts: dict[str, Verdict], done: asyncio.Future[None], turn: asyncio.Future[None]) -> None:
        gone, away = set(), set()
        for room, verdict in verdicts.items():
            if verdict is Verdict.LOST:
                self._lose(room)
            if verdict is Verdict.GONE and room in self._cluster.house.world.rooms:
                gone.add(room)
            elif verdict is Verdict.AWAY:
                away.add(room)
            else:
                self._is_sure(room)
        new = self._hold_back(gone)
        if new or away:
            self._leave_in_limbo(gone | away, done, turn)
            if gone - new:
                self._cluster.journal.write_anew(gone - new)
                self._cluster.commit.happened()
        elif gone:
            # Redis has forgotten them: they are written anew before anybody hears of what was not written.
            self._cluster.node.fanout.flush()
            self._cluster.journal.write_anew(gone)
            self._cluster.journal.write()
            self._send(done, turn)
        else:
            done.set_result(None)

    def _leave_in_limbo(self, rooms: set[str], done: asyncio.Future[None], turn: asyncio.Future[None]) -> None:
        waiting = [self._waiting_for.setdefault(room, []) for room in rooms]
        if not self._cluster.commit.awaits(turn):
            # All who were to hear it have: only the rooms are remembered, else an outage would cost memory by the word.
            done.set_result(None)
            return
        self._limbo[done] = rooms
        for each in waiting:
            each.append(done)

    def _is_sure(self, room: str) -> None:
        """Know what has become of what could not be written down about this room: those who wait for it may hear it."""
        for done in self._waiting_for.pop(room, ()):
            rooms = self._limbo[done]
            rooms.discard(room)
            if not rooms:
                del self._limbo[done]
                done.set_result(None)

    def _need_not_wait(self, held: Held) -> bool:
        if held in self._cluster.handing.passengers:
            return False  # they sit nowhere, but what their room said to them counts only if it is written
        person = held.peer.session.person if held.peer is not None else None
        return person is None or person.room is None or self._is_local(person.room.id)

    def _is_local(self, room_id: str) -> bool:
        """Tell whether nobody else can go on with the room: all who sit there are connected here."""
        cluster = self._cluster
        room = cluster.house.world.rooms.get(room_id)
        return room is None or all(
            self._is_here(cluster.node.peers.get(each.person.id)) for each in room.seats.values()
        )

    @staticmethod
    def _is_here(peer: Peer | None) -> bool:
        return (
            peer is not None and isinstance(peer.connection, Held) and not isinstance(peer.connection.line, RemoteLine)
        )

    def _lose(self, id: str) -> None:
        """Know that another node goes on with a room: nothing more is said here for it, and its people go after it."""
        cluster = self._cluster
        if cluster.log.holds(id):
            return  # it was on its way to another node, and is here again
        cluster.node.fanout.catch_up(id)
        cluster.journal.let_go(id)
        self._send_leavers_back(id)
        room = cluster.house.world.rooms.get(id)
        if room is None:
            return
        log.warning("Another node goes on with room %s; its people here are sent after it.", id)
        self.rooms_lost += 1
        people = [seat.person for seat in room.seats.values()]
        for person in people:
            cluster.house.let_go(person.id)
            peer = cluster.node.peers.get(person.id)
            if peer is not None:
                cluster.node.lost(peer)
                peer.unseat()
                send_back(peer)
        for change in drop(cluster.house.world, room):
            cluster.node.carry_out(change)
        for person in people:
            # Where they are is the other's to say: until it does, they are found by their room.
            cluster.node.moved.discard(person.id)
            cluster.directory.let_go_person(person.id)
        cluster.node.arm()

    def _send_leavers_back(self, room: str) -> None:
        """Have those come back, too, who left a lost room and were not told so yet: what it said waits for them."""
        for held in self._cluster.commit.leavers(room):
            if held.peer is not None and not held.is_void:
                send_back(held.peer)

    def _tell_where(self) -> bool:
        """Have the others find those people and rooms whose place has changed; tell whether there were any."""
        cluster = self._cluster
        moved, cluster.node.moved = cluster.node.moved, set()
        changed = cluster.journal.take_changed()
        for id in moved:
            where = self._where(id)
            if where is not None:
                cluster.directory.put_person(id, where)
            else:
                cluster.directory.forget_person(id)
        rules = cluster.house.world.rules
        for id in changed:
            room = cluster.house.world.rooms.get(id)
            card = card_of(room, rules, node=cluster.name) if room is not None else None
            if card is not None:
                cluster.directory.put_room(card)
            else:
                cluster.directory.drop_room(id)
        return bool(moved or changed)

    def _where(self, id: str) -> Where | None:
        """Return where somebody is, or what they left here; None if they asked to be forgotten."""
        cluster, now = self._cluster, self._cluster.clock.now()
        person = cluster.house.world.people.get(id)
        if person is not None and person.room is not None and person.seat is not None:
            until = person.room.closes + LATER_S * cluster.clock.time_scale
            return Where(cluster.name, person.room.id, None, until, person.seat.since)
        identity = cluster.house.identities.known(id)
        if identity is None:
            return None
        frozen = encode_identity(cluster.house, identity, now=now, is_online=False)
        # Sealed, since it says who somebody is and where they were, and Redis may write down what it holds.
        return Where("", "", cluster.seal.seal(frozen, about=id), now + DAY_S)


def send_back(peer: Peer) -> None:
    """Have a client come back to where its room is now; nothing that still waits for it goes out."""
    held = peer.connection
    assert isinstance(held, Held)
    held.is_void = True
    held.line.write(peer.codec.frame(bye(4000, reconnect_in=BACK_S)))
    held.line.close(4000, "moved")
    held.is_anothers()
