"""What a block makes of two who keep each other, or would."""

import pytest

from tests.keeping import NAMES, back_again, failing, keep_each_other, sit, stage
from tests.sessions import only


def test_a_block_ends_it_for_both_and_for_good() -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    [blocked, *_] = ann.ask("block", who=bo.me)
    place.pass_time(1800)
    ann.ask("unblock", block=blocked["block"])
    assert not len(place.house.keeps.lines)
    place.pass_time(1800)
    for guest in (ann, bo):
        assert not guest.peer.session.seated.kept
        guest.got()
    assert ann.room == bo.room, "nobody else is here"
    # Bo sees what he would see had Ann let him go, so he cannot tell that there was a block.
    assert bo.members[ann.me].get("kept") is True
    assert "kept" not in ann.members[bo.me]
    assert [event["type"] for event in bo.ask("keep", who=ann.me)] == ["voted"]
    assert [event["type"] for event in ann.ask("keep", who=bo.me)] == ["voted", "kept"]


def test_a_block_seats_apart_though_the_end_of_the_keep_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    monkeypatch.setattr(place.house.store, "remove_ties", failing)
    assert [event["type"] for event in ann.ask("block", who=bo.me)][:2] == ["blocked", "room"]
    assert ann.room != bo.room
    assert not len(place.house.keeps.lines)
    place.check()


def test_a_block_by_a_bottle_makes_it_sleep_and_tells_nobody_whose_it_was() -> None:
    place = stage(new_identity_s=0)
    people = [sit(place, f"P{number}") for number in range(16)]
    ann, bo = people[0], next(guest for guest in people[1:] if guest.room == people[0].room)
    for guest in people:
        guest.got()
    keep_each_other(ann, bo)
    bo.ask("throw", text="Whoever reads this?")
    [bottle] = [event["bottle"] for event in ann.ask("pick")]
    before = len(bo.connection.writes)
    [blocked] = ann.ask("block", bottle=bottle)
    for one, other in ((ann, bo), (bo, ann)):
        assert one.ask("contact", who=other.me, text="me@example.org") == [{"type": "voted", "about": "contact"}]
    assert len(bo.connection.writes) == before + 1, "its own answer"
    for _ in range(3):
        place.pass_time(1800)
        for guest in people:
            guest.got()
        assert ann.room != bo.room
        assert not any(other.get("kept") for guest in (ann, bo) for other in guest.members.values())
    ann.ask("unblock", block=blocked["block"])
    place.pass_time(1800)
    for guest in people:
        guest.got()
    assert ann.room == bo.room
    assert ann.members[bo.me]["kept"] is bo.members[ann.me]["kept"] is True
    assert only(bo.ask("contact", who=ann.me, text="bo@example.org"), "contact")["text"] == "me@example.org"


def test_a_line_under_way_waits_while_a_block_by_bottle_stands_between_the_two() -> None:
    place = stage(new_identity_s=0)
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    bo.ask("contact", who=ann.me, text="bo@example.org")
    thrown = only(bo.ask("throw", text="Whoever reads this: hello!"), "thrown")["bottle"]
    assert only(ann.ask("pick"), "bottle")["bottle"] == thrown
    bo.lose()
    assert only(ann.ask("contact", who=bo.me, text="ann@example.org"), "contact")["text"] == "bo@example.org"
    block = only(ann.ask("block", bottle=thrown), "blocked")["block"]
    bo = back_again(place, bo)
    assert bo.got("contact") == []
    bo.ask("ping")  # which tells that all that was sent has come, and this was not
    ann.ask("unblock", block=block)
    bo.lose()
    bo = back_again(place, bo)
    assert only(bo.got(), "contact")["text"] == "ann@example.org"
    bo.ask("ping")
    bo.lose()
    assert back_again(place, bo).got("contact") == []


def test_nobody_gives_lines_while_a_block_stands_between_the_two() -> None:
    place = stage(new_identity_s=0)
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    thrown = only(bo.ask("throw", text="Whoever reads this: hello!"), "thrown")["bottle"]
    ann.ask("pick")
    block = only(ann.ask("block", bottle=thrown), "blocked")["block"]
    for one, other in ((ann, bo), (bo, ann)):
        assert [event["type"] for event in one.ask("contact", who=other.me, text="a line")] == ["voted"]
    ann.ask("unblock", block=block)
    assert bo.got() == []
    assert only(bo.ask("contact", who=ann.me, text="another"), "contact")["text"] == "a line"
    assert only(ann.got(), "contact")["text"] == "another"


def test_a_press_under_a_block_is_no_second_one() -> None:
    place = stage(new_identity_s=0)
    ann, bo, _ = place.seated(NAMES)
    ann.ask("keep", who=bo.me)
    only(bo.ask("throw", text="Whoever reads this: hello!"), "thrown")
    block = only(ann.ask("block", bottle=only(ann.ask("pick"), "bottle")["bottle"]), "blocked")["block"]
    assert [event["type"] for event in bo.ask("keep", who=ann.me)] == ["voted"]
    assert ann.got() == []
    assert not place.house.keeps.held(ann.peer.session.identity.id)
    ann.ask("unblock", block=block)
    assert [event["type"] for event in ann.ask("keep", who=bo.me)] == ["voted", "kept"]
