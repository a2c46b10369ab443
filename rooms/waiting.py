"""What those are told who wait for company, and since when they have waited.

Knows rooms and counts of people; never where anybody else is.
"""

from rooms.events import Waiting
from rooms.placement import reach_m
from rooms.room import Room
from rooms.rules import Rules
from rooms.seating import Former
from rooms.whys import Why
from rooms.windows import window_end


def told_to_wait(room: Room, *, others: int, now: float, rules: Rules, bottles: bool = False) -> Waiting:
    """Return what to tell a room in which too few keep company.

    Args:
        others: how many people of its region sit elsewhere.
        bottles: whether some lie near.
    """
    within_m = round(reach_m(room, now=now, rules=rules))
    # Whoever was given more time is seated anew at its end.
    next_at = int((room.closes if room.is_extended else window_end(room.region, now, rules.window_s)) * 1000)
    people = _bucket(others)
    args = {"company": room.company, "within_m": within_m} if room.company > 1 else {"within_m": within_m}
    told = room.told
    news = (next_at, people, bottles, args)
    if told is not None and (told.next_at, told.people, told.bottles, told.why_args) == news:
        # Nothing new: most looks end here, and to word it again took most of their time.
        return told
    why = Why("few" if room.company > 1 else "alone", args)
    return Waiting(
        within_m=within_m,
        people=people,
        bottles=bottles,
        next_at=next_at,
        why=why.sentence,
        why_code=why.code,
        why_args=args,
    )


def waited_since(group: list[Former]) -> float | None:
    """Return since when all of them have waited for company, Unix seconds, or None: how far they look goes on."""
    since = [former.waiting_since for former in group if former.waiting_since is not None]
    return max(since) if len(since) == len(group) else None


def _bucket(people: int) -> str:
    """Return how many people in words too coarse to count anybody by."""
    if people <= 0:
        return "0"
    return "1-9" if people < 10 else "10-99" if people < 100 else "100+"
