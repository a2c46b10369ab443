"""Reports as an operator reviews them: listed without anybody's words, shown with their evidence, closed.

Knows reports and what was sealed with them. Never does anything about whom they are about.
"""

from typing import Any

import msgspec

from server.node import Node
from server.operate.admin import requests
from server.operate.admin.audit import AuditLog
from server.operate.admin.elsewhere import Elsewhere
from server.operate.admin.requests import NotDone
from server.store.rows import Report

Json = dict[str, Any]


class Reviewing:
    """The reports of the server a node belongs to."""

    def __init__(self, node: Node, log: AuditLog) -> None:
        self._node = node
        self._house = node.house
        self._log = log

    def reports(self, request: requests.Reports, by: str, elsewhere: Elsewhere) -> Json:
        """List the open ones, or all."""
        found = self._house.reports.open()
        if request.all:
            found += [report for report in reversed(self._house.store.reports()) if report.closed_at is not None]
        return {"reports": [self._listed(report, elsewhere) for report in found]}

    def show(self, request: requests.Show, by: str, elsewhere: Elsewhere) -> Json:
        """Show one with its evidence. Raises NotDone."""
        report = self.report(request.ticket)
        evidence = self._house.reports.evidence(report.ticket)
        self._log.note(by, "show", report.ticket)
        shown = msgspec.to_builtins(evidence) if evidence is not None else None
        seal = "broken" if evidence is None else "whole"
        return {"report": self._listed(report, elsewhere), "seal": seal, "evidence": shown}

    def close(self, request: requests.Close, by: str, elsewhere: Elsewhere) -> Json:
        """Be done with one. Raises NotDone."""
        report = self.report(request.ticket)
        self._log.note(by, "close", report.ticket)
        self._house.store.close_report(report.ticket, now=self._node.clock.now())
        return {"closed": report.ticket}

    def report(self, ticket: str) -> Report:
        """Return the report of that ticket. Raises NotDone."""
        report = self._house.store.report(ticket)
        if report is None:
            raise NotDone("There is no report of that ticket: `reports --all` lists them.")
        return report

    def _listed(self, report: Report, elsewhere: Elsewhere) -> Json:
        """Return a report without anybody's words."""
        now = self._node.clock.now()
        return {
            "ticket": report.ticket,
            "against": report.against,
            "room": report.room,
            "reasons": report.reasons,
            "people": len(report.reporters),
            "times": report.times,
            "age_s": round(now - report.at),
            "last_s": round(now - report.last_at),
            "closed": report.closed_at is not None,
            "online": report.against in self._node.peers or elsewhere.has_online(report.against),
        }
