"""People who wait at different nodes come together, with their names, their connections and their rates."""

import asyncio
from typing import Any

import pytest

from geo import Cell, cell_distance_m
from rooms.moving import hold_for
from rooms.person import Person
from rooms.whys import Why
from server.app import App
from server.cluster.cluster import Cluster
from server.cluster.commit import Held
from server.cluster.entrance import Entrance
from server.cluster.moving import Moving
from server.cluster.wire import Came, Ready, Received, decode
from tests.apps import Client, Clients
from tests.cluster_clients import until
from tests.clusters import nodes, together, until_shown
from tests.sessions import FAR_AWAY, HERE, NEAR
from tests.test_cluster_regions import nobody_near


def cluster_of(app: App) -> Cluster:
    assert app.cluster is not None
    return app.cluster


def entrance_of(app: App) -> Entrance:
    """Return what holds the socket of a node's only client, wherever their seat is."""
    own = [peer.connection.entrance for peer in app.node.peers.values() if isinstance(peer.connection, Held)]
    [entrance] = {each for each in (*own, *cluster_of(app).entrances.values()) if each is not None}
    return entrance


def person_of(app: App, client: Client) -> Person:
    return app.house.world.rooms[client.room].seats[client.me].person


async def go_over(here: App, there: App, *clients: Client) -> None:
    """Have people go to the other node, where they sit like newcomers."""
    for client in clients:
        cluster_of(here).moving.send(person_of(here, client), cluster_of(there).name, now=cluster_of(here).now())
        cluster_of(here).node.arm()
        await client.hear("room")


async def test_two_who_wait_at_different_nodes_are_brought_together(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=1) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new("msgpack", at=two)
        # At the same moment, so that neither node knows of the other's room.
        await ann.say("enter", cell=HERE, name="Ann")
        await bo.say("enter", cell=HERE, name="Bo")
        await ann.hear("room")
        await bo.hear("room")
        await together(ann, bo)
        await ann.say("say", text="Found you", room=ann.room)
        assert (await bo.hear("said"))["text"] == "Found you"
        await bo.say("say", text="Yes", room=bo.room)
        assert (await ann.hear("said"))["text"] == "Found you"
        assert (await ann.hear("said"))["text"] == "Yes"
        people = [set(app.house.world.people) for app in (one, two)]
        assert sorted(map(len, people)) == [0, 2]


@pytest.mark.parametrize(("cell", "code"), [(NEAR, "outward"), (HERE, "outward_here")])
async def test_whoever_moves_is_told_that_too_few_came(redis_url: str, cell: str, code: str) -> None:
    async with nodes(redis_url, 2, look_every_s=1) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.say("enter", cell=HERE)
        await bo.say("enter", cell=cell)
        await ann.hear("room")
        await bo.hear("room")
        moves = [asyncio.create_task(client.hear("room")) for client in (ann, bo)]
        (moved,), (stayed,) = await asyncio.wait(moves, return_when=asyncio.FIRST_COMPLETED)
        stayed.cancel()
        event = moved.result()
        far_m = round(cell_distance_m(Cell(HERE), Cell(cell)) / 100) * 100
        assert (event["why_code"], event.get("why_args", {})) == (code, {"distance_m": far_m} if far_m else {})


async def test_whoever_moved_can_be_found_and_comes_back_to_the_same_seat(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=1) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.say("enter", cell=HERE, name="Ann")
        await bo.say("enter", cell=HERE, name="Bo")
        await ann.hear("room")
        await bo.hear("room")
        await together(ann, bo)
        for client, app in ((ann, two), (bo, one)):
            token, room, seq, me = client.token, client.room, client.seq, client.me
            await client.socket.close()
            back = await clients.new(at=app)
            entered = await back.ask("enter", "entered", cell=HERE, token=token, resume={"room": room, "seq": seq})
            assert entered["resumed"]
            assert (await back.hear("room"))["me"] == me


async def test_whoever_moved_comes_back_to_that_seat_from_the_node_they_left_too(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=1) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.say("enter", cell=HERE, name="Ann")
        await bo.say("enter", cell=HERE, name="Bo")
        await ann.hear("room")
        await bo.hear("room")
        await together(ann, bo)
        mover, left = (bo, two) if one.house.world.people else (ann, one)
        # They are known, so that nobody looks where newcomers would sit best.
        cluster_of(left).finding._near_company = nobody_near  # type: ignore[method-assign]
        await mover.socket.close()
        back = await clients.new(at=left)
        resume = {"room": mover.room, "seq": mover.seq}
        entered = await back.ask("enter", "entered", cell=HERE, token=mover.token, resume=resume)
        assert entered["resumed"]
        assert (await back.hear("room"))["me"] == mover.me


async def test_who_is_lost_on_the_way_to_another_node_is_told_to_come_back(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, back = await clients.new(), await clients.new()
        await ann.enter(HERE)
        bus = cluster_of(one).bus
        send = bus.send

        def lose(node: str, message: bytes) -> None:
            send(node, message)
            if any(isinstance(each, Came) for each in decode(message)):
                bus._outboxes._boxes[node].drop()

        monkeypatch.setattr(bus, "send", lose)
        cluster_of(one).moving.send(person_of(one, ann), cluster_of(two).name, now=cluster_of(one).now())
        cluster_of(one).node.arm()
        _, code = await ann.until_closed()
        assert code == 4000
        await back.enter(HERE, token=ann.token)
        assert sum(len(app.house.world.people) for app in (one, two)) == 1


async def test_newcomer_whom_a_node_does_not_list_since_they_are_on_their_way_to_it_is_one_person(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.enter(HERE)
        await until_shown(redis_url)
        gateway, next_conn = cluster_of(two), cluster_of(two).next_conn

        def list_as_they_go() -> int:
            asyncio.get_running_loop().call_soon(gateway.listed, cluster_of(one).name, [])
            return next_conn()

        monkeypatch.setattr(gateway, "next_conn", list_as_they_go)
        await bo.enter(HERE)
        assert bo.room == ann.room
        assert len(one.house.world.people) == 2


async def test_what_is_lost_while_a_list_is_due_is_followed_by_another(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2) as (one, _):
        lists: list[str] = []
        monkeypatch.setattr(cluster_of(one).remotes, "list_to", lists.append)
        for _ in range(3):
            cluster_of(one)._lost_touch("somebody")
        await until(lambda: cluster_of(one)._lists_due == 0)
        assert len(lists) == 2


SAYS = b'{"type": "say", "text": "On my way", "ref": "r"}'


async def test_what_one_says_while_one_moves_is_heard_where_one_arrives(redis_url: str) -> None:
    async with nodes(redis_url, 3, look_every_s=3600) as (one, two, three), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        entrance = entrance_of(one)
        cluster_of(one).moving.send(person_of(one, ann), cluster_of(two).name, now=cluster_of(one).now())
        entrance.received(SAYS, False)
        cluster_of(one).node.arm()
        assert (await ann.hear("said", "error"))["type"] == "said"
        assert person_of(two, ann).seat is not None
        # And from there to a third, by which time the node that has the socket passes on what they say.
        [conn] = cluster_of(two).remotes._lines[cluster_of(one).name]
        cluster_of(two).moving.send(person_of(two, ann), cluster_of(three).name, now=cluster_of(two).now())
        cluster_of(two).remotes.received(cluster_of(one).name, Received(conn, SAYS, False))
        cluster_of(two).node.arm()
        assert (await ann.hear("said", "error"))["type"] == "said"
        assert person_of(three, ann).seat is not None


async def test_seat_of_who_is_gone_before_they_arrive_waits_as_any_other(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        await go_over(one, two, ann)
        entrance = entrance_of(one)
        person = person_of(two, ann)
        cluster_of(two).moving.send(person, cluster_of(one).name, now=cluster_of(two).now())
        entrance.closed()
        cluster_of(two).node.arm()
        await until(lambda: person.id in one.house.world.people)
        seat = one.house.world.people[person.id].seat
        assert seat is not None
        assert seat.waits_until is not None


async def test_newcomer_who_moved_on_is_a_stranger_to_nobody(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        await go_over(one, two, ann)
        await ann.socket.close()
        await until(lambda: not any(app.house.door._strangers for app in (one, two)))


async def test_whoever_leaves_a_room_of_another_node_is_forgotten_there(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=1) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.enter(HERE, name="Ann")
        await bo.enter(HERE, name="Bo")
        await together(ann, bo)
        token = bo.token
        assert (await bo.ask("leave", "bye"))["code"] == 1000
        assert (await ann.hear("left"))["why"] == "left"
        again = await clients.new(at=two)
        assert (await again.ask("enter", "error", cell=HERE, token=token))["code"] == "bad_token"


async def test_whom_one_keeps_is_found_at_another_node(redis_url: str) -> None:
    south, middle, north = (str(Cell.at(latitude, -74.0, 6)) for latitude in (40.70, 40.79, 40.88))
    async with nodes(redis_url, 2, seats_min=2, resume_grace_s=0.2) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new()
        cy, di = await clients.new(at=two), await clients.new(at=two)
        for client, cell in ((ann, south), (bo, south), (cy, north), (di, north)):
            await client.enter(cell)
        assert (ann.room, cy.room) == (bo.room, di.room)
        assert ann.room != cy.room
        ann_id, bo_id = ann.me, bo.me
        await ann.say("keep", who=bo_id)
        await bo.say("keep", who=ann_id)
        await ann.hear("kept")
        await bo.hear("kept")
        await bo.socket.close()
        assert (await ann.hear("left"))["id"] == bo_id
        # From here both rooms are ten kilometres away, and the other one is that of this node.
        back = await clients.new(at=two)
        await back.enter(middle, token=bo.token, visiting=True)
        assert back.room == ann.room


async def test_contact_lines_under_way_go_with_those_who_gave_them(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new()
        await ann.enter(HERE, name="Ann")
        await bo.enter(HERE, name="Bo")
        await ann.say("keep", who=bo.me)
        await bo.say("keep", who=ann.me)
        await ann.hear("kept")
        await bo.hear("kept")
        await ann.ask("contact", "voted", who=bo.me, text="ann@example.org")
        await go_over(one, two, ann, bo)
        assert ann.room == bo.room
        assert len(one.house.keeps.lines) == 0
        await bo.say("contact", who=ann.me, text="bo@example.org")
        assert (await bo.hear("contact"))["text"] == "ann@example.org"
        assert (await ann.hear("contact"))["text"] == "bo@example.org"
        # As nothing has come of them since, it comes again wherever they go on.
        await go_over(two, one, ann)
        await ann.socket.close()
        back = await clients.new(at=one)
        await back.enter(HERE, token=ann.token)
        assert (await back.hear("contact"))["text"] == "bo@example.org"


async def test_block_that_overtook_somebody_on_their_way_keeps_them_apart(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        bo = await clients.new(at=two)
        await bo.enter(FAR_AWAY)
        await bo.ask("move", "moved", cell=HERE)
        await bo.ask("next", "room")
        people = person_of(one, ann), person_of(two, bo)
        two.house.blocks.add(people[1].id, people[0].id, "Ann", now=cluster_of(two).now())
        await until(lambda: people[1].id in people[0].barred)
        # As if it had come after they were on their way, to who is not here any more.
        people[0].barred = frozenset()
        await go_over(one, two, ann)
        assert ann.room != bo.room
        assert people[1].id in person_of(two, ann).barred


async def test_blocks_that_somebody_has_inherited_hold_at_the_next_node(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(at=two), await clients.new(at=two)
        for client in (ann, bo):
            await client.enter(HERE)
        blocked, blocking = person_of(two, bo).id, person_of(two, ann).id
        await ann.ask("block", "blocked", who=bo.me)
        await ann.hear("room")
        await until(lambda: bool(one.house.store.blocks_against(blocked)))
        cluster_of(one).finding._near_company = nobody_near  # type: ignore[method-assign]
        heir = await clients.new(at=one)
        await heir.enter(HERE)
        person = person_of(one, heir)
        assert blocking in person.barred
        person.barred = frozenset()
        await go_over(one, two, heir)
        assert heir.room != ann.room
        assert blocking in two.house.blocks.kept_from(person.id)


async def test_seats_kept_for_those_who_do_not_come_are_free_at_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.say("enter", cell=HERE)
        await bo.say("enter", cell=HERE)
        await ann.hear("room")
        await bo.hear("room")
        holds, ask = two.house.world.holds, cluster_of(one).moving.ask
        kept: list[bool] = []

        async def asking(*given: Any, **options: Any) -> bool:
            kept.append(await ask(*given, **options))
            return kept[-1]

        cluster_of(one).moving.ask = asking  # type: ignore[method-assign]
        monkeypatch.setattr(Moving, "_awaits_answer", lambda *_: True)
        room = two.house.world.rooms[bo.room]
        card = next(card for card in cluster_of(two).directory._rooms.values() if card.room == bo.room)
        assert not await cluster_of(one).moving._move(one.house.world.rooms[ann.room], card)
        assert kept == [True]
        await until(lambda: not holds, within_s=1)
        hold_for(two.house.world, room, ["somebody who left"], Why("window"), now=cluster_of(two).now())
        assert room.held == 1
        ready = Ready(str(room.region), room.closes, ("somebody who left",))
        cluster_of(one).regions.ready(cluster_of(two).name, ready)
        await until(lambda: not holds, within_s=1)
        assert room.held == 0
