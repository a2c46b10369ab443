"""docs/PROTOCOL.md tells everything there is, and nothing that is not so.

Where a table or the exchange differs: `.venv/bin/python -m tests.protocol_page` writes them anew.
"""

import json
import re

import msgspec
import pytest

from rooms.events import Event
from server.codec import JSON
from server.commands import COMMANDS, AnyCommand, Command
from server.messages import EVENTS, PROTOCOL, wire_name
from server.operate.asyncapi import ANSWERS
from tests.live_server import live_server
from tests.protocol_page import AS_INSTALLED, PAGE, Exchange, exchange_of, parts, parts_of
from tests.vector_player import Connect, Raw, Request, Step

TEXT = PAGE.read_text()
EVENT_TYPES = {wire_name(event): event for event in EVENTS}


def section(message: type[Command] | type[Event]) -> str:
    """Return what the page says under the heading of one message."""
    kind = "Commands" if issubclass(message, Command) else "Events"
    chapter = TEXT.split(f"\n## {kind}\n")[1].split("\n## ")[0]
    found = re.search(rf"\n### `{wire_name(message)}`\n(.*?)(?=\n### |\Z)", chapter, re.DOTALL)
    assert found, f"no heading for {wire_name(message)} under {kind}"
    return found[1]


def example(message: type[Command] | type[Event]) -> str:
    """Return the JSON example of one message."""
    found = re.search(r"```json\n(.*?)\n```", section(message), re.DOTALL)
    assert found, f"no example of {wire_name(message)}"
    return found[1]


@pytest.mark.parametrize("name", parts())
def test_page_says_what_the_code_says(name: str) -> None:
    assert parts_of(TEXT)[name] == parts()[name]


def test_page_has_no_other_parts() -> None:
    assert set(parts_of(TEXT)) == set(parts())


def test_page_names_the_version_of_the_protocol() -> None:
    assert TEXT.startswith(f"# The wire protocol, version {PROTOCOL}\n")


async def test_exchange_goes_as_the_page_says() -> None:
    lines = exchange_of(TEXT)
    assert sum(" < " in line for line in lines) >= 30
    async with live_server(AS_INSTALLED) as server:
        replayed = await Exchange(server.url).replay(lines)
    for told, real in zip(lines, replayed, strict=True):
        assert told == real


def test_exchange_shows_every_command() -> None:
    sent = {json.loads(line.split(" > ")[1])["type"] for line in exchange_of(TEXT) if " > " in line}
    assert sent >= {"enter", "say", "move", "next", "rename", "away", "leave", "mute", "ping"}


@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
def test_every_command_has_an_example_that_is_read(command: type[Command]) -> None:
    assert type(JSON.decode(example(command).encode())) is command


@pytest.mark.parametrize("event", EVENTS, ids=wire_name)
def test_every_event_has_an_example_that_is_one(event: type[Event]) -> None:
    told = json.loads(example(event))
    real = msgspec.json.decode(example(event), type=event)
    # What the type does not know, or would not send, is lost on the way.
    assert json.loads(msgspec.json.encode(real)) == told


@pytest.mark.parametrize("message", [*COMMANDS, *EVENTS])
def test_every_field_is_told(message: type[Command] | type[Event]) -> None:
    said = section(message)
    for field in msgspec.structs.fields(message):
        is_told_once_for_all = field.name == "ref" and issubclass(message, Command)
        assert is_told_once_for_all or re.search(rf"`{field.encode_name}\??`|\"{field.encode_name}\":", said), (
            field.name
        )


@pytest.mark.parametrize("command", COMMANDS, ids=wire_name)
def test_every_command_names_its_answers(command: type[Command]) -> None:
    for answer in ANSWERS[wire_name(command)]:
        assert f"[`{answer}`](#{answer})" in section(command)


def test_what_any_command_may_be_answered_by_is_told_before_all_of_them() -> None:
    told = TEXT.partition("\n## Commands\n")[2].partition("\n### ")[0]
    assert {"not_entered", "already_entered", "bad_message", "unavailable"} <= set(re.findall(r"`(\w+)`", told))


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert links
    assert links <= anchors


def test_format_of_the_vectors_is_told_whole() -> None:
    told = TEXT.split("\n## Test vectors\n")[1]
    for part in (Step, Connect, Raw, Request):
        for field in part.__struct_fields__:
            assert re.search(rf"`{field}\??`", told), f"{part.__name__}.{field}"


def test_commands_of_the_page_are_the_union_that_the_codec_reads() -> None:
    assert set(COMMANDS) == set(AnyCommand.__args__)
