"""The whole server, put together: settings in, a listening port out.

The one place that draws secrets and chooses the sources of chance and time.
"""

import asyncio
import random
import secrets
import ssl
from pathlib import Path

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from rooms.world import World
from server.clock import Clock
from server.codec import SUBPROTOCOLS
from server.house import House
from server.http import HttpResponse, Request
from server.listener import Listener
from server.node import Node
from server.operate.metrics import make_registry
from server.routes import routes
from server.safety.tokens import IDENTITY_BYTES
from server.settings import Loaded, Settings
from server.static import installed_pages
from server.tls import server_context
from server.transport import TransportLimits

ID_BYTES = 9
"""Of a room's or member's id: 72 bits nobody guesses, 12 characters of URL-safe base64."""


class App:
    """One server process. Make it inside a running event loop, `start` it, and `stop` it."""

    def __init__(self, loaded: Loaded) -> None:
        settings = loaded.settings
        key = bytes.fromhex(settings.secret) if settings.secret else secrets.token_bytes(32)
        world = World(settings, rng=random.SystemRandom(), new_id=lambda: secrets.token_urlsafe(ID_BYTES))
        self.settings = settings
        self.house = House(settings, world, key=key, new_identity=lambda: secrets.token_bytes(IDENTITY_BYTES))
        self.node = Node(self.house, Clock(settings.time_scale), asyncio.get_running_loop())
        self.listener = Listener(
            self.node.make_peer,
            limits=_transport_limits(settings),
            routes=routes(self.house, pages=installed_pages(), not_ready=self._not_ready, metrics=self._metrics),
            subprotocols=tuple(name for name in SUBPROTOCOLS if name),
            count_loopback=loaded.explicit("connections_per_address"),
        )
        self._registry = make_registry(self.node, self.listener)
        self._is_stopping = False

    @property
    def url(self) -> str:
        """Where the page is; the WebSocket is at /ws below it."""
        settings = self.settings
        return _url("https" if settings.tls_cert else "http", settings.host, self.listener.port)

    async def start(self) -> None:
        """Listen. Raises OSError if the address cannot be had, TlsError if the certificate cannot be used."""
        settings = self.settings
        tls = server_context(Path(settings.tls_cert), Path(settings.tls_key)) if settings.tls_cert else None
        await self.listener.start(settings.host, settings.port, tls=tls)

    async def start_also(self, address: str, tls: ssl.SSLContext) -> str:
        """Listen on one more address at the same port, by TLS, and return where the page is there. Raises OSError."""
        await self.listener.start(address, self.listener.port, tls=tls)
        return _url("https", address, self.listener.port)

    async def stop(self, *, within_s: float = 3.0) -> None:
        """Say goodbye to everybody and close, in `within_s` at the latest."""
        self._is_stopping = True
        self.node.stop()
        await self.listener.close(1001, "shutdown", within_s=within_s)

    def _metrics(self, request: Request) -> HttpResponse:
        return HttpResponse(content_type=CONTENT_TYPE_LATEST, body=generate_latest(self._registry))

    def _not_ready(self) -> str | None:
        if self._is_stopping:
            return "stopping"
        return "full" if self.listener.open_count >= self.settings.connections_max else None


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _transport_limits(settings: Settings) -> TransportLimits:
    return TransportLimits(
        frame_max_bytes=settings.frame_max_bytes,
        handshake_timeout_s=settings.handshake_timeout_s,
        enter_timeout_s=settings.enter_timeout_s,
        ping_every_s=settings.ping_every_s,
        pong_timeout_s=settings.pong_timeout_s,
        unsent_max_bytes=settings.unsent_max_bytes,
        unsent_max_s=settings.unsent_max_s,
        connections_max=settings.connections_max,
        connections_per_address=settings.connections_per_address,
    )
