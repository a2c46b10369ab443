"""Reports: one open ticket for whoever was reported in one room, however often and by however many.

Pure: keeps them in the store it is given, the evidence sealed. Never tells anybody that somebody else reported too.
"""

from collections import Counter
from collections.abc import Callable
from itertools import chain

import msgspec

from server.safety.evidence import NOTES_MAX, Evidence, Note, read, with_more
from server.store.rows import Report
from server.store.sealing import Seal, SealBroken
from server.store.store import Store

REPORTS_MAX = 2000
"""Kept at once, 130 MB with full evidence. Beyond, closed ones go first, then those that fewest people made, of whom
each counts for a part of a person by how many they made: nobody pushes out others' by making many."""
REPORTERS_MAX = 100
"""Remembered for one report; more people than ever sat in one room."""
TIMES_MAX = 1_000_000
"""Reports counted on one ticket."""


class Reports:
    """All reports of one server.

    Attributes:
        new_ticket: gives a short text that nobody guesses.
    """

    def __init__(self, store: Store, seal: Seal, *, ttl_s: float, new_ticket: Callable[[], str]) -> None:
        self._store = store
        self._seal = seal
        self._ttl_s = ttl_s
        self.new_ticket = new_ticket
        self._noted: dict[str, set[int]] = {}

    def known(self, room: str, against: str, note: Note) -> Report | None:
        """Return the open report that this note adds nothing to, or None.

        So that whoever reports the same over and over costs a look-up, and neither a seal nor a write.
        """
        report = self._store.open_report(room, against)
        if report is None or note.by not in report.reporters:
            return None
        noted = self._noted.get(report.ticket, set())
        return report if len(noted) >= NOTES_MAX or _mark(note) in noted else None

    def file(self, *, room: str, against: str, by: str, evidence: Evidence, now: float, counts: bool = False) -> Report:
        """Keep a report: as a new ticket, or with the open one about the same. Returns it as it stands.

        Args:
            against: an identity, or "" for the room as a whole.
            evidence: as frozen now, with the one note of this report.
            counts: whether the reporter counts toward holding somebody's bottles.
        """
        [note] = evidence.notes
        old = self._open(room, against)
        if old is None:
            self._make_room()
            report = Report(
                ticket=self.new_ticket(),
                room=room,
                against=against,
                reasons=(note.reason,),
                reporters=(by,),
                times=1,
                at=now,
                last_at=now,
                until=now + self._ttl_s,
                counted=(by,) if counts else (),
            )
            return self._keep(report, evidence)
        known = self.evidence(old.ticket)
        report = msgspec.structs.replace(
            old,
            reasons=tuple(dict.fromkeys((*old.reasons, note.reason))),
            reporters=tuple(dict.fromkeys((*old.reporters, by)))[:REPORTERS_MAX],
            times=min(old.times + 1, TIMES_MAX),
            last_at=now,
            until=now + self._ttl_s,
            counted=tuple(dict.fromkeys((*old.counted, by)))[:REPORTERS_MAX] if counts else old.counted,
        )
        return self._keep(report, with_more(known, evidence) if known is not None else evidence)

    def evidence(self, ticket: str) -> Evidence | None:
        """Return the evidence of a report, None if its seal is broken or there is none."""
        sealed = self._store.evidence(ticket)
        if sealed is None:
            return None
        try:
            return read(self._seal.unseal(sealed, about=_about(ticket)))
        except (SealBroken, ValueError):
            return None

    def counted_of(self, against: str, *, places: str) -> set[str]:
        """Return who counts of those who made the open reports of an identity in places whose names begin so."""
        return {
            reporter
            for report in self._store.reports()
            if report.closed_at is None and report.against == against and report.room.startswith(places)
            for reporter in report.counted
        }

    def reported_in(self, place: str) -> str:
        """Return who an open report of that place is against, "" if there is none."""
        return next(
            (report.against for report in self._store.reports() if report.room == place and report.closed_at is None),
            "",
        )

    def open(self) -> list[Report]:
        """Return the open reports: those that most people made first, then the oldest."""
        waiting = [report for report in self._store.reports() if report.closed_at is None]
        return sorted(waiting, key=lambda report: (-len(report.reporters), report.at))

    def _keep(self, report: Report, evidence: Evidence) -> Report:
        self._store.put_report(report, self._seal.seal(evidence.to_bytes(), about=_about(report.ticket)))
        self._noted[report.ticket] = {_mark(note) for note in evidence.notes}
        if len(self._noted) > REPORTS_MAX:
            del self._noted[next(iter(self._noted))]
        return report

    def _open(self, room: str, against: str) -> Report | None:
        return self._store.open_report(room, against)

    def _make_room(self) -> None:
        kept = self._store.reports()
        if len(kept) >= REPORTS_MAX:
            made = Counter(chain.from_iterable(report.reporters for report in kept))
            shares = {report.ticket: sum(1 / made[by] for by in report.reporters) for report in kept}
            last = min(kept, key=lambda report: (report.closed_at is None, shares[report.ticket], report.at))
            self._store.remove_report(last.ticket)


def _mark(note: Note) -> int:
    """Return what a note is known again by, without its words."""
    return hash((note.by, note.reason, note.text, note.seq))


def _about(ticket: str) -> str:
    return f"report {ticket}"
