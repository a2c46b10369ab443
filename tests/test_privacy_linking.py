"""P6 in its short form, beside what is careless with ids, order or refs and has to be found out."""

import pytest

from bench.privacy_linking import CARELESS, link


def test_p6_nobody_is_known_again_when_a_window_ends() -> None:
    assert link(rounds=8, seed=1).times_chance <= 2


@pytest.mark.parametrize("careless", CARELESS)
def test_p6_what_is_kept_from_room_to_room_links_people(careless: str) -> None:
    assert link(rounds=4, seed=1, careless=careless).times_chance > 2
