"""Keeping somebody: two presses, what follows for both, and that one press alone shows nowhere."""

import pytest

from tests.keeping import NAMES, keep_each_other, member, sit, stage
from tests.sessions import FAR_AWAY, HERE, Guest, only


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


def bytes_of(guest: Guest) -> bytes:
    return b"".join(guest.connection.writes)


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
