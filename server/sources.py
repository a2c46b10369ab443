"""The sources of chance, secrets and wall time, as a real server has them; tests have others.

What one process draws, it draws here. Never knows what is done with it.
"""

import base64
import secrets
import time

from rooms.world import World
from server.chance import PooledRandom
from server.house import House
from server.loading import Loaded
from server.operate.jwks import AGAIN_S
from server.safety.tokens import IDENTITY_BYTES
from server.settings import BINDS_LOOPBACK
from server.store.folder import SECRET_BYTES
from server.store.sealing import NONCE_BYTES, Seal
from server.store.store import Store
from server.vouching import make_verifier

ID_BYTES = 9
"""Of a room's or member's id: 72 bits nobody guesses, 12 characters of URL-safe base64."""

TICKET_BYTES = 10
"""Of a report's ticket, or a ban's: 16 capitals and digits that can be read out, and that nobody guesses."""


def make_house(loaded: Loaded, *, key: bytes, seal: Seal, store: Store) -> House:
    """Return a house with the settings in force, empty but for what is kept."""
    settings = loaded.settings
    return House(
        settings,
        World(settings, rng=PooledRandom(), new_id=new_id),
        key=key,
        new_identity=lambda: secrets.token_bytes(IDENTITY_BYTES),
        new_nonce=new_id,
        new_ticket=lambda: base64.b32encode(secrets.token_bytes(TICKET_BYTES)).decode(),
        verifier=make_verifier(settings, unix_now=time.time, retry_s=AGAIN_S),
        exempt=frozenset(name for name in BINDS_LOOPBACK if not loaded.explicit(name)),
        store=store,
        seal=seal,
    )


def new_id() -> str:
    """Return what names a room, a member or a node, and nothing before it."""
    return secrets.token_urlsafe(ID_BYTES)


def new_secret() -> bytes:
    """Return what keys tokens and seals."""
    return secrets.token_bytes(SECRET_BYTES)


def new_nonce() -> bytes:
    """Return what no other sealing has had."""
    return secrets.token_bytes(NONCE_BYTES)
