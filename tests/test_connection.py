"""How a connection opens, what it delivers and in which portions, and what a bug does to it."""

import logging
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode

from server.connection import REQUESTS_MAX, Connection
from server.frames import text_frame
from server.http import HttpResponse, Request
from tests.fake_port import HEAD, HELLO, LIMITS, Client, Listening, Port, changed, messages
from tests.test_frames import masked

# The head.


def test_handshake_may_come_in_any_pieces_and_frames_right_behind_it() -> None:
    wire = HEAD + HELLO
    for cut in range(1, len(wire)):
        port = Port()
        client = Client(port, is_open=False)
        client.send(wire[:cut], wire[cut:])
        assert port.told == ["opened", (b"hello", False)]


def test_address_and_subprotocol_are_known_when_opened() -> None:
    client = Client(Port())
    assert (client.connection.remote, client.connection.subprotocol) == ("192.0.2.7", "")
    assert client.connection.is_open


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"hello\r\n", 400),
        (HELLO, 400),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 3000, 431),
    ],
    ids="tls text frame endless".split(),
)
def test_garbage_is_answered_and_ended_without_waiting_for_more(wire: bytes, status: int) -> None:
    port = Port()
    client = Client(port, is_open=False)
    client.send(wire)
    assert client.socket.written.startswith(b"HTTP/1.1 %d " % status)
    assert client.socket.has_ended
    assert (port.failures, port.told) == (1, [])


def test_plain_request_is_answered_and_the_socket_gone_within_the_bound() -> None:
    port = Port()
    client = Client(port, is_open=False)
    client.send(b"GET /livez HTTP/1.1\r\n\r\nignored", b"ignored")
    assert client.socket.written.startswith(b"HTTP/1.1 200 ")
    assert client.socket.has_ended
    port.pass_time(LIMITS.close_timeout_s + 1)
    assert client.socket.is_gone
    client.lose()
    assert (port.told, port.there, len(port.wheel), port.failures) == ([], set(), 0, 0)


KEEPING = b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: keep-alive\r\n\r\n"


def test_who_asks_to_be_kept_may_ask_again_and_even_enter() -> None:
    port = Port()
    client = Client(port, is_open=False)
    client.send(KEEPING)
    assert client.socket.written.count(b"HTTP/1.1 200 ") == 1
    assert not client.socket.has_ended
    client.send(KEEPING + KEEPING[:10])
    port.take_turns()
    client.send(KEEPING[10:])
    assert client.socket.written.count(b"HTTP/1.1 200 ") == 3
    client.send(HEAD + HELLO)
    assert client.connection.is_open
    assert port.told == ["opened", (b"hello", False)]


def test_requests_that_came_at_once_are_answered_in_turns() -> None:
    port = Port()
    client = Client(port, is_open=False)
    client.send(KEEPING * 3)
    assert client.socket.written.count(b"HTTP/1.1 200 ") == 1
    port.take_turns()
    assert client.socket.written.count(b"HTTP/1.1 200 ") == 3


def test_kept_connection_ends_when_nothing_more_is_asked_and_has_not_failed() -> None:
    port = Port()
    client = Client(port, is_open=False)
    client.send(KEEPING)
    port.pass_time(LIMITS.handshake_timeout_s - 1)
    client.send(KEEPING)
    port.pass_time(LIMITS.handshake_timeout_s - 1)
    assert not client.socket.has_ended
    port.pass_time(1)
    assert client.socket.has_ended
    port.pass_time(LIMITS.close_timeout_s + 1)
    client.lose()
    assert (port.failures, port.told, port.there) == (0, [], set())
    assert b" 408 " not in client.socket.written


def test_one_connection_is_answered_so_often_and_no_more() -> None:
    client = Client(Port(), is_open=False)
    for _ in range(REQUESTS_MAX):
        client.send(KEEPING)
    assert not client.socket.has_ended
    client.send(KEEPING)
    assert client.socket.has_ended
    assert client.socket.written.count(b"HTTP/1.1 200 ") == REQUESTS_MAX + 1


@pytest.mark.parametrize(("begun", "answer"), [(HEAD[:-2], b"HTTP/1.1 408 "), (b"", b"")])
def test_half_a_handshake_ends_at_its_deadline(begun: bytes, answer: bytes) -> None:
    port = Port()
    client = Client(port, is_open=False)
    if begun:
        client.send(begun)
    port.pass_time(LIMITS.handshake_timeout_s)
    assert client.socket.written[:13] == answer
    port.pass_time(LIMITS.close_timeout_s + 1)
    assert client.socket.is_gone
    client.lose()
    assert (port.failures, port.told) == (1, [])


def test_finished_handshake_lifts_its_deadline() -> None:
    port = Port(changed(enter_timeout_s=0, ping_every_s=0))
    client = Client(port)
    port.pass_time(LIMITS.handshake_timeout_s * 2)
    assert client.connection.is_open


def test_bug_in_a_route_is_answered_500_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: Request) -> HttpResponse:
        raise KeyError(request.path)

    client = Client(Port(routes={"/livez": broken}), is_open=False)
    client.send(b"GET /livez HTTP/1.1\r\n\r\n")
    assert client.socket.written.startswith(b"HTTP/1.1 500 ")
    assert "/livez" not in caplog.text
    assert "KeyError" in caplog.text


# Messages.

pieces = st.one_of(
    st.tuples(st.just("text"), st.text(max_size=80).map(str.encode)),
    st.tuples(st.just("binary"), st.binary(max_size=300)),
    st.tuples(st.just("ping"), st.binary(max_size=5)),
    st.tuples(st.just("fragments"), st.text(min_size=1, max_size=20).map(str.encode)),
)


def wire_of(kind: str, payload: bytes) -> bytes:
    if kind == "ping":
        return masked(payload, Opcode.PING) + masked(payload, Opcode.PONG)
    if kind == "fragments":
        cut = len(payload) // 2
        first = masked(payload[:cut], fin=False)
        return first + masked(b"", Opcode.PING) + masked(payload[cut:], Opcode.CONT)
    return masked(payload, Opcode.BINARY if kind == "binary" else Opcode.TEXT)


@given(st.lists(pieces, max_size=6), st.lists(st.integers(min_value=0, max_value=2000), max_size=8))
def test_messages_are_the_same_however_their_bytes_are_split(story: list[tuple[str, bytes]], cuts: list[int]) -> None:
    wire = b"".join(wire_of(kind, payload) for kind, payload in story)
    port = Port(changed(frames_per_turn=100))
    client = Client(port)
    edges = [0, *sorted(cut % (len(wire) + 1) for cut in cuts), len(wire)]
    client.send(*(wire[start:end] for start, end in pairwise(edges) if start < end))
    assert messages(port) == [(payload, kind == "binary") for kind, payload in story if kind != "ping"]
    pings = [(payload if kind == "ping" else b"") for kind, payload in story if kind in ("ping", "fragments")]
    assert [(frame.opcode, frame.data) for frame in client.got()] == [(Opcode.PONG, ping) for ping in pings]


def test_frames_split_at_every_byte_give_the_same_messages() -> None:
    story = [("text", b"one"), ("fragments", b"two"), ("ping", b"?"), ("binary", b"\x00" * 200), ("text", b"")]
    wire = b"".join(wire_of(kind, payload) for kind, payload in story)
    expected = [(b"one", False), (b"two", False), (b"\x00" * 200, True), (b"", False)]
    for cut in range(1, len(wire)):
        port = Port(changed(frames_per_turn=100))
        Client(port).send(wire[:cut], wire[cut:])
        assert messages(port) == expected
    port = Port()
    Client(port).send(*(wire[at : at + 1] for at in range(len(wire))))
    assert messages(port) == expected


BAD_TEXT = "naïve".encode()[:3]
BAD_WIRE = masked(BAD_TEXT)


@pytest.mark.parametrize(
    "frames",
    [
        [masked(BAD_TEXT)],
        [masked(BAD_TEXT, fin=False), masked(b"ve", Opcode.CONT)],
        [masked(b"\xed\xa0\x80")],
        [BAD_WIRE[:6], BAD_WIRE[6:]],
    ],
    ids="direct fragmented surrogate split".split(),
)
def test_text_that_is_not_utf8_closes_with_1007(frames: list[bytes]) -> None:
    port = Port()
    client = Client(port)
    client.send(*frames)
    assert client.close_code() == 1007
    assert client.socket.has_ended
    assert messages(port) == []


def test_text_cut_between_fragments_inside_a_character_is_whole() -> None:
    port = Port()
    Client(port).send(masked(BAD_TEXT, fin=False), masked("naïve".encode()[3:], Opcode.CONT))
    assert messages(port) == [("naïve".encode(), False)]


@pytest.mark.parametrize("size", [1001, 70_000, 2**20, 2**40])
def test_message_over_the_limit_closes_with_1009_at_its_header(size: int) -> None:
    port = Port()
    client = Client(port)
    header = b"\x81\xff" + size.to_bytes(8, "big") + b"mask"
    client.send(header if size > 65535 else b"\x81\xfe" + size.to_bytes(2, "big") + b"mask")
    assert client.close_code() == 1009
    client.send(b"x" * 1000)
    assert messages(port) == []


def test_largest_message_is_taken() -> None:
    port = Port()
    Client(port).send(masked(b"x" * 1000))
    assert messages(port) == [(b"x" * 1000, False)]


def test_ten_thousand_tiny_fragments_close_with_1009() -> None:
    port = Port()
    client = Client(port)
    client.send(masked(b"a", fin=False), masked(b"a", Opcode.CONT, fin=False) * 10_000)
    port.take_turns()
    assert client.close_code() == 1009
    assert messages(port) == []


def test_a_turn_handles_its_share_of_frames_and_the_rest_follow_in_order() -> None:
    port = Port()
    client = Client(port)
    client.send(b"".join(masked(b"%d" % number) for number in range(25)))
    counts = []
    while port.turn:
        counts.append(len(messages(port)))
        assert not client.socket.is_reading
        port.take_turn()
    assert counts == [10, 20]
    assert messages(port) == [(b"%d" % number, False) for number in range(25)]
    assert client.socket.is_reading


def test_pings_count_towards_the_share_of_a_turn() -> None:
    port = Port()
    client = Client(port)
    client.send(masked(b"", Opcode.PING) * 25)
    assert len(client.got()) == 10
    port.take_turn()
    assert len(client.got()) == 10


@pytest.mark.parametrize("kind", ["ping", "fragments"])
def test_no_engine_is_kept_once_it_is_idle(kind: str) -> None:
    client = Client(Port())
    client.send(wire_of(kind, b"odd")[:-1])
    assert client.connection._engine is not None
    client.send(wire_of(kind, b"odd")[-1:])
    assert client.connection._engine is None


def test_what_comes_while_frames_wait_is_handled_after_them() -> None:
    port = Port()
    client = Client(port)
    client.send(masked(b"first") * 11, masked(b"second"))
    assert len(messages(port)) == 10
    port.take_turns()
    assert [payload for payload, _ in messages(port)] == [b"first"] * 11 + [b"second"]


def test_a_read_that_filled_the_transport_ends_the_turn() -> None:
    port = Port(changed(frame_max_bytes=100_000))
    client = Client(port)
    client.send(masked(b"x" * 65_530))
    assert not client.socket.is_reading
    port.take_turns()
    assert client.socket.is_reading


# Bugs.


def test_bug_in_the_receiver_closes_that_connection_with_1011_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(connection: Connection, payload: bytes) -> None:
        if payload == b"secret":
            raise ValueError(payload)
        connection.write(text_frame(payload))

    port = Port(answer=answer)
    client, other = Client(port), Client(port)
    client.send(masked(b"secret") + HELLO)
    assert client.close_code() == 1011
    other.send(HELLO)
    assert [frame.data for frame in other.got()] == [b"hello"]
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "ValueError" in caplog.text
    assert "in answer" in caplog.text
    assert "secret" not in caplog.text
    assert "192.0.2.7" not in caplog.text


@pytest.mark.parametrize("method", ["opened", "closed", "ending"])
def test_bug_in_any_call_is_logged_and_the_connection_still_ends(
    method: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Listening, method, broken)
    port = Port()
    client = Client(port)
    client.connection.end(4002, "idle")
    port.take_turns()
    assert client.close_code() == (1011 if method == "opened" else 4002)
    assert len(caplog.records) == 1
    assert port.open == 0
