"""Tells somebody else's server that there is a report: signed, retried, off the way of every message.

What is told is a ticket and counts. No word, name, cell, token, address or identity ever goes out here.
"""

import asyncio
import hmac
import http.client
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from server.bugs import log, log_bug
from server.store.rows import Report

QUEUE_MAX = 100
"""Messages that wait, some 30 KB: a report is news once, and whoever was away looks at the list anyway."""
TRIES_MAX = 8
"""Of one message: with the pauses between them they outlast a restart of the other side, not its end."""
FIRST_PAUSE_S = 1.0
PAUSE_MAX_S = 120.0
TIMEOUT_S = 10.0
SIGNATURE = "X-Hereabouts-Signature"

Post = Callable[[str, bytes, dict[str, str]], int]


class Webhook:
    """One address that is told.

    Attributes:
        delivered, lost: messages so far; one is lost after its last try, or where too many wait.
    """

    def __init__(
        self, url: str, secret: str, *, post: Post | None = None, first_pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self.delivered = self.lost = 0
        self._url = url
        self._secret = secret.encode()
        self._post = post or post_once
        self._first_pause_s = first_pause_s
        self._waiting: deque[bytes] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._is_there = True

    def tell(self, report: Report, *, open_reports: int) -> None:
        """Tell of a report, soon."""
        told = {
            "type": "report",
            "ticket": report.ticket,
            "reasons": report.reasons,
            "people": len(report.reporters),
            "times": report.times,
            "at": int(report.last_at * 1000),
            "open": open_reports,
        }
        self._waiting.append(msgspec.json.encode(told))
        if len(self._waiting) > QUEUE_MAX:
            self._waiting.popleft()
            self._lose("too many wait")
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def stop(self) -> None:
        """Give up what still waits."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            body = self._waiting.popleft()
            try:
                await self._deliver(body)
            except Exception as bug:
                log_bug("telling the webhook", bug)
                self.lost += 1

    async def _deliver(self, body: bytes) -> None:
        headers = {"Content-Type": "application/json", SIGNATURE: signature(self._secret, body)}
        pause_s = self._first_pause_s
        trouble = ""
        for attempt in range(TRIES_MAX):
            if attempt:
                self._say_that_it_is_away(trouble)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, PAUSE_MAX_S)
            try:
                status = await asyncio.to_thread(self._post, self._url, body, headers)
            except (OSError, http.client.HTTPException) as error:
                trouble = type(error).__name__
                continue
            if 200 <= status < 300:
                self.delivered += 1
                self._is_there = True
                return
            trouble = f"status {status}"
            if 400 <= status < 500 and status not in (408, 429):
                break  # it will say the same of the same message again
        self._lose(trouble)

    def _say_that_it_is_away(self, trouble: str) -> None:
        """Say so once, as soon as it is known: the last try comes minutes later."""
        if self._is_there:
            self._is_there = False
            log.warning("a webhook message was not taken (%s); it is sent again for some minutes", trouble)

    def _lose(self, trouble: str) -> None:
        self.lost += 1
        log.warning("a webhook message was lost (%s): `hereabouts check` tries whether webhook_url is there", trouble)


def signature(secret: bytes, body: bytes) -> str:
    """Return what proves that the body is ours: HMAC-SHA256 (RFC 2104) over it, in hexadecimal digits."""
    return "sha256=" + hmac.new(secret, body, sha256).hexdigest()


def post_once(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send one POST and return its status. It follows no redirect: the operator named one address."""
    where = urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=TIMEOUT_S)
    try:
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        connection.request("POST", path, body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
