"""Giving each other a line to be reached by: once both have, and never written down."""

from pathlib import Path

import pytest

from tests.keeping import NAMES, keep_each_other, stage
from tests.sessions import only
from tests.stores import on_disk


def test_contact_comes_once_both_have_given_theirs_and_one_line_each() -> None:
    ann, bo, cy = stage().seated(NAMES)
    keep_each_other(ann, bo)
    assert ann.ask("contact", who=bo.me, text="old", ref="c") == [{"type": "voted", "about": "contact", "ref": "c"}]
    ann.ask("contact", who=bo.me, text="  ann@example.org\n +1 ")
    assert bo.got() == []
    assert bo.ask("contact", who=ann.me, text="@bo") == [
        {"type": "voted", "about": "contact"},
        {"type": "contact", "who": ann.me, "name": "Ann", "text": "ann@example.org +1"},
    ]
    assert ann.got() == [{"type": "contact", "who": bo.me, "name": "Bo", "text": "@bo"}]
    assert cy.got() == []
    bo.ask("contact", who=ann.me, text="again")
    assert ann.got() == [], "it begins anew"


def test_contact_is_for_somebody_one_keeps_and_short() -> None:
    ann, bo, _ = stage().seated(NAMES)
    [error] = ann.ask("contact", who=bo.me, text="a")
    assert error["code"] == "not_yours"
    keep_each_other(ann, bo)
    [error] = ann.ask("contact", who=bo.me, text="a" * 201)
    assert error["code"] == "bad_text"
    [error] = ann.ask("contact", who=bo.me, text=" ")
    assert error["code"] == "bad_text"


def test_who_was_let_go_gives_their_contact_to_nobody_and_cannot_tell() -> None:
    ann, bo, _ = stage().seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.ask("unkeep", who=bo.me)
    assert bo.ask("contact", who=ann.me, text="@bo") == [{"type": "voted", "about": "contact"}]
    assert ann.got("contact") == bo.got("contact") == []


@pytest.mark.parametrize("moved", [False, True])
def test_contact_waits_for_who_has_no_connection(moved: bool) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.lose()
    bo.ask("contact", who=ann.me, text="@bo")
    if moved:
        bo.ask("next")
    back = ann.back()
    place.take_turn()
    here = {} if moved else {"who": bo.me}
    assert back.got("contact") == [{"type": "contact", **here, "name": "Bo", "text": "@bo"}]
    back.ask("ping")
    assert back.back().got("contact") == []


@pytest.mark.parametrize("reader", [0, 1])
def test_contact_sent_into_a_dead_connection_comes_again_until_its_reader_sends_something(reader: int) -> None:
    place = stage()
    people = place.seated(NAMES)[:2]
    keep_each_other(*people)
    for one, other, given in zip(people, people[::-1], ("ann@example.org", "@bo"), strict=True):
        one.ask("contact", who=other.me, text=given)
    # Nobody has read what was sent, nor does the server know that this connection is dead.
    dead, other = people[reader], people[1 - reader]
    name, text = [("Ann", "ann@example.org"), ("Bo", "@bo")][1 - reader]
    line = {"type": "contact", "who": other.me, "name": name, "text": text}
    for _ in range(2):
        dead = dead.back()
        place.take_turn()
        assert dead.got("contact") == [line]
    dead.ask("ping")
    back = dead.back()
    place.take_turn()
    assert back.got("contact") == []
    assert len(place.house.keeps.lines) == 1, "the other has sent nothing yet"


@pytest.mark.parametrize("act", ["unkeep", "leave"])
def test_a_line_that_waits_is_withdrawn_by_who_gave_it(act: str) -> None:
    place = stage()
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.lose()
    bo.ask("contact", who=ann.me, text="bo@example.org")
    bo.ask(act, **({"who": ann.me} if act == "unkeep" else {}))
    back = ann.back()
    place.take_turn()
    assert [event for event in back.got() if event["type"] == "contact"] == []


def test_contact_outlasts_a_window_and_is_never_written_down(tmp_path: Path) -> None:
    place = stage(store=on_disk(tmp_path))
    ann, bo, _ = place.seated(NAMES)
    keep_each_other(ann, bo)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    place.pass_time(1800)
    for guest in (ann, bo):
        guest.got()
    came = bo.ask("contact", who=ann.me, text="bo@example.org")
    assert only(came, "contact")["text"] == "ann@example.org"
    assert b"example.org" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
