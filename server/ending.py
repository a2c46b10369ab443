"""What signals ask of a server process: SIGTERM to end gently, Ctrl-C to end, one more to wait for nobody.

Knows signals and how often they came. Never knows what ending means.
"""

import asyncio
import signal
from collections.abc import Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Listens to both signals from the moment it is made, in a running loop.

    Attributes:
        asked: set by the first signal.
        is_gentle: whether that was SIGTERM, and none has come since.
    """

    def __init__(self, hurry: Callable[[], None]) -> None:
        """Prepare to call `hurry` at the second signal, of either kind; the third is left to the system."""
        self.asked = asyncio.Event()
        self.is_gentle = False
        self._hurry = hurry
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._came, number)

    def ask(self) -> None:
        """Ask for the end as Ctrl-C does, without a signal."""
        self.asked.set()

    def _came(self, number: signal.Signals) -> None:
        if not self.asked.is_set():
            self.is_gentle = number == signal.SIGTERM
            self.asked.set()
            return
        for each in SIGNALS:
            self._loop.remove_signal_handler(each)
        self.is_gentle = False
        self._hurry()
