"""Swarms in this process or in several, seen as one: their reports merged, their rooms settled together.

Knows processes and pipes. Never knows what a swarm does, nor the terminal. With one process the swarm runs right
here; with more, each is spawned (not forked: nothing of this one is to leak into them) and reports twice a second.
A room in which people of several processes sit can only be judged when all have told what they saw.
"""

import asyncio
import contextlib
import dataclasses
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Protocol

from client_demo.accounting.accounts import RoomAccount, Verdict
from client_demo.crowd.swarm import Plan, Report, Swarm
from client_demo.loop import run_loop
from client_demo.machine import raise_descriptor_limit

REPORT_EVERY_S = 0.5
# Reports for which the account of a room where nobody sits any more is kept, for those who tell later.
KEPT_FOR = 8


class Hand(Protocol):
    """A swarm at work somewhere."""

    report: Report

    def refresh(self) -> None:
        """Bring `report` up to date."""

    def stop(self) -> None:
        """Ask it to finish; its last report is final."""


class LocalHand:
    """A swarm in this very process."""

    def __init__(self, plan: Plan) -> None:
        self._swarm = Swarm(plan)
        self._task = asyncio.create_task(self._swarm.run())
        self.report = Report()

    def refresh(self) -> None:
        if self._task.done() and not self.report.is_final:
            self._task.result()
            self.report = self._swarm.report(is_final=True)
        elif not self.report.is_final:
            self.report = self._swarm.report()

    def stop(self) -> None:
        self._swarm.stop()


class RemoteHand:
    """A swarm in a process of its own."""

    def __init__(self, plan: Plan, descriptors: int, on_report: Callable[[Report], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(plan, descriptors, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._on_report = on_report
        self.report = Report()

    def refresh(self) -> None:
        try:
            while self._pipe.poll():
                self.report = self._pipe.recv()
                self._on_report(self.report)
        except (EOFError, OSError):
            self._lost()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe.send("stop")

    def _lost(self) -> None:
        if not self.report.is_final:
            self._process.join()
            self.report.troubles[f"a process died ({self._process.exitcode})"] += 1
            self.report.is_final, self.report.has_entered = True, True


class Crew:
    """All swarms of a run."""

    def __init__(self, plan: Plan, processes: int, *, descriptors: int) -> None:
        self._hands: list[Hand]
        self._accounts: dict[str, tuple[RoomAccount, int]] = {}
        self._settled = Verdict()
        self._rounds = 0
        if processes == 1:
            self._hands = [LocalHand(plan)]
        else:
            parts = (dataclasses.replace(plan, part=part, parts=processes) for part in range(processes))
            self._hands = [RemoteHand(part, descriptors, self._merge) for part in parts]

    def stop(self) -> None:
        """Ask every swarm to finish."""
        for hand in self._hands:
            hand.stop()

    def refresh(self) -> Report:
        """Return what all have come to so far; the final report is settled."""
        self._rounds += 1
        for hand in self._hands:
            hand.refresh()
        whole = _sum([hand.report for hand in self._hands])
        if whole.is_final:
            for report in (hand.report for hand in self._hands):
                self._merge(report)
        self._settle(everything=whole.is_final)
        whole.figures.settled.add(self._settled)
        return whole

    def _merge(self, report: Report) -> None:
        for account in report.parted:
            kept = self._accounts.get(account.room)
            if kept is not None:
                kept[0].merge(account)
            self._accounts[account.room] = (kept[0] if kept else account, self._rounds)
        report.parted = []

    def _settle(self, *, everything: bool) -> None:
        for room, (account, told_at) in list(self._accounts.items()):
            if everything or (self._rounds - told_at > KEPT_FOR and account.is_over()):
                self._settled.add(account.settle())
                del self._accounts[room]


def _sum(reports: list[Report]) -> Report:
    whole = Report(has_entered=all(report.has_entered for report in reports))
    whole.is_final = all(report.is_final for report in reports)
    for report in reports:
        whole.figures.add(report.figures)
        whole.seated += report.seated
        whole.unsaid += report.unsaid
        whole.rooms |= report.rooms
        whole.rooms_seen |= report.rooms_seen
        whole.troubles.update(report.troubles)
        whole.breaks.update(report.breaks)
        whole.acts.update(report.acts)
    return whole


def _work(plan: Plan, descriptors: int, pipe: Connection) -> None:
    # Ctrl-C goes to every process of the terminal; the first one tells the others in good time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_descriptor_limit(descriptors)
    run_loop(lambda: _report_while_running(Swarm(plan), pipe))


async def _report_while_running(swarm: Swarm, pipe: Connection) -> None:
    """Run the swarm until told to stop, or until nobody listens to the reports any more."""
    running = asyncio.create_task(swarm.run())
    while not running.done():
        await asyncio.wait([running], timeout=REPORT_EVERY_S)
        try:
            if pipe.poll():
                pipe.recv()
                swarm.stop()
            if not running.done():
                pipe.send(swarm.report())
        except (EOFError, OSError):
            swarm.stop()
            break
    await running
    with contextlib.suppress(OSError):
        pipe.send(swarm.report(is_final=True))
