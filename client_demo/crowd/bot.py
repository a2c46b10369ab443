"""One bot: a scripted person who listens to the room and carries acts out.

Knows what was heard last, how full of words the room is, and which guests, who are no bots, sit in it: those it may
keep, and stay longer for. Never decides what comes next (acts.py and table.py do) nor how long anybody lives (swarm.py
does).
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

from client_demo import phrases
from client_demo.client import Closed, Message, Refused
from client_demo.crowd.acts import RoomPace
from client_demo.crowd.characters import Character, is_bot
from client_demo.ledger import Ledger
from client_demo.person import Person

# What was asked of somebody who has just gone, or of a room that has had its time; or what this server does not do.
_CROSSED = ("no_such_member", "not_now", "unavailable")

_LIKES = 0.15
"""Chance that a bot would keep a guest for something they said: after five of it half a table would."""
_STAYS = 0.7
"""Chance that a bot votes for more time with a guest: with the guest's vote it is most of the table, as a rule."""
_CONTACT = "Nowhere else: I am a bot."

Trouble = Callable[[str], None]
Heard = Callable[["Bot", Message], None]


class Bot(Person):
    """A person who talks out of the phrase book.

    Attributes:
        hesitates_s: from when to when a bot does something for a guest that it means to do.

    Args:
        rng: chance for what is said and for the connection's refs.
        character: what this one is like.
        on_heard: told of every event, after it has had its effects.
        on_trouble: told in a few words of whatever a person would call an error.
        on_break: told of every connection that broke and is being mended.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        rng: random.Random,
        character: Character,
        on_trouble: Trouble,
        on_break: Trouble,
        on_heard: Heard,
        **options: Any,
    ) -> None:
        super().__init__(ledger=ledger, rng=rng, **options)
        self.character = character
        self.hesitates_s = (2.0, 8.0)
        self._chance = rng
        self._on_trouble, self._on_break, self._on_heard = on_trouble, on_break, on_heard
        self._heard: str | None = None
        self._has_greeted = False
        self._liked: set[str] = set()
        self._put_off: set[asyncio.Task[None]] = set()
        self._called = asyncio.Event()
        self._pace = RoomPace(0)
        self.on_event = self._listen

    async def arrive(self) -> None:
        """Enter; from then on the server's own limit for rooms is kept."""
        await super().arrive()
        self._pace = RoomPace(float(self.limits.get("room_per_min") or 0))

    @property
    def is_called(self) -> bool:
        """Whether this one is wanted elsewhere."""
        return self._called.is_set()

    def call(self) -> None:
        """End the present stay."""
        self._called.set()

    async def stay(self, seconds: float | None) -> None:
        """Wait so long, or until called; None for as long as that takes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._called.wait()

    def is_gone(self) -> bool:
        """Whether the server ended this person for good."""
        return self.closed is not None

    def may_speak(self) -> bool:
        """Whether one more word would not overcrowd the room."""
        return self.connected and self._pace.has_space(time.monotonic())

    def next_text(self) -> str:
        """Return what fits: a greeting first, then something that follows what was heard last."""
        if not self._has_greeted:
            self._has_greeted = True
            return phrases.greeting(self._chance)
        heard, self._heard = self._heard, None
        return phrases.reply_to(heard, self._chance)

    async def change_room(self) -> None:
        """Ask for another room."""
        await self._ask("next")

    async def depart(self) -> None:
        """Leave and be forgotten, and do no more of what was put off."""
        for task in self._put_off:
            task.cancel()
        await super().depart()

    def _keep_company(self, event: Message) -> None:
        """Do for guests what they may do for a bot: none of it shows before both have, or most."""
        kind, who = event["type"], str(event.get("from") or event.get("who") or "")
        if kind == "said" and self._is_guest(who) and who not in self._liked and self._chance.random() < _LIKES:
            self._liked.add(who)
            self._soon("keep", who=who)
        elif kind == "kept":
            self._soon("contact", who=who, text=_CONTACT)
        elif kind == "closing" and any(map(self._is_guest, self.members)) and self._chance.random() < _STAYS:
            self._soon("extend")

    def _is_guest(self, who: str) -> bool:
        return who != self.me and who in self.members and not is_bot(str(self.members[who].get("name")))

    def _soon(self, command: str, **fields: str) -> None:
        """Ask for something after a moment, as people do."""

        async def wait_and_ask() -> None:
            await asyncio.sleep(self._chance.uniform(*self.hesitates_s))
            await self._ask(command, **fields)

        task = asyncio.create_task(wait_and_ask())
        self._put_off.add(task)
        task.add_done_callback(self._put_off.discard)

    async def _ask(self, command: str, **fields: str) -> None:
        """Ask for something whose answer nobody waits for; a room that has gone on meanwhile is no trouble."""
        try:
            await self.request(command, **fields)
        except Refused as refused:
            if refused.code not in _CROSSED:
                self._on_trouble(f"{command}: {refused.code}")
        except Closed:
            return

    def _listen(self, event: Message) -> None:
        kind = event["type"]
        if kind == "said":
            self._pace.heard(time.monotonic())
            if event.get("from") != self.me:
                self._heard = event["text"]
        elif kind == "room":
            self._pace.changed()
            self._heard, self._has_greeted = None, False
            self._liked.clear()
        elif kind == "disconnected" and self.token is not None:
            # Who never got in has been told why by `arrive`.
            self._disconnected(event)
        self._keep_company(event)
        self._on_heard(self, event)

    def _disconnected(self, event: Message) -> None:
        what = f"{event['code']} {event['reason']}"
        if event["retry_in_s"] is not None:
            self._on_break(what)
        elif event["code"] != 1000:
            self._on_trouble(f"closed: {what}")
