"""Votes to eject: who is out, who walks out, whose vote counts, and what a gang gets by trying rooms."""

from typing import Any

import pytest

from bench.gangs import WAYS, lone_abuser, measure
from geo import Cell
from server.origin import LOOPBACK
from server.safety.votes import Elector, Verdict, Votes, verdict
from tests.sessions import HERE, Guest, Stage

PRESENT_S = 120


def others(count: int, **fields: bool) -> list[Elector]:
    """Return so many regulars, `0` and on, who have been here for a while."""
    usual: dict[str, bool] = {"present": True, "is_new": False, "has_spoken": False, "is_free": True}
    return [Elector(str(number), **usual | fields) for number in range(count)]


@pytest.mark.parametrize(
    ("electors", "votes", "comes_to"),
    [
        (others(1), 1, Verdict.NOTHING),
        (others(2), 1, Verdict.NOTHING),
        (others(2), 2, Verdict.WALK_OUT),
        (others(3), 2, Verdict.WALK_OUT),
        (others(4), 2, Verdict.NOTHING),
        (others(4), 3, Verdict.EJECTED),
        (others(5), 3, Verdict.EJECTED),
        (others(6), 3, Verdict.NOTHING),
        (others(6), 4, Verdict.EJECTED),
        (others(11), 5, Verdict.NOTHING),
        (others(11), 6, Verdict.EJECTED),
    ],
)
def test_it_takes_more_than_half_of_the_others_and_three_or_two_walk_out(
    electors: list[Elector], votes: int, comes_to: Verdict
) -> None:
    assert verdict(electors, [str(number) for number in range(votes)]) is comes_to


def test_votes_of_those_who_left_count_nothing_and_so_do_those_who_have_just_come_or_are_away() -> None:
    assert verdict(others(4), ["0", "1", "gone"]) is Verdict.NOTHING
    here = others(4)
    late = [elector._replace(id=f"late{elector.id}", present=False) for elector in others(4)]
    assert verdict(here + late, ["0", "1", "late0", "late1"]) is Verdict.NOTHING
    assert verdict(here + late, ["0", "1", "2"]) is Verdict.EJECTED


@pytest.mark.parametrize("weightless", [{"is_new": True}, {"is_free": False}], ids=["new", "drew a room"])
def test_vote_of_some_counts_nothing_against_a_majority_that_could_be(weightless: dict[str, bool]) -> None:
    room = others(2, **weightless) + others(6)[2:]
    assert verdict(room, ["0", "1", "2", "3"]) is Verdict.NOTHING
    assert verdict(room, ["2", "3", "4", "5"]) is Verdict.EJECTED


def test_where_most_are_new_a_vote_counts_of_who_has_said_something() -> None:
    silent = others(5, is_new=True)
    assert verdict(silent, ["0", "1", "2"]) is Verdict.WALK_OUT
    assert verdict(others(5, is_new=True, has_spoken=True), ["0", "1", "2"]) is Verdict.EJECTED


def test_two_walk_out_where_no_majority_can_count() -> None:
    drawn = others(6, is_free=False)
    assert verdict(drawn, ["0"]) is Verdict.NOTHING
    assert verdict(drawn, ["0", "1"]) is Verdict.WALK_OUT


def test_votes_end_with_their_room() -> None:
    votes = Votes()
    assert list(votes.cast("room", "a", "x")) == ["a"]
    assert list(votes.cast("room", "a", "x")) == ["a"]
    assert list(votes.cast("room", "b", "x")) == ["a", "b"]
    assert list(votes.cast("room", "b", "y")) == ["b"]
    votes.settle("room", "x")
    assert list(votes.cast("room", "c", "x")) == ["c"]
    votes.end("room")
    assert not votes._rooms


# On the wire


def regulars(names: str, **settings: Any) -> tuple[Stage, list[Guest]]:
    """Return people who are nobody new and have sat together for long enough."""
    stage = Stage(**{"new_identity_s": 0} | settings)
    guests = stage.seated(names)
    stage.pass_time(PRESENT_S + 1)
    for guest in guests:
        guest.got()
    return stage, guests


@pytest.mark.parametrize("has_resume", [True, False])
@pytest.mark.parametrize("late", [False, True], ids=["seat waits", "seat is given up"])
def test_who_is_ejected_while_disconnected_is_told_so_before_the_new_room(has_resume: bool, late: bool) -> None:
    stage, (ann, bo, cy, dee, ed) = regulars("Ann Bo Cy Dee Ed")
    room = ed.room
    ed.lose()
    for voter in (ann, bo, cy):
        voter.ask("eject", **member(voter, ed))
    assert dee.got("left")[0]["why"] == "ejected"
    stage.pass_time(60 if late else 1)
    back = ed.back() if has_resume else ed.back(resume=None)
    stage.take_turn()
    entered, ejected, seated, *_ = back.got()
    assert [event["type"] for event in (entered, ejected, seated)] == ["entered", "ejected", "room"]
    assert ejected["room"] == room != seated["room"]
    assert ejected["why"]
    back.lose()
    again = back.back()
    stage.take_turn()
    assert again.got("ejected") == [], "once"


@pytest.mark.parametrize("heard", [True, False])
def test_who_was_connected_is_told_again_only_if_they_come_back_to_the_old_room(heard: bool) -> None:
    stage, (ann, bo, cy, _, ed) = regulars("Ann Bo Cy Dee Ed")
    room = ed.room
    for voter in (ann, bo, cy):
        voter.ask("eject", **member(voter, ed))
    ed.got()
    ed.lose()
    back = ed.back() if heard else ed.back(resume={"room": room, "seq": 1})
    stage.take_turn()
    assert len(back.got("ejected")) == (not heard)


def member(guest: Guest, other: Guest) -> dict[str, str]:
    guest.got()
    return {"who": other.me}


def test_ejected_is_told_sits_elsewhere_and_the_room_sees_it_but_no_vote() -> None:
    _, guests = regulars("Ann Bo Cy Dee Ed")
    ann, bo, cy, dee, ed = guests
    room = ed.room
    for voter in (ann, bo):
        [voted] = voter.ask("eject", **member(voter, ed), ref="v")
        assert (voted["type"], voted["about"], voted["ref"]) == ("voted", "eject", "v")
    for guest in (cy, dee, ed):
        assert guest.got() == []
    cy.ask("eject", **member(cy, ed))
    ejected, new_room, *_ = ed.got()
    assert (ejected["type"], ejected["room"], new_room["type"]) == ("ejected", room, "room")
    assert new_room["room"] != room
    for guest in (ann, bo, dee):
        [left] = guest.got()
        assert (left["type"], left["why"]) == ("left", "ejected")


def voted_out(stage: Stage, names: list[Guest], address: str) -> str:
    """Have somebody come from there and be voted out and leave; return the room."""
    ed = stage.guest(address=address)
    ed.enter(name="Ed")
    room = ed.room
    assert room == names[0].room
    stage.pass_time(PRESENT_S + 1)
    for voter in names[:3]:
        voter.ask("eject", **member(voter, ed))
    assert len(ed.got("ejected")) == 1
    ed.ask("leave")
    return room


def test_who_is_voted_out_does_not_come_back_as_somebody_new_from_the_same_address() -> None:
    stage, guests = regulars("Ann Bo Cy Dee")
    kept = stage.guest(address="192.0.2.1")
    kept.enter(name="Flo")
    kept.lose()
    room = voted_out(stage, guests, "192.0.2.1")
    other = stage.guest(address="192.0.2.2")
    other.enter(name="Gus")
    assert other.room == room
    again = stage.guest(address="192.0.2.1")
    again.enter(name="Ed")
    assert again.room != room
    # Whoever was there before is somebody else, as is whoever comes from elsewhere.
    back = kept.back()
    stage.take_turn()
    back.got()
    assert back.room == room
    # It is remembered as long as the room lasts.
    stage.house.returns.forget(())
    assert not stage.house.returns._out


@pytest.mark.parametrize("gang", ["192.0.2.1", LOOPBACK])
def test_who_takes_the_seats_that_an_address_has_left_has_no_vote_there(gang: str) -> None:
    stage, (ann, *_) = regulars("Ann Bo Cy Dee", new_identity_s=PRESENT_S, seats_max=12)
    crew = [stage.guest(address=gang)]
    crew[0].enter()
    for _ in range(6):
        # Left, and taken up again by a token once somebody new sits there too.
        crew[-1].lose()
        crew.append(stage.guest(address=gang))
        crew[-1].enter()
    assert {guest.room for guest in crew} == {ann.room}
    crew = [*(guest.back() for guest in crew[:-1]), crew[-1]]
    stage.take_turn()
    stage.pass_time(PRESENT_S + 1)
    for guest in crew:
        guest.ask("say", text="hello")
    for guest in crew:
        guest.ask("eject", **member(guest, ann))
    assert len(ann.got("ejected")) == (gang == LOOPBACK)


def test_a_proxy_on_this_machine_shuts_nobody_out_who_comes_by_it() -> None:
    stage, guests = regulars("Ann Bo Cy Dee")
    room = voted_out(stage, guests, LOOPBACK)
    again = stage.guest()
    again.enter(name="Gus")
    assert again.room == room


def test_in_a_room_of_three_the_two_who_vote_are_seated_elsewhere_together() -> None:
    _, (ann, bo, cy) = regulars("Ann Bo Cy")
    room = cy.room
    ann.ask("eject", **member(ann, cy))
    bo.ask("eject", **member(bo, cy))
    ann.got()
    assert ann.room == bo.room != room == cy.room
    assert [event["why"] for event in cy.got("left")] == ["moved", "moved"]


def test_vote_of_who_has_just_come_is_too_new_and_says_until_when() -> None:
    stage = Stage(new_identity_s=0)
    ann, bo = stage.seated("Ann Bo")
    [error] = ann.ask("eject", who=bo.me)
    assert error["code"] == "too_new"
    assert 119 <= error["retry_after"] <= 120.01
    stage.pass_time(error["retry_after"])
    ann.got()
    assert ann.ask("eject", who=bo.me)[0]["type"] == "voted"


def test_who_pressed_next_has_no_vote_until_the_window_ends() -> None:
    stage, guests = regulars("Ann Bo Cy Dee Ed Flo", next_per_h=0, cells_per_h=0)
    loner = stage.guest()
    lat, lon = Cell.parse(HERE).center
    # Out of reach, yet near enough to have come from there in the time.
    loner.enter(str(Cell.at(lat + 0.2, lon, 6)), name="Gus")
    loner.ask("move", cell=HERE)
    loner.ask("next")
    assert loner.room == guests[0].room
    stage.pass_time(PRESENT_S + 1)
    for voter in (*guests[1:4], loner):
        voter.ask("eject", **member(voter, guests[0]))
    assert guests[0].got("ejected") == []
    guests[4].ask("eject", **member(guests[4], guests[0]))
    assert len(guests[0].got("ejected")) == 1


def test_vote_that_had_somebody_ejected_is_spent_for_a_while() -> None:
    _, guests = regulars("Ann Bo Cy Dee Ed Flo")
    target, last = guests[4:]
    for voter in guests[:3]:
        voter.ask("eject", **member(voter, last))
    assert len(last.got("ejected")) == 1
    for voter in guests[:3]:
        assert voter.ask("eject", **member(voter, target))[-1]["type"] in ("voted", "room", "left", "joined", "waiting")
    assert target.got("ejected") == []


def test_who_comes_back_within_the_window_sits_where_they_left() -> None:
    stage = Stage(resume_grace_s=30)
    rooms = [stage.guest(address=f"192.0.2.{number}") for number in range(40)]
    for guest in rooms:
        guest.enter(HERE)
    ann, bo = rooms[3], rooms[30]
    assert ann.room != bo.room
    ann.connection.lose()
    stage.pass_time(60)
    back = stage.guest(address="198.51.100.9")
    back.enter(HERE, token=ann.token)
    assert back.room == ann.room
    bo.ask("leave")
    anew = stage.guest(address="192.0.2.30")
    anew.enter(HERE)
    assert anew.room == bo.room


# Gangs, the short form of bench/gangs.py


@pytest.mark.parametrize("size", range(3, 13))
def test_lone_abuser_is_out_or_those_who_voted_are(size: int) -> None:
    assert lone_abuser(size, seed=size)


@pytest.mark.parametrize("way", WAYS)
def test_gang_has_hardly_anybody_ejected_however_it_comes_together(way: str) -> None:
    rows = [measure(size, way, people=60, windows=12, seed=5) for size in (4, 8)]
    assert sum(row.wronged for row in rows) <= 0.02 * sum(row.rooms for row in rows)
