"""P7 in its short form: what is left of people after they went, and that the look finds what it should."""

from pathlib import Path

import pytest

from bench.privacy_files import CARELESS, is_as_it_should, measure


def test_nothing_is_left_of_people_in_memory_nor_in_any_file(tmp_path: Path) -> None:
    left = measure(tmp_path, people=30)
    assert (left.in_files, left.in_memory, left.rooms) == ([], [], 0)


@pytest.mark.parametrize("careless", CARELESS)
def test_without_a_precaution_something_is_found(careless: str, tmp_path: Path) -> None:
    assert is_as_it_should(measure(tmp_path, people=30, careless=careless), careless)
