"""The plan of a replay: who is online when and where, and in which order things happen."""

import random

from hypothesis import given
from hypothesis import strategies as st

from client_demo.checkins import CheckIn
from client_demo.replaying.timetable import Action, Kind, Visit, actions, most_online, visits

HOUR = 3600.0
MINUTE = 60.0


def here(user: str, minute: float, *, lat: float = 40.0) -> CheckIn:
    return CheckIn(user, lat, -74.0, minute * MINUTE)


def plan(*rows: CheckIn) -> list[Visit]:
    return visits(rows, stay_s=HOUR)


def test_a_check_in_is_one_visit_of_the_length_asked_for() -> None:
    (visit,) = plan(here("a", 5))
    assert (visit.arrives, visit.departs) == (5 * MINUTE, 65 * MINUTE)
    assert [(place.at, place.lat) for place in visit.places] == [(5 * MINUTE, 40.0)]


def test_a_later_check_in_while_online_moves_and_begins_the_stay_anew() -> None:
    (visit,) = plan(here("a", 0), here("a", 59, lat=41.0))
    assert visit.departs == 119 * MINUTE
    assert [place.lat for place in visit.places] == [40.0, 41.0]


def test_a_check_in_at_the_very_end_of_a_stay_is_a_new_visit() -> None:
    assert len(plan(here("a", 0), here("a", 60))) == 2


def test_of_two_check_ins_at_once_the_last_is_where_somebody_is() -> None:
    (visit,) = plan(here("a", 0), here("a", 0, lat=41.0))
    assert [place.lat for place in visit.places] == [41.0]


def test_people_do_not_move_each_other() -> None:
    assert [visit.user for visit in plan(here("a", 0), here("b", 1), here("a", 2))] == ["a", "b"]


def test_at_one_moment_samples_come_first_and_leaving_before_entering() -> None:
    at_once = [Action(0.0, kind) for kind in (Kind.ENTER, Kind.LEAVE, Kind.SAMPLE)]
    assert sorted(at_once) == at_once[::-1]


def test_every_place_is_said_something_at_while_its_person_is_there() -> None:
    planned = plan(here("a", 0), here("b", 10), here("a", 30, lat=41.0))
    for action in actions(planned, random.Random(1), sample_every_s=600):
        if action.kind is Kind.SAY:
            visit = planned[action.visit]
            ends = [place.at for place in visit.places[1:]] + [visit.departs]
            assert visit.places[action.place].at < action.at < ends[action.place]


def test_samples_are_taken_every_so_often_until_the_last_check_in() -> None:
    planned = plan(here("a", 0), here("b", 25))
    sampled = [
        action.at for action in actions(planned, random.Random(1), sample_every_s=600) if action.kind is Kind.SAMPLE
    ]
    assert sampled == [600.0, 1200.0]


def test_nothing_planned_is_nothing_to_do() -> None:
    assert actions([], random.Random(1), sample_every_s=600) == []
    assert most_online([]) == 0


def test_most_online_counts_nobody_twice_at_the_moment_they_come_back() -> None:
    planned = plan(here("a", 0), here("b", 30), here("a", 60), here("c", 200))
    assert most_online(planned) == 2
    assert most_online(planned, linger_s=3 * HOUR) == 4


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 300)), min_size=1, max_size=40), st.integers(0, 99))
def test_everybody_enters_once_leaves_once_and_acts_only_in_between(
    check_ins: list[tuple[int, int]], seed: int
) -> None:
    rows = sorted((here(f"u{user}", minute) for user, minute in check_ins), key=lambda row: row.at)
    planned = visits(rows, stay_s=HOUR)
    inside: set[int] = set()
    seen: list[int] = []
    for action in actions(planned, random.Random(seed), sample_every_s=600):
        if action.kind is Kind.ENTER:
            inside.add(action.visit)
            seen.append(action.visit)
        elif action.kind is not Kind.SAMPLE:
            assert action.visit in inside
            if action.kind is Kind.LEAVE:
                inside.remove(action.visit)
    assert not inside
    assert sorted(seen) == list(range(len(planned)))
    assert sum(len(visit.places) for visit in planned) == len({(row.user, row.at) for row in rows})
