"""What a stranger is sent of others: nothing of the row they are in, nor of the order in which they came elsewhere."""

import pytest

from tests.sessions import HERE, Stage, of_type

FARTHER = "dr78"
"""Farther than newcomers are seated, within what those who asked for `far` are."""


@pytest.mark.parametrize("cell", ["dr5ru4", "dr5ru1", "dr5rgb", "dr5rvp"])
def test_how_far_the_server_looks_tells_nothing_of_where_in_the_region_others_are(cell: str) -> None:
    def told(cell: str) -> list[int]:
        stage = Stage()
        stage.guest().enter(cell)
        stranger = stage.guest()
        stranger.enter("dr5r")
        stage.pass_time(100)
        return [event["within_m"] for event in stranger.got("waiting")]

    assert len(told(cell)) > 5
    assert told(cell) == told(HERE)


def test_those_who_move_join_in_an_order_of_chance() -> None:
    firsts = set()
    for seed in range(12):
        stage = Stage(seed=seed)
        for name in ("Ann", "Bo"):
            stage.guest().enter(FARTHER, name=name, far=True)
        [there, *_] = guests = [stage.guest() for _ in range(3)]
        for guest in guests:
            guest.enter(HERE, far=True)
        there.got()
        stage.pass_time(600)
        joined = [event["member"]["name"] for event in of_type(there.got(), "joined")]
        assert sorted(joined) == ["Ann", "Bo"]
        firsts.add(joined[0])
    assert firsts == {"Ann", "Bo"}
