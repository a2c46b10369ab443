"""How the server is, in lines for a terminal: its people and rooms, node by node, its reports, its filter file.

Knows what `status` and `reload` answer. Asks nothing and prints nothing.
"""

from collections.abc import Iterator
from typing import Any

from server.operate.admin.wording import counted, moment, shown, span


def status_lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield how the server is."""
    people, rooms = counted(told["people"], "person", "people"), counted(told["rooms"], "room", "rooms")
    without = f", without {', '.join(map(shown, told['silent']))}" if told.get("silent") else ""
    yield f"{people} ({told['connected']} connected) in {rooms}{without}"
    if len(told["nodes"]) > 1:
        yield "by the node that has their room:"
        for node in told["nodes"]:
            people, rooms = counted(node["people"], "person", "people"), counted(node["rooms"], "room", "rooms")
            yield f"  {shown(node['node'])}: {people} ({node['connected']} connected) in {rooms}"
    oldest = f", the oldest {span(told['oldest_open_s'])} old" if told["oldest_open_s"] is not None else ""
    open_reports = counted(told["open_reports"], "open report", "open reports")
    yield f"{open_reports}{oldest}; {counted(told['bans'], 'ban', 'bans')}"
    yield from filter_lines(told["filter"], told["nodes"])
    if told["degraded"]:
        yield f"degraded: {shown(told['degraded'])}"
    if told["off"]:
        yield f"off: {', '.join(told['off'])}"
    if not told["lasting"]:
        missing = "--store" if told["nodes"] else "--data"
        yield f"blocks, bans and reports end with the process (no {missing})"


def filter_lines(own: dict[str, Any] | None, nodes: list[dict[str, Any]]) -> Iterator[str]:
    """Yield how the filter file is: of each node where they differ, but for when it was read."""
    states = [{**(node["filter"] or {}), "read_at": None} for node in nodes]
    if all(state == states[0] for state in states):
        if own is not None:
            yield f"filter: {_filter(own)}"
        return
    for node in nodes:
        file = _filter(node["filter"]) if node["filter"] is not None else "no file"
        yield f"filter of {shown(node['node'])}: {file}"


def _filter(told: dict[str, Any]) -> str:
    """Return how the filter file is, and which of its lines are no rules."""
    lines = [f"{counted(told['rules'], 'rule', 'rules')}, read {moment(told['read_at'])}"]
    if told["problem"]:
        lines.append(f"it cannot be read now ({told['problem']}): these rules stay in force")
    lines += [f"line {broken['line']} is passed over: {broken['problem']}" for broken in told["broken_lines"]]
    if told["broken"] > len(told["broken_lines"]):
        lines.append(f"and {told['broken'] - len(told['broken_lines'])} more lines")
    return "\n  ".join(lines)
