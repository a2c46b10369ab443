"""What a server has for its operator: the office and the two ways in to it, the list of words, the webhook.

Puts them together as the settings say, and begins and ends them. Never knows what an operator asks.
"""

import asyncio
import os
from collections.abc import Callable

from server.bugs import log
from server.http import Posts, Routes
from server.node import Node
from server.operate.admin.elsewhere import Others
from server.operate.admin.office import Office
from server.operate.admin.socket import AdminSocket, socket_path
from server.operate.admin.web import Gate, admin_routes
from server.operate.filter import FilterKeeper
from server.operate.webhook import Webhook
from server.safety.filter_file import FilterFile
from server.store.rows import Report


class Operating:
    """The operator's side of one server process.

    Args:
        others: the other nodes of the server, if it has any.
        trouble: tells what does not work now though the server serves, in words, or "".

    Attributes:
        filter, webhook, gate, admin_socket: None where there is none.

    Raises:
        FilterError: the filter file cannot be read.
    """

    def __init__(self, node: Node, *, others: Others | None, trouble: Callable[[], str]) -> None:
        house, settings = node.house, node.house.settings
        self._settings = settings
        self._reports = house.reports
        self.filter = FilterKeeper(FilterFile(settings.filter_file), house.checks) if settings.filter_file else None
        self.office = Office(node, new_id=house.reports.new_ticket, others=others, filter=self.filter, trouble=trouble)
        self.webhook = Webhook(settings.webhook_url, settings.webhook_secret) if settings.webhook_url else None
        if self.webhook is not None:
            node.alert = self._alert
        clock = asyncio.get_running_loop().time
        self.gate = Gate(settings.admin_token, clock=clock) if settings.admin_token else None
        self.admin_socket: AdminSocket | None = None

    def routes(self) -> tuple[Routes, Posts]:
        """Return what GET and what POST is answered by below /admin; nothing where there is no token for it."""
        return admin_routes(self.office, self.gate) if self.gate is not None else ({}, {})

    def start(self) -> None:
        """Follow the list of words."""
        if self.filter is not None:
            self.filter.start()

    async def open_socket(self, port: int) -> None:
        """Have `hereabouts admin` find this process, if there is a place for it."""
        path = socket_path(self._settings, os.environ, port=port)
        if path is None:
            return
        self.admin_socket = AdminSocket(self.office, path)
        try:
            await self.admin_socket.start()
        except OSError as error:
            # A server without its operator's socket still serves; /admin and a restart remain.
            log.warning("`hereabouts admin` cannot reach this server at %s: %s", path, error)

    def close_socket(self) -> None:
        """Be found no more."""
        if self.admin_socket is not None:
            self.admin_socket.close()

    async def stop(self) -> None:
        """Close the socket, tell nobody of reports any more, and follow nothing."""
        self.close_socket()
        if self.webhook is not None:
            await self.webhook.stop()
        if self.filter is not None:
            self.filter.stop()

    def _alert(self, report: Report) -> None:
        if self.webhook is not None:
            self.webhook.tell(report, open_reports=len(self._reports.open()))
