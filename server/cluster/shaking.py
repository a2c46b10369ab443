"""Meeting people of other nodes by shaking in the same moment: what nobody here answered is looked for elsewhere.

All living nodes are asked at once what they have, and the best is asked to expect the person, who then moves as anybody
does (moving.py). Who may go to whom, and what becomes of those who wait for somebody, rooms/shaking_afar.py knows;
here is known only who is asked, and for how long an answer is waited for.

Whatever is lost on the way, the person who asked is told `nobody` when their time is over, and who was to wait for
them is free again.
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rooms.changes import Change
from rooms.moment import Shake
from rooms.shaking import ANSWER_S
from rooms.shaking_afar import Offer, can_go, find_offer, guest_of, set_out, stay, stayed, take_in
from server.bugs import log_bug
from server.cluster.wire import Kept, Offered, Shaken, Stayed, Wished

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

ROUND_S = 0.5
"""How long the answers of all are waited for: a node that has just died gives none, and is not known dead yet."""

AGAIN_S = 0.25
"""When to ask anew: whoever was about to be answered themselves sits in a room by then, and that has a seat."""

LOOKING_MAX = 100
"""Shakes that are looked for elsewhere at one time: each question takes every node up to half a millisecond where
thousands shake, and there nearly all are answered at home."""


class Shaking:
    """Looks for company at other nodes for those who shook here, and answers those who do so there.

    Attributes:
        looking: shakes that are looked for elsewhere at this moment.
    """

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._rounds = 0
        self._answers: dict[int, _Round] = {}
        self.looking = 0
        cluster.house.world.shaking.look_elsewhere = self._look_elsewhere

    # For those who shook here

    def _look_elsewhere(self, shake: Shake) -> None:
        registry = self._cluster.registry
        if registry.nodes and not registry.is_degraded and self.looking < LOOKING_MAX:
            self.looking += 1
            self._cluster.begin(self._look(shake))

    async def _look(self, shake: Shake) -> None:
        try:
            while self._left_s(shake) > 0 and self._is_unanswered(shake):
                if can_go(self._cluster.house.world, shake) and await self._meet(shake):
                    return
                await asyncio.sleep(min(self._real_s(AGAIN_S), self._left_s(shake)))
        except Exception as bug:
            log_bug("looking for somebody who shook at other nodes", bug)
        finally:
            self.looking -= 1

    def _is_unanswered(self, shake: Shake) -> bool:
        return self._cluster.house.world.shaking.waiting.get(shake.person.id) is shake

    async def _meet(self, shake: Shake) -> bool:
        """Have somebody meet whoever there is now, and tell whether they do."""
        world = self._cluster.house.world
        here = world.shaking.join_late(world, shake, self._cluster.clock.now())
        if here:
            self._carry_out(here)
            return True
        for offer, node in await self._ask_all(shake):
            if can_go(world, shake) and await self._go(shake, node, offer):
                return True
        return False

    async def _ask_all(self, shake: Shake) -> "list[tuple[Offer, str]]":
        """Return what the other nodes have, the best first."""
        cluster = self._cluster
        self._rounds += 1
        number, nodes = self._rounds, cluster.registry.nodes
        asked = self._answers[number] = _Round(nodes)
        shaken = Shaken(number, guest_of(shake))
        for node in nodes:
            cluster.tell(node, shaken)
        try:
            await asyncio.wait((asked.done,), timeout=min(self._real_s(ROUND_S), self._left_s(shake)))
        finally:
            del self._answers[number]
        return sorted(asked.offers)

    async def _go(self, shake: Shake, node: str, offer: Offer) -> bool:
        """Have somebody go where they were offered something, and tell whether they do."""
        cluster, world = self._cluster, self._cluster.house.world
        guest = guest_of(shake)
        shake.is_bound = True
        is_kept = await cluster.moving.ask(
            node, lambda ask: Wished(ask, guest, offer), within_s=max(0.0, self._left_s(shake))
        )
        shake.is_bound = False
        now = cluster.clock.now()
        if is_kept and can_go(world, shake):
            set_out(world, shake)
            cluster.moving.send(shake.person, node, now=now, shook=(shake.at, shake.ref))
            cluster.node.arm()
            return True
        cluster.tell(node, Stayed(shake.person.id))
        self._carry_out(stay(world, shake, now=now))
        return False

    def _left_s(self, shake: Shake) -> float:
        """Return how long it still is until somebody is told that they met nobody, real seconds."""
        return self._real_s(shake.at + ANSWER_S - self._cluster.clock.now())

    def _real_s(self, seconds: float) -> float:
        return seconds / self._cluster.clock.time_scale

    # For those who shook elsewhere

    def shaken(self, node: str, shaken: Shaken) -> None:
        """Tell another node what there is here for somebody of its own."""
        cluster = self._cluster
        offer = find_offer(cluster.house.world, shaken.guest) if not cluster.is_leaving else None
        cluster.tell(node, Offered(shaken.ask, offer))

    def offered(self, node: str, offered: Offered) -> None:
        """Know the answer of another node."""
        asked = self._answers.get(offered.ask)
        if asked is not None:
            asked.answered(node, offered.offer)

    def wished(self, node: str, wished: Wished) -> None:
        """Expect somebody of another node, if that can be."""
        cluster = self._cluster
        now = cluster.clock.now()
        is_kept = not cluster.is_leaving and take_in(cluster.house.world, wished.guest, wished.offer, now=now)
        cluster.node.arm()
        cluster.tell(node, Kept(wished.ask, is_kept))

    def stayed(self, node: str, message: Stayed) -> None:
        """Know that somebody does not come."""
        cluster = self._cluster
        self._carry_out(stayed(cluster.house.world, message.person, now=cluster.clock.now()))

    def _carry_out(self, changes: list[Change]) -> None:
        for change in changes:
            self._cluster.node.carry_out(change)
        self._cluster.node.arm()


class _Round:
    """One question to all nodes, and their answers so far."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self._nodes = set(nodes)
        self.offers: list[tuple[Offer, str]] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, node: str, offer: Offer | None) -> None:
        """Know what one of them has."""
        if node not in self._nodes:
            return
        self._nodes.remove(node)
        if offer is not None:
            self.offers.append((offer, node))
        if not self._nodes and not self.done.done():
            self.done.set_result(None)
