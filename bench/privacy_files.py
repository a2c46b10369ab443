"""P7: what is left of people and their words after they went, in the process and in every file of --data.

    python -m bench.privacy_files

seats people, has them talk, block, report each other, throw bottles and answer them on a server with a folder, lets
all of it end, and looks at every object that is alive in this process, and at every byte of every file: for words,
names, notes, and cells finer than the server takes. Beside it the same with one precaution left out (`secure_delete`,
emptying the write-ahead log, sealing, forgetting at all), where the look has to find something: else it would prove
nothing.
"""

import argparse
import gc
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.proofs import Finding
from geo import ALPHABET
from rooms.changes import Ended, Gone, Seated
from rooms.room import Room, Seat
from rooms.world import World
from server.acts.reporting import report as report_act
from server.answers import BottleEvent
from server.commands import AnswerBottle, Enter, Leave, Pick, Report, Say, Throw
from server.house import House
from server.outcomes import Outcome
from server.safety.identities import DAY_S
from server.session import Session
from server.settings import Settings
from server.store.rows import Block
from server.store.sealing import Seal
from server.store.sqlite import SqliteStore

BEGAN = 1_800_000_000.0
CELLS = ("dr5ru6", "dr5ru7", "dr5rue", "u33db2")
CARELESS = ("secure_delete", "truncate", "seal", "forget")
"""Precautions that a control leaves out; in each the sealing too, since what is sealed is not found anyway."""
UNLIMITED: dict[str, Any] = {"say_per_s": 0, "say_per_min": 0, "room_per_min": 0, "say_burst": 0}


class Left(NamedTuple):
    """What was found after everybody had gone."""

    in_files: list[str]
    in_memory: list[str]
    rooms: int


class _Unsealed(Seal):
    """Seals nothing: what would be on disk without sealing."""

    def seal(self, plain: bytes, *, about: str) -> bytes:
        return plain


def measure(folder: Path, *, people: int, careless: str = "", seed: int = 1) -> Left:
    """Let people come, talk, report and go in a folder, and return what is left of them.

    Args:
        careless: leave out one of CARELESS.
    """
    rng = random.Random(seed)
    before = _rooms()  # of whatever else this process does; alive, so that their ids are not given anew
    kind = _Unsealed if careless else Seal
    seal = kind(bytes(32), new_nonce=lambda: os.urandom(12))
    store = SqliteStore(folder, seal)
    if careless == "secure_delete":
        store._db.connection.execute("PRAGMA secure_delete = OFF")
    house = _house(store, seal, rng)
    marks, now = _live(house, rng, people=people)
    if careless == "truncate":
        store._db.connection.executescript(
            "DELETE FROM evidence; DELETE FROM blocks; DELETE FROM reports; DELETE FROM bottles; DELETE FROM answers;"
        )
    elif careless not in ("seal", "forget"):
        house.expire(now=now + 2 * DAY_S)
    wholes = list(_files(folder))  # before closing, which would empty the log by itself
    in_files = sorted(mark for mark in marks if any(mark.encode() in whole for whole in wholes))
    del wholes
    gc.collect()
    left = Left(in_files, _in_memory(marks), len(_rooms().keys() - before.keys()))
    store.close()
    return left


def _house(store: SqliteStore, seal: Seal, rng: random.Random) -> House:
    settings = Settings(report_ttl_s=3600, token_ttl_s=3600, new_identity_s=0, **UNLIMITED)
    ids = iter(range(1_000_000))
    world = World(settings, rng=rng, new_id=lambda: f"id{next(ids)}")
    return House(
        settings,
        world,
        key=bytes(32),
        new_identity=lambda: rng.randbytes(12),
        new_nonce=lambda: f"N{next(ids)}",
        new_ticket=lambda: f"T{next(ids)}",
        store=store,
        seal=seal,
    )


def _live(house: House, rng: random.Random, *, people: int) -> tuple[list[str], float]:
    """Play a short evening to its end, and return what may be found nowhere afterwards, and when it ended.

    A mark is always a part of what is kept, never the whole: so this list itself is not what is found.
    """
    marks: list[str] = []
    sessions: list[Session] = []
    now = BEGAN
    for number in range(people):
        session = Session(house, house.origin("192.0.2.1"))
        mark = f"{rng.getrandbits(64):016x}"
        cell = CELLS[number % len(CELLS)]
        fine = cell + "".join(rng.choices(ALPHABET, k=6))
        session.receive(Enter(cell=fine), now=now)
        _carry(house, session.receive(Enter(cell=cell, name=f"n{mark} B"), now=now), now, session)
        marks += [f"n{mark}", fine[:11]]
        sessions.append(session)
    for session in sessions:
        mark = f"w{rng.getrandbits(64):016x}"
        _carry(house, session.receive(Say(text=f"{mark} and so on"), now=now), now, session)
        marks.append(mark)
    for session in sessions:
        room, seat = session.place()
        others = [other for other in room.seats.values() if other is not seat]
        if others:
            other = rng.choice(others)
            mark = f"r{rng.getrandbits(64):016x}"
            report_act(session, Report(who=other.member.id, reason="spam", note=f"{mark} again"), now)
            marks.append(mark)
            one, two = session.identity.id, other.person.id
            block = Block(block="b", owner=one, other=two, name=other.member.name, at=now, until=now + 3600)
            house.store.add_block(block)
    marks += _drift(house, sessions, rng, now)
    for number, session in enumerate(sessions):
        if number % 2:
            session.disconnected(now=now)
        else:
            _carry(house, session.receive(Leave(), now=now), now, session)
    while house.world.deadline is not None:
        now = max(now, house.world.deadline)
        for change in house.world.tick(now=now):
            _carry(house, [change], now)
    return marks, now


def _drift(house: House, sessions: list[Session], rng: random.Random, now: float) -> list[str]:
    """Have everybody throw a bottle, and pick and answer one; return their marks."""
    marks = []
    for session in sessions:
        marks.append(f"b{rng.getrandbits(64):016x}")
        session.receive(Throw(text=f"{marks[-1]} in a bottle"), now=now)
    for session in sessions:
        for event in session.receive(Pick(), now=now):
            if isinstance(event, BottleEvent):
                marks.append(f"a{rng.getrandbits(64):016x}")
                answer = AnswerBottle(bottle=event.bottle, text=f"{marks[-1]} in return")
                _carry(house, session.receive(answer, now=now), now, session)
    return marks


def _carry(house: House, outcome: Outcome, now: float, session: Session | None = None) -> None:
    """Do what the shell does with the rooms' changes, as far as it keeps or forgets anything."""
    for what in outcome:
        match what:
            case Ended(room):
                house.room_ended(room, now=now)
            case Gone(person):
                house.identities.went(person.id, now=now)
            case Seated() if session is not None and what.person is session.person:
                session.room_event(what, now=now)


def _files(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def _rooms() -> dict[int, object]:
    """Return every room and seat that is alive, by its id."""
    # By `type`, here and below: of a dead weak reference `isinstance` asks whom it stood for.
    return {id(one): one for one in gc.get_objects() if type(one) in (Room, Seat)}


def _in_memory(marks: Iterable[str]) -> list[str]:
    """Return the marks that are a part of any text that is alive."""
    wanted = set(marks)
    whole = "\n".join(text for text in _texts() if text not in wanted)
    return sorted(mark for mark in wanted if mark in whole)


def _texts() -> set[str]:
    """Return every text that any object holds, those included that the garbage collector does not watch."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting = gc.get_objects()
    while waiting:
        for held in gc.get_referents(waiting.pop()):
            if issubclass(type(held), str):
                found.add(held)
            elif issubclass(type(held), bytes):
                found.add(held.decode("latin-1"))
            elif not gc.is_tracked(held) and id(held) not in seen:
                seen.add(id(held))
                waiting.append(held)
    return found


def is_as_it_should(left: Left, careless: str) -> bool:
    """Tell whether nothing is left, or of a control: whether the look found what it should."""
    if careless:
        return bool(left.in_files) and (careless != "forget" or bool(left.in_memory))
    return not (left.in_files or left.in_memory or left.rooms)


def measure_p7(*, people: int, seed: int, tell: Callable[[str], None]) -> list[Finding]:
    """Return how much is left of so many people, and how much without each of the precautions."""
    findings = []
    for careless in ("", *CARELESS):
        with tempfile.TemporaryDirectory() as folder:
            left = measure(Path(folder), people=people, careless=careless, seed=seed)
        what = (
            f"control, without {careless}: the same" if careless else "words, names, notes, fine cells found afterwards"
        )
        found = len(left.in_files) + len(left.in_memory) + left.rooms
        findings.append(Finding("P7", what, found, "> 0" if careless else "0", is_as_it_should(left, careless)))
        tell(f"P7: {what}: {found}")
    return findings


def main() -> None:
    """Measure, print, and end with status 1 if anything was left, or a control found nothing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=400)
    people = parser.parse_args().people
    is_good = True
    print(f"{people} people came, talked, blocked, reported and went")
    for careless in ("", *CARELESS):
        with tempfile.TemporaryDirectory() as folder:
            left = measure(Path(folder), people=people, careless=careless)
        name = f"without {careless}" if careless else "as it is"
        print(
            f"{name:<22} in files {len(left.in_files):>5}   in memory {len(left.in_memory):>5}   rooms {left.rooms:>5}"
        )
        is_good &= is_as_it_should(left, careless)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
