"""What every store does, held against all three; those on disk and in Redis also after they were opened again."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.store.memory import MARKED_MAX, NOTICES_MAX, MemoryStore
from server.store.rows import Switch
from server.store.store import Store
from tests.redis_stores import emptied, linked
from tests.stores import (
    ANN,
    BO,
    CY,
    audited,
    ban,
    block,
    bottle,
    bottle_answer,
    ended,
    mark,
    notice,
    on_disk,
    report,
    standing,
    tie,
)  # fmt: skip

Reopen = Callable[[Store], Store]


@pytest.fixture(params=["memory", "disk", "reopened", "redis", "redis reopened"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, Reopen]]:
    """Yield an empty store, and what a test does between writing and reading."""
    if request.param.startswith("redis"):
        url = request.getfixturevalue("redis_url")
        with asyncio.Runner() as runner:
            yield from in_redis(url, runner, is_reopened=request.param == "redis reopened")
        return
    opened: list[Store] = []

    def open_() -> Store:
        opened.append(MemoryStore() if request.param == "memory" else on_disk(tmp_path))
        return opened[-1]

    def reopen(store: Store) -> Store:
        if request.param != "reopened":
            return store
        store.close()
        return open_()

    yield open_(), reopen
    for store in opened:
        store.close()


def in_redis(url: str, runner: asyncio.Runner, *, is_reopened: bool) -> Iterator[tuple[Store, Reopen]]:
    """Yield a store whose loop runs only while it is opened and closed: it answers without."""
    runner.run(emptied(url))
    links = [runner.run(linked(url))]

    def reopen(store: Store) -> Store:
        if is_reopened:
            runner.run(links[-1].close())
            links.append(runner.run(linked(url)))
        return links[-1].store

    yield links[-1].store, reopen
    runner.run(links[-1].close())


@pytest.fixture
def store(place: tuple[Store, Reopen]) -> Store:
    return place[0]


@pytest.fixture
def reopen(place: tuple[Store, Reopen]) -> Reopen:
    return place[1]


def test_standing_is_kept_and_replaced(store: Store, reopen: Reopen) -> None:
    assert store.standing(ANN) is None
    store.put_standing(standing(seated_s=1.0))
    now: dict[str, Any] = {
        "seated_s": 601.5,
        "jumped_at": 5.0,
        "throws_due": 6.5,
        "picks_due": 7.5,
        "answers_due": 8.5,
    }
    store.put_standing(standing(**now))
    store.put_standing(standing(BO))
    store = reopen(store)
    assert store.standing(ANN) == standing(**now)
    assert store.standing(BO) == standing(BO)
    assert store.standing(CY) is None


def test_ended_identity_is_known_until_its_tokens_expire(store: Store, reopen: Reopen) -> None:
    store.end(ended(ANN, until=50.0))
    store = reopen(store)
    assert store.has_ended(ANN)
    assert not store.has_ended(BO)
    assert store.expire(now=49.9) == 0
    assert store.has_ended(ANN)
    assert store.expire(now=50.0) == 1
    assert not store.has_ended(ANN)


def test_ended_identity_is_known_with_when_its_dead_tokens_were_made(store: Store, reopen: Reopen) -> None:
    store.end(ended(ANN, at=40.0))
    store.end(ended(BO, until=60.0))
    store = reopen(store)
    assert (store.ended_at(ANN), store.ended_at(BO), store.ended_at(CY)) == (40.0, 60.0, None)
    store.end(ended(ANN, at=45.0))
    assert reopen(store).ended_at(ANN) == 45.0


def test_block_holds_in_both_directions_and_is_told_to_its_owner(store: Store, reopen: Reopen) -> None:
    older, newer = block(ANN, BO, at=1.0), block(ANN, CY, name="Çelik 2 🚋", at=2.0)
    store.add_block(newer)
    store.add_block(older)
    store = reopen(store)
    assert {one.block for one in store.blocks_of(ANN)} == {older.block, newer.block}
    assert newer in store.blocks_of(ANN)
    assert store.blocks_of(BO) == []
    assert store.blocks_against(BO) == [older]
    assert store.are_apart(ANN, BO)
    assert store.are_apart(BO, ANN)
    assert not store.are_apart(BO, CY)


def test_blocks_against_somebody_come_oldest_first(store: Store, reopen: Reopen) -> None:
    store.add_block(block(ANN, CY, at=5.0))
    store.add_block(block(BO, CY, at=3.0))
    assert [one.owner for one in reopen(store).blocks_against(CY)] == [BO, ANN]


def test_second_block_of_the_same_person_takes_the_place_of_the_first(store: Store, reopen: Reopen) -> None:
    store.add_block(block(block="first"))
    store.add_block(block(block="second"))
    store = reopen(store)
    assert [one.block for one in store.blocks_of(ANN)] == ["second"]
    assert [one.block for one in store.blocks_against(BO)] == ["second"]


def test_blocks_of_the_same_person_by_other_ways_are_beside_each_other(store: Store, reopen: Reopen) -> None:
    ways = [
        block(block=f"b{number}", via=via, at=number, name="") for number, via in enumerate(("", "bottle1", "bottle2"))
    ]
    for way in ways:
        store.add_block(way)
    store.add_block(block(block="b3", via="bottle1", at=3.0, name="Bo"))
    store = reopen(store)
    assert [one.block for one in store.blocks_of(ANN)] == ["b0", "b2", "b3"]
    assert [one.name for one in store.blocks_of(ANN)] == ["", "", "Bo"]
    assert [one.block for one in store.blocks_against(BO)] == ["b0", "b2", "b3"]
    store.renew_blocks(ANN, until=200.0)
    for id in ("b0", "b3"):
        store.remove_block(ANN, id)
        store = reopen(store)
        assert store.are_apart(ANN, BO)
        assert store.are_apart(BO, ANN)
    assert [one.until for one in store.blocks_against(BO)] == [200.0]
    store.remove_block(ANN, "b2")
    assert not reopen(store).are_apart(ANN, BO)


def test_block_is_removed_by_its_owner_alone(store: Store, reopen: Reopen) -> None:
    store.add_block(block(ANN, BO, block="b1"))
    store.add_block(block(CY, BO, block="b2"))
    assert store.remove_block(CY, "b1") is None
    assert store.are_apart(ANN, BO)
    assert store.remove_block(ANN, "b1") == block(ANN, BO, block="b1")
    assert store.remove_block(ANN, "b1") is None
    store = reopen(store)
    assert not store.are_apart(ANN, BO)
    assert store.are_apart(CY, BO)
    assert store.blocks_of(ANN) == []


def test_block_ends_unless_it_is_renewed(store: Store, reopen: Reopen) -> None:
    store.add_block(block(ANN, BO, until=10.0))
    store.add_block(block(ANN, CY, until=90.0))
    store.add_block(block(CY, BO, until=10.0))
    store.renew_blocks(ANN, until=50.0)
    store = reopen(store)
    assert store.expire(now=10.0) == 1
    assert not store.are_apart(CY, BO)
    assert store.are_apart(ANN, BO)
    assert {one.until for one in store.blocks_of(ANN)} == {50.0, 90.0}
    assert store.expire(now=50.0) == 1
    assert not reopen(store).are_apart(ANN, BO)


def test_marks_are_told_by_place_those_longest_ago_first_and_end_by_themselves(store: Store, reopen: Reopen) -> None:
    for one in (mark(at=1.0, until=10.0), mark(identity=BO, at=2.0), mark("p2", at=3.0), mark(at=4.0, until=50.0)):
        store.put_mark(one)
    store = reopen(store)
    assert [one.identity for one in store.marks("p1")] == [BO, ANN]
    assert [one.at for one in store.marks("p2")] == [3.0]
    assert store.marks("p3") == []
    assert store.expire(now=50.0) == 1
    assert [one.identity for one in reopen(store).marks("p1")] == [BO]


def test_mark_that_is_removed_is_forgotten_and_others_are_not(store: Store, reopen: Reopen) -> None:
    for one in (mark(), mark(identity=BO), mark("p2")):
        store.put_mark(one)
    store.remove_mark("p1", ANN)
    store.remove_mark("p1", CY)
    store.remove_mark("p3", ANN)
    store = reopen(store)
    assert [[one.identity for one in store.marks(place)] for place in ("p1", "p2")] == [[BO], [ANN]]


def test_of_too_many_marks_of_one_place_the_oldest_are_forgotten(store: Store, reopen: Reopen) -> None:
    for number in range(MARKED_MAX + 2):
        store.put_mark(mark(identity=str(number), at=float(number)))
    assert [one.identity for one in reopen(store).marks("p1")] == [str(number) for number in range(2, MARKED_MAX + 2)]


def test_ties_are_one_way_by_kind_and_oldest_first(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, CY, at=2.0), tie(BO, ANN, at=3.0))
    store.add_ties(tie(ANN, BO, kind="mute", at=1.0))
    store.add_ties(tie(ANN, BO, at=4.0))
    store.add_ties(tie(ANN, CY, at=5.0))
    store = reopen(store)
    assert store.ties_of("keep", ANN) == [tie(ANN, BO, at=4.0), tie(ANN, CY, at=5.0)]
    assert store.ties_of("mute", ANN) == [tie(ANN, BO, kind="mute", at=1.0)]
    assert store.ties_of("mute", BO) == []
    assert store.has_tie("keep", BO, ANN)
    assert not store.has_tie("mute", BO, ANN)
    assert not store.has_tie("keep", CY, ANN)


def test_ties_are_removed_one_by_one(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, BO), tie(BO, ANN), tie(ANN, BO, kind="mute"))
    store.remove_ties("keep", (ANN, BO), (ANN, CY))
    store.remove_ties("keep", (ANN, BO))
    store = reopen(store)
    assert store.ties_of("keep", ANN) == []
    assert store.has_tie("keep", BO, ANN)
    assert store.has_tie("mute", ANN, BO)


def test_tie_ends_unless_it_is_renewed(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, BO, until=10.0), tie(ANN, CY, until=90.0), tie(CY, BO, until=10.0))
    store.renew_ties(ANN, until=50.0)
    store.renew_ties(BO, until=50.0)
    store = reopen(store)
    assert store.expire(now=10.0) == 1
    assert store.ties_of("keep", CY) == []
    assert {one.until for one in store.ties_of("keep", ANN)} == {50.0, 90.0}
    assert store.expire(now=50.0) == 1
    assert reopen(store).ties_of("keep", ANN) == [tie(ANN, CY, until=90.0)]


def test_erasing_somebody_ends_all_ties_with_them(store: Store, reopen: Reopen) -> None:
    store.add_ties(tie(ANN, BO), tie(BO, ANN), tie(CY, ANN, kind="mute"), tie(CY, BO))
    store.end(ended(ANN))
    store = reopen(store)
    assert store.ties_of("keep", ANN) == store.ties_of("keep", BO) == store.ties_of("mute", CY) == []
    assert store.has_tie("keep", CY, BO)


def test_ban_of_an_identity_holds_for_its_time(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban(identity=ANN, until=50.0))
    store.add_ban(ban("ban2", identity=BO, until=None))
    store = reopen(store)
    assert store.ban_of(ANN, now=49.9) == ban(identity=ANN, until=50.0)
    assert store.ban_of(ANN, now=50.0) is None
    assert store.ban_of(CY, now=1.0) is None
    assert store.expire(now=1e12) == 1
    store = reopen(store)
    assert store.bans() == [ban("ban2", identity=BO, until=None)]
    assert store.ban_of(BO, now=1e12)


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("2001:db8::/32", "2001:db8:1:2::/64", "2001:db9::/64"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64", "192.0.2.7"),
        ("0.0.0.0/0", "203.0.113.9", "2001:db8::/64"),
        ("127.0.0.0/8", "loopback", "192.0.2.1"),
    ],
)
def test_ban_of_a_range_holds_for_addresses_in_it(
    store: Store, reopen: Reopen, network: str, inside: str, outside: str
) -> None:
    made = ban(network=network, until=50.0, stops_known=True)
    store.add_ban(made)
    store = reopen(store)
    assert store.ban_of_address(inside, now=49.9) == made
    assert store.ban_of_address(inside, now=50.0) is None
    assert store.ban_of_address(outside, now=1.0) is None


def test_of_two_ranges_the_wider_is_told_and_each_ends_by_itself(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban("narrow", network="192.0.2.0/24"))
    store.add_ban(ban("wide", network="192.0.0.0/16"))
    store.add_ban(ban("same", network="192.0.2.0/24"))
    store = reopen(store)
    told = []
    while found := store.ban_of_address("192.0.2.1", now=1.0):
        told.append(found.ban)
        assert store.remove_ban(found.ban) == found
    assert told[0] == "wide"
    assert sorted(told) == ["narrow", "same", "wide"]
    assert reopen(store).bans() == []


@pytest.mark.parametrize("network", ["192.0.2.1/24", "everybody", "192.0.2.0/33", "loopback"])
def test_what_is_no_range_is_refused_and_changes_nothing(store: Store, reopen: Reopen, network: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        store.add_ban(ban(network=network))
    assert reopen(store).bans() == []


def test_bans_come_oldest_first_and_are_lifted_by_id(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban("b", identity=ANN, at=2.0))
    store.add_ban(ban("a", identity=ANN, at=1.0))
    assert [one.ban for one in reopen(store).bans()] == ["a", "b"]


def test_of_two_bans_of_somebody_one_is_lifted(store: Store, reopen: Reopen) -> None:
    store.add_ban(ban("a", identity=ANN))
    store.add_ban(ban("b", identity=ANN))
    assert store.remove_ban("nobody's") is None
    assert store.remove_ban("a") == ban("a", identity=ANN)
    store = reopen(store)
    assert store.ban_of(ANN, now=1.0) == ban("b", identity=ANN)
    store.remove_ban("b")
    assert reopen(store).ban_of(ANN, now=1.0) is None


def test_report_is_kept_with_its_evidence_and_replaced(store: Store, reopen: Reopen) -> None:
    store.put_report(report(times=1), b"\x00sealed")
    store.put_report(report(times=2, last_at=9.0), b"\x00sealed anew")
    store = reopen(store)
    assert store.report("R1") == report(times=2, last_at=9.0)
    assert store.evidence("R1") == b"\x00sealed anew"
    assert store.report("R2") is None
    assert store.evidence("R2") is None


def test_reports_come_oldest_first(store: Store, reopen: Reopen) -> None:
    store.put_report(report("R1", at=5.0), b"")
    store.put_report(report("R2", at=4.0), b"")
    assert [one.ticket for one in reopen(store).reports()] == ["R2", "R1"]


def test_closed_report_says_when_and_stays_for_its_retention(store: Store, reopen: Reopen) -> None:
    store.put_report(report(until=50.0), b"sealed")
    assert store.close_report("R2", now=10.0) is None
    assert store.close_report("R1", now=10.0) == report(until=50.0, closed_at=10.0)
    assert store.close_report("R1", now=20.0) == report(until=50.0, closed_at=10.0)
    store = reopen(store)
    assert store.report("R1") == report(until=50.0, closed_at=10.0)
    assert store.expire(now=50.0) == 1
    store = reopen(store)
    assert store.reports() == []
    assert store.evidence("R1") is None


def test_removed_report_takes_its_evidence_along(store: Store, reopen: Reopen) -> None:
    store.put_report(report(), b"sealed")
    store.remove_report("R1")
    store.remove_report("R1")
    store = reopen(store)
    assert store.report("R1") is None
    assert store.evidence("R1") is None


def test_open_report_is_found_by_room_and_person_until_it_is_closed(store: Store, reopen: Reopen) -> None:
    store.put_report(report("R1", room="one", against=BO), b"")
    store.put_report(report("R2", room="one", against=""), b"")
    store.put_report(report("R3", room="two", against=BO), b"")
    store = reopen(store)
    assert store.open_report("one", BO) == report("R1", room="one", against=BO)
    assert store.open_report("one", "") == report("R2", room="one", against="")
    assert store.open_report("two", "") is None
    store.close_report("R1", now=5.0)
    store.remove_report("R2")
    store = reopen(store)
    assert store.open_report("one", BO) is None
    assert store.open_report("one", "") is None
    assert store.open_report("two", BO) == report("R3", room="two", against=BO)


def test_bottle_is_kept_in_its_newest_state(store: Store, reopen: Reopen) -> None:
    assert store.bottle("b1") is None
    store.put_bottle(bottle("b2", at=2.0))
    store.put_bottle(bottle("b1", picked=(), in_hand=()))
    store.put_bottle(bottle("b1", is_held=True))
    store = reopen(store)
    assert store.bottle("b1") == bottle("b1", is_held=True)
    assert [one.bottle for one in store.bottles()] == ["b1", "b2"]
    store.remove_bottle("b1")
    store.remove_bottle("b1")
    store = reopen(store)
    assert list(store.bottles()) == [bottle("b2", at=2.0)]
    assert store.expire(now=100.0) == 1
    assert list(reopen(store).bottles()) == []


def test_answers_wait_for_the_owner_of_the_bottle(store: Store, reopen: Reopen) -> None:
    store.put_answer(bottle_answer("a2", at=2.0))
    store.put_answer(bottle_answer("a1"))
    store.put_answer(bottle_answer("a3", owner=BO, by=ANN))
    store.put_answer(bottle_answer("a1", is_told=True, is_heard=True))
    store.remove_bottle("b1")
    store = reopen(store)
    assert store.answers_for(ANN) == [bottle_answer("a1", is_told=True, is_heard=True), bottle_answer("a2", at=2.0)]
    assert store.answer("a3") == bottle_answer("a3", owner=BO, by=ANN)
    assert store.answers_by(ANN) == [bottle_answer("a3", owner=BO, by=ANN)]
    store.remove_answer("a3")
    store = reopen(store)
    assert store.answer("a3") is None
    assert store.expire(now=100.0) == 2


def test_erased_identity_takes_its_bottles_and_answers_along(store: Store, reopen: Reopen) -> None:
    store.put_bottle(bottle("b0", picked=(), in_hand=()))
    store.put_bottle(bottle("b1"))
    store.put_bottle(bottle("b2", owner=BO, picked=(ANN,)))
    store.put_answer(bottle_answer("a1"))
    store.put_answer(bottle_answer("a2", owner=BO, by=ANN))
    store.put_answer(bottle_answer("a3", owner=BO, by=CY))
    store.put_answer(bottle_answer("a4", owner=BO, by=ANN, is_told=True))
    store.end(ended(ANN))
    store = reopen(store)
    assert store.bottle("b0") is None
    assert store.bottle("b1") == bottle("b1", owner="", sealed=b""), "those who picked it do not see who is gone"
    assert store.bottle("b2") == bottle("b2", owner=BO, picked=(ANN,))
    assert [store.answer(id) is None for id in ("a1", "a2", "a3")] == [True, True, False]
    assert store.answer("a4") == bottle_answer("a4", owner=BO, by="", sealed=b"", is_told=True), "nor who was answered"


def test_notices_wait_for_their_person_and_are_taken_once(store: Store, reopen: Reopen) -> None:
    store.add_notice(notice("n1", at=1.0))
    store.add_notice(notice("n2", at=2.0, text="¡Por favor!"))
    store.add_notice(notice("n3", identity=BO))
    store = reopen(store)
    waiting = [notice("n1", at=1.0), notice("n2", at=2.0, text="¡Por favor!")]
    assert store.notices_for(ANN) == waiting
    assert store.take_notices(ANN) == waiting
    assert store.notices_for(ANN) == []
    store = reopen(store)
    assert store.take_notices(ANN) == []
    assert store.expire(now=100.0) == 1
    assert reopen(store).take_notices(BO) == []


def test_of_too_many_notices_the_oldest_is_forgotten(store: Store, reopen: Reopen) -> None:
    for number in range(NOTICES_MAX + 1):
        store.add_notice(notice(f"n{number}", at=float(number)))
    kept = [one.notice for one in reopen(store).take_notices(ANN)]
    assert kept == [f"n{number}" for number in range(1, NOTICES_MAX + 1)]


def test_switched_off_stays_off(store: Store, reopen: Reopen) -> None:
    assert not store.is_off("anonymous")
    store.switch_off(Switch(feature="anonymous", at=1.0))
    store = reopen(store)
    assert store.is_off("anonymous")
    store.expire(now=1e12)
    assert store.is_off("anonymous")
    store.switch_on("anonymous")
    assert not reopen(store).is_off("anonymous")


def test_audit_log_tells_the_newest_first_and_forgets(store: Store, reopen: Reopen) -> None:
    for number in range(5):
        store.add_audit(audited(f"act {number}", until=10.0 + number))
    store = reopen(store)
    assert [entry.act for entry in store.audit(most=2)] == ["act 4", "act 3"]
    assert store.audit(most=1) == [audited("act 4", until=14.0)]
    assert store.expire(now=12.0) == 3
    assert [entry.act for entry in reopen(store).audit(most=9)] == ["act 4", "act 3"]


def test_erased_identity_leaves_what_others_hold_against_it(store: Store, reopen: Reopen) -> None:
    store.put_standing(standing(ANN))
    store.add_block(block(ANN, BO))
    store.add_block(block(BO, ANN))
    store.add_ban(ban(identity=ANN))
    store.put_report(report("R1", against=BO, reporters=(ANN, CY)), b"sealed")
    store.put_report(report("R2", against=ANN, reporters=(BO,)), b"sealed")
    store.end(ended(ANN))
    store = reopen(store)
    assert store.standing(ANN) is None
    assert store.blocks_of(ANN) == []
    assert store.blocks_against(BO) == []
    assert store.are_apart(ANN, BO)
    assert store.ban_of(ANN, now=1.0)
    assert [(one.against, one.reporters) for one in store.reports()] == [(BO, (CY,)), (ANN, (BO,))]


def test_expiry_leaves_what_still_holds(store: Store, reopen: Reopen) -> None:
    store.put_standing(standing(ANN, until=10.0))
    store.put_standing(standing(BO, until=20.0))
    assert store.expire(now=15.0) == 1
    store = reopen(store)
    assert store.standing(ANN) is None
    assert store.standing(BO) == standing(BO, until=20.0)
