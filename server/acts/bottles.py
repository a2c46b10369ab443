"""Messages in bottles: to throw one, to pick one, to answer it once or to throw it back; reporting and blocking one."""

from typing import TYPE_CHECKING

from rooms.changes import Told
from rooms.events import Nobody
from server.answers import Answered, BottleEvent, Thrown, ThrownBack
from server.codes import Refused
from server.commands import AnswerBottle, Pick, Report, Throw, ThrowBack
from server.features import BOTTLES
from server.origin import LOOPBACK
from server.outcomes import Outcome
from server.safety.admission import check_offered
from server.safety.bottles import HOLDING_REPORTS
from server.safety.checks import OF_ANSWERS, OF_BOTTLES
from server.safety.evidence import Evidence, Line, Note
from server.safety.identities import DAY_S, Identity
from server.safety.strictly import way_out_of
from server.safety.words import clean_text
from server.store.rows import Bottle, BottleAnswer
from server.store.rows import Report as ReportRow

if TYPE_CHECKING:
    from server.house import House
    from server.session import Session

BOTTLE_PLACE = "bottle "
"""What the place of a bottle's report begins with."""


def throw(session: "Session", command: Throw, now: float) -> Outcome:
    """Throw a bottle, unless its words are held. It carries nobody's name, so it leads nowhere either.

    Held words are no bottle, and take none of the day's: they count as said.
    """
    house, identity = session.house, session.identity
    check_offered(house, BOTTLES)
    text = clean_text(command.text, max_chars=house.settings.text_max_chars)
    wait_s = identity.new_for_s(now)
    if wait_s > 0:
        raise house.limited("Whoever is new here cannot throw bottles yet.", wait_s, code="too_new")
    shared = house.bottles.throws_from(session.origin) if _is_of_today(identity, now) else ()
    session.take((*identity.throws, *shared), f"At most {house.settings.throws_per_day} bottles a day.", now)
    bottle = house.bottles.new_id()
    reason = way_out_of(text) or _looked_at(session, text, f"bottle {bottle}", now)
    if reason is not None:
        session.count_as_said(now)
        return (house.checks.held(reason, ref=command.ref, reasons=OF_BOTTLES),)
    is_held = is_reported(house, identity.id)
    house.bottles.throw(identity.id, session.seated.next_cell, text, now=now, bottle=bottle, is_held=is_held)
    house.identities.keep(identity, now=now)
    return (Thrown(bottle=bottle, ref=command.ref),)


def pick(session: "Session", command: Pick, now: float) -> Outcome:
    """Take a bottle out of the water, if any may come to the person."""
    house, identity = session.house, session.identity
    check_offered(house, BOTTLES)
    message = f"At most {house.settings.picks_per_day} bottles a day are picked."
    shared = house.bottles.picks_from(session.origin) if identity.is_new(now) else ()
    session.take((*identity.picks, *shared), message, now)
    apart = house.blocks.kept_from(identity.id)
    found = house.bottles.pick(identity.id, session.seated.next_cell, apart=apart, now=now)
    house.identities.keep(identity, now=now)
    if found is None:
        return (Nobody(about="pick", ref=command.ref),)
    at = int(found.at * 1000)
    return (BottleEvent(bottle=found.bottle, text=found.text, at=at, within_m=found.within_m, ref=command.ref),)


def answer(session: "Session", command: AnswerBottle, now: float) -> Outcome:
    """Answer a bottle in hand. Whoever threw it is told now, or when they return.

    If the two are blocked from each other by now, or whoever threw it has left, it reaches nobody, and nobody can tell.
    """
    house, identity = session.house, session.identity
    check_offered(house, BOTTLES)
    # First: else whoever sends bad text asks for nothing whether the bottle is still there.
    text = clean_text(command.text, max_chars=house.settings.text_max_chars)
    row = _in_hand(session, command.bottle, now)
    session.take(identity.answers, f"At most {house.settings.answers_per_day} answers a day.", now)
    reason = _looked_at(session, text, f"answer {row.bottle}", now)
    if reason is not None:
        session.count_as_said(now)
        return (house.checks.held(reason, ref=command.ref, reasons=OF_ANSWERS),)
    done = Answered(bottle=row.bottle, ref=command.ref)
    if not row.owner or row.owner in house.blocks.kept_from(identity.id):
        house.bottles.let_go(identity.id, row)
        house.identities.keep(identity, now=now)
        return (done,)
    kept = house.bottles.answer(identity.id, row, text, now=now)
    house.identities.keep(identity, now=now)
    return (done, *told_at_once(house, kept, text, now=now))


def told_at_once(house: "House", kept: BottleAnswer, text: str, *, now: float) -> tuple[Told, ...]:
    """Return what tells whoever threw the bottle of an answer, if they are there to hear it."""
    thrower = house.world.people.get(kept.owner)
    if thrower is None or thrower.seat is None or thrower.seat.waits_until is not None:
        return ()
    house.bottles.tell(kept, now=now)
    return (Told(thrower, told(kept, text)),)


def told_from_elsewhere(house: "House", kept: BottleAnswer, *, now: float) -> tuple[Told, ...]:
    """Return the same of an answer given in another process, unless it was told there, or a block came between."""
    text = house.bottles.text_of(kept)
    if kept.is_told or kept.until <= now or text is None or kept.by in house.blocks.kept_from(kept.owner):
        return ()
    return told_at_once(house, kept, text, now=now)


def throw_back(session: "Session", command: ThrowBack, now: float) -> Outcome:
    """Let a bottle go unanswered."""
    row = _in_hand(session, command.bottle, now)
    session.house.bottles.let_go(session.identity.id, row)
    return (ThrownBack(bottle=row.bottle, ref=command.ref),)


def told(answer: BottleAnswer, text: str) -> Answered:
    """Return what whoever threw the bottle is told."""
    return Answered(bottle=answer.bottle, answer=answer.answer, text=text, at=int(answer.at * 1000))


def answers_waiting(session: "Session", now: float) -> list[Answered]:
    """Return the answers that came for somebody who enters while they were not there."""
    house, who = session.house, session.identity.id
    waiting = house.bottles.waiting_for(who, apart=house.blocks.kept_from(who), now=now)
    return [told(answer, text) for answer, text in waiting]


# What is wrong with one: acts/reporting.py and acts/blocking.py ask


def written(session: "Session", id: str, now: float) -> tuple[Bottle | BottleAnswer, str]:
    """Return a bottle or an answer that the person knows, and who wrote it. Raises Refused."""
    kept = _known(session, id, now)
    return kept, kept.by if isinstance(kept, BottleAnswer) else kept.owner


def file_report(session: "Session", command: Report, note: Note, now: float) -> tuple[ReportRow, bool]:
    """Freeze a bottle or an answer for the operator; return the ticket, and whether it says anything new.

    Raises Refused. Of somebody who has left there is nothing new to say. Once enough people who count have reported
    bottles of one person, none of theirs comes to anybody.
    """
    assert command.bottle is not None, "asked of bottles alone"
    kept = _known(session, command.bottle, now)
    house = session.house
    rows: list[Bottle | BottleAnswer]
    if isinstance(kept, Bottle):
        place, against, rows = f"{BOTTLE_PLACE}{kept.bottle}", kept.owner, [kept]
    else:
        about = house.store.bottle(kept.bottle)
        place, against, rows = f"answer {kept.answer}", kept.by, [about, kept] if about is not None else [kept]
    # Of somebody who has left: with the report there was, if any, which whoever made it knows by its ticket.
    against = against or house.reports.reported_in(place)
    known = house.reports.known(place, against, note)
    if known is not None:
        return known, False
    lines = [
        Line(seq, row.owner if isinstance(row, Bottle) else row.by, "", text, int(row.at * 1000))
        for seq, row in enumerate(rows, 1)
        if (text := house.bottles.text_of(row)) is not None
    ]
    people = {line.from_: line.from_ for line in lines}
    evidence = Evidence("", people, tuple(lines), (note,))
    counts = isinstance(kept, Bottle) and _counts(session, against, now)
    filed = house.reports.file(room=place, against=against, by=note.by, evidence=evidence, now=now, counts=counts)
    if isinstance(kept, Bottle) and kept.owner and is_reported(house, kept.owner):
        house.bottles.hold_all(kept.owner)
    return filed, bool(against)


def is_reported(house: "House", thrower: str) -> bool:
    """Tell whether so many have reported somebody's bottles that none comes to anybody until that is looked at."""
    return len(house.reports.counted_of(thrower, places=BOTTLE_PLACE)) >= HOLDING_REPORTS


def _counts(session: "Session", thrower: str, now: float) -> bool:
    """Tell whether what somebody reports counts toward holding the thrower's bottles.

    Not from whoever is new, nor from a second one of an address: three identities cost nothing, and nobody is told
    whose bottles come to nobody. The operator sees each report all the same.
    """
    house, identity = session.house, session.identity
    if identity.is_new(now):
        return False
    if session.origin.address == LOOPBACK:
        return True
    counted = house.reports.counted_of(thrower, places=BOTTLE_PLACE) - {identity.id}
    others = (house.identities.known(other) for other in counted)
    return not any(other is not None and other.came_from == session.origin.key for other in others)


def _is_of_today(identity: Identity, now: float) -> bool:
    """Tell whether somebody came first within a day; nobody makes accounts of an application at will."""
    return now - identity.first_at < DAY_S and identity.verified(now) is None


def _known(session: "Session", id: str, now: float) -> Bottle | BottleAnswer:
    kept = session.house.bottles.known_to(session.identity.id, id, now=now)
    if kept is None:
        raise Refused("no_such_bottle", "You have picked no such bottle, or it has ended.")
    return kept


def _in_hand(session: "Session", id: str, now: float) -> Bottle:
    row = session.house.bottles.in_hand(session.identity.id, id, now=now)
    if row is None:
        raise Refused("no_such_bottle", "You hold no such bottle, or it has ended.")
    return row


def _looked_at(session: "Session", text: str, place: str, now: float) -> str | None:
    """Look at words as at what is said in a room, and return why they are held, if they are."""
    return session.house.checks.look(text, session.identity, session.origin, place, now=now).reason
