"""Closed-loop load: rooms of an exact size in which every member keeps a message in flight.

One process, one epoll, no asyncio. A member speaks again when its own words come back.
Every message carries a mark, so a delivery is counted without decoding it, and at the
end each member must have got exactly what its room said: what is measured works.

Who waits for whom changes what a delivery costs: a server that shares writes is at its
best when it is the busy one. `server_busy` and `load_busy` tell; compare only runs with
the same load.
"""

import select
import socket
import sys
import time
from pathlib import Path
from random import Random
from string import ascii_lowercase

import click
import msgspec

from bench import wire
from bench.servers import CannotMeasure, allow_files, cpu_s

SILENCE_S = 1.0  # after the last word: what has not come by then is lost
QUIET_S = 0.3  # nothing came for so long: the news of everybody's joining is through
QUIET_TIMEOUT_S = 10.0
SAMPLE_KEY = b"the sample nonce"  # the handshake of RFC 6455, 1.3, whose answer the least server knows by heart
MARK = b"~#"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to which server. `least` speaks to a server that fans out what it gets and checks nothing."""

    port: int
    pid: int
    rooms: int = 100
    members: int = 8
    secs: float = 3.0
    warm_s: float = 1.0
    body_bytes: int = 100
    least: bool = False


class Result(msgspec.Struct, kw_only=True):
    """The figures of one window; latency is from saying to one's own echo. `lost` counts the whole run."""

    conns: int
    secs: float
    deliv_s: float
    p50_us: float
    p99_us: float
    srv_cpu_s: float
    us_cpu_per_deliv: float
    server_busy: float
    load_busy: float
    lost: int


class Member:
    """One connection, what it says, and how much it has heard."""

    __slots__ = ("_carry", "_mark", "frame", "heard", "room", "said", "said_at", "sock")

    def __init__(self, sock: socket.socket, number: int, room: int, body_bytes: int) -> None:
        self.sock = sock
        self.room = room
        self._mark = MARK + _letters(number)
        self.frame = wire.command("say", text=(self._mark + _words(number, body_bytes))[:body_bytes].decode())
        self.heard = self.said = 0
        self.said_at = 0.0
        self._carry = b""

    def say(self) -> None:
        """Send the message. Raises CannotMeasure."""
        self.said += 1
        self.said_at = time.perf_counter()
        if self.sock.send(self.frame) != len(self.frame):
            raise CannotMeasure("A message was not taken whole: the server has stopped reading.")

    def hear(self, data: bytes) -> tuple[int, int]:
        """Return how many deliveries are complete with this data, and how many of them are one's own words."""
        data = self._carry + data if self._carry else data
        cut = data.rfind(MARK[:1], 1 - len(self._mark))  # a mark that is cut in two waits for its rest
        self._carry = data[cut:] if cut >= 0 else b""
        if cut >= 0:
            data = data[:cut]
        heard = data.count(MARK)
        self.heard += heard
        return heard, data.count(self._mark)


def _words(number: int, size: int) -> bytes:
    """Return at least so many bytes of somebody's own words: the same ones from everybody would be held as junk."""
    chance = Random(number)
    words = []
    while size > 0:
        words.append(bytes(chance.choices(ascii_lowercase.encode(), k=chance.randint(2, 8))))
        size -= len(words[-1]) + 1
    return b" " + b" ".join(words)


def _letters(number: int) -> bytes:
    """Return four letters for a number below 456,976: digits might look like something to filter."""
    out = ""
    for _ in range(4):
        number, digit = divmod(number, 26)
        out += ascii_lowercase[digit]
    return out.encode()


class Load:
    """All members, and the counts of the window being measured."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.members: dict[int, Member] = {}
        self.delivered = 0
        self.latencies: list[float] = []
        self.is_measuring = False
        self.is_draining = False
        self._epoll = select.epoll()

    def connect(self) -> None:
        """Seat everybody, room after room. Raises CannotMeasure."""
        plan = self.plan
        allow_files(plan.rooms * plan.members + 64)
        for number in range(plan.rooms * plan.members):
            room = number // plan.members
            sock = wire.connect(plan.port, number, key=SAMPLE_KEY if plan.least else None)
            if plan.least:
                sock.sendall(wire.client_frame(b"J%06d" % room))
            else:
                wire.enter(sock, wire.far_cell(room))
            self.add(Member(sock, number, room, plan.body_bytes))

    def add(self, member: Member) -> None:
        """Know one who has entered."""
        member.sock.setblocking(False)
        self.members[member.sock.fileno()] = member
        self._epoll.register(member.sock, select.EPOLLIN)

    def run(self) -> Result:
        """Return the figures of one window, after a warm-up and before a drain. Raises CannotMeasure."""
        self.connect()
        self._await_quiet()
        for member in self.members.values():
            member.say()
        self._turn_for(self.plan.warm_s)
        result = self._measure()
        self._drain()
        result.lost = self.lost()
        return result

    def seated(self, member: Member, data: bytes) -> None:
        """Know what somebody heard before anybody spoke: here, where everybody has a room already, nothing new."""

    def heard_oneself(self, member: Member) -> None:
        """Have whoever has heard their own words speak again."""
        member.say()

    def lost(self) -> int:
        """Return how many deliveries are missing or too many, summed over all members."""
        said = [0] * self.plan.rooms
        for member in self.members.values():
            said[member.room] += member.said
        return sum(abs(said[member.room] - member.heard) for member in self.members.values())

    def server_s(self) -> float:
        """Return the CPU time the server has used."""
        return cpu_s(self.plan.pid)

    def close(self) -> None:
        self._epoll.close()
        for member in self.members.values():
            member.sock.close()

    def _measure(self) -> Result:
        began = time.perf_counter()
        server_s, load_s = self.server_s(), time.process_time()
        self.is_measuring = True
        self._turn_for(self.plan.secs)
        self.is_measuring = False
        secs = time.perf_counter() - began
        server_s, load_s = self.server_s() - server_s, time.process_time() - load_s
        return Result(
            conns=len(self.members),
            secs=round(secs, 2),
            deliv_s=round(self.delivered / secs),
            p50_us=_percentile_us(self.latencies, 0.50),
            p99_us=_percentile_us(self.latencies, 0.99),
            srv_cpu_s=round(server_s, 2),
            us_cpu_per_deliv=round(server_s * 1e6 / self.delivered, 3) if self.delivered else 0.0,
            server_busy=round(server_s / secs, 2),
            load_busy=round(load_s / secs, 2),
            lost=0,
        )

    def _await_quiet(self) -> None:
        deadline = time.monotonic() + QUIET_TIMEOUT_S
        while ready := self._epoll.poll(QUIET_S):
            for fd, _ in ready:
                self.seated(self.members[fd], _receive(self.members[fd]))
            if time.monotonic() > deadline:
                raise CannotMeasure("The server goes on talking though nobody says anything.")

    def _turn_for(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self._turn()

    def _drain(self) -> None:
        """Let everybody fall silent and wait for what is still on its way."""
        self.is_draining = True
        while self.lost() and self._turn(SILENCE_S):
            pass

    def _turn(self, timeout_s: float = 0.05) -> bool:
        """Handle what has come, waiting for it if need be; return whether anything has."""
        ready = self._epoll.poll(timeout_s)
        for fd, _ in ready:
            member = self.members[fd]
            heard, own = member.hear(_receive(member))
            if self.is_measuring:
                self.delivered += heard
            if own:
                if self.is_measuring:
                    self.latencies.append(time.perf_counter() - member.said_at)
                if not self.is_draining:
                    self.heard_oneself(member)
        return bool(ready)


def _receive(member: Member) -> bytes:
    data = member.sock.recv(wire.RECEIVE_BYTES)
    if not data:
        raise CannotMeasure("The server has closed a connection; did its rates or limits end it?")
    return data


def _percentile_us(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e6) if ordered else 0.0


def measure(plan: Plan) -> Result:
    """Return the figures of one run. Raises CannotMeasure."""
    load = Load(plan)
    try:
        return load.run()
    except OSError as error:
        raise CannotMeasure(f"A connection broke: {error}.") from None
    finally:
        load.close()


@click.command(
    epilog="Examples:\n\n\b\n"
    "  python -m bench.load --port 8765 --pid 4711\n"
    "  python -m bench.load --port 8765 --pid 4711 --rooms 20 --members 4 --secs 10\n\n"
    "The server's rates have to be out of the way: see bench/fanout.py, which does all of this."
)
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="Where the server listens, on loopback.")
@click.option("--pid", type=int, required=True, help="The server's process, whose CPU time is read.")
@click.option("--rooms", type=click.IntRange(1, wire.CELLS_MAX), default=100, show_default=True)
@click.option("--members", type=click.IntRange(2, 50), default=8, show_default=True, help="Members of each room.")
@click.option("--secs", type=float, default=3.0, show_default=True, help="The window measured.")
@click.option("--warm", type=float, default=1.0, show_default=True, help="Seconds of load before it.")
@click.option("--body", type=click.IntRange(8, 900), default=100, show_default=True, help="Bytes of each text.")
@click.option("--least", is_flag=True, help="The server knows no protocol: a first frame J000001 joins a room.")
def main(port: int, pid: int, rooms: int, members: int, secs: float, warm: float, body: int, least: bool) -> None:
    """Measure one server under load; print one line of JSON. Exit status 1 if a delivery was lost or doubled."""
    if not Path(f"/proc/{pid}").exists():
        raise click.UsageError(f"There is no process {pid}.")
    plan = Plan(port=port, pid=pid, rooms=rooms, members=members, secs=secs, warm_s=warm, body_bytes=body, least=least)
    try:
        result = measure(plan)
    except CannotMeasure as error:
        raise click.ClickException(str(error)) from None
    click.echo(msgspec.json.encode(result))
    sys.exit(1 if result.lost else 0)


if __name__ == "__main__":
    main()
