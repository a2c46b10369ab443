"""Scripted people: their pace stays below a server's usual rates, and they stand where they should."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_demo.crowd.acts import Kind, RoomPace, Script, stand
from client_demo.replaying.nearness import Seen, distance_m

HOUR = 3600.0


def timeline(script: Script, *, until_s: float) -> list[tuple[float, Kind]]:
    """Return when each act of the script falls due."""
    now, acts = 0.0, []
    while now < until_s:
        act = script.next_act(now)
        assert act.after_s >= 0
        now += act.after_s
        acts.append((now, act.kind))
    return acts


@pytest.mark.parametrize("seed", range(20))
def test_nobody_asks_for_another_room_more_often_than_allowed(seed: int) -> None:
    acts = timeline(Script(random.Random(seed), next_per_h=3), until_s=8 * HOUR)
    asked = [at for at, kind in acts if kind is Kind.NEXT]
    assert asked
    assert all(sum(at <= each < at + HOUR for each in asked) <= 3 for at in asked)


def test_people_change_rooms_and_leave_and_the_patient_ones_less_often() -> None:
    hasty = timeline(Script(random.Random(1)), until_s=8 * HOUR)
    patient = timeline(Script(random.Random(1), stays_s=1800), until_s=8 * HOUR)
    assert {kind for _, kind in hasty} == {kind for _, kind in patient} == set(Kind)
    assert len(hasty) > 5 * len(patient)


def test_the_same_seed_makes_the_same_acts() -> None:
    one, two = (timeline(Script(random.Random(5)), until_s=HOUR) for _ in range(2))
    assert one == two


def test_a_room_full_of_words_is_left_in_peace_until_a_minute_has_passed() -> None:
    pace = RoomPace(10)
    for second in range(7):
        assert pace.has_space(float(second))
        pace.heard(float(second))
    assert not pace.has_space(59.9)
    assert pace.has_space(60.0)


def test_another_room_begins_with_space() -> None:
    pace = RoomPace(1)
    pace.heard(0.0)
    assert not pace.has_space(1.0)
    pace.changed()
    assert pace.has_space(1.0)


def test_without_a_limit_a_room_always_has_space() -> None:
    pace = RoomPace(0)
    for _ in range(1000):
        pace.heard(0.0)
    assert pace.has_space(0.0)


@given(lat=st.floats(-89, 89), lon=st.floats(-180, 180), spread_m=st.floats(0, 20_000), seed=st.integers(0, 1000))
def test_everybody_stands_on_the_globe_within_the_spread(lat: float, lon: float, spread_m: float, seed: int) -> None:
    there = stand(lat, lon, spread_m=spread_m, rng=random.Random(seed))
    assert abs(there[0]) <= 90
    assert abs(there[1]) <= 180
    # A flat disc is off by a few per cent where meridians run together.
    away_m = distance_m(Seen(lat, lon, "", 0), Seen(*there, "", 0))
    assert away_m <= spread_m * (1.02 if abs(lat) < 80 else 1.25) + 1e-3


def test_people_fill_the_disc_and_do_not_crowd_its_middle() -> None:
    rng = random.Random(3)
    middle = Seen(40.7, -74.0, "", 0)
    away = [distance_m(middle, Seen(*stand(40.7, -74.0, spread_m=1000, rng=rng), "", 0)) for _ in range(2000)]
    assert sum(each < 1000 * math.sqrt(0.5) for each in away) == pytest.approx(1000, abs=80)


@pytest.mark.parametrize(("lat", "lon"), [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (60.0, -179.9999)])
def test_poles_and_the_antimeridian_are_places_to_stand(lat: float, lon: float) -> None:
    rng = random.Random(4)
    for _ in range(200):
        there = stand(lat, lon, spread_m=5000, rng=rng)
        assert abs(there[0]) <= 90
        assert abs(there[1]) <= 180
