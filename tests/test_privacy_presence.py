"""P4 in its short form, beside a server that is careless with names and has to be found out."""

import pytest

from bench.privacy_presence import ABSENT, BLOCKING, PRESENT, can_block, tell_apart


def test_p4_nobody_elsewhere_learns_who_is_online() -> None:
    # Four standard deviations of chance in so few rounds: what shows is found, what is a tenth of that is not.
    assert tell_apart(PRESENT, ABSENT, rounds=60, crowd=40).advantage <= 0.5


def test_p4_names_that_are_worn_once_in_all_rooms_tell_who_is_online() -> None:
    assert tell_apart(PRESENT, ABSENT, rounds=30, crowd=40, careless=True).advantage > 0.8


@pytest.mark.skipif(not can_block(), reason="this server knows no blocks")
def test_p4_nobody_elsewhere_learns_who_blocks_them() -> None:
    assert tell_apart(BLOCKING, ABSENT, rounds=60, crowd=40).advantage <= 0.5
