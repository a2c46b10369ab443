"""P1 and P3 in their short forms: nobody is sent anything that depends on where in their cell somebody is."""

import random

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bench import privacy_cells
from bench.privacy import PROOFS, main
from bench.privacy_cells import bytes_differing, cell_of_place, measure_p1, measure_p3, place_in
from bench.proofs import Finding, table
from geo import Cell
from tests.sessions import HERE


def quiet(_: str) -> None:
    """Say nothing."""


def test_p1_where_in_the_cell_one_is_changes_no_byte_that_others_are_sent() -> None:
    same, control = measure_p1(pairs=25, seed=2, tell=quiet)
    assert (same.found, same.holds) == (0, True)
    assert control.holds


def test_p3_sybils_poured_into_the_cell_learn_nothing_finer() -> None:
    *findings, control = measure_p3(sybils=40, seed=2, tell=quiet)
    assert [finding.found for finding in findings] == [0, 0, 0]
    assert all(finding.holds for finding in findings)
    assert control.holds


def test_a_cell_that_slips_out_is_seen() -> None:
    sent = b'{"cell":"dr5ru6"}' + b"\xa5other\xa7dr5ru6x" + b'"dr5ru"'
    assert privacy_cells._CELLS.findall(sent) == [b"dr5ru6", b"dr5ru6x"]


def test_a_client_that_says_more_than_its_cell_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one would that names another cell when it is in the northern half of its own."""
    beside, middle = privacy_cells._beside(HERE, random.Random(1)), Cell(HERE).center[0]

    def careless(place: tuple[float, float]) -> str:
        cell = cell_of_place(place)
        return beside if cell == HERE and place[0] > middle else cell

    monkeypatch.setattr(privacy_cells, "cell_of_place", careless)
    monkeypatch.setattr(privacy_cells, "_is_cut_to", lambda places, cells: True)
    same, _ = measure_p1(pairs=10, seed=1, tell=quiet)
    assert same.found > 0
    assert not same.holds


@given(st.integers())
def test_a_place_lies_in_its_cell(seed: int) -> None:
    assert cell_of_place(place_in(HERE, random.Random(seed))) == HERE


def test_bytes_that_differ_are_counted_by_place_and_length() -> None:
    assert bytes_differing([b"abc", b""], [b"abc", b""]) == 0
    assert bytes_differing([b"abc"], [b"axcd"]) == 2


def test_a_promise_that_does_not_hold_is_said_and_ends_with_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [Finding("P1", "bytes that differ", 3, "0", False)]
    assert "DOES NOT HOLD" in table(broken)
    monkeypatch.setitem(PROOFS, "P1", lambda times, seed, tell: broken)
    assert CliRunner().invoke(main, ["P1"]).exit_code == 1
