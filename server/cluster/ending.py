"""How a task is ended that asks Redis.

A trap, seen with redis 8.1 on a busy machine and where Redis had stood still: now and then a cancelled wait for the
library ends otherwise than cancelled, and whoever goes on after errors then never ends. Whoever waited for it would not
either.
"""

import asyncio
from typing import Any

CANCELLED_S = 0.1
"""How long a cancelled task may take to end before it is cancelled again."""


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel these tasks, again and again if need be, and return when they have ended, in whatever way."""
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCELLED_S)
    await asyncio.gather(*tasks, return_exceptions=True)  # what they ended by is nobody's any more
