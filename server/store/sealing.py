"""Sealing: what people wrote is kept encrypted, bound to what it belongs to, and shows whether it was touched.

ChaCha20-Poly1305 (RFC 8439) under a key of its own, derived from the server's secret. `about` is authenticated and
not encrypted: a sealed text copied to another row does not open there.
"""

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from server.safety.keys import derive

NONCE_BYTES = 12
"""As the cipher has it; drawn by chance, it does not repeat in far more seals than a server will ever make."""


class SealBroken(ValueError):
    """What was sealed has been altered, belongs elsewhere, or was sealed under another secret."""


class Seal:
    """Seals under one secret. `new_nonce` gives 12 bytes nobody can foresee and none twice."""

    def __init__(self, secret: bytes, *, new_nonce: Callable[[], bytes]) -> None:
        self._cipher = ChaCha20Poly1305(derive(secret, b"hereabouts seal"))
        self._new_nonce = new_nonce

    def seal(self, plain: bytes, *, about: str) -> bytes:
        """Return the sealed bytes."""
        nonce = self._new_nonce()
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def unseal(self, sealed: bytes, *, about: str) -> bytes:
        """Return what was sealed about the same. Raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError):
            raise SealBroken("The seal is broken: altered, moved here, or made under another secret.") from None
