"""Blocks: at once, for good, both ways, and unknown to whoever is blocked."""

import json
import re
from typing import Any

import pytest

from server.safety.identities import ROOMS_MAX
from server.store.memory import MemoryStore
from server.store.store import StoreError
from tests.blocking import BOS, ELSEWHERE, are_together, blocked_pair, held, kept_blocks, member, sit, stage
from tests.sessions import BEGAN, Guest, Stage, only
from tests.stores import on_disk


def test_who_blocks_sits_elsewhere_in_the_same_turn_and_the_others_see_them_move_on() -> None:
    place = stage()
    ann, bo, cy = sit(place, "Ann"), sit(place, "Bo"), sit(place, "Cy")
    for guest in (ann, bo, cy):
        guest.got()
    me = ann.me
    answer, room, *_ = ann.ask("block", who=member(ann, "Bo"), ref="b")
    assert (answer["type"], answer["ref"], room["type"]) == ("blocked", "b", "room")
    assert "ref" not in room
    for guest in (bo, cy):
        [left] = guest.got("left")
        assert (left["id"], left["why"]) == (me, "moved")
    assert are_together(bo, cy)
    assert not are_together(ann, bo)


def test_blocking_takes_no_next_and_is_never_too_often() -> None:
    place = Stage(next_per_h=1)
    ann = sit(place, "Ann")
    addresses = (f"198.51.100.{number}" for number in range(255))
    for _ in range(20):
        while len(ann.members) < 2:
            sit(place, "Bo", address=next(addresses))
            ann.got()
        other = next(id for id in ann.members if id != ann.me)
        assert ann.ask("block", who=other)[0]["type"] == "blocked"
    assert ann.ask("next")[0]["type"] == "room"


def normal(writes: list[bytes]) -> list[Any]:
    """Return what was written with ids and times numbered in the order they occur."""
    seen: dict[str, int] = {}
    text = b"".join(writes).decode("latin-1")
    return re.sub(r"\b(id|nonce)\d+\b", lambda found: f"#{seen.setdefault(found[0], len(seen))}", text).split("{")


# With fewer of them Bo waits, and `waiting.people` no longer counts Ann: docs/SECURITY.md, what is open.
@pytest.mark.parametrize("others", [2, 6])
def test_blocked_one_gets_byte_for_byte_what_they_get_when_somebody_presses_next(others: int) -> None:
    seen = []
    for blocks in (True, False):
        place = stage()
        ann, bo = sit(place, "Ann"), sit(place, "Bo")
        for number in range(others):
            sit(place, f"Cy{number}")
        before = len(bo.connection.writes)
        if blocks:
            ann.ask("block", who=member(ann, "Bo"))
        else:
            ann.ask("next")
        # Looked at before their seats can differ: from here on it is chance who sits where.
        seen.append(normal(bo.connection.writes[before:]))
    assert seen[0] == seen[1]
    assert seen[0] != []


def test_blocked_pair_is_never_together_whatever_they_do() -> None:
    place = stage(resume_grace_s=30)
    ann, bo = blocked_pair(place)
    for name in ("Cy", "Dee", "Ed", "Flo"):
        sit(place, name)
    for turn in range(100):
        (ann if turn % 2 else bo).ask("next")
        assert not are_together(ann, bo)
        if turn % 25 == 24:
            place.pass_time(1800)
            assert not are_together(ann, bo)


def test_block_holds_for_who_lost_the_connection_and_for_who_comes_back_later() -> None:
    place = stage(resume_grace_s=30)
    ann, bo = blocked_pair(place)
    for away_s in (5, 60, 4000):
        bo.connection.lose()
        place.pass_time(away_s)
        bo = sit(place, "Bo", address=BOS, token=bo.token)
        ann.got()
        assert not are_together(ann, bo)
        ann.connection.lose()
        place.pass_time(away_s)
        ann = sit(place, "Ann", token=ann.token)
        assert not are_together(ann, bo)


def test_blocks_are_listed_and_ended_by_their_owner_alone() -> None:
    place = stage()
    ann, bo = blocked_pair(place)
    ann.got()
    [told] = ann.ask("blocks", ref="l")
    [row] = told["blocks"]
    assert (told["type"], told["ref"], row["name"], row["at"]) == ("blocks", "l", "Bo", int(BEGAN * 1000))
    assert held(bo) == []
    assert bo.ask("unblock", block=row["block"])[0]["code"] == "no_such_block"
    [done] = ann.ask("unblock", block=row["block"], ref="u")
    assert (done["type"], done["block"], done["ref"]) == ("unblocked", row["block"], "u")
    assert held(ann) == []
    bo.ask("next")
    assert are_together(ann, bo)


def test_two_who_block_each_other_are_apart_until_both_have_ended_it() -> None:
    place = stage()
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    who_is_ann = member(bo, "Ann")
    ann.got()
    ann.ask("block", who=member(ann, "Bo"))
    # She has just left; the id is still known.
    answers = bo.ask("block", who=who_is_ann)
    assert [event["type"] for event in answers if event["type"] not in ("left", "waiting")] == ["blocked"]
    place.pass_time(300)
    assert not are_together(ann, bo)
    ann.ask("unblock", block=held(ann)[0]["block"])
    place.pass_time(300)
    assert not are_together(ann, bo)
    bo.ask("unblock", block=held(bo)[0]["block"])
    place.pass_time(300)
    bo.ask("next")
    assert are_together(ann, bo)


def parted(*, grace_s: float) -> tuple[Stage, Guest, Guest, str]:
    """Return a server, Ann, Bo with whom she sat before she went on, and his id there."""
    place = stage(report_grace_s=grace_s)
    ann, bo = sit(place, "Ann"), sit(place, "Bo")
    who = member(ann, "Bo")
    ann.ask("next")
    bo.got()
    assert not are_together(ann, bo)
    return place, ann, bo, who


def test_somebody_of_the_room_one_has_left_is_blocked_and_nobody_moves() -> None:
    place, ann, bo, who = parted(grace_s=600)
    [blocked] = ann.ask("block", who=who, ref="b")
    assert (blocked["type"], [row["name"] for row in held(ann)]) == ("blocked", ["Bo"])
    assert bo.got() == []
    place.pass_time(3600)
    assert not are_together(ann, bo)


def test_a_name_that_somebody_took_after_one_had_left_is_not_told() -> None:
    place = stage(report_grace_s=600)
    ann, bo, _ = sit(place, "Ann"), sit(place, "Bo"), sit(place, "Cy")
    who = member(ann, "Bo")
    bo.ask("say", text="I was called Bo.", ref="1")
    ann.ask("next")
    place.pass_time(1)
    bo.ask("rename", name="Rob")
    bo.ask("say", text="I am Rob by now.", ref="2")
    assert not are_together(ann, bo)
    ann.ask("block", who=who)
    assert [row["name"] for row in held(ann)] == ["Bo"]


def test_who_somebody_of_an_earlier_room_is_here_is_told_by_no_mute() -> None:
    _, ann, _, who = parted(grace_s=600)
    assert only(ann.ask("mute", who=who), "error")["code"] == "no_such_member"


def test_somebody_of_a_room_left_long_ago_is_nobody() -> None:
    place, ann, _, who = parted(grace_s=60)
    place.pass_time(61)
    assert only(ann.ask("block", who=who), "error")["code"] == "no_such_member"
    assert only(ann.ask("unmute", who=who), "error")["code"] == "no_such_member"


def test_the_last_eight_rooms_count_as_lately() -> None:
    place = stage(report_grace_s=600)
    sit(place, "Bo")
    ann = sit(place, "Ann")
    who = member(ann, "Bo")
    rooms = [ann.room]
    while len(rooms) < ROOMS_MAX:
        sit(place, f"Cy {len(rooms)}")
        ann.ask("next")
        ann.got()
        rooms.append(ann.room)
    assert len(set(rooms)) == ROOMS_MAX == 8
    assert only(ann.ask("block", who=who), "blocked")
    sit(place, "Di")
    ann.ask("next")
    assert only(ann.ask("unmute", who=who), "error")["code"] == "no_such_member"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "bad_message"),
        ({"who": "nobody"}, "no_such_member"),
        ({"bottle": "x"}, "no_such_bottle"),
    ],
)
def test_block_of_nobody_changes_nothing(fields: dict[str, str], code: str) -> None:
    place = stage()
    ann = sit(place, "Ann")
    ann.got()
    assert ann.ask("block", **fields)[0]["code"] == code
    assert ann.ask("block", who=ann.me)[0]["code"] == "no_such_member"
    assert held(ann) == []


def test_leaving_ends_the_blocks_that_one_holds_and_not_those_against_one() -> None:
    place = stage()
    ann, bo = blocked_pair(place)
    bo.ask("leave")
    again = sit(place, "Bo", address=ELSEWHERE + "0")
    assert are_together(ann, again)
    ann.ask("leave")
    assert place.house.store.blocks_of(str(ann.token)) == []
    assert json.dumps(held(sit(place, "Ann"))) == "[]"


def test_blocks_hold_in_another_process_with_the_same_folder(tmp_path: Any) -> None:
    store = on_disk(tmp_path)
    ann, bo = blocked_pair(stage(store=store))
    tokens = ann.token, bo.token
    store.close()
    after = stage(store=on_disk(tmp_path))
    ann, bo = sit(after, "Ann", token=tokens[0]), sit(after, "Bo", token=tokens[1], address=BOS)
    for turn in range(100):
        (ann if turn % 2 else bo).ask("next")
        assert not are_together(ann, bo)


def test_of_too_many_blocks_the_oldest_ends_once_the_new_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.safety.blocks.BLOCKS_MAX", 2)
    store = MemoryStore()
    blocks = kept_blocks(store)
    for number, other in enumerate(("bo", "cy")):
        blocks.add("ann", other, "", now=number)
    with monkeypatch.context() as broken:
        broken.setattr(store, "add_block", fails)
        with pytest.raises(StoreError):
            blocks.add("ann", "di", "", now=2)
    assert [block.other for block in blocks.of("ann")] == ["bo", "cy"]
    blocks.add("ann", "cy", "", now=3)
    blocks.add("ann", "di", "", now=4)
    assert [block.other for block in blocks.of("ann")] == ["cy", "di"]
    blocks.add("ann", "di", "", now=5, via="bottle")
    assert [block.other for block in blocks.of("ann")] == ["di", "di"], "each counts"
    with monkeypatch.context() as broken:
        broken.setattr(store, "remove_block", fails)
        blocks.add("ann", "ed", "", now=6)
    assert [block.other for block in blocks.of("ann")] == ["di", "di", "ed"], "it is kept all the same"


def fails(*args: object, **fields: object) -> None:
    raise StoreError("The disk is full.")
