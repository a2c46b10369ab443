"""Commands about one's own seat: to enter, to say where one is, to sit elsewhere, to be away, to leave."""

from typing import TYPE_CHECKING

from rooms.room import NEARBY
from rooms.seating import place_of
from server.acts.bottles import answers_waiting
from server.acts.keeping import waiting_lines
from server.answers import Answered, Entered, Moved, Notice, Privacy, You
from server.arrival import arrive, parse_cell
from server.bugs import log
from server.codes import Refused
from server.commands import Away, Enter, Leave, Move, Next
from server.messages import wire_name
from server.outcomes import Arrived, End, Outcome, bye
from server.safety.admission import check_place
from server.safety.places import claim_cell
from server.store.store import StoreError

if TYPE_CHECKING:
    from server.session import Session


def enter(session: "Session", command: Enter, now: float) -> Outcome:
    """Give a newcomer a seat, or somebody known theirs again."""
    house = session.house
    arrival = arrive(session, command, now=now)
    _, seat = place_of(arrival.person)
    session.begin(arrival.identity, arrival.person, now=now)
    entered = Entered(
        you=You(seat.member.name, house.identities.token(arrival.identity, now=now), arrival.person.verified),
        server=house.info,
        limits=house.limits,
        privacy=Privacy(str(arrival.person.next_cell), round(arrival.person.next_cell.diagonal_m), house.kept),
        resumed=arrival.resumed,
        ref=command.ref,
    )
    return [
        Arrived(arrival.person),
        entered,
        *arrival.changes,
        *map(session.sight.event, arrival.events),
        *_kept_for(session, now),
        *waiting_lines(session),
        *session.lasts(now=now),
        *_unclaimed(session, command, arrival.unclaimed, now),
    ]


def _unclaimed(session: "Session", command: Enter, refused: Refused | None, now: float) -> Outcome:
    """Return how somebody is told that they have their seat again and the place they named does not count.

    It is the error of a `move`: one of an `enter` would have clients try it again.
    """
    if refused is None:
        return ()
    return session.refuse(refused, about=wire_name(Move), ref=command.ref, now=now)


def _kept_for(session: "Session", now: float) -> list[Notice | Answered]:
    """Return what came for somebody while they were not there.

    They are seated by now, and the others are to be told so, whatever the disk says: it is told another time then.
    """
    try:
        notices = session.house.store.take_notices(session.identity.id)
        return [
            *(Notice(text=one.text, level=one.level) for one in notices),
            *answers_waiting(session, now),
        ]
    except StoreError as error:
        log.error("%s", error)
        return []


def move(session: "Session", command: Move, now: float) -> Outcome:
    """Note another cell, for the next window or `next`."""
    cell = parse_cell(command.cell, finest=session.house.settings.finest_cell)
    check_place(session.house, cell)
    seated = session.seated
    claim_cell(session.house, session.identity, cell, sits=seated.cell, visiting=seated.visiting, now=now)
    session.house.know_place(session.origin, session.identity, cell, now=now)
    counts_from = session.house.world.move(seated, cell, now=now)
    return (Moved(cell=str(cell), counts_from=int(counts_from * 1000), ref=command.ref),)


def next_(session: "Session", command: Next, now: float) -> Outcome:
    """Seat the person elsewhere at once; the way back from a room they shook for is always open."""
    if session.place()[0].kind == NEARBY:
        session.take(session.identity.nexts, f"At most {session.house.settings.next_per_h} other rooms an hour.", now)
    return session.house.world.next(session.seated, now=now, ref=command.ref)


def away(session: "Session", command: Away, now: float) -> Outcome:
    """Keep the seat while its person sleeps."""
    session.take(session.identity.shown, "You come and go too often.", now)
    return session.house.world.set_away(session.seated, now, now=now, ref=command.ref)


def leave(session: "Session", command: Leave, now: float) -> Outcome:
    """Forget the person."""
    # First what may fail: nobody is to be gone from the room without a word because the disk is full.
    session.house.forget(session.identity.id, now=now)
    session.house.left_seat(session.identity, session.seated)
    changes = session.house.world.leave(session.seated, now=now)
    return [*changes, End(bye(1000, ref=command.ref))]
