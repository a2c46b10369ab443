"""What is measured of a scenario, on talks made up for it."""

import pytest

from client_demo.scenario.figures import Observer, gini


@pytest.mark.parametrize(
    ("values", "is_"), [([], 0), ([0, 0], 0), ([3, 3, 3], 0), ([0, 0, 0, 8], 0.75), ([1, 3], 0.25), ([3, 1], 0.25)]
)
def test_gini(values: list[float], is_: float) -> None:
    assert gini(values) == pytest.approx(is_)


def talk(*lines: tuple[float, str], sitters: str = "abc", ends: float = 600.0) -> dict[str, object]:
    """Return the figures of one room in which these said something at these seconds."""
    observer = Observer()
    for who in sitters:
        observer.sits("r", who, now=0.0)
    for seq, (at, who) in enumerate(lines, 1):
        observer.said("r", seq, who, members=len(sitters), now=at)
        observer.said("r", seq, who, members=len(sitters), now=at + 0.1)  # another of ours hears it, too
    for who in sitters:
        observer.rises("r", who, now=ends)
    assert observer.rooms == 0
    return observer.so_far(now=ends).as_map()


def test_a_line_is_answered_by_another_within_a_minute_and_not_by_oneself() -> None:
    assert talk((1, "a"), (61, "b"))["answered_within_60_s"] == 0.5
    assert talk((1, "a"), (62, "b"))["answered_within_60_s"] == 0
    assert talk((1, "a"), (2, "a"), (3, "b"))["answered_within_60_s"] == pytest.approx(2 / 3, abs=1e-3)
    assert talk((1, "a"), sitters="a")["answered_within_60_s"] is None, "nobody was there to answer"


def test_a_line_nobody_had_time_to_answer_is_left_out() -> None:
    assert talk((1, "a"), (590, "b"), ends=600)["answered_within_60_s"] == 0
    assert talk((590, "a"), (595, "b"), ends=600)["answered_within_60_s"] == 1


def test_rooms_count_if_three_sat_there_for_a_minute() -> None:
    few = talk((1, "a"), (2, "b"), sitters="ab")
    assert (few["rooms"], few["rooms_of_3"], few["lines"]) == (1, 0, 2)
    assert talk((1, "a"), (2, "b"), (3, "c"))["share_with_3_speakers"] == 1
    assert talk((1, "a"), (2, "b"), (3, "b"))["share_with_3_speakers"] == 0
    assert talk((1, "a"), (2, "b"), (3, "c"), ends=59)["rooms_of_3"] == 0


def test_balance_is_of_rooms_with_ten_lines_and_counts_who_is_silent() -> None:
    lines = [(float(at), "a") for at in range(10)]
    assert talk(*lines[:9])["talk_balance_gini"] is None
    assert talk(*lines)["talk_balance_gini"] == pytest.approx(2 / 3, abs=1e-4)
    even = [(float(at), "abc"[at % 3]) for at in range(12)]
    assert talk(*even)["talk_balance_gini"] == 0


def test_what_goes_on_counts_so_far_and_only_once() -> None:
    observer = Observer()
    for who in "abc":
        observer.sits("r", who, now=0.0)
        observer.sits("r", who, now=50.0)
    observer.said("r", 1, "a", members=3, now=5.0)
    assert observer.so_far(now=100.0).as_map()["person_hours"] == pytest.approx(300 / 3600, abs=1e-3)
    for who in "abc":
        observer.rises("r", who, now=200.0)
        observer.rises("r", who, now=300.0)
    told = observer.so_far(now=400.0).as_map()
    assert (told["rooms"], told["lines"], told["rooms_of_3"]) == (1, 1, 1)
    assert told["person_hours"] == pytest.approx(600 / 3600, abs=1e-3)


def test_repeated_reports_of_one_ticket_need_one_person() -> None:
    observer = Observer()
    observer.sits("r", "a", now=0.0)
    observer.figures.tickets |= {"T1", "T2"}
    observer.figures.did["report"] = 5
    told = observer.so_far(now=36_000.0).as_map()
    assert (told["reports"], told["reports_for_a_person"], told["reports_per_1000_person_hours"]) == (5, 2, 200)
