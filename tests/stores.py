"""Stores for tests, and rows to put into them."""

import os
from pathlib import Path
from typing import Any

from server.store.rows import AuditEntry, Ban, Block, Bottle, BottleAnswer, Ended, Mark, Notice, Report, Standing, Tie
from server.store.sealing import Seal
from server.store.sqlite import SqliteStore

SECRET = bytes(range(32))
ANN, BO, CY = "aa" * 12, "bb" * 12, "cc" * 12


def seal(secret: bytes = SECRET) -> Seal:
    return Seal(secret, new_nonce=lambda: os.urandom(12))


def on_disk(folder: Path, secret: bytes = SECRET) -> SqliteStore:
    return SqliteStore(folder, seal(secret))


def everything_in(folder: Path) -> bytes:
    """Return the bytes of every file of a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def block(owner: str = ANN, other: str = BO, **fields: Any) -> Block:
    made: dict[str, Any] = {
        "block": f"{owner[:2]}-{other[:2]}",
        "owner": owner,
        "other": other,
        "name": "Bo",
        "at": 1.0,
        "until": 100.0,
        "via": "",
    }
    return Block(**made | fields)


def tie(owner: str = ANN, other: str = BO, **fields: Any) -> Tie:
    return Tie(**dict[str, Any](kind="keep", owner=owner, other=other, at=1.0, until=100.0) | fields)


def standing(identity: str = ANN, **fields: Any) -> Standing:
    return Standing(**dict[str, Any](identity=identity, first_at=1.0, seated_s=2.5, until=100.0) | fields)


def ended(identity: str = ANN, *, at: float | None = None, until: float = 100.0) -> Ended:
    return Ended(identity=identity, at=at, until=until)


def mark(place: str = "p1", identity: str = ANN, **fields: Any) -> Mark:
    return Mark(**dict[str, Any](place=place, identity=identity, at=1.0, until=100.0) | fields)


def ban(id: str = "ban1", **fields: Any) -> Ban:
    return Ban(**dict[str, Any](ban=id, reason="advertising", at=1.0, until=100.0) | fields)


def report(ticket: str = "R1", **fields: Any) -> Report:
    made: dict[str, Any] = {
        "ticket": ticket, "room": "room1", "against": BO, "reasons": ("spam", "scam"), "reporters": (ANN, CY),
        "times": 3, "at": 1.0, "last_at": 2.0, "until": 100.0,
    }  # fmt: skip
    return Report(**made | fields)


def bottle(id: str = "b1", **fields: Any) -> Bottle:
    made: dict[str, Any] = {
        "bottle": id, "owner": ANN, "sealed": b"\x00sealed", "at": 1.0, "until": 100.0, "picked": (BO, CY),
        "in_hand": (CY,), "is_held": False,
    }  # fmt: skip
    return Bottle(**made | fields)


def bottle_answer(id: str = "a1", **fields: Any) -> BottleAnswer:
    made: dict[str, Any] = {
        "answer": id, "bottle": "b1", "owner": ANN, "by": BO, "sealed": b"\x00sealed", "at": 1.0, "until": 100.0,
        "is_told": False,
    }  # fmt: skip
    return BottleAnswer(**made | fields)


def notice(id: str = "n1", **fields: Any) -> Notice:
    made = dict[str, Any](notice=id, identity=ANN, text="Stop advertising.", level="warning", at=1.0, until=100.0)
    return Notice(**made | fields)


def audited(act: str = "close", **fields: Any) -> AuditEntry:
    made: dict[str, Any] = {"at": 1.0, "by": "socket", "act": act, "target": "R1", "detail": "", "until": 100.0}
    return AuditEntry(**made | fields)
