"""WebSocket frames as bytes: writing a server's, reading the client's common one.

Knows RFC 6455 section 5.2 and nothing else: no connection, no state, no format.
Only the frame that nearly every message comes in is read here; whatever is not
that frame is measured (`frame_length`), so that whole frames can be handed to
the complete protocol, which judges them.
"""

from struct import Struct

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without the C extension
    from websockets.utils import apply_mask

FINAL_TEXT = 0x81
FINAL_BINARY = 0x82
PING = bytes((0x89, 0))

_MASKED = 0x80
_medium = Struct(">BBH").pack
_long = Struct(">BBQ").pack
_SHORT_TEXT = tuple(bytes((FINAL_TEXT, size)) for size in range(126))
_SHORT_BINARY = tuple(bytes((FINAL_BINARY, size)) for size in range(126))


def text_frame(payload: bytes) -> bytes:
    """Return the one final, unmasked text frame that carries `payload` (valid UTF-8)."""
    size = len(payload)
    if size < 126:
        return _SHORT_TEXT[size] + payload
    return _long_header(FINAL_TEXT, size) + payload


def binary_frame(payload: bytes) -> bytes:
    """Return the one final, unmasked binary frame that carries `payload`."""
    size = len(payload)
    if size < 126:
        return _SHORT_BINARY[size] + payload
    return _long_header(FINAL_BINARY, size) + payload


def _long_header(first: int, size: int) -> bytes:
    if size < 65536:
        return _medium(first, 126, size)
    return _long(first, 127, size)


def read_common(data: bytes, start: int, most: int) -> tuple[bytes, int] | None:
    """Return the payload of the frame that begins at `start`, and where the next one begins.

    None unless it is a final, masked text or binary frame, whole, with no
    reserved bit, of at most `most` bytes (and below 65,536). UTF-8 is not looked at.
    """
    kind = data[start]
    if (kind != FINAL_TEXT and kind != FINAL_BINARY) or len(data) < start + 6:  # noqa: PLR1714 - a set is slower
        return None
    size = data[start + 1] - _MASKED
    first = start + 6
    if size == 126:
        size = data[start + 2] << 8 | data[start + 3]
        first = start + 8
    elif size < 0 or size == 127:
        return None
    end = first + size
    if end > len(data) or size > most:
        return None
    return apply_mask(data[first:end], data[first - 4 : first]), end


def frame_length(data: bytes, start: int) -> int:
    """Return how long the frame beginning at `start` is, header included, or 0 while its header is incomplete.

    The frame may be of any kind, and wrong: an unmasked one counts no mask.
    """
    if len(data) - start < 2:
        return 0
    second = data[start + 1]
    size = second & 0x7F
    extra = {126: 2, 127: 8}.get(size, 0)
    header = 2 + extra + (4 if second & _MASKED else 0)
    if len(data) - start < header:
        return 0
    if extra:
        size = int.from_bytes(data[start + 2 : start + 2 + extra], "big")
    return header + size


def is_utf8(payload: bytes) -> bool:
    """Tell whether `payload` is UTF-8 as RFC 3629 has it (no surrogates, nothing overlong)."""
    if payload.isascii():
        return True
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
