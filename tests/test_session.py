"""A session as a state machine: every command in every state, what each answers, and every way to be refused."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.changes import Change, Ended, Gone, Published, Seated, Unseated
from rooms.events import Changed, Event, Joined, Left, Member, Said, Skipped, Waiting
from server.house import House
from server.messages import (
    COMMANDS,
    ERROR_CODES,
    AnyCommand,
    Away,
    Command,
    Enter,
    Entered,
    Error,
    Leave,
    Move,
    Moved,
    Mute,
    Muted,
    Next,
    Ping,
    Pong,
    Refused,
    Rename,
    Resume,
    RoomEvent,
    Say,
    Unmute,
    Unmuted,
    wire_name,
)
from server.session import _HANDLERS, TRANSITIONS, End, Session, State, bye
from tests.sessions import BEGAN, FAR_AWAY, HERE, NEAR, UNLIMITED, make_house

NOW = BEGAN
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
    Ping: lambda _: Ping(ref="r"),
}
"""A command of each kind that is right for somebody seated beside the member `other`."""


def seated(house: House, cell: str = HERE, **fields: Any) -> Session:
    """Return the session of somebody who has just entered."""
    session = Session(house)
    session.receive(Enter(cell=cell, **fields), now=NOW)
    assert session.state is State.SEATED
    return session


def member_id(session: Session) -> str:
    assert session.person is not None
    assert session.person.seat is not None
    return session.person.seat.member.id


def in_state(house: House, state: State) -> Session:
    session = Session(house) if state is State.NEW else seated(house)
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
    assert {command for _, command in TRANSITIONS} == set(_HANDLERS) == set(COMMANDS) == set(RIGHT)


@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
@pytest.mark.parametrize("state", State)
def test_every_command_in_every_state(state: State, command: type[Command]) -> None:
    house = make_house()
    other = seated(house)
    session = in_state(house, state)
    outcome = session.receive(RIGHT[command](member_id(other)), now=NOW)
    after = TRANSITIONS.get((state, command))
    if after is not None:
        assert session.state is after
        assert outcome
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
        (Enter, ["Entered", "Published", "Seated"]),
        (Say, ["Published"]),
        (Move, ["Moved"]),
        (Next, ["Unseated", "Published", "Published", "Seated"]),
        (Rename, ["Published"]),
        (Away, ["Published"]),
        (Leave, ["Unseated", "Published", "Gone", "End"]),
        (Mute, ["Muted"]),
        (Unmute, ["Unmuted"]),
        (Ping, ["Pong"]),
    ],
    ids=lambda value: wire_name(value) if isinstance(value, type) else "",
)
def test_outcome_of_each_command_in_its_order(command: type[Command], expected: list[str]) -> None:
    house = make_house()
    other = seated(house)
    session = Session(house) if command is Enter else seated(house)
    assert kinds(session.receive(RIGHT[command](member_id(other)), now=NOW)) == expected


@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
def test_every_answer_carries_the_ref(command: type[Command]) -> None:
    house = make_house()
    other = seated(house)
    session = Session(house) if command is Enter else seated(house)
    outcome = session.receive(RIGHT[command](member_id(other)), now=NOW)
    carriers = [*published(outcome), *outcome, *(what.bye for what in outcome if isinstance(what, End))]
    carrying = [what for what in carriers if getattr(what, "ref", None) == "r"]
    assert len(carrying) == 1


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
    assert session.receive(Mute(who=them), now=NOW) == (Muted(who=them),)
    assert session.receive(Unmute(who=them), now=NOW) == (Unmuted(who=them),)
    assert session.receive(Ping(), now=NOW + 1.5) == (Pong(now=int((NOW + 1.5) * 1000)),)
    [end] = session.receive(Leave(), now=NOW)[-1:]
    assert end == End(bye(1000))


def test_enter_is_answered_by_who_one_is_where_and_what_is_kept() -> None:
    house = make_house(server_name="Campus", terms="be kind", contact="desk", finest_cell=6)
    session = Session(house)
    outcome = session.receive(Enter(cell=HERE.upper(), name="Ann", visiting=True, topics=["go"]), now=NOW)
    entered, _, seat = outcome[:3]
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
    house = make_house(say_burst=1)
    session = Session(house) if code not in SEATED_REFUSALS else seated(house)
    match code:
        case "wrong_room":
            return session, Say(text="hi", room="elsewhere", ref="r")
        case "rate_limited":
            session.receive(Say(text="hi"), now=NOW)
            return session, Say(text="hi", ref="r")
    return session, (SEATED_REFUSALS | NEW_REFUSALS)[code]


NEW_REFUSALS: dict[str, AnyCommand] = {
    "not_entered": Ping(ref="r"),
    "bad_cell": Enter(cell="\"'; drop", ref="r"),
    "too_precise": Enter(cell="dr5ru6j", ref="r"),
    "bad_name": Enter(cell=HERE, name="\u202e\u2066", ref="r"),
    "bad_topic": Enter(cell=HERE, topics=[""], ref="r"),
    "bad_token": Enter(cell=HERE, token="x", ref="r"),
    "bad_auth": Enter(cell=HERE, auth="jwt", ref="r"),
}
SEATED_REFUSALS: dict[str, AnyCommand] = {
    "already_entered": Enter(cell=HERE, ref="r"),
    "bad_text": Say(text="", ref="r"),
    "no_such_member": Mute(who="nobody", ref="r"),
    "wrong_room": Say(text="hi", room="elsewhere", ref="r"),
    "rate_limited": Say(text="hi", ref="r"),
}
BY_OTHERS = {"bad_message", "unknown_type", "unavailable"}
"""Refused by the codec: tests/test_codec.py; `bad_message` also for a `resume` from the future."""


def test_every_error_code_can_be_provoked() -> None:
    assert {*NEW_REFUSALS, *SEATED_REFUSALS} | BY_OTHERS == set(ERROR_CODES)


@pytest.mark.parametrize("code", [*NEW_REFUSALS, *SEATED_REFUSALS])
def test_refusal_is_one_error_that_changes_nothing(code: str) -> None:
    session, command = provoke(code)
    state, person = session.state, session.person
    room = person.room if person else None
    before = (room.seq, dict(room.seats)) if room else None
    refused = error(session.receive(command, now=NOW))
    assert (refused.code, refused.about, refused.ref) == (code, wire_name(type(command)), "r")
    assert refused.message
    assert (refused.retry_after is not None) == (code == "rate_limited") == ERROR_CODES[code].may_retry
    assert (session.state, session.person) == (state, person)
    assert (room.seq, dict(room.seats)) == before if room else not session._house.world.people


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
    session = Session(make_house(errors_per_min=2))
    for number in range(100):
        outcome = session.refuse(Refused("bad_message", "x"), about=None, ref=None, now=NOW + 30 * number)
        assert kinds(outcome) == ["Error"]


def test_errors_without_a_limit_never_end_a_session() -> None:
    session = Session(make_house(errors_per_min=0))
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


# Saying.


def test_same_ref_is_not_said_twice_but_answered_again() -> None:
    session = seated(make_house())
    first = published(session.receive(Say(text="a", ref="1"), now=NOW))
    assert session.receive(Say(text="another", ref="1"), now=NOW + 1) == tuple(first)
    assert published(session.receive(Say(text="a", ref="2"), now=NOW)) != first


def test_ref_of_another_member_is_not_mine() -> None:
    house = make_house()
    one, two = seated(house), seated(house)
    one.receive(Say(text="a", ref="1"), now=NOW)
    assert kinds(two.receive(Say(text="b", ref="1"), now=NOW)) == ["Published"]


def test_same_ref_again_costs_nothing() -> None:
    session = seated(make_house(say_burst=1))
    session.receive(Say(text="a", ref="1"), now=NOW)
    for _ in range(10):
        assert kinds(session.receive(Say(text="a", ref="1"), now=NOW)) == ["Said"]


def test_ref_of_a_refused_message_may_be_used_again() -> None:
    session = seated(make_house())
    session.receive(Say(text="", ref="1"), now=NOW)
    assert kinds(session.receive(Say(text="a", ref="1"), now=NOW)) == ["Published"]


def test_room_named_must_be_ones_own() -> None:
    house = make_house(**UNLIMITED)
    session = seated(house)
    assert session.person is not None
    old = session.person.room
    assert old is not None
    assert kinds(session.receive(Say(text="a", room=old.id, ref="1"), now=NOW)) == ["Published"]
    session.receive(Next(), now=NOW)
    assert error(session.receive(Say(text="a", room=old.id, ref="1"), now=NOW)).code == "wrong_room"


def test_text_is_said_in_nfc_and_otherwise_as_it_came() -> None:
    session = seated(make_house())
    [said] = published(session.receive(Say(text=" e\u0301 \u202e\x07 "), now=NOW))
    assert isinstance(said, Said)
    assert said.text == " é \u202e\x07 "


# Rates.


def retry_after(session: Session, command: AnyCommand, now: float) -> float:
    refused = error(session.receive(command, now=now))
    assert refused.code == "rate_limited"
    assert refused.retry_after is not None
    return refused.retry_after


@pytest.mark.parametrize("scale", [1, 30, 600])
@pytest.mark.parametrize(
    ("settings", "free", "command"),
    [
        ({"say_burst": 3, "say_per_min": 0}, 3, lambda _: Say(text="a")),
        ({"say_burst": 0, "say_per_min": 4}, 4, lambda _: Say(text="a")),
        ({"next_per_h": 2}, 2, lambda _: Next()),
        ({"cells_per_h": 2}, 2, lambda number: Move(cell=[HERE, NEAR][number % 2])),
        ({"say_burst": 0, "say_per_min": 0, "room_per_min": 5}, 5, lambda _: Say(text="a")),
        ({"say_burst": 2, "say_per_min": 0}, 2, lambda number: Rename(name=f"N{number}")),
        ({"say_burst": 0, "say_per_min": 3}, 3, lambda _: Away()),
    ],
    ids="say_burst say_per_min next_per_h cells_per_h room_per_min rename away".split(),
)
def test_whoever_waits_as_long_as_told_is_let_through(
    settings: dict[str, Any], free: int, command: Callable[[int], AnyCommand], scale: int
) -> None:
    session = seated(make_house(**{"time_scale": scale, **settings}))
    for number in range(free):
        assert not any(isinstance(what, Error) for what in session.receive(command(number + 1), now=NOW))
    now = NOW
    for number in range(free, free + 4):
        real_s = retry_after(session, command(number + 1), now)
        assert 0 < retry_after(session, command(number + 1), now + (real_s - 0.002) * scale) <= 0.003
        now += real_s * scale
        assert not any(isinstance(what, Error) for what in session.receive(command(number + 1), now=now))


def test_names_and_words_are_counted_apart() -> None:
    session = seated(make_house(say_burst=1))
    for command in (Say(text="a"), Rename(name="Bo")):
        assert kinds(session.receive(command, now=NOW)) == ["Published"]
        assert error(session.receive(command, now=NOW)).code == "rate_limited"


def test_refused_name_costs_nothing() -> None:
    session = seated(make_house(say_burst=1))
    session.receive(Rename(name="\x00"), now=NOW)
    assert kinds(session.receive(Rename(name="Bo"), now=NOW)) == ["Published"]


def test_cell_named_before_costs_nothing() -> None:
    session = seated(make_house(cells_per_h=1))
    for _ in range(5):
        assert kinds(session.receive(Move(cell=HERE), now=NOW)) == ["Moved"]
    assert kinds(session.receive(Move(cell=NEAR), now=NOW)) == ["Moved"]
    assert error(session.receive(Move(cell=HERE), now=NOW)).code == "rate_limited"
    assert kinds(session.receive(Move(cell=NEAR), now=NOW)) == ["Moved"]


def test_refused_cell_costs_nothing() -> None:
    session = seated(make_house(cells_per_h=1))
    for _ in range(5):
        session.receive(Move(cell="dr5rua"), now=NOW)
    assert kinds(session.receive(Move(cell=NEAR), now=NOW)) == ["Moved"]


# Away.


@pytest.mark.parametrize("command", [Say, Move, Next, Rename, Mute, Unmute, Ping], ids=wire_name)
@pytest.mark.parametrize("is_refused", [False, True], ids=["accepted", "refused"])
def test_any_other_command_ends_being_away(command: type[Command], is_refused: bool) -> None:
    house = make_house(next_per_h=1)
    other, session = seated(house), seated(house)
    wrong: dict[type[Command], AnyCommand] = {
        Say: Say(text=""), Move: Move(cell="x"), Rename: Rename(name="\x00"), Mute: Mute(who="x"),
        Unmute: Unmute(who="x"), Next: Next(),
    }  # fmt: skip
    if is_refused:
        session.receive(Next(), now=NOW)
    session.receive(Away(), now=NOW)
    do = wrong.get(command) if is_refused else RIGHT[command](member_id(other))
    if do is None:
        return
    outcome = session.receive(do, now=NOW)
    back = published(outcome)[0]
    assert isinstance(back, Changed)
    assert (back.member.away, back.ref) == (False, None)
    assert any(isinstance(what, Error) for what in outcome) == is_refused


def test_away_is_shown_and_waits_for_company_anew() -> None:
    house = make_house()
    seated(house)
    seated(house)
    session = seated(house)
    changed, waiting = published(session.receive(Away(ref="1"), now=NOW))
    assert isinstance(changed, Changed)
    assert (changed.member.away, changed.ref) == (True, "1")
    assert isinstance(waiting, Waiting)


def test_leave_does_not_come_back_from_away_first() -> None:
    session = seated(make_house())
    session.receive(Away(), now=NOW)
    assert kinds(session.receive(Leave(), now=NOW)) == ["Unseated", "Ended", "Gone", "End"]


def test_second_enter_changes_nothing_even_when_away() -> None:
    session = seated(make_house())
    session.receive(Away(), now=NOW)
    assert error(session.receive(Enter(cell=NEAR), now=NOW)).code == "already_entered"
    assert session.person is not None
    assert session.person.seat is not None
    assert session.person.seat.member.away


# Muting: what one sees.


def test_muted_words_are_skipped_and_the_member_marked() -> None:
    house = make_house()
    other, session = seated(house, name="Ann"), seated(house)
    them = member_id(other)
    said = Said(7, them, "Ann", "a", 0)
    member = Member(them, "Ann")
    assert session.seen(said) is said
    session.receive(Mute(who=them), now=NOW)
    assert session.seen(said) == Skipped(7)
    joined, changed = Joined(1, them, member, 100), Changed(2, them, member)
    for event in (joined, changed):
        seen = session.seen(event)
        assert isinstance(seen, Joined | Changed)
        assert (seen.member.muted, seen.seq) == (True, event.seq)
    for other_event in (Said(7, "somebody", "Bo", "a", 0), Left(8, them, "left")):
        assert session.seen(other_event) is other_event
    assert not member.muted
    session.receive(Unmute(who=them), now=NOW)
    assert session.seen(said) is said
    assert session.seen(changed) is changed


def test_room_shows_who_is_muted_in_it() -> None:
    house = make_house(**UNLIMITED)
    other, session = seated(house, name="Ann"), seated(house, name="Bo")
    session.receive(Mute(who=member_id(other)), now=NOW)
    other.receive(Next(), now=NOW)
    [again] = [what for what in other.receive(Next(), now=NOW) if isinstance(what, Seated)]
    session.receive(Next(), now=NOW)
    assert session.person is not None
    seat = house.world.snapshot(session.person, again.why)
    room = session.room_event(seat, now=NOW)
    together = member_id(other) in {member.id for member in room.members}
    assert {member.name: member.muted for member in room.members} == {"Bo": False} | ({"Ann": True} if together else {})


# The end.


def test_replaced_session_gives_its_seat_to_nobody() -> None:
    house = make_house(resume_grace_s=1)
    session = seated(house)
    person = session.person
    assert person is not None
    session.replaced()
    session.disconnected(now=NOW)
    assert person.seat is not None
    assert person.seat.waits_until is None
    assert session.receive(Ping(), now=NOW) == ()


def test_connection_gone_before_enter_leaves_nothing() -> None:
    house = make_house()
    session = Session(house)
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
    st.builds(Ping),
    st.sampled_from(["gone", "return", "time"]),
)
stories = st.lists(st.tuples(st.integers(0, 3), acts), max_size=40)


@given(stories, st.sampled_from([{}, UNLIMITED, {"errors_per_min": 3, "say_burst": 1}]))
def test_any_sequence_of_commands_leaves_sessions_and_rooms_in_agreement(
    story: list[tuple[int, Any]], settings: dict[str, Any]
) -> None:
    house = make_house(**settings)
    sessions = [Session(house) for _ in range(4)]
    tokens: dict[int, str] = {}
    now = NOW
    for who, act in story:
        session = sessions[who]
        now += 0.25
        outcome: Sequence[Event | Change | End] = ()
        if act == "time":
            now += 200
            while house.world.deadline is not None and house.world.deadline <= now:
                house.world.tick(now=now)
        elif act == "gone":
            session.disconnected(now=now)
            sessions[who] = Session(house)
        elif act == "return":
            if session.state is State.NEW and who in tokens:
                outcome = session.receive(
                    Enter(cell=HERE, token=tokens[who], resume=Resume(room="id1", seq=0)), now=now
                )
        else:
            outcome = session.receive(act, now=now)
            assert all(isinstance(what, Event | Published | Seated | Unseated | Ended | Gone | End) for what in outcome)
        for what in outcome:
            if isinstance(what, Entered):
                tokens[who] = what.you.token
            if isinstance(what, Seated):
                assert isinstance(session.room_event(what, now=now), RoomEvent)
            if isinstance(what, Error):
                assert what.code in ERROR_CODES
        changes_agree(house, sessions)
