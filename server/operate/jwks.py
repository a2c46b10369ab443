"""Keeps the keys of a host application fresh: reads its JWKS from a file or over HTTPS, and again.

Rules. The last good keys stay in force while no newer ones can be had, and each such time is logged once, not at every
attempt. Keys are read anew every `FRESH_S`, and when somebody shows a key that is not known, but never more often
than every `AGAIN_S`, whatever anybody shows. A URL's answer has `TIMEOUT_S` and `JWKS_MAX_BYTES`, and leads nowhere
else: a redirect is a failure.
"""

import asyncio
import time
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from math import inf
from pathlib import Path

from server.bugs import log, log_bug
from server.safety.jwt_keys import BadKeys, JwtKey, read_jwks

FRESH_S = 300.0
"""Issuers publish a key some time before they sign with it, and withdraw one that was stolen at once."""
AGAIN_S = 5.0
"""At most so often, which a stranger can bring about: it is what the issuer's server and ours pay for each."""
TIMEOUT_S = 5.0
JWKS_MAX_BYTES = 262_144
"""64 keys with certificate chains."""


class CannotFetch(Exception):
    """The keys cannot be had now; the message says why."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **named: object) -> None:
        """Follow none: whoever can bend the address could otherwise name the keys."""


def fetch(source: str) -> bytes:
    """Return the JWKS; blocks for `TIMEOUT_S` at most, give or take. Raises CannotFetch."""
    try:
        if "://" not in source:
            with Path(source).open("rb") as file:
                return _whole(file.read)
        deadline = time.monotonic() + TIMEOUT_S
        with urllib.request.build_opener(_NoRedirect).open(source, timeout=TIMEOUT_S) as answer:
            if answer.status != HTTPStatus.OK:
                raise CannotFetch(f"HTTP {answer.status}")
            return _whole(answer.read1, deadline)
    except (OSError, ValueError, HTTPException) as error:
        raise CannotFetch(str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)) from None


def _whole(read: Callable[[int], bytes], deadline: float = float("inf")) -> bytes:
    text = b""
    while chunk := read(JWKS_MAX_BYTES + 1 - len(text)):
        text += chunk
        if len(text) > JWKS_MAX_BYTES:
            raise CannotFetch(f"it is longer than {JWKS_MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise CannotFetch("it came too slowly")
    return text


class KeyKeeper:
    """Reads the keys of one source, and hands new ones on.

    Attributes:
        reads, failures: how often it tried, and how often in vain.
    """

    def __init__(self, source: str, take: Callable[[tuple[JwtKey, ...]], None]) -> None:
        self._source = source
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.Handle | None = None
        self._next_at = inf
        self._read_at = -AGAIN_S
        self._is_failing = self._has_keys = False
        self.reads = self.failures = 0

    async def start(self) -> None:
        """Read the keys for the first time; without any, nobody is believed until they can be had."""
        self._begin()
        assert self._task is not None
        await self._task

    def want(self) -> None:
        """Read the keys anew soon: somebody showed one that is not known."""
        if self._timer is not None:
            self._arm(max(0.0, self._read_at + AGAIN_S - self._loop.time()))

    def stop(self) -> None:
        """Read no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._read_at = self._loop.time()
            self._task = self._loop.create_task(self._read())
        # The timer that rings is over: by uvloop's clock it may ring before its time, and would seem to be to come.
        self._next_at = inf
        self._arm(FRESH_S)

    def _arm(self, delay_s: float) -> None:
        now = self._loop.time()
        if self._timer is not None:
            if now < self._next_at <= now + delay_s:
                return
            self._timer.cancel()
        # Remembered here: of a delay of nothing uvloop returns a handle that knows no time.
        self._next_at = now + delay_s
        self._timer = self._loop.call_at(self._next_at, self._begin)

    async def _read(self) -> None:
        self.reads += 1
        try:
            keys = read_jwks(await asyncio.to_thread(fetch, self._source))
        except (CannotFetch, BadKeys) as error:
            self.failures += 1
            if not self._is_failing:
                rest = "Those from before stay in force" if self._has_keys else "Nobody is verified until they can be"
                log.error("The keys of auth_jwks cannot be read: %s. %s.", error, rest)
            self._is_failing = True
            return
        except Exception as bug:
            log_bug("reading keys", bug)
            return
        if self._is_failing:
            log.info("The keys of auth_jwks can be read again.")
        self._is_failing = False
        self._has_keys = True
        self._take(keys)
