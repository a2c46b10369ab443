"""Bottles while the store fails: what then holds, counts or may be done again."""

from itertools import count
from typing import Any

import pytest

from server.house import CROSSING_S
from server.store.store import StoreError
from tests.bottles import OPEN, WORDS, answered, code, has_none, picked, sit, stage, thrown
from tests.sessions import Json, Stage, only


def failing(place: Stage, monkeypatch: pytest.MonkeyPatch, write: str, *, after: int = 0) -> None:
    """Have a write of the store fail from the one after so many on."""
    real, numbers = getattr(place.house.store, write), count()

    def fails(*args: Any, **fields: Any) -> Any:
        if next(numbers) >= after:
            raise StoreError("The disk is full.")
        return real(*args, **fields)

    monkeypatch.setattr(place.house.store, write, fails)


def test_held_bottles_are_held_though_it_cannot_be_written() -> None:
    place = stage()
    ann, *others, last = [sit(place, name) for name in ("Ann", "Bo", "Cy", "Di", "Ed")]
    for _ in range(2):
        thrown(ann)
    with pytest.MonkeyPatch.context() as broken:
        for other in others:
            bottle = picked(other)["bottle"]
            if other is others[-1]:
                failing(place, broken, "put_bottle")
            only(other.ask("report", bottle=bottle, reason="spam"), "reported")
    assert has_none(last)


@pytest.mark.parametrize(("command", "quota"), [("throw", 2), ("pick", 2), ("answer", 1)])
def test_what_cannot_be_written_down_counts_against_nobodys_quota(command: str, quota: int) -> None:
    place = Stage(**OPEN | {"throws_per_day": 2, "picks_per_day": 2, "answers_per_day": 1})
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    thrown(ann)
    thrown(ann)
    fields: list[Json] = [{"text": WORDS}] * 3 if command == "throw" else [{}] * 3
    if command == "answer":
        fields = [{"bottle": picked(bo)["bottle"], "text": text} for text in ("The sea.", "A wall.")]
    with pytest.MonkeyPatch.context() as broken:
        for write in ("put_bottle", "put_answer"):
            failing(place, broken, write)
        for _ in range(3):
            assert code(bo.ask(command, **fields[0])) == "not_now"
    told = [answered(bo, command, **each)[0].get("code") for each in fields]
    assert told == [None] * quota + ["rate_limited"] * (len(fields) - quota)


def test_what_fails_gives_nothing_back_that_an_earlier_command_has_used_up() -> None:
    place = Stage(**OPEN | {"picks_per_day": 1})
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    assert has_none(ann)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "add_ties")
        assert code(ann.ask("mute", who=bo.me)) == "not_now"
    assert code(ann.ask("pick")) == "rate_limited"


def test_an_answer_that_cannot_be_kept_may_be_given_again() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "put_answer")
        assert code(bo.ask("answer", bottle=bottle, text="The sea.")) == "not_now"
        assert not ann.got("answered")
    only(bo.ask("answer", bottle=bottle, text="The sea."), "answered")
    assert [event["text"] for event in ann.got("answered")] == ["The sea."]


@pytest.mark.parametrize(("write", "after"), [("put_bottle", 0), ("put_answer", 1)])
def test_an_answer_that_is_kept_is_told_though_what_follows_cannot_be_written(write: str, after: int) -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, write, after=after)
        assert [event["type"] for event in bo.ask("answer", bottle=bottle, text="The sea.")] == ["answered"]
    assert [event["text"] for event in ann.got("answered")] == ["The sea."]


def test_whoever_enters_while_nothing_can_be_written_is_told_the_answers_that_wait() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    ann.lose()
    bo.ask("answer", bottle=bottle, text="The sea.")
    place.pass_time(60)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "put_answer")
        back = ann.back()
        place.take_turn()
        assert only(back.got(), "answered")["text"] == "The sea."
    place.check()
    back.lose()
    again = back.back()
    place.take_turn()
    assert only(again.got(), "answered")["text"] == "The sea."


def test_an_answer_may_come_again_where_it_cannot_be_written_that_it_came() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    bo.ask("answer", bottle=bottle, text="The sea.")
    told = only(ann.got(), "answered")
    place.pass_time(CROSSING_S + 1)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "put_answer")
        assert ann.ask("ping")[-1]["type"] == "pong"
    ann.lose()
    back = ann.back()
    place.take_turn()
    assert only(back.got(), "answered") == told


def test_a_block_that_cannot_be_kept_leaves_the_bottle_in_hand() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "add_block")
        assert code(bo.ask("block", bottle=bottle)) == "not_now"
    only(bo.ask("answer", bottle=bottle, text="The sea."), "answered")
    assert ann.got("answered")


def test_a_block_holds_though_the_bottle_cannot_be_let_go() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "put_bottle")
        only(bo.ask("block", bottle=bottle), "blocked")
    only(bo.ask("answer", bottle=bottle, text="The sea."), "answered")
    assert not ann.got("answered")


def test_a_bottle_floats_though_the_count_of_the_day_cannot_be_written() -> None:
    place = stage(throws_per_day=1, window_s=86_400)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    place.pass_time(60)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "put_standing")
        thrown(ann)
    assert picked(bo)["text"] == WORDS
    assert code(ann.ask("throw", text=WORDS)) == "rate_limited"


@pytest.mark.parametrize("failing", ["take_notices", "put_answer", "end"])
def test_a_full_disk_leaves_nobody_half_way_in_or_out(failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = stage()
    ann, bo, cy = (sit(place, name) for name in ("Ann", "Bo", "Cy"))
    thrown(ann)
    bottle = picked(bo)["bottle"]
    ann.lose()
    place.pass_time(place.house.settings.resume_grace_s + 1)
    bo.ask("answer", bottle=bottle, text="The sea.")

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(place.house.store, failing, full)
    bo.got()
    again = place.guest()
    again.enter(token=ann.token, name="Ann")
    told = [event["type"] for event in cy.ask("leave")]
    heard = bo.ask("say", text="Anybody there?")
    place.check()
    assert told[-1] == ("error" if failing == "end" else "bye")
    numbers = [event["seq"] for event in heard if event["type"] != "room" and "seq" in event]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    kinds = [event["type"] for event in heard if event["type"] in ("joined", "left", "said")]
    assert kinds == ["joined", *([] if failing == "end" else ["left"]), "said"]
