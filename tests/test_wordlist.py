"""The operator's list: how its lines are read, and what they hold."""

import logging
import os
from pathlib import Path

import pytest

from server.safety.filter_file import FILE_MAX_BYTES, FilterError, FilterFile
from server.safety.wordlist import RULES_MAX, BrokenLine, WordList, read_rules


def listed(*lines: str) -> WordList:
    rules, broken = read_rules(lines)
    assert broken == []
    return rules


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("casino", "the best Casino in town"),
        ("casino", "СASINO!"),
        ("casino", "c\u200basino"),
        ("Casino", "ｃａｓｉｎｏ"),
        ("free coins", "get your FREE, coins"),
        ("free coins", "free\ncoins"),
        ("example.com", "see example.com now"),
        ("example.com", "http://shop.EXAMPLE.com/a"),
        (".example.com", "www.example.com"),
        ("example.com", "еxample.com."),
        ("赌博", "去赌博吧"),
        ("tea-house", "a tea house"),
        ("1xbet", "play 1XBET"),
    ],
)
def test_a_rule_holds_what_is_meant(rule: str, text: str) -> None:
    assert listed(rule).holds(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("ass", "a class of glass"),
        ("free coins", "free the coins"),
        ("free coins", "coins free"),
        ("example.com", "anexample.com"),
        ("example.com", "example.com.org"),
        ("example.com", "an example, com"),
        ("shop.example.com", "example.com"),
    ],
)
def test_a_rule_holds_nothing_else(rule: str, text: str) -> None:
    assert not listed(rule).holds(text)


def test_comments_and_empty_lines_are_no_rules() -> None:
    assert len(listed("# casino", "", "  ", "casino  # and so on", "\r")) == 1
    assert not WordList().holds("anything")


def test_a_broken_line_is_told_by_number_and_the_rest_holds() -> None:
    rules, broken = read_rules(["casino", "!!!", "x" * 201, "\ufffdabc", "bingo"])
    assert [line.number for line in broken] == [2, 3, 4]
    assert rules.holds("bingo")
    assert rules.holds("casino")


def test_there_are_only_so_many_rules() -> None:
    rules, broken = read_rules(f"word{number}" for number in range(RULES_MAX + 1))
    assert len(rules) == RULES_MAX
    assert broken == [BrokenLine(RULES_MAX + 1, f"there are {RULES_MAX} rules already")]


def write(path: Path, text: str | bytes) -> None:
    """Write the file so that it looks changed however fast that is done."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    stamp = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(stamp, stamp))


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write(path, "casino\n")
    file = FilterFile(str(path))
    assert file.rules.holds("casino")
    assert not file.poll()
    write(path, "bingo\n")
    assert file.poll()
    assert file.rules.holds("bingo")
    assert not file.rules.holds("casino")


def test_a_lost_file_leaves_its_rules_in_force_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "words.txt"
    write(path, "casino")
    file = FilterFile(str(path))
    path.unlink()
    assert not file.poll()
    assert not file.poll()
    assert file.rules.holds("casino")
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    write(path, "bingo")
    assert file.poll()
    assert file.rules.holds("bingo")


def test_the_log_names_lines_and_never_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "words.txt"
    write(path, b"secretword\n\xff\xfesecretword\n?!?\n" + b"secretword" * 30)
    with caplog.at_level(logging.INFO):
        FilterFile(str(path))
    assert "Line 2 " in caplog.text
    assert "Line 3 " in caplog.text
    assert "Line 4 " in caplog.text
    assert "secretword" not in caplog.text


def test_a_file_that_is_too_large_leaves_the_rules_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write(path, "casino")
    file = FilterFile(str(path))
    write(path, b"x\n" * FILE_MAX_BYTES)
    assert not file.poll()
    assert file.rules.holds("casino")
    assert "more than" in file.problem
    with pytest.raises(FilterError, match="more than"):
        file.reload()
    write(path, "bingo")
    file.reload()
    assert file.rules.holds("bingo")
    assert file.problem == ""


def test_a_file_that_was_moved_and_comes_back_is_no_problem_any_more(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "words.txt", tmp_path / "elsewhere.txt"
    write(path, "casino\n?!?\n")
    file = FilterFile(str(path))
    assert file.broken == [BrokenLine(2, "it has no letter or digit")]
    path.rename(elsewhere)
    assert not file.poll()
    assert file.problem == "No such file or directory"
    elsewhere.rename(path)
    assert file.poll()
    assert file.problem == ""


def test_a_file_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FilterError, match=r"words\.txt cannot be read: No such file"):
        FilterFile(str(tmp_path / "words.txt"))


def test_a_file_without_one_rule_among_its_lines_leaves_those_from_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "words.txt"
    path.write_text("casino\n")
    file = FilterFile(str(path))
    path.write_bytes(bytes(range(128, 256)) * 3 + b"\n!!!\n")
    assert not file.poll()
    assert file.rules.holds("a casino")
    assert "none of its 2 lines is a rule" in caplog.text
    path.write_text("# nothing any more\n")
    assert file.poll()
    assert not file.rules.holds("a casino")


def test_a_file_that_was_empty_before_is_looked_at_once_more_when_it_is_again(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write(path, "casino\n")
    file = FilterFile(str(path))
    write(path, "")
    assert not file.poll()
    write(path, "!!!\n")  # no rule
    assert not file.poll()
    write(path, "")
    assert not file.poll()
    assert file.rules.holds("casino")


def test_an_empty_file_ends_the_rules_once_it_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    write(path, "casino\n")
    file = FilterFile(str(path))
    write(path, "")  # as an editor does before it writes
    assert not file.poll()
    assert file.rules.holds("casino")
    write(path, "casino\nbingo\n")
    assert file.poll()
    assert file.rules.holds("bingo")
    write(path, "")
    assert not file.poll()
    assert file.poll()
    assert len(file.rules) == 0
    assert not file.poll()
    write(path, "casino\n")
    assert file.poll()
    write(path, "")
    file.reload()
    assert len(file.rules) == 0
