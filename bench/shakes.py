"""Shaking: of those who could meet somebody, how many do; that nobody ever sits in two rooms or in none; and its cost.

In the rooms' own code, on a clock of its own, people shake at moments of chance while others come, leave, are blocked
and go back. With --sockets the same over a server and real connections, in real time.
"""

import asyncio
import itertools
import json
import random
import time
from bisect import bisect_left
from collections.abc import Iterable
from functools import partial

import click
import msgspec

from bench.seating import LANDS, NOW
from client_demo.client import Client, Closed, Message, Refused
from client_demo.own_server import OwnServer
from rooms.changes import Change, Seated, Told
from rooms.elsewhere import block
from rooms.person import Person
from rooms.rules import Rules
from rooms.shaking import TOGETHER_S
from rooms.world import World

AIM = 0.99
STAYS_S = 45.0
"""How long somebody stays with those they met, on average, before they go back."""
_OTHER_ACTS = 0.1
"""Other acts for each shake: somebody comes and somebody leaves, or two are kept apart."""


class Row(msgspec.Struct, kw_only=True):
    """What came of all shakes in one land."""

    land: str
    people: int
    shakes: int
    could_meet: int
    """Shakes with somebody else's within two seconds."""
    met: int
    """Of these."""
    share: float
    largest_room: int
    in_two_rooms_or_none: int
    us_per_shake: float | None
    """CPU, what follows from it included; None over sockets."""


class Crowd:
    """One world and everybody in it."""

    def __init__(self, land: str, people: int, *, seed: int) -> None:
        self.rng = random.Random(seed)
        ids = itertools.count()
        self._names = itertools.count()
        self._land = land
        self.world = World(Rules(), rng=self.rng, new_id=lambda: f"i{next(ids)}")
        self.asked: list[tuple[float, str, str]] = []
        """When, by whom, under which ref."""
        self.met: set[str] = set()
        self.largest = self.lost = 0
        self.cpu_s = 0.0
        for _ in range(people):
            self._enter(NOW)

    def shake_for(self, seconds: float, *, every_s: float) -> None:
        """Let so many seconds pass in which each person shakes about that often."""
        world, rng = self.world, self.rng
        now = end = NOW
        end += seconds
        mean_s = every_s / len(world.people)
        while (now := now + rng.expovariate(1 / mean_s)) < end:
            self._pass_time(now)
            person = rng.choice(self._everybody)
            if person.id in world.people and world.shaking.answered_in_s(person, now=now) <= 0:
                ref = f"r{len(self.asked)}"
                self.asked.append((now, person.id, ref))
                began = time.process_time()
                world.shaking.shake(world, person, now=now, ref=ref)
                self.cpu_s += time.process_time() - began
            if rng.random() < _OTHER_ACTS:
                self._do_something_else(now)
        self._pass_time(end + 10)

    def _enter(self, now: float) -> None:
        person = Person(f"p{next(self._names)}", LANDS[self._land](self.rng))
        self.world.enter(person, now=now)

    def _do_something_else(self, now: float) -> None:
        world, rng = self.world, self.rng
        one, other = rng.sample(self._everybody, 2)
        if rng.random() < 0.1:
            block(world, one, other, now=now)
        else:
            world.leave(one, now=now)
            self._enter(now)

    @property
    def _everybody(self) -> list[Person]:
        return list(self.world.people.values())

    def _pass_time(self, until: float) -> None:
        while (deadline := self.world.deadline) is not None and deadline <= until:
            began = time.process_time()
            changes = self.world.tick(now=deadline)
            self.cpu_s += time.process_time() - began
            self._look_at(changes, deadline)

    def _look_at(self, changes: list[Change], now: float) -> None:
        world = self.world
        for change in changes:
            if isinstance(change, Seated) and change.why.code == "shake" and change.ref is not None:
                self.met.add(change.ref)
                stays_s = self.rng.expovariate(1 / STAYS_S)
                world.later(now + stays_s, partial(self._go_back, change.person, change.room.id))
        if any(isinstance(change, Seated | Told) for change in changes):
            self._check()

    def _go_back(self, person: Person, room: str, now: float) -> list[Change]:
        sits = person.room is not None and person.room.id == room
        return self.world.next(person, now=now) if sits else []

    def _check(self) -> None:
        """Know how large rooms are, and how many people sit otherwise than in one."""
        seats = [seat.person.id for room in self.world.rooms.values() for seat in room.seats.values()]
        self.lost = max(self.lost, abs(len(seats) - len(self.world.people)), len(seats) - len(set(seats)))
        shaken = [len(room.seats) for room in self.world.rooms.values() if room.kind == "shake"]
        self.largest = max([self.largest, *shaken])


def could_meet(asked: Iterable[tuple[float, str, str]]) -> set[str]:
    """Return the refs of the shakes with another person's within reach."""
    rows = sorted(asked)
    times = [at for at, _, _ in rows]
    found = set()
    for at, who, ref in rows:
        near = rows[bisect_left(times, at - TOGETHER_S) : bisect_left(times, at + TOGETHER_S)]
        if any(other != who for _, other, _ in near):
            found.add(ref)
    return found


def measure(land: str, people: int, *, minutes: float, every_s: float, seed: int) -> Row:
    """Return what comes of shaking in the rooms' own code."""
    crowd = Crowd(land, people, seed=seed)
    crowd.cpu_s = 0.0
    crowd.shake_for(60 * minutes, every_s=every_s)
    us = round(crowd.cpu_s * 1e6 / max(1, len(crowd.asked)), 1)
    return _row(land, people, crowd.asked, crowd.met, largest=crowd.largest, lost=crowd.lost, us_per_shake=us)


def _row(
    land: str,
    people: int,
    asked: list[tuple[float, str, str]],
    met: set[str],
    *,
    largest: int,
    lost: int,
    us_per_shake: float | None,
) -> Row:
    could = could_meet(asked)
    did = len(could & met)
    return Row(
        land=land,
        people=people,
        shakes=len(asked),
        could_meet=len(could),
        met=did,
        share=round(did / max(1, len(could)), 4),
        largest_room=largest,
        in_two_rooms_or_none=lost,
        us_per_shake=us_per_shake,
    )


async def over_sockets(people: int, *, minutes: float, every_s: float, seed: int) -> Row:
    """Return what comes of it over a server of one's own; its clock is not ours, so a shake in doubt may go either way.

    Whether somebody sits in two rooms shows in events of a room that is not theirs: those would not be in order.
    """
    rng = random.Random(seed)
    asked: list[tuple[float, str, str]] = []
    met: set[str] = set()
    sizes = [0]
    async with OwnServer(0, lan=False) as server:
        clients = [
            Client(
                server.websocket, cell=str(LANDS["one city"](rng)), rng=random.Random(rng.random()), keepalive_s=None
            )
            for _ in range(people)
        ]
        lost = itertools.count()

        def listen(event: Message) -> None:
            if event["type"] == "disconnected" and event["code"] != 1000:
                next(lost)

        async def live(number: int, client: Client) -> None:
            client.on_event = listen
            async with client:
                end = time.monotonic() + 60 * minutes
                while (pause := rng.expovariate(1 / every_s)) < end - time.monotonic():
                    await asyncio.sleep(pause)
                    asked.append((time.monotonic(), str(number), f"{number} {len(asked)}"))
                    mine = asked[-1][2]
                    try:
                        answer = await client.shake()
                        if answer["type"] == "room":
                            met.add(mine)
                            sizes.append(len(answer["members"]))
                            await asyncio.sleep(min(rng.expovariate(1 / STAYS_S), max(0.0, end - time.monotonic())))
                            await client.next()
                    except (Refused, Closed):
                        next(lost)

        async with asyncio.TaskGroup() as group:
            for number, client in enumerate(clients):
                group.create_task(live(number, client))
    return _row("sockets", people, asked, met, largest=max(sizes), lost=next(lost), us_per_shake=None)


def table(rows: Iterable[Row]) -> str:
    """Return the rows for people."""
    lines = [
        f"{'':<12}{'people':>8}{'shakes':>9}{'could':>9}{'met':>9}{'share':>9}{'largest':>9}{'astray':>8}{'µs each':>9}"
    ]
    for row in rows:
        us = f"{row.us_per_shake:9.1f}" if row.us_per_shake is not None else f"{'':>9}"
        lines.append(
            f"{row.land:<12}{row.people:>8,}{row.shakes:>9,}{row.could_meet:>9,}{row.met:>9,}{row.share:>9.2%}"
            f"{row.largest_room:>9}{row.in_two_rooms_or_none:>8}{us}"
        )
    missed = [row.land for row in rows if row.share < AIM or row.in_two_rooms_or_none]
    lines.append(
        f"aim: {AIM:.0%} of those who could, nobody astray; {'MISSED: ' + ', '.join(missed) if missed else 'met'}"
    )
    return "\n".join(lines)


@click.command(
    epilog="Examples:\n\n\b\n  python -m bench.shakes\n  python -m bench.shakes --every 600\n"
    "  python -m bench.shakes --sockets 200 --minutes 0.5 --every 20"
)
@click.option("--people", type=click.IntRange(2, 100_000), default=2000, show_default=True)
@click.option("--minutes", type=click.FloatRange(0.1, 600), default=5.0, show_default=True)
@click.option("--every", "every_s", type=click.FloatRange(1, 86_400), default=60.0, show_default=True, help="Seconds.")
@click.option("--sockets", type=click.IntRange(2, 5000), help="Instead, so many people over a server of one's own.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def main(people: int, minutes: float, every_s: float, sockets: int | None, seed: int, as_json: bool) -> None:
    """Measure how many who shake meet somebody (a minute or so)."""
    if sockets is not None:
        rows = [asyncio.run(over_sockets(sockets, minutes=minutes, every_s=every_s, seed=seed))]
    else:
        rows = [measure(land, people, minutes=minutes, every_s=every_s, seed=seed) for land in LANDS]
    click.echo(json.dumps(msgspec.to_builtins(rows), indent=2) if as_json else table(rows))


if __name__ == "__main__":
    main()
