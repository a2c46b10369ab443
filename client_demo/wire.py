"""One WebSocket connection to a server: opening it, reading and writing messages, and how it ended.

Knows the two wire formats and what a close code allows. Never knows rooms, members or what a message means.
"""

import ipaddress
import json
import ssl
from typing import Any, cast
from urllib.parse import urlsplit

import msgpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

Message = dict[str, Any]

SUBPROTOCOLS = {"msgpack": Subprotocol("hereabouts.v1.msgpack"), "json": Subprotocol("hereabouts.v1.json")}

OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
# A room of twelve with long names and topics is about 8 KiB; far more is no message of this protocol.
MESSAGE_MAX_BYTES = 1 << 20
ABNORMAL = 1006
POLICY = 1008

UNKNOWN_ISSUER = frozenset({18, 19, 20, 21})
"""Of OpenSSL's X509_V_ERR codes those that say that nobody known has signed; the rest are no matter of trust."""
TRUST = (
    "If it is a server of your own, put SSL_CERT_FILE=FILE before the command: its certificate as PEM, or that of the "
    "authority which signed it."
)


class Refused(Exception):
    """An `error` event that answers a command: the session goes on, the command had no effect."""

    def __init__(self, error: Message) -> None:
        self.code = str(error.get("code", "unknown"))
        self.message = str(error.get("message", ""))
        self.about = str(error.get("about") or "")
        self.retry_after = seconds_or_none(error.get("retry_after"))
        self.details = dict(error)
        super().__init__(f"{self.code}: {self.message}")


class Held(Refused):
    """A `held` event that answers a command: nobody got it. `reason` is a code, `object` says how to object."""

    def __init__(self, held: Message) -> None:
        super().__init__({"code": "held", "message": held.get("message") or ""})
        self.reason = str(held.get("reason", "unknown"))
        self.object = str(held.get("object") or "")
        self.details = dict(held)


class Closed(Exception):
    """The connection is over. `may_return` says whether the same person may try again as they are."""

    def __init__(
        self, code: int, reason: str, *, may_return: bool | None = None, retry_after: float | None = None
    ) -> None:
        self.code = code
        self.reason = reason
        self.may_return = code_allows_return(code) if may_return is None else may_return
        self.retry_after = retry_after
        super().__init__(f"{reason} ({code})")


class Unreachable(Closed):
    """No connection came about: nobody listens there, or what listens refused the handshake."""


class Untrusted(Unreachable):
    """What answers shows a certificate that is not trusted here; the reason says so in sentences."""

    def __init__(self, url: str, exc: ssl.SSLCertVerificationError) -> None:
        says = exc.verify_message.rstrip(".")
        advice = f" {TRUST}" if exc.verify_code in UNKNOWN_ISSUER else ""
        super().__init__(ABNORMAL, f"{url} shows a certificate that is not trusted here ({says}).{advice}")


NOT_TLS = frozenset(("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"))
"""What OpenSSL, by its version, says of an answer in another protocol."""


class NoTls(Unreachable):
    """What answers does not speak TLS."""


class TlsFails(Unreachable):
    """What answers may well speak TLS, and agrees with this client on none; the reason says so in a sentence."""

    def __init__(self, url: str, exc: ssl.SSLError) -> None:
        super().__init__(ABNORMAL, f"No connection by TLS to {url} comes about ({exc.reason or type(exc).__name__}).")


def code_allows_return(code: int) -> bool:
    """Return whether a client closed with this code may come back.

    Not after it left (1000), nor as it is: 4500–4999, and the codes that say it does not speak the protocol.
    """
    return code not in (1000, 1002, 1003, 1007, 1009) and not 4500 <= code <= 4999


def seconds_or_none(value: object) -> float | None:
    """Return a waiting time of 0 s or more, or None for whatever is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(0.0, float(value))


def encode(message: Message, wire: str) -> bytes | str:
    """Return the payload of one message: bytes become a binary frame, text a text frame."""
    if wire == "msgpack":
        return cast(bytes, msgpack.packb(message))
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def decode(payload: bytes | str, wire: str) -> Message | None:
    """Return the message, or None for a payload that is not a map with a `type`.

    Such a payload is passed over rather than fatal: if it belonged to the room, the next `seq` shows the gap.
    """
    try:
        message = msgpack.unpackb(cast(bytes, payload)) if wire == "msgpack" else json.loads(payload)
    except (ValueError, TypeError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


async def open_connection(
    url: str, *, wire: str, source: str | None = None, keepalive_s: float | None = 20.0
) -> ClientConnection:
    """Return an open connection that speaks `wire`.

    Args:
        source: local address to connect from, for programs that need more ports than one address has.
        keepalive_s: seconds between pings of our own; None leaves the detection of a dead peer to the server.

    Raises:
        Unreachable: with `retry_after` where an HTTP 503 named one.
    """
    local: dict[str, Any] = {"local_addr": (source, 0)} if source else {}
    try:
        return await connect(
            url,
            subprotocols=[SUBPROTOCOLS[wire]],
            compression=None,
            proxy=None if is_loopback(url) else True,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=keepalive_s,
            max_size=MESSAGE_MAX_BYTES,
            **local,
        )
    except InvalidStatus as exc:
        raise _refused_handshake(exc) from exc
    except InvalidURI as exc:
        raise Unreachable(ABNORMAL, f"not a WebSocket address: {url}", may_return=False) from exc
    except ssl.SSLCertVerificationError as exc:
        raise Untrusted(url, exc) from exc
    except ssl.SSLError as exc:
        if exc.reason not in NOT_TLS:
            # Nobody is told to do without because of a server whose TLS is another.
            raise TlsFails(url, exc) from exc
        raise NoTls(ABNORMAL, "what came was no answer of TLS; without it an address begins with ws://") from exc
    except (OSError, InvalidHandshake) as exc:
        raise Unreachable(ABNORMAL, _in_words(url, exc)) from exc


def ended(connection: ClientConnection, exc: ConnectionClosed, bye: Message | None) -> Closed:
    """Return how a connection ended; the server's `bye`, where one came, says more than the close frame."""
    bye = bye or {}
    code = exc.rcvd.code if exc.rcvd else bye.get("code")
    reason = bye.get("reason") or connection.close_reason or "the connection broke"
    return Closed(
        code if isinstance(code, int) else ABNORMAL,
        str(reason),
        retry_after=seconds_or_none(bye.get("reconnect_in")),
    )


def _in_words(url: str, exc: OSError | InvalidHandshake) -> str:
    if isinstance(exc, ConnectionRefusedError):
        return "nothing answers there"
    if isinstance(exc, TimeoutError):
        return "no answer in time"
    if isinstance(exc, ConnectionResetError | InvalidMessage) and urlsplit(url).scheme == "ws":
        return "what came was no answer of HTTP; an address of a server with TLS begins with wss://"
    return str(exc) or type(exc).__name__


def _refused_handshake(exc: InvalidStatus) -> Unreachable:
    status = exc.response.status_code
    header = exc.response.headers.get("Retry-After", "")
    return Unreachable(
        ABNORMAL,
        f"the server answered HTTP {status}",
        may_return=status == 429 or status >= 500,
        retry_after=float(header) if header.isdecimal() else None,
    )


def is_loopback(url: str) -> bool:
    """Return whether the address is this very machine, which no proxy leads to."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
