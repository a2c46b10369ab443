"""The servers a measurement runs against: starting, pinning, watching and ending them.

Knows processes, ports and Linux' /proc. Never knows what travels over a connection.
"""

import contextlib
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 5.0
LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 32_000)
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class CannotMeasure(Exception):
    """Something a measurement needs is missing or broken: the message says what, and what to do."""


def free_port() -> int:
    """Return a TCP port that nobody on this machine listens on now. Raises CannotMeasure.

    It is below those that systems give to outgoing connections: between now and its server's start thousands are made.
    """
    for port in random.sample(PORTS, 100):
        with contextlib.suppress(OSError), socket.create_server((LOOPBACK, port)):
            return port
    raise CannotMeasure(f"No free port was found among {PORTS.start} to {PORTS.stop}.")


def cpu_s(pid: int) -> float:
    """Return the CPU time a process has used, in user and system mode, in seconds (steps of 10 ms)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


def rss_kib(pid: int) -> int:
    """Return the resident memory of a process in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def allow_files(needed: int) -> None:
    """Raise this process's file descriptor limit to `needed`; children inherit it. Raises CannotMeasure."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (-1, resource.RLIM_INFINITY) and hard < needed:
        raise CannotMeasure(
            f"{needed} file descriptors are needed and {hard} is the hard limit here: ask for fewer "
            f"connections, or raise it (`ulimit -Hn`)."
        )
    if soft not in (-1, resource.RLIM_INFINITY) and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def cores() -> tuple[int, int] | None:
    """Return one core for the server and another for the load, or None if there are not two to choose."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else None


def pin(pid: int, core: int | None) -> None:
    """Keep a process on one core; None leaves it where it is."""
    if core is not None:
        os.sched_setaffinity(pid, {core})


def our_command(port: int, **settings: object) -> list[str]:
    """Return the command that serves Hereabouts with these settings. Raises CannotMeasure."""
    program = Path(sys.executable).with_name("hereabouts")
    if not program.exists():
        raise CannotMeasure(f"{program} is missing: install the project into this environment (`make bench` does).")
    chosen = {"drain_s": 0, **settings}  # `_stop` waits for nobody to be let go
    sets = [word for name, value in chosen.items() for word in ("--set", f"{name}={value}")]
    return [str(program), "serve", "--port", str(port), *sets]


def without_rates(**settings: object) -> dict[str, object]:
    """Return the settings of our server under load: every check on, every rate too high to meet."""
    return {
        "say_per_s": 1_000_000,
        "say_burst": 1_000_000,
        "say_per_min": 1_000_000,
        "room_per_min": 1_000_000,
        "new_identity_s": 0,
        "same_text_rooms": 1000,
        "same_text_rooms_all": 1000,
        "connections_per_address": 0,
        "sockets_per_address": 0,
        "work_above_connects_per_s": 0,
        # The end of a window would seat everybody anew in the middle of a measurement.
        "window_s": 86_400,
        **settings,
    }


def peer_command(port: int, *, seats: int) -> list[str]:
    """Return the command that serves the peer with its rates set as high."""
    rates = ["--say-per-s", "1000000", "--say-burst", "1000000"]
    return [sys.executable, "-m", "bench.peer", "--port", str(port), "--seats", str(seats), *rates]


def build(source: Path, target: Path) -> list[str]:
    """Compile one C file and return the command that runs it. Raises CannotMeasure."""
    if not source.is_file():
        raise CannotMeasure(f"{source} is missing: give the path of a C file, or leave the option out.")
    try:
        done = subprocess.run(
            ["gcc", "-O2", "-o", str(target), str(source)], capture_output=True, text=True, timeout=60, check=False
        )
    except FileNotFoundError:
        raise CannotMeasure(f"gcc is missing: install it to compile {source}, or leave the option out.") from None
    if done.returncode:
        raise CannotMeasure(f"gcc does not compile {source}:\n{done.stderr.strip()[-2000:]}")
    return [str(target)]


@contextlib.contextmanager
def running(command: Sequence[str], port: int, *, core: int | None = None) -> Iterator[int]:
    """Run a server until the block ends; yields its process id once it accepts connections.

    Its settings are those of the command: by those of the environment it might join servers in use.

    Raises:
        CannotMeasure: it ended early, or did not listen in 15 s; its last words are in the message.
    """
    with tempfile.TemporaryFile() as output:
        own = {name: text for name, text in os.environ.items() if not name.startswith("HEREABOUTS_")}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=own)
        try:
            pin(process.pid, core)
            _await_port(process, port, command)
            yield process.pid
        except CannotMeasure as error:
            output.seek(0)
            words = output.read().decode(errors="replace").strip()[-2000:]
            raise CannotMeasure(f"{error}\n{words}" if words else str(error)) from None
        finally:
            _stop(process)


def _await_port(process: "subprocess.Popen[bytes]", port: int, command: Sequence[str]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotMeasure(f"`{' '.join(command)}` ended with status {process.returncode}.")
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise CannotMeasure(f"`{' '.join(command)}` does not listen on port {port} after {START_TIMEOUT_S:.0f} s.")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the process, gently at first."""
    process.terminate()
    try:
        process.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
