"""The command `hereabouts simulate`: what it takes, what it prints, and how it refuses."""

import csv
import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

import bench.simulate
from bench.simulate import simulate
from bench.simulation import SeatLost
from tests.simulated import T0, town_rows, write_rows

KEYS = [
    "company", "oversize", "near_median_m", "near_p90_m", "near_ratio", "moves_per_h", "wait_p50_s", "wait_p90_s",
    "us_per_placement", "sizes", "everybody", "common_topic",
]  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "town.csv", town_rows(80, hours=1))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(simulate, [str(argument) for argument in arguments])


def figures(*arguments: object) -> dict[str, Any]:
    """Return what is printed as JSON, without the CPU time, which is never the same."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    del found["us_per_placement"]
    return found


# --- what is printed --------------------------------------------------------------------------------------


def test_json_has_exactly_the_agreed_keys(town: Path) -> None:
    assert list(json.loads(run(town, "--json").stdout)) == KEYS


def test_comparing_adds_objects_of_the_same_keys(town: Path) -> None:
    found = json.loads(run(town, "--json", "--compare").stdout)
    assert list(found) == [*KEYS, "compare"]
    assert list(found["compare"]) == ["fixed_6", "fixed_5", "bound"]
    assert all(list(figures) == KEYS for figures in found["compare"].values())
    assert found["compare"]["bound"]["wait_p50_s"] is None
    assert found["compare"]["fixed_6"]["near_median_m"] < found["compare"]["fixed_5"]["near_median_m"]


def test_comparing_changes_none_of_the_figures_compared(town: Path) -> None:
    alone, compared = figures(town), figures(town, "--compare")
    del compared["compare"]
    assert alone == compared


def test_topics_are_measured_and_where_they_count_for_nothing_no_seat_is_another(tmp_path: Path) -> None:
    town = write_rows(tmp_path / "town.csv", town_rows(250, hours=1))
    plain, used, unused = (
        figures(town),
        figures(town, "--topics", 9),
        figures(town, "--topics", 9, "--set", "topic_gain=0"),
    )
    assert plain.pop("common_topic") is None
    assert 0 < unused.pop("common_topic") < used.pop("common_topic") < 1
    assert unused == plain != used
    assert "roommates with a topic in common" in run(town, "--topics", 9).stdout
    assert "roommates with a topic" not in run(town).stdout


def test_the_table_names_every_measure_and_way_of_seating(town: Path) -> None:
    text = run(town, "--compare").stdout
    for word in ("town.csv", "company", "oversize", "near ratio", "forced moves", "wait", "placement", "everybody"):
        assert word in text
    assert text.splitlines()[2].split() == ["rules", "fixed", "6", "fixed", "5", "bound"]


def test_nothing_that_is_printed_is_wider_than_100_characters() -> None:
    for told in (
        run("--people", 400, "--city", "New York", "--compare", "--topics", 9),
        run("--people", 1000, "--hours", "0-3"),
    ):
        assert told.exit_code == 0
        assert max(map(len, told.stdout.splitlines())) <= 100


def test_the_same_seed_gives_the_same_figures_and_another_one_others(town: Path) -> None:
    assert figures(town) == figures(town, "--seed", 1) != figures(town, "--seed", 2)


def test_whoever_looks_more_often_sees_more_and_changes_no_seat(town: Path) -> None:
    often, seldom = figures(town, "--every", 60), figures(town)
    assert sum(often["sizes"].values()) > sum(seldom["sizes"].values())
    for key in ("moves_per_h", "wait_p50_s", "wait_p90_s"):
        assert often[key] == seldom[key]


def test_figures_do_not_depend_on_the_order_of_hashes(town: Path, tmp_path: Path) -> None:
    traces = []
    for hash_seed in ("1", "2"):
        trace = tmp_path / f"trace{hash_seed}.csv"
        code = "from bench.simulate import simulate; simulate()"
        subprocess.run(
            [sys.executable, "-c", code, town, "--trace", trace, "--compare"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
        )
        traces.append(trace.read_text(encoding="utf-8"))
    assert traces[0] == traces[1]


def test_help_explains_the_measures_and_ends_with_examples() -> None:
    text = run("--help").stdout
    assert "near ratio" in text
    assert "  hereabouts simulate checkins.csv.gz --hours 36-60" in text.partition("Examples:")[2]


# --- which check-ins --------------------------------------------------------------------------------------


def traced_users(tmp_path: Path, *arguments: object) -> list[str]:
    trace = tmp_path / "trace.csv"
    assert run(*arguments, "--trace", trace).exit_code == 0
    with trace.open(encoding="utf-8", newline="") as file:
        return [line["user"] for line in csv.DictReader(file) if line["why"] == "enter"]


def hourly(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "hourly.csv", [f"u{hour},40.75,-73.99,{T0 + 3600 * hour}" for hour in range(6)])


def test_hours_begin_with_the_first_row_and_end_before_the_last_hour(tmp_path: Path) -> None:
    assert traced_users(tmp_path, hourly(tmp_path), "--hours", "1-3") == ["u1", "u2"]


def test_rows_count_from_nought_and_end_before_the_last(tmp_path: Path) -> None:
    file = hourly(tmp_path)
    assert traced_users(tmp_path, file, "--rows", "0-2") == ["u0", "u1"]
    assert traced_users(tmp_path, file, "--rows", "4-99") == ["u4", "u5"]
    assert traced_users(tmp_path, file, "--rows", "1-4", "--hours", "2-6") == ["u2", "u3"]


def test_neither_headers_nor_bad_rows_count_as_rows(tmp_path: Path) -> None:
    rows = ["user,lat,lon,unix_time", f"u0,1,1,{T0}", "rubbish", f"u1,1,1,{T0 + 60}", f"u2,1,1,{T0 + 120}"]
    assert traced_users(tmp_path, write_rows(tmp_path / "rows.csv", rows), "--rows", "1-3") == ["u1", "u2"]


def test_tabs_and_gzip_are_read_as_well(town: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(town.read_bytes().replace(b",", b"\t")))
    assert figures(packed) == figures(town)


def test_bad_rows_are_counted_and_named_and_the_rest_is_seated(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "rows.csv", [f"ann,1,1,{T0}", "ben,91,1,5", f"cat,1,1,{T0}"])
    result = run(file, "--json")
    assert result.exit_code == 0
    assert "rows.csv: line 2: lat 91 is not within -90 to 90" in result.stderr
    assert "1 of 3 rows are passed over" in result.stderr
    assert json.loads(result.stdout)["sizes"]["2"] > 0


def test_a_longer_stay_is_longer_online(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "one.csv", [f"ann,1,1,{T0}"])
    assert figures(file)["wait_p50_s"] == 3600
    assert figures(file, "--stay", 90)["wait_p50_s"] == 5400


def test_rules_can_be_set(town: Path) -> None:
    assert max(map(int, figures(town)["sizes"])) > 4
    small = figures(town, "--set", "seats_max=4", "--set", "seats_target=4")["sizes"]
    assert max(map(int, small)) == 4


# --- made-up people ---------------------------------------------------------------------------------------


def test_made_up_people_are_saved_and_give_the_same_figures_when_read(tmp_path: Path) -> None:
    file = tmp_path / "people.csv.gz"
    made = figures("--people", 12, "--write", file, "--seed", 5)
    assert figures(file, "--seed", 5) == made
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    assert lines[0] == "user,lat,lon,unix_time"
    assert len({line.split(",")[0] for line in lines[1:]}) == 12


def test_people_of_one_city_have_company_and_those_of_the_world_are_said_to_be_thin() -> None:
    here, everywhere = run("--people", 200, "--city", "Tokyo"), run("--people", 200)
    assert "200 made-up people in Tokyo, JP: " in here.stdout
    assert "Too thin" not in here.stdout
    assert re.search(r"Too thin to judge the rules by: \d+\.\d % of the people have nobody", everywhere.stdout)
    assert "--city" in everywhere.stdout


def test_the_table_says_of_how_many_company_is_told(town: Path) -> None:
    lines = run(town).stdout.splitlines()
    assert float(next(line for line in lines if "of the share with two" in line).split()[-1]) > 0.9


def test_where_nobody_could_have_company_no_line_speaks_of_those(tmp_path: Path) -> None:
    alone = write_rows(tmp_path / "alone.csv", ["a,10,10,1000", "b,-40,100,1000"])
    text = run(alone, "--compare").stdout
    assert not any(line.startswith(("company", "oversize")) for line in text.splitlines())
    assert "of the share with two" not in text


def test_the_table_and_the_picture_count_people_by_seats_taken(town: Path, tmp_path: Path) -> None:
    svg = tmp_path / "seats.svg"
    words = "people by seats taken in their room"
    assert words in run(town, "--picture", svg).stdout
    assert words in svg.read_text(encoding="utf-8").lower()


def test_table_and_picture_name_the_hours_and_rows_that_were_asked_for(town: Path, tmp_path: Path) -> None:
    svg = tmp_path / "seats.svg"
    asked = "town.csv, hours 0-1, rows 0-50"
    assert run(town, "--hours", "0-1", "--rows", "0-50", "--picture", svg).stdout.startswith(f"{asked}: ")
    assert asked in svg.read_text(encoding="utf-8")


def test_the_same_seed_saves_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        assert run("--people", 4, "--write", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


# --- files written ----------------------------------------------------------------------------------------


def test_the_picture_is_well_formed_and_names_the_ways_of_seating(town: Path, tmp_path: Path) -> None:
    svg = tmp_path / "seats.svg"
    result = run(town, "--compare", "--picture", svg)
    assert result.exit_code == 0
    assert result.stderr.endswith(f"{svg}: picture written.\n")
    texts = [element.text for element in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert {"town.csv", "by the rules", "fixed cells of 6 characters", "fixed cells of 5 characters"} <= set(texts)
    assert "bound: seated anew at every look" in texts


def test_an_interrupted_simulation_leaves_no_half_file_and_keeps_the_old_one(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("of yesterday", encoding="utf-8")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench.simulate, "_results", interrupted)
    result = run(town, "--trace", trace, "--picture", tmp_path / "seats.svg")
    assert result.exit_code == 130
    assert result.stderr == "Stopped by Ctrl-C before the end: no figures, and no file that is not whole.\n"
    assert trace.read_text(encoding="utf-8") == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town.csv", "trace.csv"]


def test_a_lost_seat_is_an_error_of_the_rooms(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> None:
        raise SeatLost("u1 is online and sits in no room")

    monkeypatch.setattr(bench.simulate, "_results", lost)
    result = run(town)
    assert result.exit_code == 1
    assert "The rooms broke their word: u1 is online and sits in no room." in result.stderr


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Give either a FILE of check-ins or --people N"),
        (["town.csv", "--people", "5"], "Give either a FILE of check-ins or --people N"),
        (["town.csv", "--write", "out.csv"], "--write saves the people that --people makes up"),
        (["nowhere.csv"], "nowhere.csv cannot be read: No such file"),
        (["town.csv", "--hours", "60-36"], "'60-36' is no range of hours"),
        (["town.csv", "--rows", "9-3"], "'9-3' is no range of rows: write for example 40000-60000"),
        (["town.csv", "--rows", "a-b"], "is no range of rows"),
        (["town.csv", "--hours", "500-600"], "There is no check-in in hours 500-600: town.csv holds 80 good rows"),
        (["town.csv", "--set", "seats_target"], "it takes NAME=VALUE"),
        (["town.csv", "--set", "seats_targt=6"], "seats_target"),
        (["town.csv", "--set", "window_s=1"], "window_s"),
        (["town.csv", "--set", "port=80"], "port has no effect here"),
        (["town.csv", "--stay", "0"], "--stay"),
        (["town.csv", "--trace", "nowhere/out.csv"], "nowhere/out.csv cannot be written: No such file"),
        (["--people", "0"], "--people"),
        (["--people", "many"], "'many' is not a valid whole number"),
        (["--people", "5", "--city", "Nowhere At All"], "Nowhere At All"),
        (["town.csv", "--city", "Tokyo"], "--city is where --people makes people up"),
        (["town.csv", "--picture", "seats.png"], "it draws SVG: name the file seats.svg"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_status_2(
    town: Path, arguments: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(town.parent)
    result = run(*(argument.replace("town.csv", town.name) for argument in arguments))
    assert result.exit_code == 2
    assert complaint.replace("town.csv", town.name) in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_file_without_a_single_good_row_is_refused(tmp_path: Path) -> None:
    result = run(write_rows(tmp_path / "empty.csv", ["user,lat,lon,unix_time"]))
    assert result.exit_code == 2
    assert "holds 0 good rows" in result.stderr
