"""What a real server draws, of the length it is said to be and never twice; and whom its limits bind."""

import pytest

from server.loading import load
from server.origin import LOOPBACK
from server.sources import ID_BYTES, TICKET_BYTES, make_house, new_id, new_nonce, new_secret
from server.store.folder import SECRET_BYTES
from server.store.memory import MemoryStore
from server.store.sealing import NONCE_BYTES, Seal


def test_what_is_drawn_is_as_long_as_it_must_be_and_new_each_time() -> None:
    for draw, length in ((new_id, ID_BYTES * 4 // 3), (new_secret, SECRET_BYTES), (new_nonce, NONCE_BYTES)):
        drawn = [draw() for _ in range(100)]
        assert {len(each) for each in drawn} == {length}
        assert len(set(drawn)) == 100


def test_tickets_can_be_read_out() -> None:
    key = new_secret()
    house = make_house(load(None, {}, {}), key=key, seal=Seal(key, new_nonce=new_nonce), store=MemoryStore())
    tickets = {house.reports.new_ticket() for _ in range(100)}
    assert len(tickets) == 100
    assert all(len(ticket) == TICKET_BYTES * 8 // 5 and ticket.isalnum() and ticket.isupper() for ticket in tickets)


@pytest.mark.parametrize(("flags", "is_free"), [({}, True), ({"connections_per_address": 50}, False)])
def test_limits_of_addresses_bind_this_machine_where_somebody_set_them(flags: dict[str, int], is_free: bool) -> None:
    key = new_secret()
    house = make_house(load(None, {}, flags), key=key, seal=Seal(key, new_nonce=new_nonce), store=MemoryStore())
    here = house.origin(LOOPBACK)
    for _ in range(60):
        house.door.came(here, now=0)
    assert (house.door.bits(here, now=0) == 0) == is_free
