"""docs/vectors.json holds: a real server answers every vector, in both wire formats, and our client plays its own.

All vectors of a run are played at once, since each has a region of its own; every test
then tells how one of them went. Vectors about time take seconds, so the whole does too.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from itertools import combinations

import pytest

from geo import Cell, cell_distance_m
from server.codes import CLOSE_CODES, ERROR_CODES
from server.messages import PROTOCOL, wire_name
from server.operate.asyncapi import MESSAGES
from tests.client_vector_player import ClientPlayer
from tests.live_server import LiveServer, live_server
from tests.vector_patterns import Names, mismatch
from tests.vector_player import SUBPROTOCOLS, VECTORS, Player, Vector, Where, load

SERVER_VECTORS = {vector.name: vector for vector in load().server}
CLIENT_VECTORS = {vector.name: vector for vector in load().client}
WIRES = tuple(SUBPROTOCOLS)
APART_M = 50_000
"""Farther than any room without `far` reaches, so that nobody of one vector is seated with somebody of another."""

AT_ONCE = 24
"""Vectors played at the same moment: enough to overlap their waiting, few enough for a slow machine."""

VECTOR_S = 40.0
"""The longest a vector may take; those about windows take some six seconds."""

Case = tuple[str, str]
CASES: list[Case] = [
    (vector.name, wire) for vector in SERVER_VECTORS.values() for wire in WIRES if vector.wire in ("", wire)
]
Outcomes = dict[Case, BaseException | None]


async def play_all(cases: list[Case]) -> Outcomes:
    """Play the cases against as many servers as they need, one for each set of settings and wire format."""
    sets = load().settings
    needed = {(SERVER_VECTORS[name].settings, wire) for name, wire in cases}
    # A server to bring a foreign token from: any other one, since each has a secret of its own.
    needed |= {("default", "json"), ("default", "msgpack")}
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.TaskGroup() as starting:
            started = {
                which: starting.create_task(stack.enter_async_context(live_server(sets[which[0]])))
                for which in sorted(needed)
            }
        servers = {which: task.result() for which, task in started.items()}
        turn = asyncio.Semaphore(AT_ONCE)
        outcomes = await asyncio.gather(*(_play(name, wire, servers, turn) for name, wire in cases))
    return dict(zip(cases, outcomes, strict=True))


async def _play(
    name: str, wire: str, servers: dict[tuple[str, str], LiveServer], turn: asyncio.Semaphore
) -> BaseException | None:
    vector = SERVER_VECTORS[name]
    here = servers[vector.settings, wire]
    other = next(server for server in servers.values() if server is not here)
    async with turn:
        try:
            async with asyncio.timeout(VECTOR_S):
                await Player(vector, Where((here.port,), other.port, wire)).play()
        except Exception as exc:
            return exc
    return None


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Outcomes:
    """How each vector went that this run was asked for."""
    params = [getattr(item, "callspec", None) for item in request.session.items]
    asked = {spec.params["case"] for spec in params if spec is not None and "case" in spec.params}
    return asyncio.run(play_all([case for case in CASES if case in asked]))


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_server_answers_as_the_vector_says(outcomes: Outcomes, case: Case) -> None:
    failure = outcomes[case]
    if failure is not None:
        raise failure


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", CLIENT_VECTORS)
async def test_our_client_does_as_the_vector_says(name: str, wire: str) -> None:
    async with asyncio.timeout(60):
        await ClientPlayer(CLIENT_VECTORS[name], wire).play()


# The vectors themselves


def test_names_are_unique() -> None:
    assert len(SERVER_VECTORS) == len(load().server)
    assert len(CLIENT_VECTORS) == len(load().client)


def test_vectors_are_of_the_protocol_that_is_spoken() -> None:
    assert load().protocol == PROTOCOL


def test_every_vector_names_settings_that_are_there_and_uses_all_of_them() -> None:
    assert {vector.settings for vector in SERVER_VECTORS.values()} == set(load().settings)


def test_people_of_different_vectors_can_never_meet() -> None:
    places = {name: next(iter(_cells(vector)), None) for name, vector in SERVER_VECTORS.items()}
    cells = [cell for cell in places.values() if cell is not None]
    assert len(cells) > 50
    for one, other in combinations(cells, 2):
        assert cell_distance_m(one, other) > APART_M


def test_every_command_event_and_code_of_a_session_occurs() -> None:
    text = VECTORS.read_text()
    for message in MESSAGES:
        assert f'"type": "{wire_name(message)}"' in text
    for code in ERROR_CODES:
        assert f'"code": "{code}"' in text


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1009, 4002, 4502, 4503])
def test_every_close_that_a_client_can_bring_about_occurs(code: int) -> None:
    assert code in CLOSE_CODES
    assert f'{{"closed": {code}}}' in VECTORS.read_text()


def _cells(vector: Vector) -> Iterator[Cell]:
    """Yield the cells that people of the vector get a seat in."""
    yield from map(Cell, vector.seated.values())
    for step in vector.steps:
        seats = any(event.get("type") == "entered" for event in step.expect)
        if seats and step.send is not None:
            yield Cell(step.send["cell"])


# The language of their patterns, without which they could not fail


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (1, 2),
        (True, 1),
        (1, True),
        (None, 0),
        ("a", ["a"]),
        ({"a": 1}, {}),
        ({"a": 1}, [1]),
        ([1], [1, 2]),
        ({"a": {"$": "absent"}}, {"a": None}),
        ({"a": {"$": "any"}}, {}),
        ({"$": "int"}, 1.5),
        ({"$": "int"}, True),
        ({"$": "number"}, "1"),
        ({"$": "string", "from": 1}, ""),
        ({"$": "int", "from": 1, "to": 3}, 4),
        ({"$not": 1}, 1),
        ({"$among": [1, 2]}, 3),
        ({"$set": [1, 2]}, [1, 1]),
        ({"$set": [1, 2]}, [1, 2, 3]),
        ({"$ref": "seen"}, "other"),
        ({"$bind": "x", "is": {"$": "string"}}, 1),
        ({"$work": ["nonce", 16]}, "1"),
        ({"$work": ["nonce", 1]}, 1),
    ],
)
def test_pattern_refuses_what_is_not_as_it_says(pattern: object, value: object) -> None:
    assert mismatch(pattern, value, {"seen": "this"})


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"$": "absent"}}, {"b": 1}),
        ({"$set": [{"id": {"$ref": "seen"}}, {"id": 2}]}, [{"id": 2}, {"id": "this"}]),
        ({"$not": {"$among": [1, 2]}}, 3),
        (1.0, 1),
        ({"$work": ["nonce", 1]}, "2"),
    ],
)
def test_pattern_takes_what_is_as_it_says(pattern: object, value: object) -> None:
    assert not mismatch(pattern, value, {"seen": "this"})


def test_pattern_binds_only_what_it_takes() -> None:
    names: Names = {}
    assert not mismatch({"id": {"$bind": "id", "is": {"$": "int"}}}, {"id": 7}, names)
    assert mismatch({"id": {"$bind": "other", "is": {"$": "int"}}}, {"id": "7"}, names)
    assert names == {"id": 7}
