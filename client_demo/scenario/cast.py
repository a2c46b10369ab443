"""All people of a scenario in one process: they come when their population does, live, and leave at the end.

Knows populations, moments and tasks. Never knows what anybody does (actor.py) nor the terminal.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from client_demo.client import Closed, Refused, Unreachable
from client_demo.crowd.acts import stand
from client_demo.crowd.characters import name_for
from client_demo.places import cell_of
from client_demo.scenario.actor import Actor, Setting
from client_demo.scenario.script import Population, Scenario

ENTERING_TOGETHER = 100
"""More at once would wait for each other's handshakes until some time out."""
LEAVING_TOGETHER = 200
LEAVING_LEAST_S = 10.0
RETRY_S = (1.0, 10.0)
"""Between two attempts to come in."""


@dataclass(frozen=True)
class Role:
    """One place in the scenario, for somebody and whoever comes after them."""

    population: Population
    number: int
    arrives_s: float


def roles(scenario: Scenario) -> Iterator[Role]:
    """Yield everybody; those of one population come evenly over its time."""
    for population in scenario.populations:
        first, last = population.arrive_s
        for number in range(population.count):
            yield Role(population, number, first + (last - first) * (number + 0.5) / population.count)


class Cast:
    """The people of a run.

    Attributes:
        over: set it, and everybody leaves; `run` returns when they have.
        seated: how many sit somewhere now.
    """

    def __init__(self, scenario: Scenario, setting: Setting, *, seed: int) -> None:
        self._scenario, self._setting, self._seed = scenario, setting, seed
        self.over = asyncio.Event()
        self._actors: set[Actor] = set()
        self._entering = asyncio.Semaphore(ENTERING_TOGETHER)
        self._leaving = asyncio.Semaphore(LEAVING_TOGETHER)

    @property
    def seated(self) -> int:
        """How many sit somewhere now, with a connection."""
        return sum(actor.client.connected for actor in self._actors)

    async def run(self) -> None:
        """Play until it is over and everybody has left."""
        began = time.monotonic()
        lives = [asyncio.create_task(self._live(role, began)) for role in roles(self._scenario)]
        await self.over.wait()
        _, late = await asyncio.wait(lives, timeout=LEAVING_LEAST_S + len(lives) / 100)
        for task in late:
            task.cancel()
        for result in await asyncio.gather(*lives, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _live(self, role: Role, began: float) -> None:
        """Be one person after the other, as long as their population wants it."""
        population = role.population
        rng = random.Random(f"{self._seed}:{population.name}:{role.number}")
        await self._pause(began + role.arrives_s - time.monotonic())
        while not self.over.is_set():
            actor = Actor(population, self._setting, cell=self._cell(population, rng), name=name_for(rng), rng=rng)
            if not await self._arrives(actor):
                await self._pause(rng.uniform(*RETRY_S))
                continue
            await self._stay(actor, rng)
            if population.again_s is None:
                return
            await self._pause(rng.expovariate(1 / population.again_s))

    async def _arrives(self, actor: Actor) -> bool:
        figures = self._setting.observer.figures
        try:
            async with self._entering:
                if self.over.is_set():
                    return False
                await actor.arrive()
        except Refused as refused:
            figures.refused[f"enter: {refused.code}"] += 1
        except Unreachable as unreachable:
            figures.troubles[unreachable.reason] += 1
        except Closed as closed:
            figures.troubles[f"closed: {closed.code} {closed.reason}"] += 1
        else:
            return True
        return False

    async def _stay(self, actor: Actor, rng: random.Random) -> None:
        population, figures = actor.population, self._setting.observer.figures
        self._actors.add(actor)
        figures.seated[population.name] += 1
        figures.seated_most = max(figures.seated_most, len(self._actors))
        try:
            await actor.act_until(self.over, rng.expovariate(1 / population.stay_s) if population.stay_s else None)
        finally:
            self._actors.discard(actor)
            async with self._leaving:
                await actor.depart()

    def _cell(self, population: Population, rng: random.Random) -> str:
        if population.cell is not None:
            return population.cell
        there = stand(population.lat, population.lon, spread_m=population.spread_m, rng=rng)
        return cell_of(*there, self._setting.finest)

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until it is over."""
        if seconds > 0 and not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.over.wait()
