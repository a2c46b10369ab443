"""What `hereabouts check` says of the Redis of `store`: whether it serves, whether it keeps, and what to do.

Asks, and changes nothing.
"""

from collections.abc import Iterator
from typing import Any

from server.cluster import evicting, refusing, replicas
from server.cluster.address import EngineError
from server.cluster.engine import FAILURES, Engine
from server.cluster.store_wire import KEY, Wire
from server.edge import is_this_machine
from server.operate.checks.finding import GOOD, NOTE, WRONG

LEFT_MIN = 0.1
"""Of its memory: what is less is full in a day or two."""
MB = 1024 * 1024

Told = tuple[str, str]


async def look(url: str, name: str = "store") -> list[Told]:
    """Return what there is to say of the Redis that the setting of that name gives, each with its level."""
    try:
        engine = Engine(url)
        await engine.open()
    except EngineError as error:
        return [(WRONG, f"{name}: {error}")]
    where = engine.address.shown
    try:
        info = await _info(engine)
        rows = await Wire(engine, node="").rows_there()
        save = await _save(engine)
        of_replicas, of_evicting = await replicas.advice(engine), await evicting.advice(engine)
        of_refusing = await refusing.advice(engine)
    except FAILURES as error:
        return [(WRONG, f"{name}: Redis at {where} {engine.reason(error)}")]
    finally:
        await engine.close()
    version = info.get("valkey_version") or info.get("redis_version")
    told = [(GOOD, f"Redis at {where} answers, is version {version}, and keeps {rows} row{'s' * (rows != 1)} of ours")]
    told += [(WRONG, said) for said in of_refusing]
    if of_replicas:
        told.append((NOTE, of_replicas))
    told += _persists(info, save)
    if of_evicting:
        told.append((WRONG, of_evicting))
    return [*told, *_memory(info), *_is_private(engine)]


async def _info(engine: Engine) -> dict[str, Any]:
    client: Any = engine.client
    if hasattr(client, "get_node_from_key"):
        return dict(await client.info(target_nodes=client.get_node_from_key(KEY)))
    return dict(await client.info())


async def _save(engine: Engine) -> str | None:
    """Return when it writes snapshots; None if this user may not ask."""
    client: Any = engine.client
    try:
        found = await client.config_get("save")
    except FAILURES:
        return None
    return str(found.get("save", ""))


def _persists(info: dict[str, Any], save: str | None) -> Iterator[Told]:
    if info.get("aof_enabled"):
        if info.get("aof_last_write_status") == "ok":
            yield GOOD, "it writes down each change (appendonly): a restart loses the last second at most"
        else:
            yield WRONG, "it cannot write its append-only file: look at its log and its disk"
    elif save == "":
        yield NOTE, "blocks and bans do not outlast a restart of this Redis: set appendonly yes there"
    elif info.get("rdb_last_bgsave_status") != "ok":
        yield WRONG, "it cannot write its snapshots: look at its log and its disk"
    else:
        yield (
            NOTE,
            "it writes snapshots now and then: blocks and bans since the last one do not outlast a restart; "
            "set appendonly yes there",
        )


def _memory(info: dict[str, Any]) -> Iterator[Told]:
    most = int(info.get("maxmemory") or 0)
    used = int(info.get("used_memory") or 0)
    if not most:
        yield NOTE, "no maxmemory is set there: set one, so that it refuses writes before the machine ends it"
        return
    left = max(0, most - used)
    said = f"{left // MB} of {most // MB} MB are left there"
    if left < LEFT_MIN * most:
        yield WRONG, f"{said}; when it is full nothing is kept any more: raise maxmemory"
    else:
        yield GOOD, said


def _is_private(engine: Engine) -> Iterator[Told]:
    address = engine.address
    if address.path or all(is_this_machine(host) for host, _ in address.hosts):
        return
    if not address.is_tls:
        yield NOTE, "what is kept travels there unencrypted; use rediss:// unless the network is your own"
    if not address.options.get("password"):
        yield NOTE, "it takes no password: whoever reaches it can read and change everything"
