"""What is held, through real sessions, rooms and fan-out: who is told what, and that nobody else gets anything."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.safety.wordlist import read_rules
from tests.sessions import HERE, UNLIMITED, Guest, Json, Stage, of_type, only

ADVERT = "Cheap lamps and chairs today, come to the corner shop"


def stage(**settings: Any) -> Stage:
    return Stage(**UNLIMITED | settings)


def say(guest: Guest, text: str, ref: str = "1") -> Json:
    """Return what the speaker hears of it: `said` or `held`."""
    [event] = [event for event in guest.ask("say", text=text, ref=ref) if event["type"] in ("said", "held")]
    assert event["ref"] == ref
    return event


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("see example.com", "link"),
        ("call +1 555 123 4567", "contact"),
        ("see exam\x01ple.c\x00om", "link"),
        ("see EXAMPLE.COМ", "link"),
    ],
)
def test_what_leads_out_is_held_while_one_is_new_and_not_later(text: str, reason: str) -> None:
    here = stage(new_identity_s=600)
    ann, bo = here.seated("Ann Bo")
    held = say(ann, text)
    assert (held["type"], held["reason"]) == ("held", reason)
    assert held["message"]
    assert held["object"] == "If that is wrong, tell whoever runs this server."
    assert bo.got() == []
    here.pass_time(600)
    assert say(ann, text)["type"] == "said"


@pytest.mark.parametrize("text", ["@bo are you there?", "@Bo", "I think so too, @BO."])
def test_whoever_is_new_may_call_somebody_here_by_name(text: str) -> None:
    ann, bo = stage(new_identity_s=600).seated("Ann Bo")
    assert say(ann, text)["type"] == "said"
    assert only(bo.got(), "said")["text"] == text


@pytest.mark.parametrize("text", ["@Quiet Otter: yes", "thanks @Quiet"])
def test_the_first_word_of_a_name_is_enough(text: str) -> None:
    here = stage(new_identity_s=600)
    ann, bo = here.seated("Ann Bo")
    bo.ask("rename", name="Quiet Otter")
    assert say(ann, text)["type"] == "said"


@pytest.mark.parametrize(
    "text", ["@bob are you there?", "@bo_55 has more", "@bo.55", "@bo or +1 555 123 4567", "@cleo"]
)
def test_a_name_elsewhere_that_begins_like_somebodys_here_is_held(text: str) -> None:
    ann, _ = stage(new_identity_s=600).seated("Ann Bo")
    assert say(ann, text)["reason"] == "contact"


@pytest.mark.parametrize(
    "text", ["bob@gmx .de", "bob@gmx. net", "bob @gmx .de", "bob@gmx dot de", "bob @gmx. net", "bob@gmx (dot) de"]
)
def test_a_mail_address_is_held_though_somebody_is_called_like_its_host(text: str) -> None:
    here = stage(new_identity_s=600)
    ann, bo = here.seated("Ann Bo")
    bo.ask("rename", name="Gmx")
    assert say(ann, text)["reason"] == "contact"
    assert say(ann, "hi @gmx. net result: two", "2")["reason"] == "contact"
    assert say(ann, "hi @gmx. how are you?", "3")["type"] == "said"


def test_ones_own_name_elsewhere_is_held_though_one_is_called_so_here() -> None:
    ann, _ = stage(new_identity_s=600).seated("Ann Bo")
    ann.ask("rename", name="lena_xx19")
    assert say(ann, "more of me @lena_xx19")["reason"] == "contact"


def test_nobody_is_new_where_that_is_switched_off() -> None:
    ann, _ = stage(new_identity_s=0).seated("Ann Bo")
    assert say(ann, "see example.com")["type"] == "said"


def test_how_to_object_names_the_operators_contact() -> None:
    ann, _ = stage(contact="desk@campus").seated("Ann Bo")
    assert say(ann, "see example.com")["object"] == "If that is wrong, write to desk@campus."


def test_a_held_ref_may_be_used_for_other_words() -> None:
    ann, _ = stage().seated("Ann Bo")
    assert say(ann, "see example.com")["type"] == "held"
    assert say(ann, "good evening")["type"] == "said"


def test_what_is_held_counts_as_said() -> None:
    ann, _ = stage(say_per_s=1, say_burst=2).seated("Ann Bo")
    for _ in range(2):
        assert say(ann, "see example.com")["type"] == "held"
    assert only(ann.ask("say", text="hello"), "error")["code"] == "rate_limited"


def rooms_of(guest: Guest) -> Iterator[str]:
    """Lead somebody from room to room."""
    while True:
        yield guest.room
        guest.ask("next")


def test_the_same_text_of_one_person_is_held_in_the_third_room_and_marked_in_the_second() -> None:
    here = stage()
    ann = here.guest()
    ann.enter(name="Ann")
    rooms = rooms_of(ann)
    next(rooms)
    assert "marks" not in say(ann, ADVERT)
    assert "marks" not in say(ann, ADVERT, "2")
    next(rooms)
    assert say(ann, ADVERT.upper())["marks"] == {"rooms": 2}
    next(rooms)
    held = say(ann, f"{ADVERT} 123")
    assert (held["type"], held["reason"]) == ("held", "same_text")
    assert say(ann, "Something else that is long enough")["type"] == "said"
    here.pass_time(3600)
    assert say(ann, ADVERT)["type"] == "said"


def test_the_same_text_of_anybody_is_held_in_the_fifth_room() -> None:
    here = stage(seats_min=2, seats_target=2, seats_max=2)
    people = [here.guest() for _ in range(10)]
    for guest in people:
        guest.enter(HERE)
    speakers = {guest.room: guest for guest in people}
    assert len(speakers) == 5
    told = [say(guest, ADVERT) for guest in speakers.values()]
    assert [event.get("marks", {}).get("rooms") for event in told] == [None, 2, 3, 4, None]
    assert [event["type"] for event in told] == ["said"] * 4 + ["held"]


@pytest.mark.parametrize(
    ("settings", "fates"),
    [
        ({"same_text_rooms": 0, "same_text_rooms_all": 0}, "said said said said said said"),
        ({"same_text_rooms": 0, "same_text_rooms_all": 4}, "said said said held held held"),
        ({"same_text_rooms": 2, "same_text_rooms_all": 0}, "said held held held held held"),
    ],
)
def test_each_limit_of_the_same_text_is_switched_off_by_0(settings: dict[str, int], fates: str) -> None:
    here = stage(**settings)
    ann = here.guest()
    ann.enter()
    told = [say(ann, ADVERT)["type"] for _, _ in zip(range(6), rooms_of(ann), strict=False)]
    assert " ".join(told) == fates


def test_the_operators_list_holds_texts_and_names_and_refuses_them_at_the_door() -> None:
    here = stage()
    here.house.checks.list, _ = read_rules(["casino", "example.com"])
    ann, bo = here.seated("Ann Bo")
    assert say(ann, "the Cаsino is open")["reason"] == "filter"
    assert say(ann, "see www.example.com")["reason"] == "filter"
    held = only(ann.ask("rename", name="Casino", ref="n"), "held")
    assert (held["reason"], held["ref"]) == ("filter", "n")
    assert bo.got() == []
    cy = here.guest()
    assert only(cy.ask("enter", cell=HERE, name="CASINO"), "error")["code"] == "bad_name"
    assert only(cy.ask("enter", cell=HERE, topics=["casino"]), "error")["code"] == "bad_topic"
    cy.enter(HERE)


def test_what_is_marked_is_marked_again_for_who_missed_it() -> None:
    here = stage()
    ann = here.guest()
    ann.enter(name="Ann")
    say(ann, ADVERT)
    ann.ask("next")
    bo = here.guest()
    bo.enter(name="Bo")
    assert bo.room == ann.room
    bo.lose()
    say(ann, ADVERT)
    again = bo.back()
    here.take_turn()
    assert of_type(again.got(), "said")[0]["marks"] == {"rooms": 2}


def test_a_name_that_somebody_verified_wears_is_refused_to_who_asks_for_it(tmp_path: Path) -> None:
    here = stage()
    ann, bo = here.seated("Ann Bo")
    person = ann.peer.session.person
    assert person is not None
    person.verified = "name · campus"
    ann.ask("next")
    bo.ask("next")
    assert ann.room == bo.room
    assert only(bo.ask("rename", name="АNN"), "error")["code"] == "bad_name"
    bo.lose()
    back = bo.back(name="ann")
    here.take_turn()
    assert only(back.got(), "error")["code"] == "bad_name"


@pytest.mark.parametrize(("address", "fate"), [("192.0.2.1", "held"), ("192.0.2.2", "said"), ("loopback", "said")])
def test_newcomers_from_where_junk_came_are_watched_more_widely(address: str, fate: str) -> None:
    here = stage(same_text_rooms=2, same_text_rooms_all=0)
    ann, dee = here.guest(), here.guest()
    spammer = here.house.origin("loopback" if address == "loopback" else "192.0.2.1")
    ann.peer.session.origin, dee.peer.session.origin = spammer, here.house.origin(address)
    ann.enter()
    say(ann, ADVERT)
    ann.ask("next")
    assert say(ann, ADVERT)["type"] == "held"
    dee.enter()
    assert say(dee, f"Hello friends! {ADVERT}")["type"] == fate
