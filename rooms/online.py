"""Who is online in this process, and how many of them in each region: what those who wait are told of others.

Knows people, their regions and who keeps apart from whom; never who is told, nor of what use a number is.
"""

from collections import Counter

from geo import Cell
from rooms.apart import meet_barred
from rooms.person import Person
from rooms.room import Room
from rooms.windows import region_of


class Online:
    """Everybody online here, by id and counted by region.

    Attributes:
        people: person's id → the person.
        in_region: region → how many, of those with any.
    """

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.in_region: Counter[Cell] = Counter()

    def admit(self, person: Person) -> None:
        """Know somebody online here, who is to have a seat at once."""
        self.people[person.id] = person
        meet_barred(person, self.people)
        self.in_region[region_of(person.cell)] += 1

    def dismiss(self, person: Person) -> None:
        """Know somebody online here no more, who has no seat any longer."""
        del self.people[person.id]
        self._count_out(person)

    def count_in(self, person: Person, cell: Cell) -> None:
        """Count somebody at that cell from now on."""
        if cell == person.cell:
            return
        self._count_out(person)
        person.cell = cell
        self.in_region[region_of(cell)] += 1

    def around(self, room: Room, *, now: float) -> int:
        """Return how many people of the room's region sit elsewhere.

        Without those who want never to sit with somebody here: who is alone for being blocked is told what they would
        be told if nobody were there. Who has just left by a block counts for a while (`elsewhere.block`). Those whom
        somebody here has turned from count: else to block one who is not here would tell whether they are online.
        """
        if room.extent.is_all_at_the_center:
            # Most who wait do so alone, and this is asked at every look.
            here = len(room.seats) if region_of(room.cell) == room.region else 0
        else:
            here = sum(region_of(seat.person.cell) == room.region for seat in room.seats.values())
        return self.in_region[room.region] - here - self._barred_around(room, now)

    def _barred_around(self, room: Room, now: float) -> int:
        avoiding = [seat.person for seat in room.seats.values() if seat.person.barred]
        if not avoiding:
            return 0
        barred = {id for person in avoiding for id in person.shunned_by}
        barred -= {id for id, until in room.counts_until.items() if until > now}
        online = (self.people[id] for id in barred if id in self.people)
        return sum(region_of(person.cell) == room.region and person.room is not room for person in online)

    def _count_out(self, person: Person) -> None:
        region = region_of(person.cell)
        self.in_region[region] -= 1
        if not self.in_region[region]:
            del self.in_region[region]
