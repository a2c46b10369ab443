"""How many bottles and answers, by whom, and with which words: what is refused or held, and what that costs."""

from typing import Any

import pytest

from server.safety.bottles import YOUNG_THROWERS
from server.safety.identities import DAY_S
from server.safety.wordlist import read_rules
from tests.bottles import WORDS, answered, code, has_none, picked, sit, stage, thrown
from tests.sessions import Stage, only


def test_new_identity_throws_nothing_and_is_told_when_it_may() -> None:
    place = Stage()
    ann = sit(place, "Ann")
    refused = only(ann.ask("throw", text=WORDS), "error")
    assert refused["code"] == "too_new"
    assert 0 < refused["retry_after"] <= 600.01
    place.pass_time(refused["retry_after"])
    ann.got()
    thrown(ann)


def test_quotas_are_of_a_day() -> None:
    place = Stage(new_identity_s=0, throws_per_day=2, picks_per_day=2, answers_per_day=1, window_s=86_400)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    for _ in range(2):
        thrown(ann)
    refused = only(ann.ask("throw", text=WORDS), "error")
    assert (refused["code"], refused["retry_after"]) == ("rate_limited", pytest.approx(DAY_S / 2, abs=1))
    first, second = picked(bo)["bottle"], picked(bo)["bottle"]
    assert code(bo.ask("pick")) == "rate_limited"
    bo.ask("answer", bottle=first, text="One.")
    assert code(bo.ask("answer", bottle=second, text="Two.")) == "rate_limited"
    assert only(bo.ask("throw_back", bottle=second), "thrown_back") == {"type": "thrown_back", "bottle": second}
    assert code(bo.ask("answer", bottle=second, text="Two.")) == "no_such_bottle"


def test_new_identities_of_one_address_share_their_picks() -> None:
    place = Stage(picks_per_day=3)
    first = place.guest(address="192.0.2.7")
    first.enter()
    for _ in range(2):
        first.ask("pick")
    second, elsewhere = place.guest(address="192.0.2.7"), place.guest(address="192.0.2.8")
    second.enter()
    elsewhere.enter()
    assert has_none(second)
    assert code(second.ask("pick")) == "rate_limited"
    assert has_none(elsewhere)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("look at www.example.com", "link"),
        ("all of it is at foo.io, see you", "link"),
        ("call me: +34 600 123 456", "contact"),
        ("annie99 on insta", "contact"),
        ("buy GOLD now", "filter"),
    ],
)
def test_words_that_lead_away_or_are_listed_are_not_thrown(text: str, reason: str) -> None:
    place = stage()
    place.house.checks.list = read_rules(["gold"])[0]
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    [held] = answered(ann, "throw", text=text)
    assert (held["type"], held["reason"]) == ("held", reason)
    assert "new" not in held["message"]
    assert has_none(bo)


@pytest.mark.parametrize("text", ["see you at 5.30", "U.S.A.", "e.g. this", "I saw it on insta, it is not for me"])
def test_ordinary_words_are_thrown(text: str) -> None:
    ann = sit(stage(), "Ann")
    assert thrown(ann, text)


def test_an_empty_bottle_is_refused_and_costs_none() -> None:
    place = Stage(new_identity_s=0, throws_per_day=1, window_s=86_400)
    ann = sit(place, "Ann")
    assert code(ann.ask("throw", text="\u200b\u200d \u2060")) == "bad_text"
    assert thrown(ann)


def test_the_same_text_in_bottle_after_bottle_is_held_and_the_words_say_so() -> None:
    place = stage(same_text_rooms=3)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottles = [thrown(bo, f"{number} times I ask") for number in range(2)]
    ann.got()
    text = "Come all of you to the old tram depot behind the station tonight"
    *before, held, again = [ann.ask("throw", text=text)[0] for _ in range(4)]
    assert ([event["type"] for event in before], held) == (["thrown", "thrown"], again)
    assert (held["type"], held["reason"]) == ("held", "same_text")
    assert "several bottles" in held["message"]
    for _ in bottles:
        picked(ann)
    assert only(ann.ask("answer", bottle=bottles[0], text=text), "held")["message"] == held["message"]


HELD: dict[str, Any] = {"new_identity_s": 0, "throws_per_day": 1, "answers_per_day": 1, "keeps_per_h": 3}


@pytest.mark.parametrize(("act", "left"), [("throw", 1), ("answer", 1), ("contact", 2)])
def test_what_is_held_takes_nothing_of_its_own_limit_and_counts_as_said(act: str, left: int) -> None:
    place = Stage(**HELD, say_burst=2, say_per_s=0.1)
    place.house.checks.list = read_rules(["gold"])[0]
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    ann.got()
    bottle = thrown(bo)
    picked(ann)
    ann.ask("keep", who=bo.me)
    bo.ask("keep", who=ann.me)
    fields: dict[str, Any] = {"throw": {}, "answer": {"bottle": bottle}, "contact": {"who": bo.me}}[act]
    for _ in range(2):
        assert ann.ask(act, text="buy GOLD now", **fields)[-1]["type"] == "held"
    assert code(ann.ask("say", text="And so?")) == "rate_limited", "it counted as said"
    refused = only(ann.ask(act, text="buy GOLD now", **fields), "error")
    assert (refused["code"], refused["retry_after"]) == ("rate_limited", pytest.approx(10, abs=0.1))
    for _ in range(left):
        assert ann.ask(act, text="Fine words.", **fields)[-1]["type"] in ("thrown", "answered", "voted")
    assert code(ann.ask(act, text="Fine words.", **fields)) in ("rate_limited", "no_such_bottle")


def test_identities_of_a_day_of_one_address_share_their_throws() -> None:
    place = Stage(new_identity_s=0, throws_per_day=2, same_text_rooms=0, same_text_rooms_all=0)
    crowd = [place.guest(address="192.0.2.7") for _ in range(YOUNG_THROWERS + 1)]
    for guest in crowd:
        guest.enter()
    for guest in crowd[:-1]:
        for _ in range(2):
            thrown(guest)
    assert code(crowd[-1].ask("throw", text=WORDS)) == "rate_limited"
    elsewhere = place.guest(address="192.0.2.8")
    elsewhere.enter()
    thrown(elsewhere)
    place.pass_time(DAY_S)
    place.house.expire(now=place.clock.now())
    assert not place.house.bottles._throwers
    # A day old, each has their own two.
    for guest in crowd:
        for _ in range(2):
            thrown(guest)
    assert not place.house.bottles._throwers


def test_what_an_address_has_picked_is_forgotten_when_it_may_pick_as_before() -> None:
    place = Stage(picks_per_day=3)
    guest = place.guest(address="192.0.2.7")
    guest.enter()
    guest.ask("pick")
    counted = place.house.bottles._newcomers
    place.pass_time(DAY_S / 3 - 1)
    place.house.expire(now=place.clock.now())
    assert counted
    place.pass_time(1)
    place.house.expire(now=place.clock.now())
    assert not counted


def test_a_pick_that_an_address_has_used_up_is_not_counted_for_the_person() -> None:
    place = Stage(picks_per_day=1, new_identity_s=60)
    first, second = place.guest(address="192.0.2.7"), place.guest(address="192.0.2.7")
    for guest in (first, second):
        guest.enter()
    assert has_none(first)
    assert code(second.ask("pick")) == "rate_limited"
    place.pass_time(61)
    second.got()
    assert has_none(second), "they are new no more, and have picked nothing yet"


def test_too_many_bottles_end_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.safety.bottles.BOTTLES_MAX", 2)
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottles = [thrown(ann) for _ in range(3)]
    assert {picked(bo)["bottle"] for _ in range(2)} == set(bottles[1:])
    assert has_none(bo)
    assert place.house.store.bottle(bottles[0]) is None


def test_too_many_answers_forget_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.safety.bottles.ANSWERS_MAX", 2)
    place = stage()
    ann, *others = [sit(place, name) for name in ("Ann", "Bo", "Cy", "Di")]
    bottle = thrown(ann)
    ann.lose()
    for number, other in enumerate(others):
        picked(other)
        other.ask("answer", bottle=bottle, text=f"answer {number}")
    back = ann.back()
    place.take_turn()
    assert [event["text"] for event in back.got("answered")] == ["answer 1", "answer 2"]
