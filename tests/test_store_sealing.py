"""A seal opens only what was sealed, where it was, under the same secret."""

import os

import pytest

from server.store.sealing import SealBroken
from tests.stores import seal

WORDS = b"meet me behind the old tram depot"


def test_seal_shows_every_alteration() -> None:
    sealed = seal().seal(WORDS, about="report R1")
    assert seal().unseal(sealed, about="report R1") == WORDS
    assert WORDS not in sealed
    for at in range(0, len(sealed), 7):
        altered = bytearray(sealed)
        altered[at] ^= 1
        with pytest.raises(SealBroken):
            seal().unseal(bytes(altered), about="report R1")
    for other in (sealed[:-1], sealed[:5], b"", os.urandom(60)):
        with pytest.raises(SealBroken):
            seal().unseal(other, about="report R1")
    with pytest.raises(SealBroken):
        seal().unseal(sealed, about="report R2")
    with pytest.raises(SealBroken):
        seal(bytes(32)).unseal(sealed, about="report R1")
