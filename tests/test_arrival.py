"""Coming in: newcomers, people who come back to a seat that waited, and what `enter` refuses."""

from typing import Any

import pytest

from geo import Cell
from rooms.brought import why_brought
from rooms.whys import Why
from server.arrival import parse_cell
from server.codes import Refused
from server.commands import Enter
from tests.sessions import ENDLESS, FAR_AWAY, HERE, NEAR, UNLIMITED, Guest, Stage, of_type, only

SHORT = {"window_s": 600}


def refused(stage: Stage, **fields: Any) -> str:
    """Return the code by which an `enter` is refused; nobody is seated, and the next one is let in."""
    guest = stage.guest()
    before = len(stage.house.world.people)
    [error] = guest.ask("enter", **fields)
    assert error["about"] == "enter"
    assert len(stage.house.world.people) == before
    guest.enter()
    return str(error["code"])


# Cells.


@pytest.mark.parametrize("text", ["dr5r", "dr5ru", "dr5ru6", "DR5RU6", "dR5r"])
def test_cell_of_4_to_finest_cell_characters_is_taken_in_either_case(text: str) -> None:
    assert parse_cell(text, finest=6) == text.lower()
    assert isinstance(parse_cell(text, finest=6), Cell)


@pytest.mark.parametrize("text", ["dr5ru6j", "dr5ru6j7", "DR5RU6J", "dr5ru6jdr5ru6j", "0" * 64])
def test_finer_cell_is_too_precise(text: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_cell(text, finest=6)
    assert caught.value.code == "too_precise"
    assert text not in caught.value.message


@pytest.mark.parametrize(
    "cell",
    ["", "d", "dr5", "\"'; drop", "40.75", "40.7500", "40.75,-73.99", "dr5rua", "dr5ruo", "dr5 u6", "dr5ru6\n", "ｄr5r",
     "dr5ru\u212a", "\x00" * 5, "dr5ru6a" * 3],
)  # fmt: skip
def test_what_is_no_cell_is_a_bad_one(cell: str) -> None:
    assert refused(Stage(), cell=cell) == "bad_cell"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cell": "dr5ru6j"}, "too_precise"),
        ({"cell": HERE, "name": "\u202eAnn"}, "bad_name"),
        ({"cell": HERE, "name": "\u2066\u2069\u200f"}, "bad_name"),
        ({"cell": HERE, "name": "x" * 33}, "bad_name"),
        ({"cell": HERE, "topics": ["x"] * 6}, "bad_topic"),
        ({"cell": HERE, "topics": ["x" * 25]}, "bad_topic"),
        ({"cell": HERE, "auth": "a.b.c"}, "bad_auth"),
        ({"cell": HERE, "auth": ""}, "bad_auth"),
        ({"cell": HERE, "token": ""}, "bad_token"),
        ({"cell": HERE, "token": "x" * 52}, "bad_token"),
        ({"cell": HERE, "resume": {"room": "r", "seq": -1}}, "bad_message"),
        ({"cell": HERE, "resume": {"room": "r"}}, "bad_message"),
        ({"cell": HERE, "colour": "red"}, "bad_message"),
        ({"cell": 40.75}, "bad_message"),
    ],
)
def test_enter_that_is_refused_changes_nothing_and_may_be_tried_again(fields: dict[str, Any], code: str) -> None:
    assert refused(Stage(), **fields) == code


def test_terms_and_work_are_taken_and_ignored_where_none_are_asked_for() -> None:
    Stage().guest().enter(terms="1", work="w", auth=None)


# Tokens.


def test_altered_expired_left_and_foreign_tokens_are_bad_and_the_connection_stays() -> None:
    stage, other = Stage(token_ttl_s=100), Stage(key=b"x" * 32)
    guest, stranger = stage.guest(), other.guest()
    guest.enter()
    stranger.enter()
    altered = guest.token[:-1] + ("A" if guest.token[-1] != "A" else "B")
    assert refused(stage, cell=HERE, token=altered) == "bad_token"
    assert refused(stage, cell=HERE, token=stranger.token) == "bad_token"
    guest.ask("leave")
    assert refused(stage, cell=HERE, token=guest.token) == "bad_token"
    late = stage.guest()
    late.enter()
    stage.pass_time(100)
    assert refused(stage, cell=HERE, token=late.token) == "bad_token"


def test_bad_token_does_not_disturb_whose_it_nearly_is() -> None:
    stage = Stage()
    guest = stage.guest()
    guest.enter()
    guest.got()
    refused(stage, cell=FAR_AWAY, token=guest.token[:-1])
    assert guest.connection.is_open
    assert {event["type"] for event in guest.got()} <= {"joined", "waiting"}
    stage.check()


def test_token_of_somebody_gone_is_the_same_identity_in_a_new_seat() -> None:
    stage = Stage(resume_grace_s=1, next_per_h=1)
    guest = stage.guest()
    guest.enter()
    guest.ask("next")
    guest.lose()
    stage.pass_time(2)
    assert not stage.house.world.people
    back = guest.back()
    assert not only(back.got(), "entered")["resumed"]
    assert only(back.ask("next"), "error")["code"] == "rate_limited"


# Coming back.


def test_token_without_resume_is_the_same_seat_without_replay() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    bo.ask("say", text="missed")
    back = ann.back(resume=None)
    came = back.got()
    assert [event["type"] for event in came] == ["entered", "room", "waiting"]
    assert not came[0]["resumed"]
    assert (came[1]["room"], came[1]["me"], came[1]["seq"]) == (ann.room, ann.me, 3)
    assert came[1]["why_code"] == "kept"
    assert bo.got() == []


def test_room_that_lost_its_last_words_goes_on_from_what_its_member_has_heard() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    [room] = stage.house.world.rooms.values()
    stage.house.may_lag.add(room.id)
    ann.lose()
    bo.lose()
    came = ann.back(resume={"room": ann.room, "seq": room.seq + 3}).got()
    assert came[0]["resumed"]
    assert (came[1]["seq"], came[1].get("missed")) == (room.seq, None)
    missed = bo.back(resume={"room": bo.room, "seq": room.seq - 3}).got()
    assert (missed[0]["resumed"], missed[1]["missed"]) == (True, 3)
    assert room.seq == 2 + 3
    cy = stage.guest()
    cy.enter(name="Cy")
    assert cy.seq == room.seq == 6
    dy = ann.back(resume={"room": ann.room, "seq": room.seq + 5000})
    assert dy.got()[0]["code"] == "bad_message", "nobody leads a room on for ever"


def test_resume_of_an_unknown_room_is_a_new_view_of_the_present_one() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    bo.ask("say", text="missed")
    came = ann.back(resume={"room": "nowhere", "seq": 10**12}).got()
    assert not came[0]["resumed"]
    assert (came[1]["room"], came[1]["seq"]) == (ann.room, 3)
    assert not of_type(came, "said")


@pytest.mark.parametrize("ahead", [1, 1000, 2**63])
def test_resume_from_the_future_is_bad_and_leaves_the_seat_waiting(ahead: int) -> None:
    stage = Stage(resume_grace_s=30)
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    wrong = ann.back(resume={"room": ann.room, "seq": ann.seq + ahead})
    [error] = wrong.got()
    assert (error["code"], error["about"]) == ("bad_message", "enter")
    stage.check()
    came = ann.back().got()
    assert came[0]["resumed"]
    assert came[1]["seq"] == ann.seq
    assert bo.got() == []


def test_resume_from_the_future_does_not_end_the_connection_that_has_the_seat() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    assert only(ann.back(resume={"room": ann.room, "seq": ann.seq + 1}).got(), "error")["code"] == "bad_message"
    assert ann.connection.is_open
    assert ann.ask("ping")[0]["type"] == "pong"


def test_resume_from_an_earlier_number_replays_what_one_was_there_for_and_nothing_before() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.ask("say", text="before Cy")
    cy = stage.guest()
    cy.enter(name="Cy")
    ann.ask("say", text="with Cy")
    for guest, asked, replayed in (
        (ann, 0, [2, 3, 4, 5]),
        (bo, 0, [3, 4, 5]),
        (bo, 3, [4, 5]),
        (cy, 0, [5]),
        (cy, 4, [5]),
    ):
        came = guest.back(resume={"room": guest.room or ann.room, "seq": asked}).got()
        room = only(came, "room")
        numbers = [event["seq"] for event in came if event["type"] in ("joined", "said")]
        assert (came[0]["resumed"], room["seq"], numbers) == (True, asked, replayed)
        assert room.get("missed", 0) == replayed[0] - asked - 1


def test_missed_beyond_what_is_kept_is_said_and_counted() -> None:
    stage = Stage(recent_events=5, **UNLIMITED)
    ann, bo = stage.seated("Ann Bo")
    for number in range(10):
        bo.say("say", text=f"{number}")
    stage.take_turn()
    seq = ann.seq
    back = Guest(stage)
    back.say("enter", cell=HERE, token=ann.token, resume={"room": ann.room, "seq": seq})
    stage.take_turn()
    came = back.got()
    room = only(came, "room")
    assert (room["missed"], room["seq"]) == (5, seq)
    assert of_type(came, "said")[-1]["seq"] == seq + 10
    assert [(event["seq"] - seq, event["text"]) for event in of_type(came, "said")] == [
        (6, "5"), (7, "6"), (8, "7"), (9, "8"), (10, "9")
    ]  # fmt: skip


def test_coming_back_ends_being_away_and_everybody_sees_it_once() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.ask("away")
    ann.lose()
    bo.got()
    back = ann.back()
    changed = only(bo.got(), "changed")
    assert "away" not in changed["member"]
    assert [event["seq"] for event in of_type(back.got(), "changed")] == [changed["seq"]]
    stage.check()


def test_who_comes_back_after_the_seat_was_given_up_has_the_name_and_topics_from_before() -> None:
    place = Stage(resume_grace_s=1)
    ann = place.guest()
    ann.enter(name="Ann", topics=["tea"])
    for given, name, topics in (({}, "Ann", ["tea"]), ({"name": "Bo"}, "Bo", ["tea"]), ({"topics": []}, "Bo", None)):
        ann.lose()
        place.pass_time(2)
        token, ann = ann.token, place.guest()
        ann.enter(token=token, **given)
        me = ann.members[ann.me]
        assert (me["name"], me.get("topics")) == (name, topics)


def test_name_given_on_return_is_shown_and_none_keeps_the_old_one() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    same = ann.back(name=None)
    assert only(same.got(), "entered")["you"]["name"] == "Ann"
    assert bo.got() == []
    same.lose()
    other = same.back(name="Anna")
    came = other.got()
    assert only(came, "entered")["you"]["name"] == "Anna"
    assert only(bo.got(), "changed")["member"]["name"] == "Anna"
    assert [member["name"] for member in only(came, "room")["members"] if member["id"] == ann.me] == ["Anna"]


def test_cell_given_on_return_counts_later_and_is_limited() -> None:
    stage = Stage(cells_per_h=1)
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    back = ann.back(cell=NEAR)
    came = back.got()
    assert came[0]["resumed"]
    assert came[0]["privacy"]["cell"] == NEAR
    assert came[1]["cell"] == HERE
    back.lose()
    again = back.back(cell=FAR_AWAY).got()
    assert again[0]["resumed"], "the seat is theirs; only the move is refused"
    assert again[0]["privacy"]["cell"] == NEAR
    assert of_type(bo.got(), "left") == []


def test_far_on_return_is_what_counts_from_then_on() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    [person] = stage.house.world.people.values()
    ann.lose()
    back = ann.back(far=True)
    assert person.far
    back.got()
    back.lose()
    back.back()
    assert not person.far


def test_command_of_enter_has_no_field_that_is_never_read() -> None:
    read = {"cell", "name", "topics", "visiting", "far", "token", "auth", "resume", "ref"}
    assert set(Enter.__struct_fields__) - read == {"terms", "work"}, "said in /about and asked for by no server yet"


def test_words_of_a_muted_member_stay_unseen_on_resume_though_they_have_left() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.ask("mute", who=bo.me)
    ann.lose()
    bo.say("say", text="muted words")
    bo.say("leave")
    stage.take_turn()
    came = ann.back().got()
    assert len(of_type(came, "skipped")) == 1
    assert of_type(came, "said") == []


def test_room_left_by_next_is_not_joined_again_after_the_seat_was_lost() -> None:
    stage = Stage(resume_grace_s=2)
    ann, bo = stage.seated("Ann Bo")
    left = ann.room
    ann.ask("next")
    ann.lose()
    stage.pass_time(3)
    back = Guest(stage)
    back.say("enter", cell=HERE, token=ann.token)
    stage.take_turn()
    assert only(back.got(), "room")["room"] != left
    assert bo.room == left


def test_whoever_is_away_too_long_is_sent_away_though_connected() -> None:
    stage = Stage(away_s=100)
    ann, bo = stage.seated("Ann Bo")
    ann.ask("away")
    stage.pass_time(99)
    assert ann.got("bye") == []
    stage.pass_time(2)
    assert only(ann.got(), "bye")["code"] == 4002
    assert only(bo.got("left"), "left")["why"] == "lost"


def why_of(came: list[Any]) -> tuple[bool, str]:
    """Return whether somebody who came back was resumed, and why they sit where they do."""
    return only(came, "entered")["resumed"], only(came, "room")["why_code"]


def test_who_comes_back_to_another_room_than_theirs_is_told_why_they_sit_there() -> None:
    stage = Stage(resume_grace_s=10_000, next_per_h=100, **SHORT)
    ann, bo = stage.seated("Ann Bo")
    ann.lose()
    # By the rooms' rules, which bring along whoever has no connection.
    stage.pass_time(SHORT["window_s"])
    assert why_of(ann.back().got()) == (False, "window")
    # Who knows the room, or none, hears of no move.
    bo.got()
    bo.lose()
    assert why_of(bo.back().got()) == (True, "kept")
    assert why_of(bo.back(resume=None).got()) == (False, "kept")


def test_the_rules_by_which_somebody_was_brought_are_told_apart() -> None:
    stage = Stage(**UNLIMITED, **ENDLESS)
    stage.seated("Ann Bo")
    [room] = stage.house.world.rooms.values()
    person, kept = (seat.person for seat in room.seats.values())

    def why() -> Why:
        return why_brought(person, stage.house.world.rules, now=stage.clock.now())

    assert why() == Why("same_cell")
    person.kept = frozenset([kept.id])
    assert why() == Why("together")
    person.moved_until = room.closes
    assert why() == Why("outward_here")
    person.cell = Cell(NEAR)
    assert (why().code, why().args["distance_m"] > 0) == ("outward", True)
    person.called_to = room.id
    assert why() == Why("called")
    person.parted_until = room.closes
    assert why() == Why("parted")
    room.kind = "shake"
    assert why() == Why("shake")


def test_whose_room_was_left_by_a_connection_thought_dead_is_told_what_holds_there() -> None:
    stage = Stage(**UNLIMITED)
    ann, bo = stage.seated("Ann Bo")
    former = {"room": ann.room, "seq": ann.seq}
    ann.ask("next")
    assert bo.room == former["room"]
    assert why_of(ann.back(resume=former).got()) == (False, "same_cell")
