"""One client's end: what it is sent, in which order, what others see of it, and how it ends."""

import json
from typing import Any

import pytest

from server.messages import PROTOCOL
from tests.sessions import FAR_AWAY, HERE, NEAR, UNLIMITED, Guest, Stage, of_type, only


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events if event["type"] != "waiting"]


# Order.


def test_commands_of_one_turn_are_answered_in_their_order() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.say("say", text="a", ref="1")
    ann.say("ping", ref="2")
    ann.say("say", text="", ref="3")
    ann.say("rename", name="Anna", ref="4")
    ann.say("move", cell=NEAR, ref="5")
    ann.say("mute", who=bo.me, ref="6")
    ann.say("say", text="b", ref="7")
    ann.say("say", text="a", ref="1")
    ann.say("next", ref="8")
    ann.say("leave", ref="9")
    stage.take_turn()
    came = ann.got()
    assert [event["ref"] for event in came if "ref" in event] == ["1", "2", "3", "4", "5", "6", "7", "1", "8", "9"]
    assert types(came) == [
        "said", "pong", "error", "changed", "moved", "muted", "said", "said", "room", "bye",
    ]  # fmt: skip
    assert types(bo.got()) == ["said", "changed", "said", "left"]


def test_coming_back_is_seen_before_the_answer_to_what_ended_being_away() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.ask("away")
    assert types(ann.ask("ping")) == ["changed", "pong"]
    assert ["away" in event["member"] for event in bo.got("changed")] == [True, False]


def test_same_ref_again_within_the_turn_comes_after_what_was_said_first() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    for text, ref in (("a", "1"), ("b", "2"), ("b", "2"), ("a", "1")):
        ann.say("say", text=text, ref=ref)
    stage.take_turn()
    assert [event["seq"] for event in ann.got("said")] == [3, 4, 4, 3]
    assert [event["seq"] for event in bo.got("said")] == [3, 4]


def test_newcomer_is_told_of_themself_before_anything_else_of_the_room() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    cy = stage.guest("msgpack")
    ann.say("say", text="before")
    cy.say("enter", cell=HERE, name="Cy", ref="1")
    ann.say("say", text="after")
    stage.take_turn()
    came = cy.got("entered", "room", "said")
    assert [event["type"] for event in came] == ["entered", "room", "said"]
    assert came[0]["ref"] == "1"
    assert came[2]["text"] == "after"
    assert types(bo.got()) == ["said", "joined", "said"]


def test_a_turn_is_one_write_for_those_who_only_listen() -> None:
    stage = Stage(**UNLIMITED)
    ann, bo, cy, dee = stage.seated("Ann Bo Cy Dee")
    before = {guest: len(guest.connection.writes) for guest in (ann, bo, cy, dee)}
    for number in range(10):
        ann.say("say", text=f"a{number}")
        bo.say("say", text=f"b{number}")
    stage.take_turn()
    assert [len(guest.connection.writes) - before[guest] for guest in before] == [1, 1, 1, 1]
    assert ann.connection.writes[-1] is cy.connection.writes[-1]
    assert bo.connection.writes[-1] is dee.connection.writes[-1]


# Bad input.


@pytest.mark.parametrize("seated", [False, True], ids=["new", "seated"])
@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b"5", b'{"type":"\xff"}', b"[" * 9000, b'{"type":"dance"}', b'{"type":"report","who":"x"}',
        b'{"type":"say","text":5}', b'{"type":"say","text":"a","colour":1}', b'{"type":"ping","ref":5}',
    ],
)  # fmt: skip
def test_bytes_that_are_no_command_are_one_error_and_nobody_else_notices(
    payload: bytes, seated: bool, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    guest = ann if seated else stage.guest()
    guest.send(payload)
    stage.take_turn()
    [error] = guest.got()
    assert error["code"] in ("bad_message", "unknown_type")
    assert bo.got() == []
    assert guest.connection.is_open
    guest.ask("ping") if seated else guest.enter()
    stage.check()
    assert not caplog.records


@pytest.mark.parametrize("wire", ["json", "msgpack"])
@pytest.mark.parametrize("seated", [False, True], ids=["new", "seated"])
def test_wrong_frame_type_closes_with_1003_after_a_bye(wire: str, seated: bool) -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    guest = stage.guest(wire)
    if seated:
        guest.enter()
        ann.got()
    guest.send(json.dumps({"type": "ping"}).encode(), binary=wire == "json")
    guest.say("ping")
    stage.take_turn()
    [bye] = guest.got()
    assert (bye["type"], bye["code"], bye["reconnect_in"]) == ("bye", 1003, None)
    assert guest.connection.close_code == 1003
    assert ann.got() == []
    stage.check()
    if seated:
        assert guest.back().got()[0]["resumed"]


def test_only_who_has_entered_is_spared_the_deadline_for_entering() -> None:
    stage = Stage()
    guest = stage.guest()
    guest.ask("enter", cell="x")
    guest.ask("ping")
    assert not guest.connection.has_entered
    guest.enter()
    assert guest.connection.has_entered


def test_client_without_a_subprotocol_speaks_json() -> None:
    guest = Guest(Stage(), subprotocol="")
    assert guest.enter()[0]["server"]["protocol"] == PROTOCOL


# The end.


def test_leave_forgets_at_once_and_bye_is_the_last_message() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    bo.say("say", text="last words")
    ann.say("leave", ref="1")
    bo.say("say", text="unheard")
    stage.take_turn()
    came = ann.got()
    assert types(came) == ["said", "bye"]
    bye = {key: came[-1][key] for key in ("code", "why_code", "reconnect_in", "ref")}
    assert bye == {"code": 1000, "why_code": "left", "reconnect_in": None, "ref": "1"}
    assert ann.connection.close_code == 1000
    assert [event["why"] for event in bo.got("left")] == ["left"]
    assert only(ann.back().got(), "error")["code"] == "bad_token"
    stage.check()


def test_too_many_errors_close_with_4502_and_the_seat_is_given_up_in_time() -> None:
    stage = Stage(errors_per_min=3, resume_grace_s=5)
    ann, bo = stage.seated("Ann Bo")
    for _ in range(6):
        ann.say("mute", who="nobody")
    stage.take_turn()
    came = ann.got()
    assert types(came) == ["error"] * 4 + ["bye"]
    assert (came[-1]["code"], came[-1]["reconnect_in"]) == (4502, None)
    assert ann.connection.close_code == 4502
    stage.check()
    stage.pass_time(4.9)
    assert bo.got("left") == []
    stage.pass_time(0.1)
    assert [event["why"] for event in bo.got("left")] == ["lost"]


def test_second_connection_with_a_token_ends_the_first_and_the_others_see_nothing() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    bo.say("say", text="in this turn")
    seq = ann.seq
    second = ann.back(wire="msgpack")
    bo.say("say", text="after")
    stage.take_turn()
    first = ann.got()
    assert types(first) == ["said", "bye"]
    assert (first[-1]["code"], first[-1]["why_code"], first[-1]["reconnect_in"]) == (4503, "replaced", None)
    assert ann.connection.close_code == 4503
    assert [event["seq"] for event in second.got("room", "said")] == [seq, seq + 1, seq + 2]
    assert types(bo.got()) == ["said", "said"]
    stage.check()
    stage.pass_time(100)
    assert bo.got("left") == []
    assert of_type(second.ask("ping"), "pong")


def test_connection_lost_in_the_turn_in_which_the_second_comes_changes_nothing() -> None:
    stage = Stage(resume_grace_s=5)
    ann, bo = stage.seated("Ann Bo")
    ann.connection.lose()
    second = ann.back()
    stage.take_turn()
    assert second.got()[0]["resumed"]
    stage.check()
    stage.pass_time(60)
    assert bo.got("left") == []


def test_third_connection_replaces_the_second() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    clients = [ann]
    for _ in range(5):
        clients.append(clients[-1].back())
        clients[-1].got()
    stage.take_turn()
    assert [client.connection.close_code for client in clients] == [4503] * 5 + [None]
    stage.check()


@pytest.mark.parametrize("code", [1001, 1011, 4001, 4002])
def test_connection_that_ends_for_its_own_reasons_says_goodbye_once(code: int) -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    # What a connection does that closes a slow reader: it asks for a last word, which is written to it again.
    ann.connection.is_paused = True
    ann.connection.check_unsent = lambda: ann.peer.ending(4001, "slow")  # type: ignore[method-assign]
    ann.peer.ending(code, "reason")
    ann.connection.close(code)
    stage.take_turn()
    [bye] = ann.got()
    assert (bye["type"], bye["code"], bye["reconnect_in"]) == ("bye", code, 1.0)


@pytest.mark.parametrize("command", ["leave", "dance"])
def test_slow_reader_whose_session_ends_is_told_so_once(command: str) -> None:
    stage = Stage(errors_per_min=1)
    [ann] = stage.seated("Ann")
    ann.say("dance")
    ann.connection.is_paused = True
    written = len(ann.connection.writes)
    ann.say(command)
    assert ann.connection.checked == (command == "dance")  # after the error, never after the bye
    stage.take_turn()
    assert b"bye" in ann.connection.writes[-1]
    assert len(ann.connection.writes) - written == (2 if command == "dance" else 1)
    ann.got()


def test_answers_to_a_slow_reader_are_counted_as_unsent() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    ann.connection.is_paused = True
    ann.ask("ping")
    assert ann.connection.checked == 1


# Muting.


def test_muted_words_are_skipped_and_nobody_is_told() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    assert ann.ask("mute", who=bo.me, ref="1") == [{"type": "muted", "who": bo.me, "ref": "1"}]
    bo.ask("say", text="noise")
    cy.ask("say", text="music")
    assert [(event["type"], event["seq"]) for event in ann.got()] == [("skipped", 4), ("said", 5)]
    bo.got()
    assert list(bo.heard.values()) == list(cy.heard.values()) == ["noise", "music"]
    assert ann.ask("unmute", who=bo.me, ref="2") == [{"type": "unmuted", "who": bo.me, "ref": "2"}]
    bo.ask("say", text="music too")
    assert [event["text"] for event in ann.got()] == ["music too"]


def test_mute_counts_from_its_place_among_the_events_of_a_turn() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    bo.say("say", text="before")
    ann.say("mute", who=bo.me)
    bo.say("say", text="muted")
    ann.say("unmute", who=bo.me)
    bo.say("say", text="after")
    stage.take_turn()
    came = ann.got()
    assert types(came) == ["said", "muted", "skipped", "unmuted", "said"]


def test_mute_lasts_in_later_rooms_and_is_marked_in_members_joined_and_changed() -> None:
    stage = Stage(**UNLIMITED)
    ann, bo = stage.seated("Ann Bo")
    ann.ask("mute", who=bo.me)
    ann.ask("next")
    for _ in range(2):  # a room left by `next` is not joined again, so both need a third one
        bo.ask("next")
        if bo.room == ann.room:
            break
        ann.ask("next")
    assert bo.room == ann.room
    ann.got()
    assert ann.members[bo.me]["muted"]
    assert "muted" not in bo.members[ann.me]
    bo.ask("rename", name="Bob")
    assert only(ann.got(), "changed")["member"] == {"id": bo.me, "name": "Bob", "muted": True}
    bo.ask("say", text="noise")
    assert types(ann.got()) == ["skipped"]
    assert types(bo.got()) == []


def test_muted_member_who_joins_is_marked_and_not_heard() -> None:
    stage = Stage(**UNLIMITED)
    ann, bo = stage.seated("Ann Bo")
    cy = stage.guest()
    cy.enter(FAR_AWAY)
    ann.ask("mute", who=bo.me)
    bo.ask("move", cell=FAR_AWAY)
    bo.ask("next")
    ann.ask("move", cell=FAR_AWAY)
    ann.ask("next")
    assert ann.room == bo.room == cy.room
    bo.ask("move", cell=HERE)
    bo.ask("next")
    dee = stage.guest()
    dee.enter(FAR_AWAY)
    old = bo.me
    ann.ask("move", cell=HERE)
    ann.ask("next")
    stage.take_turn()
    bo.got()
    assert bo.me == old
    assert ann.room == bo.room
    assert ann.members[bo.me]["muted"]


def test_joining_of_a_muted_member_is_marked() -> None:
    stage = Stage(**UNLIMITED)
    ann, bo = stage.seated("Ann Bo")
    ann.ask("mute", who=bo.me)
    ann.ask("move", cell=FAR_AWAY)
    ann.ask("next")
    bo.ask("move", cell=FAR_AWAY)
    bo.ask("next")
    joined = only(ann.got(), "joined")
    assert (joined["id"], joined["member"]["muted"]) == (bo.me, True)
    bo.ask("say", text="noise")
    assert types(ann.got()) == ["skipped"]


def test_mute_outlasts_a_resume_of_either() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    ann.ask("mute", who=bo.me)
    ann.lose()
    bo.ask("say", text="noise")
    cy.ask("say", text="music")
    ann = ann.back()
    stage.take_turn()
    came = ann.got()
    assert types(came) == ["entered", "room", "skipped", "said"]
    assert [member["id"] for member in came[1]["members"] if "muted" in member] == [bo.me]
    bo.lose()
    bo = bo.back()
    bo.ask("say", text="more noise")
    assert types(ann.got()) == ["skipped"]


def test_unmuting_one_of_two_hides_the_other_still() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    ann.ask("mute", who=bo.me)
    ann.ask("mute", who=cy.me)
    ann.ask("unmute", who=bo.me)
    bo.ask("say", text="b")
    cy.ask("say", text="c")
    assert types(ann.got()) == ["said", "skipped"]


def test_mute_ends_with_leave() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    ann.ask("mute", who=bo.me)
    ann.ask("leave")
    again = stage.guest()
    again.enter()
    assert not any("muted" in member for member in again.members.values())
    assert [room for room, audience in stage.node.fanout._audiences.items() if audience.seeing_otherwise] == []


# Both formats.


def test_json_and_msgpack_see_the_same() -> None:
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    cy = stage.guest("msgpack")
    dee = stage.guest("json")
    cy.enter(name="Cy", topics=["go"], visiting=True)
    dee.enter(name="Dée 😀")
    ann.say("say", text="naïve 漢 😀 \u202e", ref="1")
    bo.say("rename", name="Bob")
    cy.say("away")
    dee.say("leave")
    stage.take_turn()
    by_json, by_msgpack = ann.got(), bo.got()
    assert by_json == by_msgpack
    assert {"joined", "said", "changed", "left"} <= {event["type"] for event in by_json}
    assert of_type(by_json, "said")[0]["text"] == "naïve 漢 😀 \u202e"
