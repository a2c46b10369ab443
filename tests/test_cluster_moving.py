"""People who wait at different nodes come together, with their names, their connections and their rates."""

from geo import Cell
from tests.apps import Clients
from tests.clusters import nodes, together
from tests.sessions import HERE


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
