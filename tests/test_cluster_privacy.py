"""What passes between nodes leaves nothing readable in Redis: it may write down on a disk what it holds."""

from tests.apps import Clients
from tests.clusters import nodes, together
from tests.redis_stores import everything_in, until

FAR_OUT = "s000z5"


async def test_no_words_no_names_and_nobodys_cell_can_be_read_in_redis(redis_url: str) -> None:
    async with nodes(redis_url, 2, resume_grace_s=0.2, look_every_s=1) as (one, two), Clients(one) as clients:
        ann, bo = await clients.new(), await clients.new(at=two)
        await ann.enter(FAR_OUT, name="Annunziata")
        await bo.enter(FAR_OUT, name="Bohuslav")
        await together(ann, bo)
        await bo.say("say", text="behind the old tram depot", room=bo.room)
        await ann.hear("said")
        await bo.socket.close()
        await ann.hear("left")
        there = await everything_in(redis_url)
        assert b":log" in there
        for secret in (b"tram depot", b"Annunziata", b"Bohuslav"):
            assert secret not in there
        # Where rooms stand others have to know; of a room that is over nothing is left.
        assert FAR_OUT.encode() in there
        await ann.ask("leave", "bye")
        await until(lambda: not one.house.world.rooms and not two.house.world.rooms)
        for app in (one, two):
            assert app.cluster is not None
            await app.cluster.directory.stop()
        assert FAR_OUT.encode() not in await everything_in(redis_url)
