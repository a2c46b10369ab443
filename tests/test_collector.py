"""Nobody who comes and goes leaves a circle of objects behind, so that they need not be looked for."""

import gc
from collections.abc import Iterator

import pytest

from server.collector import THRESHOLDS, look_rarely
from tests.sessions import UNLIMITED, Stage
from tests.worlds import START, Scene, busy_evening


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    gc.enable()


def circles_of(people: int) -> int:
    """Return how many unreachable objects people leave who enter, talk, sit through two windows' ends, and go."""
    stage = Stage(window_s=60, closing_s=10, resume_grace_s=1, **UNLIMITED)
    gc.collect()
    gc.disable()
    guests = [stage.guest(["json", "msgpack"][number % 2]) for number in range(people)]
    for guest in guests:
        guest.enter()
        guest.ask("say", text="hello")
    stage.pass_time(130)
    for guest in guests[::2]:
        guest.ask("leave")
    for guest in guests[1::2]:
        guest.lose()
    stage.pass_time(5)
    assert not stage.house.world.people
    del guests, guest
    return gc.collect()


def test_more_people_leave_no_more_circles() -> None:
    circles_of(2)
    assert circles_of(60) <= circles_of(6) + 20


def test_rooms_leave_no_circles_at_all() -> None:
    busy_evening(1, people=40)
    scene = Scene()
    gc.collect()
    gc.disable()
    for person in scene.enter_many(60):
        scene.next(person)
    scene.wait_until(START + 2 * scene.rules.window_s)
    for person in list(scene.world.people.values()):
        scene.leave(person)
    scene.trace.clear()
    del person
    assert gc.collect() < 20


def test_all_objects_are_looked_at_as_good_as_never() -> None:
    look_rarely()
    assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() > 0
