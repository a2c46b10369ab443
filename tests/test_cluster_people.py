"""Whoever changes nodes is the same there: what they have used up, whom they reach, what comes for them."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from client_demo.work import solve
from geo import Cell
from server.app import App
from server.cluster import takeover
from server.cluster.cluster import Cluster
from server.cluster.host_peer import WAITING_MAX
from server.cluster.recalling import AGAIN_S
from server.cluster.state import State
from server.cluster.takeover import take_over
from server.cluster.wire import Came, Message, Recalled
from server.safety.door import Door
from server.store.rows import Notice
from tests.apps import PATIENCE_S, Client, Clients
from tests.cluster_clients import until
from tests.clusters import nodes, until_shown
from tests.jwts import AUTH, SECRET, shared
from tests.redis_stores import everything_in
from tests.sessions import FAR_AWAY, HERE
from tests.test_cluster_moving import cluster_of, go_over, person_of

TEXTS = ("Hello, sea.", "Who else cannot sleep?", "What a day this was.")
LINE = "ann@example.org"


async def keeping(clients: Clients) -> tuple[Client, Client]:
    """Return two in one room who keep each other."""
    ann, bo = await clients.seated("Ann Bo")
    await ann.say("keep", who=bo.me)
    await bo.say("keep", who=ann.me)
    await ann.hear("kept")
    await bo.hear("kept")
    return ann, bo


async def until_found(app: App, cell: str) -> None:
    """Return when a node finds another's room near there."""
    async with asyncio.timeout(PATIENCE_S):
        while not await cluster_of(app).directory.rooms_near(Cell(cell), reach_m=1000):
            pass


async def test_who_enters_at_two_nodes_at_once_keeps_the_later_seat_alone(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps = nodes(redis_url, 2, look_every_s=3600, auth_secret=SECRET, **AUTH)
    async with apps as (one, two), Clients(one) as clients:
        is_late = True
        monkeypatch.setattr(cluster_of(one).directory, "_is_mute", lambda: is_late)
        first, second = await clients.new(), await clients.new(at=two)
        await first.enter(HERE, auth=shared())
        await second.enter(HERE, auth=shared())
        assert len(one.house.world.people) == len(two.house.world.people) == 1
        # Node one hears of it only by its entry, which names the older seat.
        is_late = False
        events, code = await first.until_closed()
        assert (events[-1]["why_code"], code) == ("replaced", 4503)
        assert not one.house.world.people
        assert await second.ask("say", "said", text="Here I am", ref="1")
        [identity] = two.house.world.people
        where = await cluster_of(one).directory.person(identity)
        assert where is not None
        assert where.room == second.room


async def test_rates_used_up_are_used_up_where_a_node_that_ends_sends_its_people(redis_url: str) -> None:
    apps = nodes(redis_url, 2, look_every_s=3600, new_identity_s=0, resume_grace_s=0.1, drain_s=60)
    async with apps as (one, two), Clients(one) as clients:
        ann, back = await clients.new(), await clients.new()
        await ann.enter(HERE)
        for text in TEXTS:
            await ann.ask("throw", "thrown", text=text)
        await ann.socket.close()
        await until(lambda: not one.house.world.people)
        leaving = asyncio.create_task(one.begin_to_drain().run())
        await until(lambda: cluster_of(one).name not in cluster_of(two).registry.staying)
        await back.enter(HERE, token=ann.token)
        assert back.room in two.house.world.rooms
        assert (await back.ask("throw", "thrown", "error", text="One more."))["code"] == "rate_limited"
        leaving.cancel()


async def test_contact_line_outlives_the_node_it_was_given_at_and_is_read_by_nobody(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await keeping(clients)
        await ann.ask("contact", "voted", who=bo.me, text=LINE)
        assert LINE.encode() not in await everything_in(redis_url)
        # As when the first node is dead: the other reads the room's log, and nothing else.
        assert await take_over(cluster_of(two), ann.room, lives=lambda node: False) == ""
        tokens = [client.token for client in (ann, bo)]
        ann, bo = await clients.new(at=two), await clients.new(at=two)
        await ann.enter(HERE, token=tokens[0])
        await bo.enter(HERE, token=tokens[1])
        await bo.say("contact", who=ann.me, text="bo@example.org")
        assert (await bo.hear("contact"))["text"] == LINE
        assert (await ann.hear("contact"))["text"] == "bo@example.org"


async def test_who_comes_back_for_a_room_that_another_node_has_claimed_and_not_read_waits_for_it(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 3, look_every_s=3600) as (one, two, three), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        await until_shown(redis_url)
        is_read = asyncio.Event()

        async def read_late(cluster: Cluster, state: State) -> set[str]:
            await is_read.wait()
            return set()

        monkeypatch.setattr(takeover, "_who_is_elsewhere", read_late)
        taking = asyncio.create_task(take_over(cluster_of(two), ann.room, lives=lambda node: False))
        await until(lambda: cluster_of(two).log.holds(ann.room))
        lives = cluster_of(three).registry.lives
        dead = cluster_of(one).name
        monkeypatch.setattr(cluster_of(three).registry, "lives", lambda node: node != dead and lives(node))
        monkeypatch.setattr(cluster_of(three).registry, "is_dead", lambda node: node == dead)
        back, resume = await clients.new(at=three), {"room": ann.room, "seq": ann.seq}
        asking = asyncio.create_task(back.ask("enter", "entered", cell=HERE, token=ann.token, resume=resume))
        await asyncio.wait({asking}, timeout=0.3)
        assert not asking.done()
        is_read.set()
        assert (await asking)["resumed"]
        assert await taking == ""
        assert (await back.hear("room"))["me"] == ann.me


async def test_room_that_is_handed_on_takes_presses_and_lines_along(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await keeping(clients)
        cy = await clients.new()
        await cy.enter(HERE)
        await ann.ask("contact", "voted", who=bo.me, text=LINE)
        await cy.ask("keep", "voted", who=bo.me)
        handing = cluster_of(one).handing
        assert await handing.hand_on(one.house.world.rooms[ann.room], cluster_of(two).name)
        assert not one.house.world.people
        await bo.ask("keep", "kept", who=cy.me)
        await cy.hear("kept")
        await bo.say("contact", who=ann.me, text="bo@example.org")
        assert (await bo.hear("contact"))["text"] == LINE
        assert (await ann.hear("contact"))["text"] == "bo@example.org"


async def test_block_withdraws_the_line_of_somebody_who_is_at_another_node_by_now(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await keeping(clients)
        await ann.ask("contact", "voted", who=bo.me, text=LINE)
        was = ann.me
        await go_over(one, two, ann)
        assert len(two.house.keeps.lines) == 1
        await bo.ask("block", "blocked", who=was)
        await until(lambda: not len(two.house.keeps.lines))


async def test_what_comes_for_somebody_on_their_way_is_told_where_they_arrive(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600, new_identity_s=0) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        await ann.ask("throw", "thrown", text=TEXTS[0])
        bottle = (await bo.ask("pick", "bottle"))["bottle"]
        wire, held, who = cluster_of(one).wire_to(cluster_of(two).name), list[Came](), person_of(one, ann).id
        wire.tell = held.append  # type: ignore[assignment, method-assign]
        cluster_of(one).moving.send(person_of(one, ann), cluster_of(two).name, now=cluster_of(one).now())
        cluster_of(one).node.arm()
        await bo.ask("answer", "answered", bottle=bottle, text=TEXTS[1])
        until_at = cluster_of(one).now() + 60
        one.house.store.add_notice(
            Notice(notice="N", identity=who, text="Please stop.", level="info", at=0.0, until=until_at)
        )
        store = two.house.store
        await until(lambda: len(store.answers_for(who)) == 1 and bool(held))
        del wire.tell
        wire.tell(held[0])
        heard = [(await ann.hear("notice", "answered"))["text"] for _ in range(2)]
        assert sorted(heard) == ["Please stop.", TEXTS[1]]
        assert store.answers_for(who)[0].is_told


async def test_what_happened_at_another_node_is_reported_with_what_was_said_there(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        room, who, accused = bo.room, bo.me, person_of(one, bo).id
        await bo.ask("say", "said", text="Buy this!", room=room)
        await go_over(one, two, ann)
        await bo.ask("leave", "bye")
        await ann.say("report", room=room, reason="spam", ref="1")
        await ann.say("report", who=who, reason="spam", ref="2")
        await ann.say("ping", ref="3")
        await ann.say("report", who="nobody", reason="spam", ref="4")
        # In the order of the commands, though others had to be asked.
        heard = [await ann.hear("reported", "pong", "error") for _ in range(4)]
        assert [event["ref"] for event in heard] == ["1", "2", "3", "4"]
        assert [event["type"] for event in heard] == ["reported", "reported", "pong", "error"]
        for event, against in zip(heard, ("", accused), strict=False):
            report, evidence = two.house.store.report(event["ticket"]), two.house.reports.evidence(event["ticket"])
            assert report is not None
            assert evidence is not None
            assert (report.room, report.against) == (room, against)
            assert [(line.name, line.text) for line in evidence.lines] == [("Bo", "Buy this!")]
        await ann.say("report", room=room, reason="scam", ref="5")
        await ann.say("ping", ref="6")
        # Who goes on meanwhile has what they sent go with them.
        peer = next(iter(two.node.peers.values()))
        await until(lambda: len(getattr(peer, "_waiting", None) or ()) == 2)
        await go_over(two, one, ann)
        heard = [await ann.hear("reported", "pong", "error") for _ in range(2)]
        assert [(event["type"], event["ref"]) for event in heard] == [("reported", "5"), ("pong", "6")]
        # And it is known here no longer than that.
        assert two.house.trails.scene(room, None, now=cluster_of(two).now()) is None


async def test_somebody_met_at_another_node_is_blocked_and_unmuted_from_here(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo, cy = await clients.seated("Ann Bo Cy")
        muted, blocked = cy.me, bo.me
        others = person_of(one, bo).id
        for each in (bo, cy):
            await each.ask("say", "said", text="good evening", room=each.room)
        tell, told = cluster_of(one).tell, []

        def spy(node: str, message: Message) -> None:
            told.append(message)
            tell(node, message)

        monkeypatch.setattr(cluster_of(one), "tell", spy)
        await ann.ask("mute", "muted", who=muted)
        await go_over(one, two, ann)
        await ann.say("unmute", who=muted, ref="1")
        await ann.say("block", who=blocked, ref="2")
        await ann.say("ping", ref="3")
        heard = [await ann.hear("unmuted", "blocked", "pong", "error") for _ in range(3)]
        assert [(event["type"], event["ref"]) for event in heard] == [("unmuted", "1"), ("blocked", "2"), ("pong", "3")]
        assert [row["name"] for row in (await ann.ask("blocks", "blocks"))["blocks"]] == ["Bo"]
        assert others in person_of(two, ann).barred
        scenes = [scene for message in told if isinstance(message, Recalled) for scene in message.scenes]
        assert [[said.from_ for said in scene.said] for scene in scenes] == [[muted], [blocked]], "nobody else's words"


async def test_a_report_of_somebody_who_is_gone_meanwhile_is_asked_about_once(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        # Of the room where she sat meanwhile only the other node knows.
        await go_over(one, two, ann)
        await go_over(two, one, ann)
        recalling, asked = cluster_of(one).recalling, 0
        recall = recalling.recall

        def count(*args: Any) -> None:
            nonlocal asked
            asked += 1
            recall(*args)

        monkeypatch.setattr(cluster_of(one).node, "recall", count)
        await ann.say("report", who="nobody", reason="spam")
        await until(lambda: asked == 1)
        ann.abort()
        await asyncio.sleep(4 * AGAIN_S)
        assert asked == 1


async def test_what_waits_for_a_report_is_heard_before_what_its_client_sends_from_elsewhere(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        await go_over(one, two, ann)
        await go_over(two, one, ann)
        await ann.say("report", who="nobody", reason="spam", ref="1")
        await ann.say("ping", ref="2")
        peer = next(iter(one.node.peers.values()))
        await until(lambda: len(getattr(peer, "_waiting", None) or ()) == 2)
        await go_over(one, two, ann)
        await ann.say("ping", ref="3")
        assert [(await ann.hear("error", "pong"))["ref"] for _ in range(3)] == ["1", "2", "3"]


async def reporting(one: App, two: App, clients: Clients) -> tuple[Client, str]:
    """Return somebody at the second node whose report waits for what the first knows, and of whom it is."""
    ann, bo = await clients.seated("Ann Bo")
    who, accused = bo.me, person_of(one, bo).id
    await bo.ask("say", "said", text="Buy this!", room=bo.room)
    await go_over(one, two, ann)
    await ann.say("report", who=who, reason="spam")
    peer = next(iter(two.node.peers.values()))
    await until(lambda: getattr(peer, "_waiting", None) is not None)
    return ann, accused


async def test_a_report_is_made_though_its_client_is_gone_before_others_were_asked(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, accused = await reporting(one, two, clients)
        ann.abort()
        await until(lambda: [report.against for report in two.house.store.reports()] == [accused])


async def test_a_mute_is_ended_though_its_client_is_gone_before_others_were_asked(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        who = bo.me
        await ann.ask("mute", "muted", who=who)
        await go_over(one, two, ann)
        identity = person_of(two, ann).id
        assert two.house.store.ties_of("mute", identity)
        await ann.say("unmute", who=who)
        peer = next(iter(two.node.peers.values()))
        await until(lambda: getattr(peer, "_waiting", None) is not None)
        ann.abort()
        await until(lambda: not two.house.store.ties_of("mute", identity))


async def test_too_much_behind_a_report_is_refused_and_not_lost_in_silence(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(HERE)
        await go_over(one, two, ann)
        await go_over(two, one, ann)
        refs = [str(number) for number in range(WAITING_MAX + 1)]
        await ann.say("report", who="nobody", reason="spam", ref=refs[0])
        for ref in refs[1:]:
            await ann.say("ping", ref=ref)
        heard = [await ann.hear("pong", "error") for _ in refs]
        assert sorted(event["ref"] for event in heard) == sorted(refs)
        assert (heard[0]["code"], heard[0]["about"], heard[0]["ref"]) == ("unavailable", "ping", refs[-1])


async def test_mutes_claims_of_place_and_votes_are_the_same_at_the_next_node(redis_url: str) -> None:
    settings: dict[str, Any] = {"look_every_s": 3600, "cells_per_h": 6, "eject_present_s": 0}
    async with nodes(redis_url, 2, **settings) as (one, two), Clients(one) as clients:
        ann = await clients.new()
        await ann.enter(FAR_AWAY, visiting=True)
        await ann.ask("move", "moved", cell=HERE)
        await ann.ask("next", "room")
        bo, cy, di = await clients.seated("Bo Cy Di")
        assert (bo.room, cy.room) == (ann.room, ann.room)
        await ann.ask("mute", "muted", who=cy.me)
        await bo.ask("eject", "voted", who=cy.me)
        before = person_of(one, cy).id
        assert await cluster_of(one).handing.hand_on(one.house.world.rooms[ann.room], cluster_of(two).name)
        assert list(two.house.votes.of(ann.room)[before]) == [person_of(two, bo).id]
        await cy.say("say", text="Can you hear me?", room=cy.room)
        await di.say("say", text="I can.", room=di.room)
        assert [(await ann.hear("said", "skipped"))["type"] for _ in range(2)] == ["skipped", "said"]
        # She has jumped today, and is at home where she was before.
        assert (await ann.ask("move", "moved", "error", cell="r3gx2f"))["code"] == "too_fast"
        assert (await ann.ask("move", "moved", "error", cell=FAR_AWAY))["type"] == "moved"


async def test_stranger_who_is_asked_for_work_does_it_once_wherever_company_is(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        bo = await clients.new(at=two)
        await bo.enter(HERE)
        await until_found(one, HERE)
        monkeypatch.setattr(Door, "ask", lambda *_, **__: 4)
        ann = await clients.new()
        asked = await ann.ask("enter", "error", cell=HERE)
        assert asked["code"] == "work_needed"
        await ann.enter(HERE, work=solve(asked["nonce"], asked["bits"]))
        assert ann.room == bo.room


async def test_when_a_jwt_ends_is_no_matter_of_the_node_that_somebody_left(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        nodes(redis_url, 2, look_every_s=3600, auth_secret=SECRET, **AUTH) as (one, two),
        Clients(one) as clients,
    ):
        ann = await clients.new()
        timers: list[asyncio.TimerHandle] = []

        def later(delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
            timers.append(asyncio.get_running_loop().call_later(delay_s, callback))
            return timers[-1]

        monkeypatch.setattr(one.node, "later", later)
        await ann.enter(HERE, auth=shared())
        await go_over(one, two, ann)
        [timer] = timers
        assert timer.cancelled()


async def test_a_report_is_made_though_its_client_comes_with_another_connection_meanwhile(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, accused = await reporting(one, two, clients)
        again = await clients.new()
        await again.enter(HERE, token=ann.token)
        await until(lambda: [report.against for report in two.house.store.reports()] == [accused])


async def test_who_blocks_behind_a_report_and_is_gone_sits_elsewhere_on_a_seat_that_waits(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        cy = await clients.new()
        await cy.enter(HERE)
        who = bo.me
        await go_over(one, two, ann, cy)
        person, other = person_of(two, ann), person_of(two, cy)
        peer = two.node.peers[person.id]
        await ann.say("report", who=who, reason="spam")
        await ann.say("block", who=cy.me)
        await until(lambda: len(getattr(peer, "_waiting", None) or ()) == 2)
        ann.abort()
        await until(lambda: other.id in person.barred and person.room is not other.room)
        assert [report.reporters for report in two.house.store.reports()] == [(person.id,)]
        assert person.seat is not None
        assert person.seat.waits_until is not None, "nobody would ever give that seat up"


async def test_who_leaves_behind_a_report_and_does_not_wait_for_a_word_has_left(redis_url: str) -> None:
    async with nodes(redis_url, 2, look_every_s=3600) as (one, two), Clients(one) as clients:
        ann, bo = await clients.seated("Ann Bo")
        who = bo.me
        await go_over(one, two, ann)
        person = person_of(two, ann)
        peer = two.node.peers[person.id]
        await ann.say("report", who=who, reason="spam")
        await ann.say("leave")
        await until(lambda: len(getattr(peer, "_waiting", None) or ()) == 2)
        ann.abort()
        await until(lambda: person.id not in two.house.world.people)
        assert two.house.identities.online(person.id) is None
        assert [report.reporters for report in two.house.store.reports()] == [()], "whoever left is no number any more"
