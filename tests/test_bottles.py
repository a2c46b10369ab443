"""Messages in bottles, as their people see them: on a stage, with sessions and a store."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from server.commands import Ping
from server.house import CROSSING_S
from server.safety.bottles import BOTTLE_S, PICKED_MAX, YOUNG_THROWERS
from server.safety.identities import DAY_S
from server.safety.wordlist import read_rules
from server.session import Session
from server.store.memory import MemoryStore
from server.store.rows import Switch
from server.store.store import Store, StoreError
from tests.sessions import FAR_AWAY, HERE, NEAR, ORIGIN, Guest, Json, Stage, only
from tests.stores import SECRET, ban, everything_in, on_disk

WORDS = "Whoever reads this, what do you see?"
OPEN: dict[str, Any] = {
    "new_identity_s": 0, "throws_per_day": 0, "picks_per_day": 0, "answers_per_day": 0, "same_text_rooms": 0,
    "same_text_rooms_all": 0,
}  # fmt: skip


def stage(**settings: Any) -> Stage:
    return Stage(**OPEN | settings)


def sit(place: Stage, name: str, cell: str = HERE, **fields: Any) -> Guest:
    guest = place.guest()
    guest.enter(cell, name=name, **fields)
    guest.got()
    return guest


def thrown(guest: Guest, text: str = WORDS) -> str:
    bottle: str = only(guest.ask("throw", text=text), "thrown")["bottle"]
    return bottle


def answered(guest: Guest, type: str, **fields: Any) -> list[Json]:
    """Return what answers a command, without what else goes on."""
    return [event for event in guest.ask(type, ref="r", **fields) if event.get("ref") == "r"]


def picked(guest: Guest) -> Json:
    return only(guest.ask("pick"), "bottle")


def has_none(guest: Guest) -> bool:
    [answer] = answered(guest, "pick")
    return answer == {"type": "nobody", "about": "pick", "ref": "r"}


def code(events: list[Json]) -> str:
    told: str = only(events, "error")["code"]
    return told


def identity(guest: Guest) -> str:
    return guest.peer.session.seated.id


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


# Reported and blocked


def test_whoever_picked_a_bottle_reports_it() -> None:
    place = stage()
    ann, *others = [sit(place, name) for name in ("Ann", "Bo", "Cy", "Di")]
    bottle = thrown(ann)
    assert code(others[0].ask("report", bottle=bottle, reason="spam")) == "no_such_bottle", "not picked yet"
    tickets = set()
    for other in others:
        picked(other)
        tickets.add(only(other.ask("report", bottle=bottle, reason="spam", note="Junk."), "reported")["ticket"])
    assert len(tickets) == 1
    [ticket] = tickets
    report, evidence = place.house.store.report(ticket), place.house.reports.evidence(ticket)
    assert report is not None
    assert evidence is not None
    assert (report.against, len(report.reporters)) == (identity(ann), 3)
    assert [line.text for line in evidence.lines] == [WORDS]
    assert only(others[0].ask("report", bottle=bottle, reason="spam", note="Junk."), "reported")["ticket"] == ticket


def test_three_who_report_bottles_of_one_person_hold_all_of_them_until_it_is_looked_at() -> None:
    place = stage()
    ann, *others, last = [sit(place, name) for name in ("Ann", "Bo", "Cy", "Di", "Ed")]
    bottles = [thrown(ann) for _ in range(3)]
    for number, other in enumerate(others, 1):
        found = picked(other)["bottle"]
        for note in ("Junk.", "And again."):
            only(other.ask("report", bottle=found, reason="spam", note=note), "reported")
        assert (len(place.house.bottles) == 0) == (number == 3)
    rows = {bottle: place.house.store.bottle(bottle) for bottle in bottles}
    assert all(row is not None and (row.is_held or len(row.picked) == PICKED_MAX) for row in rows.values())
    assert has_none(last)
    thrown(ann)
    thrown(others[0])
    assert len(place.house.bottles) == 1, "the others' float"
    picked(last)
    assert has_none(last)
    for report in place.house.reports.open():
        place.house.store.close_report(report.ticket, now=place.clock.now())
    found = thrown(ann)
    assert picked(last)["bottle"] == found


@pytest.mark.parametrize(("new_s", "addresses", "is_held"), [(600, "234", False), (0, "222", False), (0, "234", True)])
def test_reports_of_newcomers_and_more_than_one_of_an_address_hold_nothing(
    new_s: float, addresses: str, is_held: bool
) -> None:
    place = stage(new_identity_s=new_s)
    ann = sit(place, "Ann")
    place.pass_time(new_s)
    bottle = thrown(ann)
    for number, address in enumerate(addresses):
        guest = place.guest(address=f"192.0.2.{address}")
        guest.enter(name=f"G{number}")
        assert picked(guest)["bottle"] == bottle
        only(guest.ask("report", bottle=bottle, reason="spam"), "reported")
    [report] = place.house.reports.open()
    assert len(report.reporters) == 3, "the operator sees them all"
    thrown(ann, "Another day, another bottle.")
    assert (len(place.house.bottles) == 0) == is_held


def test_a_report_counts_from_when_its_reporter_is_no_longer_new() -> None:
    place = stage(new_identity_s=600)
    ann = sit(place, "Ann")
    place.pass_time(600)
    bottle, others = thrown(ann), []
    for number in range(3):
        guest = place.guest(address=f"192.0.2.{number}")
        guest.enter(name=f"G{number}")
        picked(guest)
        only(guest.ask("report", bottle=bottle, reason="spam"), "reported")
        others.append(guest)
    thrown(ann, "Another day, another bottle.")
    place.pass_time(600)
    for guest in others:
        assert len(place.house.bottles) == 1
        only(guest.ask("report", bottle=bottle, reason="spam", note="Still."), "reported")
    assert len(place.house.bottles) == 0


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


def test_an_answer_is_reported_and_its_writer_blocked_by_whoever_threw_the_bottle() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo", FAR_AWAY)
    bottle = thrown(ann)
    picked(bo)
    assert code(ann.ask("report", bottle=bottle, reason="spam")) == "no_such_bottle"
    bo.ask("answer", bottle=bottle, text="Buy gold.")
    answer = only(ann.got(), "answered")["answer"]
    for id in (answer, bottle):
        ticket = only(ann.ask("report", bottle=id, reason="scam"), "reported")["ticket"]
        report, evidence = place.house.store.report(ticket), place.house.reports.evidence(ticket)
        assert report is not None
        assert evidence is not None
        assert report.against == identity(bo)
        assert [line.text for line in evidence.lines] == [WORDS, "Buy gold."]
    assert code(bo.ask("report", bottle=answer, reason="scam")) == "no_such_bottle"
    only(ann.ask("block", bottle=answer), "blocked")
    assert place.house.store.are_apart(identity(ann), identity(bo))
    thrown(bo)
    assert has_none(ann)


def test_to_block_who_threw_a_bottle_moves_nobody_and_names_nobody() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    bottle = thrown(ann)
    picked(bo)
    room = bo.room
    blocked = bo.ask("block", bottle=bottle, ref="b")
    assert [event["type"] for event in blocked] == ["blocked"]
    assert (bo.room, ann.got()) == (room, [])
    assert only(bo.ask("blocks"), "blocks")["blocks"][0]["name"] == ""
    assert code(bo.ask("answer", bottle=bottle, text="Hello.")) == "no_such_bottle"
    bo.ask("next")
    ann.ask("next")
    assert ann.room != bo.room


def member(guest: Guest, name: str) -> str:
    return next(id for id, other in guest.members.items() if other["name"] == name)


@pytest.mark.parametrize("thrower", ["Bo", "Cy"])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_list_of_blocks_does_not_tell_whose_bottle_was_blocked(thrower: str, is_first: bool) -> None:
    place = stage()
    people = {name: sit(place, name) for name in ("Ann", "Bo", "Cy")}
    ann = people["Ann"]
    bottles = [thrown(people[thrower]) for _ in range(2)]
    for _ in bottles:
        picked(ann)
    ann.got()
    who = {"who": member(ann, "Bo")}
    ways = [who, *({"bottle": bottle} for bottle in bottles)] if is_first else [{"bottle": bottles[0]}, who]
    ids = [only(ann.ask("block", **way), "blocked")["block"] for way in ways]
    told = only(ann.ask("blocks"), "blocks")["blocks"]
    assert [(row["block"], row["name"]) for row in told] == [
        (id, "Bo" if "who" in way else "") for id, way in zip(ids, ways, strict=True)
    ]
    for number, id in enumerate(ids):
        only(ann.ask("unblock", block=id), "unblocked")
        blocked = {thrower: any("bottle" in way for way in ways[number + 1 :])}
        blocked["Bo"] = blocked.get("Bo", False) or who in ways[number + 1 :]
        for name, holds in blocked.items():
            assert place.house.store.are_apart(identity(ann), identity(people[name])) == holds


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


# When the store fails


def failing(place: Stage, monkeypatch: pytest.MonkeyPatch, write: str, *, after: int = 0) -> None:
    """Have a write of the store fail from the one after so many on."""
    real, numbers = getattr(place.house.store, write), count()

    def fails(*args: Any, **fields: Any) -> Any:
        if next(numbers) >= after:
            raise StoreError("The disk is full.")
        return real(*args, **fields)

    monkeypatch.setattr(place.house.store, write, fails)


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


# With a store


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


def _again(place: Stage, guest: Guest) -> Guest:
    back = place.guest()
    back.say("enter", cell=HERE, token=guest.token)
    place.take_turn()
    return back


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


def test_a_bottle_floats_though_the_count_of_the_day_cannot_be_written() -> None:
    place = stage(throws_per_day=1, window_s=86_400)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    place.pass_time(60)
    with pytest.MonkeyPatch.context() as broken:
        failing(place, broken, "put_standing")
        thrown(ann)
    assert picked(bo)["text"] == WORDS
    assert code(ann.ask("throw", text=WORDS)) == "rate_limited"


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
