"""Reporting somebody, a line, or a room: what was said there is frozen, sealed, for the operator alone."""

from typing import TYPE_CHECKING

from server.acts.bottles import file_report
from server.acts.lately import scenes_of
from server.answers import Reported
from server.codes import Refused
from server.commands import Report
from server.outcomes import Alert, Outcome
from server.safety.evidence import Evidence, Line, Note, fitting, who_matter
from server.safety.trails import Scene
from server.safety.words import clean_text

if TYPE_CHECKING:
    from server.session import Session

NOTE_MAX_CHARS = 500


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


def _found(session: "Session", command: Report, now: float) -> tuple[Scene, str | None]:
    """Return the room that is meant, and which member of it. Raises Refused."""
    scenes = scenes_of(session, now)
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


def _speaker(scene: Scene, seq: int) -> str:
    """Return who said what has that number. Raises Refused."""
    for event in scene.said:
        if event.seq == seq:
            return event.from_
    raise Refused("no_such_member", "Nobody said anything under that number lately.")


def _evidence(scene: Scene, who: str | None, note: Note) -> Evidence:
    lines = [Line(event.seq, event.from_, event.name, event.text, event.at) for event in scene.said]
    kept, left_out = fitting(lines)
    called = [line.name for line in lines if line.from_ == who]
    name = scene.names.get(who, called[-1] if called else "") if who is not None else ""
    people = who_matter(scene.people, kept, {*scene.names, who or ""})
    return Evidence(name, people, kept, (note,), left_out)
