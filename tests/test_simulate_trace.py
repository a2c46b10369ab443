"""The trace alone is enough to find the figures again: here by code that shares nothing with the simulator's."""

import csv
import json
import math
import re
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.simulate import simulate
from bench.trace import COLUMNS
from tests.simulated import town_rows, write_rows

STAY_S = 3600


@dataclass
class Found:
    """What was simulated: the figures printed, the lines of the trace, and the check-ins."""

    figures: dict[str, Any]
    lines: list[dict[str, str]]
    rows: list[tuple[str, float, float, int]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("trace")
    lines = town_rows()
    file, trace = write_rows(folder / "rows.csv", lines), folder / "trace.csv"
    arguments = [str(file), "--json", "--trace", str(trace), "--set", "window_s=2400", "--set", "reach_max_m=4000"]
    result = CliRunner().invoke(simulate, arguments)
    assert result.exit_code == 0, result.output
    with trace.open(encoding="utf-8", newline="") as opened:
        traced = list(csv.DictReader(opened))
    rows = [(user, float(lat), float(lon), int(at)) for user, lat, lon, at in (line.split(",") for line in lines)]
    return Found(json.loads(result.stdout), traced, rows)


def test_columns_are_as_documented(found: Found) -> None:
    assert list(found.lines[0]) == list(COLUMNS) == ["unix_time", "user", "room", "size", "why"]


def test_columns_and_reasons_are_described_where_one_looks(found: Found) -> None:
    told = CliRunner().invoke(simulate, ["--help"]).output
    page = Path("docs/ROOMS.md").read_text(encoding="utf-8")
    for word in (*COLUMNS, *{line["why"] for line in found.lines}):
        assert re.search(rf"\b{word}\b", told), word
        assert f"`{word}`" in page


def test_it_tells_of_all_that_can_happen(found: Found) -> None:
    why = Counter(line["why"] for line in found.lines)
    assert set(why) == {"enter", "window", "outward", "next", "leave"}
    assert why["enter"] + why["next"] == len(found.rows)
    assert why["enter"] == why["leave"]


def test_time_never_goes_back(found: Found) -> None:
    times = [float(line["unix_time"]) for line in found.lines]
    assert times == sorted(times)
    assert times[0] == found.rows[0][3]


def test_who_left_has_no_room_and_everybody_else_has_one(found: Found) -> None:
    assert all((line["room"] == "") == (line["why"] == "leave") for line in found.lines)


def test_sizes_follow_from_the_lines_before(found: Found) -> None:
    room_of: dict[str, str] = {}
    for line in found.lines:
        room_of[line["user"]] = line["room"]
        together = sum(room == line["room"] for room in room_of.values()) if line["room"] else 0
        assert int(line["size"]) == together
        assert together <= 12


def test_moves_per_hour_are_found_again(found: Found) -> None:
    since, person_s = {}, 0.0
    for line in found.lines:
        if line["why"] == "enter":
            since[line["user"]] = float(line["unix_time"])
        elif line["why"] == "leave":
            person_s += float(line["unix_time"]) - since.pop(line["user"])
    forced = sum(line["why"] == "outward" for line in found.lines)
    assert forced > 0
    assert found.figures["moves_per_h"] == pytest.approx(forced / person_s * 3600, abs=1e-4)


def test_waits_are_found_again(found: Found) -> None:
    arrived: dict[str, float] = {}
    room_of: dict[str, str] = {}
    waits = []
    for line in found.lines:
        user, now = line["user"], float(line["unix_time"])
        if line["why"] == "leave":
            del room_of[user]
            if user in arrived:
                waits.append(now - arrived.pop(user))
            continue
        room_of[user] = line["room"]
        if line["why"] == "enter":
            arrived[user] = now
        here = [other for other, room in room_of.items() if room == line["room"]]
        if len(here) >= 3:
            waits += [now - arrived.pop(other) for other in here if other in arrived]
    waits.sort()
    assert len(waits) == sum(line["why"] == "enter" for line in found.lines)
    assert found.figures["wait_p50_s"] == waits[math.ceil(0.5 * len(waits)) - 1]
    assert found.figures["wait_p90_s"] == waits[math.ceil(0.9 * len(waits)) - 1]
    assert waits[-1] > 0, "nobody waited: the rows show nothing"


def _apart_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance by the law of haversines."""
    (lat_a, lon_a), (lat_b, lon_b) = ((math.radians(x) for x in place) for place in (a, b))
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(h))


def _where(rows: list[tuple[str, float, float, int]], user: str, before: float) -> tuple[float, float]:
    """Return where somebody last checked in before that moment."""
    return next((lat, lon) for who, lat, lon, at in reversed(rows) if who == user and at < before)


def test_company_nearness_sizes_and_everybody_are_found_again(found: Found) -> None:
    could = had = 0
    medians, ratios, sizes = [], [], Counter[int]()
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    moment = found.rows[0][3] + 600
    while moment <= float(found.lines[-1]["unix_time"]):
        room_of = {line["user"]: line["room"] for line in found.lines if float(line["unix_time"]) < moment}
        online = {user: room for user, room in room_of.items() if room}
        assert len(online) < 150
        places = {user: _where(found.rows, user, moment) for user in online}
        sizes.update(Counter(online.values()).values())
        for user, room in online.items():
            others = sorted((_apart_m(places[user], places[other]), other) for other in online if other != user)
            mates = [apart for apart, other in others if online[other] == room]
            if sum(apart <= 10_000 for apart, _ in others) >= 2:
                could += 1
                had += len(mates) >= 2
            within = min(sum(apart <= 15_000 for apart, _ in others), 2)
            kinds["2+" if within == 2 else str(within)][("alone", "pair", "company")[min(len(mates), 2)]] += 1
            if mates:
                medians.append(statistics.median(mates))
                nearest = [apart for apart, _ in others][: min(len(mates), 7)]
                ratios.append((statistics.mean(mates) + 1) / (statistics.mean(nearest) + 1))
        moment += 600
    assert found.figures["company"] == pytest.approx(had / could, abs=1e-6)
    assert 0.5 < had / could < 1
    assert found.figures["oversize"] == 0
    assert found.figures["near_median_m"] == pytest.approx(_at(medians, 0.5), abs=0.1)
    assert found.figures["near_p90_m"] == pytest.approx(_at(medians, 0.9), abs=0.1)
    assert found.figures["near_ratio"] == pytest.approx(_at(ratios, 0.5), abs=1e-4)
    assert found.figures["sizes"] == {str(size): count for size, count in sorted(sizes.items())}
    for around, counted in kinds.items():
        for kind in ("company", "pair", "alone"):
            share = counted[kind] / counted.total()
            assert found.figures["everybody"][around][kind] == pytest.approx(share, abs=1e-6)


def _at(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]
