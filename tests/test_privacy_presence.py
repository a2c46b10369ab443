"""P4 in its short form, beside a server that is careless with names and has to be found out."""

import time
from typing import Any

import pytest

from bench.privacy_presence import ABSENT, BLOCKING, PRESENT, VICTIM, later_us, tell_apart
from rooms.changes import Change
from rooms.person import Person
from rooms.world import World


def test_p4_nobody_elsewhere_learns_who_is_online() -> None:
    # Four standard deviations of chance in so few rounds: what shows is found, what is a tenth of that is not.
    assert tell_apart(PRESENT, ABSENT, rounds=60, crowd=40).advantage <= 0.5


def test_p4_names_that_are_worn_once_in_all_rooms_tell_who_is_online() -> None:
    assert tell_apart(PRESENT, ABSENT, rounds=30, crowd=40, careless=True).advantage > 0.8


def test_p4_nobody_elsewhere_learns_who_blocks_them() -> None:
    assert tell_apart(BLOCKING, ABSENT, rounds=60, crowd=40).advantage <= 0.5


def test_p4_a_server_that_answers_later_while_somebody_is_online_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = World.next

    def searching(world: World, person: Person, **kwargs: Any) -> list[Change]:
        if any(other.name == VICTIM and other is not person for other in world.people.values()):
            time.sleep(0.002)
        return plain(world, person, **kwargs)

    monkeypatch.setattr(World, "next", searching)
    assert later_us(PRESENT, ABSENT, rounds=10, seed=1, crowd=20) > 1000
