"""What a stranger is sent of others: not their row, nor in which order they came elsewhere, nor that they block."""

import pytest

from tests.sessions import HERE, Guest, Stage, of_type

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


def test_who_is_alone_for_being_blocked_is_told_what_they_are_told_where_nobody_is() -> None:
    def told(act: str) -> list[dict[str, object]]:
        stage = Stage()
        blocked, other = stage.guest(), Guest(stage, address="192.0.2.7")
        blocked.enter(HERE)
        other.enter(HERE)
        blocked.got()
        other.ask(act, **({"who": blocked.me} if act == "block" else {}))
        stage.pass_time(300)
        return of_type(blocked.got(), "waiting")

    assert len(told("block")) > 10
    assert told("block") == told("leave")
