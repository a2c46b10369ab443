"""What a JWT must be to be believed, and every forgery we know of."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey, import_key

from server.codes import Refused
from server.safety.jwt_keys import KEYS_MAX, BadKeys, read_jwks
from server.safety.verified import JWT_MAX_CHARS, LEEWAY_S, UnknownKey
from server.token import new_key, sign
from tests.jwts import KEYS, SECRET, SHARED, claims, forged, jwks, part, shared, verifier

NOW = 1_700_000_000.0


def refusal(token: str, *keys: Any, now: float = NOW) -> Refused:
    with pytest.raises(Refused) as caught:
        verifier(*keys, now=lambda: now).read(token)
    assert caught.value.code == "bad_auth"
    assert not (len(token) > 20 and token[:20] in caught.value.message), "it repeats something of the JWT"
    return caught.value


@pytest.mark.parametrize("alg", KEYS)
def test_jwt_of_a_known_key_is_believed(alg: str) -> None:
    verified = verifier(*KEYS.values(), now=lambda: NOW).read(sign(claims(NOW), KEYS[alg]))
    assert verified == ("https://uni.example", "ann", "Ann Smith · uni.example", 600 + LEEWAY_S)


def test_jwt_of_the_shared_secret_is_believed() -> None:
    assert verifier(now=lambda: NOW).read(shared(NOW)).subject == "ann"


# Forgeries.


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, 5, [], ["HS256"], "HS512", "RS256", "dir"])
def test_algorithm_that_the_key_does_not_have_is_refused_whatever_the_header_says(alg: Any) -> None:
    for key in (b"", SECRET.encode()):
        refusal(forged({"alg": alg}, key, exp=int(NOW) + 600))
        refusal(forged({"alg": alg, "kid": KEYS["RS256"].kid}, key, exp=int(NOW) + 600), *KEYS.values())


@pytest.mark.parametrize("alg", KEYS)
def test_public_key_is_no_secret_of_an_hmac(alg: str) -> None:
    """Key confusion: the attacker signs by HS256 with the public key, in every form it is published in."""
    key = KEYS[alg]
    assert not isinstance(key, OctKey)
    public = key.as_dict(private=False)
    spelt = [key.as_pem(private=False), key.as_der(private=False), json.dumps(public).encode(), jwks(key)]
    spelt += [str(public[name]).encode() for name in ("n", "x") if name in public]
    for secret in spelt:
        for header in ({"alg": "HS256"}, {"alg": "HS256", "kid": key.kid}):
            refusal(forged(header, secret, exp=int(NOW) + 600), key)


def test_key_that_the_header_brings_along_is_not_trusted() -> None:
    mine = new_key("RS256")
    for extra in (
        {"jwk": mine.as_dict(private=False)},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5c": ["MIIB"]},
        {"jwk": mine.as_dict(private=False), "kid": KEYS["RS256"].kid},
    ):
        assert isinstance(mine, RSAKey)
        token = jwt.encode({"alg": "RS256", **extra}, claims(NOW), mine, algorithms=["RS256"])
        refusal(token, KEYS["RS256"])


def test_extension_that_must_be_understood_is_not() -> None:
    for header in ({"alg": "HS256", "crit": ["b64"], "b64": False}, {"alg": "HS256", "crit": []}):
        refusal(forged(header, SECRET.encode(), exp=int(NOW) + 600))


def test_any_change_to_a_jwt_is_refused() -> None:
    token = sign(claims(NOW), KEYS["ES256"])
    head, body, mac = token.split(".")
    other = part(claims(NOW, sub="bo"))
    for spelling in (f"{head}.{other}.{mac}", f"{head}.{body}.{mac[:-4]}AAAA", f"{head}.{body}.", f"{head}.{body}"):
        refusal(spelling, *KEYS.values())
    for spelling in (f"{token}.", f".{token}", f"{head}..{mac}", f"{token}.{mac}", ""):
        refusal(spelling, *KEYS.values())


@given(
    st.one_of(st.text(max_size=200), st.binary(max_size=100).map(lambda raw: raw.hex()), st.text("ey.", max_size=40))
)
def test_what_is_no_jwt_is_refused(text: str) -> None:
    for keys in ((), tuple(KEYS.values())):
        refusal(text, *keys)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_header_of_any_kind_is_refused_and_breaks_nothing(content: Any) -> None:
    refusal(f"{part(content)}.{part({})}.AAAA")
    refusal(f"{part({'alg': content, 'kid': content})}.{part({})}.AAAA", *KEYS.values())


def test_jwt_too_long_is_not_looked_at() -> None:
    assert "longer" in refusal(shared(NOW, padding="x" * JWT_MAX_CHARS)).message


def test_header_nested_deeply_is_refused() -> None:
    nested = base64.urlsafe_b64encode(b"[" * 2900).decode()
    refusal(f"{nested}.{nested[:8]}.x")


# Claims.


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"}, {"iss": "https://uni.example/"}, {"iss": None}, {"iss": ["https://uni.example"]},
        {"aud": "other"}, {"aud": None}, {"aud": []}, {"aud": ["other"]}, {"aud": {"chat": 1}}, {"aud": "chat2"},
        {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "x" * 256}, {"sub": ["ann"]},
        {"exp": None}, {"exp": "1800000000"}, {"exp": True}, {"exp": -1}, {"exp": 1e300}, {"exp": float("nan")},
        {"nbf": NOW + LEEWAY_S + 1}, {"nbf": "soon"}, {"nbf": False},
    ],
)  # fmt: skip
def test_claim_that_is_wrong_or_missing_is_refused(changed: dict[str, Any]) -> None:
    refusal(shared(NOW, **changed))


@pytest.mark.parametrize(
    "changed", [{"aud": ["other", "chat"]}, {"nbf": NOW + LEEWAY_S}, {"iat": 1}, {"x": {"y": [1]}}]
)
def test_claims_that_are_right_in_another_way_are_believed(changed: dict[str, Any]) -> None:
    assert verifier(now=lambda: NOW).read(shared(NOW, **changed)).subject == "ann"


def test_jwt_is_good_until_it_expires_and_a_little_longer_for_clocks_that_differ() -> None:
    token = shared(NOW, exp=int(NOW))
    assert verifier(now=lambda: NOW + LEEWAY_S - 1).read(token).lasts_s == 1
    assert "expired" in refusal(token, now=NOW + LEEWAY_S).message


# What is shown.


@pytest.mark.parametrize(
    ("names", "told", "shown"),
    [
        (("name",), {}, "Ann Smith · uni.example"),
        (("name", "faculty"), {"faculty": "Law"}, "Ann Smith, Law · uni.example"),
        (("student", "name"), {"student": True}, "student, Ann Smith · uni.example"),
        (("student",), {"student": False}, "uni.example"),
        (("year",), {"year": 3}, "3 · uni.example"),
        (("missing",), {}, "uni.example"),
        ((), {}, "uni.example"),
        (("name",), {"name": "  Ann   Smith "}, "Ann Smith · uni.example"),
        (("name",), {"name": "Ann · bank.example"}, "Ann . bank.example · uni.example"),
        (("name",), {"name": "Ann\u202e\u2066"}, "uni.example"),
        (("name",), {"name": "x" * 65}, "uni.example"),
        (("name",), {"name": ["Ann"]}, "uni.example"),
    ],
)
def test_chosen_claims_are_shown_with_the_issuer_behind_them(
    names: tuple[str, ...], told: dict[str, Any], shown: str
) -> None:
    assert verifier(now=lambda: NOW, shown=names).read(shared(NOW, **told)).shown == shown


# Keys.


def test_unknown_key_says_when_to_try_again_only_where_keys_may_change() -> None:
    stranger = new_key("ES256")
    unknown = refusal(sign(claims(NOW), stranger), *KEYS.values())
    assert isinstance(unknown, UnknownKey)
    assert unknown.retry_after == 5
    assert refusal(forged({"alg": "HS256"}, b"x", exp=int(NOW) + 600)).retry_after is None


def test_known_key_with_a_wrong_signature_is_no_reason_to_look_for_newer_ones() -> None:
    token = sign(claims(NOW), KEYS["ES256"])
    assert not isinstance(refusal(token[:-4] + "AAAA", *KEYS.values()), UnknownKey)


def test_jwt_without_kid_is_tried_on_every_key_that_has_its_algorithm() -> None:
    mine, other = new_key("ES256"), new_key("ES256")
    assert isinstance(mine, ECKey)
    token = jwt.encode({"alg": "ES256"}, claims(NOW), mine, algorithms=["ES256"])
    assert verifier(other, KEYS["RS256"], mine, now=lambda: NOW).read(token).subject == "ann"


def test_key_verifies_only_the_algorithm_it_names() -> None:
    rsa = KEYS["RS256"]
    assert isinstance(rsa, RSAKey)
    bare = {name: text for name, text in rsa.as_dict(private=True).items() if name not in ("alg", "use")}
    token = jwt.encode({"alg": "PS256", "kid": rsa.kid}, claims(NOW), import_key(bare, "RSA"), algorithms=["PS256"])
    refusal(token, rsa)
    open_to_both = verifier(rsa, now=lambda: NOW)
    open_to_both.take_keys(read_jwks(json.dumps({"keys": [bare]}).encode()))
    assert open_to_both.read(token).subject == "ann"


def test_secrets_private_halves_weak_keys_and_keys_for_other_uses_are_not_taken_from_a_jwks() -> None:
    with pytest.warns(SecurityWarning, match="Key size"):
        weak = RSAKey.generate_key(1024)
    with pytest.warns(SecurityWarning, match="Key size"), pytest.raises(BadKeys, match="no RSA, EC or Ed25519 key"):
        read_jwks(jwks(weak))
    with pytest.raises(BadKeys, match="no RSA, EC or Ed25519 key"):
        read_jwks(jwks(SHARED))
    for changed in ({"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "HS256"}, {"alg": "none"}, {"kty": "oct"}):
        with pytest.raises(BadKeys):
            read_jwks(jwks(KEYS["RS256"], **changed))
    private = json.dumps({"keys": [KEYS["ES256"].as_dict(private=True)]}).encode()
    [read] = read_jwks(private)
    assert not isinstance(read.key, OctKey)
    assert not read.key.is_private


def test_good_keys_of_a_jwks_are_taken_whatever_else_is_in_it() -> None:
    good = KEYS["ES256"].as_dict(private=False)
    odd: list[Any] = [{}, {"kty": "RSA"}, {"kty": "EC", "crv": "P-999"}, {"kty": 5}, good | {"x": "!"}]
    assert len(read_jwks(json.dumps({"keys": [*odd, good]}).encode())) == 1


@pytest.mark.parametrize(
    "text", [b"", b"null", b"[]", b"{}", b'{"keys": 5}', b'{"keys": []}', b'{"keys": [5]}', b"\xff", b"[" * 100_000]
)
def test_text_that_is_no_jwks_is_refused(text: bytes) -> None:
    with pytest.raises(BadKeys):
        read_jwks(text)


def test_jwks_has_a_limit() -> None:
    with pytest.raises(BadKeys, match="more than"):
        read_jwks(jwks(*[KEYS["ES256"]] * (KEYS_MAX + 1)))
