"""Voting, in secret, that somebody sit elsewhere."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from rooms import elsewhere
from rooms.changes import Change
from rooms.circles import reached
from rooms.room import Room, Seat
from server.answers import Voted
from server.commands import Eject
from server.outcomes import Outcome
from server.safety.votes import WALK_OUT, Elector, Verdict, verdict

if TYPE_CHECKING:
    from server.house import House
    from server.session import Session


def eject(session: "Session", command: Eject, now: float) -> Outcome:
    """Count a vote, and do what the votes come to."""
    room, seat = session.place()
    about = session.other(command.who)
    house = session.house
    wait_s = house.settings.eject_present_s - session.identity.present_s(room.id, now)
    if wait_s > 0:
        raise house.limited("Whoever votes has to know the room: it is too soon.", wait_s, code="too_new")
    voters = house.votes.cast(room.id, seat.person.id, about.person.id)
    return [Voted(about="eject", ref=command.ref), *_carried_out(house, room, about, voters, now=now)]


def _carried_out(house: "House", room: Room, about: Seat, voters: Collection[str], *, now: float) -> list[Change]:
    echoes = _echoes(house, room, about, voters)
    others = [
        _elector(house, room, seat, now=now)
        for seat in room.seats.values()
        if seat is not about and seat.person.id not in echoes
    ]
    comes_to = verdict(others, voters)
    if comes_to is Verdict.EJECTED:
        for voter in voters:
            identity = house.identities.online(voter)
            if identity is not None:
                identity.ejected_at = now
                house.votes.spend(identity.came_from, now=now)
        house.votes.settle(room.id, about.person.id)
        ejected = house.identities.online(about.person.id)
        if ejected is not None:
            house.returns.voted_out(ejected.came_from, room.id, now=now)
        return elsewhere.eject(house.world, about.person, now=now)
    if comes_to is Verdict.WALK_OUT:
        here = {seat.person.id: seat.person for seat in room.seats.values()}
        present = {elector.id for elector in others if elector.present}
        people = [here[voter] for voter in voters if voter in present][-WALK_OUT:]
        house.votes.settle(room.id, about.person.id)
        return elsewhere.walk_out(house.world, people, about.person, now=now)
    return []


def _echoes(house: "House", room: Room, about: Seat, voters: Collection[str]) -> set[str]:
    """Return who is no elector, since another is for them: people who keep each other sit together wherever they go.

    So four of them, who would be a majority in many a room, are one. Whoever of them votes first stands for all.
    Through the one they vote about nobody is linked: else whom three keep could not be voted out.
    """
    others = [seat.person for seat in room.seats.values() if seat is not about]
    links = {person.id: house.keeps.together(room.id, person) - {about.person.id} for person in others}
    echoes: set[str] = set()
    for id in (*(voter for voter in voters if voter in links), *links):
        if id not in echoes:
            echoes |= reached(id, links) - {id}
    return echoes


def _elector(house: "House", room: Room, seat: Seat, *, now: float) -> Elector:
    identity = house.identities.online(seat.person.id)
    present_s = identity.present_s(room.id, now) if identity is not None else 0.0
    # As they were when they sat down: who tries rooms with new identities would else be known by the time they vote.
    is_new = identity is None or identity.is_new(now - present_s)
    had_ejected = identity is not None and now < identity.ejected_at + house.settings.eject_every_s
    return Elector(
        seat.person.id,
        present=seat.away_since is None and present_s >= house.settings.eject_present_s,
        is_new=is_new,
        has_spoken=is_new and any(event.from_ == seat.member.id for event in house.trails.live(room.id).said),
        is_free=seat.person.asked_until <= now and not had_ejected,
    )
