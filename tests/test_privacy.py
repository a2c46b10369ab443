"""docs/PRIVACY.md, sentence by sentence, against what the code keeps."""

import sqlite3
from pathlib import Path

import pytest

from server.origin import Origin
from server.privacy import kept, of_rooms, of_rows, span
from server.safety.trails import KEEP_S
from server.settings import Settings
from server.store import rows
from server.store.memory import MemoryStore
from server.store.rows import (
    AuditEntry,
    Ban,
    Block,
    Bottle,
    BottleAnswer,
    Ended,
    Mark,
    Notice,
    Report,
    Row,
    Standing,
    Switch,
    Tie,
)
from server.store.schema import bring_up_to_date
from tests.privacy_page import PAGE, PART, part
from tests.sessions import HERE, Guest, Stage, only
from tests.stores import (
    ANN,
    audited,
    ban,
    block,
    bottle,
    bottle_answer,
    ended,
    everything_in,
    mark,
    notice,
    on_disk,
    report,
    standing,
    tie,
)  # fmt: skip

SENTENCES = of_rooms(Settings())
TTL_S = Settings().token_ttl_s


def identity(guest: Guest) -> str:
    assert guest.peer.session.person is not None
    return guest.peer.session.person.id


def test_page_holds_the_sentences_that_clients_are_told() -> None:
    found = PART.search(PAGE.read_text())
    assert found
    assert found[2] == part()


@pytest.mark.parametrize("is_lasting", [True, False])
def test_clients_are_told_every_sentence(is_lasting: bool, tmp_path: Path) -> None:
    stage = Stage()
    stage.house.kept = kept(stage.house.settings, is_lasting=is_lasting)
    told = only(stage.guest().enter(), "entered")["privacy"]["kept"]
    assert tuple(told) == (*SENTENCES, *of_rows(Settings()).values(), told[-1])
    assert ("disk" in told[-1]) == is_lasting


def test_every_kind_of_row_has_its_sentence() -> None:
    """Whatever comes into a store has to be told; a switch is the server's own and nobody's."""
    kinds = {one for one in vars(rows).values() if isinstance(one, type) and issubclass(one, Row) and one is not Row}
    assert kinds - {Switch} == set(of_rows(Settings()))
    db = sqlite3.connect(":memory:", isolation_level=None)
    bring_up_to_date(db)
    [(tables,)] = db.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchall()
    db.close()
    assert tables == len(kinds) + 1, "evidence is a report's"


def test_times_are_the_operators() -> None:
    told = kept(Settings(report_ttl_s=3600, report_grace_s=90.0, audit_ttl_s=86_400), is_lasting=True)
    assert any("until 90 seconds after the room" in sentence for sentence in told)
    assert any("for 1 hour after the last" in sentence for sentence in told)
    assert any("for 1 day." in sentence for sentence in told)
    assert [span(seconds) for seconds in (1, 60, 5400, 7200, 0.5)] == [
        "1 second",
        "1 minute",
        "90 minutes",
        "2 hours",
        "0.5 seconds",
    ]


def test_cell_is_kept_while_there_is_a_seat_and_the_last_one_until_the_token_expires() -> None:
    assert SENTENCES[0].startswith(
        "Your cell, never a point, while you have a seat; the last one, and the one you visit elsewhere from, in "
        "memory, until your token expires"
    )
    stage = Stage()
    ann, bo = stage.seated("Ann Bo")
    who, other = identity(ann), identity(bo)
    ann.ask("leave")
    bo.lose()
    stage.pass_time(31)
    house = stage.house
    assert not house.world.people
    assert who not in house.identities._absent
    assert house.identities._absent[other].cell == HERE
    house.identities.forget(now=stage.clock.now() + TTL_S)
    assert not house.identities._absent


def test_address_is_kept_while_connected() -> None:
    assert SENTENCES[1] == "Your address, while you are connected."
    stage = Stage()
    [ann] = stage.seated("Ann")
    address = ann.peer.session.origin.address
    assert address
    who = identity(ann)
    ann.lose()
    absent = stage.house.world.people[who]
    assert not any(address in str(getattr(absent, name, "")) for name in absent.__slots__)


def test_words_are_kept_in_memory_until_newer_ones_take_their_place() -> None:
    assert SENTENCES[2].startswith("What is said in a room, in memory,")
    stage = Stage(recent_events=5, say_per_s=0, say_per_min=0, room_per_min=0)
    ann, *_ = stage.seated("Ann Bo Cy")
    for number in range(10):
        ann.ask("say", text=f"line {number}")
    room = stage.house.world.rooms[ann.room]
    assert len(list(room.recent())) == 5


def test_last_words_are_kept_for_reports_and_a_grace() -> None:
    assert SENTENCES[3] == (
        f"What was said in a room in the last {span(KEEP_S)}, in memory, in case it is reported, "
        "until 10 minutes after the room."
    )
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    ann.ask("say", text="something to forget")
    for guest in (ann, bo, cy):
        guest.ask("leave")
    stage.pass_time(599)
    stage.house.expire(now=stage.clock.now())
    assert stage.house.trails._ended
    stage.pass_time(2)
    stage.house.expire(now=stage.clock.now())
    assert not stage.house.trails._ended
    assert not stage.house.trails._live


def test_fingerprints_are_kept_without_words_for_an_hour() -> None:
    assert SENTENCES[6] == (
        "Fingerprints of longer messages, without the words, with your number and the rooms they went to, and of where "
        "junk came from, in memory, for 1 hour."
    )
    stage = Stage()
    [ann] = stage.seated("Ann")
    assert ann.ask("say", text="an unmistakable sentence, to be sure")
    checks = stage.house.checks
    assert checks._same is not None
    [text] = checks._same._index.latest()
    assert text.who == identity(ann)
    checks._suspect(Origin("192.0.2.9", b"nine"), stage.clock.now())
    stage.pass_time(3599)
    stage.house.expire(now=stage.clock.now())
    assert len(checks._same) == len(checks._suspects) == 1
    stage.pass_time(2)
    stage.house.expire(now=stage.clock.now())
    assert len(checks._same) == len(checks._suspects) == 0
    assert not checks._same._index._by_piece


def test_name_is_kept_until_the_token_expires_or_one_leaves() -> None:
    assert SENTENCES[4].startswith("Your name and topics, what an application says of you")
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    del bo
    who, other = identity(ann), identity(cy)
    ann.ask("leave")
    cy.lose()
    stage.pass_time(31)
    identities = stage.house.identities
    assert who not in identities._absent
    kept_of = identities._absent[other]
    assert kept_of.person is not None
    assert kept_of.person.name == "Cy"
    identities.forget(now=stage.clock.now() + TTL_S)
    assert not identities._absent


@pytest.mark.parametrize(
    ("row", "ends"),
    [
        (standing(until=100.0), 100.0),
        (block(until=100.0), 100.0),
        (tie(until=100.0), 100.0),
        (ended(until=100.0), 100.0),
        (mark(until=100.0), 100.0),
        (report(until=100.0), 100.0),
        (ban(identity=ANN, until=100.0), 100.0),
        (notice(until=100.0), 100.0),
        (bottle(until=100.0), 100.0),
        (bottle_answer(until=100.0), 100.0),
        (audited(until=100.0), 100.0),
    ],
)
def test_every_row_ends_with_its_time_and_is_gone_from_the_files(row: Row, ends: float, tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    marked = f"mark{'x' * 20}"
    match row:
        case Standing():
            store.put_standing(standing(marked, until=ends))
        case Block():
            store.add_block(block(marked, ANN, until=ends))
        case Tie():
            store.add_ties(tie(marked, ANN, until=ends))
        case Ended():
            store.end(ended(marked, until=ends))
        case Mark():
            store.put_mark(mark(identity=marked, until=ends))
        case Report():
            store.put_report(report(against=marked, until=ends), b"sealed")
        case Ban():
            store.add_ban(ban(identity=marked, until=ends))
        case Notice():
            store.add_notice(notice(identity=marked, until=ends))
        case Bottle():
            store.put_bottle(bottle(owner=marked, until=ends))
        case BottleAnswer():
            store.put_answer(bottle_answer(by=marked, until=ends))
        case AuditEntry():
            store.add_audit(audited(target=marked, until=ends))
    store.expire(now=ends - 0.1)
    assert marked.encode() in everything_in(tmp_path)
    store.expire(now=ends)
    assert marked.encode() not in everything_in(tmp_path)


@pytest.mark.parametrize("write", ["INSERT ON ended", "DELETE ON ties", "UPDATE ON bottles"])
def test_whoever_cannot_be_forgotten_now_is_not_half_forgotten(write: str, tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    stage = Stage(store=store, new_identity_s=0)
    ann, bo = stage.seated("Ann Bo")
    ann.ask("throw", text="Whoever reads this?")
    assert bo.ask("pick")[0]["type"] == "bottle"
    ann.ask("mute", who=bo.me)
    ann.ask("block", who=bo.me)
    who = identity(ann)
    known = stage.house.identities.known(who)
    store._db.connection.execute(
        f"CREATE TRIGGER full BEFORE {write} BEGIN SELECT raise(FAIL, 'the disk is full'); END"
    )
    [error] = ann.ask("leave")
    assert error["code"] == "not_now"
    stage.check()
    assert stage.house.identities.known(who) is known
    assert not store.has_ended(who)
    assert store.blocks_of(who)
    assert store.ties_of("mute", who)
    assert len(stage.house.bottles) == 1
    assert [row.owner for row in store.bottles()] == [who]
    again = stage.guest()
    again.enter(token=ann.token, name="Ann")
    store._db.connection.execute("DROP TRIGGER full")
    assert again.ask("leave")[-1]["type"] == "bye"
    assert store.has_ended(who)
    assert not any((store.blocks_of(who), store.ties_of("mute", who), len(stage.house.bottles)))


def test_leave_forgets_standing_and_blocks_and_writes_down_that_one_left() -> None:
    sentences = of_rows(Settings())
    assert all("or you leave" in sentences[kind] for kind in (Standing, Block))
    assert all("leave" in sentences[kind] for kind in (Bottle, BottleAnswer)), "tests/test_bottles.py"
    stage = Stage()
    [ann] = stage.seated("Ann")
    who, store = identity(ann), stage.house.store
    assert isinstance(store, MemoryStore)
    store.put_standing(standing(who, until=1e12))
    store.add_block(block(who, until=1e12))
    store.add_ban(ban(identity=who, until=None))
    ann.ask("leave")
    assert store.standing(who) is None
    assert store.blocks_of(who) == []
    assert store.bans(), "also if you leave"
    row = store.tables.ended.get(who)
    assert row is not None
    assert row.until == pytest.approx(stage.clock.now() + TTL_S)


def test_whom_one_met_by_shaking_is_kept_until_the_token_expires_or_one_leaves() -> None:
    assert SENTENCES[-1].startswith("Whom you met when you last shook, and where you sat before, in memory, until your")
    stage = Stage(cells_per_h=0)
    guests = [stage.guest() for _ in range(2)]
    for guest, cell in zip(guests, (HERE, "u33db2"), strict=True):
        guest.enter(cell)
        guest.ask("shake")
    stage.pass_time(5)
    who = [identity(guest) for guest in guests]
    ann, bo = (stage.house.world.people[one] for one in who)
    assert ann.met == {bo.id}
    assert bo.met == {ann.id}
    assert ann.came_from is not None
    guests[0].ask("leave")
    assert who[0] not in stage.house.identities._absent
    guests[1].lose()
    stage.pass_time(31)
    assert who[1] in stage.house.identities._absent
    stage.house.identities.forget(now=stage.clock.now() + TTL_S)
    assert not stage.house.identities._absent


def test_presses_and_contact_lines_are_kept_in_memory_for_their_time() -> None:
    assert SENTENCES[7].endswith("in memory, until the room ends or they say so too.")
    assert SENTENCES[8].endswith("in memory, until both of you have the other's, you let go, or 7 days have passed.")
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    presses, lines = stage.house.keeps._pressed, stage.house.keeps.lines
    ann.ask("keep", who=bo.me)
    assert presses._in
    bo.ask("keep", who=ann.me)
    assert not presses._in
    ann.ask("contact", who=bo.me, text="ann@example.org")
    assert len(lines) == 1
    lines.forget(now=stage.clock.now() + TTL_S)
    assert not len(lines)
    ann.ask("contact", who=bo.me, text="ann@example.org")
    ann.ask("unkeep", who=bo.me)
    assert not len(lines)
    for one, other in ((ann, bo), (bo, ann)):
        one.ask("keep", who=other.me)
    for one, other in ((ann, bo), (bo, ann)):
        one.ask("contact", who=other.me, text="me@example.org")
        one.ask("ping")
    assert len(lines) == 1, "Bo's, of which it is not known that Ann has it"
    lines.forget(now=stage.clock.now() + TTL_S)
    assert not len(lines)
    ann.ask("unkeep", who=bo.me)
    ann.ask("keep", who=bo.me)
    assert presses._in
    stage.pass_time(1800)
    assert not presses._in


def test_ties_end_for_both_when_one_leaves() -> None:
    assert of_rows(Settings())[Tie].endswith("until 8 days after you last came, or one of you leaves.")
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    ann.ask("keep", who=bo.me)
    bo.ask("keep", who=ann.me)
    bo.ask("mute", who=ann.me)
    store, who = stage.house.store, identity(bo)
    assert store.has_tie("keep", who, identity(ann))
    ann.ask("leave")
    assert store.ties_of("keep", who) == store.ties_of("mute", who) == []
    assert not bo.peer.session.seated.kept


def test_reports_have_the_retention_they_say() -> None:
    stage = Stage(report_ttl_s=3600)
    ann, bo, _ = stage.seated("Ann Bo Cy")
    ann.ask("report", who=bo.me, reason="spam")
    [one] = stage.house.store.reports()
    assert one.until - one.last_at == 3600


def test_nothing_on_disk_is_a_cell_a_name_a_word_or_a_token(tmp_path: Path) -> None:
    stage = Stage()
    store = on_disk(tmp_path)
    stage.house.store = stage.house.identities._store = stage.house.reports._store = store
    ann, bo, cy = stage.seated("Annabelle Bartholomew Cyprian")
    bo.ask("say", text="an unmistakable sentence")
    ann.ask("report", who=bo.me, reason="spam", note="a particular note")
    store.add_block(block(identity(ann), identity(bo), name="Bartholomew", until=1e12))
    cy.ask("leave")
    written = everything_in(tmp_path)
    assert identity(bo).encode() in written
    names = ("Annabelle", "Bartholomew", "Cyprian")
    for secret in (HERE, HERE[:5], "unmistakable", "particular", *names, ann.token, bo.token, cy.token):
        assert secret.encode() not in written
