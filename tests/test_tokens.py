"""Session tokens: whose they are, until when, and that no other spelling of one is read."""

import base64
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.safety.tokens import IDENTITY_BYTES, BadToken, Tokens

KEY = bytes(range(32))
SOMEBODY = b"abcdefghijkl"
EXPIRES = 1_700_000_000.0

identities = st.binary(min_size=IDENTITY_BYTES, max_size=IDENTITY_BYTES)


@given(identities, st.integers(min_value=1, max_value=2**40), st.binary(min_size=1, max_size=64))
def test_token_names_its_identity_until_it_expires(identity: bytes, expires: int, key: bytes) -> None:
    tokens = Tokens(key)
    token = tokens.make(identity, expires=expires)
    assert tokens.read(token, now=expires - 0.001) == identity
    with pytest.raises(BadToken, match="expired"):
        tokens.read(token, now=expires)


@settings(max_examples=10)
@given(identities)
def test_token_with_any_one_character_altered_is_refused(identity: bytes) -> None:
    tokens = Tokens(KEY)
    token = tokens.make(identity, expires=EXPIRES)
    for at, right in enumerate(token):
        for other in string.ascii_letters + string.digits + "-_+/= \n\x00é":
            if other != right:
                with pytest.raises(BadToken):
                    tokens.read(token[:at] + other + token[at + 1 :], now=0)


@pytest.mark.parametrize("added", ["", "=", "==", "====", " ", "\n", "A", "AAAA", "\x00", "é", "\ud800"])
def test_token_cut_or_added_to_is_refused(added: str) -> None:
    token = Tokens(KEY).make(SOMEBODY, expires=EXPIRES)
    spellings = {token[:-1] + added, added + token[1:], token + added, added + token, token[:4] + added + token[4:]}
    for spelling in spellings - {token}:
        with pytest.raises(BadToken):
            Tokens(KEY).read(spelling, now=0)


@given(st.one_of(st.text(max_size=60), st.text(string.ascii_letters + string.digits + "+/-_=", max_size=60)))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        Tokens(KEY).read(text, now=0)


def test_token_with_plus_and_slash_for_its_own_signs_is_refused() -> None:
    tokens = Tokens(KEY)
    spelt_twice = 0
    for number in range(50):
        token = tokens.make(number.to_bytes(IDENTITY_BYTES, "big"), expires=EXPIRES)
        other = token.replace("-", "+").replace("_", "/")
        if other != token:
            spelt_twice += 1
            with pytest.raises(BadToken):
                tokens.read(other, now=0)
    assert spelt_twice


@given(st.binary(min_size=1, max_size=64))
def test_token_of_another_key_is_refused(key: bytes) -> None:
    token = Tokens(KEY).make(SOMEBODY, expires=EXPIRES)
    if key != KEY:
        with pytest.raises(BadToken, match="altered or another server's"):
            Tokens(key).read(token, now=0)


def test_expiry_cannot_be_put_off() -> None:
    raw = bytearray(base64.urlsafe_b64decode(Tokens(KEY).make(SOMEBODY, expires=EXPIRES)))
    raw[1 + IDENTITY_BYTES] ^= 1
    with pytest.raises(BadToken):
        Tokens(KEY).read(base64.urlsafe_b64encode(raw).decode(), now=0)


def test_tokens_of_one_identity_differ_by_expiry_alone() -> None:
    tokens = Tokens(KEY)
    assert tokens.make(SOMEBODY, expires=EXPIRES) == Tokens(KEY).make(SOMEBODY, expires=EXPIRES + 0.5)
    assert tokens.make(SOMEBODY, expires=EXPIRES) != tokens.make(SOMEBODY, expires=EXPIRES + 1)


def test_text_of_a_refusal_repeats_nothing_of_the_token() -> None:
    token = Tokens(KEY).make(SOMEBODY, expires=EXPIRES)
    for spelling, now in ((token, EXPIRES), (token[:-1], 0), ("x" + token[1:], 0)):
        with pytest.raises(BadToken) as refused:
            Tokens(KEY).read(spelling, now=now)
        assert token[:8] not in str(refused.value)
