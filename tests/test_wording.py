"""How an operator's terminal is written to."""

import pytest

from server.operate.admin.wording import counted, moment, shown, span


@pytest.mark.parametrize("control", ["\x1b", "\n", "\x85", "\u202e", "\u200b", "\ufeff"])
def test_what_would_move_a_cursor_or_hide_is_shown_as_such(control: str) -> None:
    assert shown(f"a{control}b") == "a�b"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (5400, "2 h"), (90_000, "1 d"), (604_800, "7 d")]
)
def test_a_span_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    assert span(seconds) == told


def test_moments_are_utc_and_one_is_no_many() -> None:
    assert moment(0) == "1970-01-01T00:00:00Z"
    assert [counted(number, "ban", "bans") for number in (0, 1, 2)] == ["0 bans", "1 ban", "2 bans"]
