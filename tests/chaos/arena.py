"""Nodes in processes of their own, a Redis and a crowd who talk: everything that faults are done to."""

import asyncio
import contextlib
import math
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from geo import ALPHABET, Cell
from rooms.windows import closing_time, region_of
from tests.chaos.history import Acknowledged, Fault, History, Tried
from tests.chaos.logs import LogWatch
from tests.chaos.pace import Pace
from tests.chaos.talker import Breaks, Talker
from tests.clusters import SECRET
from tests.live_server import LiveServer, live_server
from tests.redis_cluster import RedisCluster, redis_cluster
from tests.redis_proxy import RedisProxy
from tests.redis_sentinel import RedisSentinel, redis_sentinel
from tests.redis_server import RedisServer, redis_server
from tests.sessions import UNLIMITED

SETTINGS: dict[str, Any] = {
    **UNLIMITED,
    "secret": SECRET,
    "new_identity_s": 0,
    "same_text_rooms": 0,
    "same_text_rooms_all": 0,
}
"""Whoever tests the rooms' logs has no use for rates, nor for what is done about junk."""

WINDOW_S = 1800.0
QUIET = 1 / 3
"""At least so much of a window is left when people come, if there are cities enough."""

CITIES = tuple(f"{first}{second}5ru" for first in "d6ugxrtw9s" for second in "rqy")
"""Places far from each other."""

CITY_OF = 12
"""So few in one place that each node alone has no company for them: their rooms have people of all nodes."""

SILENT_S = 3.0
"""A load balancer looks so often whether a node that did not answer does again."""

AROUND = 6
"""Cells of a city where people are: enough for rooms to differ in distance."""

Redis: TypeAlias = RedisServer | RedisSentinel | RedisCluster

REDIS: dict[str, Callable[[Path], contextlib.AbstractAsyncContextManager[Redis]]] = {
    "single": redis_server,
    "sentinel": redis_sentinel,
    "cluster": partial(redis_cluster, with_replicas=True),
}
"""What nodes may meet at."""

_NAME = re.compile(rb"This is node \S+ \((\S+)\)\.")


class Arena:
    """The place.

    Attributes:
        redis: where the nodes meet.
        servers: the nodes that run, or stand still.
        window_s: how long rooms last.
        regions: where people are.
        pace: whether the machine keeps up.
        faults: what was done so far.
        faulty: what servers wrote of bugs of their own.
        logs: what servers that are no more wrote, by their port.
        ways: each node's way to Redis, where it can be cut.
        unhealthy: those of the servers that a load balancer's probes find silent.
    """

    def __init__(
        self, redis: Redis, *, rng: random.Random, settings: Mapping[str, Any], cuttable: bool, pace: Pace
    ) -> None:
        self.redis = redis
        self.rng = rng
        self.pace = pace
        self.regions: list[Cell] = []
        self.window_s = float(settings.get("window_s", WINDOW_S))
        self.servers: list[LiveServer] = []
        self.talkers: list[Talker] = []
        self.faults: list[Fault] = []
        self.faulty: list[str] = []
        self.logs: dict[int, bytes] = {}
        self.unhealthy: set[LiveServer] = set()
        self.ways: dict[LiveServer, RedisProxy] = {}
        self._settings = {**SETTINGS, "redis": redis.url, **settings}
        self._is_cuttable = cuttable
        self._stacks: dict[LiveServer, contextlib.AsyncExitStack] = {}
        self._lives: list[asyncio.Task[None]] = []
        self._silent: dict[str, float] = {}

    async def add_node(self) -> LiveServer:
        """Start one more node."""
        stack = contextlib.AsyncExitStack()
        settings = self._settings
        way = None
        if self._is_cuttable:
            assert isinstance(self.redis, RedisServer), "the others tell their clients where else to go"
            way = await stack.enter_async_context(RedisProxy(self.redis.port))
            settings = {**settings, "redis": way.url}
        server = await stack.enter_async_context(live_server(settings))
        if way is not None:
            self.ways[server] = way
        self._stacks[server] = stack
        self.servers.append(server)
        return server

    async def kill_node(self, server: LiveServer) -> None:
        """End a node at once."""
        self.servers.remove(server)
        await server.kill()
        await self._look_at(server)

    async def end_node(self, server: LiveServer) -> None:
        """End a node as whoever restarts it does; a load balancer asks /readyz, which says so at once."""
        self.unhealthy.add(server)
        await server.end_gently()
        self.servers.remove(server)
        self.unhealthy.discard(server)
        await self._look_at(server)

    async def replace_ended(self) -> None:
        """Know of nodes that ended by themselves, which none is to do, and start others."""
        for server in [server for server in self.servers if server.has_ended]:
            self.faulty.append(f"the node at {server.port} ended by itself: {server.log[-2000:].decode()}")
            self.servers.remove(server)
            await self._look_at(server)
            await self.add_node()

    async def add_people(
        self, count: int, *, every_s: float, breaks: Breaks | None = None, cities: int = 0
    ) -> list[Talker]:
        """Have so many people come, some at a time, to so many cities if that is said; return them when all sit."""
        cells = quiet_cells(self.rng, cities=cities or max(1, count // CITY_OF), window_s=self.window_s)
        self.regions = sorted({*self.regions, *(region_of(Cell(cell)) for cell in cells)})
        came = []
        for _ in range(count):
            talker = Talker(
                len(self.talkers),
                self._urls,
                self._is_silent,
                self.rng.choice(cells),
                every_s=every_s,
                rng=random.Random(self.rng.random()),
                breaks=breaks,
            )
            self.talkers.append(talker)
            self._lives.append(asyncio.create_task(talker.live()))
            came.append(talker)
            await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            for talker in came:
                await talker.has_seat.wait()
        return came

    def named(self, name: str) -> LiveServer | None:
        """Return the node that has this name among the others; it says so when it joins them."""
        ours = (server for server in self.servers if _NAME.findall(server.log)[-1:] == [name.encode()])
        return next(ours, None)

    @property
    def histories(self) -> dict[int, History]:
        """What everybody saw."""
        return {talker.number: talker.history for talker in self.talkers}

    async def until_all_are_heard(self, *, within_s: float) -> bool:
        """Return when each has had an answer to a word they began from now on; tell whether that was in time."""
        loop = asyncio.get_running_loop()
        begins = {talker.number: len(talker.history) for talker in self.talkers}

        def is_heard(talker: Talker) -> bool:
            since = talker.history[begins[talker.number] :]
            tried = {record.word for record in since if isinstance(record, Tried)}
            return any(isinstance(record, Acknowledged) and record.word in tried for record in since)

        end = loop.time() + within_s
        while loop.time() < end:
            if all(map(is_heard, self.talkers)):
                return True
            await asyncio.sleep(0.1)
        return False

    async def hush(self, *, within_s: float) -> None:
        """Have nobody say anything new, and return when all have heard everything, or the time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        for talker in self.talkers:
            talker.is_quiet = True
        while loop.time() < end and not self._is_quiet():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        left_s = max(1.0, end - loop.time())
        await asyncio.gather(*(talker.settle(within_s=left_s) for talker in self.talkers))
        while loop.time() < end and not self._are_level():  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    def disconnect(self, count: int) -> None:
        """Have so many lose their connection, as phones do: they come back to whichever node they are sent to."""
        for talker in self.rng.sample(self.talkers, count):
            talker.lose_connection()

    def go_on(self) -> None:
        """Have everybody talk again."""
        for talker in self.talkers:
            talker.is_quiet = False

    def _is_quiet(self) -> bool:
        return all(talker.has_seat.is_set() and not talker.words for talker in self.talkers)

    def _are_level(self) -> bool:
        newest: dict[str, set[int]] = {}
        for talker in self.talkers:
            newest.setdefault(talker.room, set()).add(talker.seq)
        return self._is_quiet() and all(len(each) == 1 for each in newest.values())

    def _urls(self) -> list[str]:
        """Return where to connect, as a load balancer would: where fewest are, last where none answered."""
        now = asyncio.get_running_loop().time()
        servers = [server for server in self.servers if server not in self.unhealthy] or self.servers[:1]
        self.rng.shuffle(servers)
        counts = Counter(talker.port for talker in self.talkers)
        servers.sort(key=lambda each: (self._silent.get(each.url, -math.inf) > now - SILENT_S, counts[each.port]))
        return [server.url for server in servers]

    def _is_silent(self, url: str) -> None:
        self._silent[url] = asyncio.get_running_loop().time()

    async def _look_at(self, server: LiveServer) -> None:
        try:
            # It asserts that no error was written: that Redis is away is one, which an operator has to know of.
            with contextlib.suppress(AssertionError):
                await self._stacks.pop(server).aclose()
            self.logs[server.port] = server.log
            if b"Traceback" in server.log:
                self.faulty.append(server.log.decode())
        except TimeoutError:
            self.faulty.append(f"the node at {server.port} did not end when asked to")

    async def close(self) -> None:
        """Have everybody go, and end the nodes."""
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
        servers, self.servers = self.servers, []
        for server in servers:
            server.go_on()
        await asyncio.gather(*(self._look_at(server) for server in servers))


@contextlib.asynccontextmanager
async def arena(
    folder: Path,
    *,
    nodes: int,
    rng: random.Random,
    redis: str = "single",
    settings: Mapping[str, Any] | None = None,
    cuttable: bool = False,
) -> AsyncIterator[tuple[Arena, LogWatch]]:
    """Start a Redis of that kind and so many nodes; `cuttable`: so that each can be cut off from a single one."""
    async with REDIS[redis](folder) as started, LogWatch(started.urls) as watch, Pace() as pace:
        place = Arena(started, rng=rng, settings=settings or {}, cuttable=cuttable, pace=pace)
        try:
            await asyncio.gather(*(place.add_node() for _ in range(nodes)))
            yield place, watch
        finally:
            await place.close()


def quiet_cells(rng: random.Random, *, cities: int, window_s: float = WINDOW_S) -> list[str]:
    """Return cells where people are: all of each city in one region, the windows of which do not end at once."""
    now = time.time()

    def left_s(city: str) -> float:
        return closing_time(region_of(Cell(city)), now, window_s) - now

    late = sorted(CITIES, key=lambda city: (left_s(city) < QUIET * window_s, left_s(city)))
    return [city + letter for city in late[:cities] for letter in rng.sample(ALPHABET, AROUND)]
