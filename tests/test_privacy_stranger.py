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


def told_of_who_went(act: str, seed: int = 1, *, offline_after_s: int | None = None) -> tuple[tuple[object, ...], ...]:
    """Return what somebody is told who sat with one other, from when that one went to after the window's end."""
    stage = Stage(seed=seed)
    alone, other = stage.guest(), Guest(stage, address="192.0.2.7")
    alone.enter(HERE)
    other.enter(HERE)
    alone.got()
    other.ask(act, **({"who": alone.me} if act == "block" else {}))
    for passed_s in range(0, 2000, 5):
        if passed_s == offline_after_s:
            other.ask("leave")
        stage.pass_time(5)
    fields = ("type", "people", "within_m", "why", "why_code")
    return tuple(tuple(event.get(name) for name in fields) for event in alone.got())


def test_who_was_blocked_is_told_what_they_are_told_of_somebody_who_went_on_and_then_offline() -> None:
    went_offline = {
        told_of_who_went("next", offline_after_s=after_s) for after_s in (*range(0, 200, 5), 600, *range(1150, 1225, 5))
    }
    blocked = {told_of_who_went("block", seed) for seed in range(60)}
    assert len(blocked) > 2, "the moment is one of chance"
    assert blocked <= went_offline
