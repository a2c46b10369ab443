"""What a crowd needs and may do, worked out before it starts: descriptors, ports, seats, words a second.

Pure arithmetic that answers in sentences. Never reads the machine (machine.py does) and never connects. Each
sentence says what falls short and what to type about it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Beside the connections: the loop's own, standard streams, pipes, room for a log or two.
SPARE_DESCRIPTORS = 64


@dataclass(frozen=True)
class Overdriven:
    """More words were asked for than the server's limits let so many people say."""

    asked_per_s: float
    allowed_per_s: float
    sentence: str


def descriptors_needed(connections: int, processes: int) -> int:
    """Return how many file descriptors each process needs."""
    return math.ceil(connections / processes) + SPARE_DESCRIPTORS


def descriptor_shortage(connections: int, processes: int, *, hard_limit: int) -> str | None:
    """Return what to do where the processes may not open that many files, else None."""
    needed = descriptors_needed(connections, processes)
    if needed <= hard_limit:
        return None
    enough = math.ceil(connections / max(hard_limit - SPARE_DESCRIPTORS, 1))
    return (
        f"{connections} connections in {_processes(processes)} need {needed} open files each and this shell allows "
        f"{hard_limit}: say `ulimit -n {needed}` first, or give --processes {enough}."
    )


def port_shortage(connections: int, sources: int, *, first_port: int, last_port: int) -> str | None:
    """Return what to do where the local addresses have too few ports for outgoing connections, else None."""
    ports = last_port - first_port + 1
    addresses = max(sources, 1)
    if connections <= ports * addresses:
        return None
    enough = math.ceil(connections / ports)
    return (
        f"{connections} connections from {addresses} address{'es' if addresses > 1 else ''} are more than the "
        f"{ports} ports each has ({first_port}-{last_port}): give {enough} addresses, on one machine for example "
        f"--source 127.0.0.2-127.0.0.{enough + 1}."
    )


def seat_shortage(connections: int, limits: Mapping[str, Any]) -> str | None:
    """Return what to set where the server, as far as it says, takes fewer connections; else None."""
    most = limits.get("connections_max")
    if not isinstance(most, int) or connections <= most:
        return None
    return (
        f"The server takes {most} connections and {connections} were asked for: "
        f"start it with `hereabouts serve --set connections_max={connections + 100}`."
    )


def allowed_words_per_s(people: int, limits: Mapping[str, Any]) -> dict[str, float]:
    """Return, for each limit there is, how many words a second it lets so many people say.

    Rooms are taken as full, because then the fewest of them share the words; a limit of 0 or an unknown one is
    none. The server's clock may run faster (`time_scale`), and the limits with it.
    """
    scale = _number(limits, "time_scale") or 1.0
    rooms = people / (_number(limits, "seats_max") or 12.0)
    allowed = {
        "say_per_s": people * _number(limits, "say_per_s"),
        "say_per_min": people * _number(limits, "say_per_min") / 60,
        "room_per_min": max(rooms, 1.0) * _number(limits, "room_per_min") / 60,
    }
    return {name: rate * scale for name, rate in allowed.items() if rate > 0}


def overdriven(rate: float, people: int, limits: Mapping[str, Any]) -> Overdriven | None:
    """Return what the server's limits say to `rate` words a second from so many people; None: nothing."""
    allowed = allowed_words_per_s(people, limits)
    broken = sorted(name for name, most in allowed.items() if rate > most)
    if not broken:
        return None
    least = min(allowed.values())
    flags = " ".join(f"--set {name}=0" for name in broken)
    sentence = (
        f"{rate:g} messages/s are more than the server lets {people} people say: {least:.3g}/s. What is refused as "
        f"rate_limited is counted apart. For all of it start the server with `hereabouts serve {flags}`"
        f" or let more people talk: --count {math.ceil(people * rate / least)}."
    )
    bearable = _number(limits, "errors_per_min")
    if bearable and (rate - least) * 60 / people > bearable:
        sentence += f" Whoever is refused more than {bearable:g} times a minute will be put out (errors_per_min)."
    return Overdriven(rate, least, sentence)


def _number(limits: Mapping[str, Any], name: str) -> float:
    value = limits.get(name, 0)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"
