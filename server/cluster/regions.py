"""A region's people sit down anew across nodes when its window ends.

    before it      it is known which nodes have people of the window (ahead.py)
    the end        all of them send what they have in thin cells to one of them, the planner, in slices
    it plans       and writes the plan, if none is written: the first one is the plan
    all read it    and do their part; seats are held for whoever comes from another node, who is then called and sent

Where one node alone has people of a window there is nothing to plan. After `PLAN_S` without a plan whoever has waited
so long writes that there is none, unless one was faster. So all agree, whoever dies: before the plan is written there
is none, and afterwards each node needs only the key.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeVar

import msgspec

from geo import Cell
from rooms.agenda import Result, Window
from rooms.reform import Slices
from rooms.region import Offer, RegionPlan, plan_region
from rooms.sharing import Share
from server.bugs import log_bug
from server.cluster.ahead import ANSWER_S, KEPT_S, Ahead
from server.cluster.clients import ask
from server.cluster.engine import FAILURES
from server.cluster.wire import Listed, Planned, Ready, Released
from server.store.sealing import SealBroken

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

COLLECT_S = 1.0
"""How long the planner waits for what the others have, after the end: they send it at once."""

PLAN_S = 3.0
"""How long people wait in their old rooms for a plan before their nodes go on without."""

CALLED_S = 2.0
"""How long those who are to go to another node wait, after that, while nobody of them is called: thousands take some
seconds, room by room."""

SLICE = 200
"""People told of in one message: some 20 KB, and a millisecond to read."""

SLICE_US = 2_000
"""A step of planning takes so long, as a rule; then others have their turn."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(RegionPlan).decode

_NO_PLAN = b""

Item = TypeVar("Item")


class _End:
    """What this node knows of the end of one window.

    Attributes:
        share: those of this node who wait.
        offers: node → what it has sent so far.
        missing: node → how many slices are yet to come.
        is_decided: whether what becomes of it is known, or being asked for.
        calls: how often some of them were called to another node.
    """

    def __init__(self) -> None:
        self.share: Share | None = None
        self.offers: dict[str, list[Offer]] = {}
        self.missing: dict[str, int] = {}
        self.is_planning = False
        self.is_decided = False
        self.calls = 0


class Regions:
    """One node's part in the ends of windows that it shares with others: the world's `Sharing`.

    Attributes:
        ahead: who has people of which window.
        plans: windows of which this node carried out a plan.
        alone: shared windows whose plan did not come in time.
    """

    def __init__(self, cluster: "Cluster") -> None:
        self.ahead = Ahead(cluster)
        self.plans = 0
        self.alone = 0
        self._cluster = cluster
        self._ends: dict[Window, _End] = {}

    # The end, as the world tells it

    def is_shared(self, window: Window) -> bool:
        """Tell whether others have people of the window too, and can be asked.

        Not of a window that ends here late, or again: so does that of a room whose node has died since.
        """
        cluster, end = self._cluster, self._ends.get(window)
        if cluster.log.is_away or (end is not None and end.share is not None):
            return False
        late_s = (cluster.clock.now() - window.closes) / cluster.clock.time_scale
        return late_s < COLLECT_S and len(self.ahead.living(window)) > 1

    def offer(self, share: Share, offer: Offer) -> None:
        """Have a plan made of these people and those of the others."""
        window = share.window
        end = self._end(window)
        end.share = share
        if self._cluster.is_leaving:
            offer = Offer(offer.people, ())  # nobody is sent to rooms that are handed on at this moment
        self._later(PLAN_S, partial(self._decide, window))
        living = self.ahead.living(window)
        planner = planner_of(window, self._staying(living) or living)
        if planner != self._cluster.name:
            for message in sliced(window, offer):
                self._cluster.tell(planner, message)
            return
        end.offers[planner], end.missing[planner] = [offer], 0
        self._later(COLLECT_S, partial(self._plan, window))
        self._plan_if_complete(window, end)

    def _staying(self, nodes: list[str]) -> list[str]:
        """Return those of these nodes that are not about to end: what is begun at the others is handed on at once.

        Who has just said so may not be known to everybody yet. Then two plan, and the first plan is the plan.
        """
        return [node for node in nodes if not self._cluster.registry.has_left(node)]

    def opened(self, share: Share, room: str, awaited: Mapping[str, tuple[str, ...]]) -> None:
        """Call those of other nodes for whom seats are held."""
        region, closes = share.window.region, share.window.closes
        for node, ids in awaited.items():
            if ids:
                self._cluster.tell(node, Ready(str(region), closes, ids))

    # What the others tell

    def offered(self, sender: str, message: Listed) -> None:
        """Take some of another node's people into the plan that is to be made here."""
        window = Window(message.closes, Cell(message.region))
        end = self._end(window)
        end.offers.setdefault(sender, []).append(message.offer)
        end.missing[sender] = end.missing.get(sender, message.slices) - 1
        self._plan_if_complete(window, end)

    def planned(self, sender: str, message: Planned) -> None:
        """Read the plan."""
        self._decide(Window(message.closes, Cell(message.region)))

    def ready(self, sender: str, message: Ready) -> None:
        """Send those who are called."""
        cluster, now = self._cluster, self._cluster.clock.now()
        end = self._ends.get(Window(message.closes, Cell(message.region)))
        if end is not None:
            end.calls += 1
        stay: list[str] = []
        for id in message.ids:
            # One by one: a bug with one of them leaves the others where they sit down in the end.
            going = end.share.take([id]) if end is not None and end.share is not None else []
            for person in going:
                cluster.moving.send(person, sender, now=now, why="window")
            if not going:
                stay.append(id)
        if stay:
            cluster.tell(sender, Released(tuple(stay)))
        cluster.node.arm()

    # The plan

    def _plan_if_complete(self, window: Window, end: _End) -> None:
        """Begin to plan when this node's window has ended and everybody's people are known."""
        known = (end.missing.get(node) == 0 for node in self.ahead.living(window))
        if self._cluster.name in end.offers and all(known):
            self._plan(window)

    def _plan(self, window: Window) -> None:
        end = self._end(window)
        if not end.is_planning:
            end.is_planning = True
            self._cluster.begin(self._make_plan(window, end))

    async def _make_plan(self, window: Window, end: _End) -> None:
        """Plan with what has come whole, write it if no plan is written, and have all carry out what is."""
        world = self._cluster.house.world
        offers = {node: _joined(parts) for node, parts in end.offers.items() if end.missing[node] == 0}
        try:
            hosts = self._staying(list(offers))
            plan = await _at_leisure(
                plan_region(offers, hosts=hosts, rules=world.rules, rng=world.rng, new_id=world.new_id)
            )
            await self._settle(window, _encode(plan))
        except FAILURES:
            return  # After PLAN_S it is asked again what is written.
        except Exception as bug:
            log_bug("planning who sits with whom", bug)
            return
        for node in offers:
            if node != self._cluster.name:
                self._cluster.tell(node, Planned(str(window.region), window.closes))
        self._decide(window)

    def _decide(self, window: Window) -> None:
        """Ask what is decided, once; where nothing is there is to be no plan."""
        end = self._end(window)
        if end.share is not None and not end.is_decided:
            end.is_decided = True
            self._cluster.begin(self._carry_out(window, end, end.share))

    async def _carry_out(self, window: Window, end: _End, share: Share) -> None:
        cluster, plan = self._cluster, None
        try:
            decided = await self._settle(window, _NO_PLAN)
            plan = _decode(decided) if decided else None
        except FAILURES:
            pass  # People are here, and wait: better a seat among their own than none.
        except (msgspec.MsgspecError, SealBroken) as bug:
            log_bug("reading who sits with whom", bug)
        if plan is None:
            self.alone += 1
        else:
            self.plans += 1
            self._later(CALLED_S, partial(self._give_up_if_quiet, end, share, end.calls))
        share.carry_out(plan, cluster.name, now=cluster.clock.now())
        cluster.node.arm()

    def _give_up_if_quiet(self, end: _End, share: Share, calls: int) -> None:
        """Wait for calls no more if none has come since there were so many."""
        if end.calls != calls:
            self._later(CALLED_S, partial(self._give_up_if_quiet, end, share, end.calls))
            return
        share.give_up(now=self._cluster.clock.now())
        self._cluster.node.arm()

    async def _settle(self, window: Window, plan: bytes) -> bytes:
        """Write this plan if none is written, and return what stands there: the first one is the plan."""
        key, seal = plan_key(window), self._cluster.seal
        # Sealed, since it says who is where, and Redis may write down what it holds.
        sealed = seal.seal(plan, about=key) if plan else plan
        commands = [("SET", key, sealed, "NX", "PX", int(KEPT_S * 1000)), ("GET", key)]
        answers = await ask(self._cluster.engine, commands, answer_s=ANSWER_S)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        found: bytes | None = answers[1]
        return seal.unseal(found, about=key) if found else found if found is not None else plan

    def _end(self, window: Window) -> _End:
        """Return what is known of the window's end; what is long over is forgotten when another one begins."""
        end = self._ends.get(window)
        if end is None:
            end = self._ends[window] = _End()
            before = self._cluster.clock.now() - KEPT_S * self._cluster.clock.time_scale
            for old in [each for each in self._ends if each.closes < before]:
                del self._ends[old]
        return end

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        """Do something in so many real seconds, unless this node has stopped by then."""

        async def wait() -> None:
            await asyncio.sleep(delay_s)
            try:
                act()
            except Exception as bug:
                log_bug("a shared window's end", bug)

        self._cluster.begin(wait())


def plan_key(window: Window) -> str:
    """Return the key of a window's plan."""
    return f"ha:{{w:{window.region}:{window.closes:.3f}}}:plan"


def planner_of(window: Window, nodes: list[str]) -> str:
    """Return the one of these nodes that plans: each of them knows it, and each plans about as many windows."""
    return max(nodes, key=lambda node: blake2b(f"{plan_key(window)} {node}".encode()).digest())


def sliced(window: Window, offer: Offer) -> list[Listed]:
    """Return what is offered as messages."""
    people, rooms = _slices(offer.people), _slices(offer.rooms)
    count = max(len(people), len(rooms))
    return [
        Listed(str(window.region), window.closes, count, Offer(tuple(some), tuple(standing)))
        for some, standing in zip_longest(people, rooms, fillvalue=())
    ]


def _slices(things: Sequence[Item]) -> list[Sequence[Item]]:
    """Return them some at a time; nothing at all is one slice."""
    return [things[at : at + SLICE] for at in range(0, max(1, len(things)), SLICE)]


def _joined(parts: list[Offer]) -> Offer:
    people = tuple(person for part in parts for person in part.people)
    return Offer(people, tuple(room for part in parts for room in part.rooms))


async def _at_leisure(slices: Slices[Result]) -> Result:
    """Return what the work comes to; others have their turn after each slice."""
    spent_us = 0
    while True:
        try:
            spent_us += next(slices)
        except StopIteration as done:
            result: Result = done.value
            return result
        if spent_us >= SLICE_US:
            spent_us = 0
            await asyncio.sleep(0)
