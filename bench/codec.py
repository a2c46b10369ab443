"""CPU time of the wire formats: reading a `say`, writing a `said`, beside the usual libraries.

The others parse and write without checking anything; ours checks types, names and
lengths on the way in, and includes the frame's header on the way out.
"""

import json
import timeit
from collections.abc import Callable
from typing import Any

import click
import msgpack
import msgspec

from rooms.events import Said
from server.codec import JSON, MSGPACK

TEXT = "Is anybody else waiting for the ferry that should have left at nine o'clock this morning?"
SAY: dict[str, Any] = {"type": "say", "text": TEXT, "ref": "a1b2c3"}
SAID = Said(4711, "x7Yk2mQw91Zp", "Quiet Otter", TEXT, 1_700_000_000_000, "a1b2c3")
REPEATS = 5


class Row(msgspec.Struct, kw_only=True):
    """µs per message, the best of several tries."""

    library: str
    read_say_us: float
    write_said_us: float


def measure(count: int) -> list[Row]:
    """Return a row per format and library, each act done `count` times."""
    said = msgspec.to_builtins(SAID)
    as_json, as_msgpack = json.dumps(SAY).encode(), msgpack.packb(SAY)
    return [
        _row("json: server.codec", count, lambda: JSON.decode(as_json), lambda: JSON.frame(SAID)),
        _row("json: json", count, lambda: json.loads(as_json), lambda: json.dumps(said).encode()),
        _row("msgpack: server.codec", count, lambda: MSGPACK.decode(as_msgpack), lambda: MSGPACK.frame(SAID)),
        _row("msgpack: msgpack", count, lambda: msgpack.unpackb(as_msgpack), lambda: msgpack.packb(said)),
    ]


def _row(library: str, count: int, read: Callable[[], object], write: Callable[[], object]) -> Row:
    return Row(library=library, read_say_us=_us(read, count), write_said_us=_us(write, count))


def _us(act: Callable[[], object], count: int) -> float:
    return round(min(timeit.repeat(act, number=count, repeat=REPEATS)) / count * 1e6, 2)


@click.command(epilog="Examples:\n\n\b\n  python -m bench.codec\n  python -m bench.codec --count 1000 --json")
@click.option("--count", type=click.IntRange(1), default=50_000, show_default=True, help="Messages of each try.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def main(count: int, as_json: bool) -> None:
    """Measure reading a `say` and writing a `said` in both formats (some 3 s)."""
    rows = measure(count)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(rows), indent=2))
        return
    click.echo(f"{'µs per message':<24}{'read say':>10}{'write said':>12}")
    for row in rows:
        click.echo(f"{row.library:<24}{row.read_say_us:>10.2f}{row.write_said_us:>12.2f}")


if __name__ == "__main__":
    main()
