"""HTTP on the WebSocket's port: one request head in, one answer out.

Knows request heads, plain routes and what makes an upgrade acceptable; the
parser and the handshake's arithmetic are websockets'. Must never know sockets,
rooms or what a route says. Only who asks for it by `Connection: keep-alive`, as
browsers do for the thirty files of a page, may send another head after an answer.
"""

import logging
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote

from websockets import http11
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

HEAD_END = b"\r\n\r\n"
HEAD_MAX_BYTES = 16384  # request line and headers; twice what common HTTP servers take in one line

quiet = logging.getLogger("hereabouts.websocket")
quiet.setLevel(logging.WARNING)  # one shared logger: websockets tells every opening and closing at INFO

_BEGINS = re.compile(rb"[A-Z]{1,16}(?: |\Z)")
_REQUEST_LINE = re.compile(rb"[A-Z]{1,16} [!-~]+ HTTP/1\.[01]\r")
_READS = ("GET", "HEAD")

POST_BEGINS = b"POST /admin/"  # nothing else is posted here, so nobody else's body is waited for
BODY_MAX_BYTES = 16384  # of a POST: the longest request an operator makes, many times over
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*(?=\r\n)", re.IGNORECASE)


class Request(NamedTuple):
    """A plain GET or HEAD, or a POST where one is taken."""

    method: str
    path: str  # without the query, percent-decoded
    query: str  # as it came, without the question mark
    headers: Mapping[str, str]  # names in lower case; of a repeated one the last
    body: bytes = b""
    address: str = ""  # of the client, as counted; of a POST alone


class HttpResponse(NamedTuple):
    """What a route answers; Date, Connection and Content-Length are added when it is sent."""

    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""
    headers: Mapping[str, str] = {}

    def to_bytes(self, *, with_body: bool = True, is_kept: bool = False) -> bytes:
        """Return the response as it goes over the wire; without its body for HEAD.

        Args:
            is_kept: whether the connection stays for another request.
        """
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Date: {formatdate(usegmt=True)}",
            f"Connection: {'keep-alive' if is_kept else 'close'}",
            # A 304 has no body, and would have to name the length of the one it stands for (RFC 9110, 8.6).
            *(() if self.status == HTTPStatus.NOT_MODIFIED else (f"Content-Length: {len(self.body)}",)),
            f"Content-Type: {self.content_type}",
            *(() if "X-Content-Type-Options" in self.headers else ("X-Content-Type-Options: nosniff",)),
            *(f"{name}: {text}" for name, text in self.headers.items()),
        ]
        head = "\r\n".join(lines).encode("latin-1") + HEAD_END
        return head + self.body if with_body else head


Routes = Mapping[str, Callable[[Request], HttpResponse]]

Later = Coroutine[Any, Any, HttpResponse]
"""An answer that may take until others have answered."""

Posts = Mapping[str, Callable[[Request], Later]]


class Reply(NamedTuple):
    """Bytes to send, and whether the connection is a WebSocket from then on, or waits for another head.

    With `later` there is nothing to send yet: it gives the answer.
    """

    wire: bytes
    is_open: bool = False
    subprotocol: str = ""
    is_kept: bool = False
    later: Later | None = None


def refusal(status: int, text: str, **headers: str) -> HttpResponse:
    """Return a one-line answer; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, body=f"{text}\n".encode(), headers=named)


def is_hopeless(begun: bytes) -> bool:
    """Tell whether these first bytes can no longer become an HTTP request."""
    line, newline, _ = begun.partition(b"\n")
    return not (_REQUEST_LINE.fullmatch(line) if newline else _BEGINS.match(begun))


class _Handshake(ServerProtocol):
    """The parser of one request, which knows our way to choose a subprotocol."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__(logger=quiet)
        self._known = known

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        """Return the client's first that is known, None if it offers none."""
        if not subprotocols or not self._known:
            return None
        for name in subprotocols:
            if name in self._known:
                return name
        raise NegotiationError("unknown subprotocol; known are " + ", ".join(self._known))


def request_end(data: bytes) -> int | HttpResponse | None:
    """Return where the first request in it ends, None if more is to come, or how it is refused."""
    end = data.find(HEAD_END) + len(HEAD_END)
    if end < len(HEAD_END):
        if is_hopeless(data):
            return refusal(400, "This is not HTTP.")
        too_long = len(data) > HEAD_MAX_BYTES
        return refusal(431, f"A request head has at most {HEAD_MAX_BYTES} bytes.") if too_long else None
    size = _body_bytes(data[:end])
    if size is None:
        return refusal(411, "A POST says once, in Content-Length, how long it is.")
    if size > BODY_MAX_BYTES:
        return refusal(413, f"A POST has at most {BODY_MAX_BYTES} bytes.")
    return end + size if len(data) >= end + size else None


def _body_bytes(head: bytes) -> int | None:
    """Return how long the body is that follows a whole request head, None if it is not said; 0 if none is read."""
    if not head.startswith(POST_BEGINS):
        return 0
    lengths = _LENGTH.findall(head)
    # Two of them are how requests are smuggled past a proxy (RFC 9112, 6.3).
    return int(lengths[0]) if len(lengths) == 1 else None


def _nowhere(_: Headers) -> str:
    """Stand in where nobody asks where a request comes from."""
    return ""


class FrontDoor:
    """Answers requests.

    Args:
        routes: exact path to the function that answers GET there.
        posts: the same for POST.
        subprotocols: the known ones; a client that offers none is taken without.
        path: the only one where an upgrade is accepted; None accepts all.
    """

    __slots__ = ("_path", "_posts", "_routes", "_subprotocols")

    def __init__(
        self,
        routes: Routes,
        subprotocols: Sequence[str] = (),
        path: str | None = "/ws",
        *,
        posts: Posts | None = None,
    ) -> None:
        self._routes = routes
        self._posts = posts or {}
        self._subprotocols = tuple(subprotocols)
        self._path = path

    def answer(
        self,
        head: bytes,
        refuse: Callable[[Headers], HttpResponse | None],
        *,
        address: Callable[[Headers], str] = _nowhere,
    ) -> Reply:
        """Return what to answer to one whole request: its head, the empty line included, and behind it a POST's body.

        Args:
            refuse: asked for every upgrade at the right path, and not for plain requests; a response refuses it.
            address: asked where a POST comes from, as counted.
        """
        engine = _Handshake(self._subprotocols)
        try:
            if self._posts and head.startswith(POST_BEGINS):
                return self._answer_post(engine, head, address)
            return self._answer(engine, head, refuse)
        finally:
            engine.parser.close()  # the parser and the protocol hold each other

    def _answer_post(self, engine: ServerProtocol, whole: bytes, address: Callable[[Headers], str]) -> Reply:
        """Answer a POST. The parser knows GET alone, so it is shown the same head as one."""
        head, _, body = whole.partition(HEAD_END)
        engine.receive_data(b"GET " + _LENGTH.sub(b"", head.removeprefix(b"POST ") + b"\r\n") + b"\r\n")
        events = engine.events_received()
        if not events or not isinstance(events[0], http11.Request):
            return Reply(refusal(400, "This is not an HTTP request that can be understood here.").to_bytes())
        path, _, query = events[0].path.partition("?")
        route = self._posts.get(path)
        if route is None:
            return Reply(_wrong_method().to_bytes())
        headers = {name.lower(): value for name, value in events[0].headers.raw_items()}
        return Reply(b"", later=route(Request("POST", path, query, headers, body, address(events[0].headers))))

    def _answer(self, engine: ServerProtocol, head: bytes, refuse: Callable[[Headers], HttpResponse | None]) -> Reply:
        engine.receive_data(head)
        events = engine.events_received()
        if not events or not isinstance(events[0], http11.Request):
            return Reply(b"".join(engine.data_to_send()) or _malformed(head).to_bytes())
        request = events[0]
        if len(request.headers.get_all("Host")) > 1:
            # RFC 9112, 3.2: two readers of one request might each take another host for the right one.
            return Reply(_malformed(head).to_bytes())
        path, _, query = request.path.partition("?")
        is_upgrade = request.headers.get_all("Upgrade") != []
        if self._path in (None, path):
            if request.method == "HEAD":
                # What the parser makes of a handshake knows GET alone; a HEAD is told what a plain GET is.
                return Reply(_no_handshake().to_bytes(with_body=False))
            refused = refuse(request.headers) if is_upgrade else None
            return Reply(refused.to_bytes()) if refused else _handshake(engine, request)
        if is_upgrade:
            return Reply(refusal(404, f"WebSocket connections are accepted at {self._path}").to_bytes())
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        return self._plain(Request(request.method, unquote(path), query, headers))

    def _plain(self, request: Request) -> Reply:
        if request.method not in _READS:
            return Reply(_wrong_method().to_bytes())
        route = self._routes.get(request.path)
        response = route(request) if route else self._unknown()
        is_kept = request.headers.get("connection", "").lower() == "keep-alive"
        wire = response.to_bytes(with_body=request.method != "HEAD", is_kept=is_kept)
        return Reply(wire, is_kept=is_kept)

    def _unknown(self) -> HttpResponse:
        there = ", ".join(sorted({*self._routes, self._path or "/"}))
        return refusal(404, f"Nothing here. There is: {there}")


def _handshake(engine: ServerProtocol, request: http11.Request) -> Reply:
    response = engine.accept(request)
    engine.send_response(response)
    wire = b"".join(engine.data_to_send())
    return Reply(wire, response.status_code == 101, str(engine.subprotocol or ""))


def _no_handshake() -> HttpResponse:
    return refusal(426, "This is for WebSocket handshakes, which are made with GET.", Upgrade="websocket")


def _wrong_method() -> HttpResponse:
    return refusal(405, "Only GET and HEAD are answered here.", Allow="GET, HEAD")


def _malformed(head: bytes) -> HttpResponse:
    """Return 405 for another method (its body is what the parser refused), 400 for everything else."""
    method = head.partition(b" ")[0].decode("latin-1")
    if _REQUEST_LINE.match(head) and method not in _READS:
        return _wrong_method()
    return refusal(400, "This is not an HTTP request that can be understood here.")
