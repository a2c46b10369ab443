"""Work: what answers a question, what a stranger pays at the door, and that our client does it by itself."""

import asyncio
from hashlib import sha256
from typing import Any

import pytest

from client_demo.client import Client, Refused
from client_demo.work import solve
from server.commands import Enter
from server.origin import LOOPBACK, Origin
from server.outcomes import Patience
from server.safety.door import Door
from server.safety.waiting import Waiting
from server.safety.work import BITS_MAX, NONCE_GOOD_S, Challenge
from server.session import Session, State
from server.settings import BINDS_LOOPBACK, Settings
from tests.apps import Clients, running
from tests.sessions import BEGAN, HERE, ORIGIN, Guest, Stage, make_house, only

NOW = BEGAN


def origin(number: int) -> Origin:
    return Origin(f"192.0.2.{number}", b"")


def door(exempt: frozenset[str] = frozenset(), **settings: Any) -> Door:
    return Door(Settings(**settings), exempt=exempt, waiting=Waiting())


# The sum.


@pytest.mark.parametrize("bits", [0, 1, 7, 8, 9, 12])
def test_work_is_a_text_whose_hash_behind_the_nonce_begins_with_so_many_zero_bits(bits: int) -> None:
    work = solve("nonce", bits)
    first = sha256(f"nonce{work}".encode()).digest()
    assert "".join(f"{byte:08b}" for byte in first).startswith("0" * bits)
    assert Challenge("nonce", bits, NOW + 1).is_met(work, now=NOW)


@pytest.mark.parametrize("work", [None, "", "x", "\ud800"])
def test_what_does_not_answer_the_question_is_no_work(work: str | None) -> None:
    assert not Challenge("nonce", 16, NOW + 1).is_met(work, now=NOW)


def test_work_for_another_nonce_or_too_late_is_none() -> None:
    work = solve("nonce", 16)
    assert not Challenge("other", 16, NOW + 1).is_met(work, now=NOW)
    assert Challenge("nonce", 16, NOW + 1).is_met(work, now=NOW + 0.9)
    assert not Challenge("nonce", 16, NOW + 1).is_met(work, now=NOW + 1)


# The price.


def test_price_of_a_crowded_address_begins_small_and_doubles_with_the_crowd() -> None:
    here = door(connections_per_address=10, work_above_connects_per_s=0)
    prices = []
    for _ in range(10 * 2**10):
        here.came(origin(1), now=NOW)
        prices.append(here.bits(origin(1), now=NOW))
    assert prices[:10] == [0] * 10
    assert [prices[10 * 2**doubled] for doubled in range(10)] == [9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
    assert max(prices) == BITS_MAX
    assert here.bits(origin(2), now=NOW) == 0, "another address has no part in it"


def test_who_left_or_turns_out_to_be_known_is_not_counted() -> None:
    here = door(connections_per_address=2, work_above_connects_per_s=5)
    for _ in range(9):
        here.came(origin(1), now=NOW)
    assert here.bits(origin(1), now=NOW) > 0
    for _ in range(4):
        here.known(origin(1), now=NOW)
        here.went(origin(1))
    assert here.bits(origin(1), now=NOW) == door().bits(origin(1), now=NOW)
    here.went(origin(1))
    assert not here._strangers


def test_flood_makes_strangers_pay_wherever_they_come_from_and_is_over_when_it_is() -> None:
    here = door(connections_per_address=0, work_above_connects_per_s=100)
    prices = []
    for number in range(5000):
        here.came(origin(number % 200), now=NOW + number / 1000)
        prices.append(here.bits(origin(250), now=NOW + number / 1000))
    assert prices[:99] == [0] * 99
    assert 17 <= prices[-1] <= BITS_MAX, "ten times too fast is 2 · log2(10) bits more"
    assert here.bits(origin(250), now=NOW + 5 + 10) == 0


def test_rate_is_of_real_seconds_whatever_the_rooms_clock() -> None:
    here = door(connections_per_address=0, work_above_connects_per_s=100, time_scale=600)
    for number in range(3000):
        here.came(origin(1), now=NOW + number * 600 / 300)
    assert here.rate(NOW + 3000 * 2) == pytest.approx(300, rel=0.05)


def test_loopback_pays_only_where_a_limit_was_set_and_does_not_make_others_pay() -> None:
    here = Origin(LOOPBACK, b"")
    free = door(BINDS_LOOPBACK, connections_per_address=1, work_above_connects_per_s=1)
    bound = door(connections_per_address=1, work_above_connects_per_s=1)
    for _ in range(20):
        free.came(here, now=NOW)
        bound.came(here, now=NOW)
    assert free.bits(here, now=NOW) == free.bits(origin(1), now=NOW) == 0
    assert bound.bits(here, now=NOW) > 9


# The session.


def asked(session: Session, *, now: float = NOW, work: str | None = None, **fields: Any) -> Any:
    """Return what follows from entering: the first event, and whether time was given."""
    outcome = session.receive(Enter(cell=HERE, work=work, **fields), now=now)
    first = next(iter(outcome))
    return getattr(first, "code", "entered"), first, any(isinstance(what, Patience) for what in outcome)


def crowded(**settings: Any) -> tuple[Any, Session]:
    """Return a house whose one free place per address is taken, and the session of one more."""
    house = make_house(**{"connections_per_address": 1, "work_above_connects_per_s": 0} | settings)
    sessions = [Session(house, ORIGIN) for _ in range(2)]
    for session in sessions:
        session.connected(now=NOW)
    sessions[0].receive(Enter(cell=HERE, work=solve("nonce1", 12)), now=NOW)
    return house, sessions[1]


def test_stranger_pays_once_and_is_in() -> None:
    _, session = crowded()
    code, error, patient = asked(session)
    assert (code, error.bits, patient, session.state) == ("work_needed", 10, True, State.NEW)
    assert asked(session, work=solve(error.nonce, error.bits))[0] == "entered"


def test_nonce_is_good_once_and_time_is_given_once() -> None:
    _, session = crowded()
    _, first, _ = asked(session)
    work = solve(first.nonce, first.bits)
    assert asked(session, work="wrong")[::2] == ("work_needed", False)
    assert asked(session, work=work)[0] == "work_needed", "a wrong answer used the nonce up"


def test_nonce_is_good_for_a_minute() -> None:
    for late_s, code in ((NONCE_GOOD_S - 0.1, "entered"), (NONCE_GOOD_S, "work_needed")):
        _, session = crowded()
        _, error, _ = asked(session)
        assert asked(session, now=NOW + late_s, work=solve(error.nonce, error.bits))[0] == code


def test_nonce_of_one_connection_is_not_good_on_another() -> None:
    house, session = crowded()
    other = Session(house, ORIGIN)
    other.connected(now=NOW)
    _, error, _ = asked(session)
    asked(other)
    assert asked(other, work=solve(error.nonce, error.bits))[0] == "work_needed"


def test_what_is_wrong_otherwise_is_said_before_any_work() -> None:
    _, session = crowded()
    assert asked(session, name="\u202e")[0] == "bad_name"
    _, error, _ = asked(session)
    work = solve(error.nonce, error.bits)
    assert asked(session, name="\u202e", work=work)[0] == "bad_name"
    assert asked(session, work=work)[0] == "entered", "and the work done is not lost"


def test_holder_of_a_token_never_pays_and_makes_room() -> None:
    stage = Stage(connections_per_address=1, work_above_connects_per_s=0)
    ann, bo = Guest(stage), Guest(stage)
    assert only(ann.ask("enter", cell=HERE), "error")["code"] == "work_needed"
    bo.lose()
    ann.enter()
    ann.lose()
    others = [Guest(stage) for _ in range(3)]
    back = ann.back()
    assert only(back.got(), "entered")
    assert stage.house.door._strangers[LOOPBACK] == len(others)
    assert only(others[0].ask("enter", cell=HERE, token="x"), "error")["code"] == "bad_token"
    assert only(others[0].ask("enter", cell=HERE), "error")["code"] == "work_needed", "a bad token is none"
    back.lose()
    for other in others:
        other.lose()
    assert not stage.house.door._strangers


# Seats that wait.

CAMPUS, ELSEWHERE = "198.51.100.1", "203.0.113.1"


def away_and_gone(stage: Stage, address: str, **fields: Any) -> list[Any]:
    """Have somebody enter, say they are away and close, as a script does that holds seats for nothing."""
    guest = stage.guest(address=address)
    came = guest.ask("enter", cell=HERE, **fields)
    guest.ask("away")
    guest.lose()
    return came


def test_seat_that_waits_counts_as_a_stranger_of_its_address_until_it_is_given_up() -> None:
    stage = Stage(connections_per_address=4, work_above_connects_per_s=0)
    for _ in range(4):
        assert only(away_and_gone(stage, CAMPUS), "entered")
    assert only(away_and_gone(stage, CAMPUS), "error")["code"] == "work_needed"
    assert only(away_and_gone(stage, ELSEWHERE), "entered"), "another address has no part in it"
    stage.pass_time(stage.house.settings.away_s)
    assert only(away_and_gone(stage, CAMPUS), "entered")


def test_seat_of_whoever_came_back_by_a_token_and_went_again_counts_too() -> None:
    stage = Stage(connections_per_address=2, work_above_connects_per_s=0)
    for _ in range(2):
        token = only(away_and_gone(stage, CAMPUS), "entered")["you"]["token"]
        away_and_gone(stage, CAMPUS, token=token)
    assert len(stage.house.identities.waiting) == 2
    assert only(away_and_gone(stage, CAMPUS), "error")["code"] == "work_needed"


def test_campus_that_loses_its_network_comes_back_whole_and_is_counted_once() -> None:
    stage = Stage(connections_per_address=3, sockets_per_address=3, work_above_connects_per_s=0)
    guests = [stage.guest(address=CAMPUS) for _ in range(3)]
    for guest in guests:
        guest.enter()
    for guest in guests:
        guest.lose()
    assert len(stage.house.identities.waiting) == 3
    newcomers = [stage.guest(address=CAMPUS) for _ in range(3)]
    assert only(newcomers[0].ask("enter", cell=HERE), "error")["code"] == "work_needed"
    back = []
    for guest in guests:
        back.append(stage.guest(address=CAMPUS))
        came = back[-1].ask("enter", cell=HERE, token=guest.token, resume={"room": guest.room, "seq": guest.seq})
        assert only(came, "entered")["resumed"]
    assert len(stage.house.identities.waiting) == 0
    assert only(newcomers[1].ask("enter", cell=HERE), "entered"), "those who are back are known, and count no more"
    for guest in (*back, *newcomers):
        guest.say("leave")
        guest.lose()
    assert not stage.house.identities.waiting._seats


@pytest.mark.parametrize("limit", ["sockets_per_address", "connections_max"])
def test_no_more_seats_wait_than_connections_may_be_open(limit: str) -> None:
    stage = Stage(**{"connections_per_address": 0, "work_above_connects_per_s": 0, limit: 3})
    honest = stage.guest(address=ELSEWHERE)
    honest.enter()
    honest.lose()
    people = stage.house.world.people
    mine = people.copy()
    for number in range(6):
        before = [id for id in people if id not in mine]
        away_and_gone(stage, CAMPUS)
        stage.check()
        after = [id for id in people if id not in mine]
        most = 3 if limit == "sockets_per_address" else 2
        assert len(after) == min(most, number + 1)
        assert set(after[:-1]) <= set(before[-(most - 1) :]), "whose seat waited longest is gone"
    assert only(honest.back().got(), "entered")["resumed"], "nobody loses their seat to the crowd of another address"


def test_seats_of_whoever_is_connected_by_several_processes_all_wait() -> None:
    stage = Stage(connections_per_address=0, work_above_connects_per_s=0, sockets_per_address=2, connections_max=2)
    stage.node.processes = lambda: 3
    for number in range(8):
        away_and_gone(stage, CAMPUS)
        assert len(stage.house.world.people) == min(6, number + 1)


# Over sockets.


async def test_our_client_does_the_work_by_itself() -> None:
    async with running(connections_per_address=1) as app:
        url = f"ws://127.0.0.1:{app.listener.port}/ws"
        async with Client(url, cell=HERE), Client(url, cell=HERE) as second, Client(url, cell=HERE) as third:
            assert second.me
            assert third.me
            assert app.node.house.door._strangers[LOOPBACK] == 3


async def test_enter_timeout_waits_for_work_and_no_longer() -> None:
    async with running(connections_per_address=1, enter_timeout_s=0.3) as app, Clients(app) as clients:
        first, second = await clients.new(), await clients.new()
        error = await second.ask("enter", "error", cell=HERE)
        await first.until_closed()
        await asyncio.sleep(0)
        room = await second.enter(work=solve(error["nonce"], error["bits"]))
        assert room["type"] == "room"


@pytest.mark.parametrize(
    "asked_for", [{"bits": 40, "nonce": "x"}, {"bits": 3}, {"nonce": "x"}, {"bits": "3", "nonce": "x"}]
)
async def test_our_client_does_no_work_beyond_the_protocol(asked_for: dict[str, Any]) -> None:
    client = Client(cell=HERE)
    with pytest.raises(Refused):
        await client._work({"type": "error", "code": "work_needed", **asked_for})
