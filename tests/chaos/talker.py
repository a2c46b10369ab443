"""Somebody who numbers their words and comes back as docs/PROTOCOL.md tells clients to: `websockets` and `json` alone.

They write down what they see. What they break on purpose (`Breaks`) shows that the checker can fail.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from secrets import token_hex
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from tests.chaos.history import Acknowledged, Heard, History, Lost, Refused, Sat, Tried

UNANSWERED_MAX = 4
"""Whoever is not heard does not go on talking."""

IN_DOUBT_S = 3.0
"""After so long without an answer a word is said once more, with its ref."""

OPEN_S = 2.0
"""A node that does not even take a connection in this time is as good as dead to a load balancer."""

BEFORE_AGAIN_S = 0.5
BACKOFF_MAX_S = 30.0
DRAIN = 4000

NUMBERED = frozenset({"joined", "left", "changed", "said", "skipped", "closing", "extended"})
WAIT = frozenset({"unavailable", "rate_limited", "not_now"})


class Breaks(msgspec.Struct, frozen=True):
    """What a client does wrong on purpose.

    Attributes:
        resume: comes back without saying what it has.
        hasty: says everything twice, in doubt before there is any.
        refs: says what was not acknowledged again under another ref.
    """

    resume: bool = False
    hasty: bool = False
    refs: bool = False


class Word:
    """Something said that has not come back yet."""

    def __init__(self, text: str, room: str, now: float) -> None:
        self.text = text
        self.room = room
        self.ref = token_hex(6)
        self.again_at = now + IN_DOUBT_S


class Talker:
    """One person, who talks until told to be quiet and stays until told to end.

    Args:
        urls: gives the addresses to try, the best first, as a load balancer would.
        is_silent: told of those that do not answer.
        every_s: a word so often, about.

    Attributes:
        history: all they saw.
        port: of the node they are connected to, 0 if to none.
        is_quiet: they say nothing new.
        heard: events that came.
    """

    def __init__(
        self,
        number: int,
        urls: Callable[[], list[str]],
        is_silent: Callable[[str], None],
        cell: str,
        *,
        every_s: float,
        rng: random.Random,
        breaks: Breaks | None = None,
    ) -> None:
        self.number = number
        self.history: History = []
        self.port = 0
        self.is_quiet = False
        self.heard = 0
        self.room = self.me = ""
        self.seq = 0
        self.has_seat = asyncio.Event()
        self.words: dict[str, Word] = {}
        self._urls = urls
        self._is_silent = is_silent
        self._cell = cell
        self._every_s = every_s
        self._rng = rng
        self._breaks = breaks or Breaks()
        self._token = ""
        self._said = 0
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._socket: ClientConnection | None = None
        self._loop = asyncio.get_running_loop()
        self._asked: tuple[str, int] | None = None
        self._is_back = self._resumed = False
        self._reconnect_in: float | None = None

    async def live(self) -> None:
        """Come, talk, and come back after every loss, until cancelled."""
        failures = 0
        while True:
            self._reconnect_in = None
            code = await self._connect_once()
            failures = 0 if code is not None and self.has_seat.is_set() else failures + 1
            if self.has_seat.is_set():
                self.history.append(Lost(self._loop.time(), code or 0))
            self.has_seat.clear()
            await asyncio.sleep(self._pause_s(code, failures))

    def lose_connection(self) -> None:
        """Have the connection end without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def settle(self, *, within_s: float) -> bool:
        """Return when all that was sent to them before has come; tell whether it has, in time."""
        ref = token_hex(6)
        try:
            async with asyncio.timeout(within_s):
                await self.has_seat.wait()
                assert self._socket is not None
                await self._socket.send(json.dumps({"type": "ping", "ref": ref}))
                while await self._answers.get() != ref:
                    pass
        except (TimeoutError, ConnectionClosed):
            return False
        return True

    def _pause_s(self, code: int | None, failures: int) -> float:
        pause_s = self._reconnect_in if self._reconnect_in is not None else BEFORE_AGAIN_S
        pause_s *= 2 ** max(0, failures - 1)
        part = min(pause_s, 0.5) if code == DRAIN else pause_s
        return float(min(BACKOFF_MAX_S, pause_s + self._rng.uniform(0, part)))

    async def _connect_once(self) -> int | None:
        """Return the close code of a connection that was made, None if none was."""
        for url in self._urls():
            try:
                socket = await connect(
                    url,
                    subprotocols=[Subprotocol("hereabouts.v1.json")],
                    compression=None,
                    ping_interval=None,
                    proxy=None,
                    open_timeout=OPEN_S,
                    close_timeout=1,
                )
            except (OSError, TimeoutError, WebSocketException):
                self._is_silent(url)
                continue
            self.port = int(socket.remote_address[1])
            try:
                await self._stay(socket)
            finally:
                self.port = 0
                self._socket = None
            return socket.close_code or 1006
        return None

    async def _stay(self, socket: ClientConnection) -> None:
        self._socket = socket
        talking = self._loop.create_task(self._talk(socket))
        try:
            with contextlib.suppress(ConnectionClosed):
                await self._enter(socket)
                async for message in socket:
                    await self._hear(socket, json.loads(message))
        finally:
            talking.cancel()
            with contextlib.suppress(Exception):
                socket.transport.abort()

    async def _enter(self, socket: ClientConnection) -> None:
        enter: dict[str, Any] = {"type": "enter", "cell": self._cell, "ref": "enter"}
        if self._token:
            enter["token"] = self._token
        self._asked = (self.room, self.seq) if self.room and not self._breaks.resume else None
        if self._asked is not None:
            enter["resume"] = {"room": self.room, "seq": self.seq}
        self._is_back = True
        await socket.send(json.dumps(enter))

    async def _talk(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            next_at = self._loop.time() + self._rng.uniform(0, self._every_s)
            while True:
                await asyncio.sleep(0.05 + self._rng.uniform(0, 0.05))
                now = self._loop.time()
                if not self.has_seat.is_set():
                    continue
                for word in [word for word in self.words.values() if word.again_at <= now]:
                    await self._say(socket, word)
                if now >= next_at and not self.is_quiet and len(self.words) < UNANSWERED_MAX:
                    next_at = now + self._every_s * self._rng.uniform(0.5, 1.5)
                    self._said += 1
                    word = Word(f"p{self.number}w{self._said}", self.room, now)
                    self.history.append(Tried(now, word.room, word.text))
                    await self._say(socket, word, is_new=True)
                    if self._breaks.hasty:
                        await self._say(socket, word)

    async def _say(self, socket: ClientConnection, word: Word, *, is_new: bool = False) -> None:
        if self._breaks.refs and not is_new:
            self.words.pop(word.ref, None)
            word.ref = token_hex(6)
        self.words[word.ref] = word
        word.again_at = self._loop.time() + IN_DOUBT_S
        await socket.send(json.dumps({"type": "say", "text": word.text, "room": word.room, "ref": word.ref}))

    async def _hear(self, socket: ClientConnection, event: dict[str, Any]) -> None:
        self.heard += 1
        now = self._loop.time()
        match event["type"]:
            case "entered":
                self._token, self._resumed = event["you"]["token"], event["resumed"]
            case "room":
                await self._sit(socket, event, now)
            case "bye":
                self._reconnect_in = event.get("reconnect_in")
            case "pong":
                self._answers.put_nowait(event.get("ref", ""))
            case "error" | "held":
                await self._refused(socket, event, now)
            case type if type in NUMBERED:
                await self._follow(socket, event, now)

    async def _sit(self, socket: ClientConnection, event: dict[str, Any], now: float) -> None:
        closes_s = (event["closes"] - event["now"]) / 1000
        self.history.append(
            Sat(
                now,
                event["room"],
                event["me"],
                event["seq"],
                event.get("missed", 0),
                self._asked if self._is_back else None,
                self._is_back,
                self._resumed if self._is_back else False,
                event["why_code"],
                closes_s,
                self.port,
                tuple(member["id"] for member in event["members"]),
            )
        )
        is_same = (event["room"], event["me"]) == (self.room, self.me)
        self.room, self.me, self.seq = event["room"], event["me"], event["seq"] + event.get("missed", 0)
        self._is_back = False
        self.has_seat.set()
        if is_same:
            for word in list(self.words.values()):
                await self._say(socket, word)
        else:
            self.words.clear()  # what was said for another room is not for this one

    async def _follow(self, socket: ClientConnection, event: dict[str, Any], now: float) -> None:
        seq = event["seq"]
        mine = event["type"] == "said" and event["from"] == self.me
        word = self.words.pop(event.get("ref", ""), None) if mine else None
        self.history.append(
            Heard(
                now,
                self.room,
                seq,
                _essence(event),
                word=event["text"] if event["type"] == "said" else "",
                left=event["id"] if event["type"] == "left" else "",
                why=event.get("why", ""),
                joined=event["id"] if event["type"] == "joined" else "",
            )
        )
        if word is not None:
            self.history.append(Acknowledged(now, self.room, word.text, seq))
        if seq > self.seq + 1:
            socket.transport.abort()  # something is lost: come back for it
        else:
            self.seq = max(self.seq, seq)

    async def _refused(self, socket: ClientConnection, event: dict[str, Any], now: float) -> None:
        code, about = event.get("code", event.get("reason", "")), event.get("about")
        again_s = float(event.get("retry_after") or 1.0)
        if about == "enter":
            if code not in WAIT:
                self.history.append(Refused(now, code))
                self.room = "" if code == "bad_message" else self.room
                self._token = "" if code == "bad_token" else self._token
            self._loop.call_later(again_s, lambda: self._loop.create_task(self._enter_again(socket)))
            return
        word = self.words.get(event.get("ref", ""))
        if code in WAIT:
            if word is not None:
                word.again_at = now + again_s
        elif code == "wrong_room":
            self.words.pop(event.get("ref", ""), None)
        else:
            self.history.append(Refused(now, code))

    async def _enter_again(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._enter(socket)


def _essence(event: dict[str, Any]) -> str:
    """Return what is the same for all who are told of it: how a reader marks a member is their own."""
    member = {key: value for key, value in event.get("member", {}).items() if key not in {"muted", "kept"}}
    rest = {key: value for key, value in event.items() if key not in {"seq", "member"}}
    return json.dumps({**rest, "member": member} if member else rest, sort_keys=True)
