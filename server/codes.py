"""Every error code and every close code, one table each, and the refusal that carries an error code."""

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """One way a command can be refused."""

    code: str
    means: str
    may_retry: bool
    """Whether the same command may succeed later."""


ERROR_CODES: dict[str, ErrorCode] = {
    row.code: row
    for row in (
        ErrorCode("bad_message", "The frame is no command, or a field is missing, unknown or of a wrong type.", False),
        ErrorCode("unknown_type", "There is no command of that type.", False),
        ErrorCode("not_entered", "The first command is `enter`.", False),
        ErrorCode("already_entered", "This connection has entered already.", False),
        ErrorCode("bad_cell", "The cell is no geohash of 4 to `finest_cell` characters.", False),
        ErrorCode("too_precise", "The cell is finer than this server wants to know.", False),
        ErrorCode(
            "bad_name", "The name is too long, holds characters that a name may not, or leads out of the room.", False
        ),
        ErrorCode("bad_text", "The text is empty or too long.", False),
        ErrorCode("bad_topic", "There are too many topics, or one is empty, too long or leads out of the room.", False),
        ErrorCode("bad_token", "The token is altered, expired, ended by `leave`, or another server's.", False),
        ErrorCode("bad_auth", "The `auth` is none this server believes; with `retry_after`, perhaps then.", False),
        ErrorCode("auth_needed", "This server takes nobody, or nobody new, without `auth`.", False),
        ErrorCode("work_needed", "Many newcomers: enter again with `work` for this `nonce` and `bits`.", False),
        ErrorCode("terms_needed", "The terms have to be accepted first: enter again with `terms`.", False),
        ErrorCode("outside", "This server does not serve that place, or not at this hour.", True),
        ErrorCode("banned", "The operator keeps you out; the message says why, until when and how to object.", True),
        ErrorCode("no_such_member", "Nobody else of that id sits in your room.", False),
        ErrorCode("no_such_bottle", "There is no such message in a bottle.", False),
        ErrorCode("no_such_block", "You hold no block of that id.", False),
        ErrorCode("not_yours", "It is not yours, or not yet: no contact for somebody you do not keep.", False),
        ErrorCode("wrong_room", "The room named is not yours any more.", False),
        ErrorCode("rate_limited", "Too often; `retry_after` says when it is allowed again.", True),
        ErrorCode("too_new", "You have not been here for long enough; `retry_after` says when you will have.", True),
        ErrorCode("not_now", "The server cannot do that at this moment.", True),
        ErrorCode("too_fast", "Nobody travels that far in that time; `retry_after` says when they might have.", True),
        ErrorCode("unavailable", "This server does not offer that; with `retry_after`, not at this moment.", False),
    )
}  # fmt: skip
"""Every error code this version sends."""


class CloseCode(NamedTuple):
    """One way a connection ends. 4000 to 4499: come back; 4500 to 4999: not as you are."""

    code: int
    name: str
    means: str
    may_return: bool


CLOSE_CODES: dict[int, CloseCode] = {
    row.code: row
    for row in (
        CloseCode(1000, "left", "You asked to leave.", False),
        CloseCode(1001, "shutdown", "The server ends.", True),
        CloseCode(1002, "protocol_error", "Not WebSocket (RFC 6455, 7.4.1).", False),
        CloseCode(1003, "wrong_frame", "Text frames carry JSON, binary frames MessagePack: not the agreed one.", False),
        CloseCode(1007, "not_utf8", "A text frame that is not UTF-8.", False),
        CloseCode(1009, "too_big", "A message over `frame_max_bytes`, or of more than 256 fragments.", False),
        CloseCode(1011, "bug", "An error of the server's, which it has written down.", True),
        CloseCode(4000, "drain", "The server restarts; `reconnect_in` says when to come back.", True),
        CloseCode(4001, "slow_reader", "You read too slowly.", True),
        CloseCode(4002, "idle", "No sign of life, or no `enter` in time.", True),
        CloseCode(4003, "overloaded", "Too much to do, or too many from where you are.", True),
        CloseCode(4500, "banned", "The operator keeps you out.", False),
        CloseCode(4501, "no_token", "You have no usable `token` or `auth`.", False),
        CloseCode(4502, "too_many_errors", "More than `errors_per_min` errors.", False),
        CloseCode(4503, "replaced", "Another connection came with your token.", False),
        CloseCode(4504, "auth_expired", "Your `auth` has expired.", False),
    )
}  # fmt: skip
"""Every close code a client must know."""


class Refused(Exception):
    """A command is refused: becomes one `error` event, the session goes on as before it."""

    def __init__(self, code: str, message: str, *, retry_after: float | None = None, **details: str | int) -> None:
        super().__init__(message)
        self.code = ERROR_CODES[code].code
        self.message = message
        self.retry_after = retry_after
        self.details = details
        """What the code needs besides: fields of `server.answers.Error`."""
