"""People of whom one blocks the other, for tests, and where they come from."""

from itertools import count
from typing import Any

from server.safety.blocks import Blocks
from server.store.memory import MemoryStore
from tests.sessions import HERE, Guest, Stage

DAY_S = 86_400
ELSEWHERE = "192.0.2.9"
BOS = "198.51.100.7"


def stage(**settings: Any) -> Stage:
    return Stage(next_per_h=0, cells_per_h=0, **settings)


def sit(stage: Stage, name: str, cell: str = HERE, *, address: str = ELSEWHERE, **fields: Any) -> Guest:
    guest = stage.guest(address=address)
    guest.enter(cell, name=name, **fields)
    return guest


def member(guest: Guest, name: str) -> str:
    guest.got()
    return next(id for id, other in guest.members.items() if other["name"] == name)


def held(guest: Guest) -> list[dict[str, Any]]:
    """Return the blocks that somebody is told they hold."""
    guest.got()
    rows: list[dict[str, Any]] = guest.ask("blocks")[-1]["blocks"]
    return rows


def are_together(one: Guest, other: Guest) -> bool:
    return one.room == other.room


def blocked_pair(place: Stage) -> tuple[Guest, Guest]:
    ann, bo = sit(place, "Ann"), sit(place, "Bo", address=BOS)
    ann.got()
    ann.ask("block", who=member(ann, "Bo"))
    return ann, bo


def kept_blocks(store: MemoryStore) -> Blocks:
    ids = (f"block {number}" for number in count())
    return Blocks(store, {}, lambda _: None, token_ttl_s=DAY_S, new_id=lambda: next(ids))
