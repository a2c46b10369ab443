"""Who never sits with whom: people between whom there is a block, whichever of them made it.

`Person.barred` names the others in both directions. Knows ids alone; why two are kept apart, and by whom, nobody can
learn here.
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence

from rooms.clusters import MaySit
from rooms.person import Person
from rooms.room import Room

AVOIDS_MAX = 16
"""Rooms that somebody has left and does not come back to, where it is not known which of them last: more than anybody
leaves in a window."""


def are_apart(one: Person, other: Person) -> bool:
    """Tell whether the two may never sit together."""
    return other.id in one.barred


def keep_apart(one: Person, other: Person) -> None:
    """Have the two never sit together from now on, nor keep each other, because the first one wants it so.

    Whoever sits somewhere now goes on sitting there.
    """
    one.barred |= {other.id}
    other.barred |= {one.id}
    other.shunned_by |= {one.id}
    one.kept -= {other.id}
    other.kept -= {one.id}


def meet_barred(person: Person, people: Mapping[str, Person]) -> None:
    """Have those of these people know somebody who comes as one they are kept apart from."""
    for id in person.barred:
        other = people.get(id)
        if other is not None and person.id not in other.barred:
            other.barred |= {person.id}


def turn_from(person: Person, room: str, rooms: Container[str] | None) -> None:
    """Have a room be theirs no more.

    Args:
        rooms: all there are; None if other processes have some as well.
    """
    before = person.avoids[1 - AVOIDS_MAX :] if rooms is None else (id for id in person.avoids if id in rooms)
    person.avoids = (*before, room)


def is_kept_out(person: Person, room: Room) -> bool:
    """Tell whether somebody sits here with whom the person never sits."""
    barred = person.barred
    # Nearly everybody is kept apart from nobody, and every room that is compared asks this.
    return bool(barred) and any(seat.person.id in barred for seat in room.seats.values())


def company_of(people: Iterable[Person]) -> list[Person]:
    """Return as many of them as may sit together, in this order."""
    company: list[Person] = []
    for person in people:
        if not person.barred or not any(are_apart(person, other) for other in company):
            company.append(person)
    return company


def may_sit_by(barred: dict[str, Collection[str]]) -> MaySit | None:
    """Return who may sit together by whom each is kept apart from; None if everybody may."""
    apart = {id: others for id, others in barred.items() if others}
    if not apart:
        return None
    return lambda one, other: other not in apart.get(one, ()) and one not in apart.get(other, ())


def part(shards: Sequence[list[str]], may_sit: MaySit) -> list[str]:
    """Have nobody sit in a shard with somebody they may not sit with, in place; return whom no shard has room for.

    Each of a pair kept apart changes places with the first of another shard where both are welcome.
    """
    over: list[str] = []
    for shard in shards:
        for id in list(shard):
            if _welcome(id, shard, id, may_sit):
                continue
            if not any(_swap(id, shard, other, may_sit) for other in shards if other is not shard):
                shard.remove(id)
                over.append(id)
    return over


def _swap(id: str, shard: list[str], other: list[str], may_sit: MaySit) -> bool:
    for back in other:
        if _welcome(id, other, back, may_sit) and _welcome(back, shard, id, may_sit):
            shard[shard.index(id)], other[other.index(back)] = back, id
            return True
    return False


def _welcome(id: str, shard: list[str], instead_of: str, may_sit: MaySit) -> bool:
    return all(may_sit(id, other) for other in shard if other not in (id, instead_of))
