"""An operator at work on a stage, and what they look at."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from server.operate.admin.office import Office
from server.operate.admin.requests import NotDone, read
from tests.sessions import Guest, Stage, only

Json = dict[str, Any]


class Desk:
    """An operator at work on a stage."""

    def __init__(self, **settings: Any) -> None:
        self.stage = Stage(**settings)
        ids = iter(range(10_000))
        self.office = Office(self.stage.node, new_id=lambda: f"id{next(ids)}")

    def ask(self, act: str, *, local: bool = True, **fields: Any) -> Json:
        request = read(json.dumps({"act": act, **fields}).encode())
        told = self.office.do(request, by="socket", is_local=local)
        self.stage.take_turn()
        return told

    def refused(self, act: str, **fields: Any) -> str:
        with pytest.raises(NotDone) as caught:
            self.ask(act, **fields)
        return str(caught.value)

    def log(self) -> list[tuple[str, str]]:
        return [(entry["act"], entry["target"]) for entry in self.ask("audit")["audit"]]


def a_desk() -> Iterator[Desk]:
    """Give a fixture's desk, and check afterwards that the stage is as it should be."""
    made = Desk(contact="ops@example.org")
    yield made
    made.stage.check()


def identity(guest: Guest) -> str:
    assert guest.peer.session.person is not None
    return guest.peer.session.person.id


def report(guest: Guest, other: Guest) -> str:
    return str(only(guest.ask("report", who=other.me, reason="spam", note="n"), "reported")["ticket"])
