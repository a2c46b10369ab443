"""Reporting somebody, a line, or a room: what was said there is frozen, sealed, for the operator alone."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from rooms.events import Said
from server.acts.bottles import file_report
from server.answers import Reported
from server.codes import Refused
from server.commands import Report
from server.outcomes import Alert, Outcome
from server.safety.evidence import Evidence, Line, Note, fitting
from server.safety.trails import KEEP_S
from server.safety.words import clean_text

if TYPE_CHECKING:
    from server.session import Session

NOTE_MAX_CHARS = 500


class _Scene(NamedTuple):
    """A room that may be reported: who was which member there, what they were called, and what was said lately."""

    room: str
    people: Mapping[str, str]
    names: Mapping[str, str]
    said: list[Said]


def report(session: "Session", command: Report, now: float) -> Outcome:
    """Freeze what was said, for the operator, and answer with a ticket. Never too often for anybody."""
    if command.bottle is None and command.who is None and command.seq is None and command.room is None:
        raise Refused("bad_message", "Say what is reported: `who`, `seq`, `bottle` or `room`.")
    note = clean_text(command.note, max_chars=NOTE_MAX_CHARS) if command.note else ""
    if command.bottle is not None:
        about = Note(session.identity.id, command.reason, note, int(now * 1000))
        ticket, is_news = file_report(session, command, about, now)
        return (Reported(ticket=ticket.ticket, ref=command.ref), *((Alert(ticket),) if is_news else ()))
    scene, who = _found(session, command, now)
    against = scene.people[who] if who is not None else ""
    if against == session.identity.id:
        raise Refused("no_such_member", "That is you.")
    frozen = Note(session.identity.id, command.reason, note, int(now * 1000), command.seq)
    reports = session.house.reports
    known = reports.known(scene.room, against, frozen)
    if known is not None:
        return (Reported(ticket=known.ticket, ref=command.ref),)
    evidence = _evidence(scene, who, frozen)
    filed = reports.file(room=scene.room, against=against, by=frozen.by, evidence=evidence, now=now)
    return (Reported(ticket=filed.ticket, ref=command.ref), Alert(filed))


def _found(session: "Session", command: Report, now: float) -> tuple[_Scene, str | None]:
    """Return the room that is meant, and which member of it. Raises Refused."""
    scenes = _scenes(session, now)
    if command.room is not None:
        scenes = (scene for scene in scenes if scene.room == command.room)
    elif command.who is None:
        # A number counts in the room one sits in, unless another is named.
        scenes = (scene for scene in scenes if scene.room == session.place()[0].id)
    for scene in scenes:
        if command.who is not None:
            if command.who in scene.people:
                return scene, command.who
        elif command.seq is not None:
            return scene, _speaker(scene, command.seq)
        else:
            return scene, None
    if command.who is not None:
        raise Refused("no_such_member", "Nobody of that id sat with you lately.")
    raise Refused("wrong_room", "You did not sit in that room lately.")


def _scenes(session: "Session", now: float) -> Iterator[_Scene]:
    """Yield the rooms somebody sits in or left lately, the newest first."""
    house = session.house
    grace_s = house.settings.report_grace_s
    session.identity.sat_in(session.place()[0].id, now)
    left_at: float | None = None
    for room_id, since in reversed(session.identity.rooms):
        if left_at is None or now - left_at <= grace_s:
            room = house.world.rooms.get(room_id)
            ended = house.trails.ended(room_id, now=now) if room is None else None
            if room is not None:
                people = {id: seat.person.id for id, seat in room.seats.items()} | room.gone
                names = {id: seat.member.name for id, seat in room.seats.items()}
                yield _Scene(room_id, people, names, house.trails.live(room_id).since((now - KEEP_S) * 1000))
            elif ended is not None:
                yield _Scene(room_id, ended.people, ended.names, list(ended.said))
        left_at = since


def _speaker(scene: _Scene, seq: int) -> str:
    """Return who said what has that number. Raises Refused."""
    for event in scene.said:
        if event.seq == seq:
            return event.from_
    raise Refused("no_such_member", "Nobody said anything under that number lately.")


def _evidence(scene: _Scene, who: str | None, note: Note) -> Evidence:
    lines = [Line(event.seq, event.from_, event.name, event.text, event.at) for event in scene.said]
    kept, left_out = fitting(lines)
    called = [line.name for line in lines if line.from_ == who]
    name = scene.names.get(who, called[-1] if called else "") if who is not None else ""
    return Evidence(name, dict(scene.people), kept, (note,), left_out)
