"""The two wire formats: every command is read, every event written, and any other bytes are refused, not more."""

import json
from typing import Any, get_args, get_type_hints

import msgpack
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rooms.events import Event, Joined, Member, Said, Skipped
from server.answers import Bye, Pong
from server.codec import JSON, MSGPACK, SUBPROTOCOLS, Codec, Unreadable
from server.commands import COMMANDS, AnyCommand, Command
from server.messages import EVENTS, wire_name
from tests.sessions import messages_of

CODECS = pytest.mark.parametrize("codec", [JSON, MSGPACK], ids=["json", "msgpack"])

FULL: dict[str, dict[str, Any]] = {
    "enter": {
        "cell": "dr5ru6", "name": "Ann", "topics": ["go"], "visiting": True, "far": False, "token": "t", "auth": "a",
        "terms": "1", "resume": {"room": "r", "seq": 3}, "work": "w",
    },
    "say": {"text": "hello", "room": "r"},
    "move": {"cell": "dr5ru7"},
    "rename": {"name": "Bo"},
    "mute": {"who": "m"},
    "unmute": {"who": "m"},
    "block": {"who": "m", "bottle": "b"},
    "unblock": {"block": "b"},
    "eject": {"who": "m"},
    "keep": {"who": "m"},
    "unkeep": {"who": "m"},
    "contact": {"who": "m", "text": "t"},
    "throw": {"text": "ahoy"},
    "answer": {"bottle": "b", "text": "ahoy"},
    "throw_back": {"bottle": "b"},
    "auth": {"auth": "a"},
    "report": {"who": "m", "seq": 4, "bottle": "b", "room": "r", "reason": "spam", "note": "n"},
}  # fmt: skip
"""Every field that a command may have besides `ref`."""


def packed(codec: Codec, message: Any) -> bytes:
    """Return what a client sends, encoded by a library that the server does not use."""
    if codec is MSGPACK:
        wire: bytes = msgpack.packb(message)
        return wire
    return json.dumps(message).encode()


def decoded(codec: Codec, payload: bytes) -> AnyCommand | Unreadable:
    """Return the command, or how it was refused."""
    try:
        return codec.decode(payload)
    except Unreadable as refused:
        return refused


def refusal(codec: Codec, payload: bytes) -> Unreadable:
    refused = decoded(codec, payload)
    assert isinstance(refused, Unreadable)
    assert refused.message
    return refused


def required(command: type[Command]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(command) if field.required}


# Commands.


@CODECS
@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
def test_every_command_is_read_with_all_its_fields_and_with_the_fewest(codec: Codec, command: type[Command]) -> None:
    name = wire_name(command)
    full = FULL.get(name, {})
    assert {"ref", *full} == set(command.__struct_fields__)
    read = codec.decode(packed(codec, {"type": name, "ref": "1", **full}))
    assert type(read) is command
    assert msgspec.to_builtins(read) == {"type": name, "ref": "1", **full}
    few = {field: full[field] for field in required(command)}
    assert msgspec.to_builtins(codec.decode(packed(codec, {**few, "type": name}))) == {
        "type": name, **dict.fromkeys(["ref", *full]), **few,
    }  # fmt: skip


@CODECS
@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
def test_null_means_absent_and_a_field_less_or_more_is_bad(codec: Codec, command: type[Command]) -> None:
    name = wire_name(command)
    full = {"type": name, "ref": "1", **FULL.get(name, {})}
    for field in full:
        if field != "type" and field not in required(command):
            assert getattr(codec.decode(packed(codec, {**full, field: None})), field) is None
    for field in required(command):
        less = refusal(codec, packed(codec, {key: full[key] for key in full if key != field}))
        assert (less.code, less.about, less.ref) == ("bad_message", name, "1")
        assert field in less.message
    more = refusal(codec, packed(codec, {**full, "colour": "red"}))
    assert (more.code, more.about, more.ref) == ("bad_message", name, "1")
    assert "colour" in more.message


WRONG_VALUES: list[Any] = [True, 5, -1.5, "x" * 70, [], [1], {}, {"a": 1}]


@CODECS
@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
def test_field_of_a_wrong_type_is_bad(codec: Codec, command: type[Command]) -> None:
    name = wire_name(command)
    full = {"type": name, "ref": "1", **FULL.get(name, {})}
    hints = get_type_hints(command, include_extras=True)
    tried = 0
    for field in full.keys() - {"type"}:
        for value in WRONG_VALUES:
            try:
                msgspec.convert(value, hints[field])
            except msgspec.ValidationError:
                tried += 1
                refused = refusal(codec, packed(codec, {**full, field: value}))
                assert (refused.code, refused.about) == ("bad_message", name)
    assert tried >= 6 * (len(full) - 1)


@CODECS
def test_ref_has_at_most_32_characters(codec: Codec) -> None:
    assert codec.decode(packed(codec, {"type": "ping", "ref": "é" * 32})).ref == "é" * 32
    refused = refusal(codec, packed(codec, {"type": "ping", "ref": "x" * 33}))
    assert (refused.code, refused.ref, refused.about) == ("bad_message", None, "ping")


@CODECS
@pytest.mark.parametrize("seq", [-1, 1.5, "1", None])
def test_resume_from_no_number_is_bad(codec: Codec, seq: object) -> None:
    payload = packed(codec, {"type": "enter", "cell": "dr5ru6", "resume": {"room": "r", "seq": seq}})
    assert refusal(codec, payload).code == "bad_message"


@CODECS
@pytest.mark.parametrize("cell", [40.75, -73, [40.75, -73.99], None, {"lat": 40.75}])
def test_coordinates_in_place_of_a_cell_are_bad(codec: Codec, cell: object) -> None:
    assert refusal(codec, packed(codec, {"type": "enter", "cell": cell})).code == "bad_message"


# What is no command.


@CODECS
@pytest.mark.parametrize("kind", ["dance", "Say", "joined", "", "say ", "x" * 64, "x" * 65, "x" * 10_000])
def test_type_that_no_command_has_is_unknown(codec: Codec, kind: str) -> None:
    refused = refusal(codec, packed(codec, {"type": kind, "ref": "1"}))
    assert (refused.code, refused.ref) == ("unknown_type", "1")
    assert refused.about == (kind if len(kind) <= 64 else None)
    assert len(refused.message) < 100


@CODECS
@pytest.mark.parametrize("message", [None, 5, "say", [], ["say"], {}, {"ref": "1"}, {"type": None}, {"type": 5}])
def test_what_is_no_map_with_a_type_is_bad(codec: Codec, message: object) -> None:
    assert refusal(codec, packed(codec, message)).code == "bad_message"


@pytest.mark.parametrize(
    "payload",
    [
        b"", b" ", b"{", b"hello", b'{"type":"ping"', b'{"type":"ping"} {}', b"{'type':'ping'}", b"\x00",
        b'{"type":"say","text":"\xff"}', b'{"type":"say","text":"\xed\xa0\x80"}', b"\xff\xfe",
        b'{"type":"say","text":"\\ud800"}', b'{"type":"say","text":"\\ud800\\u0041"}', b'{"type":"say","text":"\n"}',
        b'{"type":"ping","ref":NaN}', b"[" * 16_000, b'{"a":' * 3000, b'{"type":"enter","resume":' * 600,
        b'{"type":"say","text":' + b"[" * 10_000 + b"]" * 10_000 + b"}", b"1" * 16_000, b"-", b"1e999999",
    ],
)  # fmt: skip
def test_bytes_that_are_no_json_are_bad(payload: bytes) -> None:
    assert refusal(JSON, payload).code == "bad_message"


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\xc1", b"\x81", b"\x91" * 16_000, b"\x81\xa1a" * 5000, b"\x81\x80\x01", b"\x81\x90\x01",
        b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc9\xff\xff\xff\xff\x01",
        b"\xd6\xff\xff\xff\xff\xff", b"\xc7\x0c\xff" + b"\xff" * 12, b"\x81\xd6\xff\xff\xff\xff\xff\x01",
        b"\x81\xc7\x01\x05a\x01", b"\x81\xa1\xff\x01", b"\x82\xa4type\xa3say\xa4text\xa1\xff",
        b"\x82\xa4type\xa3say\xa4text\xc4\x01x", msgpack.packb({"type": "ping"}) + b"\x00", b'{"type":"ping"}',
        b"\x81\x91\x91\x90\x01", b"\x81\xc0\x01", b"\x81\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00\x01",
    ],
)  # fmt: skip
def test_bytes_that_are_no_msgpack_are_bad(payload: bytes) -> None:
    assert refusal(MSGPACK, payload).code == "bad_message"


@CODECS
@given(st.binary(max_size=200))
@example(b'{"type":"\xff"}')
@example(b"\x81\xa4type\xa4ping")
def test_any_bytes_are_a_command_or_refused(codec: Codec, payload: bytes) -> None:
    read = decoded(codec, payload)
    if isinstance(read, Unreadable):
        assert read.code in ("bad_message", "unknown_type")
        JSON.frame(Pong(now=0, ref=read.ref))
    else:
        assert isinstance(read, get_args(AnyCommand))


numbers = st.floats(allow_nan=False, allow_infinity=False)  # JSON has no others
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), numbers, st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3), st.just({"room": "r"})
    ),
    max_leaves=5,
)
names = st.sampled_from([wire_name(command) for command in COMMANDS])
fields = st.sampled_from(sorted({"type", *(field for command in COMMANDS for field in command.__struct_fields__)}))
maps = st.builds(
    lambda kind, rest: {"type": kind, **rest}, st.one_of(names, values), st.dictionaries(fields, values, max_size=5)
)


@CODECS
@given(maps)
def test_any_map_is_a_command_or_refused_with_its_ref(codec: Codec, message: dict[str, Any]) -> None:
    read = decoded(codec, packed(codec, message))
    ref = message.get("ref")
    assert read.ref == (ref if isinstance(ref, str) and len(ref) <= 32 else None)
    if not isinstance(read, Unreadable):
        assert wire_name(type(read)) == message["type"]


# Events.


def read(codec: Codec, event: Event) -> dict[str, Any]:
    """Return what a client reads of an event."""
    [(binary, payload)] = messages_of(codec.frame(event))
    assert binary == codec.is_binary
    message: dict[str, Any] = msgpack.unpackb(payload) if binary else json.loads(payload)
    return message


@CODECS
def test_event_is_one_frame_with_its_type_and_without_what_is_absent(codec: Codec) -> None:
    said = Said(3, "m1", "Ann", "hé 😀 \u202e\x00", 17)
    assert read(codec, said) == {
        "type": "said", "seq": 3, "from": "m1", "name": "Ann", "text": "hé 😀 \u202e\x00", "at": 17,
    }  # fmt: skip
    assert read(codec, Skipped(9)) == {"type": "skipped", "seq": 9}
    joined = Joined(1, "m1", Member("m1", "Ann", away=True, topics=("go",)), 1500)
    assert read(codec, joined) == {
        "type": "joined", "seq": 1, "id": "m1", "within_m": 1500,
        "member": {"id": "m1", "name": "Ann", "away": True, "topics": ["go"]},
    }  # fmt: skip


@CODECS
@pytest.mark.parametrize("size", [0, 1, 60, 125, 126, 1000, 65_535, 65_536, 100_000])
def test_events_of_every_size_are_framed(codec: Codec, size: int) -> None:
    assert read(codec, Said(1, "m", "n", "x" * size, 0))["text"] == "x" * size


@CODECS
def test_bye_says_in_any_case_whether_to_come_back(codec: Codec) -> None:
    assert read(codec, Bye(code=4503, reason="r", why_code="w", reconnect_in=None))["reconnect_in"] is None


def test_types_on_the_wire_are_lower_case_and_no_two_are_alike() -> None:
    named = [*map(wire_name, COMMANDS), *map(wire_name, EVENTS)]
    # Among those of one direction.
    assert len(set(map(wire_name, COMMANDS))) == len(COMMANDS)
    assert len(set(map(wire_name, EVENTS))) == len(EVENTS)
    assert all(name.islower() and name.replace("_", "").isalpha() for name in named)
    assert set(get_args(AnyCommand)) == set(COMMANDS)


def test_client_that_offers_no_subprotocol_speaks_json() -> None:
    assert SUBPROTOCOLS == {"hereabouts.v1.json": JSON, "hereabouts.v1.msgpack": MSGPACK, "": JSON}
