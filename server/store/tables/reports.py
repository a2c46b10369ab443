"""Reports: by ticket, those that are open also by what they are about; and the sealed evidence of each."""

from collections.abc import Iterator

import msgspec

from server.store.rows import Report
from server.store.tables.table import Table, Watcher


class ReportTable(Table[Report]):
    """Reports, by ticket.

    Attributes:
        evidence: of those whose evidence is in memory, by ticket too; it goes with its report.
    """

    def __init__(self, watcher: Watcher) -> None:
        super().__init__(watcher)
        self.evidence: dict[str, bytes] = {}
        self._reports: dict[str, Report] = {}
        self._open: dict[tuple[str, str], str] = {}

    def __iter__(self) -> Iterator[Report]:
        """Yield every report."""
        return iter(self._reports.values())

    def get(self, *key: str) -> Report | None:
        """Return the report of that ticket."""
        [ticket] = key
        return self._reports.get(ticket)

    def put(self, row: Report) -> None:
        """Keep a report, in place of an earlier state of the same ticket."""
        self._shut(row)
        self._reports[row.ticket] = row
        if row.closed_at is None:
            self._open[row.room, row.against] = row.ticket
        self._watcher.held(row)

    def drop(self, row: Report) -> None:
        """Forget a report that is here, and its evidence."""
        del self._reports[row.ticket]
        self.evidence.pop(row.ticket, None)
        self._shut(row)
        self._watcher.gone(row)

    def open(self, room: str, against: str) -> Report | None:
        """Return the open report about an identity ("": about everybody) in a room."""
        ticket = self._open.get((room, against))
        return self._reports[ticket] if ticket is not None else None

    def by(self, identity: str) -> list[Report]:
        """Return the reports that somebody made, alone or with others."""
        return [report for report in self if identity in report.reporters]

    def _shut(self, report: Report) -> None:
        """Know a ticket open no more, unless another one about the same is."""
        if self._open.get((report.room, report.against)) == report.ticket:
            del self._open[report.room, report.against]


def without(report: Report, identity: str) -> Report:
    """Return the report as it is once this reporter is forgotten."""
    reporters, counted = (
        tuple(reporter for reporter in reporters if reporter != identity)
        for reporters in (report.reporters, report.counted)
    )
    return msgspec.structs.replace(report, reporters=reporters, counted=counted)
