"""What goes round from node to node is known to all of them: what they tell each other of it, and that they do."""

import asyncio
import random
import string
from typing import Any

import msgspec

from server.safety.folding import fold
from server.safety.sametext import LOOK_BACK_S, SameTexts
from server.safety.sightings import TOLD_MAX, Told
from server.safety.text_index import TEXTS_MAX
from tests.apps import PATIENCE_S, Clients
from tests.clusters import nodes
from tests.sessions import FAR_AWAY, HERE
from tests.test_sametext import ADVERT, known, make

ELSEWHERE = ("6gkzwg", "s00twy")


def both(*, own_max: int = 0, all_max: int = 0) -> tuple[SameTexts, SameTexts]:
    """Return what two processes of one server know."""
    one, other = make(own_max=own_max, all_max=all_max), make(own_max=own_max, all_max=all_max)
    for each in (one, other):
        each.news(100, now=-1.0)
    return one, other


def tell(one: SameTexts, other: SameTexts, *, now: float, most: int = 100) -> int:
    """Have the one tell the other, as msgpack, and return how many texts."""
    news = msgspec.msgpack.decode(msgspec.msgpack.encode(one.news(most, now=now)), type=list[Told])
    for told in news:
        other.learn(told, now=now)
    return len(news)


def test_what_went_round_elsewhere_is_held_here() -> None:
    one, other = both(all_max=4)
    for number in range(3):
        assert known(one, ADVERT, f"r{number}", f"p{number}", now=number) == number + 1
    assert tell(one, other, now=3.0) == 1
    assert known(other, f"{ADVERT} friends", "r9", "p9", now=4.0) is None


def test_sender_who_goes_from_process_to_process_is_known() -> None:
    one, other = both(own_max=3)
    assert known(one, ADVERT, "r1", "ann", now=0.0) == 1
    tell(one, other, now=1.0)
    assert known(other, ADVERT, "r2", "ann", now=2.0) == 2
    tell(other, one, now=3.0)
    assert known(one, ADVERT, "r3", "ann", now=4.0) is None
    assert known(one, ADVERT, "r3", "bo", now=4.0) == 3


def test_what_others_tell_pushes_out_what_was_met_longest_ago() -> None:
    texts = make()
    known(texts, ADVERT, "one")
    for number in range(TEXTS_MAX + 10):
        texts.learn(Told((number,), (("r1", "ann", 1.0),), False), now=1.0)
    assert len(texts) <= TEXTS_MAX
    assert known(texts, ADVERT, "two", now=2.0) == 1


def test_both_learn_of_the_other_what_both_met_at_once() -> None:
    one, other = both(all_max=3)
    assert known(one, ADVERT, "r1", "p1") == known(other, ADVERT, "r2", "p2") == 1
    tell(one, other, now=1.0)
    tell(other, one, now=1.0)
    assert known(one, ADVERT, "r3", "p3", now=2.0) is None
    assert known(other, ADVERT, "r4", "p4", now=2.0) is None


def test_what_is_held_here_is_junk_elsewhere() -> None:
    one, other = both(all_max=2)
    known(one, ADVERT, "r1", "p1")
    assert known(one, ADVERT, "r2", "p2", now=1.0) is None
    tell(one, other, now=2.0)
    disguised = other.print(fold(f"{' '.join(ADVERT.split()[3:])} for all who read this line tonight"))
    assert disguised is not None
    assert other.meet(disguised, "r3", "p3", now=3.0, is_suspect=True) is None


def test_what_one_was_told_is_not_passed_on_and_nothing_is_told_twice() -> None:
    one, other = both(all_max=4)
    known(one, ADVERT, "r1", "p1")
    assert tell(one, other, now=1.0) == 1
    assert tell(one, other, now=2.0) == 0
    assert tell(other, one, now=2.0) == 0
    known(one, ADVERT, "r2", "p2", now=3.0)
    assert tell(one, other, now=4.0) == 1
    assert known(other, ADVERT, "r3", "p3", now=5.0) == 3


def test_what_one_repeats_in_one_room_is_told_once_a_minute() -> None:
    one, other = both(all_max=4)
    times = [0.0, 1.0, 20.0, 61.0, 70.0]
    told = []
    for now in times:
        known(one, ADVERT, "r1", "p1", now=now)
        told.append(tell(one, other, now=now))
    assert told == [1, 0, 0, 1, 0]
    known(one, ADVERT, "r2", "p1", now=71.0)
    assert tell(one, other, now=72.0) == 1
    assert known(other, ADVERT, "r3", "p3", now=73.0) == 3


def test_what_was_met_more_than_once_is_told_before_the_rest() -> None:
    one, other = both(all_max=4)
    rng = random.Random(1)
    known(one, ADVERT, "r1", "p1")
    known(one, ADVERT, "r2", "p2", now=1.0)
    for _ in range(20):
        known(one, "".join(rng.choices(string.ascii_lowercase, k=40)), now=2.0)
    assert tell(one, other, now=3.0, most=3) == 2, "two sightings of it, and one of another"
    assert known(other, ADVERT, "r3", "p3", now=4.0) == 3


def test_what_is_told_is_forgotten_an_hour_after_it_was_met() -> None:
    one, other = both(all_max=4)
    for number in range(3):
        known(one, ADVERT, f"r{number}", f"p{number}", now=0.0)
    told = one.news(100, now=1.0)
    for each in told:
        other.learn(each, now=LOOK_BACK_S + 1)
    assert len(other) == 0
    for each in told:
        other.learn(each, now=2.0)
    other.forget(now=LOOK_BACK_S + 1)
    assert known(other, ADVERT, "r9", "p9", now=LOOK_BACK_S + 1) == 1


def test_nobody_is_told_of_what_no_process_asked_for() -> None:
    lone = make(all_max=4)
    for number in range(3):
        known(lone, ADVERT, f"r{number}", f"p{number}")
    assert lone._again is None


def test_one_text_tells_only_its_latest_sightings() -> None:
    one, other = both(all_max=1000)
    for number in range(100):
        known(one, ADVERT, f"r{number}", f"p{number}", now=number)
    [told] = one.news(100, now=100.0)
    assert [room for room, _, _ in told.met] == [f"r{number}" for number in range(100 - TOLD_MAX, 100)]
    other.learn(told, now=101.0)
    assert known(other, ADVERT, "r0", "p0", now=102.0) == TOLD_MAX + 1


async def test_text_said_at_one_node_after_the_other_is_held_at_the_next(redis_url: str) -> None:
    limits: dict[str, Any] = {"same_text_rooms": 0, "same_text_rooms_all": 4, "new_identity_s": 0}
    async with nodes(redis_url, 3, **limits) as apps, Clients(apps[0]) as clients:
        for app, cell in zip(apps, (HERE, FAR_AWAY, *ELSEWHERE), strict=False):
            somebody = await clients.new(at=app)
            await somebody.enter(cell)
            assert somebody.room in app.house.world.rooms
            assert (await somebody.ask("say", "said", "held", text=ADVERT, ref="1"))["type"] == "said"
        last = await clients.new(at=apps[0])
        await last.enter(ELSEWHERE[1])
        assert last.room in apps[0].house.world.rooms
        answer = ""
        async with asyncio.timeout(PATIENCE_S):
            while answer != "held":
                answer = (await last.ask("say", "said", "held", text=ADVERT))["type"]
