"""Company, room sizes and distances from samples: each definition against a case worked out by hand."""

import pytest

from client_demo.replaying.nearness import Seating, Seen, distance_m, percentile

# A hundredth of a degree of latitude: 1.112 km.
STEP_M = 1111.95


def row(*rooms: str, size: int | None = None, from_lat: float = 40.0) -> list[Seen]:
    """Return people 1.1 km apart in a line, each in the room named; sizes as counted unless told."""
    return [Seen(from_lat + number / 100, -74.0, room, size or rooms.count(room)) for number, room in enumerate(rooms)]


def seating(*samples: list[Seen]) -> Seating:
    made = Seating()
    for sample in samples:
        made.add(sample)
    return made


def test_three_in_a_room_have_company() -> None:
    assert seating(row("r", "r", "r")).company == 1.0


def test_two_in_a_room_while_a_third_is_near_have_none() -> None:
    made = seating(row("r", "r", "s"))
    assert (made.could, made.had, made.company) == (3, 0, 0.0)


def test_who_has_fewer_than_two_others_within_10_km_does_not_count() -> None:
    far = [Seen(42.0, -74.0, "s", 1)]
    made = seating(row("r", "r", "r") + far, row("r", "r") + far)
    assert (made.people, made.could, made.company) == (7, 3, 1.0)


def test_ten_kilometres_are_measured_between_true_places() -> None:
    near = [Seen(40.0, -74.0, "r", 3), Seen(40.0899, -74.0, "r", 3), Seen(40.0, -74.0, "r", 3)]
    beyond = [near[0], near[1]._replace(lat=40.0901), near[2]]
    assert seating(near).could == 3
    assert seating(beyond).could == 0


def test_nobody_who_could_have_company_is_no_figure() -> None:
    made = seating(row("r"))
    assert (made.company, made.oversize, made.near_m) == (None, None, None)


def test_only_more_than_seats_max_is_oversize() -> None:
    assert seating(row(*["r"] * 12)).oversize == 0.0
    assert seating(row(*["r"] * 13)).oversize == 1.0


def test_strangers_in_the_room_count_as_company_though_their_place_is_unknown() -> None:
    made = seating(row("r", "s", "t", size=3))
    assert made.company == 1.0
    assert made.near_m is None


def test_near_is_the_median_of_each_ones_median_distance_to_roommates() -> None:
    near = seating(row("r", "r", "r")).near_m
    assert near is not None
    # The middle one is 1.1 km from both; the outer ones have 1.1 and 2.2 km, so 1.7 km.
    assert near[0] == pytest.approx(1.5 * STEP_M, rel=1e-3)
    assert near[1] == pytest.approx(1.5 * STEP_M, rel=1e-3)


def test_two_at_the_same_place_are_no_distance_apart() -> None:
    assert seating([Seen(40.0, -74.0, "r", 2)] * 2).near_m == (0.0, 0.0)


def test_room_sizes_are_counted_once_per_room_and_sample() -> None:
    made = seating(row("r", "r", "s"), row("r"))
    assert made.sizes == {2: 1, 1: 2}


def test_distance_is_the_great_circle() -> None:
    a, b = Seen(40.6413, -73.7781, "", 0), Seen(51.4700, -0.4543, "", 0)
    assert distance_m(a, b) == pytest.approx(5_540_000, rel=2e-3)
    assert distance_m(Seen(0, 179.9, "", 0), Seen(0, -179.9, "", 0)) == pytest.approx(22_239, rel=1e-3)


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([4, 1, 3, 2], share) for share in (0.0, 0.25, 0.5, 0.9, 1.0)] == [1, 1, 2, 4, 4]
