"""The sentences the screen says: distances, times, refusals, endings.

Pure: values in, English out. Never knows widgets. Everything a server sends is cleaned in safe.py before it is shown.
"""

from typing import Any

from client_demo.terminal import safe
from client_demo.wire import Closed, Held, Refused

PEOPLE = {
    "0": "Nobody sits elsewhere in your region.",
    "1-9": "A few people sit elsewhere in your region.",
    "10-99": "Dozens of people sit elsewhere in your region.",
    "100+": "More than a hundred sit elsewhere in your region.",
}

# What a person can do about a refusal; the server's own sentence is shown where there is nothing to add.
ADVICE = {
    "bad_cell": "That is no cell. Cells are geohashes of 4 or more characters, like dr5ru.",
    "too_precise": "That cell is finer than this server wants to know. Leave off its last characters.",
    "wrong_room": "You no longer sit in that room.",
    "seat_gone": "Your seat was given up; what was on its way may have been heard.",
    "too_fast": "You cannot have travelled that fast. Once a day it may be, if you come in with --visiting.",
    "no_such_member": "They are no longer here.",
    "no_such_block": "That block is over already.",
    "not_yours": "Only who keeps each other can give contacts: /keep NAME, both of you.",
    "unavailable": "This server cannot do that.",
    "bad_auth": "This server does not believe the JWT.",
    "auth_needed": "This server takes only people whom its application vouches for: give their JWT with --auth FILE.",
    "work_needed": "This server is very crowded, and asks for more work than it may.",
}

# Where the server's own sentence says most: which character, which of its limits. It comes behind ours.
LEADS = {"bad_name": "That name cannot be used.", "bad_text": "That text cannot be said."}

# Why something is not passed on, where a server sends no sentence of its own; one knows best whether waiting helps.
HELD = {
    "link": "It holds a link.",
    "contact": "It holds a phone number, an address or a name on another service.",
    "same_text": "This went to several rooms within an hour already.",
    "filter": "It contains something that this server does not pass on.",
}
# A bottle has no room to have gone to.
HELD_IN_BOTTLES = {"same_text": "Nearly the same words went out several times within an hour."}
IN_BOTTLES = ("throw", "answer")

# Said where a server sends no sentence of its own.
FALLBACKS = {"rate_limited": "That was too much at once."}

RESTARTS = 4000

ENDINGS = {
    4501: "This server no longer knows you.",
    4502: "This server closed because of too many errors.",
    4503: "You went on in another window; this one is over.",
    4504: "Your permission has run out.",
}

# What a vote comes to, by the command.
VOTED = {
    "eject": "You voted that {who} sit elsewhere; nobody is told. It takes most of those here, and three at least.",
    "keep": "You want to go on with {who}. If they press it too before this room ends, you both hear of it. "
    "Nobody is told until then. It ends when you leave; /unkeep takes it back.",
    "contact": "Your line is for {who}, who gets it once you have been given theirs.",
    "extend": "Your vote for more time is cast. It takes most of those here.",
}


def voted(about: object, who: str) -> str:
    """Return what a vote about somebody comes to."""
    return VOTED.get(str(about), "Your vote is cast; nobody is told.").format(who=who)


def leaving(*, bottles: int, keeps: int) -> str:
    """Return what ends with leaving, or nothing if nothing does."""
    what = [f"your {'bottle' if bottles == 1 else 'bottles'}", "the answers to come"] if bottles else []
    what += ["whom you keep"] if keeps else []
    return f"If you leave, the server forgets {listed(what)}, too. Once more leaves." if what else ""


LEFT = {"left": "left", "lost": "got lost on the way", "moved": "moved on", "ejected": "had to go"}


def distance(metres: float | None) -> str:
    """Return a distance to read at a glance: "600 m", "1.4 km", "15 km"."""
    if metres is None:
        return "?"
    if metres < 1000:
        return f"{metres:.0f} m"
    kilometres = metres / 1000
    return f"{kilometres:.1f} km" if kilometres < 10 else f"{kilometres:.0f} km"


def clock(seconds: float) -> str:
    """Return a span as "23:41" or "1:02:09"; never below zero."""
    left = max(0, round(seconds))
    hours, minutes = left // 3600, left % 3600 // 60
    return f"{hours}:{minutes:02}:{left % 60:02}" if hours else f"{minutes}:{left % 60:02}"


def count(number: int, thing: str, things: str = "") -> str:
    """Return "1 message", "7 messages"."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def listed(names: list[str]) -> str:
    """Return "Bo", "Bo and Cy", "Bo, Cy and Dee"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def marks(marks: object) -> str:
    """Return what a reader is to know of something said, or nothing."""
    rooms = marks.get("rooms") if isinstance(marks, dict) else None
    return f"(sent to {rooms} rooms lately)" if isinstance(rooms, int) and rooms > 1 else ""


def held(refused: Held, command: str = "say") -> str:
    """Return why something reached nobody, and how to object."""
    own = HELD_IN_BOTTLES.get(refused.reason) if command in IN_BOTTLES else None
    why = own or safe.line(refused.message) or HELD.get(refused.reason) or "The server held it back."
    return f"{why} {safe.line(refused.object)}".strip()


def refusal(refused: Refused, command: str = "say") -> str:
    """Return why something was not done, and when it may be tried again."""
    if isinstance(refused, Held):
        return held(refused, command)
    told = f"{LEADS.get(refused.code, '')} {safe.line(refused.message)}".strip()
    # What is not to be had now is not what a server never does: there it says best why.
    passes = refused.code == "unavailable" and refused.retry_after is not None
    reason = (not passes and ADVICE.get(refused.code)) or told or FALLBACKS.get(refused.code) or refused.code
    again = f" Again in {clock(refused.retry_after)}." if refused.retry_after else ""
    return reason + again


LATER = "There is no connection now; it is done once there is one again."


def ending(closed: Closed) -> str:
    """Return why the connection is over, or broke. Of a ban the operator's own words say most."""
    return ENDINGS.get(closed.code) or safe.line(closed.reason) or f"closed with {closed.code}"


def broken(disconnected: dict[str, Any]) -> str:
    """Return why there is no connection for a while. A server that restarts has not lost anybody."""
    if disconnected["code"] == RESTARTS:
        return "The server restarts."
    return f"No connection: {safe.line(disconnected['reason']).rstrip('.')}."


def reason(failed: Exception, command: str = "say") -> str:
    """Return why what was asked for did not happen."""
    if isinstance(failed, Refused):
        return refusal(failed, command)
    return ending(failed) if isinstance(failed, Closed) else str(failed)


def untold(limits: dict[str, Any], *, is_away: bool) -> str:
    """Return what becomes of a seat where the server never answered that one left."""
    ends_s = limits.get("away_s" if is_away else "resume_grace_s")
    scale = limits.get("time_scale") or 1
    if isinstance(ends_s, int | float):
        when = f"within {ends_s / scale:.0f} s" if is_away else f"{ends_s / scale:.0f} s after it misses you"
    else:
        when = "soon"
    return f"The server could not be told that you left; your seat ends by itself {when}."
