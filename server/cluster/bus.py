"""The bus: what nodes say to each other, over sharded pub/sub, one channel for each node.

Rules. Everything for one node in one loop turn goes as one publish. One pipeline is under way for each shard; what is
said meanwhile goes with the next, so a pair's order is kept and a busy node sends larger frames, not more. While Redis
is away, or says that nobody heard a frame, it waits with all that follows, up to a limit. Frames may be lost and are
then missed by their numbers (pairs.py): `gap(node)` says so before anything later of that node is handed on.

The bus proves its own ears: it says something to itself every beat. What Redis took and the bus did not hear makes
it connect anew, and at last call `deaf`; what Redis did not take proves nothing, and neither does time slept away.

Knows bytes and node ids; never what is said.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import hiredis

from server.bugs import log, log_bug
from server.cluster.ear import Ear
from server.cluster.ending import end
from server.cluster.engine import Engine
from server.cluster.lane import Lane
from server.cluster.lanes import ELSEWHERE, Lanes
from server.cluster.link import pack
from server.cluster.pairs import ASKS, QUEUED_MAX_BYTES, Heard, Outbox, Outboxes, decode


def channel_of(node: str) -> str:
    """Return the channel a node listens to."""
    return f"ha:{{n:{node}}}"


async def try_to_speak(engine: Engine) -> None:
    """Return if this user may use the channels of nodes. Raises one of FAILURES."""
    await engine.client.spublish(channel_of(""), b"")


def _nothing() -> None:
    """Stand in where nobody cares."""


class _Sent:
    """The frames that went to one shard at once.

    Attributes:
        lane: on which.
        at: when, by the bus's clock.
        left: how many of them have no answer yet.
        is_refused: Redis did not take all of them.
    """

    __slots__ = ("at", "is_refused", "lane", "left")

    def __init__(self, lane: Lane, at: float, left: int) -> None:
        self.lane = lane
        self.at = at
        self.left = left
        self.is_refused = False


class Bus:
    """One node's end of the bus.

    Args:
        received: called with the sender and each message, in the order the sender sent them.
        gap: called with a node of which something was lost.
        deaf: called once each time nothing has been heard for `deaf_s` that Redis took.
        clock: monotonic seconds.
        beat_s: how often the bus says something to itself and silent pairs repeat their number.
        answer_s: how long Redis may take to answer.
        pause_s: how long to wait before trying again.
        slept_s: a beat that comes so much too late was slept away.

    Attributes:
        gaps, renewals: how often something was lost, and how often the subscription was made anew.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        node: str,
        received: Callable[[str, bytes], None],
        gap: Callable[[str], None],
        deaf: Callable[[], None] = _nothing,
        clock: Callable[[], float] = time.monotonic,
        beat_s: float = 0.5,
        deaf_s: float = 3.0,
        answer_s: float = 2.0,
        pause_s: float = 0.25,
        slept_s: float = 1.0,
        queued_max_bytes: int = QUEUED_MAX_BYTES,
    ) -> None:
        self.node = node
        self.gaps = 0
        self.renewals = 0
        self._engine = engine
        self._received = received
        self._gap = gap
        self._deaf = deaf
        self._clock = clock
        self._beat_s = beat_s
        self._deaf_s = deaf_s
        self._answer_s = answer_s
        self._pause_s = pause_s
        self._slept_s = slept_s
        self._outboxes = Outboxes(node, queued_max_bytes=queued_max_bytes)
        self._heard = Heard()
        self._ear = Ear(engine, channel_of(node), self._hear, self._subscribed)
        self._lanes = Lanes(engine, up=self._came_up, rerouted=self._rerouted)
        self._listening = asyncio.Event()
        self._all_taken = asyncio.Event()
        self._under_way: dict[str, _Sent] = {}
        self._unheard_since: float | None = None
        self._canary_at: float | None = None
        self._last_lag_s = 0.0
        self._renewed_at = clock()
        self._is_called_deaf = False
        self._refusals: dict[str, str] = {}
        self._is_flush_due = False
        self._beating: asyncio.Task[None] | None = None

    @property
    def dropped(self) -> int:
        """How many messages were thrown away because Redis was away for too long."""
        return self._outboxes.dropped

    @property
    def lag_s(self) -> float:
        """How long what this node last said to itself took, or takes by now if that is longer."""
        waits = self._clock() - self._canary_at if self._canary_at is not None else 0.0
        return max(self._last_lag_s, waits)

    @property
    def refusal(self) -> str:
        """What Redis says why it does not let this node hear others or tell them; "" if it does."""
        return self._ear.refusal or next(iter(self._refusals.values()), "")

    @property
    def queued_bytes(self) -> int:
        """How much waits for Redis."""
        return self._outboxes.queued_bytes

    async def start(self) -> None:
        """Listen, and return when Redis confirmed it: from then on others may send."""
        self._renewed_at = self._clock()
        self._ear.listen()
        self._beating = asyncio.create_task(self._beat())
        await self._listening.wait()

    async def stop(self) -> None:
        """Send what waits, if Redis takes it in time, and listen no more."""
        if self._beating is not None:
            await end(self._beating)
        await self._ear.stop()
        self._flush()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._answer_s):
                while not self._outboxes.is_empty:
                    self._all_taken.clear()
                    await self._all_taken.wait()
        await self._lanes.stop()

    def send(self, node: str, message: bytes) -> None:
        """Have the node receive the message, after all that was sent to it before, or see a gap."""
        self._outboxes.put(node, message)
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def forget(self, node: str) -> None:
        """Neither send to this node nor hear it ever again: it is dead, and its id does not come back."""
        self._outboxes.forget(node)
        self._heard.forget(node)
        self._refusals.pop(node, None)

    def _flush(self) -> None:
        self._is_flush_due = False
        for shard, frames in self._outboxes.take(self._lane_of, self._under_way).items():
            lane = self._lanes.get(shard)
            if lane.is_up:
                self._publish(lane, frames)
            # Else they are taken again when it is.

    def _lane_of(self, node: str) -> str:
        """Return the shard that a node's channel lies in, so that one that is away holds up no other."""
        return self._engine.shard_of(channel_of(node))

    def _publish(self, lane: Lane, frames: list[tuple[Outbox, bytes]]) -> None:
        sent = self._under_way[lane.shard] = _Sent(lane, self._clock(), len(frames))
        for box, frame in frames:
            if box.node == self.node and self._canary_at is None:
                self._canary_at = sent.at
            lane.outbox.append(pack(("SPUBLISH", channel_of(box.node), frame)))
            lane.answers.append(partial(self._answered, sent, box))
        lane.flush()

    def _answered(self, sent: _Sent, box: Outbox, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            sent.is_refused = True
            if box.node == self.node:
                # What Redis does not take cannot be heard.
                self._unheard_since = None
            if str(reply).startswith(ELSEWHERE):
                self._lanes.look_again()
            else:
                self._refused(box.node, str(reply))
        else:
            self._refusals.pop(box.node, None)
            if reply or box.node == self.node:
                self._taken(box)
            else:
                # Nobody listened. What one says to oneself proves one's ears all the same.
                self._outboxes.put_off(box)
        sent.left -= 1
        if not sent.left:
            if sent.is_refused:
                asyncio.get_running_loop().call_later(self._pause_s, self._go_on, sent)
            else:
                self._go_on(sent)

    def _refused(self, node: str, why: str) -> None:
        """Know that Redis lets that node be told nothing, until it does: its shards may differ in what they let."""
        if why not in self._refusals.values():
            log.warning("Redis does not take what this node says to others: %s", why)
        if node in self._outboxes:
            self._refusals[node] = why

    def _go_on(self, sent: _Sent) -> None:
        """Send there what has gathered, if it still is this that is waited for."""
        if self._under_way.get(sent.lane.shard) is sent:
            del self._under_way[sent.lane.shard]
            self._flush()
        if self._outboxes.is_empty:
            self._all_taken.set()

    def _came_up(self, lane: Lane) -> None:
        """Say anew what may not have been taken; whatever Redis took all the same is passed over by who has it."""
        self._under_way.pop(lane.shard, None)
        self._flush()

    def _rerouted(self) -> None:
        """Say what waits to where those it is for listen by now."""
        self._lanes.keep(())
        self._ear.follow()
        self._flush()

    def _taken(self, box: Outbox) -> None:
        self._outboxes.sent(box)
        if box.node == self.node and self._unheard_since is None:
            self._unheard_since = self._clock()

    def _hear(self, payload: bytes) -> None:
        frame = decode(payload)
        if frame is None:
            return
        if frame.node == self.node:
            self._unheard_since = None
            if self._canary_at is not None:
                self._last_lag_s, self._canary_at = self._clock() - self._canary_at, None
            self._is_called_deaf = False
        if frame.n == ASKS:
            self._outboxes.repeat(frame.node)
            return
        is_lost, is_new = self._heard.judge(frame)
        if is_lost:
            self._miss(frame.node)
        if is_new:
            for message in frame.messages:
                try:
                    self._received(frame.node, message)
                except Exception as bug:
                    log_bug("hearing another node", bug)

    def _miss(self, node: str) -> None:
        self.gaps += 1
        try:
            self._gap(node)
        except Exception as bug:
            log_bug("missing what another node said", bug)

    def _subscribed(self) -> None:
        self._listening.set()
        # What was said meanwhile, and repeated for long enough, may never show; while Redis was away it was not said.
        self._outboxes.ask(self._heard)
        self._flush()

    async def _beat(self) -> None:
        while True:
            before = self._clock()
            await asyncio.sleep(self._beat_s)
            now = self._clock()
            if now - before > self._beat_s + self._slept_s:
                self._unheard_since = None
            else:
                self._mind_answers(now)
            self._mind_ears(now)
            self._outboxes.remind()
            self._flush()

    def _mind_answers(self, now: float) -> None:
        """Give up connections on which answers are late."""
        for sent in self._under_way.values():
            if sent.left and sent.lane.is_up and now - sent.at >= self._answer_s:
                sent.lane.reset()
                self._lanes.look_again(sent.lane.shard)

    def _mind_ears(self, now: float) -> None:
        if not self._lanes.get(self._lane_of(self.node)).is_up:
            # While Redis takes nothing, nothing can be heard.
            self._unheard_since = None
        if self._unheard_since is None:
            return
        silent_s = now - self._unheard_since
        if silent_s >= self._deaf_s / 2 and now - self._renewed_at >= self._deaf_s / 2:
            self._renewed_at = now
            self.renewals += 1
            self._ear.renew()
        if silent_s >= self._deaf_s and not self._is_called_deaf:
            self._is_called_deaf = True
            self._deaf()
