"""The changes that a world returns: in their order, true at their moment, and the same for the same seed."""

import os
import subprocess
import sys
from pathlib import Path

from rooms.changes import Ended, Gone, Published, Seated, Unseated
from rooms.events import Joined, Waiting
from rooms.whys import SENTENCES
from tests.worlds import HOME, Scene, beside, busy_evening, digest

ROOT = Path(__file__).parent.parent


def test_who_sits_down_hears_first_of_their_room_and_then_of_waiting() -> None:
    scene = Scene()
    for number in range(60):
        scene.enter(beside(HOME, north=number % 9, east=number % 7))
        scene.wait(17)
    seated: set[str] = set()
    for change in scene.trace:
        match change:
            case Seated(room=room):
                seated.add(room.id)
            case Published(room, Waiting()):
                assert room.id in seated
            case Ended(room):
                seated.discard(room.id)


def test_changes_hold_what_was_true_at_their_moment() -> None:
    scene = Scene()
    ann = scene.enter(name="Ann")
    first = next(change for change in scene.trace if isinstance(change, Seated))
    scene.enter(name="Bo")
    scene.rename(ann, "Zoe")
    assert [member.name for member in first.members] == ["Ann"]
    assert first.seq == 1


def test_every_reason_given_has_a_sentence() -> None:
    scene = Scene()
    busy = [*scene.enter_many(9), *(scene.enter(beside(HOME, north=n, east=4)) for n in range(0, 40, 4))]
    scene.enter_apart(beside(HOME, north=99), beside(HOME, north=104))
    scene.wait(400)
    scene.next(busy[0])
    scene.wait(1800)
    codes = {change.why.code for change in scene.trace if isinstance(change, Seated)}
    codes |= {
        change.event.why_code
        for change in scene.trace
        if isinstance(change, Published) and isinstance(change.event, Waiting)
    }
    assert {"first_here", "near", "outward", "window", "alone", "few"} <= codes <= SENTENCES.keys()


def test_the_same_seed_seats_the_same_and_another_seed_otherwise() -> None:
    assert busy_evening(1) == busy_evening(1)
    assert busy_evening(1) != busy_evening(2)


def test_seating_does_not_depend_on_how_this_process_hashes() -> None:
    script = "from tests.worlds import busy_evening; print(busy_evening(3))"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "1", "4711")
    ]
    digests = {run.communicate()[0].strip() for run in runs}
    assert all(run.returncode == 0 for run in runs)
    assert digests == {busy_evening(3)}


def test_digest_tells_changes_apart() -> None:
    scene = Scene()
    scene.enter_many(3)
    assert digest(scene.trace) != digest(scene.trace[:-1]) != digest(scene.trace[:-2])
    assert {Gone, Unseated, Joined}.isdisjoint(map(type, scene.trace))
