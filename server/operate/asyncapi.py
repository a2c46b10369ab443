"""The protocol as an AsyncAPI 3.0 document, made from the message types.

Knows the tables in server/messages.py and how AsyncAPI wants them; must never know
settings or sockets. AsyncAPI binds a message to one content type, so there is one
channel per wire format, both at the same address, and every message stands in each.
Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from rooms.events import Event, Marked
from server.codec import SUBPROTOCOLS
from server.codes import CLOSE_CODES, ERROR_CODES
from server.commands import COMMANDS, Command
from server.messages import EVENTS, PROTOCOL, wire_name

ADDRESS = "/ws"

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "enter": ("entered", "room"),
    "say": ("said",),
    "move": ("moved",),
    "next": ("room",),
    "rename": ("changed",),
    "away": ("changed",),
    "leave": ("bye",),
    "mute": ("muted",),
    "unmute": ("unmuted",),
    "block": ("blocked",),
    "blocks": ("blocks",),
    "unblock": ("unblocked",),
    "report": ("reported",),
    "eject": ("voted",),
    "keep": ("voted",),
    "unkeep": ("unkept",),
    "contact": ("voted",),
    "extend": ("voted",),
    "shake": ("room", "nobody"),
    "throw": ("thrown",),
    "pick": ("bottle", "nobody"),
    "answer": ("answered",),
    "throw_back": ("thrown_back",),
    "auth": ("authenticated",),
    "ping": ("pong",),
}
"""Command → the events that answer it; every command may be answered by `error` instead."""

Json = dict[str, Any]
Message = type[Command] | type[Event]

MESSAGES: tuple[Message, ...] = (*COMMANDS, *EVENTS)


class _Format(NamedTuple):
    """One wire format: `name` marks its channel, operations and messages."""

    name: str
    subprotocol: str
    content_type: str


# Both are registered: RFC 8259 section 11, and IANA's registry of media types.
_CONTENT_TYPES = {"json": "application/json", "msgpack": "application/vnd.msgpack"}
_FORMATS = tuple(
    _Format(codec.name, subprotocol, _CONTENT_TYPES[codec.name])
    for subprotocol, codec in SUBPROTOCOLS.items()
    if subprotocol
)


def document(*, name: str, version: str) -> Json:
    """Return the AsyncAPI document of a server, ready to be encoded as JSON.

    Args:
        name: the server's own, as clients show it.
        version: of the program, not of the protocol.
    """
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": name,
            "version": version,
            "description": "Small chat rooms of people who are near each other, now. "
            "docs/PROTOCOL.md says what the messages mean.",
        },
        "defaultContentType": _CONTENT_TYPES["json"],
        "channels": {form.name: _channel(form) for form in _FORMATS},
        "operations": {key: value for form in _FORMATS for key, value in _operations(form)},
        "components": {
            "messages": {
                _message_name(message, form): _message(message, form) for form in _FORMATS for message in MESSAGES
            },
            "schemas": _schemas(),
        },
        "x-protocol": PROTOCOL,
        "x-error-codes": [
            {"code": row.code, "means": row.means, "may_retry": row.may_retry} for row in ERROR_CODES.values()
        ],
        "x-close-codes": [
            {"code": row.code, "name": row.name, "means": row.means, "may_return": row.may_return}
            for row in CLOSE_CODES.values()
        ],
    }


def _channel(form: _Format) -> Json:
    offered = {"type": "string", "const": form.subprotocol}
    return {
        "address": ADDRESS,
        "title": f"A connection that speaks {form.name}",
        "messages": {
            _message_name(message, form): {"$ref": f"#/components/messages/{_message_name(message, form)}"}
            for message in MESSAGES
        },
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {"type": "object", "properties": {"Sec-WebSocket-Protocol": offered}},
                "bindingVersion": "0.1.0",
            }
        },
    }


def _operations(form: _Format) -> Iterable[tuple[str, Json]]:
    """Yield one operation per command with its answers, then one for everything the server sends."""
    channel = {"$ref": f"#/channels/{form.name}"}
    for command in COMMANDS:
        answers = map(_event_key, (*ANSWERS[wire_name(command)], "error"))
        yield (
            _key(wire_name(command), form),
            {
                "action": "receive",
                "channel": channel,
                "summary": _summary(command),
                "messages": [_in_channel(wire_name(command), form)],
                "reply": {
                    "channel": channel,
                    "messages": [_in_channel(answer, form) for answer in answers],
                },
            },
        )
    yield (
        _key("events", form),
        {
            "action": "send",
            "channel": channel,
            "summary": "Everything the server sends, answers included.",
            "messages": [_in_channel(_event_key(wire_name(event)), form) for event in EVENTS],
        },
    )


def _message(message: Message, form: _Format) -> Json:
    return {
        "name": wire_name(message),
        "title": wire_name(message),
        "summary": _summary(message),
        "contentType": form.content_type,
        "payload": {"$ref": f"#/components/schemas/{message.__name__}"},
    }


def _summary(message: Message) -> str:
    """Return the first line of the type's own docstring; the root's says nothing of one message."""
    own = message.__dict__.get("__doc__") or f"The `{wire_name(message)}` event."
    return str(own).strip().splitlines()[0]


def _message_name(message: Message, form: _Format) -> str:
    name = wire_name(message)
    return _key(_event_key(name) if issubclass(message, Event) else name, form)


def _event_key(name: str) -> str:
    """Return under what an event of that type stands: `blocks` is a command too."""
    return f"{name}.event" if name in ANSWERS else name


def _key(name: str, form: _Format) -> str:
    return f"{name}.{form.name}"


def _in_channel(name: str, form: _Format) -> Json:
    return {"$ref": f"#/channels/{form.name}/messages/{_key(name, form)}"}


def _schemas() -> Json:
    # msgspec writes JSON Schema 2020-12; what our types use of it reads the same in draft 7, which AsyncAPI extends.
    _, schemas = msgspec.json.schema_components((*MESSAGES, Marked), ref_template="#/components/schemas/{name}")
    # Any member may be one whom the reader has muted or keeps.
    schemas["Member"]["properties"] = schemas.pop("Marked")["properties"]
    return schemas
