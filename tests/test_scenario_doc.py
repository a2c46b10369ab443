"""docs/SCENARIOS.md names every key of a scenario's file and of its report, and its own file can be played."""

import re
from pathlib import Path

from client_demo.scenario.actor import Setting
from client_demo.scenario.command import Play, as_map
from client_demo.scenario.figures import Observer
from client_demo.scenario.script import CHARACTERS, DOINGS, KEYS, ON_ADVERT, read

PAGE = Path("docs/SCENARIOS.md").read_text(encoding="utf-8")


def test_every_key_of_the_file_is_explained() -> None:
    for name in (*KEYS, *DOINGS, *ON_ADVERT, *CHARACTERS, "title", "lasts_s"):
        assert f"`{name}`" in PAGE or f"{name} = " in PAGE, name


def test_the_file_on_the_page_can_be_played(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(example, encoding="utf-8")
    assert read(path).people == 42


def test_every_figure_of_the_report_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    path.write_text('[[population]]\ncount = 1\ncell = "dr5ru7"\n', encoding="utf-8")
    setting = Setting("ws://x", "json", 6, frozenset(), frozenset(), Observer())
    for name in as_map(Play("one.toml", read(path), setting, seed=1, lasts_s=1.0, not_offered=())):
        assert f"`{name}`" in PAGE, name
