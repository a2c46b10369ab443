"""One connection to one Redis server on which commands go out and answers come back, in order and without waiting.

Knows the protocol by hiredis alone. It never connects again and never sends anything twice: what its end means for a
command is for whoever sent it to find out. A command packed and its answer read cost some 2 µs, a tenth of what they
do by the library's own connections.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, cast

import hiredis

from server.bugs import log_bug
from server.cluster.engine import Endpoint, Engine

Answered: TypeAlias = Callable[[Any], None]
"""Called with an answer: bytes, a number, a list, None, or a `hiredis.ReplyError`."""

pack: Callable[[tuple[str | bytes, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


def ignore(reply: Any) -> None:
    """Hear an answer that nobody needs."""


ASKING = pack((b"ASKING",))
"""Has a server of a Cluster take the next command though the key's slot is still on its way there."""


class LinkLostError(Exception):
    """The connection ended before the answer came."""


class Link(asyncio.Protocol):
    """A connection.

    Args:
        lost: called once, when it ends; answers that did not come by then never come.
        unasked: called with what comes though no answer is awaited, as a subscription does; unless it is given, that
            is the end.
    """

    def __init__(self, lost: Callable[["Link"], None], unasked: Answered | None = None) -> None:
        self._lost = lost
        self._unasked = unasked
        self._reader = hiredis.Reader(protocolError=_Garbled)
        self._awaited: deque[Answered] = deque()
        self._transport: asyncio.Transport | None = None
        self.is_open = False

    def write(self, data: bytes, answered: Iterable[Answered]) -> None:
        """Send packed commands; each answer goes to the next of `answered`."""
        assert self._transport is not None
        self._awaited.extend(answered)
        self._transport.write(data)

    def ask(self, *command: str | bytes) -> "asyncio.Future[Any]":
        """Send one command; the answer comes as it is, an error among them. Raises LinkLostError, by the future."""
        answer = _Answer()
        if self.is_open:
            self.write(pack(command), (answer.came,))
        else:
            answer.came(_LOST)
        return answer.future

    def close(self) -> None:
        """End it, now: answers that come yet are not heard."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has no base class
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Hand every answer to whom it is for."""
        gets, awaited = self._reader.gets, self._awaited
        self._reader.feed(data)
        try:
            while self.is_open and (reply := gets()) is not False:
                answered = awaited.popleft() if awaited else self._unasked
                if answered is None:
                    self.close()
                    break
                try:
                    answered(reply)
                except Exception as bug:
                    log_bug("hearing an answer of Redis", bug)
        except _Garbled:  # not Redis's protocol
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so, to those who wait for nothing else first."""
        self.is_open = False
        awaited, self._awaited = self._awaited, deque()
        for answered in awaited:
            if isinstance(getattr(answered, "__self__", None), _Answer):
                answered(_LOST)
        self._lost(self)


class _Answer:
    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def came(self, reply: Any) -> None:
        if self.future.done():
            return
        if reply is _LOST:
            self.future.set_exception(LinkLostError())
        else:
            self.future.set_result(reply)


class _Garbled(Exception):
    """What came is not Redis's protocol."""


_LOST = object()


async def open_link(
    engine: Engine, endpoint: Endpoint, lost: Callable[[Link], None], unasked: Answered | None = None
) -> Link:
    """Return a connection that may be written to; `lost` and `unasked` as in `Link`.

    Raises:
        OSError: nobody is there, or whoever is refuses the user.
    """
    loop = asyncio.get_running_loop()
    link = Link(lost, unasked)
    if endpoint.path:
        await loop.create_unix_connection(lambda: link, endpoint.path)
    else:
        tls = engine.tls()
        name = endpoint.host if tls is not None else None
        await loop.create_connection(lambda: link, endpoint.host, endpoint.port, ssl=tls, server_hostname=name)
    options = engine.address.options
    greeting: list[tuple[str, ...]] = []
    if "password" in options:
        user = (options["username"],) if "username" in options else ()
        greeting.append(("AUTH", *user, options["password"]))
    greeting.append(("SELECT", str(options.get("db", 0))))
    try:
        for command in greeting:
            answer = await link.ask(*command)
            if isinstance(answer, Exception):
                raise ConnectionError(str(answer))
    except LinkLostError:
        raise ConnectionError("it ended at once") from None
    except BaseException:
        link.close()
        raise
    return link
