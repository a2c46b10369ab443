"""One person's side of the wire, usable alone in other programs.

    async with Client(cell="dr5ru", name="Ada") as client:
        await client.say("hello")
        async for event in client.events():
            print(event)

Knows the commands and hands out events. Never knows a screen, nor how a server works inside. How it stays the
same person when connections break stands in presence.py.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Self

from client_demo.presence import Presence
from client_demo.wire import Closed, Held, Message, NoTls, Refused, TlsFails, Unreachable, Untrusted

__all__ = ["Client", "Closed", "Held", "Message", "NoTls", "Refused", "TlsFails", "Unreachable", "Untrusted"]

# A resume replays at most 1,000 events; twice that leaves room for what happens meanwhile.
QUEUE_MAX_EVENTS = 2000
LEAVE_TIMEOUT_S = 2.0


class Client(Presence):
    """One person. What is known (`room`, `members`, `closes`, …) is kept up to date as events arrive.

    Attributes:
        is_forgotten: whether the server has said that it let go of seat and token, which only `leave` brings about.
    """

    def __init__(
        self,
        url: str = "ws://127.0.0.1:8765/ws",
        *,
        cell: str,
        name: str | None = None,
        wire: str = "msgpack",
        far: bool = False,
        topics: Sequence[str] = (),
        visiting: bool = False,
        source: str | None = None,
        reconnect: bool = True,
        rng: random.Random | None = None,
        backoff_s: tuple[float, float] = (0.5, 30.0),
        keepalive_s: float | None = 20.0,
        auth: Callable[[], str] | None = None,
        terms: str | None = None,
    ) -> None:
        """Prepare, without connecting.

        Args:
            cell: geohash of 4 to `finest_cell` characters; all the server ever learns of the place.
            wire: "msgpack" or "json".
            far: let the search for company grow beyond the usual reach.
            topics: up to five things to talk about, shown to the others as the server writes them.
            visiting: say that one is not at that place; needed for one out of reach, which a server takes once a day.
            source: local address to connect from.
            rng: chance for refs and for the jitter of reconnecting; give a seeded one to repeat a run.
            backoff_s: bound of the first wait before reconnecting, and of the longest; each wait is a
                uniformly random part of a bound that doubles from one to the other.
            keepalive_s: seconds between pings of our own, None for none.
            auth: returns the JWT of the application that a server belongs to; asked at every entering, and for a
                fresh one before the last expires.
            terms: the version of the terms that the person has accepted, as `terms_needed` names it.
        """
        super().__init__(
            url,
            cell=cell,
            name=name,
            wire=wire,
            far=far,
            topics=topics,
            visiting=visiting,
            source=source,
            reconnect=reconnect,
            rng=rng,
            backoff_s=backoff_s,
            keepalive_s=keepalive_s,
            auth=auth,
        )
        self.terms = terms
        self.is_forgotten = False
        self.on_event: Callable[[Message], None] | None = None
        self._queue: deque[Message] = deque()
        self._queued = asyncio.Event()
        self._overrun = 0

    async def __aenter__(self) -> Self:
        """Connect, enter and return once the first room is known.

        Raises:
            Refused: the server does not take this cell or name.
            Unreachable: no connection came about; `retry_after` where the server named a time.
            Closed: the server closed before a room was given.
        """
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(Closed, Refused, TimeoutError):
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                if self.connected:
                    await self.leave()
        await self._stop()

    async def say(self, text: str, *, ref: str | None = None) -> Message:
        """Say something in the present room and return one's own echo, which is the acknowledgement.

        Raises:
            Refused: `wrong_room` where the room changed before this was acknowledged; `seat_gone` where one came back
                to the same room on a new seat: it may have been heard from the old one.
            Held: a Refused too: the server did not pass it on.
        """
        return await self.request("say", ref=ref, text=text, room=self.room)

    async def next(self) -> Message:
        """Ask for another room and return it."""
        return await self.request("next")

    async def move(self, cell: str) -> Message:
        """Tell a new place; returns `moved`, which says from when it counts."""
        answer = await self.request("move", cell=cell)
        self.cell = str(answer.get("cell", cell))
        return answer

    async def rename(self, name: str) -> Message:
        """Take another name, shown to the room; returns `changed`."""
        answer = await self.request("rename", name=name)
        self._chosen_name = self.name
        return answer

    async def away(self) -> Message:
        """Keep the seat for a while without being counted as company; any other command ends it."""
        return await self.request("away")

    async def mute(self, who: str, *, ref: str | None = None) -> Message:
        """Stop seeing what a member of the present room says; nobody is told."""
        return await self.request("mute", ref=ref, who=who)

    async def unmute(self, who: str, *, ref: str | None = None) -> Message:
        """See again what a member says."""
        return await self.request("unmute", ref=ref, who=who)

    async def block(self, who: str, *, ref: str | None = None) -> Message:
        """Never sit with somebody again who sits here or has just left; returns `blocked`, and a `room` may follow."""
        return await self.request("block", ref=ref, who=who)

    async def blocks(self) -> list[Message]:
        """Return the blocks one holds, the oldest first: {`block`, `name`, `at`}."""
        return list((await self.request("blocks")).get("blocks") or [])

    async def unblock(self, block: str, *, ref: str | None = None) -> Message:
        """End a block, by its id."""
        return await self.request("unblock", ref=ref, block=block)

    async def eject(self, who: str, *, ref: str | None = None) -> Message:
        """Vote, in secret, that a member of the room sit elsewhere; returns `voted`."""
        return await self.request("eject", ref=ref, who=who)

    async def keep(self, who: str, *, ref: str | None = None) -> Message:
        """Say that one wants to go on sitting with a member; returns `voted`. `kept` comes once they say so too."""
        return await self.request("keep", ref=ref, who=who)

    async def unkeep(self, who: str, *, ref: str | None = None) -> Message:
        """Let a member go; nobody is told."""
        return await self.request("unkeep", ref=ref, who=who)

    async def contact(self, who: str, text: str, *, ref: str | None = None) -> Message:
        """Give a member whom one keeps a line; returns `voted`. Theirs comes as `contact` once both have given one."""
        return await self.request("contact", ref=ref, who=who, text=text)

    async def extend(self) -> Message:
        """Vote that the room go on for half a window more; returns `voted`."""
        return await self.request("extend")

    async def report(self, who: str, reason: str, *, note: str = "", ref: str | None = None) -> Message:
        """Have the operator look at a member of the present room or of one left lately; returns `reported`."""
        return await self.request("report", ref=ref, who=who, reason=reason, **({"note": note} if note else {}))

    async def shake(self) -> Message:
        """Meet whoever shakes in the same moment; returns a `room`, or `nobody` after some seconds."""
        return await self.request("shake")

    async def throw(self, text: str) -> Message:
        """Throw a message in a bottle; returns `thrown`. An answer comes as `answered`, perhaps much later.

        Raises:
            Held: a Refused too: the server does not have it float.
        """
        return await self.request("throw", text=text)

    async def pick(self) -> Message:
        """Take a bottle out of the water; returns a `bottle`, or `nobody`."""
        return await self.request("pick")

    async def answer(self, bottle: str, text: str) -> Message:
        """Answer a bottle one has picked, once; returns `answered`. Raises Held as `throw` does."""
        return await self.request("answer", bottle=bottle, text=text)

    async def throw_back(self, bottle: str) -> Message:
        """Let go of a bottle one has picked; returns `thrown_back`."""
        return await self.request("throw_back", bottle=bottle)

    async def report_bottle(self, bottle: str, reason: str, *, note: str = "", ref: str | None = None) -> Message:
        """Have the operator look at a bottle one has picked, or an answer to one's own; returns `reported`."""
        return await self.request("report", ref=ref, bottle=bottle, reason=reason, **({"note": note} if note else {}))

    async def block_bottle(self, bottle: str, *, ref: str | None = None) -> Message:
        """Have nothing more to do with who wrote a bottle or an answer; returns `blocked`."""
        return await self.request("block", ref=ref, bottle=bottle)

    async def ping(self) -> Message:
        """Return `pong` with the server's clock in `now`, Unix milliseconds."""
        return await self.request("ping")

    async def leave(self) -> Message:
        """Be forgotten: seat, place and token. Returns `bye`; the connection ends."""
        self._leaving = True
        bye = await self.request("leave")
        self.is_forgotten = bye["type"] == "bye" and bye.get("code") == 1000
        return bye

    async def events(self) -> AsyncIterator[Message]:
        """Yield every event in order, for one consumer, until the connection is over (see `closed`).

        Local ones are mixed in: `disconnected` {`code`, `reason`, `retry_in_s` or None}, `reconnected`
        {`resumed`, `is_forgotten`: whether the server took the token for none of its own}, then what was missed,
        `caught_up` {`said`: how many messages that were}, and `overrun` {`lost`} where this iterator was too slow
        and the oldest events were given up.
        """
        while True:
            if self._overrun:
                lost, self._overrun = self._overrun, 0
                yield {"type": "overrun", "lost": lost}
            elif self._queue:
                yield self._queue.popleft()
            elif self.closed is not None:
                return
            else:
                self._queued.clear()
                await self._queued.wait()

    def _publish(self, event: Message) -> None:
        if self.on_event is not None:
            self.on_event(event)
            return
        if len(self._queue) >= QUEUE_MAX_EVENTS:
            self._queue.popleft()
            self._overrun += 1
        self._queue.append(event)
        self._queued.set()
