"""One room: seats, numbered events, and what is still known of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import Cell
from rooms.errors import RoomFull
from rooms.events import Changed, Left, Member, Numbered
from rooms.person import Person
from rooms.room import MISSED_MAX, Room
from tests.worlds import HOME, a_room, beside, seat_somebody


def said_in(room: Room, count: int) -> None:
    seat = next(iter(room.seats.values()))
    for number in range(count):
        room.say(seat, f"{number}", now=number)


def numbers(room: Room) -> list[int]:
    return [event.seq for event in room.recent()]


def a_small_memory(recent_max: int) -> Room:
    room = Room("r", HOME, opened=0, closes=1800, seats_max=12, recent_max=recent_max)
    seat_somebody(room, Person("ann", HOME))
    return room


def test_full_room_refuses_newcomer_and_changes_nothing() -> None:
    room = a_room(12)
    latecomer = Person("late", HOME)
    with pytest.raises(RoomFull):
        room.join(latecomer, Member("late", "Late"))
    assert len(room.seats) == 12
    assert room.seq == 12
    assert latecomer.room is None
    assert latecomer.seat is None


def test_who_joins_sits_there_and_who_leaves_sits_nowhere() -> None:
    room, ann = a_room(2), Person("ann", HOME)
    seat = seat_somebody(room, ann)
    assert (ann.room, ann.seat) == (room, seat)
    left = room.leave(seat, "moved")
    assert (ann.room, ann.seat) == (None, None)
    assert "ann" not in room.seats
    assert left == Left(4, "ann", "moved")


def test_events_are_numbered_from_one_without_a_gap() -> None:
    room = a_room(2)
    seat = room.seats["r-0"]
    room.say(seat, "hello", now=5)
    room.change(seat, Member("r-0", "Zoe"))
    room.announce_closing()
    room.leave(room.seats["r-1"], "left")
    assert numbers(room) == [1, 2, 3, 4, 5, 6]
    assert room.seq == 6


def test_what_is_said_carries_who_said_it_when_and_under_which_ref() -> None:
    room = a_room(1)
    said = room.say(room.seats["r-0"], "hello", now=1_700_000_000.1239, ref="a")
    assert (said.from_, said.name, said.text, said.ref) == ("r-0", "r-0", "hello", "a")
    assert said.at == 1_700_000_000_123


def test_changed_member_keeps_their_id_and_seat() -> None:
    room = a_room(2)
    seat = room.seats["r-0"]
    changed = room.change(seat, Member("r-0", "Zoe", away=True), ref="a")
    assert changed == Changed(3, "r-0", Member("r-0", "Zoe", away=True), "a")
    assert room.seats["r-0"] is seat
    assert seat.member.name == "Zoe"


def test_closing_tells_the_end_in_milliseconds() -> None:
    assert a_room(1).announce_closing().closes == 1_800_000


@given(recent_max=st.integers(1, 20), said=st.integers(0, 40), data=st.data())
def test_since_returns_all_that_is_kept_and_counts_exactly_what_is_not(
    recent_max: int, said: int, data: st.DataObject
) -> None:
    room = a_small_memory(recent_max)
    said_in(room, said)
    seq = data.draw(st.integers(0, room.seq))
    events, missing = room.since(seq)
    assert [event.seq for event in events] == list(range(seq + missing + 1, room.seq + 1))
    assert missing == max(0, room.seq - seq - recent_max)


def test_since_the_newest_number_there_is_nothing() -> None:
    room = a_room(3)
    assert room.since(3) == ([], 0)


def test_room_keeps_the_newest_events_while_all_are_connected() -> None:
    room = a_small_memory(5)
    said_in(room, 20)
    assert numbers(room) == [17, 18, 19, 20, 21]


def test_room_keeps_a_thousand_events_while_a_seat_waits_and_few_again_afterwards() -> None:
    room = a_small_memory(5)
    bo = seat_somebody(room, Person("bo", HOME))
    said_in(room, 10)
    room.set_waiting(bo, 100.0)
    said_in(room, MISSED_MAX + 7)
    events, missing = room.since(12)
    assert len(events) == MISSED_MAX
    assert missing == 7
    room.set_waiting(bo, None)
    said_in(room, 1)
    assert len(numbers(room)) == 5


def test_nothing_said_after_a_seat_began_to_wait_is_missing() -> None:
    room = a_small_memory(5)
    bo = seat_somebody(room, Person("bo", HOME))
    said_in(room, 10)
    room.set_waiting(bo, 100.0)
    seq = room.seq
    said_in(room, 200)
    events, missing = room.since(seq)
    assert (len(events), missing) == (200, 0)


def test_seat_that_waits_is_counted_until_it_does_not_whoever_says_so() -> None:
    room = a_room(3)
    seat = room.seats["r-0"]
    for until in (10.0, 20.0, None, None, 30.0):
        room.set_waiting(seat, until)
    assert room.unconnected == 1
    room.leave(seat, "lost")
    assert room.unconnected == 0


def test_ref_said_before_gives_the_same_words_back_to_the_same_member_only() -> None:
    room = a_room(2)
    ann, bo = room.seats.values()
    said = room.say(ann, "hello", now=0, ref="a")
    assert room.said_before(ann, "other words", "a") is said
    assert room.said_before(bo, "hello", "a") is None
    assert room.said_before(ann, "hello", "b") is None
    assert room.said_before(ann, "hello", None) is None


def test_ref_whose_words_are_forgotten_gives_the_number_and_the_words_repeated() -> None:
    room = a_room(1)
    [ann] = room.seats.values()
    said = room.say(ann, "hello", now=0, ref="a")
    for _ in range(MISSED_MAX):
        room.say(ann, "more", now=1)
    assert said not in room.recent()
    assert room.said_before(ann, "hello", "a") == said


def test_words_without_a_ref_are_not_remembered_under_none() -> None:
    room = a_room(1)
    ann = room.seats["r-0"]
    room.say(ann, "hello", now=0)
    room.say(ann, "hello", now=0, ref="a")
    assert room.said_before(ann, "hello", None) is None


def test_refs_are_remembered_for_a_thousand_messages() -> None:
    room = a_room(1)
    ann = room.seats["r-0"]
    for number in range(MISSED_MAX + 1):
        room.say(ann, "hello", now=0, ref=f"{number}")
    assert room.said_before(ann, "hello", "0") is None
    assert room.said_before(ann, "hello", "1") is not None


def test_who_is_away_keeps_their_seat_and_keeps_no_company() -> None:
    room = a_room(3)
    seat = room.seats["r-0"]
    for since in (10.0, 20.0):
        room.set_away(seat, since)
    assert (len(room.seats), room.company) == (3, 2)
    room.set_away(seat, None)
    assert room.company == 3


def test_leaving_while_away_takes_no_company_from_the_others() -> None:
    room = a_room(3, away=1)
    room.leave(room.seats["r-0"], "lost")
    assert (len(room.seats), room.company) == (2, 2)


def test_joined_says_how_far_apart_the_members_are_with_the_newcomer() -> None:
    room = a_room(1)
    alone = room.within_m
    joined = room.join(Person("bo", beside(HOME, north=5)), Member("bo", "Bo"))
    assert joined.within_m == room.within_m
    assert joined.within_m > alone + 2000
    room.leave(room.seats["bo"], "left")
    assert room.within_m == alone


def test_events_of_a_room_hold_nobody_s_cell() -> None:
    room = a_room(3, Cell("dr5ru7"))
    room.announce_closing()
    for event in room.recent():
        assert isinstance(event, Numbered)
        assert "dr5ru" not in repr(event)
