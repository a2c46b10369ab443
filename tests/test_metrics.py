"""Metrics: right numbers under documented names, and nothing that anybody is, says or where."""

import asyncio

from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from server.connection import TransportLimits
from server.listener import Listener
from server.operate.metrics import make_registry
from tests.sessions import FAR_AWAY, HERE, Stage


class Seen:
    """A stage with a listener that accepts nobody, as Prometheus sees it."""

    def __init__(self) -> None:
        async def make() -> Listener:
            return Listener(self.stage.node.make_peer, limits=TransportLimits())

        self.stage = Stage(resume_grace_s=5)
        self.listener = asyncio.run(make())
        self._registry = make_registry(self.stage.node, self.listener)

    def text(self) -> str:
        return generate_latest(self._registry).decode()

    def values(self) -> dict[str, float]:
        """Return our samples by name, with the label's value where there is one."""
        return {
            "_".join([sample.name.removeprefix("hereabouts_"), *sample.labels.values()]): sample.value
            for family in text_string_to_metric_families(self.text())
            for sample in family.samples
            if sample.name.startswith("hereabouts_")
        }


def test_empty_server_counts_zero_everywhere() -> None:
    values = Seen().values()
    assert set(values) == {
        "connections", "people_seated", "people_connected", "rooms", "rooms_waiting", "messages_received_total",
        "events_published_total", "events_delivered_total", "connections_accepted_total",
        "reports_open", "bans", "draining", "connections_refused_draining_total",
        "connections_refused_full_total", "connections_refused_address_total", "handshakes_failed_total",
        "handshakes_dropped_total", "work_asked_total", "connections_refused_origin_total",
        "forwarded_untrusted_total", "connections_made_room_total",
    }  # fmt: skip
    assert set(values.values()) == {0}


def test_people_rooms_and_messages_are_counted() -> None:
    seen = Seen()
    ann, bo, cy = seen.stage.seated("Ann Bo Cy")
    far = seen.stage.guest()
    far.enter(FAR_AWAY)
    bo.lose()
    before = seen.values()
    ann.ask("say", text="hello")
    cy.send(b"garbage")
    values = seen.values()
    assert (values["people_seated"], values["people_connected"]) == (4, 3)
    assert (values["rooms"], values["rooms_waiting"]) == (2, 1)
    assert values["messages_received_total"] - before["messages_received_total"] == 2
    assert values["events_published_total"] - before["events_published_total"] == 1
    assert values["events_delivered_total"] - before["events_delivered_total"] == 2


def test_connections_are_counted_by_how_they_ended() -> None:
    seen = Seen()
    seen.listener.open_count, seen.listener.accepted, seen.listener.refused_full = 3, 7, 2
    seen.listener.refused_address, seen.listener.handshakes_failed = 4, 5
    seen.listener.closed.update({1000: 2, 4001: 1})
    values = seen.values()
    assert (values["connections"], values["connections_accepted_total"]) == (3, 7)
    assert (values["connections_refused_full_total"], values["connections_refused_address_total"]) == (2, 4)
    assert values["handshakes_failed_total"] == 5
    assert (values["connections_closed_total_1000"], values["connections_closed_total_4001"]) == (2, 1)


def test_nobodys_cell_name_words_ids_or_token_are_seen() -> None:
    seen = Seen()
    [ann] = seen.stage.seated("Xanthippe")
    ann.ask("say", text="philosophy")
    [person] = seen.stage.house.world.people.values()
    text = seen.text()
    for secret in (HERE, HERE[:4], "Xanthippe", "philosophy", ann.token, ann.room, ann.me, person.id):
        assert secret not in text


def test_process_and_collector_are_seen_too() -> None:
    text = Seen().text()
    assert "process_resident_memory_bytes" in text
    assert "python_gc_collections_total" in text
