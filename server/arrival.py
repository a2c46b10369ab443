"""How somebody comes in: a newcomer is seated, whoever comes back finds their seat and what they missed.

Pure, like the session it serves: it reads an `enter` and says who that is and what follows.
"""

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from geo import ALPHABET, Cell
from rooms.brought import why_brought
from rooms.changes import Change, Told
from rooms.errors import NameWorn
from rooms.events import Event, Joined, Numbered
from rooms.person import Person
from rooms.room import MISSED_MAX, Room, Seat
from rooms.seating import place_of
from rooms.whys import Why
from rooms.windows import REGION_LENGTH
from server.codes import Refused
from server.commands import Enter, Resume
from server.house import House
from server.origin import LOOPBACK
from server.safety.admission import check_ban, check_newcomer, check_place
from server.safety.identities import Identity
from server.safety.places import claim_cell, is_visiting
from server.safety.topics import clean_topics
from server.safety.verified import Verified
from server.safety.words import clean_name, name_worn
from server.store.store import StoreError

if TYPE_CHECKING:
    from server.session import Session


class Arrival(NamedTuple):
    """Who came, and what follows: changes of the rooms, then events for them alone.

    Attributes:
        unclaimed: why the place they named does not count, of somebody whose seat waited for them all the same.
    """

    identity: Identity
    person: Person
    resumed: bool
    changes: list[Change]
    events: list[Event]
    unclaimed: Refused | None = None


def arrive(session: "Session", command: Enter, *, now: float) -> Arrival:
    """Let somebody in. Raises Refused or BadCell, changing nothing but the work that was asked for."""
    house = session.house
    cell = parse_cell(command.cell, finest=house.settings.finest_cell)
    name, topics = clean_name(command.name), clean_topics(command.topics)
    _check_words(house, name, topics)
    identity, verified = _identify(session, command, now=now)
    is_new = command.token is None and command.auth is None
    check_ban(house, identity.id, session.origin.address, is_new=is_new, now=now)
    person = house.world.people.get(identity.id)
    visiting = bool(person.visiting if person is not None and command.visiting is None else command.visiting)
    unclaimed = None
    if person is None:
        check_place(house, cell)
        check_newcomer(house, terms=command.terms, is_new=is_new, now=now)
        claim_cell(house, identity, cell, sits=None, visiting=visiting, now=now)
    else:
        _check_resume(house, person, command.resume)
        _check_name(house, person, name if command.name is not None else person.name)
        unclaimed = _move(house, identity, person, cell, visiting=visiting, now=now)
        cell = person.next_cell if unclaimed is not None else cell
    house.identities.came(identity)
    house.ties.came(identity.id, now=now)
    if verified is not None:
        identity.vouch(verified.shown, until=now + verified.lasts_s * house.settings.time_scale)
    if is_new:
        identity.ejected_at = house.votes.spent_at(session.origin.key)
    house.know_place(session.origin, identity, cell, now=now)
    visiting = visiting or is_visiting(identity, person.cell if person is not None else None, now=now)
    shown = identity.verified(now)
    if person is not None:
        name = person.name if command.name is None else name
        changes = [*house.world.verify(person, shown), *house.world.set_visiting(person, visiting)]
        changes += _untold(person, person, command.resume)
        returned, events = _come_back(house, person, command.resume, name, far=bool(command.far), now=now)
        house.world.move(person, cell, now=now)
        resumed = _is_resumed(person, command.resume)
        return Arrival(identity, person, resumed, [*changes, *returned], events, unclaimed)
    before = identity.person
    if before is not None:
        name = before.name if command.name is None else name
        topics = before.topics if command.topics is None else topics
    far = bool(command.far)
    person = Person(identity.id, cell, name=name, topics=topics, visiting=visiting, far=far, verified=shown)
    untold = _untold(before, person, command.resume) if before is not None else []
    changes = _take_seat(session, identity, person, is_new=is_new, now=now)
    return Arrival(identity, person, False, [*untold, *changes], [])


def _take_seat(session: "Session", identity: Identity, person: Person, *, is_new: bool, now: float) -> list[Change]:
    """Have somebody sit down who sits nowhere yet."""
    house = session.house
    # A proxy on this machine may stand for everybody.
    is_anybodys = session.origin.address == LOOPBACK
    former = _room_left(session, identity, person, is_new=is_new)
    if not is_anybodys and person.verified is None:
        out = house.returns.out_of(session.origin.key, made_at=identity.first_at)
        person.avoids = (*person.avoids, *(room for room in out if room not in person.avoids))
    identity.person = person
    person.barred = house.blocks.kept_from(identity.id)
    person.shunned_by = house.blocks.shunned_by(identity.id)
    person.kept = house.keeps.both(identity.id)
    changes = house.world.enter(person, now=now, former=former)
    room, _ = place_of(person)
    if is_new and room.id == former and not is_anybodys:
        # Not chance has seated them there: else one address fills a room by leaving it, and is most of those who vote.
        person.asked_until = room.closes
    return changes


def _move(
    house: House, identity: Identity, person: Person, cell: Cell, *, visiting: bool, now: float
) -> Refused | None:
    """Claim the place of somebody whose seat waits for them. What is refused of it is returned: the seat is theirs."""
    try:
        check_place(house, cell)
        claim_cell(house, identity, cell, sits=person.cell, visiting=visiting, now=now)
    except Refused as refused:
        return refused
    except StoreError as error:
        return house.unkept(error)
    return None


def _untold(before: Person, person: Person, resume: Resume | None) -> list[Change]:
    """Return what somebody is told before their seat: that they were voted out, if they cannot have heard it.

    Whoever resumes in the room that voted has not heard it either: it went into a connection that was dead already.
    """
    ejected, before.ejected = before.ejected, None
    if ejected is None or (before.has_heard and (resume is None or resume.room != ejected.room)):
        return []
    return [Told(person, ejected)]


def _room_left(session: "Session", identity: Identity, person: Person, *, is_new: bool) -> str | None:
    """Return the room they left, as themselves or as somebody else from the same address and cell, if it lasts."""
    house, before = session.house, identity.person
    if before is None:
        return house.returns.take((session.origin.key, person.cell), house.world.rooms) if is_new else None
    person.avoids, person.moved_until, person.asked_until = before.avoids, before.moved_until, before.asked_until
    left = house.world.rooms.get(identity.rooms[-1][0]) if identity.rooms else None
    if left is None:
        return None
    if before.cell != person.cell:
        # They are elsewhere now; but it was they who wanted another room in this window.
        person.asked_until = max(person.asked_until, left.closes)
        return None
    return left.id


def _identify(session: "Session", command: Enter, *, now: float) -> tuple[Identity, Verified | None]:
    """Return who enters, and what a JWT says of them. Raises Refused.

    A JWT says more than a token: where there is one the token is not read.
    """
    house = session.house
    if command.auth is not None:
        verified = house.verify(command.auth)
        session.known(now=now)
        return house.identities.of_id(house.identity_of(verified), now=now), verified
    if command.token is not None:
        identity = house.identities.of(command.token, now=now)
        session.known(now=now)
        if house.settings.auth_required and identity.verified(now) is None:
            raise _auth_needed()
        return identity, None
    if house.settings.auth_required:
        raise _auth_needed()
    session.pay(command.work, now=now)
    return house.identities.of(None, now=now), None


def _auth_needed() -> Refused:
    return Refused("auth_needed", "This server takes only people whom its application sends, with `auth`.")


def parse_cell(text: str, *, finest: int) -> Cell:
    """Return the cell. Raises Refused or BadCell."""
    if len(text) > finest and all(char in ALPHABET for char in text.lower()):
        raise Refused("too_precise", f"Cut the cell to {finest} characters: this server wants to know no more.")
    cell = Cell.parse(text)
    if len(cell) < REGION_LENGTH:
        raise Refused("bad_cell", f"A cell has {REGION_LENGTH} to {finest} characters, this one {len(cell)}.")
    return cell


def _check_words(house: House, name: str, topics: tuple[str, ...]) -> None:
    listed = house.checks.list
    if listed.holds(name):
        raise Refused("bad_name", "This server does not pass that name on.")
    if any(map(listed.holds, topics)):
        raise Refused("bad_topic", "This server does not pass that topic on.")


def _check_resume(house: House, person: Person, resume: Resume | None) -> None:
    room, _ = place_of(person)
    if resume is not None and resume.room == room.id and resume.seq > room.seq:
        if room.id in house.may_lag and resume.seq <= room.seq + MISSED_MAX:
            # They heard more than the log has. No number is to stand for two words.
            room.skip_to(resume.seq)
            return
        raise Refused("bad_message", f"`resume.seq` is {resume.seq}, but the room has come to {room.seq}.")


def _check_name(house: House, person: Person, name: str) -> None:
    if name != person.name:
        try:
            house.world.check_name(person, name)
        except NameWorn:
            raise name_worn() from None


def _is_resumed(person: Person, resume: Resume | None) -> bool:
    return resume is not None and resume.room == place_of(person)[0].id


def _come_back(
    house: House, person: Person, resume: Resume | None, name: str, *, far: bool, now: float
) -> tuple[list[Change], list[Event]]:
    """Give somebody their seat again, and what they missed if they say from where."""
    world = house.world
    room, seat = place_of(person)
    world.regain(person)
    person.far = far
    changes: list[Change] = []
    if seat.away_since is not None:
        changes += world.set_away(person, None, now=now)
    if name != person.name:
        changes += world.rename(person, name)
    events: list[Event] = []
    if resume is None:
        seated = world.snapshot(person, Why("kept"))
    elif _is_resumed(person, resume):
        missed, lost = _missed(room, seat, resume.seq)
        events += missed
        seated = world.snapshot(person, Why("kept"))
        seated = msgspec.structs.replace(seated, seq=resume.seq, missed=lost or None)
    else:
        seated = world.snapshot(person, why_brought(person, world.rules, now=now))
    waiting = world.waiting(room, now=now)
    if waiting is not None:
        events.append(waiting)
    return [*changes, seated], events


def _missed(room: Room, seat: Seat, seq: int) -> tuple[list[Numbered], int]:
    """Return the events after `seq` that this member may hear again, and how many others there were.

    Nobody hears what was said before they sat down, whatever number they name.
    """
    events, lost = room.since(seq)
    for number, event in enumerate(events, 1):
        if isinstance(event, Joined) and event.id == seat.member.id:
            return events[number:], lost + number
    return events, lost
