"""The parts of docs/PROTOCOL.md that follow from the code, and the exchange in it, replayed.

    .venv/bin/python -m tests.protocol_page

writes these parts anew: run it after changing a code, a sentence of `why`, a limit or an
example client, and read what has changed.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from rooms.whys import SENTENCES
from server.codes import CLOSE_CODES, ERROR_CODES
from server.house import CLIENT_LIMITS
from server.setting_table import SETTINGS
from server.settings import shown
from tests.live_server import live_server

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "PROTOCOL.md"
PATIENCE_S = 5.0
"""Less than `look_every_s`, after which a waiting room has something to say by itself."""

Json = dict[str, Any]

_PART = re.compile(r"<!-- begin: ([\w-]+) -->\n(.*?)<!-- end: \1 -->", re.DOTALL)
_EXCHANGE = re.compile(r"## A complete exchange\n.*?```text\n(.*?)```", re.DOTALL)


# What follows from the code


def parts() -> dict[str, str]:
    """Return the text of every part that is made, by its name."""
    return {
        "error-codes": _table(
            ("code", "means", "the same again may succeed"),
            ((f"`{row.code}`", row.means, _yes(row.may_retry)) for row in ERROR_CODES.values()),
        ),
        "close-codes": _table(
            ("code", "name", "means", "come back"),
            ((str(row.code), f"`{row.name}`", row.means, _yes(row.may_return)) for row in CLOSE_CODES.values()),
        ),
        "why-codes": _table(
            ("code", "sentence"),
            ((f"`{code}`", sentence) for code, sentence in SENTENCES.items()),
        ),
        "limits": _table(
            ("limit", "default", "why"),
            ((f"`{name}`", shown(name, SETTINGS[name].default), SETTINGS[name].description) for name in CLIENT_LIMITS),
        ),
        "client-python": _listing("python", "client.py"),
        "client-javascript": _listing("javascript", "client.mjs"),
    }


def parts_of(page: str) -> dict[str, str]:
    """Return the text of every such part as it stands in the page."""
    return {found[1]: found[2] for found in _PART.finditer(page)}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _yes(so: bool) -> str:
    return "yes" if so else "no"


def _listing(language: str, name: str) -> str:
    return f"```{language}\n{(DOCS / 'examples' / name).read_text()}```\n"


# The exchange

AS_INSTALLED: dict[str, object] = {"window_s": SETTINGS["window_s"].default}
"""What the page shows of the settings is what a reader's own server has."""


IDS = {"room", "me", "id", "from", "who", "token"}
TIMES = {"opened", "closes", "now", "at", "next_at", "counts_from"}
ABBREVIATED = "…"
NOTHING = "< nothing"


def exchange_of(page: str) -> list[str]:
    """Return the lines of the complete exchange."""
    found = _EXCHANGE.search(page)
    assert found, "the page has no complete exchange"
    return found[1].splitlines()


class Exchange:
    """Replays the exchange against a server and says how each line went.

    Ids and tokens are given out anew every time: each of the page's stands for exactly one of the server's.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._people: dict[str, ClientConnection] = {}
        self._ids: dict[str, str] = {}
        self._written_out: Json = {}

    async def replay(self, lines: list[str]) -> list[str]:
        """Return the lines as they came from the server; one that is as the page says, unchanged."""
        try:
            return [await self._line(line) for line in lines]
        finally:
            for connection in self._people.values():
                connection.transport.abort()
            await asyncio.gather(*(connection.wait_closed() for connection in self._people.values()))

    async def _line(self, line: str) -> str:
        name, _, rest = line.partition(" ")
        match rest.partition(" "):
            case _ if line.startswith("#"):
                pass
            case (">", _, sent):
                await self._people[name].send(json.dumps(self._renamed(json.loads(sent), self._ids)))
            case ("<", _, written):
                return await self._event(name, line, written)
            case ("connects", _, _):
                json_only = [Subprotocol("hereabouts.v1.json")]
                self._people[name] = await connect(self._url, subprotocols=json_only, compression=None)
            case ("loses", _, "the connection"):
                self._people[name].transport.abort()
                await self._people[name].wait_closed()
            case ("is", _, ending):
                return f"{name} is closed with {await self._close_code(name)}" if ending else line
            case _:
                raise AssertionError(f"{line!r} is no line of an exchange")
        return line

    async def _event(self, name: str, line: str, written: str) -> str:
        try:
            async with asyncio.timeout(PATIENCE_S):
                event = json.loads(await self._people[name].recv())
        except (TimeoutError, ConnectionClosed):
            return f"{name} {NOTHING}"
        expected = None
        with contextlib.suppress(ValueError):
            expected = json.loads(written)
        if self._is_same(expected, event, ""):
            return line
        known = {ours: theirs for theirs, ours in self._ids.items()}
        shown = self._abbreviated(expected, self._renamed(event, known))
        return f"{name} < {json.dumps(shown, ensure_ascii=False)}"

    async def _close_code(self, name: str) -> int | None:
        async with asyncio.timeout(PATIENCE_S):
            await self._people[name].wait_closed()
        return self._people[name].close_code

    def _is_same(self, written: Any, real: Any, key: str) -> bool:
        """Tell whether a value is what the page says, but for ids, tokens, times and the server's version."""
        if written == ABBREVIATED:
            return key in self._written_out and bool(self._written_out[key] == real)
        self._written_out.setdefault(key, real)
        if isinstance(written, dict):
            return isinstance(real, dict) and list(written) == list(real) and self._are_same(written, real)
        if key == "members" and isinstance(real, list):
            written, real = (sorted(members, key=lambda member: str(member["name"])) for members in (written, real))
        if isinstance(written, list):
            return len(written) == len(real) and all(
                self._is_same(one, other, "") for one, other in zip(written, real, strict=True)
            )
        if key in TIMES or key == "version":
            return type(written) is type(real)
        return self._is_same_id(written, real, key) if key in IDS else bool(written == real)

    def _is_same_id(self, written: str, real: str, key: str) -> bool:
        if key == "token":
            # A fresh one with every `entered`, but equal to the former within the same second.
            self._ids[written] = real
            return isinstance(real, str)
        taken = self._ids.setdefault(written, real)
        return taken == real and list(self._ids.values()).count(real) == 1

    def _are_same(self, written: Json, real: Json) -> bool:
        return all(self._is_same(written[key], real[key], key) for key in written)

    def _renamed(self, message: Any, names: dict[str, str]) -> Any:
        if isinstance(message, dict):
            return {
                key: names.get(value, value) if key in IDS and isinstance(value, str) else self._renamed(value, names)
                for key, value in message.items()
            }
        return [self._renamed(part, names) for part in message] if isinstance(message, list) else message

    def _abbreviated(self, written: Any, real: Any) -> Any:
        """Return a message with that left out which the page leaves out, if it came before."""
        if not (isinstance(written, dict) and isinstance(real, dict)):
            return real
        return {
            key: ABBREVIATED
            if written.get(key) == ABBREVIATED and self._written_out.get(key) == value
            else self._abbreviated(written.get(key), value)
            for key, value in real.items()
        }


async def _replayed(lines: list[str]) -> list[str]:
    async with live_server(AS_INSTALLED) as server:
        return await Exchange(server.url).replay(lines)


def _kind(line: str) -> str:
    found = re.match(r'\w+ < \{"type": "\w+"', line)
    return found[0] if found else line


def main() -> None:
    """Write the page's parts anew."""
    page = PAGE.read_text()
    made = parts()
    page = _PART.sub(lambda found: f"<!-- begin: {found[1]} -->\n{made[found[1]]}<!-- end: {found[1]} -->", page)
    old = exchange_of(page)
    new = asyncio.run(_replayed(old))
    for told, real in zip(old, new, strict=True):
        # Where more or fewer events come than are written, no line answers the one above it any more.
        assert _kind(told) == _kind(real), f"add or take away lines of the exchange by hand. Told: {told}. Came: {real}"
    PAGE.write_text(page.replace("\n".join(old), "\n".join(new)))


if __name__ == "__main__":
    main()
