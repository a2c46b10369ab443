"""What a typed line asks for."""

import pytest

from client_demo.terminal.slash import (
    COMMANDS,
    Misunderstood,
    Slash,
    Words,
    choose_block,
    choose_member,
    parse,
    parse_contact,
    parse_report,
    switched_off,
)
from server.routes import about
from tests.sessions import Stage


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("hello", Words("hello")),
        ("  hello / there ", Words("hello / there")),
        ("//me waves", Words("/me waves")),
        ("/next", Slash("next")),
        ("/NEXT  ", Slash("next")),
        ("/mute Quiet Otter", Slash("mute", "Quiet Otter")),
        ("/name  Eva ", Slash("name", "Eva")),
        ("/quit", Slash("leave")),
    ],
)
def test_line_is_words_or_a_command(typed: str, asked: Words | Slash) -> None:
    assert parse(typed) == asked


@pytest.mark.parametrize("typed", ["/", "/dance", "/mute", "/move ", "/next please", "/away soon"])
def test_line_that_asks_for_nothing_there_is_says_what_there_is(typed: str) -> None:
    with pytest.raises(Misunderstood, match="/"):
        parse(typed)


def test_every_command_parses_as_itself() -> None:
    for name, (wanted, _) in COMMANDS.items():
        assert parse(f"/{name} {wanted}") == Slash(name, wanted)


def test_what_a_server_does_not_offer_is_switched_off_here_too() -> None:
    everything = about(Stage().house)["commands"]
    assert switched_off(everything) == frozenset(), "each command goes by its name on the wire"
    off = switched_off(about(Stage(features_off="shake bottles").house)["commands"])
    assert off == {"shake", "throw", "pick", "answer", "back"}
    for typed in ("/shake", "/throw", "/BACK"):
        with pytest.raises(Misunderstood, match=f"This server has {typed.lower()} switched off"):
            parse(typed, off=off)
    assert parse("/next", off=off) == Slash("next")


@pytest.mark.parametrize("offered", [None, [], "shake", {}])
def test_server_that_does_not_say_what_it_offers_has_nothing_switched_off(offered: object) -> None:
    assert switched_off(offered) == frozenset()


def test_report_names_whom_why_and_perhaps_a_note() -> None:
    assert parse_report("Quiet Otter spam") == ("Quiet Otter", "spam", "")
    assert parse_report("Bo SCAM sells  other watches") == ("Bo", "scam", "sells other watches")
    assert parse_report("Spam other") == ("Spam", "other", "")
    for wanting in ("Bo", "spam", "Bo because"):
        with pytest.raises(Misunderstood, match="harassment"):
            parse_report(wanting)


def test_block_is_chosen_by_number_or_by_name() -> None:
    names = ["Bo", "Quiet Otter", "Bo"]
    assert choose_block("3", names) == 2
    assert choose_block("quiet", names) == 1
    for unclear in ("bo", "4", "0", "Zoe"):
        with pytest.raises(Misunderstood, match="1 Bo, 2 Quiet Otter, 3 Bo"):
            choose_block(unclear, names)
    with pytest.raises(Misunderstood, match="You block nobody"):
        choose_block("1", [])


def test_member_is_chosen_by_name_or_by_its_beginning() -> None:
    names = {"1": "Bo", "2": "Bob", "3": "Quiet Otter", "4": "Quiet Owl"}
    assert choose_member("bo", names) == "1"
    assert choose_member("quiet ot", names) == "3"
    with pytest.raises(Misunderstood, match="Quiet Otter or Quiet Owl"):
        choose_member("quiet", names)
    with pytest.raises(Misunderstood, match="Here are: Bo, Bob"):
        choose_member("Zoe", names)
    with pytest.raises(Misunderstood, match="Here are: nobody else"):
        choose_member("Zoe", {})


def test_contact_names_whom_and_a_line() -> None:
    names = {"a": "Ann", "b": "Ann 2", "c": "Bo"}
    assert parse_contact("ann 2 me@example.org", names) == ("b", "me@example.org")
    assert parse_contact("Ann +1 202 555", names) == ("a", "+1 202 555")
    assert parse_contact("b +1", names) == ("c", "+1")
    for typed in ("ann", "Ann 2 ", "nobody me@example.org"):
        with pytest.raises(Misunderstood):
            parse_contact(typed, names)
