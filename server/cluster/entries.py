"""One entry of a room's log: how it is named, sealed, written and read.

An entry stands under `<epoch>-<n>`; its epoch counts who has held the room, its n what they wrote. Its first field is
named after what it is, and says which node wrote it; its second is the body, encrypted under a key of the room's own
and bound to everything else in the entry. Must never know a connection, nor what a body says.
"""

import itertools
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from server.safety.keys import KEY_BYTES
from server.store.sealing import NONCE_BYTES, SealBroken

EVENTS = b"e"  # goes on from the entry before
WHOLE = b"w"  # the state as a whole: nothing before it is needed
CLAIM = b"c"  # another node holds the room from here on
END = b"x"  # nobody goes on with it


class Entry(msgspec.Struct, frozen=True):
    """What somebody wrote, opened."""

    epoch: int
    n: int
    node: str
    body: bytes


class Raw(msgspec.Struct, frozen=True):
    """The same as it lies in Redis."""

    epoch: int
    n: int
    mark: bytes
    node: bytes
    sealed: bytes


def log_key(room: str) -> str:
    """Return where a room's log is."""
    return f"ha:{{{room}}}:log"


def read_raw(reply: Any) -> list[Raw]:
    """Return the entries of an answer to XRANGE or XREVRANGE, in its order."""
    found = []
    for id, (mark, node, _, sealed) in reply:
        epoch, _, n = id.partition(b"-")
        found.append(Raw(int(epoch), int(n), mark, node, sealed))
    return found


class Nonces:
    """Twelve bytes at a time, none of them twice: one number after another, from one that is drawn by chance.

    So no two nodes meet either, nor one and itself before it was started anew.
    """

    def __init__(self, first: bytes) -> None:
        """`first` is 12 bytes by chance."""
        start = int.from_bytes(first, "big") >> 1  # half of all are left to count through
        self._numbers = itertools.count(start)

    def __next__(self) -> bytes:
        return next(self._numbers).to_bytes(NONCE_BYTES, "big")

    def __iter__(self) -> Iterator[bytes]:
        return self


class RoomSeal:
    """Seals and opens the entries of one room."""

    __slots__ = ("_cipher", "_nonces", "_room")

    def __init__(self, key: bytes, room: str, nonces: Nonces) -> None:
        self._room = room.encode()
        self._cipher = ChaCha20Poly1305(
            blake2b(self._room, key=key, digest_size=KEY_BYTES, person=b"hereabouts log").digest()
        )
        self._nonces = nonces

    def seal(self, body: bytes, *, id: bytes, mark: bytes, node: bytes) -> bytes:
        """Return a body as it goes into Redis."""
        nonce = next(self._nonces)
        return nonce + self._cipher.encrypt(nonce, body, b"%b %b %b %b" % (self._room, id, mark, node))

    def open(self, raw: Raw) -> Entry:
        """Return what was sealed. Raises SealBroken."""
        about = b"%b %d-%d %b %b" % (self._room, raw.epoch, raw.n, raw.mark, raw.node)
        try:
            body = self._cipher.decrypt(raw.sealed[:NONCE_BYTES], raw.sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise SealBroken("An entry of a room's log was altered, or made under another secret.") from None
        return Entry(raw.epoch, raw.n, raw.node.decode(), body)


def accepted(entries: list[Raw]) -> list[Raw]:
    """Return the entries that stand without a gap before them.

    Redis may refuse one entry, for want of memory or of a replica, and take the next, which was under way by then. What
    follows such a gap was acknowledged to nobody, up to where the state as a whole was written anew.
    """
    kept: list[Raw] = []
    last: Raw | None = None
    is_behind_gap = False
    for raw in entries:
        if raw.mark == WHOLE:
            is_behind_gap = False
        elif last is not None and raw.epoch == last.epoch:
            is_behind_gap |= raw.n != last.n + 1
        elif last is not None:
            is_behind_gap = raw.mark != CLAIM
        last = raw
        if not is_behind_gap:
            kept.append(raw)
    return kept
