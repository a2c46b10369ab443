"""The other end of the operator's socket: one request, one answer. Knows no command line."""

import contextlib
import json
import socket
from pathlib import Path
from typing import Any

TIMEOUT_S = 30.0
"""A backup of a very large state takes some seconds."""


class NoAnswer(Exception):
    """Nobody answers at the socket; the message says what to look at."""


class Refused(Exception):
    """The server says why it did not do it."""


def ask(path: Path, act: str, /, **fields: Any) -> dict[str, Any]:
    """Return what the server tells. Raises NoAnswer or Refused."""
    request = {"act": act} | {name: value for name, value in fields.items() if value is not None}
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as opened:
            opened.settimeout(TIMEOUT_S)
            opened.connect(str(path))
            opened.sendall(json.dumps(request).encode() + b"\n")
            with opened.makefile("rb") as answers:
                line = answers.readline()
        told = json.loads(line)
    except FileNotFoundError:
        raise NoAnswer(f"No server has its socket at {path}. Is it running, with the same settings?") from None
    except ConnectionRefusedError:
        told = "no server answers there any more" if path.is_socket() else "that is no socket"
        raise NoAnswer(f"{path}: {told}. Start the server, or name the one that runs by its settings.") from None
    except PermissionError:
        raise NoAnswer(f"{path} is for the server's own user alone: run this as that user.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise NoAnswer(f"The server at {path} does not answer: {reason or 'nothing came back'}.") from None
    if "error" in told:
        raise Refused(told["error"])
    return dict(told)
