"""`hereabouts check`: what it finds, what it says to do, and that it changes nothing."""

from pathlib import Path

from server.operate.check import CHECKS
from tests.checked import STRONG, run


def test_defaults_work_and_it_is_said_what_ends_with_the_process() -> None:
    status, told = run()
    assert status == 0
    assert "WRONG" not in told
    assert "blocks, bans and reports end with this process; set data to keep them" in told
    assert "tokens end with the process" in told


def test_whole_setup_is_found_good_and_nothing_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "later"
    status, told = run("--data", str(folder), "--set", "contact=ops", HEREABOUTS_SECRET=STRONG)
    assert status == 0
    assert f"{folder} will be made" in told
    assert f"finds the server at {folder / 'admin.sock'}" in told
    assert "note" not in told
    assert list(tmp_path.iterdir()) == []


def test_settings_that_cannot_be_read_end_it_with_2() -> None:
    assert run("--set", "seats_max=0")[0] == 2


def test_every_check_says_in_a_line_what_it_tries() -> None:
    assert all(check.__doc__ for check in CHECKS)
