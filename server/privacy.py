"""What the server keeps of somebody, in sentences for them. docs/PRIVACY.md is made of these, and tests hold each.

Knows settings and the kinds of rows there are. Never knows anybody.
"""

from server.safety.blocks import DAY_S
from server.safety.bottles import BOTTLE_S
from server.safety.sametext import LOOK_BACK_S
from server.safety.trails import KEEP_S
from server.settings import Settings
from server.store.rows import (
    AuditEntry,
    Ban,
    Block,
    Bottle,
    BottleAnswer,
    Ended,
    Mark,
    Notice,
    Report,
    Row,
    Standing,
    Tie,
)

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def span(seconds: float) -> str:
    """Return a time in the largest unit that goes into it: "30 days", "90 minutes"."""
    for size, name in _UNITS:
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number} {name}{'s' * (number != 1)}"
    return f"{seconds:g} seconds"


def of_rooms(settings: Settings) -> tuple[str, ...]:
    """Return what is kept of somebody with a seat, in memory whatever the settings are."""
    return (
        "Your cell, never a point, while you have a seat; the last one, and the one you visit elsewhere from, in "
        "memory, until your token expires or you leave.",
        "Your address, while you are connected.",
        "What is said in a room, in memory, until the room ends or newer words take its place.",
        f"What was said in a room in the last {span(KEEP_S)}, in memory, in case it is reported, until "
        f"{span(settings.report_grace_s)} after the room.",
        "Your name and topics, what an application says of you and how often you changed rooms, in memory, until your "
        "token expires or you leave.",
        f"A mark of your address, from which nobody learns the address, in memory, until {span(DAY_S)} after you left: "
        "whoever is blocked does not come back as somebody new.",
        "Fingerprints of longer messages, without the words, with your number and the rooms they went to, and of where "
        f"junk came from, in memory, for {span(LOOK_BACK_S)}.",
        "Whom you would like to keep, in memory, until the room ends or they say so too.",
        "A contact line that you give somebody, in memory, until both of you have the other's, you let go, or "
        f"{span(settings.token_ttl_s)} have passed.",
        "Whom you met when you last shook, and where you sat before, in memory, until your token expires or you leave.",
    )


def of_rows(settings: Settings) -> dict[type[Row], str]:
    """Return what is kept in the store, by the kind of row."""
    return {
        Standing: "Since when you come here, how long you have sat, when you last visited a place out of reach and "
        "until when your bottles of a day are used up (to throw, to pick, to answer), under a random number, until "
        "your token expires or you leave.",
        Block: "Whom you block and what they were called, sealed, until "
        f"{span(settings.token_ttl_s + DAY_S)} after you last came or you leave.",
        Mark: "If somebody blocks you, a mark of the address and the region that you come from, from which nobody "
        f"learns either, until {span(DAY_S)} after you were last there.",
        Tie: "Whom you keep and whom you mute, by their numbers, until "
        f"{span(settings.token_ttl_s + DAY_S)} after you last came, or one of you leaves.",
        Ended: "That you left, under your number, until your token would have expired.",
        Report: "Reports that you make or that are made of you, with what was said in the room before, sealed, for the "
        f"operator alone, for {span(settings.report_ttl_s)} after the last.",
        Ban: "That you are banned, and why, until the ban ends; also if you leave.",
        Bottle: "Bottles you threw, with the 5-character cell they were thrown in, sealed, and the numbers of who "
        f"picked them, for {span(BOTTLE_S)}; if you leave, only those numbers stay.",
        BottleAnswer: "Answers to bottles, from you or to you, sealed, until whoever threw the bottle was told, and "
        f"{span(settings.report_grace_s)} longer, {span(settings.token_ttl_s)} at most, or until either of you leaves.",
        Notice: "What the operator has to tell you, sealed, until you come back, and "
        f"{span(settings.report_ttl_s)} at most.",
        AuditEntry: f"What operators did, with your number if it was about you, for {span(settings.audit_ttl_s)}.",
    }


def kept(settings: Settings, *, is_lasting: bool) -> tuple[str, ...]:
    """Return every sentence, for `entered.privacy.kept` and /about."""
    if settings.lasting_redis and is_lasting:
        where = (
            "What outlasts a room lies in a Redis of the operator's; what is forgotten is out of its memory within "
            "2 minutes, and out of its files when it next rewrites them."
        )
    elif is_lasting:
        where = "What outlasts a room lies on the server's disk."
    else:
        where = "All of it is in memory and ends with the server's process."
    return (*of_rooms(settings), *of_rows(settings).values(), where)
