"""`hereabouts config`, and the options that hand settings to a command."""

import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from server.config import as_toml, config, settings_options
from server.loading import Loaded, SettingsError, load
from server.setting_table import SETTINGS
from server.settings import BINDS_LOOPBACK, SECRETS

A_SECRET = "fedcba9876543210" * 4


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(f"HEREABOUTS_{name.upper()}", raising=False)


def run(*args: str, environ: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(config, args, env=environ)


def read_back(text: str, folder: Path) -> Loaded:
    path = folder / "again.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {}, {})


def paragraph(output: str, name: str) -> str:
    """Return the lines about one setting."""
    return next(each for each in output.split("\n\n") if f"\n{name} = " in each or f"\n# {name} = " in each)


def test_config_prints_every_setting_with_its_range_reason_and_origin() -> None:
    result = run("--set", "seats_max=14", environ={"HEREABOUTS_SEATS_TARGET": "9"})
    assert result.exit_code == 0
    assert "seats_max = 14" in paragraph(result.output, "seats_max")
    assert "From: command line." in paragraph(result.output, "seats_max")
    assert "From: environment HEREABOUTS_SEATS_TARGET." in paragraph(result.output, "seats_target")
    assert "From: default." in paragraph(result.output, "seats_min")
    for name, setting in SETTINGS.items():
        if name not in SECRETS:
            about = paragraph(result.output, name)
            assert setting.allowed in about
            assert setting.description.split(";")[0][:60] in about


def test_config_is_toml_that_leads_to_the_same_settings(tmp_path: Path) -> None:
    given_flags = ["--set", "say_per_s=0.5", "--set", 'terms=a "b" \\ c # é 😀', "--port", "0"]
    result = run(*given_flags, environ={"HEREABOUTS_WINDOW_S": "900"})
    again = read_back(result.output, tmp_path)
    assert (
        again.settings
        == load(
            None,
            {"HEREABOUTS_WINDOW_S": "900"},
            {"say_per_s": 0.5, "terms": 'a "b" \\ c # é 😀', "port": 0},
        ).settings
    )


def a_value(name: str) -> st.SearchStrategy[object]:
    setting = SETTINGS[name]
    if setting.kind is int:
        return st.integers(int(setting.low), int(setting.high))
    if setting.kind is float:
        return st.floats(setting.low, setting.high)
    return st.text(min_size=int(setting.low), max_size=min(40, int(setting.high)))


changeable = sorted(set(SETTINGS) - SECRETS)


@given(st.data(), st.sets(st.sampled_from(changeable), max_size=6))
def test_whatever_is_accepted_reads_back_the_same(data: st.DataObject, names: set[str]) -> None:
    flags = {name: data.draw(a_value(name), label=name) for name in sorted(names)}
    try:
        loaded = load(None, {}, flags)  # type: ignore[arg-type]
    except SettingsError:
        return
    table = tomllib.loads(as_toml(loaded))
    assert load(None, {}, table).settings == loaded.settings


def test_fed_back_defaults_do_not_bind_loopback_clients(tmp_path: Path) -> None:
    again = read_back(run().output, tmp_path)
    assert not any(again.explicit(name) for name in BINDS_LOOPBACK)
    set_once = read_back(run("--set", "connections_per_address=50").output, tmp_path)
    assert set_once.explicit("connections_per_address")


def test_the_secret_is_never_printed_but_whether_there_is_one() -> None:
    with_one = run(environ={"HEREABOUTS_SECRET": A_SECRET})
    assert with_one.exit_code == 0
    assert A_SECRET not in with_one.output
    assert "# secret: (set, not shown)" in with_one.output
    assert "environment HEREABOUTS_SECRET" in with_one.output
    assert "# secret: (none)" in run().output


def test_a_mistyped_secret_is_not_printed_either(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'secret = "{A_SECRET}0"\n', encoding="utf-8")
    for result in (
        run("--config", str(path)),
        run("--set", f"secret={A_SECRET}0"),
        run("--set", f"secret:{A_SECRET}"),
        run("--set", f"secrets={A_SECRET}"),
        run(environ={"HEREABOUTS_SECRET": A_SECRET + "0"}),
    ):
        assert result.exit_code == 2
        assert A_SECRET not in result.output


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--set", "seats_max"], "--set takes NAME=VALUE"),
        (["--set", "seat_max=9"], "the nearest is seats_max"),
        (["--port", "70000"], "0 to 65535"),
        (["--finest-cell", "9"], "4 to 8"),
        (["--config", "absent.toml"], "absent.toml cannot be read"),
        (["--workers", "0"], "1 to 64"),
        (["--redis", "redis://127.0.0.1"], "share one"),
        (["--set", "seats_max=4"], "set both"),
    ],
)
def test_wrong_settings_end_the_command_with_a_sentence(args: list[str], says: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_flag_of_its_own_holds_over_set_and_the_last_set_over_the_first() -> None:
    result = run("--port", "1", "--set", "port=2", "--set", "seats_max=20", "--set", "seats_max=21")
    assert "\nport = 1\n" in result.output
    assert "\nseats_max = 21\n" in result.output


def test_a_file_with_a_line_break_in_its_name_cannot_smuggle_in_settings(tmp_path: Path) -> None:
    path = tmp_path / "a\nport = 7\n.toml"
    path.write_text("seats_max = 20\n", encoding="utf-8")
    result = run("--config", str(path))
    assert tomllib.loads(result.output)["port"] == 8765


def test_help_shows_examples_that_work() -> None:
    output = run("--help").output
    examples = output.partition("Examples:")[2].strip().splitlines()
    assert len(examples) >= 2
    assert any(line.strip() == "hereabouts config" for line in examples)


def test_settings_options_hand_loaded_settings_to_any_command() -> None:
    @click.command()
    @click.argument("word")
    @settings_options
    @click.option("--loud", is_flag=True)
    def shout(loaded: Loaded, word: str, loud: bool) -> None:
        click.echo(f"{word} {loud} {loaded.settings.port} {loaded.explicit('port')}")

    result = CliRunner().invoke(shout, ["--port", "99", "--loud", "hey"])
    assert result.output == "hey True 99 True\n"
