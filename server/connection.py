"""One WebSocket connection: bytes in, messages out.

Knows its transport's ways: heads, frames, backpressure, keepalive, deadlines, the
end. Must never know rooms, commands or formats: messages go to a `Receiver`.

Rules.

- A connection awaits a head (an HTTP request; after an answer perhaps another), then is open, then closing (a Close
  frame was sent; what still comes is not delivered), then done (nothing that still
  comes is looked at), then gone. `is_open` is true in the second state only.
- The common frame is read here. Every other goes to an `Engine`, and so does all
  that follows until that is idle again, when it is thrown away.
- `_held` is what came and waits: an incomplete head or frame header, or frames
  beyond this turn's share, or anything that came while output was paused.
- We read from the socket only while output flows and no held frames wait for
  their turn. A peer that does not listen is not listened to.
- Any byte received counts as life, not only a pong: a peer whose pong is queued
  behind its own long upload is slow, not dead.
- The end is told to the receiver as soon as the connection is not open, from the
  loop; the socket may linger for `close_timeout_s` to let a last frame out.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import cast

from server.bugs import log_bug
from server.engine import NO_CLOSE, Engine
from server.frames import FINAL_TEXT, PING, is_utf8, read_common
from server.http import HttpResponse, Reply, refusal, request_end
from server.transport import Endpoint, Receiver, TransportLimits
from server.wheel import Entry

__all__ = ["Connection", "Receiver", "TransportLimits"]


NOT_UTF8 = 1007
BUG = 1011
SLOW_READER = 4001
IDLE = 4002
REQUESTS_MAX = 100  # on one connection; a page has thirty files, and whoever wants more may connect again
FULL_READ_BYTES = 65536  # a transport that read this much may read again in the same turn


def _hear_nothing(_payload: bytes, _is_binary: bool) -> None:
    """Stand in where nobody hears: before the handshake, and after the end."""


def _drop(_: bytes) -> None:
    """Stand in for the transport's write while nothing may be sent."""


class Connection(asyncio.Protocol):
    """One client's connection.

    Attributes:
        remote: the peer's address, without its port.
        address: what the client's address is counted as; the endpoint sets it, and again once the head is known.
        subprotocol: the one agreed on, "" for none.
        write: takes frames made by `server.frames`; drops them unless the connection is open. It is
            exchanged at the end, so it is not to be kept elsewhere.
        is_open: between the handshake and the first Close frame.
        is_paused: the transport holds more unsent bytes than it likes.
        hears: what is called with each message; `be_heard_by` sets it.
    """

    __slots__ = (
        "_answered",
        "_deadline",
        "_endpoint",
        "_engine",
        "_heard",
        "_held",
        "_is_done",
        "_is_head",
        "_is_waiting",
        "_keepalive",
        "_receiver",
        "_stall",
        "_transport",
        "address",
        "hears",
        "is_open",
        "is_paused",
        "remote",
        "subprotocol",
        "write",
    )

    def __init__(self, endpoint: Endpoint) -> None:
        self.remote = ""
        self.address = ""
        self.subprotocol = ""
        self.write: Callable[[bytes], None] = _drop
        self.hears: Callable[[bytes, bool], None] = _hear_nothing
        self.is_open = False
        self.is_paused = False
        self._endpoint = endpoint
        self._transport: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._engine: Engine | None = None
        self._held = b""
        self._heard = True  # since the last ping
        self._is_head = True
        self._answered = 0  # requests, after each of which another may come
        self._is_done = False
        self._is_waiting = False  # for the next turn
        self._deadline: Entry | None = None  # for the handshake, then for entering, then for the end
        self._keepalive: Entry | None = None
        self._stall: Entry | None = None

    @property
    def receiver(self) -> Receiver | None:
        """Who is told what comes; None before the handshake and after the end."""
        return self._receiver

    # What the receiver and the port ask.

    def be_heard_by(self, hears: Callable[[bytes, bool], None]) -> None:
        """Have each message given to that from here on, as the receiver's `received` is at first."""
        if self.is_open:
            # Of one that is over nobody is to be held: it would be a circle, which is as good as never looked for.
            self.hears = hears

    def entered(self) -> None:
        """Lift the deadline for entering."""
        if self.is_open:
            self._set_deadline(0, self.abort)
            self._endpoint.entered(self)

    def await_enter(self, within_s: float) -> None:
        """Put the deadline for entering off: to so many seconds from now."""
        if self.is_open:
            self._set_deadline(within_s, self._enter_late)

    def close(self, code: int, reason: str = "") -> None:
        """Send a Close frame after what was written; the socket is gone within `close_timeout_s`.

        Changes nothing unless open. The reason is cut to 123 bytes.
        """
        if self.is_open:
            self._need_engine().close(code, reason)
            self._follow_engine()

    def end(self, code: int, reason: str) -> None:
        """Close for a reason of the transport's or the port's own.

        A receiver that has `ending(code, reason)` is told before, and may still write.
        """
        ending = getattr(self._receiver, "ending", None)
        if self.is_open and ending is not None:
            _guarded(ending, code, reason)
        self.close(code, reason)

    def abort(self) -> None:
        """End the TCP connection now; what is unsent is lost."""
        self._end(NO_CLOSE)
        self._is_done = True
        if self._transport is not None:
            self._transport.abort()

    def check_unsent(self) -> None:
        """Close with 4001 if more than `unsent_max_bytes` wait; to be called after writing while `is_paused`."""
        if self._transport is not None:
            unsent = self._transport.get_write_buffer_size()
            if unsent > self._endpoint.limits.unsent_max_bytes:
                self._too_slow()

    def refuse(self, response: HttpResponse) -> None:
        """Send an HTTP answer to a connection that is not open, whether it asked yet or not, and end it."""
        self._send_and_end(response.to_bytes())

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request head."""
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's has no base class
        peer = transport.get_extra_info("peername")
        self.remote = peer[0] if isinstance(peer, tuple) else ""
        limits = self._endpoint.limits
        transport.set_write_buffer_limits(high=limits.unsent_max_bytes // 4)
        self._set_deadline(limits.handshake_timeout_s, self._handshake_late)
        self._endpoint.arrived(self)

    def data_received(self, data: bytes) -> None:
        """Handle what has come, as far as this turn's share goes."""
        self._heard = True
        if self._held:
            data = self._held + data
            self._held = b""
        if self.is_paused or self._is_waiting:
            self._held = data
        elif self._is_head:
            self._read_head(data)
        elif not self._is_done:
            self._read_frames(data)

    def eof_received(self) -> None:
        """End, and let the transport close: a peer that sends no more cannot answer a Close frame either."""
        self._end(NO_CLOSE)

    def pause_writing(self) -> None:
        """Stop reading from a peer that does not read, and give it `unsent_max_s`."""
        self.is_paused = True
        self._steer()
        limits = self._endpoint.limits
        if self.is_open and limits.unsent_max_s:
            self._stall = self._endpoint.after(limits.unsent_max_s, self._too_slow)

    def resume_writing(self) -> None:
        """Go on where reading stopped."""
        self.is_paused = False
        self._cancel(self._stall)
        if self._held:
            self._wait_a_turn()
        self._steer()

    def connection_lost(self, _: Exception | None) -> None:
        """Let go of everything; an open connection ends here without a Close frame."""
        self._end(NO_CLOSE)
        if self._is_head and not self._answered:
            self._endpoint.failed()
        self._is_done = True
        self._held = b""
        self._drop_engine()
        self._set_deadline(0, self.abort)
        self._transport = None
        self._endpoint.left(self)

    # The head.

    def _read_head(self, data: bytes) -> None:
        end = request_end(data)
        if end is None:
            self._held = data
        elif isinstance(end, HttpResponse):
            self._fail_head(end)
        else:
            self._answer_head(data[:end], data[end:])

    def _answer_head(self, head: bytes, rest: bytes) -> None:
        try:
            reply = self._endpoint.answer(head, self)
        except Exception as exc:
            log_bug("answering a request", exc)
            reply = Reply(refusal(500, "A bug of this server; it is written down.").to_bytes())
        if reply.later is not None:
            self._await_answer()
        elif reply.is_kept:
            self._keep(reply.wire, rest)
        elif not reply.is_open:
            self._send_and_end(reply.wire)
        elif self._transport is not None:
            self._transport.write(reply.wire)
            self._open(self._transport, reply.subprotocol)
            self._read_frames(rest)

    def _await_answer(self) -> None:
        """Read nothing more until `refuse` gives the answer, no longer than a head may take."""
        self._is_head = False
        self._is_waiting = True
        self._steer()
        self._set_deadline(self._endpoint.limits.handshake_timeout_s, self.abort)

    def _keep(self, wire: bytes, rest: bytes) -> None:
        """Answer and await another head for as long as the first was; one that is here already waits a turn."""
        if self._transport is None:
            return
        self._answered += 1
        if self._answered > REQUESTS_MAX:
            self._send_and_end(wire)
            return
        self._set_deadline(self._endpoint.limits.handshake_timeout_s, self._handshake_late)
        self._transport.write(wire)
        if rest:
            self._held = rest
            self._wait_a_turn()

    def _fail_head(self, response: HttpResponse) -> None:
        self._endpoint.failed()
        self.refuse(response)

    def _open(self, transport: asyncio.Transport, subprotocol: str) -> None:
        self._is_head = False
        self.subprotocol = subprotocol
        self.write = transport.write
        self.is_open = True
        self._endpoint.opened()
        self._set_deadline(self._endpoint.limits.enter_timeout_s, self._enter_late)
        self._await_ping(0)
        try:
            self._receiver = self._endpoint.make_receiver()
            self.be_heard_by(self._receiver.received)
            self._receiver.opened(self)
        except Exception as exc:
            log_bug("opening a connection", exc)
            self.close(BUG, "a bug of the server")

    # Frames.

    def _read_frames(self, data: bytes) -> None:
        """Handle frames until this turn's share is used up or output is paused; hold the rest."""
        start, size = 0, len(data)
        limits = self._endpoint.limits
        left, most = limits.frames_per_turn, limits.frame_max_bytes
        while start < size and left and not self.is_paused and not self._is_done:
            left -= 1
            common = read_common(data, start, most) if self._engine is None else None
            if common is not None:
                is_binary = data[start] != FINAL_TEXT
                payload, start = common
                self._deliver(payload, is_binary)
                continue
            end = self._read_odd(data, start)
            if end == start:
                break
            start = end
        if start < size and not self._is_done:
            self._held = data[start:]
        if not left or size >= FULL_READ_BYTES:
            self._wait_a_turn()

    def _deliver(self, payload: bytes, is_binary: bool) -> None:
        if not self.is_open or self._receiver is None:
            return
        if not is_binary and not is_utf8(payload):
            self._need_engine().fail(NOT_UTF8, "text that is not UTF-8")
            self._follow_engine()
            return
        try:
            self.hears(payload, is_binary)
        except Exception as exc:
            log_bug("handling a message", exc)
            self.end(BUG, "a bug of the server")

    def _wait_a_turn(self) -> None:
        """Leave what is held to the next turn, so that other connections come in between."""
        if not self._is_waiting:
            self._is_waiting = True
            self._endpoint.soon(self._go_on)
            self._steer()

    def _go_on(self) -> None:
        self._is_waiting = False
        held, self._held = self._held, b""
        if held:
            self.data_received(held)
        self._steer()

    def _steer(self) -> None:
        if self._transport is None:
            return
        if self.is_paused or self._is_waiting:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # The engine.

    def _read_odd(self, data: bytes, start: int) -> int:
        engine = self._need_engine()
        end = engine.feed(data, start)
        message = engine.message()
        self._follow_engine()
        if message is not None:
            self._deliver(*message)
        return end

    def _need_engine(self) -> Engine:
        if self._engine is None:
            limits = self._endpoint.limits
            self._engine = Engine(frame_max_bytes=limits.frame_max_bytes, fragments_max=limits.fragments_max)
        return self._engine

    def _follow_engine(self) -> None:
        """Send what the engine has to say, close where it closes, and let go of it when it is idle."""
        engine = self._engine
        if engine is None or self._transport is None:
            return
        wire = engine.to_send()
        if engine.is_finished:
            self._end(engine.close_code)
            self._send_and_end(wire)
            return
        if wire:
            self._transport.write(wire)
        if engine.is_idle:
            self._drop_engine()
        elif not engine.is_open:
            self._end(engine.close_code)

    def _drop_engine(self) -> None:
        if self._engine is not None:
            self._engine.drop()
            self._engine = None

    # The end.

    def _end(self, code: int) -> None:
        """Stop being open: nothing is written or delivered from here on."""
        if not self.is_open:
            return
        self.is_open = False
        self.write, self.hears = _drop, _hear_nothing
        self._cancel(self._keepalive)
        self._cancel(self._stall)
        self._set_deadline(self._endpoint.limits.close_timeout_s, self.abort)
        self._endpoint.ended(code)
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            self._endpoint.soon(partial(_guarded, receiver.closed))

    def _send_and_end(self, wire: bytes) -> None:
        """Send last bytes and the end of our stream, and wait a while for the peer's.

        Closing at once while bytes of the peer are unread would reset the connection,
        and could take the last bytes away from it.
        """
        if self._is_done or self._transport is None:
            return
        self._is_head = self._is_waiting = False
        self._is_done = True
        self._held = b""
        self._steer()
        self._drop_engine()
        self._set_deadline(self._endpoint.limits.close_timeout_s, self.abort)
        if wire:
            self._transport.write(wire)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    # Deadlines.

    def _set_deadline(self, delay_s: float, late: Callable[[], None]) -> None:
        self._cancel(self._deadline)
        self._deadline = self._endpoint.after(delay_s, late) if delay_s else None

    def _cancel(self, entry: Entry | None) -> None:
        if entry is not None:
            self._endpoint.cancel(entry)

    def _handshake_late(self) -> None:
        if self._held:
            self._fail_head(refusal(408, "The request took too long."))
        elif self._answered:
            self._send_and_end(b"")
        else:
            self.abort()

    def _enter_late(self) -> None:
        self.end(IDLE, "did not enter in time")

    def _too_slow(self) -> None:
        self.end(SLOW_READER, "reads too slowly")

    def _await_ping(self, waited_s: float) -> None:
        """Arm the next ping; jitter only shortens the wait, so that `ping_every_s` is a bound."""
        every_s = self._endpoint.limits.ping_every_s
        if every_s:
            wait_s = every_s * self._endpoint.rng.uniform(0.8, 0.96) - waited_s
            self._keepalive = self._endpoint.after(max(wait_s, 0.0), self._ping)

    def _ping(self) -> None:
        self._heard = False
        self.write(PING)
        self._keepalive = self._endpoint.after(self._endpoint.limits.pong_timeout_s, self._expect_life)

    def _expect_life(self) -> None:
        """Close with 4002 if nothing was heard; while output is paused nobody listens, and 4001 is near."""
        if self._heard or self.is_paused:
            self._await_ping(self._endpoint.limits.pong_timeout_s)
        else:
            self.end(IDLE, "no answer to a ping")


def _guarded(call: Callable[..., None], *args: object) -> None:
    try:
        call(*args)
    except Exception as exc:
        log_bug("ending a connection", exc)
