"""Sessions without a connection, for tests: in each state, with a command of each kind that is right there."""

from collections.abc import Callable, Sequence
from typing import Any

from geo import Cell
from rooms.changes import Published
from rooms.events import Event, Waiting
from server.answers import Error
from server.commands import (
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
    Say,
    Shake,
    Throw,
    ThrowBack,
    Unblock,
    Unkeep,
    Unmute,
)
from server.house import House
from server.session import Session, State
from tests.jwts import shared, verifier
from tests.sessions import BEGAN, HERE, NEAR, ORIGIN, make_house

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
