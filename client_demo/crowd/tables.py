"""All tables at which bots of one process sit, and what they hear there.

Knows which bot sits where. Never decides who speaks (table.py does) nor carries it out (swarm.py does).
"""

import random
import sys
from collections.abc import Iterator

from client_demo.client import Message
from client_demo.crowd.bot import Bot
from client_demo.crowd.table import Table


class Tables:
    """The tables by room. Every bot's events are shown to `listen`."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._tables: dict[str, Table] = {}
        self._seats: dict[Bot, tuple[str, str]] = {}
        self._bots: dict[tuple[str, str], Bot] = {}

    def listen(self, bot: Bot, event: Message, *, now: float) -> None:
        """Let the bot's table know what the bot was told."""
        if event["type"] == "room":
            self._sit(bot, now)
        elif bot in self._seats:
            self._tables[self._seats[bot][0]].hear(event, now=now)

    def rise(self, bot: Bot) -> None:
        """Let the bot go, wherever it sits."""
        seat = self._seats.pop(bot, None)
        if seat is None:
            return
        room, who = seat
        del self._bots[seat]
        self._tables[room].rise(who)
        if self._tables[room].is_empty:
            del self._tables[room]

    def is_engaged(self, bot: Bot, *, now: float) -> bool:
        """Return whether the bot is in the middle of talking."""
        seat = self._seats.get(bot)
        return seat is not None and self._tables[seat[0]].is_engaged(seat[1], now=now)

    def farewell(self, bot: Bot, *, now: float) -> str | None:
        """Return what the bot may say before it goes."""
        return self._tables[self._seats[bot][0]].farewell(now) if bot in self._seats else None

    def free_chairs(self) -> int:
        """Return how many more the tables may take of ours, so that chairs stay free for others."""
        return sum(max(_target(bot) - len(bot.members), 0) for bot in self._one_each().values())

    def too_many(self, now: float) -> Iterator[Bot]:
        """Yield for each table that is nearly full one of ours who may go; slowly where somebody would notice."""
        for room, witness in self._one_each().items():
            table = self._tables[room]
            if len(witness.members) > _most(witness) + table.has_guests:
                who = table.spare(now)
                if who is not None:
                    yield self._bots[room, who]

    def cues(self, now: float) -> Iterator[tuple[Bot, str]]:
        """Yield who is to say what now."""
        for room, table in self._tables.items():
            cue = table.cue(now)
            if cue is not None:
                yield self._bots[room, cue[0]], cue[1]

    def _one_each(self) -> dict[str, Bot]:
        """Return one of ours for each room, who knows who sits there."""
        return {room: bot for (room, _), bot in self._bots.items()}

    def _sit(self, bot: Bot, now: float) -> None:
        seat = (bot.room, bot.me)
        if self._seats.get(bot) == seat:
            return
        self.rise(bot)
        table = self._tables.get(bot.room)
        if table is None:
            table = self._tables[bot.room] = Table(self._rng, seq=bot.seq, now=now)
        self._seats[bot], self._bots[seat] = seat, bot
        table.sit(bot.me, bot.name or "", bot.character, bot.members.values(), now=now)


def _target(bot: Bot) -> int:
    return int(bot.limits.get("seats_target") or sys.maxsize)


def _most(bot: Bot) -> int:
    """Return how many at a table leave chairs free for a few who come together."""
    return (_target(bot) + int(bot.limits.get("seats_max") or sys.maxsize)) // 2 - 1
