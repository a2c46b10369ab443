"""How long people keep each other: over restarts, for as long as they come, too many of them, and with no disk."""

from pathlib import Path

import pytest

from geo import Cell
from rooms.person import Person
from server.acts.keeping import AGAIN_S
from server.safety.ties import TIES_MAX
from tests.keeping import NAMES, back_again, failing, keep_each_other, stage
from tests.sessions import HERE, only
from tests.stores import on_disk


class Counted(str):
    """An id that counts how often it is looked up."""

    __slots__ = ("looked_up",)

    def __hash__(self) -> int:
        self.looked_up = getattr(self, "looked_up", 0) + 1
        return super().__hash__()


def test_letting_go_and_forgetting_somebody_cost_what_they_have_and_not_what_all_have() -> None:
    place = stage()
    keeps = place.house.keeps
    for number in range(300):
        one, other = (Person(f"{who}{number}", Cell(HERE)) for who in "xy")
        keeps.press(f"room {number}", one, other, now=0)
        keeps.press(f"room {number}", other, one, now=0)
        keeps.press(f"room {number}", other, one, now=0)
        keeps.let_go(f"room {number}", one.id, other.id)
        keeps.lines.give(one.id, other.id, "X", "x", now=0)
    ann, bo = Counted("ann"), Counted("bo")
    keeps.press("r", Person(ann, Cell(HERE)), Person(bo, Cell(HERE)), now=0)
    ann.looked_up = bo.looked_up = 0
    keeps.let_go("r", ann, bo)
    keeps.forget_person(ann)
    assert ann.looked_up + bo.looked_up < 100


def test_while_nothing_can_be_written_no_answer_tells_who_has_pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    place = stage()
    ann, bo, cy = place.seated(NAMES)
    ann.ask("keep", who=bo.me)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "add_ties", failing)
        assert bo.ask("keep", who=ann.me) == bo.ask("keep", who=cy.me) == [{"type": "voted", "about": "keep"}]
        place.pass_time(20)
        assert ann.got("kept") == bo.got("kept") == []
    place.pass_time(10)
    assert bo.got("kept") == [{"type": "kept", "who": ann.me}]
    assert ann.got("kept") == [{"type": "kept", "who": bo.me}]
    assert [event["type"] for event in ann.ask("contact", who=bo.me, text="a line")] == ["voted"], "they are"


def test_what_cannot_be_written_is_tried_and_told_the_operator_once_in_a_while_however_often_they_press(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "add_ties", failing)
        for _ in range(10):
            ann.ask("keep", who=bo.me)
            bo.ask("keep", who=ann.me)
        place.pass_time(4 * AGAIN_S)
        assert len(caplog.messages) <= 5
    place.pass_time(AGAIN_S)
    assert ann.got("kept") == [{"type": "kept", "who": bo.me}]
    assert not place.house.keeps.unwritten


@pytest.mark.parametrize("ends", ["unkeep", "next", "leave"])
def test_what_could_not_be_written_is_not_once_either_is_of_another_mind(
    ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    ann.ask("keep", who=bo.me)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "add_ties", failing)
        bo.ask("keep", who=ann.me)
        bo.ask(ends, **({"who": ann.me} if ends == "unkeep" else {}))
    place.pass_time(20)
    assert ann.got("kept") == []
    place.check()


def test_of_too_many_the_oldest_ends_for_seats_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIES_MAX, "keep", 2)
    place = stage()
    people = place.seated("Ann Bo Cy Dee")
    ann = people[0]
    for other in people[1:]:
        keep_each_other(ann, other)
        if other is people[1]:
            ann.ask("contact", who=other.me, text="ann@example.org")
    persons = [guest.peer.session.seated for guest in people]
    assert persons[0].kept == {person.id for person in persons[2:]}
    assert not persons[1].kept
    assert not len(place.house.keeps.lines), "what was given to somebody who is kept no more waits no longer"


def test_one_too_many_who_cannot_be_forgotten_now_is_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIES_MAX, "keep", 1)
    place = stage()
    ann, bo, cy, dee = place.seated("Ann Bo Cy Dee")
    keep_each_other(ann, bo)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.store, "remove_ties", failing)
        cy.ask("keep", who=ann.me)
        assert [event["type"] for event in ann.ask("keep", who=cy.me)] == ["voted", "kept"]
    keep_each_other(ann, dee)
    assert place.house.keeps.held(ann.peer.session.identity.id) == {dee.peer.session.identity.id}


def test_keeps_and_mutes_survive_a_restart(tmp_path: Path) -> None:
    place = stage(store=on_disk(tmp_path))
    ann, bo, cy = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("mute", who=cy.me)
    place.house.store.close()
    again = stage(store=on_disk(tmp_path))
    seated = [again.guest() for _ in range(3)]
    came = [guest.enter(token=old.token) for guest, old in zip(seated, (ann, bo, cy), strict=True)]
    assert [only(events, "room")["why_code"] for events in came] == ["first_here", "together", "same_cell"]
    [of_ann, _, of_cy] = [guest.peer.session.identity for guest in seated]
    assert of_ann.muted == {of_cy.id}


def test_ties_last_as_long_as_one_comes_again_before_the_token_ends() -> None:
    place = stage()
    ann, bo, cy = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("mute", who=cy.me)
    for _ in range(4):
        for guest in (ann, bo, cy):
            guest.lose()
        place.pass_time(5 * 86_400)
        place.house.expire(now=place.clock.now())
        ann, bo, cy = (back_again(place, guest) for guest in (ann, bo, cy))
        for guest in (ann, bo, cy):
            guest.got()
    assert ann.members[bo.me].get("kept") is bo.members[ann.me].get("kept") is True
    assert ann.members[cy.me].get("muted") is True
