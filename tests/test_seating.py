"""The mechanics of seats: what is true after every call, and what follows from it in which order."""

import random
from typing import NamedTuple

import pytest

from geo import Cell
from rooms.agenda import Agenda, AnnounceClosing, EndWindow, LookOutward, Window
from rooms.changes import Ended, Published, Seated, Unseated
from rooms.errors import NotSeated, RoomFull
from rooms.events import Joined, Left
from rooms.person import Person
from rooms.room import Room
from rooms.rules import Rules
from rooms.seating import Former, Seating, place_of
from rooms.shelves import Fill
from rooms.whys import Why
from rooms.windows import closing_time, region_of
from tests.worlds import HOME, START, counter

WHY = Why("same_cell")


class Bench(NamedTuple):
    """A seating with its agenda."""

    seating: Seating
    agenda: Agenda

    def sit(self, room: Room, *ids: str, name: str = "") -> list[Person]:
        people = [Person(id, HOME, name=name) for id in ids]
        for person in people:
            self.seating.join(person, room, WHY, now=START)
        return people

    def findable(self, room: Room) -> Fill | None:
        fills = [fill for fill in Fill if room in self.seating.index.matching(room.cell, fill, random.Random(1))]
        assert len(fills) <= 1
        return fills[0] if fills else None


@pytest.fixture
def bench() -> Bench:
    agenda = Agenda()
    return Bench(Seating(Rules(), agenda, rng=random.Random(1), new_id=counter("i")), agenda)


def due(agenda: Agenda) -> list[object]:
    items: list[object] = []
    while (item := agenda.pop_due(1e12)) is not None:
        items.append(item)
    return items


def test_who_sits_nowhere_has_no_place() -> None:
    with pytest.raises(NotSeated):
        place_of(Person("ann", HOME))


def test_new_room_ends_with_its_region_s_window_and_is_to_look_announce_and_end(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    window = Window(closing_time(region_of(HOME), START, 1800), region_of(HOME))
    assert (room.opened, room.closes) == (START, window.closes)
    assert bench.seating.rooms == {room.id: room}
    assert bench.seating.rooms_of(window) == [room]
    assert bench.agenda.next_at == START + 10
    assert due(bench.agenda) == [LookOutward(room), AnnounceClosing(window), EndWindow(window)]


def test_rooms_of_one_window_are_announced_and_ended_together_in_the_order_they_were_opened(bench: Bench) -> None:
    rooms = [bench.seating.open_room(HOME, now=START + number) for number in range(3)]
    assert bench.seating.rooms_of(Window(rooms[0].closes, rooms[0].region)) == rooms
    assert [type(item) for item in due(bench.agenda)] == [LookOutward] * 3 + [AnnounceClosing, EndWindow]


def test_those_who_are_there_hear_of_the_newcomer_who_then_hears_of_all(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    bench.sit(room, "ann")
    bo = Person("bo", HOME, name="Bo")
    published, seated = bench.seating.join(bo, room, WHY, now=START, ref="a")
    assert isinstance(published, Published)
    assert isinstance(published.event, Joined)
    assert isinstance(seated, Seated)
    assert published.event.seq == seated.seq == 2
    assert seated.me == published.event.id == place_of(bo)[1].member.id
    assert {member.id for member in seated.members} == set(room.seats)
    assert (seated.why, seated.ref, seated.within_m) == (WHY, "a", room.within_m)


def test_full_room_refuses_and_the_person_still_sits_nowhere(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    bench.sit(room, *(f"p{number}" for number in range(12)))
    late = Person("late", HOME)
    with pytest.raises(RoomFull):
        bench.seating.join(late, room, WHY, now=START)
    assert late.room is None
    assert len(room.seats) == 12


def test_who_leaves_is_unseated_before_the_others_hear_of_it(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    ann, _ = bench.sit(room, "ann", "bo")
    me = place_of(ann)[1].member.id
    assert bench.seating.leave(ann, "moved", now=START) == [Unseated(ann, room), Published(room, Left(3, me, "moved"))]
    assert (ann.room, ann.seat) == (None, None)


def test_room_that_is_empty_is_gone(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    (ann,) = bench.sit(room, "ann")
    assert bench.seating.leave(ann, "left", now=START) == [Unseated(ann, room), Ended(room)]
    assert bench.seating.rooms == {}
    assert bench.findable(room) is None
    assert bench.seating.rooms_of(Window(room.closes, room.region)) == []


def test_index_follows_how_full_a_room_is(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    seen = []
    people = []
    for number in range(12):
        people += bench.sit(room, f"p{number}")
        seen.append(bench.findable(room))
    assert seen == [Fill.WAITING] * 2 + [Fill.OPEN] * 5 + [Fill.ROOMY] * 4 + [None]
    bench.seating.leave(people[0], "left", now=START)
    assert bench.findable(room) is Fill.ROOMY


def test_waiting_ends_with_the_third_and_begins_anew_when_one_of_three_leaves(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    *_, cy = bench.sit(room, "ann", "bo", "cy")
    assert room.waiting_since is None
    bench.seating.leave(cy, "left", now=START + 60)
    assert room.waiting_since == START + 60


def test_room_stands_on_the_agenda_once_however_often_it_begins_to_wait(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    bench.sit(room, "ann", "bo")
    for number in range(50):
        (cy,) = bench.sit(room, f"cy{number}")
        bench.seating.leave(cy, "left", now=START)
    assert [type(item) for item in due(bench.agenda)].count(LookOutward) == 1


def test_what_waits_of_a_former_seat_goes_on_in_the_new_one(bench: Bench) -> None:
    old = bench.seating.open_room(HOME, now=START)
    (ann,) = bench.sit(old, "ann")
    old.set_away(place_of(ann)[1], START + 1)
    old.set_waiting(place_of(ann)[1], START + 99)
    _, (left,) = bench.seating.take_apart([old])
    assert (left.person, left.room) == (ann, old)
    new = bench.seating.open_room(HOME, now=START)
    bench.seating.join(ann, new, WHY, now=START, former=left.seat)
    carried = place_of(ann)[1]
    assert (carried.away_since, carried.waits_until, carried.member.away) == (START + 1, START + 99, True)
    assert (new.company, new.unconnected) == (0, 1)


def test_rooms_are_taken_apart_without_a_word(bench: Bench) -> None:
    rooms = [bench.seating.open_room(HOME, now=START) for _ in range(2)]
    people = [*bench.sit(rooms[0], "ann", "bo"), *bench.sit(rooms[1], "cy")]
    changes, formers = bench.seating.take_apart(rooms)
    assert [type(change) for change in changes] == [Unseated, Unseated, Ended, Unseated, Ended]
    assert [former.person for former in formers] == people
    assert all(person.room is None for person in people)
    assert bench.seating.rooms == {}


def gathered(bench: Bench, formers: list[Former]) -> list[Seated]:
    room = bench.seating.open_room(HOME, now=START)
    changes = bench.seating.gather(formers, room, Why("window"), now=START)
    assert all(isinstance(change, Seated) for change in changes)
    return [change for change in changes if isinstance(change, Seated)]


def test_a_group_is_gathered_with_one_word_to_each_when_all_sit(bench: Bench) -> None:
    rooms = [bench.seating.open_room(HOME, now=START) for _ in range(2)]
    people = [*bench.sit(rooms[0], "ann", "bo"), *bench.sit(rooms[1], "cy")]
    _, formers = bench.seating.take_apart(rooms)
    seated = gathered(bench, formers)
    assert [each.person for each in seated] == people
    assert all(each.seq == 3 and len(each.members) == 3 for each in seated)


def test_a_group_that_was_together_keeps_its_names_and_strangers_do_not(bench: Bench) -> None:
    first, second = (bench.seating.open_room(HOME, now=START) for _ in range(2))
    people = [*bench.sit(first, "a", "b", name="Ann"), *bench.sit(first, "c"), *bench.sit(second, "d", name="Ann")]
    names = {person.id: place_of(person)[1].member.name for person in people}
    assert names["b"] == "Ann 2"
    bench.seating.leave(people[0], "left", now=START)
    _, (b, c) = bench.seating.take_apart([first])
    gathered(bench, [b, c])
    assert [place_of(former.person)[1].member.name for former in (b, c)] == ["Ann 2", names["c"]]
    _, (d,) = bench.seating.take_apart([second])
    _, formers = bench.seating.take_apart([room for room in bench.seating.rooms.values() if room.seats])
    gathered(bench, [*formers, d])
    assert place_of(b.person)[1].member.name == "Ann"
    assert place_of(d.person)[1].member.name == "Ann 2"


def test_members_are_told_in_an_order_of_chance(bench: Bench) -> None:
    room = bench.seating.open_room(HOME, now=START)
    (*_, last) = bench.sit(room, *(f"p{number}" for number in range(8)))
    orders = {tuple(member.id for member in bench.seating.snapshot(last, WHY).members) for _ in range(20)}
    assert len(orders) == 20
    assert all(sorted(order) == sorted(room.seats) for order in orders)


def test_cells_of_every_length_can_be_founded(bench: Bench) -> None:
    for length in (4, 5, 6):
        room = bench.seating.open_room(Cell(HOME[:length]), now=START)
        bench.sit(room, f"p{length}")
        assert bench.findable(room) is Fill.WAITING
