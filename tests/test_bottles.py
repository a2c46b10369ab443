"""Messages in bottles, as their people see them: whom one comes to, and how an answer finds its way."""

import pytest

from server.commands import Ping
from server.house import CROSSING_S
from server.safety.bottles import BOTTLE_S, PICKED_MAX
from server.session import Session
from server.store.memory import MemoryStore
from server.store.rows import Switch
from tests.bottles import WORDS, answered, code, has_none, identity, picked, sit, stage, thrown
from tests.sessions import FAR_AWAY, NEAR, ORIGIN, only
from tests.stores import SECRET, ban


def test_a_bottle_goes_from_one_to_the_other_and_an_answer_comes_back() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo", FAR_AWAY)
    bottle = thrown(ann)
    found = picked(bo)
    assert (found["bottle"], found["text"]) == (bottle, WORDS)
    assert found["within_m"] == 10_000_000
    assert bo.ask("answer", bottle=bottle, text="The sea.", ref="a") == [
        {"type": "answered", "bottle": bottle, "ref": "a"}
    ]
    told = only(ann.got(), "answered")
    assert (told["bottle"], told["text"]) == (bottle, "The sea.")
    assert "ref" not in told
    assert code(bo.ask("answer", bottle=bottle, text="And a wall.")) == "no_such_bottle", "once is enough"


def test_nobody_gets_their_own_nor_one_twice_nor_one_that_three_have_picked() -> None:
    place = stage()
    ann, *others = [sit(place, name) for name in ("Ann", "Bo", "Cy", "Di", "Ed")]
    assert has_none(ann)
    thrown(ann)
    assert has_none(ann)
    for other in others[:PICKED_MAX]:
        assert picked(other)["text"] == WORDS
        assert has_none(other)
    assert has_none(others[PICKED_MAX])


@pytest.mark.parametrize("blocker", [0, 1])
def test_nothing_goes_between_two_of_whom_one_blocks_the_other(blocker: int) -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    both = (ann, bo)
    ann.got()
    both[blocker].ask("block", who=next(id for id in both[blocker].members if id != both[blocker].me))
    thrown(ann)
    assert has_none(bo)


def test_an_answer_to_whoever_blocked_one_meanwhile_reaches_nobody_and_tells_nothing() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    ann.ask("block", who=bo.me)
    ann.got()
    bo.got()
    assert bo.ask("answer", bottle=bottle, text="Hello?", ref="a") == [
        {"type": "answered", "bottle": bottle, "ref": "a"}
    ]
    assert ann.got() == []
    back = ann.back()
    place.take_turn()
    assert not back.got("answered")


def test_bad_text_does_not_tell_whether_the_bottle_is_there() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    told = {id: only(answered(bo, "answer", bottle=id, text=" "), "error") for id in (bottle, "none")}
    assert told[bottle] == told["none"]
    assert told[bottle]["code"] == "bad_text"


def test_an_answer_waits_for_whoever_threw_the_bottle_and_comes_again_if_it_may_have_been_lost() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    ann.lose()
    bo.ask("answer", bottle=bottle, text="The sea.")
    place.pass_time(40_000)
    back = ann.back()
    place.take_turn()
    told = only(back.got(), "answered")
    assert (told["bottle"], told["text"]) == (bottle, "The sea.")
    back.lose()
    again = back.back()
    place.take_turn()
    assert only(again.got(), "answered") == told
    again.ask("ping")  # which may have crossed it
    again.lose()
    place.pass_time(40_000)
    late = again.back()
    place.take_turn()
    assert only(late.got(), "answered") == told
    place.pass_time(CROSSING_S + 1)
    late.ask("ping")
    late.lose()
    last = late.back()
    place.take_turn()
    assert not last.got("answered")
    assert not place.house.bottles._unheard


@pytest.mark.parametrize("leaves", [True, False])
def test_an_answer_that_has_come_is_not_told_again_whether_or_not_its_writer_has_left(leaves: bool) -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    bo.ask("answer", bottle=bottle, text="The sea.")
    only(ann.got(), "answered")
    place.pass_time(CROSSING_S + 1)
    ann.ask("ping")
    if leaves:
        bo.ask("leave")
    back = ann.back()
    place.take_turn()
    assert not back.got("answered")
    assert not place.house.bottles._unheard


def test_an_answer_that_another_process_sent_is_heard_where_somebody_goes_on() -> None:
    store = MemoryStore()
    place, other = stage(store=store, key=SECRET), stage(store=store, key=SECRET)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    bo.ask("answer", bottle=bottle, text="The sea.")
    answer = only(ann.got(), "answered")["answer"]
    who, now = ann.peer.session.identity, other.clock.now()
    session = Session(other.house, ORIGIN)
    session.go_on(who, ann.peer.session.seated, now=now)
    assert not [row for row in store.answers_for(who.id) if row.is_heard]
    session.receive(Ping(), now=now + CROSSING_S + 1)
    assert [row.answer for row in store.answers_for(who.id) if row.is_heard] == [answer]


def test_a_bottle_ends_after_a_day_and_with_its_throwers_leave() -> None:
    place = stage()
    ann, bo, cy = sit(place, "Ann"), sit(place, "Bo"), sit(place, "Cy")
    thrown(ann)
    bottle = picked(bo)["bottle"]
    place.pass_time(BOTTLE_S - 100)
    assert picked(cy)["bottle"] == bottle
    place.pass_time(200)
    assert code(bo.ask("answer", bottle=bottle, text="Late.")) == "no_such_bottle"
    place.house.expire(now=place.clock.now())
    assert len(place.house.bottles) == 0
    thrown(bo)
    bo.ask("leave")
    assert has_none(cy)
    assert list(place.house.store.bottles()) == []


def test_bottle_of_somebody_banned_comes_to_nobody() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    thrown(ann)
    place.house.store.add_ban(ban(identity=identity(ann), until=None))
    assert has_none(bo)


def test_what_lies_near_is_told_to_those_who_wait() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo", NEAR)
    for thrower in (ann, ann, ann, ann, bo):
        thrown(thrower)
    for name in ("Cy", "Di"):
        assert not any(event["bottles"] for event in (*ann.got("waiting"), *bo.got("waiting"))), (
            "one's own count for none"
        )
        cy = sit(place, name)
        thrown(cy)
        cy.lose()
        place.pass_time(60)
    assert ann.got("waiting")[-1]["bottles"]
    assert bo.got("waiting")[-1]["bottles"]
    place.house.store.switch_off(_switch("bottles"))
    place.pass_time(30)
    assert not ann.got("waiting")[-1]["bottles"]


def _switch(feature: str) -> Switch:
    return Switch(feature=feature, at=1.0)


@pytest.mark.parametrize("how", ["settings", "operator"])
def test_what_the_operator_switched_off_is_not_offered(how: str) -> None:
    place = stage(features_off="shake bottles") if how == "settings" else stage()
    if how == "operator":
        for feature in ("shake", "bottles"):
            place.house.store.switch_off(_switch(feature))
    ann = sit(place, "Ann")
    for command in ({"type": "throw", "text": WORDS}, {"type": "pick"}, {"type": "shake"}):
        assert code(ann.ask(**command)) == "unavailable"
    assert code(ann.ask("answer", bottle="b", text=WORDS)) == "unavailable"


@pytest.mark.parametrize(("cell", "kept"), [("dr5ru6", "dr5ru"), ("dr5r", "dr5r")])
def test_where_a_bottle_was_thrown_is_kept_by_five_characters(cell: str, kept: str) -> None:
    place = stage()
    bottle = thrown(sit(place, "Ann", cell))
    row = place.house.store.bottle(bottle)
    assert row is not None
    content = place.house.bottles._read(row.sealed, f"bottle {bottle}")
    assert content is not None
    assert content.cell == kept
    assert str(place.house.bottles._afloat[bottle].cell) == kept
