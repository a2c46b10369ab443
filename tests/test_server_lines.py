"""How a server is told to be, line by line."""

from typing import Any

from server.operate.admin.server_lines import filter_lines, status_lines

FILTER: dict[str, Any] = {"rules": 1, "broken": 0, "broken_lines": [], "read_at": 0.0, "problem": ""}
QUIET: dict[str, Any] = {
    "people": 0, "connected": 0, "rooms": 0, "nodes": [], "open_reports": 0, "oldest_open_s": None, "bans": 0,
    "filter": None, "degraded": "", "off": [], "lasting": True,
}  # fmt: skip


def node(name: str, filter: dict[str, Any] | None) -> dict[str, Any]:
    return {"node": name, "people": 1, "connected": 1, "rooms": 1, "filter": filter}


def test_a_quiet_server_takes_two_lines() -> None:
    assert list(status_lines(QUIET)) == ["0 people (0 connected) in 0 rooms", "0 open reports; 0 bans"]


def test_what_is_not_as_it_should_be_is_told_and_moves_no_cursor() -> None:
    told = QUIET | {"degraded": "Redis \x1b", "off": ["shake", "bottles"], "lasting": False, "silent": ["node\n2"]}
    first, _, *rest = status_lines(told)
    assert first.endswith(", without node�2")
    assert rest == [
        "degraded: Redis �",
        "off: shake, bottles",
        "blocks, bans and reports end with the process (no --data)",
    ]


def test_filter_files_are_told_of_each_node_only_where_they_differ() -> None:
    read = "1 rule, read 1970-01-01T00:00:00Z"
    same = [node("a", FILTER), node("b", FILTER | {"read_at": 9.0})]
    assert list(filter_lines(FILTER, same)) == [f"filter: {read}"]
    other = [node("a", FILTER), node("b", None)]
    assert list(filter_lines(FILTER, other)) == [f"filter of a: {read}", "filter of b: no file"]
    assert list(filter_lines(None, [])) == []
