"""A replayed person: places are taken by move and next, or anew, and the wait for company is counted once."""

import asyncio
import random

from client_demo.ledger import Ledger
from client_demo.replaying.visitor import Happenings, Visitor
from tests.fake_server import Peer, fake_server, member

CELL, OTHER_CELL = "dr5ru7", "dr5ru6"
ALONE = [member("a", "Ada")]


def visitor(url: str, happenings: Happenings, ledger: Ledger | None = None) -> Visitor:
    return Visitor(
        ledger=ledger or Ledger("wabc12"),
        happenings=happenings,
        rng=random.Random(1),
        lat=40.0,
        lon=-74.0,
        url=url,
    )


async def test_acts_follow_each_other_however_fast_they_are_asked_for() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.echo(await peer.receive("say"))
        await peer.bye_to_leave()

    happenings, ledger = Happenings(), Ledger("wabc12")
    async with fake_server(script) as url:
        somebody = visitor(url, happenings, ledger)
        somebody.enter(CELL)
        somebody.say(meant_at=0.0)
        assert (somebody.room, somebody.room_size) == ("", 0)
        await somebody.leave()
    assert (happenings.entered, happenings.troubles, happenings.entering.count) == (1, {}, 1)
    assert ledger.finish().acknowledged == 1


async def test_while_seated_the_room_and_its_size_are_known() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    async with fake_server(script) as url:
        somebody = visitor(url, Happenings())
        await somebody.enter(CELL)
        assert (somebody.room, somebody.room_size) == ("r1", 3)
        await somebody.leave()
        assert somebody.room == ""


async def test_another_place_is_told_and_another_seat_taken() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("move")
        assert command["cell"] == OTHER_CELL
        await peer.send({"type": "moved", "cell": OTHER_CELL, "counts_from": 0, "ref": command["ref"]})
        command = await peer.receive("next")
        await peer.give_room(room="r2", me="a2", ref=command["ref"])
        await peer.bye_to_leave()

    happenings = Happenings()
    async with fake_server(script) as url:
        somebody = visitor(url, happenings)
        somebody.enter(CELL)
        await somebody.move(OTHER_CELL)
        assert somebody.room == "r2"
        await somebody.leave()
    assert (happenings.moved, happenings.anew) == (1, 0)


async def test_within_the_same_cell_only_the_seat_changes() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("next")
        await peer.give_room(room="r2", me="a2", ref=command["ref"])
        await peer.bye_to_leave()

    happenings = Happenings()
    async with fake_server(script) as url:
        somebody = visitor(url, happenings)
        somebody.enter(CELL)
        somebody.move(CELL)
        await somebody.leave()
    assert happenings.moved == 1


async def test_where_next_is_refused_for_now_the_person_enters_anew() -> None:
    async def first(peer: Peer) -> None:
        await peer.enter()
        command = await peer.receive("move")
        await peer.send({"type": "moved", "cell": OTHER_CELL, "counts_from": 0, "ref": command["ref"]})
        await peer.refuse(await peer.receive("next"), "rate_limited", retry_after=100)
        await peer.bye_to_leave()

    async def second(peer: Peer) -> None:
        command = await peer.enter(room="r9")
        assert command["cell"] == OTHER_CELL
        assert "token" not in command
        await peer.bye_to_leave()

    happenings = Happenings()
    async with fake_server(first, second) as url:
        somebody = visitor(url, happenings)
        somebody.enter(CELL)
        await somebody.move(OTHER_CELL)
        assert somebody.room == "r9"
        await somebody.leave()
    assert (happenings.moved, happenings.anew, happenings.troubles) == (0, 1, {})


async def test_who_is_not_let_in_has_nothing_to_say() -> None:
    async def script(peer: Peer) -> None:
        await peer.refuse(await peer.receive("enter"), "outside")

    happenings, ledger = Happenings(), Ledger("wabc12")
    async with fake_server(script) as url:
        somebody = visitor(url, happenings, ledger)
        somebody.enter(CELL)
        somebody.say(meant_at=0.0)
        await somebody.leave()
    assert (happenings.entered, happenings.troubles, happenings.unsaid) == (0, {"enter: outside": 1}, 1)
    assert ledger.finish().sent == 0


async def test_company_at_once_is_no_wait() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter()
        await peer.bye_to_leave()

    happenings = Happenings()
    async with fake_server(script) as url:
        somebody = visitor(url, happenings)
        await somebody.enter(CELL)
        assert len(happenings.waits_s) == 1
        await somebody.leave()
    assert len(happenings.waits_s) == 1
    assert happenings.waits_s[0] < 0.5


async def test_the_wait_ends_with_the_third_in_the_room_and_never_counts_again() -> None:
    third = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.enter(seq=1, members=ALONE)
        await third.wait()
        for seq, who in ((2, "b"), (3, "c")):
            await peer.send({"type": "joined", "seq": seq, "id": who, "member": member(who, who)})
        await peer.give_room(room="r2", me="a2", members=ALONE)
        await peer.bye_to_leave()

    happenings = Happenings()
    async with fake_server(script) as url:
        somebody = visitor(url, happenings)
        await somebody.enter(CELL)
        assert happenings.waits_s == []
        third.set()
        await somebody.leave()
    assert len(happenings.waits_s) == 1


async def test_who_never_has_company_waits_to_the_end() -> None:
    async def script(peer: Peer) -> None:
        await peer.enter(members=ALONE)
        await peer.bye_to_leave()

    happenings = Happenings()
    async with fake_server(script) as url:
        somebody = visitor(url, happenings)
        await somebody.enter(CELL)
        assert happenings.waits_s == []
        await somebody.leave()
    assert len(happenings.waits_s) == 1
