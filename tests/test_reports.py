"""Reporting, from the wire: who and what may be reported, what is frozen, and that it is sealed and folds."""

from typing import Any

import pytest

from server.safety import reports
from server.safety.evidence import EVIDENCE_MAX_BYTES, NOTES_MAX, PEOPLE_MAX, Evidence, Note
from server.store.rows import Report
from server.store.store import StoreError
from tests.sessions import UNLIMITED, Guest, Stage, only
from tests.stores import everything_in, on_disk, seal

Json = dict[str, Any]


def reported(guest: Guest, **fields: Any) -> str:
    """Report and return the ticket."""
    return str(only(guest.ask("report", **{"reason": "spam"} | fields), "reported")["ticket"])


def refused(guest: Guest, **fields: Any) -> str:
    """Report, be refused, and return the code."""
    return str(only(guest.ask("report", **{"reason": "spam"} | fields), "error")["code"])


def of(stage: Stage, ticket: str) -> tuple[Report, Evidence]:
    report, evidence = stage.house.store.report(ticket), stage.house.reports.evidence(ticket)
    assert report is not None
    assert evidence is not None
    return report, evidence


def identity(guest: Guest) -> str:
    assert guest.peer.session.person is not None
    return guest.peer.session.person.id


@pytest.mark.parametrize("seq", [2**53, 2**64, 10**30])
def test_a_number_beyond_what_can_be_kept_is_no_report_and_no_bug(seq: int) -> None:
    ann, bo = Stage().seated("Ann Bo")
    assert refused(ann, who=bo.me, seq=seq) == "bad_message"
    assert reported(ann, who=bo.me, seq=2**53 - 1)


def test_report_of_a_member_freezes_what_was_said_and_who_was_there() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    bo.ask("say", text="buy this")
    cy.ask("say", text="no")
    bo.got()
    cy.got()
    came = ann.ask("report", who=bo.me, reason="scam", note="  sells watches", ref="9")
    told = only(came, "reported")
    assert told["ref"] == "9"
    report, evidence = of(stage, told["ticket"])
    assert (report.against, report.reasons, report.reporters, report.times) == (
        identity(bo),
        ("scam",),
        (identity(ann),),
        1,
    )
    assert evidence.name == "Bo"
    assert [(line.from_, line.name, line.text) for line in evidence.lines] == [
        (bo.me, "Bo", "buy this"),
        (cy.me, "Cy", "no"),
    ]
    assert evidence.people == {guest.me: identity(guest) for guest in (ann, bo, cy)}
    assert [(note.by, note.reason, note.text) for note in evidence.notes] == [
        (identity(ann), "scam", "  sells watches")
    ]
    assert not bo.got(), "the reported person is told nothing"
    assert not cy.got()


def test_report_of_a_line_is_against_whoever_said_it() -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    seq = only(bo.ask("say", text="buy this"), "said")["seq"]
    report, evidence = of(stage, reported(ann, seq=seq))
    assert report.against == identity(bo)
    assert evidence.notes[0].seq == seq


def test_report_of_a_room_is_against_nobody_in_particular() -> None:
    stage = Stage()
    ann, _, _ = stage.seated("Ann Bo Cy")
    report, evidence = of(stage, reported(ann, room=ann.room))
    assert (report.against, report.room, evidence.name) == ("", ann.room, "")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "bad_message"),
        ({"reason": "boring", "who": "x"}, "bad_message"),
        ({"who": "nobody"}, "no_such_member"),
        ({"seq": 4000}, "no_such_member"),
        ({"seq": 1}, "no_such_member"),
        ({"bottle": "b1"}, "no_such_bottle"),
        ({"room": "elsewhere"}, "wrong_room"),
        ({"room": "elsewhere", "who": "x"}, "no_such_member"),
    ],
)
def test_what_does_not_exist_cannot_be_reported(fields: Json, code: str) -> None:
    stage = Stage()
    ann, *_ = stage.seated("Ann Bo Cy")
    assert refused(ann, **fields) == code
    assert stage.house.store.reports() == []


def test_nobody_reports_themself_and_a_note_has_its_length() -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    assert refused(ann, who=ann.me) == "no_such_member"
    assert refused(ann, who=bo.me, note="a" * 501) == "bad_text"
    assert reported(ann, who=bo.me, note="a" * 500)


def test_repeated_reports_are_one_ticket_and_never_too_many() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    tickets = {reported(ann, who=bo.me) for _ in range(100)}
    tickets.add(reported(cy, who=bo.me, reason="harassment"))
    [ticket] = tickets
    report, evidence = of(stage, ticket)
    assert report.reporters == (identity(ann), identity(cy))
    assert report.reasons == ("spam", "harassment")
    assert report.times == 2, "the same again from the same person says nothing new"
    assert len(evidence.notes) == 2


def test_later_report_adds_what_was_said_since() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    bo.ask("say", text="one")
    ticket = reported(ann, who=bo.me)
    bo.ask("say", text="two")
    assert reported(cy, who=bo.me) == ticket
    assert [line.text for line in of(stage, ticket)[1].lines] == ["one", "two"]


def test_notes_of_one_ticket_are_limited() -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    for number in range(NOTES_MAX + 5):
        ticket = reported(ann, who=bo.me, note=f"note {number}")
    assert len(of(stage, ticket)[1].notes) == NOTES_MAX


def test_closed_ticket_is_left_alone_and_a_new_report_is_a_new_one() -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    first = reported(ann, who=bo.me)
    stage.house.store.close_report(first, now=stage.clock.now())
    assert reported(ann, who=bo.me) != first


def test_only_the_last_ten_minutes_are_frozen() -> None:
    stage = Stage(window_s=7200, ping_every_s=3600)
    ann, bo, _ = stage.seated("Ann Bo Cy")
    bo.ask("say", text="old")
    stage.pass_time(599)
    bo.ask("say", text="new")
    assert [line.text for line in of(stage, reported(ann, who=bo.me))[1].lines] == ["old", "new"]
    stage.pass_time(2)
    assert [line.text for line in of(stage, reported(ann, room=ann.room))[1].lines] == ["new"]


def test_evidence_has_its_size_and_says_what_it_leaves_out() -> None:
    stage = Stage(**UNLIMITED)
    ann, bo, _ = stage.seated("Ann Bo Cy")
    for number in range(120):
        bo.say("say", text=f"{number:03}" + "é" * 900)
    stage.take_turn()
    _, evidence = of(stage, reported(ann, who=bo.me))
    assert evidence.lines[-1].text.startswith("119")
    assert evidence.left_out > 0
    size = len(evidence.to_bytes())
    assert EVIDENCE_MAX_BYTES - 3000 < sum(len(line.text.encode()) for line in evidence.lines) < size
    assert size < EVIDENCE_MAX_BYTES + 2000


def test_somebody_is_reported_from_the_next_room_and_after_the_window() -> None:
    stage = Stage(report_grace_s=60)
    ann, bo, _ = stage.seated("Ann Bo Cy")
    bo.ask("say", text="buy this")
    room, who = bo.room, bo.me
    ann.ask("next")
    assert ann.room != room
    report, evidence = of(stage, reported(ann, who=who))
    assert (report.room, report.against, evidence.name) == (room, identity(bo), "Bo")
    assert [line.text for line in evidence.lines] == ["buy this"]


def test_a_room_that_ended_is_reported_within_the_grace_only() -> None:
    stage = Stage(report_grace_s=60)
    ann, bo, cy = stage.seated("Ann Bo Cy")
    seq = only(bo.ask("say", text="buy this"), "said")["seq"]
    room, who, accused = bo.room, bo.me, identity(bo)
    for guest in (bo, cy):
        guest.ask("leave")
    ann.ask("next")
    assert room not in stage.house.world.rooms
    stage.pass_time(59)
    for fields in ({"who": who}, {"room": room, "seq": seq}, {"room": room}):
        report, evidence = of(stage, reported(ann, **fields))
        assert report.against == ("" if fields == {"room": room} else accused)
        assert [line.text for line in evidence.lines] == ["buy this"]
    stage.pass_time(2)
    assert refused(ann, who=who) == "no_such_member"
    assert refused(ann, room=room) == "wrong_room"


def test_who_never_sat_there_reports_nobody_there() -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    [dee] = stage.seated("Dee", cell="u33db2")
    assert refused(dee, who=bo.me) == "no_such_member"
    assert refused(dee, room=ann.room) == "wrong_room"


def test_reports_outlast_a_reconnect() -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    who = bo.me
    ann.ask("next")
    ann.lose()
    again = ann.back()
    stage.take_turn()
    again.got()
    assert reported(again, who=who)


def test_of_too_many_reports_closed_ones_make_room_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "REPORTS_MAX", 2)
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    closed, weighty = reported(ann, who=bo.me), reported(ann, who=cy.me)
    reported(bo, who=cy.me)
    stage.house.store.close_report(closed, now=stage.clock.now())
    third = reported(bo, who=ann.me)
    assert {report.ticket for report in stage.house.store.reports()} == {weighty, third}
    fourth = reported(bo, room=ann.room)
    assert {report.ticket for report in stage.house.store.reports()} == {weighty, fourth}


def test_whoever_makes_many_reports_pushes_out_none_but_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "REPORTS_MAX", 6)
    stage = Stage()
    ann, bo, cy, dee = stage.seated("Ann Bo Cy Dee")
    genuine = reported(ann, who=bo.me)
    for number in range(8):
        for guest in (cy, dee):  # two who report the same weigh no more than one who reports once
            stage.house.reports.file(
                room=f"r{number}",
                against=identity(bo),
                by=identity(guest),
                evidence=Evidence("", {}, (), (Note(identity(guest), "spam", "", 0),)),
                now=stage.clock.now(),
            )
    kept = [report.ticket for report in stage.house.store.reports()]
    assert genuine in kept
    assert len(kept) == 6


def test_a_crowd_that_only_passes_through_makes_no_report_large() -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    bo.ask("say", text="buy this")
    spoke = bo.me
    bo.ask("next")
    room = stage.house.world.rooms[ann.room]
    room._gone = {**room.gone, **{f"m{number}": f"p{number}" for number in range(5 * PEOPLE_MAX)}}
    _, evidence = of(stage, reported(ann, who="m3"))
    assert len(evidence.people) == PEOPLE_MAX
    assert {ann.me, cy.me, spoke, "m3"} <= evidence.people.keys()
    _, evidence = of(stage, reported(cy, who="m3"))
    assert len(evidence.people) == PEOPLE_MAX
    assert {ann.me, cy.me, spoke} <= evidence.people.keys()


def test_evidence_that_was_altered_or_moved_shows_it(tmp_path: Any) -> None:
    stage = Stage()
    ann, bo, cy = stage.seated("Ann Bo Cy")
    bo.ask("say", text="a very particular sentence")
    first, second = reported(ann, who=bo.me), reported(ann, who=cy.me)
    store = stage.house.store
    sealed, report = store.evidence(first), store.report(second)
    assert sealed is not None
    assert report is not None
    assert b"particular" not in sealed
    store.put_report(report, sealed)
    assert stage.house.reports.evidence(second) is None
    store.put_report(report, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert stage.house.reports.evidence(second) is None
    assert stage.house.reports.evidence(first) is not None


def test_words_of_a_report_are_on_disk_sealed_only(tmp_path: Any) -> None:
    disk = on_disk(tmp_path)
    filing = reports.Reports(disk, seal(), ttl_s=100, new_ticket=lambda: "T1")
    stage = Stage()
    stage.house.reports = filing
    ann, bo, _ = stage.seated("Ann Bartholomew Cy")
    bo.ask("say", text="a very particular sentence")
    ticket = reported(ann, who=bo.me, note="an unmistakable note")
    for words in (b"particular", b"unmistakable", b"Bartholomew"):
        assert words not in everything_in(tmp_path)
    evidence = filing.evidence(ticket)
    assert evidence is not None
    assert evidence.lines[0].text == "a very particular sentence"


def test_words_of_an_ended_room_are_forgotten_after_the_grace() -> None:
    stage = Stage(report_grace_s=60)
    ann, bo, cy = stage.seated("Ann Bo Cy")
    bo.ask("say", text="buy this")
    for guest in (ann, bo, cy):
        guest.ask("leave")
    assert stage.house.trails._ended
    stage.pass_time(61)
    stage.house.expire(now=stage.clock.now())
    assert not stage.house.trails._ended
    assert stage.house.trails._ended_chars == 0


def test_report_that_cannot_be_written_down_is_refused_and_nobody_loses_their_seat(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(stage.house.store, "put_report", full)
    assert refused(ann, who=bo.me, note="secret words") == "not_now"
    assert ann.connection.is_open
    assert "the disk is full" in caplog.text
    assert "secret words" not in caplog.text
    monkeypatch.undo()
    assert reported(ann, who=bo.me)
