"""Any sequence of commands, breaks and time by a few people leaves sessions and rooms in agreement."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rooms.changes import Change, Gone, Seated
from rooms.events import Event
from server.answers import Entered, Error, RoomEvent
from server.codes import ERROR_CODES
from server.commands import (
    Auth,
    Away,
    Contact,
    Enter,
    Extend,
    Keep,
    Leave,
    Move,
    Mute,
    Next,
    Ping,
    Rename,
    Resume,
    Say,
    Unkeep,
    Unmute,
)
from server.house import House
from server.outcomes import Arrived, End, Outcome, Patience
from server.session import Session, State
from tests.bare_sessions import NOW
from tests.sessions import FAR_AWAY, HERE, NEAR, ORIGIN, UNLIMITED, make_house

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
