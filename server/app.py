"""The whole server, put together: settings in, a listening port out.

The one place that draws secrets and chooses the sources of chance and time.
"""

import asyncio
import base64
import os
import secrets
import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from rooms.world import World
from server.bugs import log
from server.chance import PooledRandom
from server.clock import Clock
from server.codec import SUBPROTOCOLS
from server.drain import Drain
from server.edge import Edge
from server.house import House
from server.http import HttpResponse, Request
from server.listener import Listener
from server.loading import Loaded
from server.node import Node
from server.operate.admin.office import Office
from server.operate.admin.socket import AdminSocket, socket_path
from server.operate.admin.web import Gate, admin_routes
from server.operate.filter import FilterKeeper
from server.operate.jwks import AGAIN_S, KeyKeeper
from server.operate.metrics import make_registry
from server.operate.webhook import Webhook
from server.routes import NotReady, routes
from server.safety.filter_file import FilterFile
from server.safety.tokens import IDENTITY_BYTES
from server.settings import BINDS_LOOPBACK, Settings
from server.static import installed_pages
from server.store.folder import SECRET_BYTES, open_seal, open_state
from server.store.rows import Report
from server.store.sealing import NONCE_BYTES, Seal
from server.store.store import StoreError
from server.tls import LOOK_EVERY_S, ChainKeeper, server_context
from server.transport import TransportLimits
from server.vouching import make_verifier

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster
    from server.cluster.leaving import Leaving
    from server.cluster.store_kept import KeptStore

ID_BYTES = 9
"""Of a room's or member's id: 72 bits nobody guesses, 12 characters of URL-safe base64."""

TICKET_BYTES = 10
"""Of a report's ticket, or a ban's: 16 capitals and digits that can be read out, and that nobody guesses."""

EXPIRE_EVERY_S = 60.0
"""How long after its time something may still be kept. A run costs a few milliseconds where there is a disk."""


class App:
    """One server process. Make it inside a running event loop by `open_app`, `start` it, and `stop` it.

    Args:
        kept: what is kept in Redis, where it is.
        node: its id among the nodes of a cluster, drawn if none is given.
        called: what it is called there for people; by default after its machine and port.
        is_operated: whether `hereabouts admin` is to find it.

    Attributes:
        is_outlived: set when the other nodes go on without this one: it can only begin anew, under another name.

    Raises:
        StoreError: the folder of `data` cannot be used.
        FilterError: the filter file cannot be read.
        EngineError: the address of Redis cannot be used.
    """

    def __init__(
        self,
        loaded: Loaded,
        kept: "KeptStore | None" = None,
        *,
        node: str = "",
        called: str = "",
        is_operated: bool = True,
    ) -> None:
        settings = loaded.settings
        key, seal, store = (
            (kept.key, kept.seal, kept.store)
            if kept is not None
            else open_state(settings.data, settings.secret, new_secret=_new_secret, new_nonce=_new_nonce)
        )
        self.kept = kept
        world = World(settings, rng=PooledRandom(), new_id=lambda: secrets.token_urlsafe(ID_BYTES))
        self.settings = settings
        exempt = frozenset(name for name in BINDS_LOOPBACK if not loaded.explicit(name))
        self.house = House(
            settings,
            world,
            key=key,
            new_identity=lambda: secrets.token_bytes(IDENTITY_BYTES),
            new_nonce=lambda: secrets.token_urlsafe(ID_BYTES),
            new_ticket=lambda: base64.b32encode(secrets.token_bytes(TICKET_BYTES)).decode(),
            verifier=make_verifier(settings, unix_now=time.time, retry_s=AGAIN_S),
            exempt=exempt,
            store=store,
            seal=seal,
        )
        self._loop = asyncio.get_running_loop()
        self.is_outlived = asyncio.Event()
        self.cluster = self._join(node, called, key, seal, kept) if settings.redis else None
        self._is_operated = is_operated
        self.node = self.cluster.node if self.cluster else Node(self.house, Clock(settings.time_scale), self._loop)
        new_id = self.house.reports.new_ticket
        self.filter = (
            FilterKeeper(FilterFile(settings.filter_file), self.house.checks) if settings.filter_file else None
        )
        self.office = Office(
            self.node,
            new_id=new_id,
            others=self.cluster.offices if self.cluster is not None else None,
            filter=self.filter,
            trouble=self._trouble,
        )
        if self.cluster is not None:
            self.cluster.offices.here = self.office.here
        self.webhook = Webhook(settings.webhook_url, settings.webhook_secret) if settings.webhook_url else None
        if self.webhook is not None:
            self.node.alert = self._alert
        self.gate = Gate(settings.admin_token, clock=self._loop.time) if settings.admin_token else None
        admin, posts = admin_routes(self.office, self.gate) if self.gate is not None else ({}, {})
        self.admin_socket: AdminSocket | None = None
        self.listener = Listener(
            self.cluster.make_receiver if self.cluster is not None else self.node.make_peer,
            limits=_transport_limits(settings),
            routes={
                **routes(
                    self.house,
                    pages=installed_pages(),
                    not_ready=self._not_ready,
                    trouble=self._trouble,
                    metrics=self._metrics,
                ),
                **admin,
            },
            posts=posts,
            subprotocols=tuple(name for name in SUBPROTOCOLS if name),
            edge=Edge(trusted_proxies=settings.trusted_proxies, allowed_origins=settings.allowed_origins),
            count_loopback="sockets_per_address" not in exempt,
        )
        self._registry = make_registry(self.node, self.listener, self.gate, self.webhook)
        if self.cluster is not None:
            self.cluster.measure(self._registry)
        if kept is not None:
            kept.measure(self._registry)
            kept.serve(self.node)
        self._is_stopping = False
        self._drain: Drain | Leaving | None = None
        self._shares_port = False
        self._expiry: asyncio.TimerHandle | None = None
        self._keys = self._key_keeper()
        self._chain: ChainKeeper | None = None
        self._chain_timer: asyncio.TimerHandle | None = None

    @property
    def url(self) -> str:
        """Where the page is; the WebSocket is at /ws below it."""
        settings = self.settings
        return _url("https" if settings.tls_cert else "http", settings.host, self.listener.port)

    async def start(self, *, shares_port: bool = False) -> None:
        """Listen.

        Args:
            shares_port: other processes listen on the same port; the system shares connections out.

        Raises:
            OSError: the address cannot be had.
            TlsError: the certificate cannot be used.
            EngineError: Redis cannot be used.
        """
        settings = self.settings
        self._shares_port = shares_port
        if self._keys is not None:
            await self._keys.start()
        tls = None
        if settings.tls_cert:
            cert, key = Path(settings.tls_cert), Path(settings.tls_key)
            tls = server_context(cert, key)
            self._chain = ChainKeeper(tls, cert, key)
            self._look_at_chain()
        if self.cluster is not None:
            # A node that cannot serve is not to be seen by the others.
            await _try_port(settings.host, settings.port, shares_port=shares_port)
            await self.cluster.start()
        if self._is_operated:
            await self._advise()
        await self.listener.start(settings.host, settings.port, tls=tls, reuse_port=shares_port)
        self._expire()
        if self.filter is not None:
            self.filter.start()
        path = socket_path(self.settings, os.environ, port=self.listener.port)
        if path is not None and self._is_operated:
            self.admin_socket = AdminSocket(self.office, path)
            try:
                await self.admin_socket.start()
                self.listener.fell_silent = self.admin_socket.close  # a successor may have it with the port
            except OSError as error:
                # A server without its operator's socket still serves; /admin and a restart remain.
                log.warning("`hereabouts admin` cannot reach this server at %s: %s", path, error)

    async def _advise(self) -> None:
        """Say what a Redis of this server's might lose by what is set there, and where other nodes' settings differ."""
        engines = [each.engine for each in (self.cluster, self.kept) if each is not None]
        for engine in {each.url: each for each in engines}.values():
            # Imported here: whoever has no Redis needs nothing of it.
            from server.cluster import evicting, replicas

            for said in (await replicas.advice(engine), await evicting.advice(engine)):
                if said:
                    log.warning("%s.", said)
        if self.cluster is not None and self.cluster.alike.differences:
            log.warning("%s.", self.cluster.alike.differences)

    def _join(self, node: str, called: str, key: bytes, seal: Seal, kept: "KeptStore | None") -> "Cluster":
        # Imported here: whoever runs one process needs nothing of it.
        from server.cluster.cluster import Cluster

        return Cluster(
            self.settings,
            self.house,
            name=node or secrets.token_urlsafe(ID_BYTES),
            called=called or f"{socket.gethostname()}:{self.settings.port}",
            key=key,
            seal=seal,
            loop=self._loop,
            stored=kept.link.flush if kept is not None else None,
            outlived=self.is_outlived.set,
        )

    def _alert(self, report: Report) -> None:
        if self.webhook is not None:
            self.webhook.tell(report, open_reports=len(self.house.reports.open()))

    async def start_at(self, port: int) -> bool:
        """Listen on a port of one's own, which others on this machine alone find: for what tells of this process.

        Returns whether it could be had; the log says why not.
        """
        try:
            await self.listener.start("127.0.0.1", port)
        except (OSError, OverflowError) as error:
            log.warning("/metrics of this worker alone cannot be had at port %d: %s", port, error)
            return False
        return True

    async def start_also(self, address: str, tls: ssl.SSLContext) -> str:
        """Listen on one more address at the same port, by TLS, and return where the page is there. Raises OSError."""
        await self.listener.start(address, self.listener.port, tls=tls)
        return _url("https", address, self.listener.port)

    def begin_to_drain(self) -> "Drain | Leaving":
        """Return how everybody is let go over the time of `drain_s`: `run` it, and then `stop`."""
        drain_s = self.settings.drain_s
        if self.cluster is None:
            self._drain = Drain(self.listener, drain_s=drain_s)
            return self._drain
        from server.cluster.leaving import Leaving

        self._drain = Leaving(self.cluster, self.listener, drain_s=drain_s, shares_port=self._shares_port)
        return self._drain

    def hurry(self) -> None:
        """Wait for nobody any more, whether draining or stopping."""
        if self._drain is not None:
            self._drain.hurry()
        if self._is_stopping:
            self.listener.abort_all()

    async def stop(self, *, within_s: float = 3.0) -> None:
        """Say goodbye to everybody and close; whoever does not answer is waited for `within_s` at most."""
        self._is_stopping = True
        self.node.stop()
        if self._expiry is not None:
            self._expiry.cancel()
        if self._chain_timer is not None:
            self._chain_timer.cancel()
        if self._keys is not None:
            self._keys.stop()
        if self.admin_socket is not None:
            self.admin_socket.close()
        if self.webhook is not None:
            await self.webhook.stop()
        if self.filter is not None:
            self.filter.stop()
        await self.listener.close(1001, "shutdown", within_s=within_s)
        if self.cluster is not None:
            await self.cluster.stop()
        self.house.store.close()
        if self.kept is not None:
            await self.kept.close()

    def _look_at_chain(self) -> None:
        """Serve with a new certificate once there is one."""
        assert self._chain is not None
        self._chain_timer = self._loop.call_later(LOOK_EVERY_S, self._look_at_chain)
        self._chain.look()

    def _key_keeper(self) -> KeyKeeper | None:
        verifier = self.house.verifier
        if verifier is None or not self.settings.auth_jwks:
            return None
        keeper = KeyKeeper(self.settings.auth_jwks, verifier.take_keys)
        self.node.want_keys = keeper.want
        return keeper

    def _expire(self) -> None:
        """Forget what is over, now and then."""
        self._expiry = self._loop.call_later(EXPIRE_EVERY_S, self._expire)
        try:
            self.house.expire(now=self.node.clock.now())
        except StoreError as error:
            log.error("%s", error)

    def _metrics(self, request: Request) -> HttpResponse:
        return HttpResponse(content_type=CONTENT_TYPE_LATEST, body=generate_latest(self._registry))

    def _trouble(self) -> str:
        # Anybody may ask for this: not where that Redis is, which the log says.
        unkept = "Blocks, bans and reports are not kept" if self.kept is not None and self.kept.store.away else ""
        return (self.cluster.trouble if self.cluster is not None else "") or unkept

    def _not_ready(self) -> NotReady | None:
        if self._is_stopping:
            return NotReady("stopping")
        if self.listener.is_draining:
            return NotReady("draining", self.listener.back_in_s)
        return NotReady("full") if self.listener.open_count >= self.settings.connections_max else None


async def open_app(
    loaded: Loaded, *, node: str = "", called: str = "", is_operated: bool = True, redis_lasts: bool = True
) -> App:
    """Return a server, with what it keeps in Redis in memory; see `App`.

    Args:
        redis_lasts: what is kept there outlives the server.
    """
    settings = loaded.settings
    if not settings.lasting_redis:
        return App(loaded, is_operated=is_operated)
    # Imported here: whoever keeps nothing in Redis needs nothing of it.
    from server.cluster.store_kept import keep_in_redis

    key, seal = open_seal(settings.data, settings.secret, new_secret=_new_secret, new_nonce=_new_nonce)
    kept = await keep_in_redis(settings, key=key, seal=seal, node=secrets.token_urlsafe(ID_BYTES))
    kept.store.is_lasting = redis_lasts
    try:
        return App(loaded, kept, node=node, called=called, is_operated=is_operated)
    except BaseException:
        await kept.close()
        raise


def _new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def _new_nonce() -> bytes:
    return secrets.token_bytes(NONCE_BYTES)


async def _try_port(host: str, port: int, *, shares_port: bool) -> None:
    """Raise OSError if the address cannot be had."""
    loop = asyncio.get_running_loop()
    trying = await loop.create_server(asyncio.Protocol, host, port, reuse_port=shares_port or None, start_serving=False)
    trying.close()


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
        sockets_per_address=settings.sockets_per_address,
    )
