"""Two servers on one store: what is done at one is felt by the people of the other."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.app import App
from server.cluster.store_effects import FELT
from server.cluster.store_rows import KINDS
from server.operate.admin.requests import read
from server.safety.evidence import Evidence, Note
from tests.apps import Client, Clients, running
from tests.redis_stores import emptied, until
from tests.sessions import UNLIMITED
from tests.stores import BO, SECRET


def ask(app: App, act: str, **fields: Any) -> None:
    """Have the operator of one server do something."""
    app.operating.office.do(read(json.dumps({"act": act, **fields}).encode()), by="socket", is_local=True)


class Place:
    """Two servers on one Redis, and Ann at the second of them."""

    def __init__(self, one: App, other: App, there: Clients) -> None:
        self.one, self.other, self.there = one, other, there
        self.ann: Client

    @property
    def identity(self) -> str:
        """Who Ann is."""
        return next(iter(self.other.node.peers))


@pytest.fixture
async def place(redis_url: str) -> AsyncIterator[Place]:
    await emptied(redis_url)
    shared: dict[str, Any] = {**UNLIMITED, "store": redis_url, "secret": SECRET.hex(), "new_identity_s": 0}
    async with asyncio.timeout(60), running(**shared) as one, running(**shared) as other, Clients(other) as there:
        made = Place(one, other, there)
        [made.ann] = await there.seated("Ann")
        # By what is kept of her the first server knows that there is somebody of her number.
        other.house.blocks.add(made.identity, BO, "Bo", now=other.node.clock.now())
        await until(lambda: one.house.store.blocks_against(BO))
        yield made


async def test_who_is_banned_at_one_server_leaves_the_other(place: Place) -> None:
    ask(place.one, "ban", identity=place.identity, reason="Advertising.")
    _, code = await place.ann.until_closed()
    assert code == 4500


async def test_who_is_erased_at_one_server_leaves_the_other_and_nothing_is_written_of_them_after(place: Place) -> None:
    identity = place.identity
    known = place.other.house.identities.known(identity)
    assert known is not None
    known.seated_s = 1000.0
    ask(place.one, "erase", identity=identity)
    _, code = await place.ann.until_closed()
    assert code == 1000
    assert place.one.kept is not None
    assert place.other.kept is not None
    stores = (place.one.kept.store, place.other.kept.store)
    await until(lambda: not any(len(store.outbox) for store in stores))
    assert all(store.has_ended(identity) and store.standing(identity) is None for store in stores)


async def test_bottle_thrown_at_one_server_is_picked_at_the_other(place: Place) -> None:
    await place.ann.ask("throw", "thrown", text="A bottle for whoever is there.")
    async with Clients(place.one) as here:
        await until(lambda: len(place.one.house.bottles))
        [bo] = await here.seated("Bo")
        found = await bo.ask("pick", "bottle", "error")
        assert found["text"] == "A bottle for whoever is there."
        [row] = place.one.house.store.bottles()
        await until(lambda: list(place.other.house.store.bottles()) == [row])
        assert len(row.in_hand) == 1


async def test_answer_given_at_one_server_is_told_at_the_other_at_once_and_once(place: Place) -> None:
    bottle = (await place.ann.ask("throw", "thrown", text="A bottle for whoever is there."))["bottle"]
    async with Clients(place.one) as here:
        await until(lambda: len(place.one.house.bottles))
        [cy] = await here.seated("Cy")
        await cy.ask("pick", "bottle")
        await cy.ask("answer", "answered", bottle=bottle, text="I am, too.")
        told = await place.ann.hear("answered")
        assert (told["bottle"], told["text"]) == (bottle, "I am, too.")
        await until(lambda: all(answer.is_told for answer in place.one.house.store.answers_for(place.identity)))
        assert (await place.ann.ask("ping", "pong", "answered"))["type"] == "pong"


async def test_answer_of_somebody_blocked_at_the_other_server_meanwhile_is_told_to_nobody(place: Place) -> None:
    now, store = place.one.node.clock.now(), place.one.house.store
    await place.ann.ask("throw", "thrown", text="A bottle for whoever is there.")
    await until(lambda: len(place.one.house.bottles))
    [row] = store.bottles()
    # By Bo, whom she blocks.
    answer = place.one.house.bottles.answer(BO, row, "It is me again.", now=now)
    await until(lambda: place.other.house.store.answer(answer.answer))
    assert (await place.ann.ask("ping", "pong", "answered"))["type"] == "pong"


async def test_bottles_that_three_reported_at_three_servers_come_to_nobody(place: Place) -> None:
    await place.ann.ask("throw", "thrown", text="A bottle for whoever is there.")
    await until(lambda: len(place.one.house.bottles))
    [row] = place.one.house.store.bottles()
    against = f"bottle {row.bottle}"
    for number, app in enumerate((place.one, place.other, place.one)):
        note = Note(f"{number:024}", "spam", "", 0)
        evidence, now = Evidence("", {}, (), (note,)), app.node.clock.now()
        # As it is filed where the other reports are not known yet: nobody counts three.
        app.house.reports.file(room=against, against=row.owner, by=note.by, evidence=evidence, now=now, counts=True)
    await until(lambda: not len(place.one.house.bottles) and not len(place.other.house.bottles))
    assert all(bottle.is_held for bottle in place.one.house.store.bottles())


async def test_contact_line_of_who_lets_go_at_another_server_is_withdrawn(place: Place) -> None:
    await place.there.seated("Bo")
    one, other = place.other.node.peers
    ties, keeps, now = place.one.house.ties, place.other.house.keeps, place.one.node.clock.now()
    ties.add("keep", [(one, other), (other, one)], now=now)
    await until(lambda: keeps.both(one))
    keeps.lines.give(one, other, "Ann", "ann@example.org", now=now)
    ties.remove("keep", [(one, other)])
    await until(lambda: not len(keeps.lines))


async def test_who_has_just_come_sees_the_room_with_their_eyes_as_soon_as_it_is_known_whom_they_mute(
    place: Place,
) -> None:
    [bo] = await place.there.seated("Bo")
    one, other = place.other.node.peers
    place.one.house.ties.add("mute", [(one, other)], now=place.one.node.clock.now())
    session = place.other.node.peers[one].session
    await until(lambda: session.sight.hidden == frozenset({bo.me}))


def test_every_kind_of_row_has_an_effect_or_a_reason_for_none() -> None:
    assert set(FELT) == set(KINDS.values())


async def test_block_made_at_one_server_keeps_two_apart_at_the_other(place: Place) -> None:
    [bo] = await place.there.seated("Bo")
    one, other = place.other.node.peers
    place.one.house.blocks.add(one, other, "Bo", now=place.one.node.clock.now())
    people = place.other.house.world.people
    await until(lambda: other in people[one].barred and one in people[other].barred)
    assert bo.me


async def test_who_keep_each_other_by_one_server_do_so_at_the_other(place: Place) -> None:
    await place.there.seated("Bo")
    one, other = place.other.node.peers
    people, ties = place.other.house.world.people, place.one.house.ties
    ties.add("keep", [(one, other), (other, one)], now=place.one.node.clock.now())
    await until(lambda: people[one].kept == {other} and people[other].kept == {one})
    ties.remove("keep", [(one, other)])
    await until(lambda: not people[one].kept and not people[other].kept)


async def test_warning_written_at_one_server_is_told_at_the_other(place: Place) -> None:
    ask(place.one, "warn", identity=place.identity, text="Please stop.")
    assert (await place.ann.hear("notice"))["text"] == "Please stop."
