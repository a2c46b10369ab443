"""Whether everybody got what was promised: no acknowledged word lost or doubled, one history for each room, one host.

Pure: values in, what did not hold out. It is as strict as docs/PROTOCOL.md is to servers, and knows nothing of how
they keep it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from tests.chaos.figures import all_figures
from tests.chaos.history import Entry, Fault, Heard, History, Violation
from tests.chaos.sittings import MOVED, Sitting, outages, sittings_of, waits

GRACE_S = 30.0
"""A seat waits so long for a lost connection: `resume_grace_s`."""

BACK_S = 10.0
"""Everybody sits again, and every word is acknowledged, so long after the last fault at most."""

NEARLY_S = 1.0
"""Between a thing and its being seen here."""

RELAYED_S = 0.05
"""By so much later than another at most does somebody see what happened first, whom another node relays it to."""


def check(
    histories: Mapping[int, History],
    entries: Iterable[Entry] = (),
    faults: Iterable[Fault] = (),
    *,
    leeway_s: float = 0.0,
    is_everybody: bool = False,
    was_slow: Callable[[float, float], bool] = lambda began, ended: False,
) -> list[Violation]:
    """Return what did not hold.

    Args:
        histories: person's number → what they saw, to a quiet end.
        entries: of the rooms' logs, as they were seen in Redis, in any order and as often as one likes.
        leeway_s: whatever was promised to take some time may take so much more, on a machine shared with others.
        is_everybody: nobody else was there, and at the end all sit: each of them in one seat.
        was_slow: tells whether the machine did not keep up at that time, so that a pause says nothing of the servers.
    """
    found: list[Violation] = []
    faults = list(faults)
    rooms: dict[str, list[Sitting]] = defaultdict(list)
    for who, history in histories.items():
        sittings, wrong = sittings_of(who, history)
        found += wrong
        for sitting in sittings:
            rooms[sitting.room].append(sitting)
    for room, sittings in rooms.items():
        story, wrong = _agree(room, sittings)
        found += wrong
        found += _once(room, story)
        found += _reached(room, story, sittings)
        found += _seats(story, sittings, faults)
        if is_everybody:
            found += _company(room, sittings)
    found += _one_room_each(rooms)
    found += _one_host(entries)
    found += _in_time(histories, faults, BACK_S + leeway_s)
    found += _pauses(histories, faults, leeway_s, was_slow)
    return found


def _agree(room: str, sittings: list[Sitting]) -> tuple[dict[int, Heard], list[Violation]]:
    """Return what the room's numbers stand for, and where members do not agree on that."""
    story: dict[int, Heard] = {}
    teller: dict[int, int] = {}
    wrong = []
    for sitting in sittings:
        for seq, heard in sitting.heard.items():
            known = story.setdefault(seq, heard)
            first = teller.setdefault(seq, sitting.who)
            if known.what != heard.what:
                text = f"{seq} is {known.what} to {first} and {heard.what} to {sitting.who}"
                wrong.append(Violation("agree", text, room, (first, sitting.who)))
    return story, wrong


def _once(room: str, story: dict[int, Heard]) -> Iterator[Violation]:
    """A word stands under one number."""
    numbers: dict[str, int] = {}
    for seq, heard in sorted(story.items()):
        if heard.word and numbers.setdefault(heard.word, seq) != seq:
            yield Violation("doubled", f"{heard.word} stands under {numbers[heard.word]} and {seq}", room)


def _reached(room: str, story: dict[int, Heard], sittings: list[Sitting]) -> Iterator[Violation]:
    """An acknowledged word was heard by everybody who sat there from before it until the end.

    At a window's end its people go one after the other, and nobody who still sits there is told of it.
    """
    left = {heard.left: seq for seq, heard in sorted(story.items()) if heard.left}
    for speaker in sittings:
        for ack in speaker.acknowledged:
            known = story.get(ack.seq)
            if known is None or known.word != ack.word:
                text = f"{ack.word} was acknowledged as {ack.seq}, which is {known.what if known else 'nothing'}"
                yield Violation("lost", text, room, (speaker.who,))
            for sitting in sittings:
                is_due = sitting.is_whole and sitting.first < ack.seq < left.get(sitting.me, ack.seq + 1)
                end = sitting.ended_by
                is_due &= not (end is not None and end.why == "window" and end.at < ack.at + RELAYED_S)
                if is_due and ack.seq not in sitting.heard:
                    text = f"{sitting.who} never heard {ack.word}, acknowledged as {ack.seq}"
                    yield Violation("lost", text, room, (speaker.who, sitting.who))


def _seats(story: dict[int, Heard], sittings: list[Sitting], faults: list[Fault]) -> Iterator[Violation]:
    """Who comes back has the same seat, unless the rooms' rules gave them another meanwhile.

    A node that is cut off at a window's end seats its own people anew, and so do the others, for whom they are lost: of
    the two seats theirs holds.
    """
    gone = {heard.left: heard for heard in story.values() if heard.left}
    for sitting in sittings:
        back = sitting.ended_by
        if back is None or not back.is_back or _was_seated_alone(sitting, faults):
            continue
        away_s = back.at - (sitting.lost_at if sitting.lost_at is not None else back.at)
        was_moved = back.why in MOVED or (sitting.me in gone and gone[sitting.me].why == "moved")
        if not was_moved and away_s < GRACE_S and back.at < sitting.closes_at - NEARLY_S:
            text = f"{sitting.who} was away for {away_s:.1f} s and has another seat: {back.why}"
            yield Violation("seat", text, sitting.room, (sitting.who,))


def _was_seated_alone(sitting: Sitting, faults: list[Fault]) -> bool:
    """Tell whether a window's end gave them that seat at a node that the others could not ask then."""
    sat = sitting.sat
    return sat.why == "window" and any(
        sat.port in fault.ports and fault.at <= sat.at <= fault.until + NEARLY_S for fault in faults
    )


def _company(room: str, sittings: list[Sitting]) -> Iterator[Violation]:
    """Whoever sits there at the end is told of all the others, and of nobody who sits elsewhere or nowhere."""
    last = [sitting for sitting in sittings if sitting.ended_by is None and sitting.is_whole]
    here = {sitting.me for sitting in last}
    for sitting in last:
        if sitting.members != here:
            unseen, ghosts = sorted(here - sitting.members), sorted(sitting.members - here)
            yield Violation("seated", f"{sitting.who} is told of {ghosts}, and not of {unseen}", room, (sitting.who,))


def _one_room_each(rooms: Mapping[str, list[Sitting]]) -> Iterator[Violation]:
    """A word is said in one room."""
    where: dict[str, str] = {}
    for room, sittings in rooms.items():
        for sitting in sittings:
            for heard in sitting.heard.values():
                if heard.word and where.setdefault(heard.word, room) != room:
                    yield Violation("doubled", f"{heard.word} was said in {where[heard.word]} too", room)
                    return


def _one_host(entries: Iterable[Entry]) -> Iterator[Violation]:
    """Each epoch of a room's log is one node's, and nothing in it is ever written over."""
    hosts: dict[tuple[str, int], str] = {}
    bodies: dict[tuple[str, int, int], int] = {}
    for entry in entries:
        host = hosts.setdefault((entry.room, entry.epoch), entry.node)
        if host != entry.node:
            text = f"epoch {entry.epoch} is of {host} and of {entry.node}"
            yield Violation("host", text, entry.room)
        elif bodies.setdefault((entry.room, entry.epoch, entry.n), entry.digest) != entry.digest:
            yield Violation("host", f"{entry.epoch}-{entry.n} was written twice", entry.room)


def _in_time(histories: Mapping[int, History], faults: list[Fault], back_s: float) -> Iterator[Violation]:
    """Everybody sits and is heard again soon after what was done to the servers."""
    for who, history in histories.items():
        for began, ended in outages(history):
            if ended - _blameless(began, ended, faults) > back_s:
                yield Violation("late", f"{who} had no seat for {ended - began:.1f} s", who=(who,))
        for began, ended, room in waits(history):
            if ended - _blameless(began, ended, faults) > back_s:
                yield Violation("late", f"a word of {who} waited for {ended - began:.1f} s", room, (who,))


def _pauses(
    histories: Mapping[int, History],
    faults: list[Fault],
    leeway_s: float,
    was_slow: Callable[[float, float], bool],
) -> Iterator[Violation]:
    """Words of those whom a fault does not concern directly wait no longer for it than was promised."""
    for each in all_figures(faults, histories):
        fault = each.fault
        is_late = fault.pause_s and each.pause_s > fault.pause_s + leeway_s
        if is_late and not was_slow(fault.at, fault.at + each.pause_s):
            yield Violation("pause", f"{fault.what}: a word of the others waited for {each.pause_s:.1f} s")


def _blameless(began: float, ended: float, faults: list[Fault]) -> float:
    """Return from when on the servers could have mended it: the end of the last fault within it, or its own begin."""
    return max([began, *(min(fault.until, ended) for fault in faults if fault.at <= ended and fault.until >= began)])
