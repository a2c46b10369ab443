"""What an operator does for the server itself: looks how it is, switches features, reads the filter again, backs up.

Knows figures and the store. Never knows a person.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.features import FEATURES
from server.node import Node
from server.operate.admin import requests
from server.operate.admin.audit import AuditLog
from server.operate.admin.elsewhere import Elsewhere, Part
from server.operate.admin.here import Here
from server.operate.admin.requests import NotDone
from server.safety.filter_file import FilterError
from server.store import rows

COUNTS = ("people", "connected", "rooms", "rooms_waiting")

Json = dict[str, Any]


class Upkeep:
    """The upkeep of the server a node belongs to.

    Args:
        trouble: tells what does not work now though the server serves, in words, or "".
    """

    def __init__(self, node: Node, here: Here, log: AuditLog, *, trouble: Callable[[], str]) -> None:
        self._node = node
        self._house = node.house
        self._here = here
        self._log = log
        self._trouble = trouble

    def status(self, request: requests.Status, by: str, elsewhere: Elsewhere) -> Json:
        """Tell how the server is."""
        parts = self._here.parts(elsewhere)
        waiting = self._house.reports.open()
        oldest = min((report.at for report in waiting), default=None)
        return {
            **{name: sum(getattr(part, name) for part in parts) for name in COUNTS},
            "nodes": self._nodes(parts),
            "open_reports": len(waiting),
            "oldest_open_s": round(self._node.clock.now() - oldest) if oldest is not None else None,
            "bans": len(self._house.store.bans()),
            "lasting": self._house.store.is_lasting,
            "terms_version": self._house.terms_version,
            "degraded": self._trouble(),
            "off": [feature for feature in FEATURES if self._house.is_off(feature)],
            "filter": parts[0].filter,
        }

    def audit(self, request: requests.Audit, by: str, elsewhere: Elsewhere) -> Json:
        """Tell what operators did."""
        return {"audit": self._log.told(most=request.most)}

    def switch(self, request: requests.Switch, by: str, elsewhere: Elsewhere) -> Json:
        """Switch a feature off, or on again. Raises NotDone."""
        if request.feature not in FEATURES:
            raise NotDone(f"There is no feature of that name to switch. There is: {', '.join(FEATURES)}.")
        if request.on and self._house.is_off_by_settings(request.feature):
            raise NotDone("That is off in the settings: take it out of features_off, and start anew.")
        self._log.note(by, "switch", request.feature, "on" if request.on else "off")
        if request.on:
            self._house.store.switch_on(request.feature)
        else:
            self._house.store.switch_off(rows.Switch(feature=request.feature, at=self._node.clock.now()))
        return {"feature": request.feature, "on": request.on}

    def reload(self, request: requests.Reload, by: str, elsewhere: Elsewhere) -> Json:
        """Read the filter file again. Raises NotDone."""
        filter = self._here.filter
        if filter is None:
            raise NotDone("There is no filter file: set filter_file.")
        try:
            filter.reread()
        except FilterError as error:
            others = " The other nodes have read theirs." if elsewhere.parts else ""
            raise NotDone(f"The filter file cannot be read: {error}. Its former rules stay in force.{others}") from None
        self._log.note(by, "reload", "filter")
        return {**filter.told(), "nodes": self._nodes(self._here.parts(elsewhere))}

    def backup(self, request: requests.Backup, by: str, elsewhere: Elsewhere) -> Json:
        """Write everything into a new file. Raises NotDone."""
        if not requests.is_absolute(request.path):
            raise NotDone("Name the file by its whole path.")
        self._house.store.backup(Path(request.path))
        self._log.note(by, "backup", request.path)
        return {"written": request.path}

    def _nodes(self, parts: list[Part]) -> list[Json]:
        """Return what an operator is shown of each node; nothing where there is one alone."""
        if self._here.others is None:
            return []
        return [
            {"node": part.node, **{name: getattr(part, name) for name in COUNTS}, "filter": part.filter}
            for part in parts
        ]
