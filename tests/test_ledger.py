"""The accounts of words: perfect delivery is found perfect, and every single loss or doubling is found."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client_demo.accounting.accounts import READ_APART_S, RoomAccount
from client_demo.accounting.figures import Figures
from client_demo.accounting.histogram import Histogram
from client_demo.ledger import Ledger, Watch

Event = dict[str, Any]
Tamper = Callable[[str, Event], int]
RUN = "wabc12"


def faithfully(_who: str, _event: Event) -> int:
    """Deliver every event to everybody once."""
    return 1


def only(who: str, kind: str, times: int) -> Tamper:
    """Deliver events of this type so many times to this member, everything else once."""
    return lambda each, event: times if (each, event["type"]) == (who, kind) else 1


class Stage:
    """A faultless server of one room that lets a test tamper with single deliveries.

    `tamper(who, event)` returns how often the event is delivered to that member.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.room = "r1"
        self.seq = 0
        self.watches: dict[str, Watch] = {}
        self.outsiders: set[str] = set()
        self.tamper: Tamper = faithfully

    def join(self, who: str) -> None:
        self.tell({"type": "joined", "id": who, "member": {}}, numbered=True)
        watch = self.watches.setdefault(who, self.ledger.watch())
        watch.see({"type": "entered"}, 0.0)
        members = [{"id": each} for each in [*self.watches, *self.outsiders]]
        watch.see({"type": "room", "room": self.room, "me": who, "seq": self.seq, "members": members}, 0.0)

    def leave(self, who: str) -> None:
        watch = self.watches.pop(who)
        self.tell({"type": "left", "id": who, "why": "left"}, numbered=True)
        watch.see({"type": "bye", "code": 1000}, 0.0)

    def tell(self, event: Event, *, numbered: bool = False, now: float = 0.0) -> None:
        if numbered:
            self.seq += 1
            event = event | {"seq": self.seq}
        for who, watch in self.watches.items():
            for _ in range(self.tamper(who, event)):
                watch.see(event, now)

    def say(self, who: str, text: str = "hello", *, meant_at: float = 0.0, now: float = 0.0) -> str:
        ref = self.ledger.word(meant_at)
        self.tell({"type": "said", "from": who, "text": text, "ref": ref}, numbered=True, now=now)
        return ref


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(RUN)


@pytest.fixture
def stage(ledger: Ledger) -> Stage:
    """Three members in a room."""
    stage = Stage(ledger)
    for who in "abc":
        stage.join(who)
    return stage


def move(stage: Stage, who: str, *, now: float) -> None:
    """Take a member to another room without a word to those who still sit there, as at a window's end."""
    stage.watches[who].see({"type": "room", "room": "r2", "me": who + "2", "seq": 1, "members": []}, now)


def part(stage: Stage) -> Figures:
    for who in list(stage.watches):
        stage.leave(who)
    return stage.ledger.finish()


def test_a_word_heard_by_everybody_has_no_fault(stage: Stage) -> None:
    stage.say("a")
    figures = part(stage)
    assert figures.faults() == {}
    assert (figures.sent, figures.acknowledged) == (1, 1)
    assert figures.delivered == figures.settled.expected == 3


def test_a_word_that_one_member_misses_is_one_lost(stage: Stage) -> None:
    stage.tamper = only("c", "said", 0)
    stage.say("a")
    stage.tamper = faithfully
    stage.say("b")
    figures = part(stage)
    assert figures.faults() == {"lost": 1, "gaps": 1, "missed": 1}
    assert (figures.delivered, figures.settled.expected) == (5, 6)


def test_a_last_word_missed_just_before_leaving_is_lost_although_no_later_number_shows_it(
    stage: Stage,
) -> None:
    stage.tamper = only("c", "said", 0)
    stage.say("a")
    stage.leave("c")
    assert part(stage).faults() == {"lost": 1, "missed": 1}


def test_a_word_missed_by_the_one_who_stays_to_the_end_is_lost_by_the_newest_number(stage: Stage) -> None:
    stage.tamper = only("c", "said", 0)
    stage.say("a")
    for who in "abc":
        move(stage, who, now=READ_APART_S)
    assert stage.ledger.finish().faults() == {"lost": 1, "missed": 1}


def test_what_is_said_among_those_who_still_sit_in_a_room_that_is_over_is_not_owed_to_who_was_moved_before(
    stage: Stage,
) -> None:
    stage.say("a", now=5.0)
    move(stage, "c", now=6.0)
    del stage.watches["c"]
    stage.say("a", now=6.1)
    move(stage, "a", now=6.2)
    move(stage, "b", now=6.2)
    figures = stage.ledger.finish()
    assert figures.faults() == {}
    assert figures.delivered == figures.settled.expected == 3 + 2


def test_who_reads_of_their_move_a_moment_after_others_read_a_word_said_behind_their_back_has_not_lost_it(
    stage: Stage,
) -> None:
    mover = stage.watches.pop("c")
    stage.say("a", now=6.1)
    stage.watches["c"] = mover
    for who in "cab":
        move(stage, who, now=6.2)
    assert stage.ledger.finish().faults() == {}


def test_an_event_that_is_no_word_and_does_not_come_is_missed_but_no_lost_word(stage: Stage) -> None:
    stage.tamper = only("a", "joined", 0)
    stage.join("d")
    stage.tamper = faithfully
    stage.say("b")
    assert part(stage).faults() == {"gaps": 1, "missed": 1}


def test_a_word_delivered_twice_to_one_member_is_one_doubled(stage: Stage) -> None:
    stage.tamper = only("b", "said", 2)
    stage.say("a")
    figures = part(stage)
    assert figures.faults() == {"doubled": 1}
    assert figures.delivered == 3


def test_an_echo_delivered_twice_to_its_speaker_is_one_doubled(stage: Stage) -> None:
    stage.tamper = only("a", "said", 2)
    stage.say("a")
    assert part(stage).faults() == {"doubled": 1}


def test_a_word_said_under_two_numbers_is_doubled(stage: Stage) -> None:
    ref = stage.say("a")
    stage.tell({"type": "said", "from": "a", "text": "hello", "ref": ref}, numbered=True)
    # Found by the speaker's second echo and by the room's account.
    assert part(stage).faults() == {"doubled": 2}


def test_the_same_text_said_twice_by_strangers_is_not_doubled(stage: Stage) -> None:
    for _ in range(2):
        stage.tell({"type": "said", "from": "x", "text": "ok"}, numbered=True)
    figures = part(stage)
    assert figures.faults() == {}
    assert (figures.sent, figures.delivered) == (0, 6)


def test_a_word_never_answered_is_lost(stage: Stage) -> None:
    stage.ledger.word(0.0)
    figures = part(stage)
    assert figures.unanswered == 1
    assert figures.faults() == {"lost": 1}


def test_a_refused_word_is_counted_under_its_code_and_not_lost(ledger: Ledger) -> None:
    ledger.refused(ledger.word(0.0), "rate_limited")
    ledger.crossed(ledger.word(0.0))
    figures = ledger.finish()
    assert (figures.sent, figures.refused, figures.crossed) == (2, {"rate_limited": 1}, 1)
    assert figures.faults() == {}


def test_an_echo_after_a_refusal_is_doubled(stage: Stage) -> None:
    ref = stage.ledger.word(0.0)
    stage.ledger.refused(ref, "rate_limited")
    stage.tell({"type": "said", "from": "a", "text": "hello", "ref": ref}, numbered=True)
    assert part(stage).faults() == {"doubled": 1}


def test_members_who_see_different_words_under_one_number_dispute_it(stage: Stage) -> None:
    stage.seq += 1
    for who, text in (("a", "yes"), ("b", "yes"), ("c", "no")):
        stage.watches[who].see({"type": "said", "seq": stage.seq, "from": "x", "text": text}, 0.0)
    assert part(stage).faults() == {"disputed": 1}


def test_a_word_heard_after_having_left_has_strayed(stage: Stage) -> None:
    gone = stage.watches["c"]
    stage.tell({"type": "left", "id": "c"}, numbered=True)
    stage.say("a")
    assert stage.watches.pop("c") is gone
    gone.see({"type": "bye", "code": 1000}, 0.0)
    assert part(stage).faults() == {"strayed": 1}


def test_one_who_came_later_need_not_see_what_was_said_before(stage: Stage) -> None:
    stage.say("a")
    stage.join("d")
    stage.say("b")
    figures = part(stage)
    assert figures.faults() == {}
    assert figures.settled.expected == 3 + 4


def test_one_who_left_while_only_strangers_saw_it_owes_nothing_to_a_later_comer(ledger: Ledger) -> None:
    stage = Stage(ledger)
    stage.outsiders = {"x"}
    stage.join("a")
    account = ledger.account("r1")
    watch = stage.watches.pop("a")
    other = ledger.watch()  # keeps the account open: sits in the same room, seen by nobody of ours
    other.see({"type": "room", "room": "r1", "me": "o", "seq": 1, "members": [{"id": "a"}, {"id": "o"}]}, 0.0)
    watch.see({"type": "bye", "code": 1000}, 0.0)
    later = {"type": "room", "room": "r1", "me": "l", "seq": 9, "members": [{"id": "l"}, {"id": "x"}]}
    ledger.watch().see(later, 0.0)
    assert account.settle().missed == 0


def test_a_broken_connection_owes_only_what_it_had_seen(stage: Stage) -> None:
    broken = stage.watches.pop("c")
    stage.say("a")
    broken.end(whole=False)
    assert part(stage).faults() == {}


def test_a_resumed_seat_that_gets_everything_missed_has_no_fault(stage: Stage) -> None:
    kept, seq = stage.watches.pop("c"), stage.seq
    stage.say("a")
    kept.see({"type": "entered"}, 0.0)
    kept.see({"type": "room", "room": "r1", "me": "c", "seq": seq, "members": []}, 0.0)
    kept.see(said(seq + 1, ref=f"{RUN}0-1.0"), 0.0)
    stage.watches["c"] = kept
    figures = part(stage)
    assert figures.faults() == {}
    assert (figures.resumed, figures.delivered) == (1, 3)


def test_a_resumed_seat_that_misses_a_word_has_lost_it(stage: Stage) -> None:
    kept, seq = stage.watches.pop("c"), stage.seq
    stage.say("a")
    stage.say("b")
    kept.see({"type": "entered"}, 0.0)
    kept.see({"type": "room", "room": "r1", "me": "c", "seq": seq, "members": []}, 0.0)
    kept.see(said(seq + 2, who="b", ref=f"{RUN}0-2.0"), 0.0)
    stage.watches["c"] = kept
    assert part(stage).faults() == {"lost": 1, "gaps": 1, "missed": 1}


def test_a_hole_mended_by_a_resume_is_a_gap_and_no_loss(stage: Stage) -> None:
    seq = stage.seq
    hearer = stage.watches["c"]
    stage.tamper = lambda who, event: 0 if (who, event.get("seq")) == ("c", seq + 1) else 1
    refs = [stage.say("a"), stage.say("b")]
    hearer.see({"type": "entered"}, 0.0)
    hearer.see({"type": "room", "room": "r1", "me": "c", "seq": seq, "members": []}, 0.0)
    for number, (who, ref) in enumerate(zip("ab", refs, strict=True), seq + 1):
        hearer.see(said(number, who=who, ref=ref), 0.0)
    figures = part(stage)
    assert figures.faults() == {"gaps": 1}
    assert figures.delivered == figures.settled.expected == 6


def test_a_seat_given_back_without_replay_owes_nothing_for_the_time_between(stage: Stage) -> None:
    kept = stage.watches.pop("c")
    stage.say("a")
    kept.see({"type": "entered"}, 0.0)
    kept.see({"type": "room", "room": "r1", "me": "c", "seq": stage.seq, "members": []}, 0.0)
    stage.watches["c"] = kept
    assert part(stage).faults() == {}


def test_a_jump_on_the_same_connection_is_a_gap_even_if_a_room_event_tells_it(stage: Stage) -> None:
    hearer = stage.watches.pop("c")
    stage.say("a")
    hearer.see({"type": "room", "room": "r1", "me": "c", "seq": stage.seq, "members": []}, 0.0)
    stage.watches["c"] = hearer
    assert part(stage).faults() == {"lost": 1, "gaps": 1, "missed": 1}


def test_a_word_asked_for_again_under_its_ref_is_acknowledged_and_not_doubled(stage: Stage) -> None:
    ref = stage.ledger.word(0.0)
    event = {"type": "said", "from": "a", "text": "hello", "ref": ref, "seq": stage.seq + 1}
    stage.seq += 1
    for watch in stage.watches.values():
        watch.see(event, 0.0)
    stage.ledger.pending.add(ref)  # as if the echo had never been taken note of
    stage.watches["a"].see(event, 0.0)
    assert part(stage).faults() == {}


def test_a_muted_word_is_skipped_and_neither_heard_nor_lost(stage: Stage) -> None:
    stage.seq += 1
    ref = stage.ledger.word(0.0)
    for who, watch in stage.watches.items():
        watch.see(said(stage.seq, ref=ref) if who != "c" else {"type": "skipped", "seq": stage.seq}, 0.0)
    figures = part(stage)
    assert figures.delivered == 2
    assert "lost" not in figures.faults()


def test_latency_counts_from_the_moment_a_word_was_meant_to_be_said(stage: Stage) -> None:
    stage.say("a", meant_at=10.0, now=10.5)
    latency = part(stage).latency
    assert latency.count == 3
    assert latency.at(0.5) == pytest.approx(0.5, rel=0.02)


def test_a_ref_fits_the_protocol_and_survives_a_forged_moment(stage: Stage) -> None:
    ref = Ledger(RUN, part=255).word(2.0**33)
    assert 1 <= len(ref) <= 32
    stage.tell({"type": "said", "from": "x", "text": "boo", "ref": f"{RUN}.no"}, numbered=True)
    assert part(stage).faults() == {}


def test_two_processes_that_share_a_room_find_together_what_neither_sees_alone() -> None:
    here, there = Ledger(RUN, part=0, settle=False), Ledger(RUN, part=1, settle=False)
    members = [{"id": "a"}, {"id": "b"}]
    watches = here.watch(), there.watch()
    for watch, me in zip(watches, "ab", strict=True):
        watch.see({"type": "room", "room": "r1", "me": me, "seq": 2, "members": members}, 0.0)
    ref = here.word(0.0)
    watches[0].see(said(3, who="a", ref=ref), 0.0)  # b, in the other process, never gets it
    for watch in watches:
        watch.see({"type": "bye", "code": 1000}, 0.0)
    mine, theirs = here.hand_over(), there.hand_over()
    assert (len(mine), here.hand_over()) == (1, [])
    assert mine[0].settle().lost == theirs[0].settle().lost == 0
    assert not mine[0].is_over()
    mine[0].merge(theirs[0])
    assert mine[0].is_over()
    assert (mine[0].settle().lost, mine[0].settle().expected) == (1, 2)


def test_a_room_where_somebody_unheard_of_still_sits_is_not_over() -> None:
    account = RoomAccount("r1")
    account.end(account.begin("a", 1, frozenset({"a"})), whole=True)
    assert account.is_over()
    account.known.add("b")
    assert not account.is_over()
    account.left(2, "b")
    assert account.is_over()


def test_figures_of_processes_add_up() -> None:
    one, two = Figures(sent=1, delivered=2), Figures(sent=3, doubled=1)
    two.refused["rate_limited"] += 1
    two.latency.record(0.25)
    one.add(two)
    assert (one.sent, one.delivered, one.doubled, one.refused["rate_limited"]) == (4, 2, 1, 1)
    assert one.as_map()["latency_ms"]["max"] == 250.0


@given(seed=st.integers(0, 10_000), fault=st.sampled_from([None, 0, 2]))
def test_any_room_history_is_faultless_and_any_single_fault_in_it_is_found(seed: int, fault: int | None) -> None:
    rng = random.Random(seed)
    stage = Stage(Ledger(RUN))
    told = {"left": rng.randrange(40)}

    def tamper(_who: str, event: Event) -> int:
        if fault is None or event["type"] != "said":
            return 1
        told["left"] -= 1
        return fault if told["left"] == -1 else 1

    stage.tamper = tamper
    for number in range(30):
        here = sorted(stage.watches)
        act = rng.choice(["join", "leave", "say", "say", "say"])
        if act == "join" or not here:
            stage.join(f"m{number}")
        elif act == "leave":
            stage.leave(rng.choice(here))
        else:
            stage.say(rng.choice(here))
    figures = part(stage)
    was_tampered_with = fault is not None and told["left"] < 0
    found = figures.faults()
    found.pop("gaps", None)
    if not was_tampered_with:
        assert found == {}
        assert figures.delivered == figures.settled.expected
    elif fault == 2:
        assert found == {"doubled": 1}
    else:
        # A word that even its speaker does not get is unanswered besides, and if nobody else sat there it is
        # known to nobody else.
        assert found["lost"] + figures.delivered - figures.unanswered in (
            figures.settled.expected,
            figures.settled.expected + 1,
        )
        assert found["lost"] >= 1


def said(seq: int, *, who: str = "a", text: str = "hello", ref: str | None = None) -> Event:
    return {"type": "said", "seq": seq, "from": who, "text": text, "ref": ref}


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_is_never_too_low_and_at_most_two_percent_too_high(durations_s: list[float], share: float) -> None:
    exact = sorted(durations_s)[max(-(-int(share * len(durations_s) * 1000) // 1000) - 1, 0)]
    found = Histogram.of(durations_s).at(share)
    assert found is not None
    assert found >= exact - 1e-6
    assert found <= max(durations_s) + 1e-9


def test_a_percentile_lies_within_two_percent() -> None:
    histogram = Histogram.of(number / 1000 for number in range(1, 1001))
    assert histogram.at(0.5) == pytest.approx(0.5, rel=0.02)
    assert histogram.at(0.99) == pytest.approx(0.99, rel=0.02)
    assert histogram.at(1.0) == 1.0


def test_an_empty_histogram_has_no_percentile() -> None:
    assert Histogram().at(0.5) is None


def test_histograms_add_up_to_the_histogram_of_everything() -> None:
    one, two = Histogram.of([0.1, 0.2]), Histogram.of([3.0])
    one.add(two)
    assert (one.count, one.longest_s, one.at(1.0)) == (3, 3.0, 3.0)


def test_what_is_held_is_answered_and_neither_lost_nor_refused() -> None:
    ledger = Ledger("r")
    ref = ledger.word(0.0)
    ledger.held(ref, "same_text")
    ledger.held(ref, "same_text")
    figures = ledger.finish()
    assert (figures.sent, dict(figures.held), figures.unanswered) == (1, {"same_text": 1}, 0)
    assert figures.faults() == {}
    assert figures.as_map()["held"] == {"same_text": 1}
