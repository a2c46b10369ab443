"""Many bots in one process: they enter one after the other, live by their scripts, and all leave at the end.

Knows tasks and moments. Never knows other processes (workers.py), the terminal, or how words are accounted for.
With a `rate` the talking is an open loop: words have their moments whatever the server does, and whoever should
speak next does; without one they talk as people at a table do.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter, deque
from dataclasses import dataclass, field

from client_demo.accounting.accounts import RoomAccount
from client_demo.accounting.figures import Figures
from client_demo.client import Closed, Message, Refused, Unreachable
from client_demo.crowd.acts import Kind, Script, stand
from client_demo.crowd.bot import Bot
from client_demo.crowd.characters import character_for, name_for
from client_demo.crowd.tables import Tables
from client_demo.ledger import Ledger
from client_demo.places import cell_of

LATE_S = 0.1
LEAVING_TOGETHER = 200
LEAVING_LEAST_S = 10.0
RETRY_FIRST_S = 1.0
RETRY_LONGEST_S = 30.0
LISTEN_EVERY_S = 0.25
WAITS_S = 4.0
WAITS_AT_MOST = 8
"""Times that somebody who wants to go waits so long, since they are just talking."""
RESTS_S = (3.0, 9.0)
"""Between two looks of somebody who left whether a chair is free again."""


@dataclass(frozen=True)
class Plan:
    """What one process is to do; every process of a run has the same but for `part`.

    Attributes:
        count, rate, enter_per_s: of all processes together; `rate` None for everybody's own pace.
        cell: everybody's, or None to cut each one's own from where they stand around (lat, lon).
        leaves_chairs: some leave tables that are nearly full, and come back when there is a chair; the server fills
            a room before it opens another, so a stranger who comes last would find none. Not with a rate.
        seed: the same seed gives the same people in the same places with the same intentions.
    """

    url: str
    wire: str
    count: int
    lat: float
    lon: float
    spread_m: float
    cell: str | None
    characters: int
    enter_per_s: float
    rate: float | None
    moves: bool
    leaves_chairs: bool
    next_per_h: float
    sources: tuple[str, ...]
    seed: int
    run: str
    part: int = 0
    parts: int = 1


@dataclass
class Report:
    """What one process has come to so far.

    Attributes:
        has_entered: everybody has tried at least once.
        rooms: ids of those somebody sits in now.
        parted: accounts of rooms that nobody of this process sits in any more, told once.
        troubles, breaks: what went wrong for good, and what is being mended; in words.
        acts: how often somebody entered, asked for another room, came back as somebody else.
        unsaid: words whose moment passed without anybody getting to say them.
        is_final: nothing more follows.
    """

    figures: Figures = field(default_factory=Figures)
    seated: int = 0
    has_entered: bool = False
    rooms: set[str] = field(default_factory=set)
    rooms_seen: set[str] = field(default_factory=set)
    parted: list[RoomAccount] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    breaks: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    unsaid: int = 0
    is_final: bool = False


class Swarm:
    """The people of one process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._ledger = Ledger(plan.run, part=plan.part, settle=plan.parts == 1)
        self._bots: dict[int, Bot] = {}
        self._queue: deque[int] = deque()
        self._tables = Tables(random.Random(f"{plan.seed}:tables:{plan.part}"))
        self._yet_to_enter = len(self._numbers())
        self._stopping, self._quiet, self._all_in = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._leaving = asyncio.Semaphore(LEAVING_TOGETHER)
        self._troubles: Counter[str] = Counter()
        self._breaks: Counter[str] = Counter()
        self._acts: Counter[str] = Counter()
        self._unsaid = 0
        self._coming = 0

    def stop(self) -> None:
        """Let everybody finish and leave; `run` returns when they have."""
        self._stopping.set()
        for bot in self._bots.values():
            bot.call()

    async def until_all_in(self) -> None:
        """Return when everybody has tried to enter at least once."""
        await self._all_in.wait()

    def report(self, *, is_final: bool = False) -> Report:
        """Return what has come to pass so far."""
        ledger = self._ledger
        return Report(
            figures=ledger.figures,
            seated=sum(1 for bot in self._bots.values() if bot.connected),
            has_entered=self._all_in.is_set(),
            rooms=set(ledger.rooms),
            rooms_seen=ledger.rooms_seen if is_final else set(),
            parted=ledger.close() if is_final else ledger.hand_over(),
            troubles=self._troubles,
            breaks=self._breaks,
            acts=self._acts,
            unsaid=self._unsaid,
            is_final=is_final,
        )

    async def run(self) -> None:
        """Live until `stop`; return when everybody has left."""
        lives = [asyncio.create_task(self._live(number)) for number in self._numbers()]
        rate = self._plan.rate
        talk = asyncio.create_task(self._talk_at(rate / self._plan.parts) if rate else self._talk())
        if not lives:
            self._all_in.set()
        await self._stopping.wait()
        await talk
        if self._bots:
            await asyncio.wait([asyncio.create_task(bot.wait_for_answers()) for bot in self._bots.values()])
        self._quiet.set()
        await _finish(lives, within_s=LEAVING_LEAST_S + len(lives) / 100)

    def _numbers(self) -> range:
        return range(self._plan.part, self._plan.count, self._plan.parts)

    # --- a life -------------------------------------------------------------------------------------------

    async def _live(self, number: int) -> None:
        """Be one person after the other until everything stops."""
        rng = random.Random(f"{self._plan.seed}:{number}")
        retry_s, is_first = RETRY_FIRST_S, True
        if not await self._pause(number / self._plan.enter_per_s):
            return
        while not self._stopping.is_set():
            bot = self._new_bot(number, rng)
            wait_s = await self._arrive(bot)
            if is_first:
                self._tried_to_enter()
                is_first = False
            if wait_s is not None:
                await self._pause(max(wait_s, rng.uniform(0.5, 1.0) * retry_s))
                retry_s = min(retry_s * 2, RETRY_LONGEST_S)
                continue
            retry_s = RETRY_FIRST_S
            await self._stay(number, bot, rng)
            if self._plan.leaves_chairs:
                await self._rest(rng)

    def _new_bot(self, number: int, rng: random.Random) -> Bot:
        plan = self._plan
        lat, lon = stand(plan.lat, plan.lon, spread_m=plan.spread_m, rng=rng)
        return Bot(
            ledger=self._ledger,
            rng=rng,
            character=character_for(rng),
            on_heard=self._hear,
            on_trouble=lambda what: self._troubles.update([what]),
            on_break=lambda what: self._breaks.update([what]),
            url=plan.url,
            wire=plan.wire,
            cell=plan.cell or cell_of(lat, lon, plan.characters),
            name=name_for(rng, {other.name or "" for other in self._bots.values()}),
            source=plan.sources[number % len(plan.sources)] if plan.sources else None,
        )

    async def _arrive(self, bot: Bot) -> float | None:
        """Enter; return None, or after how many seconds at the least to try again."""
        self._coming += 1
        try:
            await bot.arrive()
        except Unreachable as exc:
            self._troubles[f"enter: {exc.reason}"] += 1
            return exc.retry_after or 0.0
        except Closed as exc:
            self._troubles[f"enter: closed {exc.code}"] += 1
            return exc.retry_after or 0.0
        except Refused as exc:
            self._troubles[f"enter: {exc.code}"] += 1
            return exc.retry_after or 0.0
        finally:
            self._coming -= 1
        self._acts["entered"] += 1
        return None

    async def _rest(self, rng: random.Random) -> None:
        """Be away until there is a chair for one more."""
        while await self._pause(rng.uniform(*RESTS_S)):
            if self._coming < self._tables.free_chairs():
                return

    async def _stay(self, number: int, bot: Bot, rng: random.Random) -> None:
        """Act until this person goes, for good or to come back as somebody else."""
        self._bots[number] = bot
        self._queue.append(number)
        try:
            await self._act(bot, rng)
            if self._stopping.is_set():
                await self._quiet.wait()
        finally:
            # First out of everybody's sight, so that no word is meant for somebody who is leaving.
            del self._bots[number]
            self._queue.remove(number)
            self._tables.rise(bot)
            async with self._leaving:
                await bot.depart()

    async def _act(self, bot: Bot, rng: random.Random) -> None:
        plan = self._plan
        script = Script(rng, stays_s=None if plan.rate else bot.character.stays_s, next_per_h=plan.next_per_h)
        while not self._stopping.is_set():
            act = script.next_act(time.monotonic()) if plan.moves else None
            await bot.stay(act.after_s if act else None)
            if self._stopping.is_set() or bot.is_gone():
                return
            if act is None or act.kind is Kind.COME_BACK or bot.is_called:
                self._acts["came back"] += 1
                await self._say_goodbye(bot)
                return
            self._acts["next"] += 1
            await bot.change_room()

    async def _say_goodbye(self, bot: Bot) -> None:
        for _ in range(WAITS_AT_MOST):
            if not self._tables.is_engaged(bot, now=time.monotonic()) or not await self._pause(WAITS_S):
                break
        text = self._tables.farewell(bot, now=time.monotonic())
        if text is not None and bot.may_speak():
            await bot.start_speaking(text, meant_at=time.monotonic())

    def _tried_to_enter(self) -> None:
        self._yet_to_enter -= 1
        if not self._yet_to_enter:
            self._all_in.set()

    # --- talking as people do ---------------------------------------------------------------------------------

    def _hear(self, bot: Bot, event: Message) -> None:
        if self._plan.rate is None:
            self._tables.listen(bot, event, now=time.monotonic())

    async def _talk(self) -> None:
        """Let whoever's turn it is speak, at every table."""
        while await self._pause(LISTEN_EVERY_S):
            now = time.monotonic()
            for bot, text in list(self._tables.cues(now)):
                if bot.may_speak():
                    bot.start_speaking(text, meant_at=now)
            if self._plan.leaves_chairs and self._all_in.is_set():
                for bot in list(self._tables.too_many(now)):
                    bot.call()

    # --- talking at a rate --------------------------------------------------------------------------------

    async def _talk_at(self, rate: float) -> None:
        """Have `rate` words a second said from when everybody is in, each counted from its own moment."""
        while not self._all_in.is_set():
            if not await self._pause(0.01):
                return
        began, meant = time.monotonic(), 0
        while not self._stopping.is_set():
            now = time.monotonic()
            while began + meant / rate <= now and (bot := self._next_speaker()):
                bot.start_speaking(bot.next_text(), meant_at=began + meant / rate)
                meant += 1
            # Never a pause of nothing: what has been written has to be able to go out.
            await asyncio.sleep(min(max(began + meant / rate - now, 0.001), 0.1))
        # What was due in the last moment is not late yet.
        self._unsaid = max(int((time.monotonic() - began - LATE_S) * rate) - meant, 0)

    def _next_speaker(self) -> Bot | None:
        """Return who spoke longest ago among those who can, or None."""
        for _ in range(len(self._queue)):
            number = self._queue[0]
            self._queue.rotate(-1)
            bot = self._bots.get(number)
            if bot is not None and bot.connected:
                return bot
        return None

    # --- time ---------------------------------------------------------------------------------------------

    async def _pause(self, seconds: float) -> bool:
        """Wait; return False at once when everything stops."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stopping.wait()
        return not self._stopping.is_set()


async def _finish(tasks: list[asyncio.Task[None]], *, within_s: float) -> None:
    """Wait for the tasks, but no longer than that; raise what one of them died of."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=within_s)
    for task in late:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result
