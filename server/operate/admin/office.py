"""What an operator does: looks at reports, warns, bans, exports, erases; each act leaves an entry in the audit log.

Knows the node and the store. Never knows how a request came in but for its name (`by`), and never shows a token
or an address. Where there are other nodes they are asked first what they know of it (elsewhere.py), and what is done
here reaches people there by the store.
"""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from rooms.placement import is_waiting
from server.answers import Notice
from server.features import FEATURES
from server.node import Node
from server.operate.admin import requests
from server.operate.admin.elsewhere import ALONE, Elsewhere, Others, Part, Question, Seen, about
from server.operate.admin.requests import LOCAL_ONLY, AnyRequest, NotDone
from server.operate.admin.whom import is_known, number, somebody
from server.operate.filter import FilterKeeper
from server.outcomes import bye
from server.peer import Peer
from server.safety.bans import told
from server.safety.filter_file import FilterError
from server.safety.tokens import BadToken
from server.store import rows
from server.store.networks import parse_address, parse_network
from server.store.rows import AuditEntry, Ban, Bottle, BottleAnswer, Report
from server.store.store import StoreError

BANS_MAX = 10_000
"""Bans at once, in memory some 5 MB: more are no moderation any longer, but a list to be kept elsewhere."""

COUNTS = ("people", "connected", "rooms", "rooms_waiting")

Json = dict[str, Any]


class Office:
    """One server's operator.

    Args:
        new_id: gives a short text that nobody guesses.
        filter: the list of words and links, None where there is none.
        trouble: tells what does not work now though the server serves, in words, or "".

    Attributes:
        others: the other nodes of the server, if it has any.
    """

    def __init__(
        self,
        node: Node,
        *,
        new_id: Callable[[], str],
        filter: FilterKeeper | None = None,
        trouble: Callable[[], str] = str,
    ) -> None:
        self._node = node
        self._house = node.house
        self._store = node.house.store
        self._new_id = new_id
        self._filter = filter
        self._trouble = trouble
        self.others: Others | None = None

    async def answer(self, request: AnyRequest, *, by: str, is_local: bool) -> Json:
        """Do what is asked of the whole server and return what there is to tell. Raises NotDone.

        Nodes that have not answered in time are named in it as `silent`.
        """
        question = self._question(request) if self.others is not None else None
        if self.others is None or question is None:
            return self.do(request, by=by, is_local=is_local)
        elsewhere = await self.others.ask(question)
        told = self.do(request, by=by, is_local=is_local, elsewhere=elsewhere)
        return {**told, "silent": list(elsewhere.silent)} if elsewhere.silent else told

    def do(self, request: AnyRequest, *, by: str, is_local: bool, elsewhere: Elsewhere = ALONE) -> Json:
        """Do what is asked and return what there is to tell. Raises NotDone.

        Args:
            by: the way the request came, for the audit log.
            elsewhere: what other nodes know of it.
        """
        if isinstance(request, LOCAL_ONLY) and not is_local:
            raise NotDone("This can be asked on the server's own machine only.")
        act = getattr(self, f"_{type(request).__name__.lower()}")
        try:
            told: Json = act(request, by, elsewhere)
        except StoreError as error:
            raise NotDone(str(error)) from None
        return told

    # The other nodes

    def _question(self, request: AnyRequest) -> Question | None:
        """Return what the others are to be asked for this, if anything. Raises NotDone."""
        question = None
        match request:
            case requests.Status():
                question = Question()
            case requests.Reload():
                question = Question(rereads=True)
            case requests.Reports():
                question = about(report.against for report in self._store.reports())
            case requests.Show():
                question = about([self._report(request.ticket).against])
            case requests.BanRequest(network=str(network)):
                question = Question(network=_network(network))
            case requests.Warn(identity=identity) | requests.BanRequest(identity=str(identity)):
                question = about([number(identity)])
            case requests.Export() | requests.Erase():
                question = msgspec.structs.replace(about([self._identity(request)]), tells_all=True)
        return question

    def part(self, question: Question) -> Part:
        """Return what this node tells another one's operator."""
        world = self._house.world
        if question.rereads and self._filter is not None:
            # What went wrong is told with the file.
            with contextlib.suppress(FilterError):
                self._filter.reread()
        asked = question.identities
        return Part(
            node=self.others.name if self.others is not None else "",
            people=len(world.people),
            connected=len(self._node.peers),
            rooms=len(world.rooms),
            rooms_waiting=sum(1 for room in world.rooms.values() if is_waiting(room)),
            online=frozenset(id for id in asked if id in self._node.peers),
            known=frozenset(id for id in asked if is_known(self._house, id)),
            around=self._online_in(question.network) if question.network else 0,
            seen={id: seen for id in asked if (seen := self._seen(id)) is not None} if question.tells_all else {},
            filter=self._filter.told() if self._filter is not None else None,
        )

    def _seen(self, identity: str) -> Seen | None:
        person = self._house.world.people.get(identity)
        return Seen(person.name, str(person.next_cell)) if person is not None else None

    # Looking

    def _status(self, request: requests.Status, by: str, elsewhere: Elsewhere) -> Json:
        parts = [self.part(Question()), *elsewhere.parts]
        waiting = self._house.reports.open()
        oldest = min((report.at for report in waiting), default=None)
        return {
            **{name: sum(getattr(part, name) for part in parts) for name in COUNTS},
            "nodes": [_told_of(part) for part in parts] if self.others is not None else [],
            "open_reports": len(waiting),
            "oldest_open_s": round(self._now - oldest) if oldest is not None else None,
            "bans": len(self._store.bans()),
            "lasting": self._store.is_lasting,
            "terms_version": self._house.terms_version,
            "degraded": self._trouble(),
            "off": [feature for feature in FEATURES if self._house.is_off(feature)],
            "filter": parts[0].filter,
        }

    def _reports(self, request: requests.Reports, by: str, elsewhere: Elsewhere) -> Json:
        found = self._house.reports.open()
        if request.all:
            found += [report for report in reversed(self._store.reports()) if report.closed_at is not None]
        return {"reports": [self._listed(report, elsewhere) for report in found]}

    def _show(self, request: requests.Show, by: str, elsewhere: Elsewhere) -> Json:
        report = self._report(request.ticket)
        evidence = self._house.reports.evidence(report.ticket)
        self._note(by, "show", report.ticket)
        shown = msgspec.to_builtins(evidence) if evidence is not None else None
        seal = "broken" if evidence is None else "whole"
        return {"report": self._listed(report, elsewhere), "seal": seal, "evidence": shown}

    def _listed(self, report: Report, elsewhere: Elsewhere) -> Json:
        """Return a report without anybody's words."""
        return {
            "ticket": report.ticket,
            "against": report.against,
            "room": report.room,
            "reasons": report.reasons,
            "people": len(report.reporters),
            "times": report.times,
            "age_s": round(self._now - report.at),
            "last_s": round(self._now - report.last_at),
            "closed": report.closed_at is not None,
            "online": report.against in self._node.peers or elsewhere.has_online(report.against),
        }

    def _report(self, ticket: str) -> Report:
        report = self._store.report(ticket)
        if report is None:
            raise NotDone("There is no report of that ticket: `reports --all` lists them.")
        return report

    # Acting on people

    def _close(self, request: requests.Close, by: str, elsewhere: Elsewhere) -> Json:
        report = self._report(request.ticket)
        self._store.close_report(report.ticket, now=self._now)
        self._note(by, "close", report.ticket)
        return {"closed": report.ticket}

    def _warn(self, request: requests.Warn, by: str, elsewhere: Elsewhere) -> Json:
        peer = self._node.peers.get(self._somebody(request.identity, elsewhere))
        self._note(by, "warn", request.identity, request.level)
        if peer is not None:
            peer.tell(Notice(text=request.text, level=request.level))
            return {"told": True}
        self._store.add_notice(
            rows.Notice(
                notice=self._new_id(),
                identity=request.identity,
                text=request.text,
                level=request.level,
                at=self._now,
                until=self._now + self._house.settings.report_ttl_s,
            )
        )
        # Where they are they are told when it comes there, in milliseconds.
        return {"told": elsewhere.has_online(request.identity), "waits_s": self._house.settings.report_ttl_s}

    def _somebody(self, identity: str, elsewhere: Elsewhere) -> str:
        return identity if elsewhere.knows(number(identity)) else somebody(self._house, identity)

    def _banrequest(self, request: requests.BanRequest, by: str, elsewhere: Elsewhere) -> Json:
        if (request.identity is None) == (request.network is None):
            raise NotDone("Name either an identity or a network.")
        ban = self._ban(request, elsewhere)
        hit = self._hit_by(ban)
        there = elsewhere.around if ban.stops_known else int(elsewhere.has_online(ban.identity))
        if ban.network and not request.confirm:
            return {
                "would_hit": len(hit) + there,
                "online": self._online_in(ban.network) + elsewhere.around,
                "network": ban.network,
                "done": False,
            }
        bans = self._store.bans()
        # The later word holds: to lift it is to lift all of it.
        earlier = [each.ban for each in bans if (each.identity, each.network) == (ban.identity, ban.network)]
        if len(bans) - len(earlier) >= BANS_MAX:
            raise NotDone(f"There are {BANS_MAX} bans already; lift some first.")
        self._store.add_ban(ban)
        length = f"{request.for_s:g} s" if request.for_s is not None else "for good"
        scope = " known ones too" if ban.stops_known else ""
        instead = f" instead of {', '.join(earlier)}" if earlier else ""
        self._note(by, "ban", ban.ban, f"{ban.identity or ban.network} {length}{scope}{instead}: {ban.reason}")
        for peer in hit:
            self._put_out(peer, ban)
        for each in earlier:
            self._store.remove_ban(each)
        return {"ban": ban.ban, "hit": len(hit) + there, "instead_of": earlier, "done": True}

    def _ban(self, request: requests.BanRequest, elsewhere: Elsewhere) -> Ban:
        return Ban(
            ban=self._new_id(),
            identity=self._somebody(request.identity, elsewhere) if request.identity is not None else "",
            network=_network(request.network) if request.network is not None else "",
            stops_known=request.stops_known,
            reason=request.reason,
            at=self._now,
            until=self._now + request.for_s if request.for_s is not None else None,
        )

    def enforce(self, ban: Ban) -> None:
        """Put out whoever is here and banned elsewhere."""
        for peer in self._hit_by(ban):
            self._put_out(peer, ban)

    def _hit_by(self, ban: Ban) -> list[Peer]:
        """Return who is online and would be put out by it."""
        if ban.identity:
            return [self._node.peers[ban.identity]] if ban.identity in self._node.peers else []
        if not ban.stops_known:
            return []
        return self._peers_in(ban.network)

    def _online_in(self, network: str) -> int:
        return len(self._peers_in(network))

    def _peers_in(self, network: str) -> list[Peer]:
        around = parse_network(network)
        return [peer for peer in self._node.peers.values() if parse_address(peer.session.origin.address) in around]

    def _put_out(self, peer: Peer, ban: Ban) -> None:
        """Have somebody leave at once, told why. Their token stays theirs: the ban hangs on it."""
        self._node.put_out(peer, bye(4500, reason=told(ban, contact=self._house.settings.contact)))

    def _unban(self, request: requests.Unban, by: str, elsewhere: Elsewhere) -> Json:
        ban = self._store.remove_ban(request.ban)
        if ban is None:
            raise NotDone("There is no ban of that id: `bans` lists them.")
        self._note(by, "unban", ban.ban, ban.identity or ban.network)
        return {"lifted": ban.ban}

    def _bans(self, request: requests.Bans, by: str, elsewhere: Elsewhere) -> Json:
        return {
            "bans": [
                {
                    "ban": ban.ban,
                    "identity": ban.identity,
                    "network": ban.network,
                    "stops_known": ban.stops_known,
                    "reason": ban.reason,
                    "age_s": round(self._now - ban.at),
                    "left_s": round(ban.until - self._now) if ban.until is not None else None,
                }
                for ban in self._store.bans()
                if ban.until is None or ban.until > self._now
            ]
        }

    # One person's own

    def _export(self, request: requests.Export, by: str, elsewhere: Elsewhere) -> Json:
        identity = self._one_person(request, elsewhere)
        self._note(by, "export", identity)
        standing = self._store.standing(identity)
        seen = self._seen(identity) or elsewhere.seen(identity)
        return {
            "identity": identity,
            "standing": msgspec.to_builtins(standing) if standing is not None else None,
            "cell": seen.cell if seen is not None else None,
            "name": seen.name if seen is not None else None,
            "blocks": [
                {"block": block.block, "name": block.name, "at": block.at} for block in self._store.blocks_of(identity)
            ],
            "bottles": self._texts(row for row in self._store.bottles() if row.owner == identity),
            "answers": self._texts(self._store.answers_for(identity)),
            "answers_written": self._texts(self._store.answers_by(identity)),
            "contacts": [each.line.text for each in self._house.keeps.lines.of(identity) if not each.is_coming],
            "notices": [
                {"text": notice.text, "level": notice.level, "at": notice.at}
                for notice in self._store.notices_for(identity)
            ],
            "keeps": len(self._store.ties_of("keep", identity)),
            "mutes": len(self._store.ties_of("mute", identity)),
            "bans": [
                {"reason": ban.reason, "until": ban.until} for ban in self._store.bans() if ban.identity == identity
            ],
            "reports_made": sum(identity in report.reporters for report in self._store.reports()),
            "reports_against": sum(identity == report.against for report in self._store.reports()),
        }

    def _texts(self, rows: Iterable[Bottle | BottleAnswer]) -> list[Json]:
        return [{"bottle": row.bottle, "text": self._house.bottles.text_of(row), "at": row.at} for row in rows]

    def _erase(self, request: requests.Erase, by: str, elsewhere: Elsewhere) -> Json:
        identity = self._one_person(request, elsewhere)
        peer = self._node.peers.get(identity)
        # First what may fail, as with their own `leave`.
        self._house.forget(identity, now=self._now)
        self._node.forget(identity)
        self._store.take_notices(identity)
        self._note(by, "erase", identity)
        self._house.expire(now=self._now)
        return {"erased": identity, "was_online": peer is not None or elsewhere.has_online(identity)}

    def _one_person(self, request: requests.Export | requests.Erase, elsewhere: Elsewhere) -> str:
        """Return whom a request is about: a mistyped number is nobody's, and nobody is not forgotten."""
        identity = self._identity(request)
        return identity if request.token is not None else self._somebody(identity, elsewhere)

    def _identity(self, request: requests.Export | requests.Erase) -> str:
        if (request.token is None) == (request.identity is None):
            raise NotDone("Give either a token or an identity.")
        if request.identity is not None:
            return number(request.identity)
        assert request.token is not None
        try:
            return self._house.identities.named_by(request.token, now=self._now)
        except BadToken as error:
            raise NotDone(str(error)) from None

    # The server

    def _audit(self, request: requests.Audit, by: str, elsewhere: Elsewhere) -> Json:
        return {
            "audit": [
                {"at": entry.at, "by": entry.by, "act": entry.act, "target": entry.target, "detail": entry.detail}
                for entry in self._store.audit(most=request.most)
            ]
        }

    def _switch(self, request: requests.Switch, by: str, elsewhere: Elsewhere) -> Json:
        if request.feature not in FEATURES:
            raise NotDone(f"There is no feature of that name to switch. There is: {', '.join(FEATURES)}.")
        if request.on:
            self._store.switch_on(request.feature)
            if self._house.is_off(request.feature):
                raise NotDone("That is off in the settings: take it out of features_off, and start anew.")
        else:
            self._store.switch_off(rows.Switch(feature=request.feature, at=self._now))
        self._note(by, "switch", request.feature, "on" if request.on else "off")
        return {"feature": request.feature, "on": request.on}

    def _reload(self, request: requests.Reload, by: str, elsewhere: Elsewhere) -> Json:
        if self._filter is None:
            raise NotDone("There is no filter file: set filter_file.")
        try:
            self._filter.reread()
        except FilterError as error:
            others = " The other nodes have read theirs." if elsewhere.parts else ""
            raise NotDone(f"The filter file cannot be read: {error}. Its former rules stay in force.{others}") from None
        self._note(by, "reload", "filter")
        parts = [self.part(Question()), *elsewhere.parts]
        return {
            **self._filter.told(),
            "nodes": [_told_of(part) for part in parts] if self.others is not None else [],
        }

    def _backup(self, request: requests.Backup, by: str, elsewhere: Elsewhere) -> Json:
        if not requests.is_absolute(request.path):
            raise NotDone("Name the file by its whole path.")
        self._store.backup(Path(request.path))
        self._note(by, "backup", request.path)
        return {"written": request.path}

    @property
    def _now(self) -> float:
        return self._node.clock.now()

    def _note(self, by: str, act: str, target: str, detail: str = "") -> None:
        until = self._now + self._house.settings.audit_ttl_s
        self._store.add_audit(AuditEntry(at=self._now, by=by, act=act, target=target, detail=detail, until=until))


def _network(text: str) -> str:
    """Return a range of addresses as it is written. Raises NotDone."""
    try:
        return str(parse_network(text))
    except ValueError as error:
        raise NotDone(f"That is no range of addresses: {error}.") from None


def _told_of(part: Part) -> Json:
    """Return what an operator is shown of one node."""
    return {"node": part.node, **{name: getattr(part, name) for name in COUNTS}, "filter": part.filter}
