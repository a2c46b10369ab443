"""Distances, times and reasons in words; the bar that burns down."""

import pytest

from client_demo.client import Closed, Held, Refused
from client_demo.terminal.heading import bar
from client_demo.terminal.people import Palette
from client_demo.terminal.server_time import ServerTime
from client_demo.terminal.wording import broken, clock, count, distance, ending, leaving, refusal


@pytest.mark.parametrize(
    ("metres", "words"),
    [(None, "?"), (0, "0 m"), (600, "600 m"), (1000, "1.0 km"), (1449, "1.4 km"), (9949, "9.9 km"), (15000, "15 km")],
)
def test_distance_reads_at_a_glance(metres: float | None, words: str) -> None:
    assert distance(metres) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0:00"), (0.4, "0:00"), (59.6, "1:00"), (1421, "23:41"), (3729, "1:02:09")]
)
def test_clock_never_goes_below_zero(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_count_knows_its_plural() -> None:
    assert [count(1, "message"), count(7, "message"), count(2, "person", "people")] == [
        "1 message",
        "7 messages",
        "2 people",
    ]


def test_refusal_says_when_to_try_again() -> None:
    assert refusal(Refused({"code": "rate_limited", "retry_after": 3})) == "That was too much at once. Again in 0:03."
    next_refused = {"code": "rate_limited", "message": "At most 6 other rooms an hour.", "retry_after": 594}
    assert refusal(Refused(next_refused)) == "At most 6 other rooms an hour. Again in 9:54."
    assert refusal(Refused({"code": "new_code", "message": "Not\x1b on\nSundays."})) == "Not␛ on Sundays."
    assert refusal(Refused({"code": "new_code"})) == "new_code"


def test_what_is_held_is_said_as_the_server_says_it() -> None:
    link = Held({"reason": "link", "message": "There are no links in bottles.", "object": "Write to us."})
    assert refusal(link, "throw") == "There are no links in bottles. Write to us."
    again = Held({"reason": "same_text", "message": "This was sent to several rooms."})
    assert refusal(again) == "This was sent to several rooms."
    assert "rooms" not in refusal(again, "throw")
    assert refusal(Held({"reason": "contact"})).startswith("It holds a phone number")
    assert refusal(Held({"reason": "new"})) == "The server held it back."


def test_leaving_names_what_ends_with_it() -> None:
    assert leaving(bottles=0, keeps=0) == ""
    assert "your bottle and the answers to come, too." in leaving(bottles=1, keeps=0)
    assert "your bottles, the answers to come and whom you keep, too." in leaving(bottles=2, keeps=3)


def test_a_server_that_restarts_is_no_lost_connection() -> None:
    assert broken({"code": 4000, "reason": "drain", "retry_in_s": 12.3}) == "The server restarts."
    assert broken({"code": 1006, "reason": "the\x1b connection broke"}) == "No connection: the␛ connection broke."
    assert broken({"code": 1001, "reason": "The server ends."}) == "No connection: The server ends."


def test_ending_has_a_sentence_for_every_close_that_is_final() -> None:
    sentences = {ending(Closed(code, "raw")) for code in range(4501, 4505)}
    assert len(sentences) == 4
    assert "raw" not in sentences
    assert ending(Closed(4500, "Kept out until noon: advertising.")) == "Kept out until noon: advertising."
    assert ending(Closed(1006, "the\x1b[2J connection broke")) == "the␛[2J connection broke"


@pytest.mark.parametrize(
    ("share", "left", "burnt"),
    [(1.0, 4, 0), (2.0, 4, 0), (0.5, 2, 2), (0.3, 2, 2), (0.01, 1, 3), (0.0, 0, 4), (-1, 0, 4)],
)
def test_bar_is_always_whole_and_shows_the_last_spark(share: float, left: int, burnt: int) -> None:
    drawn = bar(share, 4)
    assert (len(drawn[0]), len(drawn[1])) == (left, burnt)


def test_twelve_names_have_twelve_colours_and_a_renamed_one_keeps_theirs() -> None:
    palette = Palette()
    given = [palette.colour(f"name {number}") for number in range(12)]
    assert len(set(given)) == 12
    palette.renamed("name 3", "other")
    assert palette.colour("other") == given[3]


def test_countdown_follows_a_server_whose_clock_runs_faster() -> None:
    time = ServerTime()
    time.heard(5_000_000, 600)
    assert time.local_s(5_000_000 + 600_000) - time.local_s(5_000_000) == pytest.approx(1.0)
