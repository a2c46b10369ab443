"""One worker of `--workers N`: a node like any, but that its supervisor tells it what to be.

That comes as one line on standard input, since a command line can be read by every user of the machine. The input
stays open: its end says that the supervisor is gone, in whatever way, and then the worker ends too. The first line of
standard output says how it began; those after it are for people.
"""

import asyncio
import os
import sys
from typing import Any

import msgspec

from server.app import open_app
from server.cluster.trouble import EngineError
from server.ending import Ending
from server.loading import Loaded
from server.safety.filter_file import FilterError
from server.serve import STOP_S, end, is_outlived, log_as, raise_file_limit, run
from server.settings import Settings
from server.store.store import StoreError
from server.tls import TlsError

READ_BYTES = 4096
OUTLIVED = 75
"""The status of a worker that is to be replaced: EX_TEMPFAIL of sysexits.h."""


class Orders(msgspec.Struct):
    """What a worker is to be.

    Attributes:
        number: from 1 on; another that takes its place has the same.
        node: its name among the nodes, never used twice.
        settings, origin: as in `Loaded`.
        own_port: where it alone listens too, on this machine.
        redis_lasts: whether the Redis outlives the workers.
    """

    number: int
    node: str
    settings: dict[str, Any]
    origin: dict[str, str]
    own_port: int
    redis_lasts: bool


class Began(msgspec.Struct):
    """How a worker began: where it is, at which port it alone is, 0 for none, or why it could not."""

    url: str = ""
    own_port: int = 0
    failed: str = ""


def main() -> None:
    """Be a worker."""
    orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=Orders)
    loaded = Loaded(msgspec.convert(orders.settings, Settings), orders.origin)
    log_as(f"worker {orders.number}")
    raise_file_limit(loaded.settings.connections_max)
    run(_work(loaded, orders))


async def _work(loaded: Loaded, orders: Orders) -> None:
    try:
        called, is_first = f"worker {orders.number}", orders.number == 1
        app = await open_app(
            loaded, node=orders.node, called=called, is_operated=is_first, redis_lasts=orders.redis_lasts
        )
        own_port = orders.own_port if await app.start_at(orders.own_port) else 0
        await app.start(shares_port=True)
    except (EngineError, StoreError, FilterError, TlsError, OSError) as error:
        _say(Began(failed=str(error)))
        raise SystemExit(1) from None
    ending = Ending(app.hurry)
    _end_with_supervisor(ending)
    _say(Began(url=app.url, own_port=own_port))
    if await is_outlived(app, ending):
        # It has said why. The supervisor starts another; nothing of this one's is of use to anybody.
        await app.stop(within_s=STOP_S)
        raise SystemExit(OUTLIVED)
    await end(app, ending)


def _say(began: Began) -> None:
    print(msgspec.json.encode(began).decode(), flush=True)


def _end_with_supervisor(ending: Ending) -> None:
    loop = asyncio.get_running_loop()
    input = sys.stdin.fileno()

    def read() -> None:
        if not os.read(input, READ_BYTES):
            loop.remove_reader(input)
            # Nobody reads what is printed from here on.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ending.ask()

    loop.add_reader(input, read)


if __name__ == "__main__":
    main()
