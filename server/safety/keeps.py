"""Who keeps whom: pressed by both in one room, from then on both ways, until one lets go, blocks, or is forgotten.

Pure. A press alone is known to the room it was made in, as long as that lasts, and to nobody else; `Person.kept` has
those who keep each other. Whoever has let go of somebody is still kept by them, in their own eyes alone, so that
nothing tells them; it takes two presses to begin anew. Their contact lines go with it (server/safety/lines.py).
"""

from collections.abc import Mapping
from typing import NamedTuple

from rooms.person import Person
from server.bugs import log
from server.safety.lines import Lines
from server.safety.pairs import RoomPairs
from server.safety.ties import Ties
from server.store.store import StoreError


class Marks(NamedTuple):
    """What one room knows of keeping: who has pressed for whom, alone so far, and who has let go of whom there."""

    pressed: frozenset[tuple[str, str]]
    let_go: frozenset[tuple[str, str]]


class Keeps:
    """All keeping of one server.

    Args:
        people: everybody online, by identity.

    Attributes:
        lines: contact lines on their way.
        unwritten: room and two people who have both pressed there, while that is tried to be written down again.
    """

    def __init__(self, ties: Ties, people: Mapping[str, Person], *, token_ttl_s: float) -> None:
        self.lines = Lines(token_ttl_s=token_ttl_s)
        self.unwritten: set[tuple[str, str, str]] = set()
        self._ties = ties
        self._people = people
        self._pressed = RoomPairs()
        self._let_go = RoomPairs()

    def press(self, room: str, owner: Person, other: Person, *, now: float) -> bool:
        """Count a press, and return whether that makes two: from now on both keep each other.

        Raises StoreError: both have pressed all the same.
        """
        there, back = (owner.id, other.id), (other.id, owner.id)
        self._pressed.add(room, there)
        if not self.has_pressed(room, other.id, owner.id) or other.id in owner.barred:
            return False
        ended = self._ties.add("keep", [there, back], now=now)
        self._pressed.drop_in(room, there, back)
        self.lines.withdraw(*ended)
        self._renew(owner.id, other.id)
        return True

    def has_pressed(self, room: str, owner: str, other: str) -> bool:
        """Tell whether the one has pressed for the other in the room, and it has come to nothing yet."""
        return self._pressed.has(room, (owner, other))

    def let_go(self, room: str, owner: str, other: str) -> None:
        """Have the one keep the other no more, nor have pressed, nor have given a line. Raises StoreError."""
        was_mutual = other in self.both(owner)
        self._ties.remove("keep", [(owner, other)])
        if was_mutual:
            self._let_go.add(room, (owner, other), (other, owner))
        self._pressed.drop((owner, other))
        self.lines.withdraw((owner, other))
        self._renew(owner, other)

    def part(self, owner: str, other: str) -> None:
        """Have the two keep each other no more, because the one blocks the other.

        The other goes on keeping them in their own eyes, as whoever is let go: else they could tell, should they ever
        meet again, that there was a block.
        """
        self.parted(owner, other)
        try:
            self._ties.remove("keep", [(owner, other)])
        except StoreError as error:  # the block holds, which is what was asked for: the keep sleeps under it
            log.error("%s", error)
        self._renew(owner, other)

    def parted(self, owner: str, other: str) -> None:
        """Forget what the two have pressed and given, since the one blocks the other, here or elsewhere."""
        pairs = ((owner, other), (other, owner))
        self._pressed.drop(*pairs)
        self.lines.withdraw(*pairs)

    def changed(self, owner: str, other: str, *, is_there: bool) -> None:
        """Have both know that the one keeps the other since a moment ago, or no more, by what happened elsewhere."""
        if not is_there:
            self._pressed.drop((owner, other))
            self.lines.withdraw((owner, other))
        self._renew(owner, other)

    def held(self, owner: str) -> frozenset[str]:
        """Return whom somebody keeps, in their own eyes."""
        return self._ties.of("keep", owner)

    def both(self, owner: str) -> frozenset[str]:
        """Return whom somebody keeps who keep them too."""
        held = self._ties.of("keep", owner)
        return frozenset(other for other in held if self._ties.has("keep", other, owner))

    def together(self, room: str, person: Person) -> frozenset[str]:
        """Return with whom somebody may not sit in the room by chance: whom they keep, or have let go there."""
        return person.kept | self._let_go.beside(room, person.id)

    def marks_of(self, room: str) -> Marks:
        """Return what the room alone knows of keeping, as long as it lasts."""
        return Marks(self._pressed.of_room(room), self._let_go.of_room(room))

    def take_up_marks(self, room: str, marks: Marks) -> None:
        """Know what a room knew before it came here."""
        self._pressed.add(room, *marks.pressed)
        self._let_go.add(room, *marks.let_go)

    def end(self, room: str) -> None:
        """Forget what was pressed in a room that is over, and who let whom go there."""
        self._pressed.end(room)
        self._let_go.end(room)

    def forget_person(self, identity: str) -> None:
        """Forget an identity whose ties have been erased."""
        gone = self._people.get(identity)
        # Who keep each other know it both ways; whoever is not online is looked for among all.
        for person in map(self._people.get, gone.kept) if gone is not None else self._people.values():
            if person is not None and identity in person.kept:
                person.kept -= {identity}
        self._pressed.forget(identity)
        self._let_go.forget(identity)
        self.lines.forget_person(identity)

    def _renew(self, *identities: str) -> None:
        """Have those of them who are online know whom they keep who keep them."""
        for identity in identities:
            person = self._people.get(identity)
            if person is not None:
                before, person.kept = person.kept, self.both(identity)
                for other in (self._people[id] for id in before - person.kept if id in self._people):
                    other.kept -= {identity}
