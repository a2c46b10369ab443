"""How long people were without a seat and words without an answer, after each fault."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest

import msgspec

from tests.chaos.history import Acknowledged, Fault, Heard, History, Lost
from tests.chaos.sittings import outages, port_at, waits

AFTER_S = 30.0
"""What comes later than that after a fault is none of its."""


class Figures(msgspec.Struct, frozen=True):
    """After one fault, in seconds; 0 where there was none.

    Attributes:
        back: how many of the nodes' own people came back, and of the others.
        back_s: the longest that one of those connected to the nodes concerned had no seat, from the fault on.
        others_back_s: the same of all others.
        pause_s: the longest that a word of the others waited for its acknowledgement.
    """

    fault: Fault
    back: int
    others_back: int
    back_s: float
    others_back_s: float
    pause_s: float


def figures_of(fault: Fault, histories: Mapping[int, History], *, until: float) -> Figures:
    """Return what followed from a fault, up to the next one."""
    own, others, pauses = [0.0], [0.0], [0.0]
    end = min(until, fault.until + AFTER_S)
    for history in histories.values():
        is_own = port_at(history, fault.at) in fault.ports
        for began, ended in outages(history):
            if fault.at <= began < end:
                (own if is_own else others).append(ended - max(began, fault.at))
        for began, ended, _ in waits(history):
            # Over the next fault's begin a wait is that one's, and of those whom that one concerns.
            if fault.at <= ended <= until and began < end and not is_own:
                pauses.append(ended - max(began, fault.at))
    return Figures(fault, len(own) - 1, len(others) - 1, max(own), max(others), max(pauses))


def counts(histories: Mapping[int, History]) -> tuple[int, int, int]:
    """Return words acknowledged, events heard, connections lost."""
    records = [record for history in histories.values() for record in history]
    return tuple(sum(isinstance(each, kind) for each in records) for kind in (Acknowledged, Heard, Lost))  # type: ignore[return-value]


def all_figures(faults: list[Fault], histories: Mapping[int, History]) -> Iterator[Figures]:
    """Give the figures of each fault in turn."""
    for fault, following in zip_longest(faults, faults[1:]):
        yield figures_of(fault, histories, until=following.at if following is not None else float("inf"))
