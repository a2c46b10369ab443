"""Who is kept out, and what they are told: what it is, why, until when, and how to object.

Pure: reads the store. Never decides whom to ban; that is an operator's act alone.
"""

from datetime import UTC, datetime

from server.store.rows import Ban
from server.store.store import Store

_STOPS = (".", "!", "?", "…", "。", "！", "？")
"""What a sentence of the operator's may end with."""


def ban_on(store: Store, identity: str, address: str, *, is_new: bool, now: float) -> Ban | None:
    """Return the ban that keeps somebody out, or None.

    Args:
        address: as counted.
        is_new: whether the identity is being made just now. A range keeps out new ones, and others only if it says so.
    """
    ban = store.ban_of(identity, now=now)
    if ban is None:
        ban = store.ban_of_address(address, now=now)
        if ban is not None and not (is_new or ban.stops_known):
            return None
    return ban


def told(ban: Ban, *, contact: str) -> str:
    """Return what the person is told."""
    who = "your network" if ban.network else "you"
    until = f" until {_moment(ban.until)}" if ban.until is not None else ""
    newcomers = "newcomers from " if ban.network and not ban.stops_known else ""
    stop = "" if ban.reason.endswith(_STOPS) else "."
    return f"This server keeps {newcomers}{who} out{until}: {ban.reason}{stop} {_objection(contact)}"


def _objection(contact: str) -> str:
    return (
        f"To object: {contact}" if contact else "To object, ask whoever runs this server; they have named no contact."
    )


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
