"""The load generator counts what is there: no delivery twice, none left out, and it tells when some are missing."""

import itertools
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import wire
from bench.load import MARK, Member, Plan, measure
from bench.servers import CannotMeasure, free_port, our_command, peer_command, running
from geo import Cell, cell_distance_m


@pytest.fixture
def member() -> Iterator[Member]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Member(ours, 27, 0, 40)


def plan(port: int, pid: int) -> Plan:
    return Plan(port=port, pid=pid, rooms=2, members=3, secs=0.2, warm_s=0.1)


def test_every_delivery_to_every_member_is_counted() -> None:
    port = free_port()
    with running(peer_command(port, seats=3), port) as pid:
        result = measure(plan(port, pid))
    assert result.conns == 6
    assert result.deliv_s > 0
    assert result.lost == 0
    assert 0 < result.p50_us <= result.p99_us


def test_members_who_do_not_hear_each_other_count_as_lost_deliveries() -> None:
    port = free_port()
    with running(peer_command(port, seats=2), port) as pid:
        result = measure(plan(port, pid))
    assert result.lost > 0


def test_server_that_goes_away_is_no_measurement() -> None:
    with pytest.raises(CannotMeasure, match="not made"):
        measure(plan(free_port(), 1))


def test_where_nothing_is_installed_a_target_of_the_makefile_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(CannotMeasure, match="is missing") as told:
        our_command(1)
    [target] = re.findall(r"`make (\w+)`", str(told.value))
    assert f"\n{target}: " in (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("cut", range(24))
def test_mark_cut_anywhere_counts_once(member: Member, cut: int) -> None:
    stream = b"..~#aaaa..~#bbaa...~#caaa"
    heard, own = (sum(pair) for pair in zip(member.hear(stream[:cut]), member.hear(stream[cut:]), strict=True))
    assert (heard, own) == (3, 1)
    assert member.heard == 3


def test_each_message_carries_its_members_mark_once(member: Member) -> None:
    frame = member.frame
    text = bytes(byte ^ frame[2 + place % 4] for place, byte in enumerate(frame[6:]))
    assert text.count(MARK) == 1
    assert b'"text":"~#bbaa ' in text


def test_cells_of_different_rooms_are_out_of_each_others_reach() -> None:
    cells = [Cell(wire.far_cell(number)) for number in (*range(70), *range(1000, 1070), wire.CELLS_MAX - 1)]
    assert min(cell_distance_m(a, b) for a, b in itertools.combinations(cells, 2)) > 100_000


def test_server_under_load_takes_no_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # It would not even start with these, and with another's `redis` it would join servers in use.
    monkeypatch.setenv("HEREABOUTS_SEATS_MIN", "none")
    port = free_port()
    with running(our_command(port), port) as pid:
        assert pid
