"""What `hereabouts check` says of workers, and of the Redis by which nodes are one server.

Asks, and changes nothing.
"""

import socket
from collections.abc import Iterator

from server.cluster import evicting, refusing, replicas
from server.cluster.alike import ANOTHER_SECRET, Mark, has_another_secret, others_at
from server.cluster.bus import try_to_speak
from server.cluster.embedded import EmbeddedError, binary
from server.cluster.engine import FAILURES, Engine
from server.cluster.store_check import Told
from server.cluster.trouble import EngineError
from server.operate.checks.finding import GOOD, NOTE, WRONG
from server.settings import Settings


async def look_at_meeting(settings: Settings, *, is_looked_at: bool) -> list[Told]:
    """Return what there is to say of the Redis of `redis` and of who meets there, each with its level.

    Args:
        is_looked_at: it is told already whether it answers, and what is set there.
    """
    try:
        engine = Engine(settings.redis)
        await engine.open()
    except EngineError as error:
        return [] if is_looked_at else [(WRONG, f"redis: {error}")]
    try:
        told = [(GOOD, f"nodes meet at Redis {engine.address.shown}, and its clock agrees with this machine's")]
        if not is_looked_at:
            said = (NOTE, await replicas.advice(engine)), (WRONG, await evicting.advice(engine))
            told += [(level, what) for level, what in said if what]
            told += [(WRONG, what) for what in await refusing.advice(engine)]
        await try_to_speak(engine)
        return [*told, *await _fits(engine, settings)]
    except FAILURES as error:
        return [(WRONG, f"redis: Redis at {engine.address.shown} {engine.reason(error)}")]
    finally:
        await engine.close()


async def _fits(engine: Engine, settings: Settings) -> list[Told]:
    """Compare what a node here would have with what those that run have."""
    mark = Mark(bytes.fromhex(settings.secret), settings)
    if await has_another_secret(engine, mark):
        return [(WRONG, ANOTHER_SECRET.format(where=engine.address.shown))]
    others = await others_at(engine)
    if said := mark.differences(others):
        return [(NOTE, said)]
    count = len(others)
    return [(GOOD, f"{count} node{'s' * (count != 1)} there, with this secret and these settings")] if count else []


def look_at_workers(count: int, *, is_redis_given: bool) -> Iterator[Told]:
    """Yield whether so many processes can share a port here, and meet."""
    if not hasattr(socket, "SO_REUSEPORT"):
        yield WRONG, "processes cannot share a port on this system: leave workers out"
        return
    if is_redis_given:
        yield GOOD, f"{count} workers share the port"
        return
    try:
        binary()
    except EmbeddedError as error:
        yield WRONG, f"there is no Valkey for the workers here ({error}): set redis"
    else:
        yield GOOD, f"{count} workers share the port, and a Valkey of their own is started for them"
