"""When the engine is idle, what it makes of odd frames, and which close code it tells."""

import pytest
from websockets.frames import Close, Frame, Opcode

from server.engine import NO_CLOSE, PEERS_OWN, Engine
from tests.test_frames import masked


def new_engine() -> Engine:
    return Engine(frame_max_bytes=100, fragments_max=4)


def fed(engine: Engine, *frames: bytes) -> list[tuple[bytes, bool]]:
    """Feed whole frames and return the messages they complete."""
    messages = []
    for frame in frames:
        assert engine.feed(frame, 0) == len(frame)
        messages.append(engine.message())
    return [message for message in messages if message is not None]


def sent(engine: Engine) -> Close:
    wire = engine.to_send()
    assert wire[0] == 0x88
    return Close.parse(wire[2:])


def test_ping_is_answered_and_leaves_the_engine_idle() -> None:
    engine = new_engine()
    assert fed(engine, masked(b"are you there", Opcode.PING)) == []
    assert engine.to_send() == Frame(Opcode.PONG, b"are you there").serialize(mask=False)
    assert engine.is_idle


def test_engine_is_busy_until_the_last_byte_of_a_frame() -> None:
    engine, wire = new_engine(), masked(b"hello", Opcode.PING)
    assert engine.feed(wire[:5], 0) == 0
    assert engine.is_idle
    assert engine.feed(wire[:7], 0) == 7
    assert not engine.is_idle
    assert engine.feed(wire[7:] + b"next", 0) == len(wire) - 7
    assert engine.is_idle


def test_fragments_are_joined_around_control_frames() -> None:
    engine = new_engine()
    frames = [masked(b"", fin=False), masked(b"?", Opcode.PING), masked(b"ab", Opcode.CONT, fin=False)]
    assert fed(engine, *frames) == []
    assert not engine.is_idle
    assert fed(engine, masked(b"c", Opcode.CONT)) == [(b"abc", False)]
    assert engine.is_idle


def test_kind_of_a_fragmented_message_is_that_of_its_first_frame() -> None:
    first = masked(b"a", Opcode.BINARY, fin=False)
    assert fed(new_engine(), first, masked(b"b", Opcode.CONT)) == [(b"ab", True)]


def test_as_many_fragments_as_allowed_make_a_message_and_one_more_fails() -> None:
    more = masked(b"", Opcode.CONT, fin=False)
    last = masked(b"z", Opcode.CONT)
    engine = new_engine()
    assert fed(engine, masked(b"a", fin=False), more, more, last) == [(b"az", False)]
    assert fed(engine, masked(b"a", fin=False), more, more, more) == []
    assert (sent(engine).code, engine.is_finished) == (1009, True)


@pytest.mark.parametrize(
    "frames", [[masked(b"x" * 101)], [masked(b"x" * 60, fin=False), masked(b"x" * 41, Opcode.CONT)]]
)
def test_message_over_the_limit_fails_whole_or_in_fragments(frames: list[bytes]) -> None:
    engine = new_engine()
    assert fed(engine, *frames) == []
    assert sent(engine).code == 1009


@pytest.mark.parametrize(
    "wire",
    [
        masked(b"a", rsv1=True),
        masked(b"a", Opcode.PING, fin=False),
        masked(b"a", Opcode.CONT),
        Frame(Opcode.TEXT, b"a").serialize(mask=False),
        b"\x83\x80abcd",
        masked(b"\x03\xec", Opcode.CLOSE),
        masked(b"\x03", Opcode.CLOSE),
    ],
    ids="reserved-bit fragmented-control stray-continuation unmasked reserved-opcode bad-code cut-code".split(),
)
def test_broken_rule_fails_with_1002(wire: bytes) -> None:
    engine = new_engine()
    assert fed(engine, wire) == []
    assert (sent(engine).code, engine.is_finished, engine.is_idle) == (1002, True, False)


@pytest.mark.parametrize(
    ("payload", "told"),
    [(b"\x03\xe8bye", 1000), (b"", 1005), (b"\x0b\xb8", PEERS_OWN), (b"\x11\x94", PEERS_OWN)],
    ids="1000 none 3000 4500".split(),
)
def test_peers_close_is_echoed_and_its_own_codes_are_told_as_one(payload: bytes, told: int) -> None:
    engine = new_engine()
    fed(engine, masked(payload, Opcode.CLOSE))
    assert engine.to_send() == Frame(Opcode.CLOSE, payload).serialize(mask=False)
    assert (engine.close_code, engine.is_finished) == (told, True)


def test_our_close_is_finished_by_the_peers() -> None:
    engine = new_engine()
    assert engine.close_code == NO_CLOSE
    engine.close(4001, "slow")
    assert sent(engine) == Close(4001, "slow")
    assert (engine.is_open, engine.is_finished, engine.close_code) == (False, False, 4001)
    fed(engine, masked(b"\x03\xe8", Opcode.CLOSE))
    assert (engine.is_finished, engine.close_code, engine.to_send()) == (True, 4001, b"")


def test_reason_is_cut_between_characters() -> None:
    engine = new_engine()
    engine.close(4000, "é" * 100)
    assert sent(engine).reason == "é" * 61
