"""Where and when a server serves."""

from datetime import UTC, datetime

import pytest

from geo import Cell
from server.safety.area import Area, problems


def area(prefixes: str = "", hours: str = "", zone: str = "UTC") -> Area:
    assert not list(problems(area=prefixes, hours=hours, hours_zone=zone))
    return Area(area=prefixes, hours=hours, hours_zone=zone)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("prefixes", "cell", "served"),
    [
        ("", "u33db2", True),
        ("dr5r", "dr5ru6", True),
        ("dr5r", "dr5qu6", False),
        ("u33 DR5R,ezjm", "dr5r", True),
        ("dr5ru", "dr5r", True),
        ("dr5ru", "dr5q", False),
    ],
)
def test_cell_is_served_if_it_touches_the_area(prefixes: str, cell: str, served: bool) -> None:
    assert area(prefixes).has(Cell.parse(cell)) is served


@pytest.mark.parametrize(
    ("hours", "moment", "opens_in_s"),
    [
        ("", "2026-11-26 03:00", 0),
        ("09:00-17:00", "2026-11-26 09:00", 0),
        ("09:00-17:00", "2026-11-26 16:59:59", 0),
        ("09:00-17:00", "2026-11-26 17:00", 16 * 3600),
        ("09:00-17:00", "2026-11-26 08:59:30", 30),
        ("22:00-02:00", "2026-11-26 23:00", 0),
        ("22:00-02:00", "2026-11-27 01:59", 0),
        ("22:00-02:00", "2026-11-27 02:00", 20 * 3600),
        ("22:00-00:00", "2026-11-27 00:00", 22 * 3600),
    ],
)
def test_hours_are_from_the_first_time_to_before_the_second(hours: str, moment: str, opens_in_s: float) -> None:
    assert area(hours=hours).opens_in_s(at(moment)) == opens_in_s


def test_hours_are_of_their_zone_and_follow_its_summer_time() -> None:
    madrid = area(hours="09:00-17:00", zone="Europe/Madrid")
    assert madrid.opens_in_s(at("2026-11-26 08:00")) == 0
    assert madrid.opens_in_s(at("2026-11-26 07:59")) == 60
    assert madrid.opens_in_s(at("2026-07-26 07:00")) == 0
    # The night of the change has 25 hours.
    assert madrid.opens_in_s(at("2026-10-24 15:00")) == 17 * 3600


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"area": "dr5r aaaa"}, "'aaaa'"),
        ({"area": "dr5r" * 4}, "geohash"),
        ({"hours": "09:00-09:00"}, "no time at all"),
        ({"hours_zone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"hours_zone": "/etc/passwd"}, "/etc/passwd"),
    ],
)
def test_what_cannot_be_used_is_named(values: dict[str, str], named: str) -> None:
    [problem] = problems(**{"area": "", "hours": "", "hours_zone": "UTC"} | values)
    assert named in problem
