"""Who may import whom, and what the pure parts must never touch: read from the source, so nothing runs.

A checker that finds nothing proves little, so each rule is also shown a source that breaks it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

OURS = {"geo", "rooms", "server", "client_demo", "tests", "bench"}

# What a folder may import of ours. tests/ and bench/ are not in it: they may import anything.
MAY_IMPORT = {
    "geo": {"geo"},
    "rooms": {"rooms", "geo"},
    "server": {"server", "rooms", "geo"},
    "client_demo": {"client_demo"},
}

# Clocks, chance, sockets, threads and the environment: what a pure module is given instead of taking it.
IMPURE = {
    "asyncio", "concurrent", "datetime", "multiprocessing", "os", "platform", "queue", "sched", "secrets",
    "select", "selectors", "signal", "socket", "socketserver", "ssl", "subprocess", "tempfile", "threading",
    "time", "uuid", "uvloop", "websockets",
}  # fmt: skip

PURE_FOLDERS = ("geo", "rooms", "server/acts")
PURE_FILES = (
    "server/session.py", "server/sight.py", "server/arrival.py", "server/house.py",
    "server/safety/frozen_house.py", "server/safety/frozen_identity.py",
)  # fmt: skip
REDIS_LIVES_IN = "server/cluster"


def is_pure(path: str) -> bool:
    return any(path.startswith(f"{folder}/") for folder in PURE_FOLDERS) or path in PURE_FILES


def imported_modules(tree: ast.AST, path: str) -> Iterator[str]:
    """Yield the dotted name of every module a source imports, anywhere in it, relative ones resolved."""
    package = path.split("/")[:-1]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) - level + 1] if level else []
                module_path = base + ([module] if module else [])
                # `from . import x` and `from server import x` may both import a module x.
                yield from (".".join([*module_path, alias.name]) for alias in names)
            case ast.Call(func=ast.Name(id="__import__" | "import_module"), args=[ast.Constant(value=str(name)), *_]):
                yield name
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(name)), *_]):
                yield name


def uses_of_chance(tree: ast.AST) -> Iterator[str]:
    """Yield every use of `random` but as the name of the type random.Random, or of one that is seeded."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "random"
    }
    types = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr == "Random"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if name in names and node not in types:
                yield "random, not for the type Random alone"
            case ast.ImportFrom(module="random", names=aliases):
                yield from (f"random.{alias.name}" for alias in aliases if alias.name != "Random")
            case ast.Call(func=ast.Name(id="Random") | ast.Attribute(attr="Random"), args=[]):
                yield "random.Random without a seed"


def faults(source: str, path: str) -> list[str]:
    """Return what a file's source does that its place forbids; `path` is relative to the project."""
    tree = ast.parse(source)
    folder = path.split("/", maxsplit=1)[0]
    found = []
    for module in imported_modules(tree, path):
        top = module.split(".")[0]
        if top in OURS - MAY_IMPORT[folder]:
            found.append(f"{path} imports {module}")
        if top == "redis" and not path.startswith(f"{REDIS_LIVES_IN}/"):
            found.append(f"{path} imports redis")
        if is_pure(path) and top in IMPURE:
            found.append(f"{path} is pure and imports {module}")
    if is_pure(path):
        found += [f"{path} is pure and uses {use}" for use in uses_of_chance(tree)]
    return found


def sources(folder: str) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_every_folder_imports_only_what_it_may(folder: str) -> None:
    paths = sources(folder)
    assert len(paths) > 3
    assert [fault for path in paths for fault in faults((ROOT / path).read_text(encoding="utf-8"), path)] == []


@pytest.mark.parametrize("path", PURE_FILES)
def test_files_held_to_purity_by_name_exist(path: str) -> None:
    assert (ROOT / path).is_file()


def test_every_folder_with_code_is_known_here() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders <= OURS


def untold(paths: list[str], folder: str) -> list[str]:
    """Return which files the tables of DESIGN.md say nothing of: neither by their name nor by that of their folder."""
    text = (ROOT / "docs" / "DESIGN.md").read_text(encoding="utf-8").partition("\n## Decisions")[0]
    tables = "".join(chapter for chapter in text.split("\n## ") if chapter.startswith(f"{folder}/"))
    named = re.findall(r"`([\w/]+(?:\.py|/))`", tables)
    files = {name.split("/")[-1] for name in named}
    folders = tuple(f"/{name}" for name in named if name.endswith("/"))
    return [path for path in paths if Path(path).name not in files and not f"/{Path(path).parent}/".endswith(folders)]


@pytest.mark.parametrize("folder", ["rooms", "server"])
def test_design_says_what_every_file_knows(folder: str) -> None:
    assert untold([path for path in sources(folder) if not path.endswith("__init__.py")], folder) == []
    assert untold([f"{folder}/unheard_of.py"], folder)


def rows_of(heading: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows of a table of DESIGN.md with the sources of the files each names, or else of the first folder."""
    text = (ROOT / "docs" / "DESIGN.md").read_text(encoding="utf-8")
    table = text.partition(f"\n### {heading}\n")[2].partition("\n## ")[0]
    files = [path for folder in ("rooms", "server", "tests", "client_demo") for path in (ROOT / folder).rglob("*.*")]
    for row in re.findall(r"^\| .*`.*", table, re.MULTILINE):
        named = tuple(f"/{name}" for name in re.findall(r"`([\w/]+\.(?:py|js))`", row))
        folder = re.search(r"`(\w+/)`", row)
        is_named = [
            path
            for path in files
            if str(path).endswith(named or ".py") and (named or (folder and f"/{folder[1]}" in str(path)))
        ]
        yield row, [path.read_text(encoding="utf-8") for path in is_named]


def test_what_a_new_command_touches_is_where_design_says() -> None:
    rows = list(rows_of("A new command"))
    assert len(rows) > 9
    for row, sources in rows:
        for name in re.findall(r"`(_?[A-Z][A-Z_]{2,})`", row):
            made = re.compile(rf"^(?:const )?{name}\b[^(]*=", re.MULTILINE)
            assert any(map(made.search, sources)), (name, row)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("geo/cell.py", "from rooms.rules import Rules"),
        ("geo/cell.py", "from rooms import rules"),
        ("rooms/room.py", "import server.node"),
        ("rooms/room.py", "from tests import fakes"),
        ("server/node.py", "from client_demo.wire import encode"),
        ("server/cli.py", "import importlib\nimportlib.import_module('client_demo.chat')"),
        ("server/cli.py", "from importlib import import_module\nimport_module('bench.load')"),
        ("server/cli.py", "__import__('client_demo')"),
        ("client_demo/chat.py", "from geo import Cell"),
        ("client_demo/chat.py", "def late():\n    import server.codes"),
        ("client_demo/chat.py", "if TYPE_CHECKING:\n    from rooms.room import Room"),
        ("server/safety/tokens.py", "from ... import client_demo"),
        ("server/node.py", "import redis.asyncio"),
        ("server/clusters.py", "from redis import Redis"),
        ("rooms/room.py", "import asyncio"),
        ("geo/cell.py", "from os import environ"),
        ("geo/cell.py", "import os.path"),
        ("rooms/room.py", "from time import monotonic"),
        ("rooms/room.py", "import secrets"),
        ("server/session.py", "import socket"),
        ("server/session.py", "from asyncio import timeout"),
        ("rooms/room.py", "import random\nrandom.random()"),
        ("rooms/room.py", "import random as chance\nchance.shuffle(seats)"),
        ("rooms/room.py", "import random\nrng = random"),
        ("rooms/room.py", "from random import choice"),
        ("rooms/room.py", "import random\nrng = random.Random()"),
        ("rooms/room.py", "from random import Random\nrng = Random()"),
        ("server/session.py", "import random\ndef f(rng=random.SystemRandom()): ..."),
    ],
)
def test_the_checker_finds_what_is_forbidden(path: str, source: str) -> None:
    assert faults(source, path)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("geo/grid.py", "import math\nfrom geo.cell import Cell"),
        ("geo/grid.py", "from . import cell\nfrom .cell import Cell"),
        ("rooms/room.py", "from geo import Cell\nfrom rooms.rules import Rules"),
        ("rooms/room.py", "import random\ndef f(rng: random.Random) -> None:\n    rng.random()"),
        ("rooms/room.py", "from random import Random\nrng = Random(7)"),
        ("server/node.py", "import asyncio, os, time, secrets, random\nrandom.random()"),
        ("server/cluster/bus.py", "import redis.asyncio"),
        ("server/safety/tokens.py", "from ..settings import Settings\nfrom rooms.room import Room"),
        ("client_demo/chat.py", "import random\nfrom client_demo.client import Client\nrandom.choice('ab')"),
    ],
)
def test_the_checker_lets_pass_what_is_allowed(path: str, source: str) -> None:
    assert faults(source, path) == []
