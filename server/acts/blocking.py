"""Blocking somebody for good, seeing whom one blocks, and ending that: never too often; the other is told nothing."""

from typing import TYPE_CHECKING

from rooms import elsewhere
from server.acts.bottles import written
from server.acts.lately import met
from server.answers import Blocked, BlockRow, BlocksEvent, Unblocked
from server.codes import Refused
from server.commands import Block, Blocks, Unblock
from server.outcomes import Outcome
from server.store.rows import Bottle

if TYPE_CHECKING:
    from server.session import Session


def block(session: "Session", command: Block, now: float) -> Outcome:
    """Keep the two apart from now on; whoever asks sits elsewhere at once if the other sits here."""
    house = session.house
    if command.bottle is not None:
        # Nobody moves: else whoever sits here and threw it would be known.
        about, writer = written(session, command.bottle, now)
        via = about.bottle if isinstance(about, Bottle) else about.answer
        kept = house.blocks.add(session.identity.id, writer, "", now=now, via=via)
        if isinstance(about, Bottle):
            house.bottles.let_go_of_blocked(session.identity.id, about)
        house.remember_blocked(writer, now=now)
        return [Blocked(block=kept.block, ref=command.ref)]
    if command.who is None:
        raise Refused("bad_message", "Say who is blocked: `who` or `bottle`.")
    other, name = met(session, command.who, now)
    house = session.house
    kept = house.blocks.add(session.identity.id, other, name, now=now)
    house.keeps.part(session.identity.id, other)
    house.remember_blocked(other, now=now)
    person = house.world.people.get(other)
    changes = elsewhere.block(house.world, session.seated, person, now=now) if person is not None else []
    return [Blocked(block=kept.block, ref=command.ref), *changes]


def blocks(session: "Session", command: Blocks, now: float) -> Outcome:
    """Tell whom the person blocks."""
    rows = tuple(
        BlockRow(block=row.block, name=row.name, at=int(row.at * 1000))
        for row in session.house.blocks.of(session.identity.id)
    )
    return (BlocksEvent(blocks=rows, ref=command.ref),)


def unblock(session: "Session", command: Unblock, now: float) -> Outcome:
    """End a block; nobody moves."""
    if session.house.blocks.remove(session.identity.id, command.block) is None:
        raise Refused("no_such_block", "You hold no block of that id.")
    return (Unblocked(block=command.block, ref=command.ref),)
