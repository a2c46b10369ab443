"""The checker of the chaos suite can fail: each thing that must hold, broken in a history of two people, is named."""

from typing import Any

import msgspec
import pytest

from tests.chaos.checker import check
from tests.chaos.history import Acknowledged, Entry, Fault, Heard, History, Lost, Refused, Sat, Tried
from tests.chaos.pace import Pace

ROOM, ELSEWHERE = "room", "elsewhere"


def sat(at: float, me: str, seq: int, room: str = ROOM, **more: object) -> Sat:
    return msgspec.structs.replace(Sat(at, room, me, seq, closes=600.0), **more)


def back(at: float, me: str, seq: int, room: str = ROOM, *, resumed: bool = True, why: str = "") -> Sat:
    return sat(at, me, seq, room, asked=(ROOM, seq), is_back=True, resumed=resumed, why=why)


def said(at: float, seq: int, word: str, room: str = ROOM) -> Heard:
    return Heard(at, room, seq, f"said {word}", word=word)


def story() -> dict[int, History]:
    """Return what Ann (0) and Bo (1) saw: two words, of which Bo hears the second only when he is back."""
    ann: History = [
        sat(0, "ann", 2, is_back=True),
        Tried(1, ROOM, "one"), said(1, 3, "one"), Acknowledged(1, ROOM, "one", 3),
        Tried(3, ROOM, "two"), said(3, 4, "two"), Acknowledged(3, ROOM, "two", 4),
    ]  # fmt: skip
    bo: History = [sat(0, "bo", 2, is_back=True), said(1, 3, "one"), Lost(2, 1006), back(4, "bo", 3), said(4, 4, "two")]
    return {0: ann, 1: bo}


def rules(histories: dict[int, History], *entries: Entry, faults: tuple[Fault, ...] = (), **more: Any) -> set[str]:
    return {violation.rule for violation in check(histories, entries, faults, **more)}


def test_what_holds_is_not_violated() -> None:
    good = [Entry(ROOM, 1, 0, "node1", 1), Entry(ROOM, 1, 1, "node1", 2), Entry(ROOM, 2, 0, "node2", 3)]
    assert rules(story(), *good, *good) == set()


def test_a_word_that_one_of_two_never_heard_is_lost() -> None:
    broken = story()
    del broken[1][4]
    assert rules(broken) == {"lost"}


def test_a_word_acknowledged_as_another_is_lost() -> None:
    broken = story()
    broken[0][3] = Acknowledged(1, ROOM, "another", 3)
    assert rules(broken) == {"lost"}


def test_whoever_left_before_a_word_or_came_after_it_need_not_hear_it() -> None:
    fine = story()
    fine[0].insert(4, Heard(2, ROOM, 4, "left bo", left="bo", why="moved"))
    fine[0][6:] = [said(3, 5, "two"), Acknowledged(3, ROOM, "two", 5)]
    fine[1][2:] = [sat(2, "bo2", 7, ELSEWHERE)]
    fine[2] = [sat(5, "cy", 5, is_back=True)]
    assert rules(fine) == set()


def test_a_number_left_out_is_a_gap() -> None:
    broken = story()
    broken[1][4] = said(4, 5, "two")
    assert "gap" in rules(broken)


def test_coming_back_to_another_number_than_one_had_is_a_gap() -> None:
    broken = story()
    broken[1][3] = back(4, "bo", 4)
    assert "gap" in rules(broken)


def test_a_number_that_is_two_things_to_two_people_is_no_agreement() -> None:
    broken = story()
    broken[1][4] = said(4, 4, "something else")
    assert "agree" in rules(broken)


def test_a_number_that_is_two_things_to_one_person_is_no_agreement() -> None:
    broken = story()
    broken[1].insert(2, said(2, 3, "something else"))
    assert rules(broken) == {"agree"}


def test_a_number_that_comes_twice_is_the_same_event_again() -> None:
    fine = story()
    fine[1].insert(2, said(2, 3, "one"))
    assert rules(fine) == set()


def test_a_word_under_two_numbers_is_doubled() -> None:
    broken = story()
    for history in broken.values():
        history.append(said(5, 5, "two"))
    assert rules(broken) == {"doubled"}


def test_a_word_in_two_rooms_is_doubled() -> None:
    broken = story()
    broken[2] = [sat(0, "cy", 0, ELSEWHERE), said(5, 1, "two", ELSEWHERE)]
    assert rules(broken) == {"doubled"}


def test_whoever_went_at_a_windows_end_hears_nothing_that_those_say_who_have_yet_to_go() -> None:
    told = story()
    told[1][3:] = []
    told[1][2:] = [sat(1.5, "bo2", 0, ELSEWHERE, why="window")]
    assert "lost" not in rules(told)
    told[1][2:] = [sat(3.001, "bo2", 0, ELSEWHERE, why="window")]
    assert "lost" not in rules(told), "another node relayed it"
    told[1][2:] = [sat(600, "bo2", 0, ELSEWHERE, why="window")]
    assert "lost" in rules(told)


def test_a_seat_that_was_not_kept_is_missed() -> None:
    broken = story()
    broken[1][3:] = [back(4, "bo2", 0, ELSEWHERE, resumed=False, why="first_here")]
    assert rules(broken) == {"seat"}


@pytest.mark.parametrize(("why", "at"), [("outward", 4), ("first_here", 700)])
def test_a_seat_in_a_room_that_moved_or_ended_is_not_missed(why: str, at: float) -> None:
    fine = story()
    fine[1][3:] = [back(at, "bo2", 0, ELSEWHERE, resumed=False, why=why)]
    assert "seat" not in rules(fine)


@pytest.mark.parametrize(
    ("ports", "why", "found"), [((5,), "window", set()), ((6,), "window", {"seat"}), ((5,), "near", {"seat"})]
)
def test_a_seat_given_by_a_node_that_was_cut_off_at_a_windows_end_does_not_hold(
    ports: tuple[int, ...], why: str, found: set[str]
) -> None:
    told = story()
    told[1][0] = sat(0, "bo", 2, why=why, port=5)
    told[1][3:] = [back(4, "bo2", 0, ELSEWHERE, resumed=False, why="kept")]
    assert rules(told, faults=(Fault(-5, 3, "a node without Redis", ports),)) == found


def test_whoever_never_comes_back_is_missed() -> None:
    broken = story()
    del broken[1][3:]
    assert rules(broken) == {"seat"}


def test_coming_back_late_is_late_unless_something_stood_in_the_way() -> None:
    broken = story()
    broken[1][3:] = [back(14, "bo", 3), said(14, 4, "two")]
    assert rules(broken) == {"late"}
    assert rules(broken, faults=(Fault(2, 8, "Redis stopped"),)) == set()
    assert rules(broken, faults=(Fault(2, 2, "kill -9"),)) == {"late"}


def test_a_word_that_waits_too_long_for_its_answer_is_late() -> None:
    broken = story()
    broken[0][4] = Tried(-8, ROOM, "two")
    assert rules(broken) == {"late"}


def waiting(*, until: float, port: int = 1) -> dict[int, History]:
    """Return what Ann saw: a word said at 0, acknowledged then, by the node at that port."""
    return {0: [sat(-1, "ann", 2, port=port), Tried(0, ROOM, "one"), said(until, 3, "one"), ack(until, 3, "one")]}


def ack(at: float, seq: int, word: str) -> Acknowledged:
    return Acknowledged(at, ROOM, word, seq)


def test_a_word_that_waits_longer_than_was_promised_for_this_fault_is_a_pause() -> None:
    killed = Fault(0.5, 0.5, "kill -9 of a node", (2,), pause_s=6.5)
    assert rules(waiting(until=6.9), faults=(killed,)) == set()
    assert rules(waiting(until=7.1), faults=(killed,)) == {"pause"}


def test_whom_a_fault_concerns_or_another_one_and_whom_nothing_was_promised_may_wait_longer() -> None:
    killed = Fault(0.5, 0.5, "kill -9 of a node", (2,), pause_s=6.5)
    assert rules(waiting(until=7.1, port=2), faults=(killed,)) == set()
    assert rules(waiting(until=7.1), faults=(Fault(0.5, 0.5, "Redis killed"),)) == set()
    assert rules(waiting(until=7.1), faults=(killed, Fault(1.0, 6.0, "Redis stopped"))) == set()


def test_a_pause_on_a_machine_that_does_not_keep_up_says_nothing() -> None:
    killed = Fault(0.5, 0.5, "kill -9 of a node", (2,), pause_s=6.5)
    slow, busy, quick = Pace(), Pace(), Pace()
    for number in range(200):
        slow.rang(number / 20, late_s=0.3 if number == 100 else 0.001)
        busy.rang(number / 20, late_s=0.05)
        quick.rang(number / 20, late_s=0.02)
    assert rules(waiting(until=7.1), faults=(killed,), was_slow=slow.was_slow) == set()
    assert rules(waiting(until=7.1), faults=(killed,), was_slow=busy.was_slow) == set()
    assert rules(waiting(until=7.1), faults=(killed,), was_slow=quick.was_slow) == {"pause"}
    assert (slow.worst_s(0.0, 4.9), slow.worst_s(0.0, 5.1)) == (0.001, 0.3)


def together() -> dict[int, History]:
    """Return what Ann and Bo saw, who sit with each other at the end; Cy came and left."""
    ann: History = [
        sat(0, "ann", 1, members=("ann",)),
        Heard(1, ROOM, 2, "joined cy", joined="cy"),
        Heard(2, ROOM, 3, "joined bo", joined="bo"),
        Heard(3, ROOM, 4, "left cy", left="cy", why="moved"),
    ]
    bo: History = [sat(2, "bo", 3, members=("bo", "cy", "ann")), Heard(3, ROOM, 4, "left cy", left="cy", why="moved")]
    cy: History = [sat(1, "cy", 2, members=("ann", "cy")), sat(3, "cy2", 1, ELSEWHERE, members=("cy2",))]
    return {0: ann, 1: bo, 2: cy}


def test_at_the_end_all_see_who_sits_with_them() -> None:
    assert rules(together(), is_everybody=True) == set()


@pytest.mark.parametrize("who", [0, 1])
def test_somebody_who_sits_in_two_rooms_is_seen(who: int) -> None:
    broken = together()
    del broken[who][-1]
    assert rules(broken) == set()
    assert rules(broken, is_everybody=True) == {"seated"}


def test_somebody_whom_the_others_are_not_told_of_is_seen() -> None:
    broken = together()
    broken[1][0] = sat(2, "bo", 3, members=("bo", "cy"))
    assert rules(broken, is_everybody=True) == {"seated"}


def test_whoever_comes_back_is_told_anew_who_is_there() -> None:
    fine = together()
    fine[0][2:] = [Lost(2, 1006), sat(4, "ann", 2, members=("ann", "bo"), asked=(ROOM, 2), is_back=True, resumed=True)]
    fine[0] += [Heard(4, ROOM, 3, "joined bo", joined="bo"), Heard(4, ROOM, 4, "left cy", left="cy", why="moved")]
    assert rules(fine, is_everybody=True) == set()


def test_an_error_that_no_good_client_gets_is_told() -> None:
    broken = story()
    broken[0].append(Refused(5, "bad_token"))
    assert rules(broken) == {"refused"}


def test_two_nodes_that_write_one_epoch_are_two_hosts() -> None:
    assert rules(story(), Entry(ROOM, 1, 0, "node1", 1), Entry(ROOM, 1, 1, "node2", 2)) == {"host"}


def test_an_entry_that_is_written_over_is_told() -> None:
    assert rules(story(), Entry(ROOM, 1, 0, "node1", 1), Entry(ROOM, 1, 0, "node1", 2)) == {"host"}
