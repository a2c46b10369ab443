"""`hereabouts serve --workers N` from its beginning to its end: port, Redis, secret, workers, what is printed."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import click
import msgspec

from server.cluster.embedded import EmbeddedError, EmbeddedValkey
from server.cluster.engine import Engine
from server.cluster.trouble import EngineError
from server.cluster.workers import CannotBegin, Supervisor, reserve_port
from server.loading import Loaded
from server.serve import cannot_listen, greeting
from server.settings import Settings
from server.store.folder import SECRET_BYTES


def own_ports(ports: list[int]) -> str:
    """Return how many workers there are and where each alone is: an operator has Prometheus read there, nowhere else.

    Args:
        ports: of each worker, 0 for one that has none.
    """
    count, missing = len(ports), [number for number, port in enumerate(ports, 1) if not port]
    if not missing:
        first, last = ports[0], ports[-1]
        return f"{count}, each at a port of its own too, on this machine, for /metrics: 127.0.0.1:{first} to :{last}"
    without = f"{count}; /metrics of {_listed('worker {}', missing)} alone cannot be had, as the log says"
    there = [port for port in ports if port]
    return f"{without}; others' at {_listed('127.0.0.1:{}', there)}" if there else without


def _listed(form: str, numbers: list[int]) -> str:
    return " and ".join(filter(None, [", ".join(map(form.format, numbers[:-1])), form.format(numbers[-1])]))


async def supervise(loaded: Loaded) -> None:
    """Serve by several processes until asked to end. Raises ClickException."""
    settings = loaded.settings
    is_lasting = bool(settings.lasting_redis)
    try:
        port, keepers = reserve_port(settings.host, settings.port)
    except OSError as error:
        raise click.ClickException(cannot_listen(settings.host, settings.port, error)) from None
    try:
        async with _redis(settings) as url:
            secret = settings.secret or secrets.token_hex(SECRET_BYTES)
            shared = msgspec.structs.replace(settings, port=port, redis=url, secret=secret)
            supervisor = Supervisor(replace(loaded, settings=shared), _tell, redis_lasts=is_lasting)
            began = await supervisor.start()
            workers = own_ports([one.own_port for one in began])
            _tell(greeting(settings, began[0].url, workers=workers, is_lasting=is_lasting))
            await supervisor.until_ended()
    except (EmbeddedError, EngineError, CannotBegin) as error:
        raise click.ClickException(str(error)) from None
    finally:
        for keeper in keepers:
            keeper.close()


@contextlib.asynccontextmanager
async def _redis(settings: Settings) -> AsyncIterator[str]:
    """Give the address of the Redis that is set, or of a Valkey that lasts as long as this block."""
    if settings.redis:
        engine = Engine(settings.redis)
        await engine.open()  # said once, and before anything is started
        await engine.close()
        yield settings.redis
        return
    valkey = EmbeddedValkey()
    await valkey.start()
    try:
        yield valkey.url
    finally:
        await valkey.stop()


def _tell(text: str) -> None:
    # Whoever read it may be gone, as a terminal that was closed.
    with contextlib.suppress(OSError):
        print(text, flush=True)
