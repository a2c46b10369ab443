"""What is shown while a run goes on and when it is over, and where: figures never on standard output."""

import io
import json
from collections import Counter

import pytest
from rich.console import Console

from client_demo.accounting.figures import Figures
from client_demo.accounting.histogram import Histogram
from client_demo.accounting.verdict import FAULTS, complaints, counted, praise, print_json, print_summary, word_rows
from client_demo.progress import Display, in_ms, told_in_ms


def screen(*, is_terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=is_terminal, width=60, height=20)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_figures_are_plain_lines_and_not_too_many() -> None:
    console = screen(is_terminal=False)
    with Display("300 people", console=console) as display:
        display.show({"seated": "3", "rooms": "1"}, hint="Ctrl-C ends.")
        display.show({"seated": "4", "rooms": "1"})
    assert written(console) == "seated 3 · rooms 1\n"


def test_on_a_terminal_title_figures_and_hint_are_drawn_and_gone_at_the_end() -> None:
    console = screen(is_terminal=True)
    with Display("300 people", console=console) as display:
        display.show({"seated": "3"}, hint="Ctrl-C ends.")
        for text in ("300 people", "seated", "Ctrl-C ends."):
            assert text in written(console)
    erase_line = "\x1b[2K"
    assert written(console).endswith(erase_line)


def test_where_an_end_is_in_sight_a_bar_shows_how_far_it_is() -> None:
    console = screen(is_terminal=True)
    with Display("check-ins", total=200.0, console=console) as display:
        display.show({}, done=50.0)
    assert "25 %" in written(console)


def test_the_display_writes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Display("people") as display:
        display.show({"seated": "3"})
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "seated 3" in captured.err


@pytest.mark.parametrize(
    ("duration_s", "told"), [(None, "–"), (0.0012, "1.2 ms"), (0.5, "500 ms"), (0.9999, "1 s"), (31.25, "31.2 s")]
)
def test_durations_are_told_in_a_fitting_unit(duration_s: float | None, told: str) -> None:
    assert in_ms(duration_s) == told


def test_percentiles_are_told_side_by_side() -> None:
    assert told_in_ms(Histogram.of([0.002]), 0.5, 1.0) == "2 ms / 2 ms"


def test_a_run_without_fault_has_nothing_to_complain_about() -> None:
    assert complaints(Figures(sent=5, acknowledged=5, crossed=1), {}, may_be_limited=False) == []


def test_every_fault_has_words_for_it() -> None:
    figures = Figures(doubled=1, gaps=1, unanswered=1)
    figures.settled.missed = figures.settled.strayed = figures.settled.disputed = 1
    assert set(figures.faults()) == set(FAULTS)
    assert len(complaints(figures, {}, may_be_limited=False)) == len(FAULTS)


def test_rate_limited_words_are_expected_only_where_it_was_said_before() -> None:
    figures = Figures()
    figures.refused.update({"rate_limited": 3})
    assert complaints(figures, {}, may_be_limited=False) == ["3 words were refused: rate_limited"]
    assert complaints(figures, {}, may_be_limited=True) == []
    figures.refused["bad_text"] += 1
    assert complaints(figures, {}, may_be_limited=True) == ["1 words were refused: bad_text"]


def test_troubles_are_complained_about() -> None:
    assert complaints(Figures(), {"enter: banned": 2}, may_be_limited=True) == ["2 times enter: banned"]


def test_counts_are_told_the_most_frequent_first() -> None:
    assert counted({"a": 1, "b": 3, "c": 1}) == "3 × b, 1 × a, 1 × c"
    assert counted({}) == "none"


def test_a_summary_shows_rows_and_what_was_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary("300 bots", word_rows(Figures(sent=1234)), ["1 words were refused: bad_text"], "All good.")
    out = capsys.readouterr().out
    for text in ("300 bots", "words sent", "1,234", "wrong: 1 words were refused: bad_text"):
        assert text in out
    assert "All good." not in out


def test_a_good_run_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    limited = Figures()
    limited.refused["rate_limited"] += 1
    print_summary("300 bots", [], [], praise(limited))
    assert "what was refused was to be expected" in capsys.readouterr().out
    assert "or refused" in praise(Figures())
    assert "what was held" in praise(Figures(held=Counter(same_text=1)))


def test_reasons_of_what_was_held_are_told_by_their_number() -> None:
    assert ("  held by the server's checks", "1 filter, 2 same_text") in word_rows(
        Figures(held=Counter(same_text=2, filter=1))
    )


def test_json_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"ok": True, "file": "Café.csv"})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"ok": True, "file": "Café.csv"}
