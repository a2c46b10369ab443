"""Keeping somebody: two presses, what follows for both, and that one press alone shows nowhere."""

from pathlib import Path
from typing import Any

import pytest

from geo import Cell
from rooms.person import Person
from server.acts.keeping import AGAIN_S
from server.safety.ties import TIES_MAX
from server.store.store import StoreError
from tests.sessions import FAR_AWAY, HERE, Guest, Stage, only
from tests.stores import on_disk

NAMES = "Ann Bo Cy"


def stage(**settings: Any) -> Stage:
    return Stage(next_per_h=0, cells_per_h=0, **settings)


def member(guest: Guest, name: str) -> str:
    guest.got()
    return next(id for id, other in guest.members.items() if other["name"] == name)


def keep_each_other(one: Guest, other: Guest) -> None:
    for guest, who in ((one, other), (other, one)):
        guest.ask("keep", who=who.me)
    for guest in (one, other):
        guest.got()


def sit(place: Stage, name: str, cell: str = HERE) -> Guest:
    guest = place.guest()
    guest.enter(cell, name=name)
    return guest


def failing(*_: Any, **__: Any) -> None:
    """Stand in for a store whose disk is full."""
    raise StoreError("The disk is full.")


def bytes_of(guest: Guest) -> bytes:
    return b"".join(guest.connection.writes)


def test_somebody_is_let_go_though_they_sit_elsewhere_by_now() -> None:
    ann, bo, _ = stage().seated(NAMES)
    keep_each_other(ann, bo)
    assert ann.peer.session.seated.kept
    who = bo.me
    ann.ask("next")
    assert ann.room != bo.room
    bo.got()
    assert only(ann.ask("unkeep", who=who, ref="u"), "unkept") == {"type": "unkept", "who": who, "ref": "u"}
    assert bo.got() == []
    assert not ann.peer.session.seated.kept
    assert not bo.peer.session.seated.kept


def test_only_when_both_have_pressed_are_both_told() -> None:
    ann, bo, cy = stage().seated(NAMES)
    assert ann.ask("keep", who=bo.me, ref="k") == [{"type": "voted", "about": "keep", "ref": "k"}]
    assert bo.got() == []
    assert ann.ask("keep", who=bo.me) == [{"type": "voted", "about": "keep"}]
    assert bo.ask("keep", who=ann.me, ref="l") == [
        {"type": "voted", "about": "keep", "ref": "l"},
        {"type": "kept", "who": ann.me},
    ]
    assert ann.got() == [{"type": "kept", "who": bo.me}]
    assert cy.got() == []


@pytest.mark.parametrize("who", ["me", "nobody"])
@pytest.mark.parametrize("command", ["keep", "unkeep", "contact"])
def test_only_another_member_is_kept(command: str, who: str) -> None:
    ann, *_ = stage().seated(NAMES)
    text = {"text": "a"} if command == "contact" else {}
    [error] = ann.ask(command, who=ann.me if who == "me" else who, **text)
    assert (error["code"], error["about"]) == ("no_such_member", command)


def test_a_press_ends_with_its_room() -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    ann.ask("keep", who=bo.me)
    place.pass_time(1800)
    for guest in (ann, bo):
        guest.got()
    assert [event["type"] for event in bo.ask("keep", who=ann.me)] == ["voted"]
    assert ann.got("kept") == []


def test_a_press_taken_back_counts_no_more() -> None:
    ann, bo, _ = stage().seated(NAMES)
    ann.ask("keep", who=bo.me)
    assert ann.ask("unkeep", who=bo.me, ref="u") == [{"type": "unkept", "who": bo.me, "ref": "u"}]
    assert [event["type"] for event in bo.ask("keep", who=ann.me)] == ["voted"]


def test_whom_one_keeps_is_marked_in_rooms_and_when_they_sit_down_for_oneself_alone() -> None:
    place = stage(resume_grace_s=1)
    ann, bo, cy = place.seated(NAMES)
    keep_each_other(ann, bo)
    place.pass_time(1800)
    for guest, kept in ((ann, {"Bo"}), (bo, {"Ann"}), (cy, set())):
        [room] = guest.got("room")
        assert {other["name"] for other in room["members"] if other.get("kept")} == kept
    bo.lose()
    place.pass_time(2)
    back = place.guest()
    back.enter(token=bo.token, name="Bo")
    assert back.room == ann.room
    assert only(ann.got(), "joined")["member"].get("kept") is True
    assert "kept" not in only(cy.got(), "joined")["member"]
    back.ask("rename", name="Bob")
    assert only(ann.got(), "changed")["member"].get("kept") is True
    assert "kept" not in only(cy.got(), "changed")["member"]


def test_they_sit_together_when_windows_end_and_a_crowd_is_seated_anew() -> None:
    place = stage()
    people = [sit(place, f"P{number}") for number in range(40)]
    pairs = []
    for room in {guest.room for guest in people}:
        one, other, *_ = [guest for guest in people if guest.room == room]
        for guest in (one, other):
            guest.got()
        keep_each_other(one, other)
        pairs.append((one, other))
    assert len(pairs) > 3
    together = 0
    for _ in range(3):
        place.pass_time(1800)
        for guest in people:
            guest.got()
        assert all(one.room == other.room for one, other in pairs)
        together += len({one.room for one, _ in pairs}) > 1
    assert together, "they were seated as a crowd, not in one room"


def test_next_leads_away_from_who_is_kept_until_the_window_ends() -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("next")
    assert ann.room != bo.room
    place.pass_time(1800)
    for guest in (ann, bo):
        guest.got()
    assert ann.room == bo.room


def test_whoever_enters_sits_with_somebody_they_keep_if_they_are_near() -> None:
    place = stage(resume_grace_s=1)
    crowd = [sit(place, f"P{number}") for number in range(24)]
    ann, bo = crowd[0], next(guest for guest in crowd[1:] if guest.room == crowd[0].room)
    for guest in crowd:
        guest.got()
    keep_each_other(ann, bo)
    bo.lose()
    place.pass_time(2000)
    for cell, together in ((FAR_AWAY, False), (HERE, True)):
        back = place.guest()
        came = back.enter(cell, token=bo.token)
        ann.got()
        assert (back.room == ann.room) == together
        if together:
            assert only(came, "room")["why_code"] == "together"
        back.lose()
        place.pass_time(200_000)


def test_who_is_let_go_is_told_nothing_and_sees_what_they_saw() -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    before = len(bo.connection.writes)
    ann.ask("unkeep", who=bo.me)
    assert bo.connection.writes[before:] == []
    place.pass_time(1800)
    [room] = bo.got("room")
    assert {other["name"] for other in room["members"] if other.get("kept")} == {"Ann"}
    [room] = ann.got("room")
    assert not any(other.get("kept") for other in room["members"])
    # Whoever presses anew learns nothing of what the other has done: it takes both, as ever.
    assert [event["type"] for event in ann.ask("keep", who=member(ann, "Bo"))] == ["voted"]
    assert [event["type"] for event in bo.ask("keep", who=member(bo, "Ann"))] == ["voted", "kept"]


class Counted(str):
    """An id that counts how often it is looked up."""

    __slots__ = ("looked_up",)

    def __hash__(self) -> int:
        self.looked_up = getattr(self, "looked_up", 0) + 1
        return super().__hash__()


def test_letting_go_and_forgetting_somebody_cost_what_they_have_and_not_what_all_have() -> None:
    place = stage()
    keeps = place.house.keeps
    for number in range(300):
        one, other = (Person(f"{who}{number}", Cell(HERE)) for who in "xy")
        keeps.press(f"room {number}", one, other, now=0)
        keeps.press(f"room {number}", other, one, now=0)
        keeps.press(f"room {number}", other, one, now=0)
        keeps.let_go(f"room {number}", one.id, other.id)
        keeps.lines.give(one.id, other.id, "X", "x", now=0)
    ann, bo = Counted("ann"), Counted("bo")
    keeps.press("r", Person(ann, Cell(HERE)), Person(bo, Cell(HERE)), now=0)
    ann.looked_up = bo.looked_up = 0
    keeps.let_go("r", ann, bo)
    keeps.forget_person(ann)
    assert ann.looked_up + bo.looked_up < 100


def everything_bo_gets(presses: bool, hides: str) -> bytes:
    """Return all that Bo is sent over two windows in which Ann keeps him, one-sided, or mutes him, or does not."""
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    ann.ask("ping")
    if presses:
        ann.ask("keep", who=bo.me)
    if hides:
        ann.ask(hides, who=bo.me)
    bo.ask("say", text="hello")
    bo.ask("extend")
    ann.ask("say", text="hi")
    place.pass_time(4000)
    return bytes_of(bo)


def test_one_who_is_kept_or_muted_by_another_alone_gets_the_same_bytes() -> None:
    usual = everything_bo_gets(False, "")
    assert b"hello" in usual
    assert everything_bo_gets(True, "") == usual
    assert everything_bo_gets(False, "mute") == usual
    assert everything_bo_gets(True, "mute") == usual


def test_a_block_ends_it_for_both_and_for_good() -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    [blocked, *_] = ann.ask("block", who=bo.me)
    place.pass_time(1800)
    ann.ask("unblock", block=blocked["block"])
    assert not len(place.house.keeps.lines)
    place.pass_time(1800)
    for guest in (ann, bo):
        assert not guest.peer.session.seated.kept
        guest.got()
    assert ann.room == bo.room, "nobody else is here"
    # Bo sees what he would see had Ann let him go, so he cannot tell that there was a block.
    assert bo.members[ann.me].get("kept") is True
    assert "kept" not in ann.members[bo.me]
    assert [event["type"] for event in bo.ask("keep", who=ann.me)] == ["voted"]
    assert [event["type"] for event in ann.ask("keep", who=bo.me)] == ["voted", "kept"]


def test_while_nothing_can_be_written_no_answer_tells_who_has_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    place = stage()
    ann, bo, cy = place.seated(NAMES)
    ann.ask("keep", who=bo.me)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "add_ties", failing)
        assert bo.ask("keep", who=ann.me) == bo.ask("keep", who=cy.me) == [{"type": "voted", "about": "keep"}]
        place.pass_time(20)
        assert ann.got("kept") == bo.got("kept") == []
    place.pass_time(10)
    assert bo.got("kept") == [{"type": "kept", "who": ann.me}]
    assert ann.got("kept") == [{"type": "kept", "who": bo.me}]
    assert [event["type"] for event in ann.ask("contact", who=bo.me, text="a line")] == ["voted"], "they are"


def test_what_cannot_be_written_is_tried_and_told_the_operator_once_in_a_while_however_often_they_press(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "add_ties", failing)
        for _ in range(10):
            ann.ask("keep", who=bo.me)
            bo.ask("keep", who=ann.me)
        place.pass_time(4 * AGAIN_S)
        assert len(caplog.messages) <= 5
    place.pass_time(AGAIN_S)
    assert ann.got("kept") == [{"type": "kept", "who": bo.me}]
    assert not place.house.keeps.unwritten


@pytest.mark.parametrize("ends", ["unkeep", "next", "leave"])
def test_what_could_not_be_written_is_not_once_either_is_of_another_mind(
    ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    ann.ask("keep", who=bo.me)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "add_ties", failing)
        bo.ask("keep", who=ann.me)
        bo.ask(ends, **({"who": ann.me} if ends == "unkeep" else {}))
    place.pass_time(20)
    assert ann.got("kept") == []
    place.check()


def test_a_block_seats_apart_though_the_end_of_the_keep_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    monkeypatch.setattr(place.house.store, "remove_ties", failing)
    assert [event["type"] for event in ann.ask("block", who=bo.me)][:2] == ["blocked", "room"]
    assert ann.room != bo.room
    assert not len(place.house.keeps.lines)
    place.check()


def test_a_block_by_a_bottle_makes_it_sleep_and_tells_nobody_whose_it_was() -> None:
    place = stage(new_identity_s=0)
    people = [sit(place, f"P{number}") for number in range(16)]
    ann, bo = people[0], next(guest for guest in people[1:] if guest.room == people[0].room)
    for guest in people:
        guest.got()
    keep_each_other(ann, bo)
    bo.ask("throw", text="Whoever reads this?")
    [bottle] = [event["bottle"] for event in ann.ask("pick")]
    before = len(bo.connection.writes)
    [blocked] = ann.ask("block", bottle=bottle)
    for one, other in ((ann, bo), (bo, ann)):
        assert one.ask("contact", who=other.me, text="me@example.org") == [{"type": "voted", "about": "contact"}]
    assert len(bo.connection.writes) == before + 1, "its own answer"
    for _ in range(3):
        place.pass_time(1800)
        for guest in people:
            guest.got()
        assert ann.room != bo.room
        assert not any(other.get("kept") for guest in (ann, bo) for other in guest.members.values())
    ann.ask("unblock", block=blocked["block"])
    place.pass_time(1800)
    for guest in people:
        guest.got()
    assert ann.room == bo.room
    assert ann.members[bo.me]["kept"] is bo.members[ann.me]["kept"] is True
    assert only(bo.ask("contact", who=ann.me, text="bo@example.org"), "contact")["text"] == "me@example.org"


def test_of_too_many_the_oldest_ends_for_seats_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIES_MAX, "keep", 2)
    place = stage()
    people = place.seated("Ann Bo Cy Dee")
    ann = people[0]
    for other in people[1:]:
        keep_each_other(ann, other)
        if other is people[1]:
            ann.ask("contact", who=other.me, text="ann@example.org")
    persons = [guest.peer.session.seated for guest in people]
    assert persons[0].kept == {person.id for person in persons[2:]}
    assert not persons[1].kept
    assert not len(place.house.keeps.lines), "what was given to somebody who is kept no more waits no longer"


def test_one_too_many_who_cannot_be_forgotten_now_is_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIES_MAX, "keep", 1)
    place = stage()
    ann, bo, cy, dee = place.seated("Ann Bo Cy Dee")
    keep_each_other(ann, bo)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "remove_ties", failing)
        cy.ask("keep", who=ann.me)
        assert [event["type"] for event in ann.ask("keep", who=cy.me)] == ["voted", "kept"]
    keep_each_other(ann, dee)
    assert place.house.keeps.held(ann.peer.session.identity.id) == {dee.peer.session.identity.id}


def test_people_who_keep_each_other_have_one_vote() -> None:
    place = stage(eject_present_s=0, new_identity_s=0)
    people = place.seated("Ann Bo Cy Dee Ed Flo Gus Hal Ivy")
    for one in people[:4]:
        for other in people[:4]:
            if one is not other:
                one.ask("keep", who=other.me)
    room, ivy = people[0].room, people[-1]
    for voter in people[:5]:
        voter.ask("eject", who=ivy.me)
    assert ivy.got("ejected") == []
    assert {guest.room for guest in people} == {room}, "nor do two of them walk out"
    people[5].ask("eject", who=ivy.me)
    assert len(ivy.got("ejected")) == 1, "three of five"


@pytest.mark.parametrize("kept", range(6))
def test_whom_others_keep_is_voted_out_by_them_like_anybody(kept: int) -> None:
    tom, *others = stage(eject_present_s=0, new_identity_s=0).seated("Tom Bo Cy Dee Ed Fay")
    for other in others[:kept]:
        keep_each_other(tom, other)
    for other in others:
        other.ask("eject", who=tom.me)
    assert [event["type"] for event in tom.got() if event["type"] == "ejected"] == ["ejected"]


def test_letting_go_in_a_room_gives_nobody_a_vote_there() -> None:
    place = stage(eject_present_s=0, new_identity_s=0)
    people = place.seated("Ann Bo Cy Dee Ed Flo")
    for one in people[:4]:
        for other in people[:4]:
            if one is not other:
                one.ask("keep", who=other.me)
    for other in people[1:4]:
        people[0].ask("unkeep", who=other.me)
    for voter in people[:4]:
        voter.ask("eject", who=people[5].me)
    assert people[5].got("ejected") == []


@pytest.mark.parametrize("command", ["keep", "unkeep", "contact"])
def test_all_of_it_together_has_a_rate_that_goes_with_the_person(command: str) -> None:
    place = stage(keeps_per_h=4)
    ann, bo, cy = place.seated(NAMES)
    keep_each_other(ann, bo)
    assert ann.ask("contact", who=bo.me, text=" ")[0]["code"] == "bad_text", "what is wrong in itself counts as nothing"
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.ask("keep", who=cy.me)
    ann.ask("unkeep", who=cy.me)
    again = ann.back()
    place.take_turn()
    again.got()
    text = {"text": "other@example.org"} if command == "contact" else {}
    [error] = again.ask(command, who=bo.me, **text)
    assert (error["code"], error["about"], error["retry_after"]) == ("rate_limited", command, pytest.approx(900, abs=1))
    assert again.peer.session.seated.kept, "nothing has changed"
    assert only(bo.ask("contact", who=again.me, text="@bo"), "contact")["text"] == "ann@example.org"
    place.pass_time(901)
    assert [event["type"] for event in again.ask(command, who=bo.me, **text)] != ["error"]


# Contact


def test_contact_comes_once_both_have_given_theirs_and_one_line_each() -> None:
    ann, bo, cy = stage().seated(NAMES)
    keep_each_other(ann, bo)
    assert ann.ask("contact", who=bo.me, text="old", ref="c") == [{"type": "voted", "about": "contact", "ref": "c"}]
    ann.ask("contact", who=bo.me, text="  ann@example.org\n +1 ")
    assert bo.got() == []
    assert bo.ask("contact", who=ann.me, text="@bo") == [
        {"type": "voted", "about": "contact"},
        {"type": "contact", "who": ann.me, "name": "Ann", "text": "ann@example.org +1"},
    ]
    assert ann.got() == [{"type": "contact", "who": bo.me, "name": "Bo", "text": "@bo"}]
    assert cy.got() == []
    bo.ask("contact", who=ann.me, text="again")
    assert ann.got() == [], "it begins anew"


def test_contact_is_for_somebody_one_keeps_and_short() -> None:
    ann, bo, _ = stage().seated(NAMES)
    [error] = ann.ask("contact", who=bo.me, text="a")
    assert error["code"] == "not_yours"
    keep_each_other(ann, bo)
    [error] = ann.ask("contact", who=bo.me, text="a" * 201)
    assert error["code"] == "bad_text"
    [error] = ann.ask("contact", who=bo.me, text=" ")
    assert error["code"] == "bad_text"


def test_who_was_let_go_gives_their_contact_to_nobody_and_cannot_tell() -> None:
    ann, bo, _ = stage().seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.ask("unkeep", who=bo.me)
    assert bo.ask("contact", who=ann.me, text="@bo") == [{"type": "voted", "about": "contact"}]
    assert ann.got("contact") == bo.got("contact") == []


@pytest.mark.parametrize("moved", [False, True])
def test_contact_waits_for_who_has_no_connection(moved: bool) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.lose()
    bo.ask("contact", who=ann.me, text="@bo")
    if moved:
        bo.ask("next")
    back = ann.back()
    place.take_turn()
    here = {} if moved else {"who": bo.me}
    assert back.got("contact") == [{"type": "contact", **here, "name": "Bo", "text": "@bo"}]
    back.ask("ping")
    assert back.back().got("contact") == []


@pytest.mark.parametrize("reader", [0, 1])
def test_contact_sent_into_a_dead_connection_comes_again_until_its_reader_sends_something(reader: int) -> None:
    place = stage()
    people = place.seated(NAMES)[:2]
    keep_each_other(*people)
    for one, other, given in zip(people, people[::-1], ("ann@example.org", "@bo"), strict=True):
        one.ask("contact", who=other.me, text=given)
    # Nobody has read what was sent, nor does the server know that this connection is dead.
    dead, other = people[reader], people[1 - reader]
    name, text = [("Ann", "ann@example.org"), ("Bo", "@bo")][1 - reader]
    line = {"type": "contact", "who": other.me, "name": name, "text": text}
    for _ in range(2):
        dead = dead.back()
        place.take_turn()
        assert dead.got("contact") == [line]
    dead.ask("ping")
    back = dead.back()
    place.take_turn()
    assert back.got("contact") == []
    assert len(place.house.keeps.lines) == 1, "the other has sent nothing yet"


@pytest.mark.parametrize("act", ["unkeep", "leave"])
def test_a_line_that_waits_is_withdrawn_by_who_gave_it(act: str) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.lose()
    bo.ask("contact", who=ann.me, text="bo@example.org")
    bo.ask(act, **({"who": ann.me} if act == "unkeep" else {}))
    back = ann.back()
    place.take_turn()
    assert [event for event in back.got() if event["type"] == "contact"] == []


def test_contact_outlasts_a_window_and_is_never_written_down(tmp_path: Path) -> None:
    place = stage(store=on_disk(tmp_path))
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    place.pass_time(1800)
    for guest in (ann, bo):
        guest.got()
    came = bo.ask("contact", who=ann.me, text="bo@example.org")
    assert only(came, "contact")["text"] == "ann@example.org"
    assert b"example.org" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


# Lasting


def test_keeps_and_mutes_survive_a_restart(tmp_path: Path) -> None:
    place = stage(store=on_disk(tmp_path))
    ann, bo, cy = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("mute", who=cy.me)
    place.house.store.close()
    again = stage(store=on_disk(tmp_path))
    seated = [again.guest() for _ in range(3)]
    came = [guest.enter(token=old.token) for guest, old in zip(seated, (ann, bo, cy), strict=True)]
    assert [only(events, "room")["why_code"] for events in came] == ["first_here", "together", "same_cell"]
    [of_ann, _, of_cy] = [guest.peer.session.identity for guest in seated]
    assert of_ann.muted == {of_cy.id}


def test_a_line_under_way_waits_while_a_block_by_bottle_stands_between_the_two() -> None:
    place = stage(new_identity_s=0)
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    bo.ask("contact", who=ann.me, text="bo@example.org")
    thrown = only(bo.ask("throw", text="Whoever reads this: hello!"), "thrown")["bottle"]
    assert only(ann.ask("pick"), "bottle")["bottle"] == thrown
    bo.lose()
    assert only(ann.ask("contact", who=bo.me, text="ann@example.org"), "contact")["text"] == "bo@example.org"
    block = only(ann.ask("block", bottle=thrown), "blocked")["block"]
    bo = back_again(place, bo)
    assert bo.got("contact") == []
    bo.ask("ping")  # which tells that all that was sent has come, and this was not
    ann.ask("unblock", block=block)
    bo.lose()
    bo = back_again(place, bo)
    assert only(bo.got(), "contact")["text"] == "ann@example.org"
    bo.ask("ping")
    bo.lose()
    assert back_again(place, bo).got("contact") == []


def test_nobody_gives_lines_while_a_block_stands_between_the_two() -> None:
    place = stage(new_identity_s=0)
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    thrown = only(bo.ask("throw", text="Whoever reads this: hello!"), "thrown")["bottle"]
    ann.ask("pick")
    block = only(ann.ask("block", bottle=thrown), "blocked")["block"]
    for one, other in ((ann, bo), (bo, ann)):
        assert [event["type"] for event in one.ask("contact", who=other.me, text="a line")] == ["voted"]
    ann.ask("unblock", block=block)
    assert bo.got() == []
    assert only(bo.ask("contact", who=ann.me, text="another"), "contact")["text"] == "a line"
    assert only(ann.got(), "contact")["text"] == "another"


def back_again(place: Stage, guest: Guest) -> Guest:
    back = guest.back()
    place.take_turn()
    return back


def test_whoever_has_just_left_the_room_is_let_go_and_heard_again() -> None:
    place = stage()
    people = [sit(place, f"P{number}") for number in range(4)]
    one, other = people[:2]
    for guest in people:
        guest.got()
    keep_each_other(one, other)
    who = other.me
    one.ask("mute", who=who)
    other.ask("next")
    one.got()
    assert one.room != other.room
    assert one.ask("unmute", who=who) == [{"type": "unmuted", "who": who}]
    assert one.ask("unkeep", who=who) == [{"type": "unkept", "who": who}]
    place.pass_time(1800)
    one.got()
    there = next(who for who in one.members.values() if who["name"] == "P1")
    assert there.keys().isdisjoint(("kept", "muted"))
    own = one.me
    one.ask("next")
    [error] = one.ask("unkeep", who=own)
    assert error["code"] == "no_such_member"


def test_a_press_under_a_block_is_no_second_one() -> None:
    place = stage(new_identity_s=0)
    ann, bo, _ = place.seated(NAMES)
    ann.ask("keep", who=bo.me)
    only(bo.ask("throw", text="Whoever reads this: hello!"), "thrown")
    block = only(ann.ask("block", bottle=only(ann.ask("pick"), "bottle")["bottle"]), "blocked")["block"]
    assert [event["type"] for event in bo.ask("keep", who=ann.me)] == ["voted"]
    assert ann.got() == []
    assert not place.house.keeps.held(ann.peer.session.identity.id)
    ann.ask("unblock", block=block)
    assert [event["type"] for event in ann.ask("keep", who=bo.me)] == ["voted", "kept"]


def test_ties_last_as_long_as_one_comes_again_before_the_token_ends() -> None:
    place = stage()
    ann, bo, cy = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("mute", who=cy.me)
    for _ in range(4):
        for guest in (ann, bo, cy):
            guest.lose()
        place.pass_time(5 * 86_400)
        place.house.expire(now=place.clock.now())
        ann, bo, cy = (back_again(place, guest) for guest in (ann, bo, cy))
        for guest in (ann, bo, cy):
            guest.got()
    assert ann.members[bo.me].get("kept") is bo.members[ann.me].get("kept") is True
    assert ann.members[cy.me].get("muted") is True
