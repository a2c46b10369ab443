"""Where newcomers come fast enough to fill a room at their own node, they are seated there."""

from geo import Cell
from server.cluster.newcomers import PLACES_MAX, WITHIN_S, Newcomers
from tests.sessions import FAR_AWAY, HERE, NEAR


def test_a_place_is_dense_when_as_many_as_a_room_takes_came_just_before() -> None:
    newcomers = Newcomers(3)
    came = [newcomers.is_dense(Cell(cell), now=now) for now, cell in enumerate([HERE, NEAR, HERE, NEAR])]
    assert came == [False, False, False, True]


def test_those_of_other_places_and_of_long_ago_do_not_count() -> None:
    newcomers = Newcomers(2)
    for _ in range(2):
        newcomers.is_dense(Cell(HERE), now=0.0)
    assert not newcomers.is_dense(Cell(FAR_AWAY), now=0.0)
    assert not newcomers.is_dense(Cell(HERE), now=WITHIN_S + 0.1)
    assert newcomers.is_dense(Cell(NEAR), now=WITHIN_S)


def test_places_where_nobody_came_lately_are_forgotten_first() -> None:
    newcomers = Newcomers(1)
    alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"
    places = [a + b + c + "00" for a in alphabet for b in alphabet for c in alphabet][: PLACES_MAX + 1]
    for place in places:
        newcomers.is_dense(Cell(place), now=0.0)
    assert newcomers.is_dense(Cell(places[-1]), now=0.0)
    assert not newcomers.is_dense(Cell(places[0]), now=0.0)
