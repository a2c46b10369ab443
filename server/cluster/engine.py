"""Redis or Valkey, found by its address: the one place that makes clients, and says in words why it cannot be used.

Knows how one server, Sentinels and a Cluster are asked, and what the time is there. Must never know what is kept in
it. The library retries nothing: a command whose answer was lost may have been carried out, and only whoever sent it
knows what a second time would do.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from redis import asyncio as redis
from redis import exceptions
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import Connection, RedisSSLContext, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import NoBackoff
from redis.crc import key_slot

from server.bugs import log
from server.cluster.address import ESCAPED, Address, EngineError, Kind, read_address
from server.cluster.ending import end
from server.cluster.reasons import reason, wrong_option
from server.cluster.slewing import ClusterClock, offset_s

COMMAND_TIMEOUT_S = 2.0
"""How long anything asked of Redis may take: words wait no longer than this for the log."""
CONNECTIONS_MAX = 32
"""Of one client to one server; whoever wants one more waits for it, no longer than for a command."""
CLUSTER_CONNECTIONS_MAX = 1000
"""Of one client to each server of a Cluster or behind Sentinels, where the library cannot wait for a free one."""
VERSION_MIN = 7
CLOCKS_APART_MAX_S = 5.0
"""How far this machine's clock may be from Redis's at the start: more is a clock that nobody sets."""
SENTINEL_TIMEOUT_S = 0.5
"""How long one Sentinel may take: of three the last is asked within a command's time, though two machines are gone."""
LOOK_AGAIN_S = 0.1
"""A Cluster that moves a slot or elects a master takes about a second: it is not asked all the time meanwhile."""
ASK_TIME_EVERY_S = 5.0
"""Clocks of machines drift by some 50 µs a second at worst."""

FAILURES = (OSError, exceptions.RedisError, exceptions.RedisClusterException)
"""What asking Redis raises where it could not be asked, gave no answer in time (a TimeoutError is an OSError), or would
not do it."""

ONE_SHARD = ""
"""The name of the only shard, but for a Cluster."""


class Endpoint(NamedTuple):
    """Where a server listens: a host and port, or a socket's path."""

    host: str
    port: int
    path: str = ""


class Engine:
    """One Redis, as this process uses it.

    Attributes:
        url: the address it was made from; it may hold a password.
        client: for commands that are rare; each has a timeout, none is sent twice.
        unreachable: shards that nobody could connect to when it was last tried, and what was said of it since then.
    """

    client: "redis.Redis | redis.RedisCluster"

    def __init__(self, url: str, *, wall_time: Callable[[], float] = time.time) -> None:
        """Raises EngineError: the address cannot be read."""
        self.url = url
        self.unreachable: dict[str, set[str]] = {}
        self._wall_time = wall_time
        self.address: Address = read_address(url)
        self._sentinel: Sentinel | None = None
        self._asks_time: asyncio.Task[None] | None = None
        self._looks: asyncio.Task[None] | None = None
        self._clock: ClusterClock | None = None
        self._is_clock_off = False
        if wrong := wrong_option(self.address):
            raise EngineError(wrong)
        try:
            (SSLConnection if self.address.is_tls else Connection)(**self.address.options)  # knows all its options
            self.client = self._make_client()
            self.tls()
        except ssl.SSLError as error:
            shown = self.address.shown
            raise EngineError(f"The address of Redis at {shown} names a file TLS cannot use: {error}.") from None
        except (TypeError, ValueError, exceptions.RedisError):
            raise EngineError(
                f"The address of Redis at {self.address.shown} has an option that cannot be used."
            ) from None

    async def open(self) -> None:
        """Connect and look whether it can be used. Raises EngineError, having closed what was opened."""
        try:
            async with asyncio.timeout(2 * COMMAND_TIMEOUT_S):  # a connection, and what is asked
                await self._check()
        except BaseException as error:
            if isinstance(error, MasterNotFoundError):
                error = await self._why_no_master()
            await self.close()
            said = self.reason(error)
            if said is None:
                raise
            raise EngineError(f"Redis at {self.address.shown} {said}") from None
        self._asks_time = asyncio.create_task(self._keep_time())

    def reason(self, error: BaseException) -> str | None:
        """Return what an operator should know of a failure, as the rest of a sentence; None if it is ours."""
        return reason(error, self.address, within_s=COMMAND_TIMEOUT_S)

    async def close(self) -> None:
        """Close all connections."""
        await end(*(task for task in (self._asks_time, self._looks) if task is not None))
        await self.client.aclose()
        if self._sentinel is not None:
            await self._sentinel.aclose()

    def time(self) -> float:
        """Return the cluster's time, Unix seconds; the same on all nodes to some ms. Only after `open`."""
        assert self._clock is not None
        return self._clock.time(time.monotonic())

    @property
    def is_sharded(self) -> bool:
        """Whether keys may be elsewhere by and by."""
        return isinstance(self.client, redis.RedisCluster)

    def shard_of(self, key: str) -> str:
        """Return the name of the shard that holds a key, as far as is known; `look_again` finds out anew."""
        if not isinstance(self.client, redis.RedisCluster):
            return ONE_SHARD
        nodes = self.client.nodes_manager.slots_cache.get(key_slot(key.encode()))
        return nodes[0].name if nodes else ONE_SHARD

    def shards(self) -> list[str]:
        """Return the names of all shards that are known."""
        if not isinstance(self.client, redis.RedisCluster):
            return [ONE_SHARD]
        return sorted(node.name for node in self.client.get_primaries())

    async def endpoint(self, shard: str) -> Endpoint:
        """Return where a shard's master listens. Raises one of FAILURES."""
        if self._sentinel is not None:
            host, port = await self._sentinel.discover_master(self.address.master)
            return Endpoint(host, int(port))
        if self.address.kind is Kind.CLUSTER:
            host, _, number = shard.rpartition(":")
            if not host:
                raise exceptions.ClusterDownError("nobody holds that slot")
            return Endpoint(host, int(number))
        return Endpoint("", 0, self.address.path) if self.address.path else Endpoint(*self.address.hosts[0])

    async def look_again(self, failed: str = "") -> None:
        """Find out anew which shard holds what. Raises one of FAILURES.

        Args:
            failed: the shard that gave no answer, whose master is asked last.
        """
        if isinstance(self.client, redis.RedisCluster):
            await self.client.nodes_manager.initialize(last_failed_node_name=failed or None)

    def doubt(self, key: str) -> None:
        """Look again soon: whoever should hold this key gave no answer, and another may hold it by now.

        The library looks by itself where a single command failed, and not where a pipeline did.
        """
        if isinstance(self.client, redis.RedisCluster) and (self._looks is None or self._looks.done()):
            self._looks = asyncio.create_task(self._look_soon(self.shard_of(key)))

    async def _look_soon(self, failed: str) -> None:
        await asyncio.sleep(LOOK_AGAIN_S)
        with contextlib.suppress(*FAILURES):  # whoever asked meets the same again, and doubts again
            await self.look_again(failed)

    def tls(self) -> ssl.SSLContext | None:
        """Return how a connection of one's own is encrypted."""
        if not self.address.is_tls:
            return None
        made: RedisSSLContext = SSLConnection(**self.address.options).ssl_context
        return made.get()

    def _make_client(self) -> "redis.Redis | redis.RedisCluster":
        address = self.address
        common: dict[str, Any] = {
            "protocol": 2,
            "socket_timeout": COMMAND_TIMEOUT_S,
            "socket_connect_timeout": COMMAND_TIMEOUT_S,
            "retry": Retry(NoBackoff(), 0),
        }
        if address.kind is Kind.CLUSTER:
            return redis.RedisCluster(
                startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
                ssl=address.is_tls,
                max_connections=CLUSTER_CONNECTIONS_MAX,
                **common,
                **address.options,
            )
        if address.kind is Kind.SENTINEL:
            tls = {name: value for name, value in address.options.items() if name.startswith("ssl_")}
            timeouts = {"socket_timeout": SENTINEL_TIMEOUT_S, "socket_connect_timeout": SENTINEL_TIMEOUT_S}
            own = {"ssl": address.is_tls, **common, **timeouts, **tls, **address.sentinel_options}
            self._sentinel = Sentinel(list(address.hosts), sentinel_kwargs=own)  # type: ignore[no-untyped-call]
            master: redis.Redis = self._sentinel.master_for(
                address.master,
                ssl=address.is_tls,
                max_connections=CLUSTER_CONNECTIONS_MAX,
                **common,
                **address.options,
            )
            return master
        where: dict[str, Any] = {"connection_class": UnixDomainSocketConnection, "path": address.path}
        if not address.path:
            host, port = address.hosts[0]
            where = {"host": host, "port": port}
        if address.is_tls:
            where["connection_class"] = SSLConnection
        pool = redis.BlockingConnectionPool(
            max_connections=CONNECTIONS_MAX, timeout=COMMAND_TIMEOUT_S, **where, **common, **address.options
        )
        return redis.Redis.from_pool(pool)

    async def _check(self) -> None:
        if isinstance(self.client, redis.RedisCluster):
            await self.client.initialize()
        info = await self._ask("INFO")
        version = str(info.get("valkey_version") or info["redis_version"])
        if int(version.partition(".")[0]) < VERSION_MIN:
            raise EngineError(f"is version {version}; Hereabouts needs Redis or Valkey {VERSION_MIN} or newer.")
        if info.get("cluster_enabled") and self.address.kind is not Kind.CLUSTER:
            raise EngineError("is one node of a Redis Cluster: its address begins with redis+cluster://.")
        asked = time.monotonic()
        seconds = await self._ask_time()
        answered = time.monotonic()
        apart = self._wall_time() - seconds
        if abs(apart) > CLOCKS_APART_MAX_S:
            raise EngineError(
                f"has a clock {abs(apart):.1f} s {'behind' if apart > 0 else 'ahead of'} this machine's; at most "
                f"{CLOCKS_APART_MAX_S:.0f} s are allowed: have both set by NTP."
            )
        self._clock = ClusterClock(offset_s=offset_s(seconds, asked=asked, answered=answered), at=answered)

    async def _why_no_master(self) -> BaseException:
        """Return what keeps Sentinels from naming the master: the library's own words for it are a client's innards."""
        assert self._sentinel is not None
        failures: list[BaseException] = []
        for sentinel in self._sentinel.sentinels:
            try:
                await sentinel.sentinel_masters()
            except FAILURES as failure:
                failures.append(failure)
        if len(failures) < len(self._sentinel.sentinels):
            return EngineError(
                f"knows no master {self.address.master} that is up: is the name right that the address ends with?"
            )
        if isinstance(failures[0], exceptions.AuthenticationError):
            return EngineError(
                "is asked as a Sentinel, and asks for a password of its own or refuses the one it was given: write it "
                f"as ?sentinel_password=… behind the master's name. {ESCAPED}"
            )
        return failures[0]

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(ASK_TIME_EVERY_S)
            asked = time.monotonic()
            try:
                seconds = await self._ask_time()
            except FAILURES:
                continue  # the own clock goes on; others notice that Redis is away
            except Exception:
                log.exception("The time cannot be asked")
                continue
            assert self._clock is not None
            answered = time.monotonic()
            self._tell_clock(seconds - self._clock.time(answered))
            self._clock.observe(seconds, asked=asked, answered=answered)

    def _tell_clock(self, ahead_s: float) -> None:
        """Log once that Redis's clock was set, and that the nodes' time has come up with it."""
        is_off = abs(ahead_s) > CLOCKS_APART_MAX_S
        if is_off and not self._is_clock_off:
            log.warning(
                "Redis's clock went %.1f s %s; it is followed slowly, by 1 %% of the time. Have it set by NTP.",
                abs(ahead_s),
                "forward" if ahead_s > 0 else "back",
            )
        elif self._is_clock_off and not is_off:
            log.info("Redis's clock is that of the nodes again.")
        self._is_clock_off = is_off

    async def _ask_time(self) -> float:
        seconds, micros = await self._ask("TIME")
        return float(seconds) + float(micros) / 1e6

    async def _ask(self, command: str) -> Any:
        """Ask the one server whose answer counts for all: of a Cluster the one that holds the first slot."""
        if isinstance(self.client, redis.RedisCluster):
            first = self.client.nodes_manager.get_node_from_slot(0)
            return await self.client.execute_command(command, target_nodes=first)
        return await self.client.execute_command(command)  # type: ignore[no-untyped-call]
