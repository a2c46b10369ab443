"""Being the same person over many connections: entering, resuming, asking until there is an answer.

Knows how to come back (PROTOCOL.md, "Seats wait"). Never knows which commands exist beyond `enter` and
`ping`, nor who watches. Rules it keeps:

- An unanswered command survives a broken connection. After a resume everything missed is replayed first; what
  is then still unanswered is sent again with the same `ref`, in the order it was asked for (kept.py).
- A `say` belongs to the seat it was written on: the server knows a `ref` again only from the same member. If the room
  is gone it fails with `wrong_room`, if only the seat is, with `seat_gone`.
- A hole in `seq` is mended by cutting the connection and resuming; nothing is passed over in silence.
"""

import asyncio
import contextlib
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from client_demo.kept import Kept
from client_demo.knowledge import Inconsistent, Knowledge
from client_demo.unanswered import Unanswered
from client_demo.wire import (
    ABNORMAL,
    POLICY,
    Closed,
    Message,
    Refused,
    decode,
    encode,
    ended,
    open_connection,
    seconds_or_none,
)
from client_demo.work import HARDEST_BITS, solve

# A connection that lived this long was a good one: the next break starts the backoff anew.
STEADY_S = 10.0
# Refusals that end it, as the close codes that say the same.
FINAL = {"banned": 4500, "auth_needed": 4501}

# A server that has yet to fetch a key says when; one that says more means something else.
AUTH_WAIT_MAX_S = 8.0
# How often a fresh JWT is asked for once the last one is about to expire.
RENEW_EVERY_S = 2.0

# Replay given up, identity given up, work done; and done again, since the price may rise meanwhile.
ENTERS_MAX = 6


class Presence(Knowledge, ABC):
    """One person, present as long as connections can be had. Subclasses say what happens with events."""

    def __init__(
        self,
        url: str,
        *,
        cell: str,
        name: str | None,
        wire: str,
        far: bool,
        topics: Sequence[str],
        visiting: bool,
        source: str | None,
        reconnect: bool,
        rng: random.Random | None,
        backoff_s: tuple[float, float],
        keepalive_s: float | None,
        auth: Callable[[], str] | None,
    ) -> None:
        super().__init__()
        self.url, self.cell, self.far, self.wire, self.source = url, cell, far, wire, source
        self.topics, self.visiting = tuple(topics), visiting
        self.reconnect = reconnect
        self.closed: Closed | None = None
        self._auth = auth
        self._renewal: asyncio.Task[None] | None = None
        self.terms: str | None = None
        self._chosen_name = name
        self._rng = rng or random.SystemRandom()
        self._backoff_s, self._keepalive_s = backoff_s, keepalive_s
        self._connection: ClientConnection | None = None
        self._unanswered = Unanswered()
        self._kept = Kept(self._unanswered, self._send)
        self._ready = False  # seated, and everything missed has been replayed
        self._fence = ""
        self._shown_auth = ""
        self._is_forgotten = False  # whether the server took the token for none of its own
        self._replayed = 0
        self._leaving = False
        self._bye: Message | None = None
        self._seated: asyncio.Future[None]  # made when there is a loop
        self._runner: asyncio.Task[None] | None = None
        self._retry_now = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the person is seated over a live connection with nothing left to catch up on."""
        return self._ready

    @property
    def has_own_name(self) -> bool:
        """Whether the name was chosen here; a server makes up another in every room."""
        return self._chosen_name is not None

    async def drop(self) -> None:
        """Cut the TCP connection without a word, as a dying network would."""
        if self._connection is not None:
            connection = self._connection
            connection.transport.abort()
            await connection.wait_closed()

    def retry_now(self) -> None:
        """End the present wait before reconnecting."""
        self._retry_now.set()

    async def request(self, type: str, *, ref: str | None = None, **fields: object) -> Message:
        """Send a command and return its answer, however many connections that takes.

        Args:
            ref: of 1–32 characters and new in this room; made up unless given.

        Raises:
            Refused: the server answered with an error.
            Closed: the connection is over and no other follows.
        """
        if self.closed is not None:
            raise self.closed
        command: Message = {"type": type, **fields, "ref": ref or self.new_ref()}
        answer = self._unanswered.ask(command)
        try:
            if self._ready and not self._kept.queue(command):
                await self._send(command)
            return await answer
        finally:
            self._unanswered.forget(command["ref"])

    def new_ref(self) -> str:
        """Return a ref that nobody can guess: the room sees refs, and none should tell of another."""
        return f"{self._rng.getrandbits(64):016x}"

    @abstractmethod
    def _publish(self, event: Message) -> None:
        """Hand on an event from the server, or a local one."""

    # --- life ---------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        """Connect and enter; return once the first room is known, or raise why there is none."""
        self._seated = asyncio.get_running_loop().create_future()
        self._runner = asyncio.create_task(self._run())
        await self._seated

    async def _stop(self) -> None:
        """End the connection as it is; whoever still waits for an answer learns that it is over."""
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
        if self.closed is None:
            self._finish(Closed(1000, "left"))

    async def _run(self) -> None:
        """Keep a connection until one ends for good."""
        loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            began = loop.time()
            try:
                await self._one_connection()
            except (Closed, Refused) as exc:
                if loop.time() - began >= STEADY_S:
                    attempt = 0
                if not await self._wait_to_return(exc, attempt):
                    return
                attempt += 1
            except Exception as exc:
                self._finish(exc)
                raise

    async def _one_connection(self) -> None:
        """Live through one connection. Always raises: Closed, or Refused where `enter` was."""
        connection = await open_connection(self.url, wire=self.wire, source=self.source, keepalive_s=self._keepalive_s)
        self._bye, self._connection = None, connection
        try:
            await self._enter(connection)
            await self._live(connection)
        except Inconsistent as exc:
            raise Closed(ABNORMAL, str(exc)) from exc
        except ConnectionClosed as exc:
            raise ended(connection, exc, self._bye) from exc
        finally:
            self._ready, self._connection, self._fence = False, None, ""
            self._kept.stop()
            connection.transport.abort()
            await connection.wait_closed()

    # --- entering -----------------------------------------------------------------------------------------

    async def _enter(self, connection: ClientConnection) -> None:
        """Enter, as the person of before where there was one."""
        was, is_return = (self.room, self.me), self._was_seated()
        entered = await self._ask_to_enter(connection)
        self._take(entered)
        if is_return:
            resumed = bool(entered.get("resumed"))
            self._publish({"type": "reconnected", "resumed": resumed, "is_forgotten": self._is_forgotten})
        self._take(await self._first(connection, "room"))
        if not is_return:
            self._ready = True
            self._seated.set_result(None)
            return
        if (self.room, self.me) != was:
            self._unanswered.settle_for_other_seat(self.room, is_other_room=self.room != was[0])
        # The server answers in order: once this ping is answered, everything missed has been replayed.
        self._fence, self._replayed = self.new_ref(), 0
        await connection.send(encode({"type": "ping", "ref": self._fence}, self.wire))

    async def _ask_to_enter(self, connection: ClientConnection) -> Message:
        """Return `entered`; what is not given back is given up step by step: replay, then identity."""
        keep = ["token", "resume"] if self.token is not None else []
        self._is_forgotten = False
        work: Message = {}
        for _ in range(ENTERS_MAX):
            await connection.send(encode(self._enter_command(keep) | work, self.wire))
            answer = await self._first(connection, "entered", "error")
            if answer["type"] == "entered":
                return answer
            again_s = seconds_or_none(answer.get("retry_after"))
            if answer.get("code") == "bad_auth" and again_s is not None and again_s <= AUTH_WAIT_MAX_S:
                # The application has a key that the server is about to fetch.
                await asyncio.sleep(again_s)
            elif answer.get("code") == "work_needed":
                work = {"work": await self._work(answer)}
            elif keep and answer.get("code") in ("bad_token", "bad_message"):
                self._is_forgotten = answer["code"] == "bad_token"
                keep = [] if self._is_forgotten else keep[:-1]
            else:
                break
        raise Refused(answer)

    async def _work(self, asked: Message) -> str:
        """Do what a crowded server asks of newcomers, off the loop. Raises Refused if that is beyond the protocol."""
        nonce, bits = asked.get("nonce"), asked.get("bits")
        if not isinstance(nonce, str) or not isinstance(bits, int) or not 0 <= bits <= HARDEST_BITS:
            raise Refused(asked)
        return await asyncio.to_thread(solve, nonce, bits)

    def _enter_command(self, keep: list[str]) -> Message:
        command: Message = {"type": "enter", "cell": self.cell, "ref": self.new_ref()}
        if self._chosen_name is not None:
            command["name"] = self._chosen_name
        if self.far:
            command["far"] = True
        if self.topics:
            command["topics"] = list(self.topics)
        if self.visiting:
            command["visiting"] = True
        if self._auth is not None:
            command["auth"] = self._shown_auth = self._auth()
        if self.terms is not None:
            command["terms"] = self.terms
        known = {"token": self.token, "resume": {"room": self.room, "seq": self.seq}}
        return command | {field: known[field] for field in keep}

    async def _first(self, connection: ClientConnection, *types: str) -> Message:
        """Return the first event of these types; what comes before it (a `notice`, a `bye`) is taken."""
        while True:
            event = decode(await connection.recv(), self.wire)
            if event is not None and event["type"] in types:
                return event
            if event is not None:
                self._take(event)

    # --- living -------------------------------------------------------------------------------------------

    async def _live(self, connection: ClientConnection) -> None:
        """Take events until the connection ends, which raises ConnectionClosed."""
        while True:
            event = decode(await connection.recv(), self.wire)
            if event is None:
                continue
            if self._fence and event["type"] == "pong" and event.get("ref") == self._fence:
                self._caught_up()
            else:
                self._take(event)

    def _caught_up(self) -> None:
        """Send again what neither an echo nor the replay has answered."""
        self._fence, self._ready = "", True
        self._publish({"type": "caught_up", "said": self._replayed})
        self._kept.start()

    def _take(self, event: Message) -> None:
        """Let one event have its effects: what is known, whoever waits for it, whoever watches."""
        is_new = self.take(event)
        if event["type"] == "bye":
            self._bye = event
        if event["type"] == "auth_expiring" and self._auth is not None:
            self._renewal = asyncio.create_task(self._renew(self._auth))
        if event["type"] == "said" and self._fence and is_new:
            self._replayed += 1
        if self.is_mine(event) and not self._kept.puts_off(event):
            self._unanswered.answer(event)
        if is_new:
            self._publish(event)

    async def _renew(self, auth: Callable[[], str]) -> None:
        """Show a fresh JWT as soon as there is one; without any the server closes."""
        while self._connection is not None:
            fresh = auth()
            if fresh != self._shown_auth:
                self._shown_auth = fresh
                with contextlib.suppress(Refused, Closed):
                    await self.request("auth", auth=fresh)
                    return
            await asyncio.sleep(RENEW_EVERY_S)

    async def _send(self, command: Message) -> None:
        """Send, or leave it to the next connection: what is unanswered is sent again."""
        if self._connection is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._connection.send(encode(command, self.wire))

    # --- ending -------------------------------------------------------------------------------------------

    async def _wait_to_return(self, exc: Closed | Refused, attempt: int) -> bool:
        """Return True after a polite wait, or False where there is no coming back."""
        closed = exc if isinstance(exc, Closed) else _closed_by_refusal(exc)
        if self._leaving or not self._was_seated() or not self.reconnect or not closed.may_return:
            self._finish(closed if self._was_seated() else exc)
            return False
        first_s, longest_s = self._backoff_s
        wait_s = (closed.retry_after or 0.0) + self._rng.uniform(0.0, min(longest_s, first_s * 2.0**attempt))
        self._tell_disconnected(closed, wait_s)
        self._retry_now.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._retry_now.wait()
        return True

    def _finish(self, exc: Exception) -> None:
        """Record that no connection follows, and tell everybody who waits for an answer or an event."""
        self.closed = exc if isinstance(exc, Closed) else Closed(ABNORMAL, str(exc), may_return=False)
        if not self._seated.done():
            self._seated.set_exception(exc)
        self._unanswered.end(self.closed)
        self._tell_disconnected(self.closed, None)

    def _tell_disconnected(self, closed: Closed, retry_in_s: float | None) -> None:
        told = {"code": closed.code, "reason": closed.reason, "retry_in_s": retry_in_s}
        self._publish({"type": "disconnected", **told})

    def _was_seated(self) -> bool:
        return self._seated.done()


def _closed_by_refusal(refused: Refused) -> Closed:
    """Return what a refused return means: later again where a time was named, else over."""
    if refused.code in FINAL:
        # Whatever time it names, it is days: whoever waits so long may as well start anew.
        return Closed(FINAL[refused.code], refused.message)
    may_return = refused.retry_after is not None or refused.code in ("unavailable", "not_now")
    return Closed(POLICY, str(refused), may_return=may_return, retry_after=refused.retry_after)
