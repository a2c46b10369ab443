"""What it takes to write a room's whole state and to go on with it: bytes, and CPU time of the rooms' own code.

In rooms of a few sizes everybody has said the same number of things. No server, no sockets, direct calls.
"""

import itertools
import json
import random
import time
from collections.abc import Callable, Iterable

import click
import msgspec

from geo import Cell
from rooms.frozen import FrozenRoom, drop, freeze, thaw
from rooms.person import Person
from rooms.room import Room
from rooms.rules import Rules
from rooms.seating import place_of
from rooms.world import World

HOME = Cell.at(40.75, -73.99, 6)
NOW = 1_700_000_000.0
TEXT = "Has anybody been to the new place by the river, is it any good?"
PEOPLE = (3, 8, 12)


class Row(msgspec.Struct, kw_only=True):
    """One size of room; µs of CPU."""

    people: int
    events: int
    bytes: int
    freeze_us: float
    encode_us: float
    decode_us: float
    thaw_us: float


def talking(people: int, said: int) -> tuple[World, Room]:
    """Return a room of that many in which each has said so much; ids are as long as on the wire."""
    ids = itertools.count(10**11)
    world = World(Rules(), rng=random.Random(1), new_id=lambda: f"{next(ids):012}")
    everybody = [Person(f"{number:024x}", HOME, name=f"Somebody {number}") for number in range(people)]
    for person in everybody:
        world.enter(person, now=NOW)
    for number in range(said):
        for person in everybody:
            room, seat = place_of(person)
            room.say(seat, TEXT, now=NOW + number, ref=f"{number}")
    return world, place_of(everybody[0])[0]


def measure(people: int, *, said: int, rounds: int) -> Row:
    """Return what each step takes in a room of that many."""
    world, room = talking(people, said)
    encoder, decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(FrozenRoom)
    freeze_us = _us_per_call(rounds, lambda: freeze(room, now=NOW))
    frozen = freeze(room, now=NOW)
    state = encoder.encode(frozen)
    drop(world, room)
    return Row(
        people=people,
        events=len(frozen.events),
        bytes=len(state),
        freeze_us=freeze_us,
        encode_us=_us_per_call(rounds, lambda: encoder.encode(frozen)),
        decode_us=_us_per_call(rounds, lambda: decoder.decode(state)),
        # In a new world each time, since a room comes but once; to make the world is part of the figure.
        thaw_us=_us_per_call(rounds, lambda: thaw(_world(), frozen, now=NOW + 6)),
    )


def _world() -> World:
    return World(Rules(), rng=random.Random(1), new_id=lambda: "new")


def _us_per_call(rounds: int, act: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(rounds):
        act()
    return round((time.process_time() - began) * 1e6 / rounds, 1)


def table(rows: Iterable[Row]) -> str:
    """Return the rows for people."""
    head = f"{'people':>6}{'events':>8}{'bytes':>8}{'freeze µs':>11}{'encode µs':>11}{'decode µs':>11}{'thaw µs':>9}\n"
    return head + "\n".join(
        f"{row.people:>6}{row.events:>8}{row.bytes:>8,}{row.freeze_us:>11.1f}{row.encode_us:>11.1f}"
        f"{row.decode_us:>11.1f}{row.thaw_us:>9.1f}"
        for row in rows
    )


@click.command(epilog="Examples:\n\n\b\n  python -m bench.frozen\n  python -m bench.frozen --said 0 --json")
@click.option("--said", type=click.IntRange(0, 1000), default=3, show_default=True, help="Messages of each.")
@click.option("--rounds", type=click.IntRange(1, 1_000_000), default=2_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def main(said: int, rounds: int, as_json: bool) -> None:
    """Measure what a room's whole state takes (some seconds for the default)."""
    rows = [measure(people, said=said, rounds=rounds) for people in PEOPLE]
    click.echo(json.dumps(msgspec.to_builtins(rows), indent=2) if as_json else table(rows))


if __name__ == "__main__":
    main()
