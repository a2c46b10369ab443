"""One person of a scenario: sits, hears, and does what their population does, at its rates.

Knows a client and what was heard last. Never knows other actors, nor when anybody comes (cast.py). A command that the
server does not offer is never sent, and what it refuses is counted, not repeated, but for what comes too early: that is
done when it may be.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from client_demo.client import Client, Closed, Held, Message, Refused
from client_demo.crowd.characters import Character, character_for
from client_demo.scenario import talk
from client_demo.scenario.figures import Figures, Observer
from client_demo.scenario.script import Population

_REPLIES_S = (3.0, 20.0)
_REACTS_S = (2.0, 15.0)
_ANSWER_WAIT_S = 15.0
"""For an answer: a shake is the longest of them, 4 s."""
_TOO_NEW_MORE_S = 0.5
"""More than the server says, whose clock counts sitting alone."""
_TALKS_ON_AVERAGE, _ANSWERS_ON_AVERAGE = 1.9, 1.95
"""Of a demo's mixture of characters: theirs are weights, and a rate is for an average person."""
_AS_COMMAND = {"advert": "say"}

Act: TypeAlias = Callable[[], Awaitable[Message | None]]
"""Something to do; returns the answer, or None if there was nothing to do it with."""


@dataclass(frozen=True)
class Setting:
    """What all actors of a run share.

    Attributes:
        offered: commands that the server lists.
        adverts: every text that some population advertises.
    """

    url: str
    wire: str
    finest: int
    offered: frozenset[str]
    adverts: frozenset[str]
    observer: Observer

    def offers(self, doing: str) -> bool:
        """Tell whether the server has what that takes."""
        return _AS_COMMAND.get(doing, doing) in self.offered


class Actor:
    """One life, from coming in to leaving."""

    def __init__(self, population: Population, setting: Setting, *, cell: str, name: str, rng: random.Random) -> None:
        self.population, self._setting, self._rng = population, setting, rng
        self._character: Character = population.character or character_for(rng)
        self.topics = _some(population.topics, rng)
        self.client = Client(
            setting.url,
            cell=cell,
            name=name,
            wire=setting.wire,
            topics=self.topics,
            visiting=rng.random() < population.visiting,
            rng=rng,
        )
        self.client.on_event = self._hear
        self._seat = ("", "")
        self._bottle = self._kept = ""
        self._has_greeted = False
        self._early: set[str] = set()
        self._acts: dict[str, Act] = {
            "say": self._say, "advert": self._advertise, "next": self.client.next, "shake": self._shake,
            "throw": self._throw, "pick": self._pick, "answer": self._answer, "contact": self._contact,
            "extend": lambda: self.client.request("extend"), "away": self.client.away, "report": self._report,
            **{act: self._to_somebody(act) for act in ("keep", "mute", "block", "eject")},
        }  # fmt: skip
        self._going: set[asyncio.Task[None]] = set()

    @property
    def figures(self) -> Figures:
        """What is counted."""
        return self._setting.observer.figures

    async def arrive(self) -> None:
        """Enter; raises as `Client` does."""
        await self.client.__aenter__()

    async def act_until(self, over: asyncio.Event, stay_s: float | None) -> None:
        """Do things, one after the other, until it is over, the stay is, or the server ended it."""
        rates = {doing: self._rate(doing) for doing in self.population.doings if self._setting.offers(doing)}
        doings, weights = list(rates), list(rates.values())
        ends = time.monotonic() + stay_s if stay_s is not None else float("inf")
        total_per_s = sum(weights) / 3600
        while not over.is_set() and self.client.closed is None:
            left_s = ends - time.monotonic()
            if left_s <= 0:
                return
            pause_s = self._rng.expovariate(total_per_s) if total_per_s else left_s
            await _wait(over, min(pause_s, left_s))
            if pause_s < left_s and not over.is_set() and self.client.connected:
                await self.do(self._rng.choices(doings, weights)[0])

    async def depart(self) -> None:
        """Leave and be forgotten. Never raises for what the connection does meanwhile."""
        for task in self._going:
            task.cancel()
        await self.client.__aexit__(None, None, None)
        self._rise()

    async def do(self, doing: str) -> None:
        """Do something and count what came of it; what they are too new for they do later, if they are still there."""
        wait_s = await self._counted(doing, self._acts[doing])
        if wait_s is not None and doing not in self._early:
            self._early.add(doing)
            self._later(wait_s + _TOO_NEW_MORE_S, partial(self._do_at_last, doing))

    async def _do_at_last(self, doing: str) -> None:
        self._early.discard(doing)
        await self.do(doing)

    async def _counted(self, doing: str, act: Act) -> float | None:
        """Do something, count what came of it, and return in how many seconds it may be done if it was too early."""
        figures = self.figures
        try:
            async with asyncio.timeout(_ANSWER_WAIT_S):
                if await act() is not None:
                    figures.did[doing] += 1
        except Held as held:
            figures.held[f"{doing}: {held.reason}"] += 1
        except Refused as refused:
            figures.refused[f"{doing}: {refused.code}"] += 1
            return refused.retry_after if refused.code == "too_new" else None
        except TimeoutError:
            if self.client.connected:
                figures.troubles[f"{doing}: no answer"] += 1
        except Closed:
            pass
        return None

    # --- what is heard ----------------------------------------------------------------------------------------

    def _hear(self, event: Message) -> None:
        kind = event["type"]
        if kind == "room":
            self._sit()
        elif kind == "said":
            self._hear_said(event)
        elif kind == "kept":
            self._kept = str(event.get("who", ""))
        elif kind == "answered" and "text" in event:
            self.figures.thrown_answered += 1
        elif kind == "disconnected":
            self._rise()
            if event["retry_in_s"] is None and event["code"] != 1000:
                self.figures.troubles[f"closed: {event['code']} {event['reason']}"] += 1

    def _sit(self) -> None:
        seat = (self.client.room, self.client.me)
        if seat != self._seat:
            self._rise()
            self._seat, self._has_greeted, self._kept = seat, False, ""
            self._setting.observer.sits(*seat, now=time.monotonic())

    def _rise(self) -> None:
        if self._seat[0]:
            self._setting.observer.rises(*self._seat, now=time.monotonic())
        self._seat = ("", "")

    def _hear_said(self, event: Message) -> None:
        client, who, text = self.client, str(event["from"]), str(event["text"])
        members = len(client.members)
        self._setting.observer.said(client.room, event["seq"], who, members=members, now=time.monotonic())
        if who == client.me:
            return
        if text in self._setting.adverts:
            self.figures.readers += 1
            for act, chance in self.population.on_advert.items():
                if self._setting.offers(act) and self._rng.random() < chance:
                    self._later(self._rng.uniform(*_REACTS_S), partial(self._react, act, who))
            return
        weight = self._character.answers / _ANSWERS_ON_AVERAGE if self.population.character is None else 1.0
        if self._rng.random() < self.population.replies * weight / max(1, members - 1):
            pause_s = self._rng.uniform(*_REPLIES_S) * self._character.pace
            self._later(pause_s, partial(self._reply, client.room, text))

    async def _react(self, act: str, who: str) -> None:
        """Do something about whoever advertised; a report reaches them also when they are gone."""
        if act == "next":
            await self.do("next")
        elif act == "report":
            await self._counted(act, lambda: self._report(who, "spam"))
        elif who in self.client.members:
            await self._counted(act, lambda: self._ask(act, who))

    async def _reply(self, room: str, heard: str) -> None:
        if self.client.room == room and self.client.connected:
            await self._counted("say", lambda: self.client.say(talk.reply(heard, self._rng)))

    def _later(self, after_s: float, act: Callable[[], Awaitable[None]]) -> None:
        async def wait_and_act() -> None:
            await asyncio.sleep(after_s)
            await act()

        task = asyncio.create_task(wait_and_act())
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    # --- what is done -----------------------------------------------------------------------------------------

    def _rate(self, doing: str) -> float:
        rate = self.population.doings[doing]
        weighs = doing == "say" and self.population.character is None
        return rate * self._character.talks / _TALKS_ON_AVERAGE if weighs else rate

    async def _say(self) -> Message:
        text = talk.line(self.topics, self._rng)
        if not self._has_greeted:
            self._has_greeted, text = True, self._rng.choice(talk.GREETINGS)
        return await self.client.say(text)

    async def _advertise(self) -> Message:
        return await self.client.say(self._rng.choice(self.population.adverts))

    async def _shake(self) -> Message:
        answer = await self.client.request("shake")
        self.figures.met += answer["type"] == "room"
        self.figures.alone += answer["type"] != "room"
        return answer

    async def _throw(self) -> Message:
        return await self.client.request("throw", text=self._rng.choice(talk.IN_BOTTLES))

    async def _pick(self) -> Message | None:
        answer = await self.client.request("pick")
        if answer["type"] != "bottle":
            return None
        self._bottle = str(answer["bottle"])
        return answer

    async def _answer(self) -> Message | None:
        bottle, self._bottle = self._bottle, ""
        if not bottle:
            return None
        return await self.client.request("answer", bottle=bottle, text=self._rng.choice(talk.IN_ANSWERS))

    async def _contact(self) -> Message | None:
        if self._kept not in self.client.members:
            return None
        return await self.client.request("contact", who=self._kept, text=f"I am {self.client.name}.")

    async def _report(self, who: str = "", reason: str = "other") -> Message | None:
        who = who or self._somebody()
        if not who:
            return None
        answer = await self.client.report(who, reason)
        self.figures.tickets.add(str(answer.get("ticket")))
        return answer

    def _to_somebody(self, act: str) -> Act:
        async def do_it() -> Message | None:
            who = self._somebody()
            return await self._ask(act, who) if who else None

        return do_it

    async def _ask(self, act: str, who: str) -> Message:
        return await self.client.request(act, who=who)

    def _somebody(self) -> str:
        others = sorted(id for id in self.client.members if id != self.client.me)
        return self._rng.choice(others) if others else ""


def _some(topics: tuple[str, ...], rng: random.Random) -> tuple[str, ...]:
    """Return one to three of them, none of none."""
    return tuple(rng.sample(topics, min(len(topics), rng.randint(1, 3))))


async def _wait(over: asyncio.Event, seconds: float) -> None:
    """Wait so long, but no longer than until it is over."""
    try:
        async with asyncio.timeout(seconds if seconds < float("inf") else None):
            await over.wait()
    except TimeoutError:
        return
