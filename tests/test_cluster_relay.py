"""Clients of other nodes: what is written to them travels once, and what is lost on the way ends in no loop."""

from collections.abc import Callable
from typing import Any

from server.cluster.relay import RemoteLine, Remotes, Wire
from server.cluster.wire import Closed, Ended, Opened, Received, Rehomed, Returned, Written, decode


class Ear:
    """Who hears a client."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def opened(self, connection: Any) -> None: ...

    def received(self, payload: bytes, binary: bool) -> None:
        self.heard.append((payload, binary))

    def closed(self) -> None:
        self.heard.append("closed")


class Host:
    """A node's side of its remote clients, and what it sent to whom."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, object]] = []
        self.sends = 0
        self.soon: list[Callable[[], None]] = []
        self.wires: dict[str, Wire] = {}
        self.ears: list[Ear] = []
        self.remotes = Remotes(self.wire_to, self.receive)

    def wire_to(self, node: str) -> Wire:
        if node not in self.wires:
            self.wires[node] = Wire(lambda payload: self.send(node, payload), self.soon.append)
        return self.wires[node]

    def send(self, node: str, payload: bytes) -> None:
        self.sends += 1
        self.sent += [(node, message) for message in decode(payload)]

    def end_turn(self) -> None:
        callbacks, self.soon[:] = list(self.soon), []
        for callback in callbacks:
            callback()

    def receive(self, line: RemoteLine) -> Ear:
        self.ears.append(Ear())
        return self.ears[-1]

    def client(self, conn: int, gateway: str = "west") -> RemoteLine:
        return self.remotes.opened(gateway, Opened(conn, "192.0.2.1", "hereabouts.v1.json"))


def test_what_many_hear_travels_once() -> None:
    host = Host()
    lines = [host.client(conn) for conn in (1, 2, 3)]
    data = b"the same for all"
    for line in lines:
        line.write(data)
    lines[0].write(b"for one")
    host.end_turn()
    assert host.sent == [("west", Written([1, 2, 3], data)), ("west", Written([1], b"for one"))]
    assert host.sends == 1


def test_what_is_passed_on_between_two_writes_stays_between_them() -> None:
    host = Host()
    line, wire = host.client(1), host.wire_to("west")
    line.write(b"same")
    wire.pass_on(7, b"say", False)
    line.write(b"")
    line.write(b"same")
    host.end_turn()
    assert host.sent == [
        ("west", Written([1], b"same")),
        ("west", Received(7, b"say", False)),
        ("west", Written([1], b"")),
        ("west", Written([1], b"same")),
    ]


def test_a_close_comes_after_what_was_written_and_ends_it() -> None:
    host = Host()
    line = host.client(1)
    line.write(b"last words")
    line.close(1000, "bye")
    line.write(b"too late")
    host.end_turn()
    assert host.sent == [("west", Written([1], b"last words")), ("west", Ended(1, 1000, "bye"))]
    host.remotes.closed("west", Closed(1))
    assert host.ears[0].heard == ["closed"]
    assert not len(host.remotes)


def test_what_comes_for_whoever_moved_on_goes_back_to_the_gateway() -> None:
    host = Host()
    line = host.client(1)
    host.remotes.rehome(line, "east")
    host.remotes.received("west", Received(1, b"say", False))
    assert host.sent == [("west", Rehomed(1, "east")), ("west", Returned(1, b"say", False))]
    assert host.ears[0].heard == []


def test_when_something_was_lost_on_the_way_its_clients_are_sent_for_anew() -> None:
    host = Host()
    host.client(1)
    host.client(2, gateway="east")
    host.remotes.lost("west")
    assert host.sent == [("west", Ended(1, 4000, "lost"))]
    assert (host.ears[0].heard, host.ears[1].heard) == (["closed"], [])
    assert host.remotes.nodes() == {"east"}
