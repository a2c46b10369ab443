"""Identities: whose token it is, what is remembered of them, for how long, and how many at most."""

from typing import Any

import pytest

from geo import Cell
from server.codes import Refused
from server.safety import identities as module
from server.safety.identities import Identities, Identity
from server.safety.rates import take_all
from server.safety.tokens import Tokens
from server.settings import Settings
from tests.sessions import BEGAN, KEY, make_house

NOW = BEGAN


def make(key: bytes = KEY, **settings: Any) -> Identities:
    return make_house(key, **settings).identities


def came(identities: Identities) -> Identity:
    """Return somebody new who is online."""
    identity = identities.of(None, now=NOW)
    identities.came(identity)
    return identity


def refused(identities: Identities, token: str, *, now: float = NOW) -> str:
    with pytest.raises(Refused) as caught:
        identities.of(token, now=now)
    return caught.value.code


def test_everybody_without_a_token_is_somebody_new() -> None:
    identities = make()
    assert len({identities.of(None, now=NOW).id for _ in range(100)}) == 100


def test_token_leads_to_the_same_identity_online_and_after() -> None:
    identities = make()
    identity = came(identities)
    token = identities.token(identity, now=NOW)
    assert identities.of(token, now=NOW) is identity
    identities.went(identity.id, now=NOW)
    assert identities.of(token, now=NOW) is identity


def test_token_is_good_for_token_ttl_s() -> None:
    identities = make(token_ttl_s=100)
    token = identities.token(came(identities), now=NOW)
    identities.of(token, now=NOW + 99.9)
    assert refused(identities, token, now=NOW + 100) == "bad_token"


def test_token_of_a_server_with_the_same_secret_is_the_same_identity() -> None:
    mine, other, stranger = make(), make(), make(key=b"x" * 32)
    identity = came(mine)
    token = mine.token(identity, now=NOW)
    assert other.of(token, now=NOW).id == identity.id
    assert refused(stranger, token) == "bad_token"


def test_token_ends_with_leave() -> None:
    identities = make()
    identity = came(identities)
    first, second = identities.token(identity, now=NOW), identities.token(identity, now=NOW + 5)
    identities.end(identity.id, now=NOW + 5)
    identities.went(identity.id, now=NOW + 5)
    assert refused(identities, first) == refused(identities, second) == "bad_token"


def test_rates_and_mutes_outlast_an_absence() -> None:
    identities = make(say_burst=2, next_per_h=1, cells_per_h=1)
    identity = came(identities)
    identity.muted = frozenset({"somebody"})
    identity.cell = Cell("dr5ru6")
    for meters in (identity.said, identity.nexts, identity.cells):
        while not take_all(meters, NOW):
            pass
    token = identities.token(identity, now=NOW)
    identities.went(identity.id, now=NOW)
    again = identities.of(token, now=NOW + 0.5)
    identities.came(again)
    assert list(again.muted) == ["somebody"]
    assert again.cell == "dr5ru6"
    assert all(take_all(meters, NOW + 0.5) for meters in (again.said, again.nexts, again.cells))


def test_who_went_is_remembered_up_to_a_number_the_longest_gone_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ABSENT_MAX", 3)
    identities = make()
    people = [came(identities) for _ in range(5)]
    tokens = [identities.token(person, now=NOW) for person in people]
    for person in people:
        identities.went(person.id, now=NOW)
    found = [identities.of(token, now=NOW) for token in tokens]
    assert [one is person for one, person in zip(found, people, strict=True)] == [False, False, True, True, True]
    assert [one.id for one in found] == [person.id for person in people]


def test_who_left_is_forgotten_but_for_the_end_of_their_tokens() -> None:
    identities = make()
    identity = came(identities)
    token = identities.token(identity, now=NOW)
    identity.sits(NOW)
    identities.went(identity.id, now=NOW + 100)
    assert identities._store.standing(identity.id)
    identities.end(identity.id, now=NOW + 100)
    assert not identities._store.standing(identity.id)
    assert not identities._absent
    assert not identities._online
    assert refused(identities, token, now=NOW + 101) == "bad_token"


def test_who_went_is_forgotten_when_their_token_must_have_expired() -> None:
    identities = make(token_ttl_s=100)
    people = [came(identities) for _ in range(3)]
    for number, person in enumerate(people):
        identities.went(person.id, now=NOW + number)
    identities.forget(now=NOW + 101)
    assert list(identities._absent) == [people[2].id]


def test_who_left_is_forgotten_at_once_and_their_token_stays_useless() -> None:
    identities = make()
    person = came(identities)
    token = identities.token(person, now=NOW)
    identities.went(person.id, now=NOW)
    identities.end(person.id, now=NOW)
    assert not identities._online
    assert not identities._absent
    assert refused(identities, token) == "bad_token"


def test_token_made_by_a_clock_a_second_ahead_ends_with_leave_too() -> None:
    identities = make()
    person = came(identities)
    token = identities.token(person, now=NOW + 0.9)
    identities.end(person.id, now=NOW)
    assert refused(identities, token, now=NOW + 2) == "bad_token"


def test_each_leave_ends_every_token_before_it_however_soon_it_comes() -> None:
    identities = make()
    person = came(identities)
    tokens = []
    for number in range(20):
        tokens.append(identities.token(person, now=NOW + number / 10))
        assert identities.of(tokens[-1], now=NOW + number / 10).id == person.id
        identities.end(person.id, now=NOW + number / 10)
        assert {refused(identities, token, now=NOW + number / 10) for token in tokens} == {"bad_token"}


def test_enter_that_fails_leaves_nothing_behind() -> None:
    identities = make()
    for _ in range(10):
        identities.of(None, now=NOW)
    assert not identities._online
    assert not identities._absent


def test_token_holds_nothing_but_identity_and_expiry() -> None:
    identities = make()
    identity = came(identities)
    token = identities.token(identity, now=NOW)
    assert token == Tokens(KEY, ttl_s=Settings().token_ttl_s).make(bytes.fromhex(identity.id), now=NOW)


def test_identity_is_new_until_it_has_sat_long_enough_in_all() -> None:
    identities = make(new_identity_s=600)
    identity = came(identities)
    assert identity.is_new(NOW)
    identity.sits(NOW)
    assert identity.is_new(NOW + 599)
    assert not identity.is_new(NOW + 600)
    identity.rises(NOW + 400)
    assert identity.is_new(NOW + 5000), "time without a seat is not counted"
    identity.sits(NOW + 5000)
    identity.sits(NOW + 5100)
    assert identity.is_new(NOW + 5199)
    assert not identity.is_new(NOW + 5200)


def test_nobody_is_new_where_that_is_switched_off() -> None:
    assert not came(make(new_identity_s=0)).is_new(NOW)


def test_seated_time_outlasts_an_absence() -> None:
    identities = make(new_identity_s=600)
    identity = came(identities)
    token = identities.token(identity, now=NOW)
    identity.sits(NOW)
    identities.went(identity.id, now=NOW + 601)
    assert not identities.of(token, now=NOW + 1000).is_new(NOW + 1000)


def test_store_remembers_how_long_somebody_sat_when_the_process_does_not() -> None:
    house = make_house(new_identity_s=600)
    identity = came(house.identities)
    token = house.identities.token(identity, now=NOW)
    identity.sits(NOW)
    house.identities.went(identity.id, now=NOW + 601)
    house.identities._absent.clear()
    again = house.identities.of(token, now=NOW + 700)
    assert again is not identity
    assert (again.first_at, again.seated_s) == (NOW, 601)
    assert not again.is_new(NOW + 700)


def test_store_does_not_hear_of_those_who_only_look_in() -> None:
    identities = make()
    identity = came(identities)
    identity.sits(NOW)
    identities.went(identity.id, now=NOW + module.STANDING_MIN_S - 1)
    assert not identities._store.standing(identity.id)
