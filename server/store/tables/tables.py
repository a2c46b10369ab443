"""All tables, and what crosses them: what is forgotten with an identity, and what is when its time is over."""

from collections.abc import Iterator
from typing import Any

import msgspec

from server.store.rows import Ban, Block, Bottle, BottleAnswer, Ended, Mark, Notice, Report, Row, Standing, Switch, Tie
from server.store.tables.audit import AuditEntries
from server.store.tables.bans import BanTable
from server.store.tables.between import BlockTable, TieTable
from server.store.tables.bottles import AnswerTable, BottleTable
from server.store.tables.identities import IdentityTable
from server.store.tables.marks import MarkTable
from server.store.tables.notices import NoticeTable
from server.store.tables.reports import ReportTable, without
from server.store.tables.switches import SwitchTable
from server.store.tables.table import Table, Watcher


class Tables:
    """One table of each kind.

    Attributes:
        by_kind: those whose rows have keys: all but the audit log.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.standings: IdentityTable[Standing] = IdentityTable(watcher)
        self.ended: IdentityTable[Ended] = IdentityTable(watcher)
        self.blocks = BlockTable(watcher)
        self.marks = MarkTable(watcher)
        self.ties = TieTable(watcher)
        self.bans = BanTable(watcher)
        self.reports = ReportTable(watcher)
        self.bottles = BottleTable(watcher)
        self.answers = AnswerTable(watcher)
        self.notices = NoticeTable(watcher)
        self.switches = SwitchTable(watcher)
        self.audit = AuditEntries()
        self.by_kind: dict[type[Row], Table[Any]] = {
            Standing: self.standings,
            Ended: self.ended,
            Block: self.blocks,
            Mark: self.marks,
            Tie: self.ties,
            Ban: self.bans,
            Report: self.reports,
            Bottle: self.bottles,
            BottleAnswer: self.answers,
            Notice: self.notices,
            Switch: self.switches,
        }

    def rows(self) -> Iterator[Row]:
        """Yield every row that has a key, kind by kind."""
        for table in self.by_kind.values():
            yield from table

    def erase(self, identity: str) -> None:
        """Forget what hangs on an identity: its standing, and what it holds, threw, wrote and reported.

        What others hold against it stays, and bans and reports of it. Of a bottle that somebody has picked, and of an
        answer that was told, a row stays without its writer and words, so that it does not tell them who is gone.
        """
        self.standings.remove(identity)
        for bottle in self.bottles.of(identity):
            if bottle.picked:
                self.bottles.put(msgspec.structs.replace(bottle, owner="", sealed=b""))
            else:
                self.bottles.drop(bottle)
        for answer in self.answers.to(identity):
            self.answers.drop(answer)
        for answer in self.answers.by(identity):
            if answer.is_told:
                self.answers.put(msgspec.structs.replace(answer, by="", sealed=b""))
            else:
                self.answers.drop(answer)
        for block in self.blocks.of(identity):
            self.blocks.drop(block)
        for tie in self.ties.of(identity):
            self.ties.drop(tie)
        for tie in self.ties.against(identity):
            self.ties.drop(tie)
        for report in self.reports.by(identity):
            self.reports.put(without(report, identity))

    def expire(self, *, now: float) -> int:
        """Forget every row whose time is over, and return how many there were."""
        return sum(table.expire(now=now) for table in self.by_kind.values()) + self.audit.expire(now=now)
