"""Bottles for tests: a stage on which nobody's day is used up, and what people do there with bottles."""

from typing import Any

from tests.sessions import HERE, Guest, Json, Stage, only

WORDS = "Whoever reads this, what do you see?"
OPEN: dict[str, Any] = {
    "new_identity_s": 0, "throws_per_day": 0, "picks_per_day": 0, "answers_per_day": 0, "same_text_rooms": 0,
    "same_text_rooms_all": 0,
}  # fmt: skip


def stage(**settings: Any) -> Stage:
    return Stage(**OPEN | settings)


def sit(place: Stage, name: str, cell: str = HERE, **fields: Any) -> Guest:
    guest = place.guest()
    guest.enter(cell, name=name, **fields)
    guest.got()
    return guest


def thrown(guest: Guest, text: str = WORDS) -> str:
    bottle: str = only(guest.ask("throw", text=text), "thrown")["bottle"]
    return bottle


def answered(guest: Guest, type: str, **fields: Any) -> list[Json]:
    """Return what answers a command, without what else goes on."""
    return [event for event in guest.ask(type, ref="r", **fields) if event.get("ref") == "r"]


def picked(guest: Guest) -> Json:
    return only(guest.ask("pick"), "bottle")


def has_none(guest: Guest) -> bool:
    [answer] = answered(guest, "pick")
    return answer == {"type": "nobody", "about": "pick", "ref": "r"}


def code(events: list[Json]) -> str:
    told: str = only(events, "error")["code"]
    return told


def identity(guest: Guest) -> str:
    return guest.peer.session.seated.id
