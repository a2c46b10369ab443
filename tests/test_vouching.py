"""Verified people: entering with a JWT, being shown, renewing it, its end, and servers that take nobody else."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from client_demo import presence
from client_demo.client import Client as OurClient
from server.codes import CLOSE_CODES
from server.loading import SettingsError, load
from server.peer import AUTH_WARNING_S
from server.safety.identities import VOUCHES_PER_MIN
from server.safety.verified import LEEWAY_S
from server.token import new_key, sign
from tests.apps import Clients, running
from tests.jwts import AUTH, KEYS, SECRET, claims, jwks, shared, verifier
from tests.sessions import BEGAN, HERE, Guest, Json, Stage, only

JWT_S = 600


def vouched(**settings: Any) -> Stage:
    """Return a stage whose house believes the shared secret."""
    stage = Stage(**settings)
    stage.house.verifier = verifier(now=stage.clock.now)
    return stage


def jwt_of(stage: Stage, sub: str = "ann", *, lasts_s: int = JWT_S, **changed: Any) -> str:
    now = stage.clock.now()
    return shared(now, sub=sub, exp=int(now) + lasts_s, **changed)


def member(guest: Guest, of: Guest) -> Json:
    return guest.members[of.me]


def test_verified_are_shown_as_such_to_themselves_and_to_all() -> None:
    stage = vouched()
    bo = Guest(stage)
    bo.enter(name="Bo")
    ann = Guest(stage)
    entered = only(ann.enter(name="Ann", auth=jwt_of(stage)), "entered")
    assert entered["you"]["verified"] == "Ann Smith · uni.example"
    bo.got()
    assert member(ann, ann)["verified"] == member(bo, ann)["verified"] == "Ann Smith · uni.example"
    assert "verified" not in member(ann, bo)


def test_subject_is_the_identity_on_every_device_and_nobody_elses() -> None:
    stage = vouched()
    phone, laptop, other = Guest(stage), Guest(stage, "msgpack"), Guest(stage)
    phone.enter(auth=jwt_of(stage))
    laptop.enter(auth=jwt_of(stage))
    other.enter(auth=jwt_of(stage, "bo"))
    assert phone.connection.close_code == 4503
    assert phone.me == laptop.me != other.me
    assert len(stage.house.world.people) == 2
    assert [person.id for person in vouched().house.world.people.values()] == []


def test_identity_of_a_subject_says_nothing_of_it_and_depends_on_the_issuer() -> None:
    house = vouched().house
    verified = house.verify(jwt_of(vouched()))
    ids = {
        house.identity_of(verified._replace(issuer=issuer, subject=subject))
        for issuer, subject in (("a", "bc"), ("ab", "c"), ("a", "c"), ("", "abc"))
    }
    assert len(ids) == 4
    assert all(len(id) == 24 for id in ids)


def test_jwt_says_more_than_a_token() -> None:
    stage = vouched()
    anonymous = Guest(stage)
    anonymous.enter()
    ann = Guest(stage)
    ann.enter(auth=jwt_of(stage), token=anonymous.token)
    assert anonymous.connection.is_open
    ann.lose()
    assert only(ann.back(auth=jwt_of(stage), token="nonsense").got(), "entered")["resumed"]


def test_token_alone_is_the_same_person_verified_while_the_jwt_lasts() -> None:
    stage = vouched(resume_grace_s=10_000)
    ann = Guest(stage)
    ann.enter(auth=jwt_of(stage), name="Ann")
    ann.lose()
    stage.pass_time(JWT_S)
    back = ann.back()
    assert only(back.got(), "entered")["you"]["verified"]
    back.lose()
    stage.pass_time(LEEWAY_S)
    again = ann.back(resume=None)
    came = again.got()
    assert "verified" not in only(came, "entered")["you"]
    assert "verified" not in member(again, again), "and nobody is shown what is said no more"


def test_jwt_that_is_not_believed_leaves_the_connection_as_it_was() -> None:
    stage = vouched()
    ann = Guest(stage)
    assert only(ann.ask("enter", cell=HERE, auth="a.b.c"), "error")["code"] == "bad_auth"
    ann.enter()


# The end of a JWT.


def test_expiry_is_told_before_and_closes_after() -> None:
    stage = vouched()
    ann = Guest(stage)
    ann.enter(auth=jwt_of(stage))
    lasts_s = JWT_S + LEEWAY_S
    stage.pass_time(lasts_s - AUTH_WARNING_S - 0.5)
    assert not ann.got("auth_expiring")
    stage.pass_time(1)
    assert only(ann.got(), "auth_expiring")["in_s"] == AUTH_WARNING_S
    stage.pass_time(AUTH_WARNING_S - 1)
    assert ann.connection.is_open
    stage.pass_time(1)
    bye = only(ann.got(), "bye")
    assert (bye["code"], bye["why_code"], bye["reconnect_in"]) == (4504, CLOSE_CODES[4504].name, None)
    assert ann.connection.close_code == 4504
    assert len(stage.house.world.people) == 1, "the seat waits for a fresh one"


def test_short_jwt_is_told_at_once() -> None:
    stage = vouched()
    ann = Guest(stage)
    ann.enter(auth=jwt_of(stage, lasts_s=10))
    stage.pass_time(0.1)
    assert only(ann.got(), "auth_expiring")["in_s"] == 10 + LEEWAY_S


def test_fresh_jwt_of_the_same_person_renews_it() -> None:
    stage = vouched()
    bo, ann = Guest(stage), Guest(stage)
    bo.enter()
    ann.enter(auth=jwt_of(stage), name="Ann")
    stage.pass_time(JWT_S)
    answer = ann.ask("auth", auth=jwt_of(stage, name="Ann Jones"), ref="1")
    assert only(answer, "authenticated") == {
        "type": "authenticated", "verified": "Ann Jones · uni.example", "ref": "1",
    }  # fmt: skip
    bo.got()
    assert member(bo, ann)["verified"] == "Ann Jones · uni.example"
    stage.pass_time(JWT_S - AUTH_WARNING_S)
    assert ann.connection.is_open
    assert not ann.got("auth_expiring")
    stage.pass_time(LEEWAY_S + AUTH_WARNING_S + 1)
    assert ann.connection.close_code == 4504


def test_jwts_are_not_shown_more_often_than_anybody_needs() -> None:
    stage = vouched()
    ann = Guest(stage)
    ann.enter(auth=jwt_of(stage))
    answers = [ann.ask("auth", auth=jwt_of(stage))[-1] for _ in range(VOUCHES_PER_MIN + 1)]
    assert [answer["type"] for answer in answers] == ["authenticated"] * VOUCHES_PER_MIN + ["error"]
    assert answers[-1]["code"] == "rate_limited"


@pytest.mark.parametrize("wrong", [{"sub": "bo"}, {"lasts_s": -40}, {"aud": "other"}])
def test_renewal_takes_no_jwt_of_another_person_nor_a_bad_one(wrong: dict[str, Any]) -> None:
    stage = vouched()
    ann, anonymous = Guest(stage), Guest(stage)
    ann.enter(auth=jwt_of(stage))
    anonymous.enter()
    for guest in (ann, anonymous):
        assert only(guest.ask("auth", auth=jwt_of(stage, **wrong)), "error")["code"] == "bad_auth"
    stage.pass_time(JWT_S + LEEWAY_S + 1)
    assert ann.connection.close_code == 4504, "and it puts nothing off"


def test_expired_jwt_of_a_client_long_gone_closes_nobody() -> None:
    stage = vouched()
    ann = Guest(stage)
    ann.enter(auth=jwt_of(stage))
    ann.ask("leave")
    assert not stage.loop.timers or stage.loop.timers[-1] < JWT_S - AUTH_WARNING_S


def test_time_scale_is_not_the_jwts() -> None:
    stage = vouched(time_scale=60, window_s=86_400)
    # The verifier's clock is real: here it stands still while the rooms' runs.
    stage.house.verifier = verifier(now=lambda: BEGAN)
    ann = Guest(stage)
    ann.enter(auth=shared(BEGAN, exp=int(BEGAN) + JWT_S))
    stage.pass_time(JWT_S + LEEWAY_S - 1)
    assert ann.connection.is_open
    stage.pass_time(1)
    assert ann.connection.close_code == 4504


# Servers for verified people alone.


def test_closed_server_takes_only_people_with_a_jwt() -> None:
    stage = vouched(auth_required=1, auth_secret=SECRET, **AUTH)
    ann, stranger = Guest(stage), Guest(stage)
    assert only(stranger.ask("enter", cell=HERE, ref="1"), "error")["code"] == "auth_needed"
    ann.enter(auth=jwt_of(stage))
    ann.lose()
    assert only(ann.back().got(), "entered"), "the token says who it is while the JWT lasts"
    stage.pass_time(JWT_S + LEEWAY_S)
    late = Guest(stage)
    assert only(late.ask("enter", cell=HERE, token=ann.token), "error")["code"] == "auth_needed"


def test_token_given_after_leaving_brings_back_and_those_of_before_are_dead() -> None:
    stage = vouched()
    dead: list[str] = []
    for wait_s in (0.0, 0.3, 1.5, 3600.0, 90_000.0):
        ann = Guest(stage)
        ann.enter(auth=jwt_of(stage))
        token = ann.token
        ann.lose()
        back = Guest(stage)
        back.enter(token=token)
        assert back.token not in dead
        for ended in dead:
            late = Guest(stage)
            assert only(late.ask("enter", cell=HERE, token=ended), "error")["code"] == "bad_token"
            late.lose()
        back.ask("leave")
        dead += [token, back.token]
        # The next one comes within the same second, or the next day.
        stage.pass_time(wait_s)
    assert len(set(dead)) == 5


def test_verified_never_work_and_do_not_count_as_strangers() -> None:
    stage = vouched(connections_per_address=1)
    strangers = [Guest(stage) for _ in range(3)]
    ann = Guest(stage)
    ann.enter(auth=jwt_of(stage))
    assert sum(stage.house.door._strangers.values()) == len(strangers)
    bad = Guest(stage)
    assert only(bad.ask("enter", cell=HERE, auth="x"), "error")["code"] == "bad_auth"
    assert only(bad.ask("enter", cell=HERE), "error")["code"] == "work_needed"


@pytest.mark.parametrize(
    "settings",
    [
        {"auth_secret": SECRET},
        {"auth_secret": SECRET, "auth_issuer": "x"},
        {"auth_secret": SECRET, "auth_jwks": "f", "auth_issuer": "x", "auth_audience": "y"},
        {"auth_required": 1},
        {"auth_jwks": "http://uni.example/jwks", "auth_issuer": "x", "auth_audience": "y"},
        {"auth_jwks": "ftp://127.0.0.1/jwks", "auth_issuer": "x", "auth_audience": "y"},
        {"auth_secret": "too short", "auth_issuer": "x", "auth_audience": "y"},
    ],
)
def test_settings_that_would_believe_anybody_or_nobody_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as refused:
        load(None, {}, settings)
    assert "auth_" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert "too short" not in str(refused.value)


# Over sockets.


async def test_whole_server_follows_a_key_that_changes(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(KEYS["ES256"]))
    newer = new_key("EdDSA")
    async with running(auth_jwks=str(file), **AUTH) as app, Clients(app) as clients:
        ann = await clients.new()
        entered = await ann.ask("enter", "entered", cell=HERE, auth=sign(claims(), KEYS["ES256"]))
        assert entered["you"]["verified"] == "Ann Smith · uni.example"
        file.write_bytes(jwks(newer))
        bo = await clients.new()
        assert app._keys is not None
        app._keys._read_at = -1000.0  # the last look is long ago
        refused = await bo.ask("enter", "error", cell=HERE, auth=sign(claims(sub="bo"), newer))
        assert refused["code"] == "bad_auth"
        assert refused["retry_after"] > 0
        while app._keys.reads < 2 or app.house.verifier is None or app.house.verifier.keys[0].kid != newer.kid:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await bo.ask("enter", "entered", cell=HERE, auth=sign(claims(sub="bo"), newer))
        stolen = await clients.new()
        refused = await stolen.ask("enter", "error", cell=HERE, auth=sign(claims(sub="cy"), KEYS["ES256"]))
        assert refused["code"] == "bad_auth", "a withdrawn key is believed no longer"


async def test_server_whose_issuer_is_down_starts_and_believes_nobody_yet() -> None:
    async with running(auth_jwks="http://127.0.0.1:1/", **AUTH) as app, Clients(app) as clients:
        ann = await clients.new()
        refused = await ann.ask("enter", "error", cell=HERE, auth=sign(claims(), KEYS["ES256"]))
        assert (refused["code"], refused["retry_after"]) == ("bad_auth", 5)
        await ann.enter()


# Our client.


async def test_our_client_waits_for_a_key_the_server_has_yet_to_fetch(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_bytes(jwks(KEYS["ES256"]))
    newer = new_key("EdDSA")
    async with running(auth_jwks=str(file), **AUTH) as app:
        assert app._keys is not None
        assert app.house.verifier is not None
        app.house.verifier._retry_s = 0.2
        app._keys._read_at = -1000.0
        file.write_bytes(jwks(newer))
        url = f"ws://127.0.0.1:{app.listener.port}/ws"
        async with OurClient(url, cell=HERE, auth=lambda: sign(claims(), newer)) as client:
            assert client.members[client.me]["verified"] == "Ann Smith · uni.example"


async def test_our_client_renews_its_jwt_once_there_is_a_fresh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "RENEW_EVERY_S", 0.02)
    began = int(time.time())
    held = [shared(exp=began - 20), shared(exp=began - 20), shared(exp=began + 600)]
    async with running(auth_secret=SECRET, **AUTH) as app:
        url = f"ws://127.0.0.1:{app.listener.port}/ws"
        async with OurClient(url, cell=HERE, auth=lambda: held.pop(0) if len(held) > 1 else held[0]) as client:
            async with asyncio.timeout(8):
                types = [event["type"] async for event in until(client, "authenticated")]
            assert "auth_expiring" in types
            assert not held[1:]


async def until(client: OurClient, type: str) -> AsyncIterator[Json]:
    async for event in client.events():
        yield event
        if event["type"] == type:
            return
