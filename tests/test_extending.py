"""More time for a room: who may vote, what it takes, and how an extended room ends."""

import pytest

from rooms.changes import Change, Published
from rooms.errors import CannotExtend
from rooms.events import Closing, Event, Extended
from rooms.room import SHAKE, Room
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.shaking import TOGETHER_S
from tests.sessions import Stage, only
from tests.worlds import HOME, START, Scene, beside, keep

RULES = Rules()
END = START + RULES.window_s
HALF_S = RULES.window_s / 2


def told(changes: list[Change]) -> list[Event]:
    return [change.event for change in changes if isinstance(change, Published)]


def vote_for_more(scene: Scene, room: Room) -> None:
    """Have as many vote as it takes."""
    for seat in list(room.seats.values()):
        if not room.is_extended:
            scene.extend(seat.person)
    assert room.is_extended


@pytest.mark.parametrize(("people", "needed"), [(2, 2), (3, 2), (4, 3), (5, 3), (8, 5), (12, 7)])
def test_it_takes_more_than_half_of_those_present_and_two(people: int, needed: int) -> None:
    scene = Scene()
    crowd = scene.enter_many(people)
    room, _ = place_of(crowd[0])
    for person in crowd[: needed - 1]:
        assert scene.extend(person) == scene.extend(person) == []
    [extended] = told(scene.extend(crowd[needed - 1]))
    assert extended == Extended(room.seq, int((END + HALF_S) * 1000))
    assert room.closes == END + HALF_S
    with pytest.raises(CannotExtend):
        scene.extend(crowd[-1])
    scene.check()


def test_nobody_extends_a_room_alone() -> None:
    scene = Scene()
    person = scene.enter()
    assert scene.extend(person) == []
    assert place_of(person)[0].closes == END


def test_a_room_people_shook_for_gets_no_more_time() -> None:
    scene = Scene()
    crowd = scene.enter_many(2)
    for person in crowd:
        scene.shake(person)
    scene.wait(TOGETHER_S)
    room, _ = place_of(crowd[0])
    assert room.kind == SHAKE
    for person in crowd:
        with pytest.raises(CannotExtend):
            scene.extend(person)
    assert not room.is_extended


def test_who_is_away_or_gone_is_not_present_and_a_seat_that_waits_is() -> None:
    scene = Scene()
    crowd = scene.enter_many(8)
    for person in crowd[:2]:
        scene.extend(person)
    scene.leave(crowd[0])
    scene.away(crowd[2])
    scene.lose(crowd[3])
    # Two of six: the vote of who left counts no more, the seat that waits does.
    assert scene.extend(crowd[5]) == []
    scene.away(crowd[6])
    assert scene.extend(crowd[5]) == []
    assert scene.extend(crowd[4]) != []


@pytest.mark.parametrize("how", ["leave", "next", "away", "lose", "block", "eject"])
def test_votes_are_counted_anew_whenever_somebody_goes(how: str) -> None:
    scene = Scene()
    crowd = scene.enter_many(4)
    room, _ = place_of(crowd[0])
    for person in crowd[:2]:
        assert scene.extend(person) == []
    scene.trace.clear()
    if how == "block":
        scene.block(crowd[3], crowd[2])
    else:
        getattr(scene, how)(crowd[3])
    if how == "lose":
        assert not room.is_extended
        scene.wait(RULES.resume_grace_s)
    events = [change.event for change in scene.trace if isinstance(change, Published) and change.room is room]
    assert [type(event).__name__ for event in events] == ["Changed" if how == "away" else "Left", "Extended"]
    assert room.closes == END + HALF_S
    scene.check()


def test_of_two_who_leave_together_neither_counts() -> None:
    scene = Scene()
    crowd = scene.enter_many(4)
    for person in crowd[:2]:
        scene.extend(person)
    scene.walk_out([crowd[2], crowd[1]], crowd[3])
    assert not place_of(crowd[0])[0].is_extended, "one of two, be it that for a moment it was two of three"


def test_votes_are_counted_anew_when_somebody_who_was_away_is_back() -> None:
    scene = Scene()
    crowd = scene.enter_many(3)
    scene.extend(crowd[0])
    scene.away(crowd[0])
    assert scene.extend(crowd[1]) == []
    assert scene.extend(crowd[1]) == [], "one of two"
    assert Extended in map(type, told(scene.back(crowd[0])))


def test_two_given_more_time_sit_on_while_the_others_of_the_region_gather() -> None:
    scene = Scene()
    full = scene.enter_many(scene.rules.seats_max)
    pair = [scene.enter(beside(HOME, north=1)) for _ in range(2)]
    room = place_of(pair[0])[0]
    assert room is place_of(pair[1])[0] is not place_of(full[0])[0]
    vote_for_more(scene, room)
    counts_from = scene.world.move(pair[0], HOME, now=scene.now)
    assert counts_from == room.closes == END + HALF_S
    waiting = scene.world.waiting(room, now=scene.now)
    assert waiting is not None
    assert waiting.next_at == room.closes * 1000
    scene.wait_until(END + HALF_S - 1)
    assert all(person.room is room for person in pair)
    notices = [change.event for change in scene.trace if isinstance(change, Published) and change.room is room]
    assert Closing in map(type, notices)
    scene.wait_until(END + HALF_S)
    scene.check()
    assert room.id not in scene.world.rooms


def test_it_closes_again_ends_alone_and_its_people_are_seated_like_newcomers() -> None:
    scene = Scene()
    crowd = scene.enter_many(16)
    room, _ = place_of(crowd[0])
    inside = [person for person in crowd if person.room is room]
    vote_for_more(scene, room)
    scene.wait_until(END)
    assert all(person.room is room for person in inside)
    others = [person for person in crowd if person not in inside]
    assert all(place_of(person)[0].opened == END for person in others)
    notices = told(scene.wait_until(END + HALF_S - 1))
    assert [event for event in notices if isinstance(event, Closing) and event.closes == room.closes * 1000]
    scene.wait_until(END + HALF_S)
    scene.check()
    assert room.id not in scene.world.rooms
    went_to = {place_of(person)[0] for person in inside}
    assert {place_of(person)[0] for person in others} & went_to, "they fill the rooms that are there first"


def test_of_several_that_end_in_one_moment_nobody_is_seated_in_another() -> None:
    scene = Scene()
    crowd = scene.enter_many(6) + [scene.enter(beside(HOME, north=2)) for _ in range(6)]
    rooms = {place_of(person)[0] for person in crowd}
    assert len(rooms) > 1
    for room in rooms:
        vote_for_more(scene, room)
    before = {person.id: len(scene.listeners[person.id].seats) for person in crowd}
    scene.wait_until(END + HALF_S)
    scene.check()
    assert all(place_of(person)[0].closes > scene.now for person in crowd)
    seated = [seat for person in crowd for seat in scene.listeners[person.id].seats[before[person.id] :]]
    assert all(seat.room not in rooms for seat in seated)


def test_those_who_keep_each_other_go_on_together_when_it_ends() -> None:
    for seed in range(8):
        scene = Scene(seed)
        crowd = scene.enter_many(40)
        room, _ = place_of(crowd[0])
        inside = [person for person in crowd if person.room is room]
        pairs = [(inside[0], inside[1]), (inside[2], inside[3])]
        for pair in pairs:
            keep(*pair)
        vote_for_more(scene, room)
        scene.wait_until(END + HALF_S)
        scene.check()
        assert all(place_of(one)[0] is place_of(other)[0] is not room for one, other in pairs)


def test_a_room_that_parts_from_an_extended_one_ends_with_it() -> None:
    scene = Scene(parting_gain=0.01)
    north = [scene.enter(beside(HOME, north=1)) for _ in range(4)]
    room, _ = place_of(north[0])
    vote_for_more(scene, room)
    south = [scene.enter(beside(HOME, north=-1)) for _ in range(5)]
    rooms = {place_of(person)[0] for person in north + south}
    assert len(rooms) == 2, "it has parted"
    assert {each.closes for each in rooms} == {END + HALF_S}
    scene.wait_until(END + HALF_S)
    scene.check()
    assert not {each.id for each in rooms} & scene.world.rooms.keys()
    assert room.id not in scene.world.rooms


def test_a_room_being_seated_anew_gets_no_more_time() -> None:
    scene = Scene()
    crowd = scene.enter_many(30)
    scene.wait_until(END - 0.001)
    scene.now = END
    scene.wait_in_part(1)
    over = [person for person in crowd if place_of(person)[0].is_over]
    if over:
        with pytest.raises(CannotExtend):
            scene.extend(over[0])


def test_votes_are_answered_alike_and_the_room_is_told_once() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    assert ann.ask("extend", ref="e") == [{"type": "voted", "about": "extend", "ref": "e"}]
    assert bo.got() == []
    voted, extended = bo.ask("extend")
    assert voted == {"type": "voted", "about": "extend"}
    assert only(cy.got(), "extended") == only(ann.got(), "extended") == extended
    [error] = cy.ask("extend")
    assert (error["code"], error["about"]) == ("not_now", "extend")
