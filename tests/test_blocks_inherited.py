"""Blocks go on to who comes as somebody new from the same place, and to nobody else."""

from pathlib import Path

import pytest

from geo import Cell, neighbours
from rooms.windows import region_of
from server.store.memory import MemoryStore
from server.store.tables.marks import MARKED_MAX
from tests.blocking import BOS, DAY_S, are_together, blocked_pair, held, kept_blocks, member, sit, stage
from tests.sessions import BEGAN, FAR_AWAY, HERE, Guest, Stage
from tests.stores import everything_in, on_disk


def block_among_themselves(place: Stage) -> None:
    """Have somebody with more identities at Bo's address than are remembered have each blocked by the one before."""
    before = sit(place, "Mal", address=BOS)
    done = 0
    while done < MARKED_MAX + 5:
        other = sit(place, "Mal", address=BOS)
        before.got()
        if are_together(before, other):
            before.ask("block", who=other.me)
            done += 1
        before.lose()
        before = other
        place.pass_time(place.house.settings.resume_grace_s + 1)
    before.lose()
    place.pass_time(place.house.settings.resume_grace_s + 1)


def shuns(who: Guest, other: Guest) -> bool:
    """Tell whether somebody is never to be seated with another."""
    one, two = (guest.peer.session.person for guest in (who, other))
    assert one is not None
    assert two is not None
    return two.id in who.stage.house.blocks.kept_from(one.id)


def test_block_survives_a_new_identity_from_the_same_address_and_region() -> None:
    place = stage()
    ann, bo = blocked_pair(place)
    bo.ask("leave")
    again = sit(place, "Robert", address=BOS)
    for _ in range(20):
        assert not are_together(ann, again)
        again.ask("next")
    place.pass_time(3600)
    assert not are_together(ann, again)
    assert [row["name"] for row in held(ann)] == ["Bo"]


def test_inherited_block_follows_to_other_addresses_and_ends_with_the_one_it_comes_from() -> None:
    place = stage()
    ann, bo = blocked_pair(place)
    bo.ask("leave")
    again = sit(place, "Robert", address=BOS)
    again.connection.lose()
    place.pass_time(60)
    again = sit(place, "Robert", address="203.0.113.5", token=again.token)
    assert not are_together(ann, again)
    ann.ask("unblock", block=held(ann)[0]["block"])
    again.ask("next")
    assert are_together(ann, again)


@pytest.mark.parametrize(
    ("address", "days", "made_before"),
    [("203.0.113.5", 0.0, False), (BOS, 1.01, False), (BOS, 0.0, True)],
    ids=["another address", "a day later", "known before the block"],
)
def test_who_is_somebody_else_inherits_nothing(address: str, days: float, made_before: bool) -> None:
    place = stage()
    token = {}
    if made_before:
        cy = sit(place, "Cy", FAR_AWAY, address=BOS)
        cy.connection.lose()
        place.pass_time(60)
        token = {"token": cy.token}
    ann, bo = blocked_pair(place)
    bo.ask("leave")
    place.pass_time(days * DAY_S)
    cy = sit(place, "Cy", address=address, **token)
    ann.got()
    assert are_together(ann, cy)


def test_new_identity_made_in_another_region_inherits_when_it_moves_there() -> None:
    place = stage()
    ann, bo = blocked_pair(place)
    bo.ask("leave")
    again = sit(place, "Robert", FAR_AWAY, address=BOS)
    again.ask("move", cell=HERE)
    for _ in range(3):
        again.ask("next")
        assert not are_together(ann, again)


@pytest.mark.parametrize("cell", neighbours(region_of(Cell(HERE))))
def test_new_identity_inherits_across_the_border_of_a_region(cell: Cell) -> None:
    """Rooms reach over borders: a claim of the next region is a seat beside whoever blocked."""
    place = stage(reach_max_m=200_000)
    ann, bo = blocked_pair(place)
    bo.ask("leave")
    again = sit(place, "Robert", str(cell), address=BOS)
    for _ in range(30):
        place.pass_time(120)
        ann.got()
        again.got()
        assert not are_together(ann, again)


def test_somebody_of_another_address_is_found_across_the_border_of_a_region() -> None:
    place = stage(reach_max_m=200_000)
    ann, _ = blocked_pair(place)
    cy = sit(place, "Cy", str(neighbours(region_of(Cell(HERE)))[0]), address="203.0.113.5")
    place.pass_time(900)
    ann.got()
    cy.got()
    assert are_together(ann, cy)


def test_whoever_has_many_of_their_own_blocked_pushes_out_their_own() -> None:
    place = stage()
    ann, bo = blocked_pair(place)
    bo.lose()
    place.pass_time(place.house.settings.resume_grace_s + 1)
    block_among_themselves(place)
    store = place.house.store
    assert isinstance(store, MemoryStore)
    assert len(store.marks(next(iter(store.tables.marks)).place)) == MARKED_MAX
    new = sit(place, "New", address=BOS)
    assert shuns(new, ann)
    assert not are_together(new, ann)


def test_block_by_a_regular_of_the_same_address_stays_where_new_ones_there_block_each_other() -> None:
    place = stage()
    ann, bo = sit(place, "Ann", address=BOS), sit(place, "Bo", address=BOS)
    place.pass_time(place.house.settings.new_identity_s)
    ann.got()
    assert are_together(ann, bo)
    ann.ask("block", who=member(ann, "Bo"))
    bo.lose()
    place.pass_time(place.house.settings.resume_grace_s + 1)
    block_among_themselves(place)
    assert shuns(sit(place, "New", address=BOS), ann)


def test_blocking_ones_own_who_is_blocked_already_takes_nothing_from_the_others_block() -> None:
    place = stage()
    ann, bo = blocked_pair(place)
    mal = sit(place, "Mal", address=BOS)
    while not are_together(mal, bo):
        mal.ask("next")
        bo.got()
    mal.got()
    mal.ask("block", who=member(mal, "Bo"))
    mal.lose()
    bo.lose()
    place.pass_time(place.house.settings.resume_grace_s + 1)
    block_among_themselves(place)
    assert shuns(sit(place, "New", address=BOS), ann)


def test_marks_of_addresses_are_forgotten_after_a_day() -> None:
    place = stage()
    _, bo = blocked_pair(place)
    bo.ask("leave")
    store = place.house.store
    assert isinstance(store, MemoryStore)
    assert list(store.tables.marks)
    place.house.expire(now=BEGAN + DAY_S + 1)
    assert not list(store.tables.marks)


@pytest.mark.parametrize(("days", "together"), [(0.9, False), (1.01, True)])
def test_new_identity_inherits_in_another_process_within_a_day(tmp_path: Path, days: float, together: bool) -> None:
    store = on_disk(tmp_path)
    before = stage(store=store)
    ann, bo = blocked_pair(before)
    bo.ask("leave")
    ann.connection.lose()
    before.pass_time(60)
    token = ann.token
    store.close()
    after = stage(store=on_disk(tmp_path))
    for _ in range(2):  # the numbers that the two have had are not given out twice by a real server
        after.house.identities.of(None, now=BEGAN)
    after.pass_time(days * DAY_S)
    again, ann = sit(after, "Robert", address=BOS), sit(after, "Ann", token=token)
    assert are_together(ann, again) == together
    assert BOS.encode() not in everything_in(tmp_path)
    assert region_of(Cell(HERE)).encode() not in everything_in(tmp_path)


def test_of_those_who_inherit_from_too_many_the_first_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.safety.blocks.INHERITED_MAX", 5)
    blocks = kept_blocks(MemoryStore())
    place = (b"an address", region_of(Cell(HERE)))
    for blocked in ("bo", "cy"):
        blocks.add("ann", blocked, "", now=0)
        blocks.mark(blocked, place, now=0)
    for heir in ("di", "ed"):
        for _ in range(2):
            blocks.came(heir, place, made_at=1, now=1)
    assert [blocks.kept_from(heir) for heir in ("di", "ed")] == [{"ann"}, {"ann"}]
    blocks.came("flo", place, made_at=1, now=1)
    assert [blocks.kept_from(heir) for heir in ("di", "ed", "flo")] == [frozenset(), {"ann"}, {"ann"}]
    assert blocks.kept_from("ann") == {"bo", "cy", "ed", "flo"}
