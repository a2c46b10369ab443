"""What server.frames guarantees, held against websockets' own frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from server.frames import binary_frame, frame_length, is_utf8, read_common, text_frame

MOST = 16384
EDGES = [0, 1, 125, 126, 127, 65535, 65536]


def masked(payload: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True, rsv1: bool = False) -> bytes:
    """Return one frame as a client sends it; what `serialize` refuses to write is patched in."""
    wire = bytearray(Frame(opcode, payload).serialize(mask=True))
    if not fin:
        wire[0] &= 0x7F
    if rsv1:
        wire[0] |= 0x40
    return bytes(wire)


@pytest.mark.parametrize("size", EDGES)
def test_written_frames_are_those_of_the_standard(size: int) -> None:
    payload = b"x" * size
    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert binary_frame(payload) == Frame(Opcode.BINARY, payload).serialize(mask=False)


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 16383, 16384])
def test_common_frame_is_read_wherever_it_begins(size: int, opcode: Opcode) -> None:
    payload = bytes(range(256)) * 64
    wire = masked(payload[:size], opcode)
    assert read_common(b"before" + wire + b"after", 6, MOST) == (payload[:size], 6 + len(wire))


@given(st.binary(max_size=400), st.binary(max_size=20))
def test_whatever_a_client_masks_is_unmasked(payload: bytes, after: bytes) -> None:
    wire = masked(payload, Opcode.BINARY)
    assert read_common(wire + after, 0, MOST) == (payload, len(wire))


@pytest.mark.parametrize(
    "wire",
    [
        masked(b"hello", fin=False),
        masked(b"hello", rsv1=True),
        masked(b"", Opcode.PING),
        masked(b"", Opcode.PONG),
        masked(b"\x03\xe8", Opcode.CLOSE),
        masked(b"hello", Opcode.CONT),
        masked(b"x" * 65536),
        masked(b"x" * (MOST + 1)),
        text_frame(b"unmasked, and long enough"),
        b"\x83\x80abcd",
    ],
    ids="fragment rsv ping pong close continuation long large unmasked reserved".split(),
)
def test_uncommon_frame_is_left_to_the_engine(wire: bytes) -> None:
    assert read_common(wire, 0, MOST) is None


@pytest.mark.parametrize("size", [0, 5, 126, 300])
def test_incomplete_frame_is_not_common(size: int) -> None:
    wire = masked(b"x" * size)
    assert all(read_common(wire[:length], 0, MOST) is None for length in range(1, len(wire)))
    assert read_common(wire, 0, MOST) is not None


@pytest.mark.parametrize("size", EDGES)
@pytest.mark.parametrize("is_masked", [True, False])
def test_length_is_known_as_soon_as_the_header_is_whole(size: int, is_masked: bool) -> None:
    wire = Frame(Opcode.BINARY, b"x" * size).serialize(mask=is_masked)
    header = len(wire) - size
    assert [frame_length(wire[:length], 0) for length in range(header)] == [0] * header
    assert frame_length(b"??" + wire[:header], 2) == len(wire)


def test_length_counts_a_needlessly_long_header() -> None:
    assert frame_length(b"\x82\xff" + (5).to_bytes(8, "big") + b"mask" + b"12345", 0) == 19


@given(st.binary(max_size=12) | st.text(max_size=12).map(str.encode))
def test_utf8_is_what_the_codec_takes(payload: bytes) -> None:
    assert is_utf8(payload) == (payload.decode(errors="replace").encode() == payload)


@pytest.mark.parametrize("payload", [b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82", b"a\x80"])
def test_surrogates_overlong_and_cut_sequences_are_not_utf8(payload: bytes) -> None:
    assert not is_utf8(payload)
