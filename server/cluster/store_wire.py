"""What the store says to Redis, and nothing of when: a batch, the log, all rows, the locks. Retries nothing.

`ha:{store}:<table>` are the hashes; `ha:{store}:log` is the stream in which every node reads what the others wrote, in
the one order in which Redis took it. A batch goes into both in one transaction, so that neither is ever ahead.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import ResponseError

from server.cluster.engine import Engine
from server.cluster.store_rows import KINDS, TABLES, Field

KEY = "ha:{store}:"
LOG = f"{KEY}log"
HISTORY = f"{KEY}history"
EXPIRY = f"{KEY}expiry"
REWRITE = f"{KEY}rewrite"

LOG_MAX = 10_000
"""Entries of the log at most, whatever their age: more in a minute than a server of 18,000 people writes in ten."""
LOG_S = 60.0
"""How long an entry is in the log: a node that could not read for so long loads all rows anew. Forgotten ids and sealed
words are in it for as long."""
READ_MAX = 200
BLOCK_MS = 1000
"""How long a reader waits at once: less than a command may take, so that a Redis that stands still is noticed."""
SCAN_COUNT = 1000
EXPIRY_TTL_S = 60
"""How long nobody forgets what is over when the node that did so is gone."""
REWRITE_TTL_S = 60
BEGINNING = "0-0"


class LogEntry(NamedTuple):
    """One batch as it stands in the log. `is_news`: not when a node only says again what all know."""

    id: str
    node: str
    n: int
    is_news: bool
    changes: dict[Field, bytes | None]


class History(NamedTuple):
    """Where the log is: which history of the store it tells, its newest id ever, and the newest that was cut off."""

    name: str
    newest: str
    cut: str


class Wire:
    """The commands of one node."""

    def __init__(self, engine: Engine, *, node: str) -> None:
        self._engine = engine
        # Both kinds of client have these commands, and their types no common root.
        self._client: Any = engine.client
        self._node = node

    async def write(self, n: int, changes: Mapping[Field, bytes | None], *, is_news: bool = True) -> None:
        """Have all changes done and told to all nodes, or none."""
        pipe = self._client.pipeline(transaction=True)
        for table in {field.table for field in changes}:
            mine = [(field.key, value) for field, value in changes.items() if field.table == table]
            kept = {key: value for key, value in mine if value is not None}
            dropped = [key for key, value in mine if value is None]
            if kept:
                pipe.hset(KEY + table, mapping=kept)
            if dropped:
                pipe.hdel(KEY + table, *dropped)
        told = msgspec.msgpack.encode([[*field, value] for field, value in changes.items()])
        entry: dict[Any, Any] = {"node": self._node, "n": n, "news": int(is_news), "changes": told}
        pipe.xadd(LOG, entry, maxlen=LOG_MAX, approximate=True)
        await pipe.execute()

    async def read(self, after: str) -> list[LogEntry]:
        """Return what comes after that id in the log, having waited a moment for something to come."""
        found = await self._client.xread({LOG: after}, count=READ_MAX, block=BLOCK_MS)
        return [_entry(id, fields) for _, entries in found or () for id, fields in entries]

    async def history(self) -> History:
        """Return where the log is; without a log its beginning."""
        name = _text(await self._client.get(HISTORY) or b"")
        try:
            info = await self._client.xinfo_stream(LOG)
        except ResponseError as error:
            if "no such key" not in str(error):
                raise
            return History(name, BEGINNING, BEGINNING)
        newest, cut = (_text(info[key]) for key in ("last-generated-id", "max-deleted-entry-id"))
        return History(name, newest, cut)

    async def has(self, id: str) -> bool:
        """Tell whether the entry of that id is in the log."""
        return bool(await self._client.xrange(LOG, id, id))

    async def begin_history(self, name: str, *, anew: bool) -> None:
        """Name the history that is told from now on; `anew` in place of another one."""
        await self._client.set(HISTORY, name, nx=not anew)

    async def rows(self) -> dict[str, dict[str, bytes]]:
        """Return all rows by table and key. What refers to another row is read before it, so that it is not missed."""
        return {table: dict([item async for item in self._scan(table)]) for table in reversed(TABLES)}

    async def _scan(self, table: str) -> AsyncIterator[tuple[str, bytes]]:
        async for key, value in self._client.hscan_iter(KEY + table, count=SCAN_COUNT):
            yield _text(key), value

    async def rows_there(self) -> int:
        """Return how many rows there are."""
        return sum([await self._client.hlen(KEY + table) for table in KINDS])

    async def trim(self) -> None:
        """Have the log forget what is older than its time, by Redis's own clock."""
        await self._client.xtrim(LOG, minid=f"{int((self._engine.time() - LOG_S) * 1000)}-0", approximate=False)

    async def holds(self, lock: str, ttl_s: int) -> bool:
        """Take or keep a lock, and tell whether it is this node's."""
        if await self._client.set(lock, self._node, nx=True, ex=ttl_s):
            return True
        if _text(await self._client.get(lock) or b"") != self._node:
            return False
        return bool(await self._client.expire(lock, ttl_s))

    async def let_go(self, lock: str) -> None:
        """Give a lock up, if it is this node's."""
        if _text(await self._client.get(lock) or b"") == self._node:
            await self._client.delete(lock)


def after(one: str, other: str) -> bool:
    """Tell whether an id of the log comes after another."""
    return _parts(one) > _parts(other)


def _parts(id: str) -> tuple[int, int]:
    milliseconds, _, number = id.partition("-")
    return int(milliseconds), int(number)


def _entry(id: bytes, fields: Mapping[bytes, bytes]) -> LogEntry:
    told: list[tuple[str, str, bytes | None]] = msgspec.msgpack.decode(
        fields[b"changes"], type=list[tuple[str, str, bytes | None]]
    )
    changes = {Field(table, key): value for table, key, value in told if table in TABLES}
    return LogEntry(_text(id), _text(fields[b"node"]), int(fields[b"n"]), fields[b"news"] == b"1", changes)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
