"""A timetable carried out against a server, so many times faster than it happened.

Knows moments, tasks and the way from the file's time to the monotonic clock. Never knows the command line or what
the figures are printed as. How late it ran itself is part of what it tells: figures of a replay that could not keep
up are about the machine, not about the server.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from client_demo.accounting.histogram import Histogram
from client_demo.ledger import Ledger
from client_demo.places import cell_of
from client_demo.replaying.nearness import Seen
from client_demo.replaying.timetable import Action, Kind, Visit
from client_demo.replaying.visitor import Happenings, Visitor

ANSWERS_WAIT_S = 10.0
# Acts due together are started so many at a time, so that what they write goes out in between.
AT_A_TIME = 20


@dataclass
class Course:
    """How far a replay is and what it saw.

    Attributes:
        replayed_s: seconds of the replayed world since its beginning.
        late: by how much acts were started late, real seconds.
        samples: everybody who was in at each sampled moment.
        on_the_way: people not in at a sampled moment though they should have been, over all samples.
        is_cut_short: it was stopped before its end.
    """

    replayed_s: float = 0.0
    online: int = 0
    online_most: int = 0
    late: Histogram = field(default_factory=Histogram)
    samples: list[list[Seen]] = field(default_factory=list)
    on_the_way: int = 0
    is_cut_short: bool = False


class Replayer:
    """Carries out what was planned.

    Args:
        speed: seconds of the replayed world per second.
        characters: length of the cells that people tell the server.
    """

    def __init__(
        self,
        visits: Sequence[Visit],
        *,
        url: str,
        wire: str,
        sources: tuple[str, ...],
        speed: float,
        characters: int,
        ledger: Ledger,
        rng: random.Random,
    ) -> None:
        self.course, self.happenings = Course(), Happenings()
        self.visits, self._ledger, self._rng = visits, ledger, rng
        self._url, self._wire, self._sources = url, wire, sources
        self._speed, self._characters = speed, characters
        self._begins = visits[0].arrives if visits else 0.0
        self._began_at = 0.0
        self._online: dict[int, Visitor] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def seated(self) -> int:
        """How many sit in a room now."""
        return sum(1 for visitor in self._online.values() if visitor.room)

    async def run(self, actions: Sequence[Action], stop: asyncio.Event) -> None:
        """Carry out every action at its moment, until the last or until `stop`; everybody has left afterwards."""
        self._began_at = time.monotonic()
        for number, action in enumerate(actions):
            await self._wait_until(self._moment(action.at), stop, is_pause_due=number % AT_A_TIME == 0)
            if stop.is_set():
                self.course.is_cut_short = True
                break
            self.course.replayed_s = action.at - self._begins
            self.course.late.record(time.monotonic() - self._moment(action.at))
            self._do(action)
        for visitor in self._online.values():
            self._keep(visitor.leave())
        self._online.clear()
        await self._finish()

    def _moment(self, at: float) -> float:
        """Return when a moment of the replayed world is, on the monotonic clock."""
        return self._began_at + (at - self._begins) / self._speed

    async def _wait_until(self, moment: float, stop: asyncio.Event, *, is_pause_due: bool) -> None:
        ahead_s = moment - time.monotonic()
        if ahead_s > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ahead_s):
                    await stop.wait()
        elif is_pause_due:
            await asyncio.sleep(0)

    def _do(self, action: Action) -> None:
        if action.kind is Kind.SAMPLE:
            self._sample()
        elif action.kind is Kind.ENTER:
            self._enter(action.visit)
        else:
            self._go_on(action, self._online[action.visit])
        self.course.online = len(self._online)
        self.course.online_most = max(self.course.online_most, self.course.online)

    def _enter(self, number: int) -> None:
        place = self.visits[number].places[0]
        visitor = self._online[number] = Visitor(
            ledger=self._ledger,
            happenings=self.happenings,
            rng=self._rng,
            lat=place.lat,
            lon=place.lon,
            url=self._url,
            wire=self._wire,
            source=self._sources[number % len(self._sources)] if self._sources else None,
        )
        self._keep(visitor.enter(cell_of(place.lat, place.lon, self._characters)))

    def _go_on(self, action: Action, visitor: Visitor) -> None:
        if action.kind is Kind.SAY:
            self._keep(visitor.say(self._moment(action.at)))
        elif action.kind is Kind.LEAVE:
            del self._online[action.visit]
            self._keep(visitor.leave())
        else:
            place = self.visits[action.visit].places[action.place]
            visitor.lat, visitor.lon = place.lat, place.lon
            self._keep(visitor.move(cell_of(place.lat, place.lon, self._characters)))

    def _sample(self) -> None:
        inside = [each for each in self._online.values() if each.room]
        self.course.on_the_way += len(self._online) - len(inside)
        self.course.samples.append([Seen(each.lat, each.lon, each.room, each.room_size) for each in inside])

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.happenings.trouble(f"bug of the replay: {task.exception()!r}")

    async def _finish(self) -> None:
        """Wait until everybody has left; whoever waits for an answer that never comes is given up."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=ANSWERS_WAIT_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
