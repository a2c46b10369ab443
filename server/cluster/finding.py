"""Where somebody who enters is to be: where their seat is, here with their room if its host is dead, near company."""

import asyncio
import time
from typing import TYPE_CHECKING

from geo import BadCell, Cell
from rooms.person import Person
from rooms.placement import choose_room
from rooms.room import Room
from server.arrival import parse_cell
from server.cluster.directory import DirectoryAway
from server.cluster.engine import FAILURES
from server.cluster.newcomers import Newcomers
from server.cluster.takeover import take_over
from server.cluster.wire import Known
from server.codes import Refused
from server.commands import Enter
from server.safety.tokens import BadToken

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

TRY_AGAIN_S = 0.02
TRIES = 50
"""Whether a room has ended is looked at so often: with others' people, its region may take up to three seconds."""
SELDOM_S = 0.25
"""Where Redis is asked each try is twice as long after the last, up to this: a dead node's thousands come at once."""
THERE_S = 3.0
"""As long as reading a hundred rooms of a dead node takes on a busy machine, two or three times over."""


class Finding:
    """Finds places for those who enter at this node."""

    def __init__(self, cluster: "Cluster") -> None:
        self._cluster = cluster
        self._newcomers = Newcomers(cluster.house.world.rules.seats_target)

    def is_here(self, enter: Enter) -> bool:
        """Tell whether whoever enters is online at this node."""
        return self._identity_of(enter) in self._cluster.house.world.people

    async def host_of(self, enter: Enter) -> str:
        """Return the node whose whoever enters is to be, "" for this one.

        Whoever is no one anybody knows, and any `enter` that is going to be refused, is this node's.
        """
        return await self._host_of(enter) or self._at_one_that_stays(enter)

    def _at_one_that_stays(self, enter: Enter) -> str:
        """Return some other node if this one is about to end and they do not sit here."""
        cluster = self._cluster
        staying = sorted(cluster.registry.staying) if cluster.is_leaving and not self.is_here(enter) else ()
        return cluster.house.world.rng.choice(staying) if staying else ""

    async def _host_of(self, enter: Enter) -> str:
        cluster = self._cluster
        identity = self._identity_of(enter)
        if identity is None:
            return await self._near_company(enter, None)
        person = cluster.house.world.people.get(identity)
        if person is not None:
            await self._until_seated_anew(person, enter)
            if person.room is not None:
                self._check_heard(person.room)
            return ""
        where = await cluster.directory.person(identity)
        if where is None or where.frozen is not None:
            return await self._returning(enter, identity, where.frozen if where is not None else None)
        # This node itself: their room was lost to another, which has not said so yet.
        if where.node != cluster.name and await self._lives(where.node):
            return where.node
        node = await take_over(cluster, where.room)
        person = cluster.house.world.people.get(identity)
        if person is not None:
            await self._until_seated_anew(person, enter)
        elif node and where.node != cluster.name:
            return await self._until_there(identity, where.node, node)
        return node if node is not None else await self._near_company(enter, identity)

    async def _lives(self, node: str) -> bool:
        """Tell whether a node lives: it may have begun since the others were last looked at."""
        try:
            return await self._cluster.registry.look_whether_lives(node)
        except FAILURES as away:
            raise DirectoryAway(type(away).__name__) from None

    async def _until_there(self, identity: str, dead: str, node: str) -> str:
        """Return the node whose somebody is, once it is not the dead one any more; `node` if that takes too long.

        A node claims a room before it has read it: who is sent there at once is nobody it knows, and sits elsewhere.
        """
        late_at, wait_s = time.monotonic() + THERE_S, TRY_AGAIN_S
        while time.monotonic() < late_at:
            where = await self._cluster.directory.person(identity)
            if where is None:
                break
            if where.node != dead:
                return where.node if self._cluster.registry.lives(where.node) else node
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, SELDOM_S)
        return node

    def _check_heard(self, room: Room) -> None:
        """Raise DirectoryAway if nobody who sits down there could be told so, nor the others, for now."""
        if not self._cluster.writing.is_reachable(room.id):
            raise DirectoryAway("a room has members at nodes that cannot be reached")

    async def _until_seated_anew(self, person: Person, enter: Enter) -> None:
        """Return when a room whose end is past has ended here too, unless it is the one that they come back for.

        A node that was cut off ended it, too, and led them on: they would be shown a room that they have left.
        """
        resumed = enter.resume.room if enter.resume is not None else ""
        for _ in range(TRIES):
            room = person.room
            if room is None or room.id == resumed or room.closes > self._cluster.clock.now():
                return
            await asyncio.sleep(TRY_AGAIN_S)

    async def _returning(self, enter: Enter, identity: str, frozen: bytes | None) -> str:
        """Return where somebody is to be who was here before: in the room they left, or as any newcomer.

        What they left behind goes there before them: else their rates would begin anew.
        """
        cluster = self._cluster
        if frozen is not None:
            cluster.know_identity(identity, frozen)
        node = await self._where_left(enter, identity) or await self._with_kept(identity)
        node = node or await self._near_company(enter, identity) or self._at_one_that_stays(enter)
        if frozen is not None and node not in ("", cluster.name):
            cluster.tell(node, Known(identity, frozen))
        return node

    async def _where_left(self, enter: Enter, identity: str) -> str:
        """Return the node that has the room somebody left, if they come from where they were: no other is drawn."""
        cluster = self._cluster
        known = cluster.house.identities.known(identity)
        if known is None or known.person is None or not known.rooms or known.person.cell != self._cell_of(enter):
            return ""
        room = known.rooms[-1][0]
        if room in cluster.house.world.rooms:
            return "" if cluster.is_leaving else cluster.name
        node = await cluster.log.holder(room)
        # A room of this node that is not here has ended.
        return node if node != cluster.name and cluster.registry.takes(node) else ""

    def _cell_of(self, enter: Enter) -> Cell | None:
        try:
            return parse_cell(enter.cell, finest=self._cluster.house.settings.finest_cell)
        except (Refused, BadCell):
            return None

    def _identity_of(self, enter: Enter) -> str | None:
        house, now = self._cluster.house, self._cluster.clock.now()
        try:
            if enter.auth is not None:
                return house.identity_of(house.verify(enter.auth))
            return house.identities.named_by(enter.token, now=now) if enter.token is not None else None
        except (Refused, BadToken):
            return None

    async def _with_kept(self, identity: str) -> str:
        """Return the node that has somebody they keep; whether they are near, and have a seat, is seen there."""
        cluster = self._cluster
        for other in sorted(cluster.house.keeps.both(identity)):
            where = await cluster.directory.person(other)
            if where is not None and where.is_online and cluster.registry.takes(where.node):
                return where.node
        return ""

    async def _near_company(self, enter: Enter, identity: str | None) -> str:
        """Return the node that has company for somebody who would find none here, in a room they have not left."""
        cluster = self._cluster
        world = cluster.house.world
        cell = self._cell_of(enter)
        if cell is None:
            return ""
        if self._newcomers.is_dense(cell, now=time.monotonic()) and not cluster.log.is_away:
            return ""
        newcomer = Person("", cell, far=bool(enter.far))
        known = cluster.house.identities.known(identity) if identity is not None else None
        if known is not None and known.person is not None:
            newcomer.avoids = known.person.avoids
        here = choose_room(newcomer, world.seating.index, rules=world.rules, rng=world.rng)
        if here is not None:
            self._check_heard(here.room)
        company = here.room.company if here is not None else 0
        if company + 1 >= world.rules.seats_min:
            return ""
        cards = await cluster.directory.rooms_near(cell, reach_m=world.rules.reach_max_m)
        others = (card for card in cards if card.room not in newcomer.avoids)
        best = next((card for card in others if card.company > company), None)
        return best.node if best is not None else ""
