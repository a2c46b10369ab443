"""The measured part of docs/ROOMS.md: made by a command, and holding what the command makes."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import rooms_page
from bench.trade import Point, curve


def test_tables_and_curve_are_written_between_the_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, picture = tmp_path / "ROOMS.md", tmp_path / "trade.svg"
    blocks = ((rooms_page.BEGIN, rooms_page.END), (rooms_page.TOPICS_BEGIN, rooms_page.TOPICS_END))
    page.write_text(f"before\n{'between'.join(f'{begin}old{end}' for begin, end in blocks)}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(rooms_page, "PAGE", page)
    monkeypatch.setattr(rooms_page, "CURVE", picture)
    monkeypatch.setattr(rooms_page, "GAINS", ("0.14",))
    monkeypatch.setattr(rooms_page, "WINDOWS", ("900",))
    monkeypatch.setattr(rooms_page, "TOPICS", (("100", ("0", "3")),))
    asked = ["--seeds", "2", "--data", "a town=--people,120,--city,Tokyo"]
    done = CliRunner().invoke(rooms_page.rooms_page, asked)
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("10 simulations, ")
    assert re.search(r"a town, as it is, seed 1: done; 1 of 10, about \d+ min to go", done.stderr)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("between") == 1
    shares = [float(share) for share in re.findall(r"\| a town \| 100 \| [03] \| (\d\.\d{3}) \(", text)]
    assert len(shares) == 2
    assert shares[0] != shares[1], "what topics are worth makes no difference"
    assert re.search(r"\| a town \| \*\*by these rules\*\* \|.* \d\.\d{3} \(\d\.\d{3}–\d\.\d{3}\) \|", text)
    assert "the mean of 2 seeds, and their range" in text
    assert "<svg" in picture.read_text(encoding="utf-8")


def test_figures_are_told_as_mean_and_range_and_alike_ones_once() -> None:
    spread = rooms_page.Spread
    assert rooms_page._spread(spread(1.436, 1.431, 1.44), 3) == "1.436 (1.431–1.440)"
    assert rooms_page._spread(spread(0.98989, 0.98988, 0.98992), 4) == "0.9899"
    assert rooms_page._spread(None, 3) == "–"


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_page, "PAGE", tmp_path / "ROOMS.md")
    done = CliRunner().invoke(rooms_page.rooms_page, ["--data", f"none={tmp_path}/none.csv"])
    assert done.exit_code == 1
    assert "none.csv" in done.output
    assert CliRunner().invoke(rooms_page.rooms_page, ["--data", "nothing"]).exit_code == 2


def test_the_page_has_the_marks() -> None:
    text = Path("docs/ROOMS.md").read_text(encoding="utf-8")
    for mark in (rooms_page.BEGIN, rooms_page.END, rooms_page.TOPICS_BEGIN, rooms_page.TOPICS_END):
        assert text.count(mark) == 1


def test_each_part_is_made_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "ROOMS.md"
    monkeypatch.setattr(rooms_page, "PAGE", page)
    monkeypatch.setattr(rooms_page, "TOPICS", (("30", ("0",)),))
    page.write_text(
        f"{rooms_page.BEGIN}kept{rooms_page.END}{rooms_page.TOPICS_BEGIN}old{rooms_page.TOPICS_END}", encoding="utf-8"
    )
    asked = ["--part", "topics", "--seeds", "1", "--data", "a town=--people,100,--city,Tokyo"]
    done = CliRunner().invoke(rooms_page.rooms_page, asked)
    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    assert "kept" in text
    assert "old" not in text
    assert "One seed each." in text


def test_a_curve_names_each_point_and_escapes_the_data_s_name() -> None:
    drawn = curve(
        [Point("<a>", True, "0.14", 1.4, 0.3, 0.9996), Point("<a>", False, "window of 15 min", 1.3, 0.2, 1.0)]
    )
    assert "0.14 (99.96%)" in drawn
    assert "&lt;a&gt;" in drawn
