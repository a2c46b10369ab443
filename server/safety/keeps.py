"""Who keeps whom: pressed by both in one room, from then on both ways, until one lets go, blocks, or is forgotten.

Pure. A press alone is known to the room it was made in, as long as that lasts, and to nobody else; `Person.kept` has
those who keep each other. Whoever has let go of somebody is still kept by them, in their own eyes alone, so that
nothing tells them; it takes two presses to begin anew. Contact lines lie here, in memory, until both have got theirs.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rooms.person import Person
from server.safety.ties import Ties


class Line(NamedTuple):
    """A contact line under way: by whom it was given, what they were called, and until when it waits."""

    by: str
    name: str
    text: str
    until: float


class Keeps:
    """All keeping of one server.

    Args:
        people: everybody online, by identity.
    """

    def __init__(self, ties: Ties, people: Mapping[str, Person], *, token_ttl_s: float) -> None:
        self._ties = ties
        self._people = people
        self._ttl_s = token_ttl_s
        self._pressed: dict[str, set[tuple[str, str]]] = {}
        self._let_go: dict[str, set[tuple[str, str]]] = {}
        self._given: dict[tuple[str, str], Line] = {}
        self._waiting: dict[str, list[Line]] = {}

    def press(self, room: str, owner: Person, other: Person, *, now: float) -> bool:
        """Count a press, and return whether that makes two: from now on both keep each other. Raises StoreError."""
        pressed = self._pressed.setdefault(room, set())
        if (other.id, owner.id) not in pressed or other.id in owner.barred:
            pressed.add((owner.id, other.id))
            return False
        self._ties.add("keep", [(owner.id, other.id), (other.id, owner.id)], now=now)
        pressed -= {(owner.id, other.id), (other.id, owner.id)}
        self._renew(owner.id, other.id)
        return True

    def let_go(self, room: str, owner: str, other: str) -> None:
        """Have the one keep the other no more, nor have pressed, nor have given a line. Raises StoreError."""
        if other in self.both(owner):
            self._let_go.setdefault(room, set()).update([(owner, other), (other, owner)])
        self._ties.remove("keep", [(owner, other)])
        for pressed in self._pressed.values():
            pressed.discard((owner, other))
        self._given.pop((owner, other), None)
        self._keep_waiting(other, lambda line: line.by != owner)
        self._renew(owner, other)

    def part(self, owner: str, other: str) -> None:
        """Have the two keep each other no more, because the one blocks the other. Raises StoreError, changing nothing.

        The other goes on keeping them in their own eyes, as whoever is let go: else they could tell, should they ever
        meet again, that there was a block.
        """
        pairs = {(owner, other), (other, owner)}
        self._ties.remove("keep", [(owner, other)])
        for pressed in self._pressed.values():
            pressed.difference_update(pairs)
        for pair in pairs:
            self._given.pop(pair, None)
        self._keep_waiting(owner, lambda line: line.by != other)
        self._keep_waiting(other, lambda line: line.by != owner)
        self._renew(owner, other)

    def held(self, owner: str) -> frozenset[str]:
        """Return whom somebody keeps, in their own eyes."""
        return self._ties.of("keep", owner)

    def both(self, owner: str) -> frozenset[str]:
        """Return whom somebody keeps who keep them too."""
        held = self._ties.of("keep", owner)
        return frozenset(other for other in held if self._ties.has("keep", other, owner))

    def give(self, owner: str, other: str, name: str, text: str, *, now: float) -> tuple[Line, Line] | None:
        """Have somebody give a line to another whom they keep; once both have given one, return both's, theirs first.

        A line takes the place of an earlier one.
        """
        given = Line(owner, name, text, now + self._ttl_s)
        answer = self._given.pop((other, owner), None)
        if answer is None:
            self._given[owner, other] = given
            return None
        return given, answer

    def wait(self, to: str, line: Line) -> None:
        """Keep a line for somebody who has no connection at the moment."""
        self._waiting.setdefault(to, []).append(line)

    def take(self, to: str) -> list[Line]:
        """Return the lines that wait for somebody, oldest first, and forget them."""
        return self._waiting.pop(to, [])

    def together(self, room: str, person: Person) -> frozenset[str]:
        """Return with whom somebody may not sit in the room by chance: whom they keep, or have let go there."""
        let_go = self._let_go.get(room, ())
        return person.kept | {other for owner, other in let_go if owner == person.id}

    def end(self, room: str) -> None:
        """Forget what was pressed in a room that is over, and who let whom go there."""
        self._pressed.pop(room, None)
        self._let_go.pop(room, None)

    def forget_person(self, identity: str) -> None:
        """Forget an identity whose ties have been erased."""
        gone = self._people.get(identity)
        # Who keep each other know it both ways; whoever is not online is looked for among all.
        for person in map(self._people.get, gone.kept) if gone is not None else self._people.values():
            if person is not None and identity in person.kept:
                person.kept -= {identity}
        for pressed in self._pressed.values():
            pressed.difference_update([pair for pair in pressed if identity in pair])
        for let_go in self._let_go.values():
            let_go.difference_update([pair for pair in let_go if identity in pair])
        for pair in [pair for pair in self._given if identity in pair]:
            del self._given[pair]
        self._waiting.pop(identity, None)
        for to in list(self._waiting):
            self._keep_waiting(to, lambda line: line.by != identity)

    def forget(self, *, now: float) -> None:
        """Forget lines whose time is over."""
        for pair in [pair for pair, line in self._given.items() if line.until <= now]:
            del self._given[pair]
        for to in list(self._waiting):
            self._keep_waiting(to, lambda line: line.until > now)

    def _keep_waiting(self, to: str, is_kept: Callable[[Line], bool]) -> None:
        lines = [line for line in self._waiting.pop(to, []) if is_kept(line)]
        if lines:
            self._waiting[to] = lines

    def _renew(self, *identities: str) -> None:
        """Have those of them who are online know whom they keep who keep them."""
        for identity in identities:
            person = self._people.get(identity)
            if person is not None:
                before, person.kept = person.kept, self.both(identity)
                for other in (self._people[id] for id in before - person.kept if id in self._people):
                    other.kept -= {identity}
