"""The log of the rooms that are held here: what happens in a room is accepted by Redis before anybody hears of it.

A room is one stream. `XADD NOMKSTREAM <epoch>-<n>` is fence, order and duplicate check in one command: a repeat, an
older epoch and a vanished room are all refused. All of a turn goes out at once, on one connection to each shard, and
turns follow one another without waiting. Nothing is blindly sent again: after any error it is read what stands last in
a room's stream, which tells what of the room was written and what is to be sent again, in order.

Must never know what bodies say, nor decide who may hold a room.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from secrets import token_bytes
from typing import Any
from weakref import WeakValueDictionary

import hiredis

from server.bugs import log
from server.cluster.claims import Away, Claim, Claimant, Claimed, Gone, HeldBy
from server.cluster.engine import COMMAND_TIMEOUT_S, Engine
from server.cluster.entries import END, EVENTS, WHOLE, Nonces, RoomSeal, log_key, read_raw
from server.cluster.lane import Lane
from server.cluster.lanes import ASK, ELSEWHERE, Lanes, asked_shard
from server.cluster.link import ASKING, Answered, LinkLostError, ignore, pack
from server.cluster.logged import LoggedRoom, Pending, Verdict
from server.cluster.turns import Turns, Verdicts
from server.store.sealing import NONCE_BYTES

__all__ = ["Away", "Claim", "Claimed", "Gone", "HeldBy", "RoomLog", "Verdict"]

KEPT = b"50"
"""Entries kept of a room, about: a room's state is written every 48th time at least, so one with it is always there."""
KEPT_LONG = b"1000"
"""The same while a seat waits: whoever comes back within minutes is told all they missed."""
TOPS_AT_ONCE = 100
"""How many rooms' last entries are read at once after a reconnect: half a megabyte, if all are states of 5 KB."""
OUTLASTS_S = 120
"""A room's stream outlasts the room by so much, its end alone once it was ended: a host that stood still meanwhile is
refused, where it would write down anew what Redis has forgotten, and go on with people who sit elsewhere by now."""
REFUSAL_TOLD_S = 60.0
"""The same refusal is told again after so long: a Redis that is full refuses what it is sent several times a second."""

_OLD_ID = "ERR The ID specified in XADD is equal or smaller"


class RoomLog:
    """Writes down what happens in rooms.

    Args:
        key: what bodies are encrypted under, the same on all nodes.
        noticed: told of a room when it turns out, with nothing of it on its way, that it is another's (LOST) or that
            its state is to be written as a whole (GONE).
        went_away: told that some shard does not answer any more, and that all do again.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        node: str,
        key: bytes,
        noticed: Callable[[str, Verdict], None] = lambda room, verdict: None,
        went_away: Callable[[bool], None] = lambda is_away: None,
    ) -> None:
        self._engine = engine
        self._node = node.encode()
        self._key = key
        self._nonces = Nonces(token_bytes(NONCE_BYTES))
        self._noticed = noticed
        self._went_away = went_away
        self._rooms: dict[str, LoggedRoom] = {}
        self._claiming: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._queue: list[Pending] = []
        self._unknown: list[str] = []
        self._turns = Turns(self._give_up)
        self._lanes = Lanes(engine, up=self._sync_all, rerouted=self._route)
        self._refusal, self._refusal_told_at = "", 0.0
        self.is_away = False

    @property
    def lag_s(self) -> float:
        """How long the last turn waited for its verdict, or the oldest has by now if that is longer."""
        return self._turns.lag_s

    @property
    def waits_s(self) -> float:
        """How long the oldest turn has waited for its verdict by now; 0 if none waits."""
        return self._turns.waits_s

    async def start(self) -> None:
        """Connect; the engine is open."""
        for shard in self._engine.shards():
            self._lanes.get(shard)

    async def stop(self) -> None:
        """End all connections; what has no verdict yet is away."""
        self._turns.stop()
        await self._lanes.stop()
        for room in self._rooms.values():
            room.give_up(Verdict.AWAY)

    def was_written(self, room: str) -> bool:
        """Tell whether Redis ever had anything of a room that is held here: else it was held by nobody before."""
        logged = self._rooms.get(room)
        return logged is not None and logged.accepted_n >= 0

    def holds(self, room: str) -> bool:
        """Tell whether more is to be learnt of a room: whether it is held here, and goes on."""
        logged = self._rooms.get(room)
        return logged is not None and not logged.is_over

    def epoch(self, room: str) -> int:
        """Return the epoch of a room that is held here, 0 of another."""
        logged = self._rooms.get(room)
        return logged.epoch if logged is not None else 0

    async def holder(self, room: str) -> str:
        """Return the node that wrote last of a room, "" if it is over or that cannot be asked."""
        key = log_key(room)
        lane = self._lanes.get(self._engine.shard_of(key))
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                answer = await lane.ask(b"XREVRANGE", key, b"+", b"-", b"COUNT", b"1")
        except (TimeoutError, LinkLostError):
            return ""
        tops = read_raw(answer) if isinstance(answer, list) else []
        return tops[0].node.decode() if tops and tops[0].mark != END else ""

    # What the host of a room says

    def create(self, room: str, body: bytes, *, ends_at: float, long: bool = False) -> None:
        """Queue the state of a room as a whole: the first of a new one, or, after GONE, of one that is here.

        Args:
            ends_at, long: as in `append`, for what may stand there already.
        """
        logged = self._rooms.get(room)
        if logged is None:
            logged = self._rooms[room] = self._logged(room, epoch=1, n=-1)
            # The stream is made by `1-0`, and nothing is asked first: nobody else has this room.
        self._put(logged, WHOLE, body, KEPT_LONG if long else KEPT, ends_at)

    def append(self, room: str, body: bytes, *, long: bool = False, ends_at: float | None = None) -> None:
        """Queue what happened in a room.

        Args:
            long: many entries are to be kept, since somebody may come back for them.
            ends_at: when Redis may forget the room, if that has changed.
        """
        logged = self._rooms.get(room)
        if logged is None or logged.is_over:
            self._unknown.append(room)
            return
        self._put(logged, EVENTS, body, KEPT_LONG if long else KEPT, ends_at)

    def let_go(self, room: str) -> None:
        """Know nothing more of a room that was to go on elsewhere; it can be claimed by whoever does, here too.

        What is pending of it will be seen there: nobody learns here whether it was written.
        """
        logged = self._rooms.pop(room, None)
        if logged is not None:
            logged.give_up(Verdict.LOST)

    def drop(self, room: str) -> None:
        """Queue a room's end: nobody goes on with it, and Redis forgets it soon, if it is still held here."""
        logged = self._rooms.get(room)
        if logged is not None and not logged.is_over:
            # Not simply deleted: by now it may be another's.
            self._put(logged, END, b"", KEPT, None)
            logged.is_over = True

    def send(self) -> Verdicts:
        """Send all that is queued; the future tells what became of it, after those of all earlier turns."""
        queue, self._queue = self._queue, []
        turn = self._turns.begin(len(queue) + 1)  # one for itself, so that it is not done before all is sent
        for room in self._unknown:
            turn.verdicts[room] = Verdict.LOST
        self._unknown.clear()
        for entry in queue:
            entry.judged = turn.judged
            entry.due_at = turn.due_at
            self._begin(entry)
        self._lanes.flush()
        turn.done()
        self._turns.watch()
        return turn.future

    async def claim(self, room: str, body: bytes, *, lives: Callable[[str], bool], handed: int = 0) -> Claim:
        """Hold a room from here on, if whoever held it is dead; the entries tell what it was.

        Args:
            lives: tells of a node whether it does; the room of one that lives is not taken.
            handed: in which epoch its holder handed it on: taken then, and only if nobody has claimed it since.
        """
        # Two who ask for one room at once are not to be given it twice.
        lock = self._claiming.setdefault(room, asyncio.Lock())
        async with lock:
            if room in self._rooms:
                return HeldBy(self._node.decode())
            seal = RoomSeal(self._key, room, self._nonces)
            claimant = Claimant(
                self._engine, self._lanes, seal, room, node=self._node, kept=KEPT_LONG, lives=lives, handed=handed
            )
            found, top = await claimant.claim(body)
            if isinstance(found, Claimed):
                self._rooms[room] = self._logged(room, epoch=top.epoch, n=top.n)
        return found

    # On the way out

    def _logged(self, room: str, *, epoch: int, n: int) -> LoggedRoom:
        key = log_key(room)
        seal = RoomSeal(self._key, room, self._nonces)
        return LoggedRoom(room, key.encode(), seal, epoch=epoch, n=n, shard=self._engine.shard_of(key))

    def _put(self, room: LoggedRoom, mark: bytes, body: bytes, kept: bytes, ends_at: float | None) -> None:
        room.n += 1
        id = b"%d-%d" % (room.epoch, room.n)
        sealed = room.seal.seal(body, id=id, mark=mark, node=self._node)
        how = (b"MAXLEN", b"~", kept) if mark == WHOLE else (b"NOMKSTREAM", b"MAXLEN", b"~", kept)
        data = pack((b"XADD", room.key, *how, id, mark, self._node, b"b", sealed))
        expires_at = 0 if ends_at is None else int(ends_at) + OUTLASTS_S
        if expires_at and (mark == WHOLE or expires_at != room.expires_at):
            room.expires_at = expires_at
            self._queue.append(Pending(room, room.n, mark, data, self._expiry(room)))
        else:
            self._queue.append(Pending(room, room.n, mark, data, b""))

    def _expiry(self, room: LoggedRoom) -> bytes:
        # Not EXPIREAT: where the clock of Redis was set forward it would forget each log as often as it is written.
        left_s = max(1, room.expires_at - int(self._engine.time()))
        return pack((b"EXPIRE", room.key, b"%d" % left_s))

    def _begin(self, entry: Pending) -> None:
        room, lane = entry.room, self._lanes.get(entry.room.shard)
        if lane.is_away or (room.is_behind and entry.mark != WHOLE) or self._rooms.get(room.id) is not room:
            self._refuse(entry, lane)
            return
        room.is_behind = False
        room.pending.append(entry)
        if not lane.is_up:
            room.is_syncing = True
        elif not room.is_syncing:
            self._write(lane, entry)

    def _refuse(self, entry: Pending, lane: Lane) -> None:
        room = entry.room
        verdict = Verdict.GONE
        if self._rooms.get(room.id) is not room:
            verdict = Verdict.LOST
        elif lane.is_away:
            verdict = Verdict.AWAY
        room.is_behind = True
        if room.is_over:
            self._rooms.pop(room.id, None)
        assert entry.judged is not None
        entry.judged(room.id, verdict)

    def _write(self, lane: Lane, entry: Pending) -> None:
        self._send_for(entry.room, lane, entry.data, partial(self._answered, entry))
        if entry.expiry:
            self._send_for(entry.room, lane, entry.expiry, ignore)

    @staticmethod
    def _send_for(room: LoggedRoom, lane: Lane, command: bytes, answered: Answered) -> None:
        if room.is_asking:
            lane.outbox.append(ASKING)
            lane.answers.append(ignore)
        lane.outbox.append(command)
        lane.answers.append(answered)

    # What Redis answers

    def _answered(self, entry: Pending, reply: Any) -> None:
        room = entry.room
        is_accepted = isinstance(reply, bytes)
        if room.is_syncing:
            # What stands last will tell; but what was refused was not written, whatever follows it.
            entry.is_refused = not is_accepted and not str(reply).startswith(_OLD_ID)
        elif entry.judged is None:
            pass  # given up long ago
        elif is_accepted:
            room.accept()
            if room.is_asking:
                self._lanes.look_again()  # its slot may have come after it
            if entry.mark == END:
                self._forget(room)
                lane = self._lanes.get(room.shard)
                self._send_for(room, lane, pack((b"XTRIM", room.key, b"MAXLEN", b"1")), ignore)
                self._send_for(room, lane, pack((b"EXPIRE", room.key, b"%d" % OUTLASTS_S)), ignore)
                lane.flush()
        elif reply is None:
            room.give_up(Verdict.GONE, up_to_whole=True)
            self._forget_if_over(room)
        else:
            self._refused(entry, str(reply))

    def _refused(self, entry: Pending, error: str) -> None:
        room = entry.room
        lane = self._lanes.get(room.shard)
        if error.startswith(_OLD_ID):
            self._sync(lane, (room,))
            return
        entry.is_refused = True
        if error.startswith(ELSEWHERE):
            self._follow(room, error)
            return
        self._tell_refusal(error)
        lane.reset()

    def _tell_refusal(self, error: str) -> None:
        now = asyncio.get_running_loop().time()
        if error != self._refusal or now - self._refusal_told_at >= REFUSAL_TOLD_S:
            self._refusal, self._refusal_told_at = error, now
            log.warning("Redis does not take what rooms write: %s", error)

    def _follow(self, room: LoggedRoom, error: str) -> None:
        """Have a room written to where it is by now, once that is known."""
        room.is_syncing = True
        room.asked = None
        room.is_asking = error.startswith(ASK)
        if room.is_asking:
            room.shard = asked_shard(error, room.shard)
            lane = self._lanes.get(room.shard)
            if lane.is_up:
                self._sync(lane, (room,))
        self._lanes.look_again()

    def _sync_all(self, lane: Lane) -> None:
        rooms = [room for room in self._rooms.values() if room.shard == lane.shard]
        for room in rooms:
            room.is_syncing = True
        rooms.sort(key=lambda room: not room.pending)  # words wait for these
        self._sync(lane, rooms)
        self._tell_away()

    def _sync(self, lane: Lane, rooms: Iterable[LoggedRoom]) -> None:
        """Find out what stands last in these rooms' streams, some at a time."""
        left = [room for room in rooms if room.shard == lane.shard]
        some, rest = left[:TOPS_AT_ONCE], left[TOPS_AT_ONCE:]
        for room in some:
            room.is_syncing = True
            room.asked = asked = object()
            top = pack((b"XREVRANGE", room.key, b"+", b"-", b"COUNT", b"1"))
            self._send_for(room, lane, top, self._top_answer(lane, room, asked))
        if rest:
            lane.outbox.append(pack((b"PING",)))
            lane.answers.append(lambda _: self._sync(lane, rest))
        lane.flush()

    def _top_answer(self, lane: Lane, room: LoggedRoom, asked: object) -> Answered:
        def answered(reply: Any) -> None:
            if room.asked is asked:
                self._top_came(lane, room, reply)

        return answered

    def _top_came(self, lane: Lane, room: LoggedRoom, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            if str(reply).startswith(ELSEWHERE):
                self._follow(room, str(reply))
            else:
                lane.reset()
            return
        tops = read_raw(reply)
        was_told = bool(room.pending)
        verdict = room.settle(tops[0] if tops else None, node=self._node)
        if verdict is Verdict.LOST:
            self._forget(room)
        self._forget_if_over(room)
        for entry in room.pending:
            entry.is_refused = False
            self._write(lane, entry)
        if room.expires_at and verdict is not Verdict.LOST:
            # It may have been lost on the way, and a stream without it would stay for ever.
            self._send_for(room, lane, self._expiry(room), ignore)
        lane.flush()
        if verdict is not None and not was_told and not room.is_over:
            self._noticed(room.id, verdict)

    def _forget_if_over(self, room: LoggedRoom) -> None:
        if room.is_over and not room.pending:
            self._forget(room)

    def _forget(self, room: LoggedRoom) -> None:
        if self._rooms.get(room.id) is room:
            del self._rooms[room.id]

    # Shards that do not answer, and rooms that move among them

    def _give_up(self, now: float) -> None:
        """Give those shards up that have not answered what was due by now."""
        rooms = list(self._rooms.values())
        late = {room.shard for room in rooms if room.pending and room.pending[0].due_at <= now}
        for shard in late:
            lane = self._lanes.get(shard)
            lane.is_away = True
            lane.reset()
            self._lanes.look_again(shard)
        for room in rooms:
            if room.shard in late:
                room.give_up(Verdict.AWAY)
                self._forget_if_over(room)
        self._tell_away()

    def _route(self) -> None:
        """Have rooms written to where they are by now, those first of all that were refused elsewhere."""
        moved: dict[str, list[LoggedRoom]] = {}
        for room in self._rooms.values():
            shard = self._engine.shard_of(room.key.decode())
            if room.is_asking and shard != room.shard and self._lanes.get(room.shard).is_up:
                continue  # there ahead of its slot
            room.is_asking = False
            if shard != room.shard or (room.is_syncing and room.asked is None):
                room.shard = shard
                room.is_syncing = True
                moved.setdefault(shard, []).append(room)
        for shard, rooms in moved.items():
            lane = self._lanes.get(shard)
            if lane.is_up:
                self._sync(lane, rooms)
        self._lanes.keep({room.shard for room in self._rooms.values()})
        self._tell_away()

    def _tell_away(self) -> None:
        is_away = self._lanes.are_away
        if is_away != self.is_away:
            self.is_away = is_away
            self._went_away(is_away)
