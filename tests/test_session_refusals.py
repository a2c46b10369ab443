"""Every way to be refused by a session, and how many errors end it."""

from typing import Any

import pytest

from server.codes import ERROR_CODES, Refused
from server.commands import (
    AnyCommand,
    Contact,
    Enter,
    Move,
    Mute,
    Ping,
    Rename,
    Report,
    Say,
    Unblock,
    Unmute,
)
from server.messages import wire_name
from server.outcomes import End, Patience, bye
from server.session import Session, State
from tests.bare_sessions import NOW, error, in_state, kinds, member_id, seated
from tests.sessions import FAR_AWAY, HERE, ORIGIN, make_house

REFUSING: dict[str, dict[str, Any]] = {"outside": {"area": "u33"}, "terms_needed": {"terms_version": "2"}}
"""Settings without which nobody is refused so."""
NEW_REFUSALS: dict[str, AnyCommand] = {
    "not_entered": Ping(ref="r"),
    "bad_cell": Enter(cell="\"'; drop", ref="r"),
    "too_precise": Enter(cell="dr5ru6j", ref="r"),
    "bad_name": Enter(cell=HERE, name="\u202e\u2066", ref="r"),
    "bad_topic": Enter(cell=HERE, topics=[""], ref="r"),
    "bad_token": Enter(cell=HERE, token="x", ref="r"),
    "bad_auth": Enter(cell=HERE, auth="jwt", ref="r"),
    "auth_needed": Enter(cell=HERE, ref="r"),
    "work_needed": Enter(cell=HERE, ref="r"),
    "outside": Enter(cell=HERE, ref="r"),
    "terms_needed": Enter(cell=HERE, terms="1", ref="r"),
}
SEATED_REFUSALS: dict[str, AnyCommand] = {
    "already_entered": Enter(cell=HERE, ref="r"),
    "bad_text": Say(text="", ref="r"),
    "no_such_member": Mute(who="nobody", ref="r"),
    "no_such_bottle": Report(bottle="b", reason="spam", ref="r"),
    "no_such_block": Unblock(block="b", ref="r"),
    "not_yours": Contact(who="", text="bo@example.org", ref="r"),
    "wrong_room": Say(text="hi", room="elsewhere", ref="r"),
    "rate_limited": Say(text="hi", ref="r"),
    "too_fast": Move(cell=FAR_AWAY, ref="r"),
}
BY_OTHERS = {"bad_message", "unknown_type", "unavailable", "banned", "not_now", "too_new"}
"""Refused by the codec: tests/test_codec.py; `bad_message` also for a `resume` from the future. `banned` ends the
connection: tests/test_admission.py; `not_now` tells of a full disk: tests/test_reports.py, or of a room that has had
its time: tests/test_extending.py; `too_new` is a vote's:
tests/test_eject.py."""


def provoke(code: str) -> tuple[Session, AnyCommand]:
    """Return a session and a command that it refuses with that code."""
    house = make_house(say_burst=1, **REFUSING.get(code, {}))
    session = Session(house, ORIGIN) if code not in SEATED_REFUSALS else seated(house)
    match code:
        case "auth_needed":
            return Session(make_house(auth_required=1), ORIGIN), Enter(cell=HERE, ref="r")
        case "work_needed":
            return crowded(), Enter(cell=HERE, ref="r")
        case "wrong_room":
            return session, Say(text="hi", room="elsewhere", ref="r")
        case "too_fast":
            return session, Move(cell=FAR_AWAY, ref="r")
        case "rate_limited":
            session.receive(Say(text="hi"), now=NOW)
            return session, Say(text="hi", ref="r")
    command = (SEATED_REFUSALS | NEW_REFUSALS)[code]
    if isinstance(command, Contact):
        command = Contact(who=member_id(seated(house)), text=command.text, ref="r")
    return session, command


def crowded() -> Session:
    """Return the session of somebody at an address where others have connected."""
    sessions = [Session(make_house(connections_per_address=1), ORIGIN)] * 2
    for session in sessions:
        session.connected(now=NOW)
    return sessions[-1]


def test_every_error_code_can_be_provoked() -> None:
    assert {*NEW_REFUSALS, *SEATED_REFUSALS} | BY_OTHERS == set(ERROR_CODES)


@pytest.mark.parametrize("code", [*NEW_REFUSALS, *SEATED_REFUSALS])
def test_refusal_is_one_error_that_changes_nothing(code: str) -> None:
    session, command = provoke(code)
    state, person = session.state, session.person
    room = person.room if person else None
    before = (room.seq, dict(room.seats)) if room else None
    refused = error([what for what in session.receive(command, now=NOW) if not isinstance(what, Patience)])
    assert (refused.code, refused.about, refused.ref) == (code, wire_name(type(command)), "r")
    assert refused.message
    assert (refused.retry_after is not None) == (code in ("rate_limited", "too_fast"))
    # Of a place outside nothing changes with time; of an hour outside it does: tests/test_admission.py.
    assert ERROR_CODES[code].may_retry == (code in ("rate_limited", "too_fast", "outside", "too_new"))
    assert (session.state, session.person) == (state, person)
    assert (room.seq, dict(room.seats)) == before if room else not session.house.world.people


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Say(text=" \n"), "bad_text"),
        (Say(text="x" * 1001), "bad_text"),
        (Say(text="é" * 1001), "bad_text"),
        (Move(cell="\"'; drop"), "bad_cell"),
        (Move(cell="40.75"), "bad_cell"),
        (Move(cell="40.7500,-73.9900"), "bad_cell"),
        (Move(cell=""), "bad_cell"),
        (Move(cell="dr5"), "bad_cell"),
        (Move(cell="dr5rua"), "bad_cell"),
        (Move(cell="dr5ruj7"), "too_precise"),
        (Move(cell="d" * 64), "too_precise"),
        (Rename(name="\u202eAnn"), "bad_name"),
        (Rename(name="x" * 33), "bad_name"),
        (Mute(who=""), "no_such_member"),
        (Unmute(who="nobody"), "no_such_member"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_bad_words_cells_and_members_are_refused_when_seated(command: AnyCommand, code: str) -> None:
    session = seated(make_house())
    assert error(session.receive(command, now=NOW)).code == code
    assert session.state is State.SEATED


def test_nobody_mutes_themself() -> None:
    session = seated(make_house())
    assert error(session.receive(Mute(who=member_id(session)), now=NOW)).code == "no_such_member"


def test_member_of_another_room_is_no_such_member() -> None:
    house = make_house()
    far, session = seated(house, FAR_AWAY), seated(house)
    assert error(session.receive(Mute(who=member_id(far)), now=NOW)).code == "no_such_member"


@pytest.mark.parametrize("state", [State.NEW, State.SEATED])
def test_more_than_errors_per_min_end_the_session(state: State) -> None:
    house = make_house(errors_per_min=3)
    session = in_state(house, state)
    for _ in range(3):
        assert kinds(session.refuse(Refused("bad_message", "x"), about=None, ref="1", now=NOW)) == ["Error"]
    last = session.refuse(Refused("bad_message", "x"), about=None, ref="1", now=NOW)
    assert kinds(last) == ["Error", "End"]
    assert last[-1] == End(bye(4502))
    assert session.state is State.ENDED
    assert session.refuse(Refused("bad_message", "x"), about=None, ref="1", now=NOW) == ()
    assert session.receive(Ping(), now=NOW) == ()


def test_errors_are_forgiven_with_time() -> None:
    session = Session(make_house(errors_per_min=2), ORIGIN)
    for number in range(100):
        outcome = session.refuse(Refused("bad_message", "x"), about=None, ref=None, now=NOW + 30 * number)
        assert kinds(outcome) == ["Error"]


def test_errors_without_a_limit_never_end_a_session() -> None:
    session = Session(make_house(errors_per_min=0), ORIGIN)
    for _ in range(1000):
        assert kinds(session.receive(Ping(), now=NOW)) == ["Error"]


def test_session_ended_by_errors_keeps_no_seat_for_ever() -> None:
    house = make_house(errors_per_min=1, resume_grace_s=5)
    session = seated(house)
    for _ in range(2):
        session.receive(Mute(who="nobody"), now=NOW)
    assert session.state is State.ENDED
    session.disconnected(now=NOW)
    assert kinds(house.world.tick(now=NOW + 5)) == ["Unseated", "Ended", "Gone"]
