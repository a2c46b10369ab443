"""People who keep each other, for tests: they sit down, press, come back, and a disk is full meanwhile."""

from typing import Any

from server.store.store import StoreError
from tests.sessions import HERE, Guest, Stage

NAMES = "Ann Bo Cy"


def stage(**settings: Any) -> Stage:
    return Stage(next_per_h=0, cells_per_h=0, **settings)


def sit(place: Stage, name: str, cell: str = HERE) -> Guest:
    guest = place.guest()
    guest.enter(cell, name=name)
    return guest


def member(guest: Guest, name: str) -> str:
    guest.got()
    return next(id for id, other in guest.members.items() if other["name"] == name)


def keep_each_other(one: Guest, other: Guest) -> None:
    for guest, who in ((one, other), (other, one)):
        guest.ask("keep", who=who.me)
    for guest in (one, other):
        guest.got()


def back_again(place: Stage, guest: Guest) -> Guest:
    back = guest.back()
    place.take_turn()
    return back


def failing(*_: Any, **__: Any) -> None:
    """Stand in for a store whose disk is full."""
    raise StoreError("The disk is full.")
