"""What a measuring client needs of the wire: handshakes, masked frames, cells far apart.

Knows WebSocket from the client's side and the first exchange of the protocol, on plain
blocking sockets. Never knows what is measured.
"""

import base64
import os
import socket

import msgspec

from bench.servers import LOOPBACK, CannotMeasure

SUBPROTOCOL = "hereabouts.v1.json"
REPLY_TIMEOUT_S = 10.0
RECEIVE_BYTES = 1 << 13  # more would cost an allocation from the system for every read
_PER_SOURCE = 5000  # connections from one source address: well below the ephemeral ports of common systems
_MID_LATITUDES = "236789dekmqrstwx"  # the cells of one character between 45 degrees south and north
_ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
CELLS_MAX = len(_MID_LATITUDES) * len(_ALPHABET) ** 2


def far_cell(number: int) -> str:
    """Return a geohash of 6 characters; any two of the numbers from 0 to 16,383 are 100 km apart or more."""
    number, third = divmod(number, len(_ALPHABET))
    first, second = divmod(number, len(_ALPHABET))
    return f"{_MID_LATITUDES[first]}{_ALPHABET[second]}{_ALPHABET[third]}s00"


def client_frame(payload: bytes) -> bytes:
    """Return the masked text frame that carries `payload`, of at most 65,535 bytes."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2, "big")
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[place & 3] for place, byte in enumerate(payload))
    return head + mask + masked


def command(type: str, **fields: object) -> bytes:
    """Return the frame of one command."""
    return client_frame(msgspec.json.encode({"type": type, **fields}))


def connect(port: int, number: int, *, key: bytes | None = None) -> socket.socket:
    """Return a socket whose handshake is done; `number` spreads connections over loopback addresses.

    Raises CannotMeasure.
    """
    source = f"127.0.0.{1 + number // _PER_SOURCE}"
    try:
        sock = socket.create_connection((LOOPBACK, port), REPLY_TIMEOUT_S, source_address=(source, 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(request(port, key or os.urandom(16)))
        answer = read_until(sock, b"\r\n\r\n")
    except OSError as error:
        raise CannotMeasure(f"Connection {number} was not made: {error}.") from None
    if not answer.startswith(b"HTTP/1.1 101"):
        raise CannotMeasure(f"Connection {number} was refused: {answer[:200].decode(errors='replace')}")
    return sock


def enter(sock: socket.socket, cell: str) -> bytes:
    """Enter the cell and return what came up to the `room` event and perhaps beyond. Raises CannotMeasure."""
    sock.sendall(command("enter", cell=cell))
    try:
        return read_until(sock, b'"type":"room"')
    except OSError as error:
        raise CannotMeasure(f"No room came for {cell}: {error}.") from None


def read_until(sock: socket.socket, words: bytes) -> bytes:
    """Return what a socket sends until `words` are in it. Raises OSError."""
    came = b""
    while words not in came:
        more = sock.recv(RECEIVE_BYTES)
        if not more:
            raise ConnectionError(f"the server closed after {came[-200:]!r}")
        came += more
    return came


def request(port: int, key: bytes) -> bytes:
    lines = (
        "GET /ws HTTP/1.1",
        f"Host: {LOOPBACK}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(key).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
        "\r\n",
    )
    return "\r\n".join(lines).encode()
