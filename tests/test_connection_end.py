"""How a connection ends: closing handshakes, backpressure, keepalive, deadlines."""

from itertools import pairwise

import pytest
from websockets.frames import Close, Opcode

from tests.fake_port import CLOSE, HEAD, HELLO, LIMITS, Client, Listening, Port, changed, messages
from tests.test_frames import masked

# The end.


def test_peers_close_is_answered_and_told_once() -> None:
    port = Port()
    client = Client(port)
    client.send(HELLO + CLOSE + HELLO)
    assert port.told == ["opened", (b"hello", False)]
    port.take_turns()
    assert client.close_code() == 1000
    assert (client.socket.has_ended, client.connection.is_open) == (True, False)
    client.lose()
    assert port.told == ["opened", (b"hello", False), "closed"]
    assert (port.codes, port.open, port.there, len(port.wheel)) == ({1000: 1}, 0, set(), 0)


def test_our_close_waits_for_the_peers_and_delivers_nothing_meanwhile() -> None:
    port = Port()
    client = Client(port)
    client.connection.close(1001, "over")
    assert client.close_code() == 1001
    assert (client.connection.is_open, client.socket.has_ended) == (False, False)
    client.connection.write(b"never sent")
    client.send(HELLO, masked(b"?", Opcode.PING), CLOSE)
    assert [frame.opcode for frame in client.got()] == [Opcode.PONG]
    assert client.socket.has_ended
    client.lose()
    assert (port.told, port.codes) == (["opened", "closed"], {1001: 1})


def test_peer_that_never_answers_a_close_is_cut_off() -> None:
    port = Port()
    client = Client(port)
    client.connection.close(1000)
    port.pass_time(LIMITS.close_timeout_s)
    assert client.socket.is_gone


def test_peer_that_answers_a_close_but_keeps_the_socket_is_cut_off() -> None:
    port = Port()
    client = Client(port)
    client.send(CLOSE)
    assert not client.socket.is_gone
    port.pass_time(LIMITS.close_timeout_s)
    assert client.socket.is_gone


def test_closing_from_within_a_message_stops_what_follows_it() -> None:
    port = Port(answer=lambda connection, _: connection.close(1003, "text only"))
    client = Client(port)
    client.send(masked(b"\x00", Opcode.BINARY) + HELLO)
    assert client.close_code() == 1003
    assert messages(port) == [(b"\x00", True)]
    assert "closed" not in port.told
    port.take_turns()
    assert port.told[-1] == "closed"


def test_closing_twice_or_after_the_end_changes_nothing() -> None:
    port = Port()
    client = Client(port)
    client.connection.close(1000)
    client.connection.close(1001)
    client.connection.end(4002, "again")
    assert client.close_code() == 1000
    client.lose()
    client.connection.close(1000)
    client.connection.abort()
    client.connection.check_unsent()
    assert (port.told, port.codes) == (["opened", "closed"], {1000: 1})


def test_lost_connection_is_told_once_with_1006() -> None:
    port = Port()
    client = Client(port)
    client.lose()
    assert (port.told, port.codes) == (["opened", "closed"], {1006: 1})
    client.connection.write(b"nobody")
    assert (client.socket.written, len(port.wheel), port.there) == (b"", 0, set())


def test_half_closed_connection_has_ended() -> None:
    port = Port()
    client = Client(port)
    client.connection.eof_received()
    assert not client.connection.is_open
    port.take_turns()
    assert port.told == ["opened", "closed"]


def test_connection_lost_before_its_head_is_whole_is_told_to_nobody() -> None:
    port = Port()
    client = Client(port, is_open=False)
    client.send(HEAD[:20])
    client.lose()
    assert (port.told, port.failures, port.codes) == ([], 1, {})


def test_abort_is_told_and_ends_the_socket() -> None:
    port = Port()
    client = Client(port)
    client.connection.abort()
    port.take_turns()
    assert client.socket.is_gone
    client.send(HELLO)
    assert port.told == ["opened", "closed"]


# Backpressure.


def test_paused_output_pauses_input_until_it_flows_again() -> None:
    port = Port(answer=lambda connection, _: connection.pause_writing())
    client = Client(port)
    client.send(masked(b"one") + masked(b"two"))
    assert client.connection.is_paused
    assert not client.socket.is_reading
    assert messages(port) == [(b"one", False)]
    port.make_receiver = lambda: Listening([], None)
    client.connection.resume_writing()
    port.take_turn()
    assert messages(port) == [(b"one", False), (b"two", False)]


def test_reader_with_too_much_unsent_is_closed_with_4001_after_a_last_word() -> None:
    port = Port()
    client = Client(port)
    client.connection.pause_writing()
    client.socket.unsent = LIMITS.unsent_max_bytes
    client.connection.check_unsent()
    assert client.connection.is_open
    client.socket.unsent += 1
    client.connection.check_unsent()
    bye, close = client.got()
    assert bye.data == b"bye reads too slowly"
    assert Close.parse(close.data).code == 4001
    port.take_turns()
    assert port.told == ["opened", ("ending", 4001), "closed"]
    port.pass_time(LIMITS.close_timeout_s)
    assert client.socket.is_gone


def test_reader_paused_for_too_long_is_closed_with_4001() -> None:
    port = Port(changed(enter_timeout_s=0))
    client = Client(port)
    client.connection.pause_writing()
    port.pass_time(LIMITS.unsent_max_s - 0.25)
    assert client.connection.is_open
    port.pass_time(0.25)
    assert client.close_code() == 4001


def test_reader_that_catches_up_in_time_stays() -> None:
    port = Port(changed(enter_timeout_s=0, ping_every_s=0))
    client = Client(port)
    for _ in range(3):
        client.connection.pause_writing()
        port.pass_time(LIMITS.unsent_max_s - 1)
        client.connection.resume_writing()
        assert client.socket.is_reading
    port.pass_time(LIMITS.unsent_max_s * 2)
    assert client.connection.is_open


def test_transport_pauses_well_before_the_limit() -> None:
    assert Client(Port()).socket.high == LIMITS.unsent_max_bytes // 4


# Keepalive and entering.


def test_silent_peer_is_pinged_in_time_and_then_closed_with_4002() -> None:
    port = Port(changed(enter_timeout_s=0))
    client = Client(port)
    port.pass_time(LIMITS.ping_every_s)
    assert [frame.opcode for frame in client.got()] == [Opcode.PING]
    port.pass_time(LIMITS.pong_timeout_s)
    assert client.close_code() == 4002
    assert port.told == ["opened", ("ending", 4002), "closed"]


@pytest.mark.parametrize("life", [masked(b"", Opcode.PONG), HELLO, HELLO[:3]], ids="pong message part".split())
def test_any_byte_after_a_ping_is_life(life: bytes) -> None:
    port = Port(changed(enter_timeout_s=0))
    client = Client(port)
    port.pass_time(LIMITS.ping_every_s)
    client.send(life)
    port.pass_time(LIMITS.ping_every_s)
    assert client.connection.is_open
    assert [frame.opcode for frame in client.got()] == [Opcode.PING, Opcode.PING]


@pytest.mark.parametrize("timeout_s", [1.0, 20.0, 40.0])
def test_pings_keep_their_rhythm_for_a_peer_that_answers(timeout_s: float) -> None:
    port = Port(changed(enter_timeout_s=0, pong_timeout_s=timeout_s))
    client = Client(port)
    moments = []
    while port.now < 500:
        port.pass_time(0.125)
        if client.got():
            moments.append(port.now)
            client.send(masked(b"", Opcode.PONG))
    gaps = [late - early for early, late in pairwise(moments)]
    most = max(LIMITS.ping_every_s, timeout_s + 0.25)
    assert all(min(20.0, timeout_s) <= gap <= most for gap in gaps)
    assert timeout_s > LIMITS.ping_every_s or len(set(gaps)) > 3, "no jitter"


def test_unanswered_ping_while_output_is_paused_is_no_sign_of_death() -> None:
    port = Port(changed(enter_timeout_s=0, unsent_max_s=0))
    client = Client(port)
    client.connection.pause_writing()
    port.pass_time(200)
    assert client.connection.is_open
    client.connection.resume_writing()
    port.pass_time(LIMITS.ping_every_s + LIMITS.pong_timeout_s)
    assert client.close_code() == 4002


def test_who_does_not_enter_in_time_is_closed_with_4002() -> None:
    port = Port()
    client = Client(port)
    port.pass_time(LIMITS.enter_timeout_s - 0.25)
    assert client.connection.is_open
    port.pass_time(0.25)
    assert client.close_code() == 4002


def test_entering_lifts_the_deadline() -> None:
    port = Port(changed(ping_every_s=0))
    client = Client(port)
    client.connection.entered()
    port.pass_time(LIMITS.enter_timeout_s * 2)
    assert client.connection.is_open


def test_entering_after_the_end_does_not_lift_the_deadline_of_the_end() -> None:
    port = Port()
    client = Client(port)
    client.connection.close(1000)
    client.connection.entered()
    port.pass_time(LIMITS.close_timeout_s)
    assert client.socket.is_gone
