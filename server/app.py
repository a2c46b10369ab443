"""The whole server, put together: settings in, a listening port out.

Knows which part is made of which, and in what order they begin and end. What chance and secrets come from, sources.py
knows; what an operator has of it, operate/operating.py.
"""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from server.bugs import log
from server.clock import Clock
from server.codec import SUBPROTOCOLS
from server.drain import Drain
from server.edge import Edge
from server.http import HttpResponse, Request
from server.listener import Listener
from server.loading import Loaded
from server.node import Node
from server.operate.jwks import KeyKeeper
from server.operate.metrics import make_registry
from server.operate.operating import Operating
from server.routes import NotReady, routes
from server.settings import Settings
from server.sources import make_house, new_id, new_nonce, new_secret
from server.static import installed_pages
from server.store.folder import open_seal, open_state
from server.store.sealing import Seal
from server.store.store import StoreError
from server.tls import ChainKeeper, server_context
from server.transport import TransportLimits

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster
    from server.cluster.leaving import Leaving
    from server.cluster.store_kept import KeptStore

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
            else open_state(settings.data, settings.secret, new_secret=new_secret, new_nonce=new_nonce)
        )
        self.kept = kept
        self.settings = settings
        self.house = make_house(loaded, key=key, seal=seal, store=store)
        self._loop = asyncio.get_running_loop()
        self.is_outlived = asyncio.Event()
        self.cluster = self._join(node, called, key, seal, kept) if settings.redis else None
        self._is_operated = is_operated
        self.node = self.cluster.node if self.cluster else Node(self.house, Clock(settings.time_scale), self._loop)
        others = self.cluster.offices if self.cluster is not None else None
        self.operating = Operating(self.node, others=others, trouble=self._trouble)
        if self.cluster is not None:
            self.cluster.offices.here = self.operating.office.here
        self.listener = self._make_listener(count_loopback=loaded.explicit("sockets_per_address"))
        self._registry = self._make_registry()
        if kept is not None:
            kept.serve(self.node)
        self._is_stopping = False
        self._drain: Drain | Leaving | None = None
        self._shares_port = False
        self._expiry: asyncio.TimerHandle | None = None
        self._keys = self._key_keeper()
        self._chain: ChainKeeper | None = None

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
            self._chain.start()
        if self.cluster is not None:
            # A node that cannot serve is not to be seen by the others.
            await _try_port(settings.host, settings.port, shares_port=shares_port)
            await self.cluster.start()
        if self._is_operated:
            await self._advise()
        await self.listener.start(settings.host, settings.port, tls=tls, reuse_port=shares_port)
        self._expire()
        self.operating.start()
        if self._is_operated:
            await self.operating.open_socket(self.listener.port)
            self.listener.fell_silent = self.operating.close_socket  # a successor may have it with the port

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
            name=node or new_id(),
            called=called or f"{socket.gethostname()}:{self.settings.port}",
            key=key,
            seal=seal,
            loop=self._loop,
            stored=kept.link.flush if kept is not None else None,
            outlived=self.is_outlived.set,
        )

    def _make_listener(self, *, count_loopback: bool) -> Listener:
        settings = self.settings
        admin, posts = self.operating.routes()
        return Listener(
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
            count_loopback=count_loopback,
        )

    def _make_registry(self) -> CollectorRegistry:
        registry = make_registry(self.node, self.listener, self.operating.gate, self.operating.webhook)
        if self.cluster is not None:
            self.cluster.measure(registry)
        if self.kept is not None:
            self.kept.measure(registry)
        return registry

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
        if self._chain is not None:
            self._chain.stop()
        if self._keys is not None:
            self._keys.stop()
        await self.operating.stop()
        await self.listener.close(1001, "shutdown", within_s=within_s)
        if self.cluster is not None:
            await self.cluster.stop()
        self.house.store.close()
        if self.kept is not None:
            await self.kept.close()

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

    key, seal = open_seal(settings.data, settings.secret, new_secret=new_secret, new_nonce=new_nonce)
    kept = await keep_in_redis(settings, key=key, seal=seal, node=new_id())
    kept.store.is_lasting = redis_lasts
    try:
        return App(loaded, kept, node=node, called=called, is_operated=is_operated)
    except BaseException:
        await kept.close()
        raise


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
