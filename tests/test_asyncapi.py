"""/asyncapi.json is a valid AsyncAPI 3.0 document and says what the message types say."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from server.codec import SUBPROTOCOLS
from server.codes import CLOSE_CODES, ERROR_CODES
from server.commands import COMMANDS
from server.messages import EVENTS, wire_name
from server.operate.asyncapi import ANSWERS, MESSAGES, Message, document

FORMATS = ("json", "msgpack")
ALLOWED_ROOT = {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"}


@pytest.fixture(scope="module")
def doc() -> dict[str, Any]:
    """The document as a reader of the HTTP endpoint gets it."""
    parsed: dict[str, Any] = json.loads(msgspec.json.encode(document(name="A server", version="1.2.3")))
    return parsed


def follow(doc: dict[str, Any], reference: dict[str, str]) -> Any:
    """Return what a `$ref` points at. Raises KeyError if it points nowhere."""
    assert set(reference) == {"$ref"}
    found: Any = doc
    for step in reference["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(part: Any) -> Iterator[dict[str, str]]:
    """Yield every `$ref` of the document."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_root_has_what_asyncapi_requires_and_extensions_begin_with_x(doc: dict[str, Any]) -> None:
    assert doc["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(doc["info"])
    assert (doc["info"]["title"], doc["info"]["version"]) == ("A server", "1.2.3")
    assert {key for key in doc if not key.startswith("x-")} <= ALLOWED_ROOT


def test_every_reference_points_somewhere(doc: dict[str, Any]) -> None:
    found = list(references(doc))
    assert found
    for reference in found:
        assert follow(doc, reference) is not None


def test_component_names_have_only_the_characters_allowed(doc: dict[str, Any]) -> None:
    for kind in doc["components"].values():
        assert all(re.fullmatch(r"[\w.\-]+", name) for name in kind)


def test_each_wire_format_is_a_channel_with_every_message_and_its_subprotocol(doc: dict[str, Any]) -> None:
    assert set(doc["channels"]) == set(FORMATS)
    for name, channel in doc["channels"].items():
        assert channel["address"] == "/ws"
        offered = channel["bindings"]["ws"]["headers"]["properties"]["Sec-WebSocket-Protocol"]["const"]
        assert SUBPROTOCOLS[offered].name == name
        told = [follow(doc, message)["name"] for message in channel["messages"].values()]
        assert told == [wire_name(message) for message in MESSAGES]


@pytest.mark.parametrize("form", FORMATS)
def test_each_command_is_an_operation_the_server_receives_and_answers(doc: dict[str, Any], form: str) -> None:
    for command in COMMANDS:
        operation = doc["operations"][f"{wire_name(command)}.{form}"]
        assert operation["action"] == "receive"
        assert follow(doc, operation["channel"]) is doc["channels"][form]
        assert [follow(doc, follow(doc, one))["name"] for one in operation["messages"]] == [wire_name(command)]
        answers = [follow(doc, follow(doc, one))["name"] for one in operation["reply"]["messages"]]
        assert answers == [*ANSWERS[wire_name(command)], "error"]


@pytest.mark.parametrize("form", FORMATS)
def test_one_operation_sends_every_event(doc: dict[str, Any], form: str) -> None:
    operation = doc["operations"][f"events.{form}"]
    assert operation["action"] == "send"
    sent = [follow(doc, follow(doc, one))["name"] for one in operation["messages"]]
    assert sent == [wire_name(event) for event in EVENTS]


def test_there_are_no_operations_besides(doc: dict[str, Any]) -> None:
    assert len(doc["operations"]) == (len(COMMANDS) + 1) * len(FORMATS)


def test_every_command_has_its_answers_listed_and_they_are_events() -> None:
    events = {wire_name(event) for event in EVENTS}
    assert set(ANSWERS) == {wire_name(command) for command in COMMANDS}
    assert {answer for answers in ANSWERS.values() for answer in answers} <= events


def test_messages_say_their_content_type(doc: dict[str, Any]) -> None:
    expected = {"json": "application/json", "msgpack": "application/vnd.msgpack"}
    for name, message in doc["components"]["messages"].items():
        assert message["contentType"] == expected[name.rpartition(".")[2]]
        assert message["summary"]


@pytest.mark.parametrize("message", MESSAGES, ids=wire_name)
def test_payload_has_exactly_the_fields_of_the_type(doc: dict[str, Any], message: Message) -> None:
    # A command and an event may be of one type: `blocks`.
    key = f"{wire_name(message)}.event" if message in EVENTS and wire_name(message) in ANSWERS else wire_name(message)
    schema = follow(doc, doc["components"]["messages"][f"{key}.json"]["payload"])
    fields = {field.encode_name: field for field in msgspec.structs.fields(message)}
    assert set(schema["properties"]) == {"type", *fields}
    assert schema["properties"]["type"] == {"enum": [wire_name(message)]}
    assert set(schema["required"]) == {"type", *(name for name, field in fields.items() if field.required)}
    refuses_unknown = message in COMMANDS
    assert (schema.get("additionalProperties", True) is False) == refuses_unknown


def test_schemas_use_nothing_that_draft_7_does_not_know(doc: dict[str, Any]) -> None:
    text = json.dumps(doc["components"]["schemas"])
    for newer in ("prefixItems", "$defs", "dependentRequired", "unevaluatedProperties"):
        assert newer not in text


def test_codes_are_told_as_in_the_tables(doc: dict[str, Any]) -> None:
    assert doc["x-error-codes"] == [row._asdict() for row in ERROR_CODES.values()]
    assert doc["x-close-codes"] == [row._asdict() for row in CLOSE_CODES.values()]
