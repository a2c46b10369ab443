"""The operator's way in from elsewhere: /admin, a page, and /admin/api, which does what the page asks.

The page may be had by anybody and says nothing; every request carries the operator's token. Wrong ones are counted,
and an address that sent too many waits. Without a token in the settings nothing of this is there.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Any

import msgspec

from server.bugs import log
from server.http import HttpResponse, Posts, Request, Routes
from server.operate.admin.office import Office
from server.operate.admin.requests import NotDone, read
from server.safety.rates import Meter, per_period
from server.static import page_routes

PAGE = "server.operate.admin.page"
FAILURES_PER_MIN = 5
"""Wrong tokens from one address; more than an operator mistypes."""
ADDRESSES_MAX = 10_000
"""Addresses whose failures are remembered, the oldest forgotten first: 3 MB."""
BY = "web"
WRONG_TOKEN = "The token is wrong: it is what the server's admin_token is set to."

_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Gate:
    """Tells the operator from everybody else.

    Attributes:
        refused: requests without the right token, from the start.
    """

    def __init__(self, token: str, *, clock: Callable[[], float]) -> None:
        self._digest = sha256(token.encode()).digest()
        self._clock = clock
        self._failures: OrderedDict[str, Meter] = OrderedDict()
        self.refused = 0

    def opens(self, authorization: str, address: str) -> HttpResponse | None:
        """Return None for the operator, or what to answer to somebody else."""
        now = self._clock()
        meter = self._failures.get(address)
        wait_s = meter.wait_s(now) if meter is not None else 0.0
        if wait_s > 0:
            self.refused += 1
            wait = str(int(wait_s) + 1)
            told = {"error": f"Too many wrong tokens from this address: wait {wait} s."}
            return _answer(told, 429, {"Retry-After": wait})
        scheme, _, given = authorization.partition(" ")
        # Digests of one length, so that the time of the comparison tells nothing, not even how long the token is.
        digest = sha256(given.strip().encode("utf-8", "surrogateescape")).digest()
        if scheme.lower() == "bearer" and hmac.compare_digest(digest, self._digest):
            return None
        self.refused += 1
        self._count_failure(address, now)
        return _answer({"error": WRONG_TOKEN}, 401, {"WWW-Authenticate": "Bearer"})

    def _count_failure(self, address: str, now: float) -> None:
        rate = per_period(FAILURES_PER_MIN, 60)
        assert rate is not None, "the constant is not 0"
        meter = self._failures.setdefault(address, Meter(rate))
        self._failures.move_to_end(address)
        meter.take(now)
        if meter.wait_s(now) > 0:
            log.warning("an address sent %d wrong operator's tokens and has to wait", FAILURES_PER_MIN)
        if len(self._failures) > ADDRESSES_MAX:
            self._failures.popitem(last=False)


def admin_routes(office: Office, gate: Gate) -> tuple[Routes, Posts]:
    """Return what GET and what POST is answered by below /admin."""
    page = {f"/admin{path}": route for path, route in page_routes(files(PAGE)).items()}
    page["/admin"] = page.pop("/admin/")

    async def api(request: Request) -> HttpResponse:
        refused = gate.opens(request.headers.get("authorization", ""), request.address)
        if refused is not None:
            return refused
        try:
            return _answer(await office.answer(read(request.body), by=BY, is_local=False))
        except NotDone as error:
            return _answer({"error": str(error)}, 400)

    return page, {"/admin/api": api}


def _answer(told: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status, "application/json", msgspec.json.encode(told) + b"\n", _PRIVATE | (headers or {}))
