"""One replayed person: enters, says something, moves to another place, leaves, each act after the one before.

Knows how a new place is told a server (`move`, then `next`; entering anew where that is refused for now) and when
company was first found. Never knows the timetable.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from client_demo import phrases
from client_demo.accounting.histogram import Histogram
from client_demo.client import Closed, Message, Refused
from client_demo.ledger import Ledger
from client_demo.person import Person
from client_demo.replaying.nearness import COMPANY_SEATS


@dataclass
class Happenings:
    """What befell all visitors of a replay.

    Attributes:
        waits_s: of each connection, from having entered until first among three; real seconds.
        entering: from wanting to enter until seated.
        moved, anew: places taken by `next`, and by leaving and entering because `next` or `move` was refused.
        unsaid: words of people who were not there to say them.
    """

    waits_s: list[float] = field(default_factory=list)
    entering: Histogram = field(default_factory=Histogram)
    entered: int = 0
    moved: int = 0
    anew: int = 0
    unsaid: int = 0
    troubles: dict[str, int] = field(default_factory=dict)
    breaks: int = 0
    limits: dict[str, Any] = field(default_factory=dict)

    def trouble(self, what: str) -> None:
        """Count something that went wrong."""
        self.troubles[what] = self.troubles.get(what, 0) + 1


class Visitor:
    """Somebody online, with a connection most of the time.

    Args:
        options: of `Client`: `url`, `wire`, `source`.
        lat, lon: where they truly are, for measuring only.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        happenings: Happenings,
        rng: random.Random,
        lat: float,
        lon: float,
        **options: Any,
    ) -> None:
        self.lat, self.lon = lat, lon
        self._ledger, self._happenings, self._rng, self._options = ledger, happenings, rng, options
        self._person: Person | None = None
        self._last: asyncio.Task[None] | None = None
        self._heard: str | None = None
        self._entered_at: float | None = None
        self._has_waited = False

    @property
    def room(self) -> str:
        """The room they sit in now, "" for none."""
        return self._person.room if self._person is not None and self._person.connected else ""

    @property
    def room_size(self) -> int:
        """How many sit in that room, as they were told."""
        return len(self._person.members) if self._person is not None and self.room else 0

    def enter(self, cell: str) -> asyncio.Task[None]:
        """Connect and enter."""
        return self._then(lambda: self._arrive(cell))

    def say(self, meant_at: float) -> asyncio.Task[None]:
        """Say something that was meant to be said at that moment of the monotonic clock."""
        return self._then(lambda: self._speak(meant_at))

    def move(self, cell: str) -> asyncio.Task[None]:
        """Take a new seat at a new place."""
        return self._then(lambda: self._relocate(cell))

    def leave(self) -> asyncio.Task[None]:
        """Leave for good."""
        return self._then(self._depart)

    def _then(self, act: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        self._last = asyncio.create_task(_after(self._last, act))
        return self._last

    async def _arrive(self, cell: str) -> None:
        began, happenings = time.monotonic(), self._happenings
        person = Person(ledger=self._ledger, cell=cell, rng=self._rng, keepalive_s=None, **self._options)
        person.on_event = self._listen
        self._entered_at, self._has_waited = None, False
        self._person = person
        try:
            await person.arrive()
        except Refused as refused:
            self._fail(f"enter: {refused.code}")
        except Closed as closed:
            self._fail(f"enter: {closed.reason}")
        else:
            happenings.entered += 1
            happenings.entering.record(time.monotonic() - began)
            happenings.limits = happenings.limits or person.limits

    def _fail(self, what: str) -> None:
        self._person = None
        self._happenings.trouble(what)

    async def _speak(self, meant_at: float) -> None:
        if self._person is None:
            self._happenings.unsaid += 1
            return
        heard, self._heard = self._heard, None
        await self._person.speak(phrases.reply_to(heard, self._rng), meant_at=meant_at)

    async def _relocate(self, cell: str) -> None:
        if self._person is not None:
            try:
                if cell != self._person.cell:
                    await self._person.move(cell)
                await self._person.next()
            except Refused as refused:
                if refused.code != "rate_limited":
                    self._happenings.trouble(f"{refused.about}: {refused.code}")
            except Closed:
                self._happenings.trouble("closed while moving")
            else:
                self._happenings.moved += 1
                return
        await self._depart()
        await self._arrive(cell)
        self._happenings.anew += 1

    async def _depart(self) -> None:
        person, self._person = self._person, None
        if person is not None:
            self._end_wait()
            person.on_event = _pass_over
            await person.depart()

    def _listen(self, event: Message) -> None:
        kind = event["type"]
        if kind == "said":
            self._heard = event["text"]
        elif kind == "entered":
            self._entered_at = self._entered_at or time.monotonic()
        elif kind in ("room", "joined"):
            if self._person is not None and len(self._person.members) >= COMPANY_SEATS:
                self._end_wait()
        elif kind == "disconnected" and self._person is not None and self._person.token is not None:
            # Who never got in is counted where they tried to.
            self._happenings.breaks += 1
            if event["retry_in_s"] is None:
                self._happenings.trouble(f"closed: {event['code']} {event['reason']}")

    def _end_wait(self) -> None:
        """The wait for company is over, by company or by leaving; only the first time counts."""
        if self._entered_at is not None and not self._has_waited:
            self._has_waited = True
            self._happenings.waits_s.append(time.monotonic() - self._entered_at)


async def _after(before: asyncio.Task[None] | None, act: Callable[[], Awaitable[None]]) -> None:
    if before is not None and not before.done():
        await asyncio.wait([before])
    await act()


def _pass_over(_event: Message) -> None:
    """Watch without doing anything."""
