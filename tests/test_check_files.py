"""`hereabouts check` of the certificate and of the operator's list of words."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.certificates import make_pem
from tests.checked import run


@pytest.mark.parametrize(
    ("days_old", "status", "says"),
    [(0, 0, "can serve, until 20"), (360, 0, "renew it"), (366, 1, "has expired on 20"), (-2, 1, "clients refuse it")],
)
def test_dates_of_a_certificate_are_judged(tmp_path: Path, days_old: int, status: int, says: str) -> None:
    pem = make_pem(tmp_path, days_old=days_old)
    found, told = run("--tls-cert", str(pem), "--tls-key", str(pem))
    assert (found, says in told) == (status, True), told


def test_words_file_is_read_and_its_broken_lines_are_named(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    status, told = run("--set", f"filter_file={words}")
    assert status == 1
    assert "set filter_file to another" in told
    words.write_text("casino\n!!!\n")
    status, told = run("--set", f"filter_file={words}")
    assert status == 0
    assert f"{words} holds 1 rule\n" in told
    assert "line 2" in told
    assert "!!!" not in told


def test_broken_lines_are_told_once_where_nothing_takes_what_is_logged(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("casino\n!!!\n")
    # In a process of its own: here pytest takes it.
    command = [sys.executable, "-c", "from server.cli import main; main()", "check", "--set", f"filter_file={words}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.count("passed over"), done.stderr) == (1, "")
