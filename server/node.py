"""One process: its clients, its rooms, and the one timer that lets time pass for them.

The node carries out what the rooms decide: it knows which client a person is, lets the
fan-out know who hears which room, and calls the world when something is due.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter

from rooms.changes import Change, Ended, Gone, LooksAgain, Published, Seated, Told, Unseated
from rooms.person import Person
from server.answers import Bye
from server.bugs import log_bug
from server.clock import Clock
from server.collector import look_at_new
from server.fanout import Fanout
from server.house import House
from server.origin import Origin
from server.outcomes import bye
from server.peer import Peer
from server.store.rows import Report

TICKS_PER_TURN = 100
"""Things of the rooms' agenda done in one loop turn: at 50 µs each, frames wait 5 ms for them at most."""

TURN_S = 0.01
"""No more of them are begun after so long: those of a large window's end take some milliseconds each."""

LONG_S = 0.0003
"""What takes so long is a slice of a window's end, after which the collector looks at what it made. Half of them take
less than a millisecond, and at what those had made it looked in one go, for 20 ms."""


def _nothing() -> None:
    """Stand in where keys never change."""


def _one() -> int:
    """Stand in where people who sit here are connected here."""
    return 1


def _tell_nobody(report: Report) -> None:
    """Leave the report to whoever looks for it."""


def _know_all(identity: str) -> None:
    """Stand in where nothing that concerns somebody is written elsewhere."""


class Node:
    """The shell around one house.

    Attributes:
        peers: person's id → their client, while connected.
        received: messages from clients so far.
        want_keys: called when a client shows a JWT of an unknown key.
        alert: called with each report, when it is kept.
        arrived: called with whoever goes on here where another process left off, once their seat is here.
        processes: returns how many processes have connections of people who sit here.
    """

    def __init__(self, house: House, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.house = house
        self.clock = clock
        self.peers: dict[str, Peer] = {}
        self.received = 0
        self.want_keys: Callable[[], None] = _nothing
        self.alert: Callable[[Report], None] = _tell_nobody
        self.arrived: Callable[[str], None] = _know_all
        self.processes: Callable[[], int] = _one
        self.fanout = Fanout(loop.call_soon)
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._is_stopped = False

    def make_peer(self) -> Peer:
        """Return the end of a client that has just connected."""
        return Peer(self)

    def introduce(self, peer: Peer, person: Person) -> None:
        """Know that this client is that person; an earlier client of theirs is sent away."""
        former = self.peers.get(person.id)
        if former is peer:
            return
        if former is not None:
            self.lost(former)
            former.unseat()
            former.end(bye(4503))
        self.peers[person.id] = peer

    def lost(self, peer: Peer) -> None:
        """Know the client no longer there."""
        person = peer.session.person
        if person is not None and self.peers.get(person.id) is peer:
            del self.peers[person.id]
            if person.room is not None:
                self.fanout.detach(person.room.id, peer)

    def look_again(self, person: Person) -> None:
        """Have somebody hear their room as they saw it until now, and from now on as they see it now."""
        peer = self.peers.get(person.id)
        if peer is not None and person.room is not None:
            self.fanout.detach(person.room.id, peer)
            peer.session.look_around(person.room)
            self.fanout.attach(person.room.id, peer)

    def later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back once, in so many real seconds."""
        return self._loop.call_later(delay_s, callback)

    def carry_out(self, change: Change) -> None:
        """Do what one change of the rooms asks of the shell."""
        match change:
            case Published(room, event):
                self.fanout.publish(room.id, event)
            case Seated():
                self._seat(change)
            case Unseated(person, room):
                peer = self.peers.get(person.id)
                if peer is not None:
                    self.fanout.detach(room.id, peer)
            case Told(person, event):
                peer = self.peers.get(person.id)
                if peer is not None:
                    peer.tell(event)
            case LooksAgain(person):
                self.look_again(person)
            case Ended(room):
                self.house.room_ended(room, now=self.clock.now())
            case Gone(person):
                peer = self.peers.pop(person.id, None)
                self.house.identities.went(person.id, now=self.clock.now())
                if peer is not None:
                    peer.sent_away()

    def put_out(self, peer: Peer, last: Bye) -> None:
        """Have somebody leave their seat and their connection at once."""
        person = peer.session.person
        self.lost(peer)
        if person is not None:
            self._leave(person)
        peer.unseat()
        peer.end(last)

    def forget(self, identity: str) -> None:
        """Have somebody leave, connected or not, as if they had asked for it."""
        peer = self.peers.get(identity)
        person = self.house.world.people.get(identity)
        if peer is not None:
            self.put_out(peer, bye(1000, reason="What this server kept of you was erased, as was asked."))
        elif person is not None:
            self._leave(person)

    def give_up_one_too_many(self, origin: Origin) -> None:
        """Have a seat be waited with no longer if more wait than may, now that one of that origin does."""
        id = self.house.door.one_too_many(origin, processes=self.processes())
        if id is None:
            return
        self.house.identities.waiting.end(id)
        person = self.house.world.people.get(id)
        if person is not None:
            for change in self.house.world.depart(person, "lost", now=self.clock.now()):
                self.carry_out(change)

    def _leave(self, person: Person) -> None:
        for change in self.house.world.leave(person, now=self.clock.now()):
            self.carry_out(change)
        self.arm()

    def arm(self) -> None:
        """Have the timer ring when the rooms next have something to do."""
        deadline = self.house.world.deadline
        if deadline == self._timer_at or self._is_stopped:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = (
            self._loop.call_later(self.clock.real_s_until(deadline), self._tick) if deadline is not None else None
        )

    def stop(self) -> None:
        """Let no more time pass."""
        self._is_stopped = True
        self.fanout.flush()
        if self._timer is not None:
            self._timer.cancel()

    def _seat(self, seated: Seated) -> None:
        room = seated.room
        for other in self.fanout.seeing_otherwise(room.id):
            other.meet(seated)
        peer = self.peers.get(seated.person.id)
        if peer is not None:
            peer.sit(seated)
            self.fanout.attach(room.id, peer)

    def _tick(self) -> None:
        self._timer = self._timer_at = None
        now = self.clock.now()
        try:
            enough = perf_counter() + TURN_S
            for _ in range(TICKS_PER_TURN):
                deadline = self.house.world.deadline
                if deadline is None or deadline > now:
                    break
                began = perf_counter()
                for change in self.house.world.tick(now=now):
                    self._carry_out_whatever_happens(change)
                ended = perf_counter()
                if ended - began >= LONG_S:
                    look_at_new()
                if ended >= enough:
                    break
        except Exception as bug:
            # A bug in one region's turn of time must not stop the others' time.
            log_bug("letting time pass", bug)
        self.arm()

    def _carry_out_whatever_happens(self, change: Change) -> None:
        """Let a bug that concerns one person end that person's connection and nothing else."""
        try:
            self.carry_out(change)
        except Exception as bug:
            log_bug("carrying out what was due", bug)
            peer = self.peers.get(change.person.id) if isinstance(change, Seated) else None
            if peer is not None:
                peer.end(bye(1011))
