"""The measurements start, say what is missing, compute their ratios right, and show how they are called."""

import importlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import bottles, checks, cluster, codec, fanout, frozen, idle, seating, shakes
from bench.cluster_load import WHERE, Figures, Where
from bench.fanout import LIMIT, OURS, PEER, Bench, Ratio, Run, report, table
from bench.shakes import could_meet


def run(us_cpu_per_deliv: float) -> Run:
    return Run(deliv_s=1000, us_cpu_per_deliv=us_cpu_per_deliv, p50_us=1000, p99_us=2000, srv_cpu_s=1.0, secs=1.0)


@pytest.mark.parametrize(
    "name",
    [
        "bottles",
        "checks",
        "cluster",
        "codec",
        "fanout",
        "frozen",
        "idle",
        "load",
        "peer",
        "privacy",
        "seating",
        "shakes",
    ],
)
def test_every_measurement_shows_an_example(name: str) -> None:
    result = CliRunner().invoke(importlib.import_module(f"bench.{name}").main, ["--help"])
    assert result.exit_code == 0
    assert f"  python -m bench.{name}" in result.output.partition("Examples:")[2]


def test_ratios_compare_servers_within_a_round() -> None:
    bench = Bench(rooms=1, members=2, secs=1, rounds=3, limit=["x"], wsfan=None)
    runs = {OURS: [run(1), run(2), run(4)], PEER: [run(6), run(12), run(20)], LIMIT: [run(1), run(1), run(1)]}
    found = report(bench, runs)
    assert found.times_the_peer == Ratio(median=6, lowest=5, highest=6)
    assert found.times_the_limit == Ratio(median=2, lowest=1, highest=4)
    assert [row.cpu_us_per_delivery for row in found.rows] == [2, 12, 1]


def test_missed_aims_are_said() -> None:
    bench = Bench(rooms=1, members=2, secs=1, rounds=1, limit=["x"], wsfan=None)
    text = table(report(bench, {OURS: [run(3)], PEER: [run(12)], LIMIT: [run(1)]}))
    assert "4.00 times (4.00 to 4.00 in the rounds) the peer's (aim: at least 5; MISSED)" in text
    assert "3.00 times (3.00 to 3.00 in the rounds) the least possible (aim: at most 2.5; MISSED)" in text


def test_missing_c_file_is_named() -> None:
    result = CliRunner().invoke(fanout.main, ["--limit", "nowhere/limit.c"])
    assert result.exit_code == 1
    assert "nowhere/limit.c is missing" in result.output


def test_c_file_that_does_not_compile_is_an_answer(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int main( {")
    result = CliRunner().invoke(fanout.main, ["--limit", str(source)])
    assert result.exit_code == 1
    assert str(source) in result.output


def test_states_grow_with_people_and_what_they_said() -> None:
    result = CliRunner().invoke(frozen.main, ["--rounds", "1", "--said", "2", "--json"])
    rows = json.loads(result.output)
    assert [row["people"] for row in rows] == list(frozen.PEOPLE)
    assert [row["events"] for row in rows] == [3 * people for people in frozen.PEOPLE]
    assert [row["bytes"] for row in rows] == sorted({row["bytes"] for row in rows})


def test_more_connections_than_descriptors_are_refused_before_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (64, 64))
    result = CliRunner().invoke(idle.main, ["--connections", "500"])
    assert result.exit_code == 1
    assert "600 file descriptors are needed and 64 is the hard limit" in result.output


def test_idle_connections_have_a_price() -> None:
    result = CliRunner().invoke(idle.main, ["--connections", "100", "--peer", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["connections"] == 100
    assert 1 < found["kib_per_connection"] < 200


def test_same_seed_seats_the_same_number_of_rooms() -> None:
    rows = [seating.measure("one city", 200, seed=7) for _ in range(2)]
    assert rows[0].rooms == rows[1].rooms > 1
    assert all(row.enter_us > 0 for row in rows)


def test_codecs_are_measured_beside_the_usual_libraries() -> None:
    result = CliRunner().invoke(codec.main, ["--count", "10", "--json"])
    assert [row["library"] for row in json.loads(result.stdout)] == [
        "json: server.codec",
        "json: json",
        "msgpack: server.codec",
        "msgpack: msgpack",
    ]


def test_shakes_and_bottles_are_measured() -> None:
    met = json.loads(CliRunner().invoke(shakes.main, ["--people", "60", "--minutes", "0.5", "--json"]).output)
    assert {row["in_two_rooms_or_none"] for row in met} == {0}
    assert all(0 < row["met"] <= row["could_meet"] <= row["shakes"] for row in met)
    picks = json.loads(CliRunner().invoke(bottles.main, ["--bottles", "100", "--picks", "20", "--json"]).output)
    assert [row["store"] for row in picks] == ["MemoryStore", "MemoryStore", "SqliteStore"]
    assert all(row["pick_us"] > 0 for row in picks)


def test_whoever_shakes_alone_could_meet_nobody() -> None:
    asked = [(0.0, "ann", "1"), (1.0, "ann", "2"), (2.5, "bo", "3"), (9.0, "cy", "4")]
    assert could_meet(asked) == {"2", "3"}


def figures(nodes: int, where: Where, node_us: float, **others: float) -> Figures:
    numbers = dict.fromkeys(
        ("deliveries_per_s", "node_us_per_message", "p50_ms", "p99_ms", "seating_p50_ms", "seating_p99_ms"), 1.0
    )
    fixed = {"nodes": nodes, "where": where, "node_us": node_us, "rooms": 1, "lost": 0, "messages_per_s": 1.0}
    return Figures(**(numbers | fixed | others))  # type: ignore[arg-type]


def test_nodes_are_compared_with_a_lone_process_within_a_round_and_missed_aims_are_said() -> None:
    random, dense = WHERE
    runs = {
        cluster.Shape(0, random): [figures(0, random, 2.0), figures(0, random, 6.0), figures(0, random, 3.0)],
        cluster.Shape(2, random): [figures(2, random, 4.0), figures(2, random, 8.0), figures(2, random, 9.0)],
        cluster.Shape(0, dense): [figures(0, dense, 4.0)] * 3,
        cluster.Shape(2, dense): [figures(2, dense, 5.0, commands_total=1.2)] * 3,
        cluster.Shape(2, dense, apart=True): [figures(0, dense, 4.5)] * 3,
    }
    rows = cluster.rows_of(runs)
    assert [(row.share, row.share_lowest, row.share_highest) for row in rows[:2]] == [(1, 1, 1), (0.5, 0.33, 0.75)]
    text = cluster.table(
        cluster.Report(people=8, secs=1, rounds=3, cores=2, load_average=0, rate=0, rows=rows, kill=None)
    )
    assert "2 nodes, at random: 0.50 of a lone process's" in text
    assert "aim: at least 0.5; met" in text
    assert "2 nodes, dense city: 0.80 of a lone process's" in text
    assert "2 servers, dense city" in text
    assert (
        "0.90 of as many servers; aim: at least 0.85; MISSED), 1.20 commands per message (aim: at most 1.1; MISSED)"
        in text
    )


def test_of_an_even_number_of_rounds_counts_stay_whole() -> None:
    at = WHERE[0]
    rows = cluster.rows_of({cluster.Shape(0, at): [figures(0, at, 2.0, rooms=4), figures(0, at, 3.0, rooms=7)]})
    assert (rows[0].figures.rooms, rows[0].figures.node_us) == (4, 2.5)


def test_many_nodes_are_measured_beside_one_process() -> None:
    small = ["--rooms", "3", "--nodes", "2", "--secs", "0.3", "--warm", "0.2", "--rounds", "1", "--kill", "0", "--json"]
    result = CliRunner().invoke(cluster.main, small)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["rows"]
    assert [(row["figures"]["nodes"], row["figures"]["where"]) for row in rows] == [
        (nodes, where) for where in WHERE for nodes in (0, 2)
    ] + [(0, cluster.DENSE)]
    assert all(row["figures"]["node_us"] > 0 and not row["figures"]["lost"] for row in rows)
    assert all(0 < row["figures"]["commands"]["xadd"] <= 1.5 for row in rows if row["figures"]["nodes"])


def test_checks_are_measured_on_texts_of_ones_own(tmp_path: Path) -> None:
    texts = tmp_path / "chat.txt"
    texts.write_text("hello\n\nhello\nis anybody at the river tonight (or later)?\n" + "x" * 2000 + "\n")
    done = CliRunner().invoke(checks.main, ["--texts", str(texts), "--rounds", "1", "--json"])
    assert done.exit_code == 0, done.output
    kinds = {row["texts"]: row["chars"] for row in json.loads(done.stdout)}
    assert kinds == {"under 24 characters": 5, "24 to 59 characters": 43, "24 and more": 43, "all of them": 24}


def test_a_file_without_texts_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    done = CliRunner().invoke(checks.main, ["--texts", str(empty)])
    assert done.exit_code == 1
    assert "empty.txt has no text of at most 1000 characters, one a line" in done.output
