"""Bottles and answers that are reported, and their writers blocked."""

import pytest

from server.safety.bottles import PICKED_MAX
from tests.bottles import WORDS, code, has_none, identity, picked, sit, stage, thrown
from tests.sessions import FAR_AWAY, Guest, only


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
