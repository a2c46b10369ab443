"""Blocks: whom an identity is never seated with, and who inherits a block by coming from the same place.

Pure. Has each row kept by the store, and every person online know (`Person.barred`) whom they are kept apart from,
both ways. An identity made where a blocked one was in the last day, by address and region or one that touches it,
inherits the blocks against it: a new identity is free, a new address is not. Where the blocked were outlasts the
process; who has inherited does not, and inherits anew on coming back. Nobody but the owner of a block learns of it.

Of one place `MARKED_MAX` blocked are remembered. Beyond, one of those goes whom people of the address blocked that has
most of them blocked there, those first whom new identities alone blocked, then the oldest: so whoever has many of
their own blocked pushes out their own.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING

from geo import Cell, neighbours
from rooms.person import NOBODY, Person
from server.bugs import log
from server.store.rows import Block, Mark
from server.store.store import Store, StoreError
from server.store.tables.marks import MARKED_MAX

if TYPE_CHECKING:
    from server.safety.identities import Identity

BLOCKS_MAX = 1000
"""One identity holds, some 300 KB; beyond, the oldest ends. Whoever meets fifty new people a day blocks a third."""
DAY_S = 86_400
"""How long an address is remembered by its mark; and a block is kept so much longer than any token, so that it need
not be written anew each time its owner comes."""
HEIRS_MAX = 20_000
"""Identities that inherit: 5 MB, as most do from one or two. Beyond, those longest ago are forgotten."""
INHERITED_MAX = HEIRS_MAX * MARKED_MAX
"""From so many they all inherit: 100 MB. One inherits from the marks of nine places, of a whole crowd where somebody
has made it, and 20,000 of those would take a gigabyte."""

Place = tuple[bytes, Cell]


class Blocks:
    """All blocks of one server.

    Args:
        people: everybody online, by identity.
        known: returns who was online lately, by identity.
        new_id: gives a short text that nobody guesses.
    """

    def __init__(
        self,
        store: Store,
        people: Mapping[str, Person],
        known: Callable[[str], "Identity | None"],
        *,
        token_ttl_s: float,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._people = people
        self._known = known
        self._lasts_s = token_ttl_s + DAY_S
        self._new_id = new_id
        self._roots: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._heirs: dict[str, set[str]] = {}
        self._inherited = 0

    def add(self, owner: str, other: str, name: str, *, now: float, via: str = "") -> Block:
        """Keep a block of somebody who was called so, or who wrote `via`. Raises StoreError, changing nothing."""
        held = self._store.blocks_of(owner)
        until = now + self._lasts_s
        block = Block(block=self._new_id(), owner=owner, other=other, name=name, at=now, until=until, via=via)
        self._store.add_block(block)
        if len(held) >= BLOCKS_MAX and all((block.other, block.via) != (other, via) for block in held):
            self._end_oldest(held[0])
        self._renew([owner, other, *self._heirs.get(other, ())])
        return block

    def remove(self, owner: str, block: str) -> Block | None:
        """End a block of the owner's and return it; None if they hold none of that id. Raises StoreError."""
        ended = self._store.remove_block(owner, block)
        if ended is not None:
            self._renew([owner, ended.other, *self._heirs.get(ended.other, ())])
        return ended

    def changed(self, block: Block) -> None:
        """Have both know that a block was made, or ended, elsewhere."""
        self._renew([block.owner, block.other, *self._heirs.get(block.other, ())])

    def _end_oldest(self, block: Block) -> None:
        try:
            self.remove(block.owner, block.block)
        except StoreError as error:  # one too many; the next one tries again
            log.error("%s", error)

    def of(self, owner: str) -> list[Block]:
        """Return the blocks somebody holds, oldest first."""
        return self._store.blocks_of(owner)

    def parts(self, owner: str, other: str) -> bool:
        """Tell whether somebody blocks another as a member of a room, which ends what they keep."""
        return any(block.other == other and not block.via for block in self._store.blocks_of(owner))

    def kept_from(self, identity: str) -> frozenset[str]:
        """Return everybody the identity is never seated with, whichever of the two wants it so."""
        owned, against = self._store.blocks_of(identity), self._store.blocks_against(identity)
        if not (owned or against or identity in self._roots):
            return NOBODY
        others = set(self.shunned_by(identity))
        for block in owned:
            others.add(block.other)
            others |= self._heirs.get(block.other, set())
        return frozenset(others - {identity})

    def shunned_by(self, identity: str) -> frozenset[str]:
        """Return who wants never to be seated with the identity: who holds a block against it or what it inherits."""
        against = [*self._store.blocks_against(identity)]
        for root in self._roots.get(identity, ()):
            against += self._store.blocks_against(root)
        return frozenset(block.owner for block in against) - {identity} if against else NOBODY

    def came(self, identity: str, place: Place, *, made_at: float, now: float) -> None:
        """Know an identity there: it inherits what holds against others who were, or is one whose blocks are inherited.

        Args:
            made_at: when the identity was made, Unix seconds: only blocks that are older are inherited. Infinitely long
                ago of one that nobody makes at will.
        """
        self._extend(identity, now=now)
        self.mark(identity, place, now=now)
        origin, region = place
        # Rooms reach over the borders of regions, so a claim of the next one is a seat beside whoever blocked.
        marks = chain.from_iterable(self._store.marks(_hidden((origin, near))) for near in _around(region))
        roots = {mark.identity for mark in marks if mark.identity != identity and now < mark.until}
        self._inherit(
            identity,
            [root for root in roots if any(block.at <= made_at for block in self._store.blocks_against(root))],
        )

    def mark(self, identity: str, place: Place, *, now: float) -> None:
        """Remember where somebody is, if they are blocked by anybody."""
        if not self._store.blocks_against(identity):
            return
        mark = Mark(place=_hidden(place), identity=identity, at=now, until=now + DAY_S)
        try:
            if self._has_room(mark, now=now):
                self._store.put_mark(mark)
        except StoreError as error:  # a full disk keeps nobody from their seat
            log.error("%s", error)

    def _has_room(self, mark: Mark, *, now: float) -> bool:
        """Forget what there is too much of at the mark's place; return whether the mark is not of it itself."""
        marks = [each for each in self._store.marks(mark.place) if each.identity != mark.identity]
        while len(marks) >= MARKED_MAX:
            least = self._least([*marks, mark], now=now)
            if least is mark:
                return False
            marks.remove(least)
            self._store.remove_mark(least.place, least.identity)
        return True

    def _least(self, marks: list[Mark], *, now: float) -> Mark:
        """Return the mark that says the least about whom others than its own do not want to meet."""
        blockers = {
            mark.identity: {block.owner for block in self._store.blocks_against(mark.identity)} for mark in marks
        }
        sources = {identity: set(map(self._source, owners)) for identity, owners in blockers.items()}
        counts = Counter(source for each in sources.values() for source in each)
        worth = {
            mark.identity: (
                -min((counts[source] for source in sources[mark.identity]), default=len(marks) + 1),
                any(self._is_settled(owner, now) for owner in blockers[mark.identity]),
                mark.at,
            )
            for mark in marks
        }
        return min(marks, key=lambda mark: worth[mark.identity])

    def _source(self, owner: str) -> bytes | str:
        """Return what an identity counts as that blocks: all who came from an address as one."""
        known = self._known(owner)
        return known.came_from if known is not None and known.came_from else owner

    def _is_settled(self, owner: str, now: float) -> bool:
        known = self._known(owner)
        return known is not None and (not known.is_new(now) or known.verified(now) is not None)

    def _inherit(self, heir: str, roots: Collection[str]) -> None:
        if not roots:
            return
        before = self._roots.get(heir, frozenset())
        after = self._roots[heir] = before.union(roots)
        self._inherited += len(after) - len(before)
        for root in roots:
            self._heirs.setdefault(root, set()).add(heir)
        while len(self._roots) > HEIRS_MAX or self._inherited > INHERITED_MAX:
            forgotten, former = self._roots.popitem(last=False)
            self._inherited -= len(former)
            for each in former:
                self._heirs[each].discard(forgotten)
                if not self._heirs[each]:
                    del self._heirs[each]

    def _extend(self, owner: str, *, now: float) -> None:
        """Keep the owner's blocks as long as the token they are given now may be good."""
        if any(block.until < now + self._lasts_s - DAY_S for block in self._store.blocks_of(owner)):
            try:
                self._store.renew_blocks(owner, until=now + self._lasts_s)
            except StoreError as error:  # a full disk keeps nobody from their seat
                log.error("%s", error)

    def _renew(self, identities: Iterable[str]) -> None:
        """Have those of them who are online know whom they are kept apart from."""
        for identity in identities:
            person = self._people.get(identity)
            if person is not None:
                person.barred = self.kept_from(identity)
                person.shunned_by = self.shunned_by(identity)


@lru_cache(maxsize=4_096)
def _around(region: Cell) -> tuple[Cell, ...]:
    """Return the region and those that touch it; to find them takes as long as all that is asked of them."""
    return (region, *neighbours(region))


def _hidden(place: Place) -> str:
    """Return a place as it is kept: the mark of the address is keyed, so nobody tells the address or the region."""
    origin, region = place
    return blake2b(origin + str(region).encode(), digest_size=16).hexdigest()
