"""Files that are written whole or not at all, and the picture's curves."""

import gzip
import os
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.account import KEYS
from bench.files import written
from bench.measures import AROUND
from bench.picture import Drawn, picture
from bench.report import Column, size_shares, table

SVG = "{http://www.w3.org/2000/svg}"


def test_a_file_takes_its_name_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    with written(path) as file:
        file.write("é\n")
        assert not path.exists()
    assert path.read_bytes() == "é\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_gz_in_the_name_packs_it(tmp_path: Path) -> None:
    with written(tmp_path / "out.csv.gz") as file:
        file.write("a,b\n")
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == b"a,b\n"


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError), written(path) as file:
        file.write("new, and then \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    with written(pipe) as file:
        file.write("through")
    reader.join(timeout=5)
    assert heard == ["through"]
    assert pipe.is_fifo()


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with written(tmp_path / "link") as file:
        file.write("x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "x"


def drawn(name: str, *, waits_s: list[float] | None = None, ever: float | None = 1.0) -> Drawn:
    return Drawn(name, size_shares({"3": 1, "8": 2}), [50.0, 500.0, 5000.0], waits_s or [0.0, 30.0], ever)


def paths(svg: str) -> list[str]:
    return [path.attrib["d"] for path in ElementTree.fromstring(svg).iter(f"{SVG}path")]


def test_each_way_of_seating_has_a_curve_of_distances_and_one_of_waits() -> None:
    assert len(paths(picture("town", "", [drawn("ours"), drawn("theirs")]))) == 4


def test_where_nobody_waits_no_wait_is_drawn() -> None:
    assert len(paths(picture("town", "", [drawn("ours"), drawn("bound", ever=None)]))) == 3


def test_curves_rise_from_nothing_to_all() -> None:
    """From the axis at 430 to the panel's top at 150; many points too near for the eye are not lost on the way."""
    crowd = Drawn("ours", size_shares({"3": 1}), [100 + i / 1000 for i in range(5000)], [0.0], 0.5)
    distances, waits = paths(picture("town", "", [crowd]))
    assert distances.startswith("M")
    assert float(distances.rpartition("V")[2]) == pytest.approx(150, abs=0.5)
    assert distances.count("V") < 600
    assert waits.endswith("V290.0")


def test_names_cannot_break_the_picture() -> None:
    text = [element.text for element in ElementTree.fromstring(picture("<a>&", "", [drawn('"x"')])).iter(f"{SVG}text")]
    assert "<a>&" in text


def test_shares_by_size_are_of_people_and_crowds_are_one() -> None:
    assert size_shares({"1": 2, "2": 1, "40": 1})[:3] == [2 / 44, 2 / 44, 0]
    assert size_shares({"1": 2, "2": 1, "40": 1})[-1] == 40 / 44
    assert sum(size_shares({})) == 0


def test_what_a_way_of_seating_does_not_have_is_a_dash() -> None:
    none = {"people": None, "company": None, "pair": None, "alone": None}
    figures = {"company": 0.5, "sizes": {"3": 1}, "everybody": dict.fromkeys(("0", "1", "2+"), none)}
    lines = table([Column("ours", figures | {"moves_per_h": 0.25}, {}), Column("bound", figures, {})]).splitlines()
    assert next(line for line in lines if line.startswith("forced")).split()[-2:] == ["0.250", "–"]
    assert not any(line.startswith("wait") for line in lines)


def test_table_of_four_ways_is_100_wide_at_most_however_large_the_figures() -> None:
    shares = dict.fromkeys(("people", "company", "pair", "alone"), 1.0)
    figures: dict[str, object] = dict.fromkeys(KEYS, 199_999.0) | {
        "sizes": {"1": 1},
        "everybody": dict.fromkeys(AROUND, shares),
    }
    also: dict[str, object] = {
        f"{name}_{what}": 9_999_999 for name in ("enter", "next", "leave", "tick") for what in ("us", "calls")
    }
    also |= {"near_weighted_m": 199_999.0, "ratio_weighted": 99.0, "could": 1.0, "placements": 99_999_999}
    lines = table([Column(name, figures, also) for name in ("rules", "fixed 6", "fixed 5", "bound")]).splitlines()
    assert max(map(len, lines)) <= 100
