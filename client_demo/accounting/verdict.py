"""What is printed when a run is over, and whether it was a good one: tables for people, one object for programs.

Knows reports and how to say them. Never knows how a run was made.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from client_demo.accounting.figures import Figures

FAULTS = {
    "lost": "words did not come to somebody who sat there, or were never answered",
    "doubled": "events came twice",
    "gaps": "times a number did not follow the one before",
    "missed": "numbered events never came to somebody who sat there",
    "strayed": "words came to somebody who had left",
    "disputed": "numbers stand for different things to different members",
}


def complaints(figures: Figures, troubles: Mapping[str, int], *, may_be_limited: bool) -> list[str]:
    """Return what was wrong, a sentence each; nothing means a good run.

    Args:
        may_be_limited: more was asked for than the server allows and it was said so before; then `rate_limited`
            words are no fault.
    """
    found = [f"{count} {FAULTS[name]}" for name, count in figures.faults().items()]
    for code, count in sorted(figures.refused.items()):
        if not (may_be_limited and code == "rate_limited"):
            found.append(f"{count} words were refused: {code}")
    found += [f"{count} times {what}" for what, count in sorted(troubles.items())]
    return found


def errors(figures: Figures, troubles: Mapping[str, int]) -> Counter[str]:
    """Return everything that went wrong, by name: what the live line counts and the summary lists."""
    return Counter(figures.faults()) + figures.refused + Counter(troubles)


def word_rows(figures: Figures) -> list[tuple[str, str]]:
    """Return the rows of a summary that tell what became of the words."""
    held, refused = (
        ", ".join(f"{count} {why}" for why, count in sorted(counts.items()))
        for counts in (figures.held, figures.refused)
    )
    rows = [
        ("words sent", f"{figures.sent:,}"),
        ("  acknowledged", f"{figures.acknowledged:,}"),
        ("  crossed by a room's end, said again", f"{figures.crossed:,}"),
        ("  held by the server's checks", held or "0"),
        ("  refused", refused or "0"),
        ("words delivered", f"{figures.delivered:,} of {figures.settled.expected:,}"),
        ("  lost", f"{figures.lost:,}"),
        ("  doubled", f"{figures.doubled_in_all:,}"),
    ]
    rest = {name: count for name, count in figures.faults().items() if name not in ("lost", "doubled")}
    return rows + [(f"  {name}", f"{count:,}") for name, count in rest.items()]


SAME_TEXT = "same_text"
WITHOUT_SAME_TEXT = ("same_text_rooms=0", "same_text_rooms_all=0")
"""Settings of a server that lets one text go to any number of rooms."""


def why_held(serve: str) -> str:
    """Return why what scripted people say is held, and what to start the server with if it should not be.

    Args:
        serve: the command that does.
    """
    return (
        "The server holds some words as junk: scripted people say the same in many rooms, out of one phrase book.\n"
        f"Nothing of that is lost. For a server that lets it pass: {serve}"
    )


def counted(counts: Mapping[str, int]) -> str:
    """Return "3 of this, 1 of that", the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} × {what}" for what, count in ordered) or "none"


def praise(figures: Figures) -> str:
    """Return what to say of a run with no complaints."""
    if figures.held and not figures.refused:
        return "Nothing was lost, doubled or refused; what was held came to nobody."
    if figures.refused:
        return "Nothing was lost or doubled; what was refused was to be expected."
    return "Nothing was lost, doubled or refused."


def print_summary(title: str, rows: Iterable[tuple[str, str]], wrong: list[str], good: str) -> None:
    """Print a table for a person on standard output, then what was wrong, or that all was good."""
    console = Console(highlight=False)
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="left", overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    for sentence in wrong:
        console.print(f"wrong: {sentence}", style="red", markup=False)
    if not wrong:
        console.print(good, style="green")


def print_json(result: Mapping[str, Any]) -> None:
    """Print one JSON object on standard output."""
    print(json.dumps(result, ensure_ascii=False))
