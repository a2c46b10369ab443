"""A session as a state machine: every command in every state, what each answers, and the end."""

import pytest

from rooms.changes import LooksAgain, Seated
from rooms.events import Member, Said
from server.acts import HANDLERS
from server.answers import Entered, Error, Moved, Muted, Pong, Unmuted
from server.commands import (
    COMMANDS,
    AnswerBottle,
    Auth,
    Away,
    Command,
    Contact,
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
    Say,
    Shake,
    Throw,
    ThrowBack,
    Unkeep,
    Unmute,
)
from server.messages import wire_name
from server.outcomes import Arrived, End, bye
from server.session import TRANSITIONS, Session, State
from tests.bare_sessions import NOW, RIGHT, beside, error, in_state, kinds, member_id, published, seated, vouched_house
from tests.sessions import HERE, NEAR, ORIGIN, make_house


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
