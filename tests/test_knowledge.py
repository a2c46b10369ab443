"""What one person knows, as the events told it."""

from typing import Any

import pytest

from client_demo.knowledge import Inconsistent, Knowledge


def room(**more: Any) -> dict[str, Any]:
    members = [{"id": "a", "name": "Ada"}, {"id": "b", "name": "Bo", "muted": True}]
    return {
        "type": "room",
        "room": "r1",
        "me": "a",
        "seq": 5,
        "members": members,
        "closes": 99,
        "within_m": 1400,
    } | more


def seated() -> Knowledge:
    known = Knowledge()
    known.take(room())
    return known


def test_an_event_seen_before_changes_nothing() -> None:
    known = seated()
    assert not known.take({"type": "left", "seq": 5, "id": "b", "why": "left"})
    assert set(known.members) == {"a", "b"}


def test_a_hole_is_noticed_and_nothing_is_applied() -> None:
    known = seated()
    with pytest.raises(Inconsistent):
        known.take({"type": "left", "seq": 7, "id": "b", "why": "left"})
    assert set(known.members) == {"a", "b"}
    assert known.seq == 5


def test_a_jump_is_allowed_once_and_only_as_far_as_announced() -> None:
    known = Knowledge()
    known.take(room(missed=100))
    with pytest.raises(Inconsistent):
        known.take({"type": "skipped", "seq": 107})
    assert known.take({"type": "skipped", "seq": 106})
    with pytest.raises(Inconsistent):
        known.take({"type": "skipped", "seq": 207})


def test_a_replayed_join_of_somebody_present_keeps_what_the_room_showed() -> None:
    known = seated()
    known.take({"type": "joined", "seq": 6, "id": "b", "member": {"id": "b", "name": "Old"}, "within_m": 5})
    assert known.members["b"] == {"id": "b", "name": "Bo", "muted": True}
    known.take({"type": "left", "seq": 7, "id": "unknown", "why": "left"})
    assert set(known.members) == {"a", "b"}


def test_events_for_one_person_carry_no_number_and_take_none() -> None:
    known = seated()
    known.take({"type": "muted", "who": "unknown"})
    known.take({"type": "unmuted", "who": "b"})
    assert known.seq == 5
    assert "muted" not in known.members["b"]


def test_how_far_the_server_looks_is_not_how_near_the_members_are() -> None:
    known = seated()
    known.take({"type": "waiting", "within_m": 9000})
    assert known.waiting is not None
    assert known.within_m == 1400


def test_a_room_that_goes_on_closes_later() -> None:
    known = seated()
    known.take({"type": "closing", "seq": 6, "closes": 120})
    assert known.closes == 120
    known.take({"type": "extended", "seq": 7, "closes": 240})
    assert known.closes == 240


def test_whom_one_keeps_stays_marked_when_they_look_different() -> None:
    known = seated()
    who = next(id for id in known.members if id != known.me)
    known.take({"type": "kept", "who": who})
    known.take({"type": "kept", "who": "gone"})
    known.take({"type": "changed", "seq": known.seq + 1, "id": who, "member": {"id": who, "name": "Bob"}})
    assert known.members[who]["kept"] is True
    assert known.members[who]["name"] == "Bob"
    known.take({"type": "unkept", "who": who})
    known.take({"type": "unkept", "who": "gone"})
    assert "kept" not in known.members[who]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "room"},
        {"type": "room", "room": "r", "me": "a", "seq": 1, "members": 7},
        {"type": "entered", "you": None},
        {"type": "joined", "seq": 6, "id": "c"},
        {"type": "muted"},
    ],
)
def test_an_event_without_its_promised_fields_is_inconsistent(event: dict[str, Any]) -> None:
    with pytest.raises(Inconsistent):
        seated().take(event)
