"""Session tokens: an identity and an expiry under a keyed hash (BLAKE2b, RFC 7693). They hold nothing personal.

A token is the URL-safe base64 of version (1 byte), identity (12 bytes), expiry (Unix
seconds, 8 bytes, big-endian) and the MAC (18 bytes): 39 bytes, a whole number of base64
groups. A token has exactly one spelling; no other is read.
"""

import base64
import binascii
import hmac
import struct
from hashlib import blake2b

IDENTITY_BYTES = 12
_FORMAT = struct.Struct(">B12sQ")
_VERSION = 1
_MAC_BYTES = 18


class BadToken(ValueError):
    """The token is altered, expired, or was made under another key."""


class Tokens:
    """Makes and reads the tokens of one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, identity: bytes, *, expires: float) -> str:
        """Return the token of an identity of 12 bytes that is good until `expires`, Unix seconds."""
        body = _FORMAT.pack(_VERSION, identity, int(expires))
        return base64.urlsafe_b64encode(body + self._mac(body)).decode()

    def read(self, token: str, *, now: float) -> bytes:
        """Return the identity. Raises BadToken."""
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise BadToken("This is no token.") from None
        body, mac = raw[: _FORMAT.size], raw[_FORMAT.size :]
        # The decoder takes + and / too, where the encoder writes - and _.
        is_spelt_so = base64.urlsafe_b64encode(raw).decode() == token
        if not is_spelt_so or not hmac.compare_digest(mac, self._mac(body)):
            raise BadToken("This token is altered or another server's: enter without it.")
        _, identity, expires = _FORMAT.unpack(body)
        if now >= expires:
            raise BadToken("This token has expired: enter without it.")
        assert isinstance(identity, bytes)
        return identity

    def _mac(self, body: bytes) -> bytes:
        return blake2b(body, key=self._key, digest_size=_MAC_BYTES, person=b"hereabouts token").digest()
