"""The event loop of a program that is thousands of clients: how it runs, and how Ctrl-C ends it.

Knows the loop, the garbage collector and signals. Never knows what the clients do.
"""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from typing import Any

# New objects kept until the young are looked at, and how often until their elders are; 700, 10, 10 is usual.
GC_THRESHOLD = (50_000, 20, 50)


def run_loop(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine to its end on the fastest loop there is, with a garbage collector that rarely looks.

    Thousands of clients keep hundreds of thousands of objects alive, and each look at all of them would hold up
    everybody for a good part of a second; what was made until now is not looked at again at all.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())


def stop_at_ctrl_c(stop: asyncio.Event) -> None:
    """Let the first Ctrl-C (or SIGTERM) set `stop`, and the second end the program at once."""
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, first)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
