"""A session as a state machine: every command in every state, what each answers, and every way to be refused."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import Cell
from rooms.changes import Change, Gone, LooksAgain, Published, Seated
from rooms.events import Event, Member, Said, Waiting
from server.acts import HANDLERS
from server.answers import Entered, Error, Moved, Muted, Pong, RoomEvent, Unmuted
from server.codes import ERROR_CODES, Refused
from server.commands import (
    COMMANDS,
    AnswerBottle,
    AnyCommand,
    Auth,
    Away,
    Block,
    Blocks,
    Command,
    Contact,
    Eject,
    Enter,
    Extend,
    Keep,
    Leave,
    Move,
    Mute,
    Next,
    Pick,
    Ping,
    Rename,
    Report,
    Resume,
    Say,
    Shake,
    Throw,
    ThrowBack,
    Unblock,
    Unkeep,
    Unmute,
)
from server.house import House
from server.messages import wire_name
from server.outcomes import Arrived, End, Outcome, Patience, bye
from server.session import TRANSITIONS, Session, State
from tests.jwts import shared, verifier
from tests.sessions import BEGAN, FAR_AWAY, HERE, NEAR, ORIGIN, UNLIMITED, make_house

NOW = BEGAN
JWT = shared(NOW)
RIGHT: dict[type[Command], Callable[[str], AnyCommand]] = {
    Enter: lambda _: Enter(cell=HERE, ref="r"),
    Say: lambda _: Say(text="hello", ref="r"),
    Move: lambda _: Move(cell=NEAR, ref="r"),
    Next: lambda _: Next(ref="r"),
    Rename: lambda _: Rename(name="Bo", ref="r"),
    Away: lambda _: Away(ref="r"),
    Leave: lambda _: Leave(ref="r"),
    Mute: lambda other: Mute(who=other, ref="r"),
    Unmute: lambda other: Unmute(who=other, ref="r"),
    Block: lambda other: Block(who=other, ref="r"),
    Blocks: lambda _: Blocks(ref="r"),
    Unblock: lambda _: Unblock(block="T1", ref="r"),
    Eject: lambda other: Eject(who=other, ref="r"),
    Keep: lambda other: Keep(who=other, ref="r"),
    Unkeep: lambda other: Unkeep(who=other, ref="r"),
    Contact: lambda other: Contact(who=other, text="bo@example.org", ref="r"),
    Extend: lambda _: Extend(ref="r"),
    Auth: lambda _: Auth(auth=JWT, ref="r"),
    Report: lambda other: Report(who=other, reason="spam", ref="r"),
    Shake: lambda _: Shake(ref="r"),
    Throw: lambda _: Throw(text="ahoy", ref="r"),
    Pick: lambda _: Pick(ref="r"),
    AnswerBottle: lambda _: AnswerBottle(bottle="T1", text="ahoy", ref="r"),
    ThrowBack: lambda _: ThrowBack(bottle="T1", ref="r"),
    Ping: lambda _: Ping(ref="r"),
}
"""A command of each kind that is right for somebody seated beside the member `other`."""


def seated(house: House, cell: str = HERE, **fields: Any) -> Session:
    """Return the session of somebody who has just entered."""
    session = Session(house, ORIGIN)
    session.receive(Enter(cell=cell, **fields), now=NOW)
    assert session.state is State.SEATED
    return session


def member_id(session: Session) -> str:
    assert session.person is not None
    assert session.person.seat is not None
    return session.person.seat.member.id


def vouched_house() -> House:
    """Return a house that believes `JWT`."""
    house = make_house()
    house.verifier = verifier(now=lambda: NOW)
    return house


def beside(house: House, command: type[Command]) -> Session:
    """Return the session of somebody who may send the command."""
    if command is Enter:
        return Session(house, ORIGIN)
    session = seated(house, auth=JWT) if command is Auth else seated(house)
    if command is Unblock:
        house.blocks.add(session.identity.id, "somebody", "Bo", now=NOW)
    elif command is Throw:
        session.identity.seated_s = house.settings.new_identity_s
    elif command in (AnswerBottle, ThrowBack):
        house.bottles.throw("somebody", Cell(HERE), "Who reads this?", now=NOW, bottle="T1")
        session.receive(Pick(), now=NOW)
    elif command is Eject:
        room, _ = session.place()
        session.identity.rooms = [(room.id, NOW - house.settings.eject_present_s)]
    elif command is Contact:
        room, seat = session.place()
        others = [other for other in room.seats.values() if other is not seat]
        house.ties.add("keep", [(session.identity.id, other.person.id) for other in others], now=NOW)
    return session


def in_state(house: House, state: State, command: type[Command] = Ping) -> Session:
    session = Session(house, ORIGIN) if state is State.NEW else beside(house, Ping if command is Enter else command)
    if state is State.ENDED:
        session.receive(Leave(), now=NOW)
    return session


def kinds(outcome: Sequence[object]) -> list[str]:
    """Return what kinds of things follow, in order; `waiting` is told when it changes, which is the rooms' affair."""
    told = [what for what in outcome if not (isinstance(what, Published) and isinstance(what.event, Waiting))]
    return [type(what).__name__ for what in told]


def error(outcome: Sequence[object]) -> Error:
    [refused] = outcome
    assert isinstance(refused, Error)
    return refused


def published(outcome: Sequence[object]) -> list[Event]:
    return [what.event for what in outcome if isinstance(what, Published)]


# The table.


def test_every_command_has_a_row_for_its_state_and_a_handler() -> None:
    assert {command for _, command in TRANSITIONS} == set(HANDLERS) == set(COMMANDS) == set(RIGHT)


@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
@pytest.mark.parametrize("state", State)
def test_every_command_in_every_state(state: State, command: type[Command]) -> None:
    house = vouched_house()
    other = seated(house)
    session = in_state(house, state, command)
    outcome = session.receive(RIGHT[command](member_id(other)), now=NOW)
    after = TRANSITIONS.get((state, command))
    if after is not None:
        assert session.state is after
        assert outcome or command is Shake, "which is answered when it is known who else shook: tests/test_meeting.py"
        assert not any(isinstance(what, Error) for what in outcome)
    elif state is State.ENDED:
        assert (session.state, list(outcome)) == (state, [])
    else:
        refused = error(outcome)
        assert refused.code == ("not_entered" if state is State.NEW else "already_entered")
        assert (refused.about, refused.ref, session.state) == (wire_name(command), "r", state)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Enter, ["Arrived", "Entered", "Published", "Seated"]),
        (Say, ["Published"]),
        (Move, ["Moved"]),
        (Next, ["Unseated", "Published", "Published", "Seated"]),
        (Rename, ["Published"]),
        (Away, ["Published"]),
        (Leave, ["Unseated", "Published", "Gone", "End"]),
        (Mute, ["LooksAgain", "Muted"]),
        (Unmute, ["LooksAgain", "Unmuted"]),
        (Keep, ["Voted"]),
        (Unkeep, ["LooksAgain", "Unkept"]),
        (Contact, ["Voted"]),
        (Extend, ["Voted"]),
        (Auth, ["Authenticated", "Lasts"]),
        (Shake, []),
        (Throw, ["Thrown"]),
        (Pick, ["Nobody"]),
        (AnswerBottle, ["Answered"]),
        (ThrowBack, ["ThrownBack"]),
        (Ping, ["Pong"]),
    ],
    ids=lambda value: wire_name(value) if isinstance(value, type) else "",
)
def test_outcome_of_each_command_in_its_order(command: type[Command], expected: list[str]) -> None:
    house = vouched_house()
    other = seated(house)
    session = beside(house, command)
    assert kinds(session.receive(RIGHT[command](member_id(other)), now=NOW)) == expected


@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
def test_every_answer_carries_the_ref(command: type[Command]) -> None:
    house = vouched_house()
    other = seated(house)
    session = beside(house, command)
    outcome = session.receive(RIGHT[command](member_id(other)), now=NOW)
    carriers = [*published(outcome), *outcome, *(what.bye for what in outcome if isinstance(what, End))]
    carrying = [what for what in carriers if getattr(what, "ref", None) == "r"]
    assert len(carrying) == (command is not Shake)


def test_what_the_answers_say() -> None:
    house = make_house()
    other, session = seated(house, name="Ann"), seated(house, name="Bo")
    them = member_id(other)
    room = session.person.room if session.person else None
    assert room is not None
    said = published(session.receive(Say(text="hi", ref="1"), now=NOW + 2))
    assert said == [Said(3, member_id(session), "Bo", "hi", int((NOW + 2) * 1000), "1")]
    moved = session.receive(Move(cell=NEAR.upper()), now=NOW)
    assert moved == (Moved(cell=NEAR, counts_from=int(room.closes * 1000)),)
    assert session.receive(Mute(who=them), now=NOW) == (LooksAgain(session.seated), Muted(who=them))
    assert session.receive(Unmute(who=them), now=NOW) == (LooksAgain(session.seated), Unmuted(who=them))
    assert session.receive(Ping(), now=NOW + 1.5) == (Pong(now=int((NOW + 1.5) * 1000)),)
    [end] = session.receive(Leave(), now=NOW)[-1:]
    assert end == End(bye(1000))


def test_enter_is_answered_by_who_one_is_where_and_what_is_kept() -> None:
    house = make_house(server_name="Campus", terms="be kind", contact="desk", finest_cell=6)
    session = Session(house, ORIGIN)
    outcome = session.receive(Enter(cell=HERE.upper(), name="Ann", visiting=True, topics=["go"]), now=NOW)
    arrived, entered, _, seat = outcome[:4]
    assert session.person is not None
    assert arrived == Arrived(session.person)
    assert isinstance(entered, Entered)
    assert (entered.you.name, entered.resumed, entered.ref) == ("Ann", False, None)
    assert (entered.server.name, entered.server.terms, entered.server.contact) == ("Campus", "be kind", "desk")
    assert entered.server.protocol == "1.0"
    assert entered.limits == house.limits
    assert entered.privacy.cell == HERE
    assert 1000 < entered.privacy.cell_m < 1500
    assert all(entered.privacy.kept)
    assert isinstance(seat, Seated)
    room = session.room_event(seat, now=NOW)
    assert (room.kind, room.me, room.cell, room.seq, room.missed) == ("nearby", seat.me, HERE, 1, None)
    assert room.members == (Member(seat.me, "Ann", visiting=True, topics=("go",)),)
    assert (room.opened, room.now) == (int(NOW * 1000), int(NOW * 1000))
    assert room.opened < room.closes <= room.opened + 2 * house.settings.window_s * 1000


# Refusals.


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


# Errors are counted.


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


# The end.


def test_replaced_session_gives_its_seat_to_nobody() -> None:
    house = make_house(resume_grace_s=1)
    session = seated(house)
    person = session.person
    assert person is not None
    session.unseat()
    session.disconnected(now=NOW)
    assert person.seat is not None
    assert person.seat.waits_until is None
    assert session.receive(Ping(), now=NOW) == ()


def test_time_counts_as_seated_while_there_is_a_connection() -> None:
    house = make_house(new_identity_s=100, resume_grace_s=1000)
    session = seated(house)
    identity = session.identity
    session.disconnected(now=NOW + 40)
    assert identity.is_new(NOW + 900)
    token = house.identities.token(identity, now=NOW + 900)
    again = Session(house, ORIGIN)
    again.receive(Enter(cell=HERE, token=token), now=NOW + 900)
    assert again.identity is identity
    assert identity.is_new(NOW + 959)
    assert not identity.is_new(NOW + 960)


def test_connection_gone_before_enter_leaves_nothing() -> None:
    house = make_house()
    session = Session(house, ORIGIN)
    session.disconnected(now=NOW)
    assert (session.state, house.world.people, house.world.deadline) == (State.ENDED, {}, None)


def test_bye_says_whether_to_return() -> None:
    assert [bye(code).reconnect_in is None for code in (1000, 1001, 4001, 4002, 4502, 4503)] == [
        True, False, False, False, True, True,
    ]  # fmt: skip


# Any sequence of commands.


def changes_agree(house: House, sessions: list[Session]) -> None:
    """Fail unless sessions and rooms agree about who is seated."""
    world = house.world
    seated_ids = {seat.person.id for room in world.rooms.values() for seat in room.seats.values()}
    assert seated_ids == set(world.people)
    holders = [session.person.id for session in sessions if session.state is State.SEATED and session.person]
    assert len(set(holders)) == len(holders)
    for session in sessions:
        if session.state is State.SEATED:
            assert session.person is world.people[session.person.id] if session.person else False
    waiting = {id for id, person in world.people.items() if person.seat and person.seat.waits_until is not None}
    assert set(holders) == seated_ids - waiting


texts = st.one_of(st.sampled_from(["hi", "", " ", "x" * 1001, "\u202e"]), st.text(max_size=5))
cells = st.sampled_from([HERE, NEAR, FAR_AWAY, "dr5r", "dr5ru", "dr5", "dr5ru6j", "'; drop", "40.75"])
refs = st.one_of(st.none(), st.sampled_from(["1", "2"]))
acts = st.one_of(
    st.builds(Enter, cell=cells, name=st.one_of(st.none(), texts), ref=refs, far=st.booleans()),
    st.builds(Say, text=texts, ref=refs, room=st.one_of(st.none(), st.just("id1"))),
    st.builds(Move, cell=cells),
    st.builds(Next),
    st.builds(Rename, name=texts),
    st.builds(Away),
    st.builds(Leave),
    st.builds(Mute, who=st.integers(1, 40).map("id{}".format)),
    st.builds(Unmute, who=st.integers(1, 40).map("id{}".format)),
    st.builds(Keep, who=st.integers(1, 9).map("id{}".format)),
    st.builds(Unkeep, who=st.integers(1, 9).map("id{}".format)),
    st.builds(Contact, who=st.integers(1, 9).map("id{}".format), text=texts),
    st.builds(Extend),
    st.builds(Auth, auth=texts),
    st.builds(Ping),
    st.sampled_from(["gone", "return", "time"]),
)
stories = st.lists(st.tuples(st.integers(0, 3), acts), max_size=40)


def let_time_pass(house: House, sessions: list[Session], now: float) -> None:
    """Do what is due, and unseat whose seat was given up, as the node does."""
    while house.world.deadline is not None and house.world.deadline <= now:
        given_up = [what.person for what in house.world.tick(now=now) if isinstance(what, Gone)]
        for session in sessions:
            if session.person in given_up and session.state is State.SEATED:
                session.unseat()


@given(stories, st.sampled_from([{}, UNLIMITED, {"errors_per_min": 3, "say_burst": 1}]))
def test_any_sequence_of_commands_leaves_sessions_and_rooms_in_agreement(
    story: list[tuple[int, Any]], settings: dict[str, Any]
) -> None:
    house = make_house(**settings)
    sessions = [Session(house, ORIGIN) for _ in range(4)]
    tokens: dict[int, str] = {}
    now = NOW
    for who, act in story:
        session = sessions[who]
        now += 0.25
        outcome: Outcome = ()
        if act == "time":
            now += 200
            let_time_pass(house, sessions, now)
        elif act == "gone":
            session.disconnected(now=now)
            sessions[who] = Session(house, ORIGIN)
        elif act == "return":
            if session.state is State.NEW and who in tokens:
                outcome = session.receive(
                    Enter(cell=HERE, token=tokens[who], resume=Resume(room="id1", seq=0)), now=now
                )
        else:
            outcome = session.receive(act, now=now)
            assert all(isinstance(what, Event | Change | Arrived | Patience | End) for what in outcome)
        for what in outcome:
            if isinstance(what, Entered):
                tokens[who] = what.you.token
            if isinstance(what, Seated):
                assert isinstance(session.room_event(what, now=now), RoomEvent)
            if isinstance(what, Error):
                assert what.code in ERROR_CODES
            if isinstance(what, End):
                session.disconnected(now=now)  # as the connection does within a turn
        changes_agree(house, sessions)
