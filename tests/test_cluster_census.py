"""Who is judged dead, and who is not: the registry without Redis."""

import pytest

from server.cluster import census as module
from server.cluster.census import Census


class Observer:
    """Reads counters every half second, answered at once."""

    def __init__(self) -> None:
        self.census = Census("me.1", dead_s=5.0)
        self.now = 100.0
        self.died: list[str] = []
        self.came: list[str] = []

    def read(self, *, times: int = 1, took_s: float = 0.0, **counters: int | None) -> None:
        for _ in range(times):
            came, died = self.census.read(counters, asked_at=self.now, answered_at=self.now + took_s)
            self.now += took_s + 0.5
            self.came += came
            self.died += died


@pytest.fixture
def me() -> Observer:
    return Observer()


def test_a_counter_that_stood_still_for_five_seconds_is_a_dead_node(me: Observer) -> None:
    me.read(a=1, times=10)
    assert me.census.living == {"a"}
    me.read(a=1)
    assert (me.came, me.died, me.census.living) == (["a"], ["a"], frozenset())


def test_a_counter_that_moves_lives_on_also_when_it_begins_anew(me: Observer) -> None:
    for count in (8, 9, 1, 2):
        me.read(a=count, times=10)
    assert me.died == []


def test_a_node_of_which_nothing_is_there_dies_like_one_that_stands_still(me: Observer) -> None:
    me.read(a=1)
    me.read(times=9)
    assert me.died == []
    me.read()
    assert me.died == ["a"]


def test_time_in_which_redis_could_not_be_read_does_not_count(me: Observer) -> None:
    me.read(a=1, times=10)
    me.census.missed()
    me.now += 60.0
    me.read(a=1)
    assert me.died == []
    me.read(a=1)
    assert me.died == ["a"]


def test_a_row_counts_from_the_first_answer_to_the_last_question(me: Observer) -> None:
    me.read(a=1, took_s=0.9)  # answered at 100.9
    me.read(a=1, times=3, took_s=0.9)  # asked at 104.2 last
    assert me.died == []
    assert me.census.verdict_at == pytest.approx(105.9)
    me.now = 105.89
    me.read(a=1)
    assert me.died == []
    me.now = 105.91
    me.read(a=1)
    assert me.died == ["a"]


def test_a_row_begins_anew_with_a_counter_that_moved(me: Observer) -> None:
    me.read(a=1, b=1, times=5, took_s=0.1)
    me.read(a=2, b=1, took_s=0.1)  # asked at 103, answered at 103.1
    assert me.census.verdict_at == pytest.approx(105.1)
    me.now = 106.0
    me.read(a=2, b=1)
    assert me.died == ["b"]
    assert me.census.verdict_at == pytest.approx(108.1)


def test_no_verdict_is_due_while_no_time_counts(me: Observer) -> None:
    assert me.census.verdict_at is None
    me.read(a=1, times=3)
    me.census.missed()
    assert me.census.verdict_at is None
    me.now = 110.0
    me.read(a=1, took_s=0.1)  # one second had been counted
    assert me.census.verdict_at == pytest.approx(114.1)


def test_the_dead_do_not_come_back(me: Observer) -> None:
    me.read(a=1, times=11)
    me.read(a=2)
    assert me.census.is_dead("a")
    assert (me.came, me.died, me.census.living) == (["a"], ["a"], frozenset())


def test_who_is_marked_is_dead_at_once_and_never_came_to_who_did_not_know_them(me: Observer) -> None:
    me.read(a=1, b=None)
    me.read(a=None, b=7)
    assert (me.came, me.died) == (["a"], ["a"])
    assert me.census.is_dead("b")


def test_oneself_is_not_among_the_others(me: Observer) -> None:
    me.read(**{"me.1": 1}, times=20)
    assert (me.came, me.died) == ([], [])


def test_burying_somebody_twice_is_no_second_death(me: Observer) -> None:
    me.read(a=1)
    assert me.census.bury("a")
    assert not me.census.bury("a")
    assert me.census.living == frozenset()


def test_the_dead_are_forgotten_in_the_end(me: Observer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GONE_MAX", 2)
    for node in "abc":
        me.census.bury(node)
    assert [me.census.is_dead(node) for node in "abc"] == [False, True, True]
