"""Session tokens: whose they are, until when, under which period's key, and that no other spelling of one is read."""

import base64
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.safety.keys import PERIOD_S, KeyRing, derive
from server.safety.tokens import IDENTITY_BYTES, BadToken, Tokens

KEY = bytes(range(32))
SOMEBODY = b"abcdefghijkl"
NOW = 1_700_000_000.0
TTL_S = 7 * PERIOD_S

identities = st.binary(min_size=IDENTITY_BYTES, max_size=IDENTITY_BYTES)


def make(key: bytes = KEY, ttl_s: int = TTL_S) -> Tokens:
    return Tokens(key, ttl_s=ttl_s)


@given(identities, st.integers(min_value=0, max_value=2**33), st.integers(1, 31_536_000), st.binary(min_size=32))
def test_token_names_its_identity_until_it_expires(identity: bytes, now: int, ttl_s: int, key: bytes) -> None:
    tokens = make(key[:64], ttl_s)
    token = tokens.make(identity, now=now)
    assert tokens.read(token, now=now + ttl_s - 0.001).identity == identity
    with pytest.raises(BadToken, match="expired"):
        tokens.read(token, now=now + ttl_s)


def test_token_may_be_given_a_shorter_life_and_no_longer_one() -> None:
    for expires, good_s in ((NOW + 10, 10), (NOW + 10 * TTL_S, TTL_S)):
        token = make().make(SOMEBODY, now=NOW, expires=expires)
        assert make().read(token, now=NOW + good_s - 0.001).identity == SOMEBODY
        with pytest.raises(BadToken):
            make().read(token, now=NOW + good_s)


@given(st.floats(min_value=0, max_value=2**33), st.integers(1, 31_536_000))
def test_token_says_in_which_second_it_was_made(now: float, ttl_s: int) -> None:
    tokens = make(ttl_s=ttl_s)
    assert tokens.read(tokens.make(SOMEBODY, now=now), now=now).made_at == int(now)


@settings(max_examples=10)
@given(identities)
def test_token_with_any_one_character_altered_is_refused(identity: bytes) -> None:
    tokens = make()
    token = tokens.make(identity, now=NOW)
    for at, right in enumerate(token):
        for other in string.ascii_letters + string.digits + "-_+/= \n\x00é":
            if other != right:
                with pytest.raises(BadToken):
                    tokens.read(token[:at] + other + token[at + 1 :], now=NOW)


@pytest.mark.parametrize("added", ["", "=", "==", "====", " ", "\n", "A", "AAAA", "\x00", "é", "\ud800"])
def test_token_cut_or_added_to_is_refused(added: str) -> None:
    token = make().make(SOMEBODY, now=NOW)
    spellings = {token[:-1] + added, added + token[1:], token + added, added + token, token[:4] + added + token[4:]}
    for spelling in spellings - {token}:
        with pytest.raises(BadToken):
            make().read(spelling, now=NOW)


@given(st.one_of(st.text(max_size=60), st.text(string.ascii_letters + string.digits + "+/-_=", max_size=60)))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        make().read(text, now=NOW)


def test_token_with_plus_and_slash_for_its_own_signs_is_refused() -> None:
    tokens = make()
    spelt_twice = 0
    for number in range(50):
        token = tokens.make(number.to_bytes(IDENTITY_BYTES, "big"), now=NOW)
        other = token.replace("-", "+").replace("_", "/")
        if other != token:
            spelt_twice += 1
            with pytest.raises(BadToken):
                tokens.read(other, now=NOW)
    assert spelt_twice


@given(st.binary(min_size=1, max_size=64))
def test_token_of_another_key_is_refused(key: bytes) -> None:
    token = make().make(SOMEBODY, now=NOW)
    if key != KEY:
        with pytest.raises(BadToken, match="altered or another server's"):
            make(key).read(token, now=NOW)


def test_expiry_cannot_be_put_off() -> None:
    raw = bytearray(base64.urlsafe_b64decode(make().make(SOMEBODY, now=NOW)))
    raw[4 + IDENTITY_BYTES] ^= 1
    with pytest.raises(BadToken, match="altered"):
        make().read(base64.urlsafe_b64encode(raw).decode(), now=NOW)


def test_tokens_of_one_identity_differ_by_when_they_were_made_alone() -> None:
    assert make().make(SOMEBODY, now=NOW) == make().make(SOMEBODY, now=NOW + 0.5)
    assert make().make(SOMEBODY, now=NOW) != make().make(SOMEBODY, now=NOW + 1)


def test_text_of_a_refusal_repeats_nothing_of_the_token() -> None:
    token = make().make(SOMEBODY, now=NOW)
    for spelling, now in ((token, NOW + TTL_S), (token[:-1], NOW), ("x" + token[1:], NOW)):
        with pytest.raises(BadToken) as refused:
            make().read(spelling, now=now)
        assert token[:8] not in str(refused.value)


# Keys and their periods.


def with_period(token: str, period: int) -> str:
    """Return the token as if it had been made in another period."""
    raw = bytearray(base64.urlsafe_b64decode(token))
    raw[1:4] = period.to_bytes(3, "big")
    return base64.urlsafe_b64encode(raw).decode()


def test_every_period_has_a_key_of_its_own_and_a_token_outlives_it() -> None:
    ring = KeyRing(KEY, b"hereabouts token")
    assert len({ring.key(period) for period in range(100)} | {KEY, derive(KEY, b"other")}) == 102
    tokens = make()
    token = tokens.make(SOMEBODY, now=NOW)
    assert tokens.read(token, now=NOW + 6.9 * PERIOD_S).identity == SOMEBODY


def test_token_of_one_period_is_not_good_as_one_of_another() -> None:
    token = make().make(SOMEBODY, now=NOW)
    for period in (NOW // PERIOD_S - 1, NOW // PERIOD_S + 1):
        with pytest.raises(BadToken, match="altered"):
            make().read(with_period(token, int(period)), now=NOW)


@pytest.mark.parametrize("days", [-400, -9, 2, 400])
def test_key_of_a_period_long_ago_or_to_come_is_good_for_nothing(days: int) -> None:
    """Even where its holder writes any expiry they like: the key of a day is worth that day's tokens."""
    then = NOW + days * PERIOD_S
    token = make(ttl_s=31_536_000).make(SOMEBODY, now=then, expires=NOW + 1000)
    with pytest.raises(BadToken, match="too old, or another"):
        make().read(token, now=NOW)


def test_nodes_whose_clocks_differ_by_less_than_a_period_read_each_others_tokens() -> None:
    for ahead_s in (-0.9 * PERIOD_S, 0.9 * PERIOD_S):
        assert make().read(make().make(SOMEBODY, now=NOW + ahead_s), now=NOW).identity == SOMEBODY


def test_keys_at_hand_are_few_however_long_the_server_runs_and_whatever_it_is_shown() -> None:
    tokens = make()
    for day in range(400):
        token = tokens.make(SOMEBODY, now=NOW + day * PERIOD_S)
        for other in range(-50, 50):
            with pytest.raises(BadToken):
                tokens.read(with_period(token, int(NOW // PERIOD_S) + day + other), now=NOW + day * PERIOD_S + TTL_S)
    assert len(tokens._keys._keys) <= TTL_S // PERIOD_S + 20
