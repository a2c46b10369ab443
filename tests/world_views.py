"""What tests see of a world: who sits where and with whom, what those who wait are told, what kinds of changes come."""

from rooms.changes import Change, Published
from rooms.events import Waiting
from rooms.person import Person
from rooms.room import Room
from rooms.seating import place_of
from tests.worlds import Scene


def room_of(person: Person) -> Room:
    """Return where somebody sits."""
    return place_of(person)[0]


def together(*people: Person) -> bool:
    return len({room_of(person).id for person in people}) == 1


def groups(scene: Scene) -> set[frozenset[str]]:
    return {frozenset(seat.person.id for seat in room.seats.values()) for room in scene.world.rooms.values()}


def told_waiting(scene: Scene, person: Person) -> Waiting:
    waiting = scene.listeners[person.id].waiting
    assert waiting is not None
    return waiting


def kinds(changes: list[Change]) -> list[str]:
    """Return each change's kind, and of what is published the event's."""
    return [type(change.event if isinstance(change, Published) else change).__name__ for change in changes]
