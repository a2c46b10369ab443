"""What a bottle, its answer and the count of a day outlast: that people leave, and that the server begins anew."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.house import CROSSING_S
from server.safety.bottles import BOTTLE_S
from server.store.memory import MemoryStore
from server.store.store import Store
from tests.bottles import OPEN, WORDS, answered, code, has_none, identity, picked, sit, stage, thrown
from tests.sessions import HERE, Guest, Stage, only
from tests.stores import SECRET, everything_in, on_disk


@pytest.fixture(params=["memory", "disk"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Stage | None], Stage]]:
    """Return what gives a server on the same state as the one before, as after a restart."""
    opened: list[Store] = []

    def anew(before: Stage | None, **settings: Any) -> Stage:
        if request.param == "disk":
            if opened:
                opened[-1].close()
            opened.append(on_disk(tmp_path))
        elif not opened:
            opened.append(MemoryStore())
        after = stage(store=opened[-1], key=SECRET, **settings)
        after.loop.now = before.loop.now if before is not None else 0.0
        return after

    yield anew
    opened[-1].close()


def _again(place: Stage, guest: Guest) -> Guest:
    back = place.guest()
    back.say("enter", cell=HERE, token=guest.token)
    place.take_turn()
    return back


@pytest.mark.parametrize("is_reported", [True, False])
def test_a_bottle_in_hand_does_not_tell_that_whoever_threw_it_has_left(is_reported: bool) -> None:
    told = []
    for leaves in (False, True):
        place = stage()
        ann, bo, cy = [sit(place, name) for name in ("Ann", "Bo", "Cy")]
        bottles = [thrown(bo) for _ in range(3)]
        for _ in bottles:
            picked(ann)
        report = {"type": "report", "bottle": bottles[0], "reason": "spam"}
        tickets = [only(ann.ask(**report), "reported")["ticket"]] if is_reported else []
        (bo if leaves else cy).ask("leave")
        ann.got()
        tickets += [only(ann.ask(**report), "reported")["ticket"] for _ in range(2)]
        assert len(set(tickets)) == 1
        only(ann.ask("report", bottle=bottles[0], reason="scam", note="More."), "reported")
        told.append(
            [
                [event["type"] for event in answered(ann, type, bottle=bottles[number], **fields)]
                for number, type, fields in (
                    (0, "answer", {"text": "The sea."}),
                    (0, "answer", {"text": "The sea."}),
                    (1, "throw_back", {}),
                    (2, "block", {}),
                    (0, "block", {}),
                    (2, "answer", {"text": "A wall."}),
                )
            ]
        )
        told[-1].append([row["name"] for row in only(ann.ask("blocks"), "blocks")["blocks"]])
        assert has_none(ann)
        place.check()
    assert told[0] == told[1]


@pytest.mark.parametrize("is_reported", [True, False])
@pytest.mark.parametrize("named", ["by its answer", "by its bottle"])
def test_an_answer_does_not_tell_that_whoever_wrote_it_has_left(
    named: str, is_reported: bool, reopened: Callable[[Stage | None], Stage]
) -> None:
    told = []
    place: Stage | None = None
    for leaves in (False, True):
        place = reopened(place)
        ann, bo, cy = [sit(place, name) for name in ("Ann", "Bo", "Cy")]
        bottle = thrown(ann)
        picked(bo)
        bo.ask("answer", bottle=bottle, text="The sea.")
        answer = only(ann.got(), "answered")["answer"]
        about = {"bottle": answer if named == "by its answer" else bottle}
        tickets = [only(ann.ask("report", reason="spam", **about), "reported")["ticket"]] if is_reported else []
        place.pass_time(CROSSING_S + 1)
        ann.ask("ping")
        (bo if leaves else cy).ask("leave")
        ann.got()
        tickets += [only(ann.ask("report", reason="spam", **about), "reported")["ticket"] for _ in range(2)]
        assert len(set(tickets)) == 1
        told.append([[event["type"] for event in answered(ann, "block", **about)] for _ in range(2)])
        told.append([row["name"] for row in only(ann.ask("blocks"), "blocks")["blocks"]])
        words = [place.house.bottles.text_of(row) for row in place.house.store.answers_for(identity(ann))]
        assert words == ([None] if leaves else ["The sea."])
        place.check()
        place.pass_time(601)
        ann.got()
        place.house.expire(now=place.clock.now())
        assert code(ann.ask("report", reason="spam", **about)) == "no_such_bottle", "nor does it stay any longer"
        for guest in (ann, bo, cy):
            guest.ask("leave")
    assert told[:2] == told[2:]


def test_a_bottle_in_hand_outlasts_its_thrower_and_a_restart(reopened: Callable[[Stage | None], Stage]) -> None:
    place = reopened(None)
    ann, bo, cy = [sit(place, name) for name in ("Ann", "Bo", "Cy")]
    bottle = thrown(bo)
    picked(ann)
    bo.ask("leave")
    assert has_none(cy)
    place = reopened(place)
    ann, cy = _again(place, ann), _again(place, cy)
    assert has_none(cy)
    only(ann.ask("answer", bottle=bottle, text="The sea."), "answered")
    assert list(place.house.store.answers_for("")) == []
    place.pass_time(BOTTLE_S)
    place.house.expire(now=place.clock.now())
    assert list(place.house.store.bottles()) == []


def test_a_restart_loses_no_bottle_and_no_answer(reopened: Callable[[Stage | None], Stage]) -> None:
    place = reopened(None)
    ann, bo, cy = [sit(place, name) for name in ("Ann", "Bo", "Cy")]
    bottles = {thrown(ann, f"{WORDS} {number}") for number in range(3)}
    taken = {picked(bo)["bottle"] for _ in range(2)}
    answered = min(taken)
    ann.lose()
    bo.ask("answer", bottle=answered, text="The sea.")
    place = reopened(place)
    ann, bo, cy = (_again(place, guest) for guest in (ann, bo, cy))
    assert only(ann.got(), "answered")["text"] == "The sea."
    assert {picked(bo)["bottle"]} == bottles - taken
    assert has_none(bo)
    assert {picked(cy)["bottle"] for _ in range(3)} == bottles
    only(bo.ask("answer", bottle=max(taken), text="A wall."), "answered")
    assert only(ann.got(), "answered")["text"] == "A wall."


@pytest.mark.parametrize("is_heard", [True, False])
def test_an_answer_that_has_come_is_not_told_again_after_a_restart(
    reopened: Callable[..., Stage], is_heard: bool
) -> None:
    place = reopened(None)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    bo.ask("answer", bottle=bottle, text="The sea.")
    answer = only(ann.got(), "answered")["answer"]
    place.pass_time(CROSSING_S + is_heard)
    ann.ask("ping")  # what comes sooner may have crossed the answer
    place = reopened(place)
    ann = _again(place, ann)
    assert len(ann.got("answered")) == (not is_heard)
    only(ann.ask("report", bottle=answer, reason="spam"), "reported")


def test_what_is_used_up_of_a_day_is_so_after_a_restart(reopened: Callable[..., Stage]) -> None:
    day: dict[str, Any] = {"throws_per_day": 2, "picks_per_day": 2, "answers_per_day": 1, "window_s": 86_400}
    place = reopened(None, **day)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    place.pass_time(60)
    bottles = [thrown(ann, f"{WORDS} {number}") for number in range(2)]
    for _ in bottles:
        picked(bo)
    bo.ask("answer", bottle=bottles[0], text="The sea.")
    refused = only(ann.ask("throw", text=WORDS), "error")
    place = reopened(place, **day)
    ann, bo = (_again(place, guest) for guest in (ann, bo))
    assert only(ann.ask("throw", text=WORDS), "error") == refused
    assert code(bo.ask("pick")) == "rate_limited"
    assert code(bo.ask("answer", bottle=bottles[1], text="A wall.")) == "rate_limited"
    place.pass_time(refused["retry_after"])
    place = reopened(place, **day)
    ann, bo = (_again(place, guest) for guest in (ann, bo))
    thrown(ann)
    assert code(ann.ask("throw", text=WORDS)) == "rate_limited"
    picked(bo)


def test_nothing_of_an_ended_bottle_is_in_any_file_nor_a_living_one_in_clear(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    place = stage(store=store)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann, f"{WORDS} mark-of-the-bottle")
    picked(bo)
    bo.ask("answer", bottle=bottle, text="mark-of-the-answer is the sea")
    place.pass_time(CROSSING_S + 1)
    ann.ask("ping")
    row = store.bottle(bottle)
    answers = store.answers_for(identity(ann))
    assert row is not None
    held = everything_in(tmp_path)
    assert row.sealed in held
    assert not any(mark in held for mark in (b"mark-of-the", HERE[:5].encode()))
    place.pass_time(BOTTLE_S + 1)
    place.house.expire(now=place.clock.now())
    left = everything_in(tmp_path)
    assert not any(mark in left for mark in (row.sealed[12:44], answers[0].sealed[12:44], bottle.encode() + b"["))
    store.close()


def test_bottles_of_another_secret_are_forgotten(tmp_path: Path) -> None:
    place = stage(store=on_disk(tmp_path))
    thrown(sit(place, "Ann"))
    place.house.store.close()
    store = on_disk(tmp_path)
    other = Stage(**OPEN, store=store, key=bytes(32))
    assert len(other.house.bottles) == 0
    assert list(store.bottles()) == []
    store.close()
