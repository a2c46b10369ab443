"""Time in the world: seats wait for who is lost or away, and are given up."""

from rooms.changes import Gone
from rooms.events import Left
from rooms.seating import place_of
from tests.world_views import room_of
from tests.worlds import START, WINDOW_S, Scene


def test_lost_connection_keeps_the_seat_and_the_others_see_nothing_until_it_is_given_up() -> None:
    scene = Scene()
    ann, bo, *_ = scene.enter_many(4)
    me, room = place_of(ann)[1].member.id, room_of(ann)
    before = len(scene.listeners[bo.id].heard)
    scene.lose(ann)
    assert scene.wait(29.999) == []
    assert room_of(ann) is room
    scene.wait(0.001)
    assert scene.listeners[bo.id].heard[before:] == [Left(5, me, "lost")]
    assert scene.gone == [ann]
    scene.check()


def test_who_returns_in_time_keeps_the_seat() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(3)
    seat = place_of(ann)[1]
    scene.lose(ann)
    scene.wait(29)
    scene.world.regain(ann)
    scene.wait(600)
    assert place_of(ann)[1] is seat
    scene.check()


def test_who_is_lost_again_has_the_whole_time_again() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(3)
    for _ in range(5):
        scene.lose(ann)
        scene.wait(20)
        scene.world.regain(ann)
    scene.lose(ann)
    scene.wait(29.9)
    assert ann.seat is not None
    scene.wait(0.1)
    assert ann.seat is None


def test_who_said_away_keeps_the_seat_a_quarter_of_an_hour() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.wait(100)
    scene.lose(ann)
    scene.wait_until(START + 899.9)
    assert ann.seat is not None
    scene.wait(0.1)
    assert ann.seat is None
    scene.check()


def test_who_said_away_keeps_the_seat_to_the_window_s_end_at_most() -> None:
    scene = Scene(now=START + 1200)
    ann, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.lose(ann)
    scene.wait_until(START + WINDOW_S - 0.001)
    assert ann.seat is not None
    changes = scene.wait(0.001)
    assert [change.person for change in changes if isinstance(change, Gone)] == [ann]
    scene.check()


def test_seat_of_whoever_is_away_too_long_is_given_up_with_a_connection_or_without() -> None:
    scene = Scene()
    ann, bo, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.wait(880)
    scene.lose(ann)
    scene.away(bo)
    scene.wait(29.9)
    assert ann.seat is not None
    scene.wait(0.1)
    assert ann.seat is None
    scene.wait(869.9)
    assert bo.seat is not None
    changes = scene.wait(0.1)
    assert [change.person for change in changes if isinstance(change, Gone)] == [bo]
    scene.check()


def test_who_comes_back_in_time_keeps_the_seat() -> None:
    scene = Scene()
    ann, *_ = scene.enter_many(4)
    scene.away(ann)
    scene.wait(899)
    scene.back(ann)
    scene.wait(10)
    assert ann.seat is not None
    scene.check()
