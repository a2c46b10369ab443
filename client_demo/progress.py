"""A live display of figures on standard error: a table that renews itself, or plain lines where no terminal is.

Knows the terminal. Never knows what the figures mean, and never writes to standard output, which belongs to the
summary or the JSON.
"""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from client_demo.accounting.histogram import Histogram

PLAIN_EVERY_S = 5.0


class Display:
    """Shows a title, a bar where there is an end in sight, and named figures.

    Args:
        total: what `done` in `show` counts up to; None for no bar.
        console: for tests; standard error otherwise.
    """

    def __init__(self, title: str, *, total: float | None = None, console: Console | None = None) -> None:
        self._title = title
        self._console = console or Console(stderr=True)
        self._live: Live | None = None
        self._shown_at: float | None = None
        self._bar: Progress | None = None
        if total is not None:
            columns = (
                TextColumn("[progress.description]{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
            )
            self._bar = Progress(*columns, console=self._console)
            self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.__enter__()
        return self

    def __exit__(
        self, type_: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(type_, exc, trace)

    def say(self, text: str) -> None:
        """Write a line above the figures, to stay."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, figures: Mapping[str, str], *, done: float = 0.0, hint: str = "") -> None:
        """Show these figures now, or, without a terminal, if the last line is some seconds old.

        Args:
            hint: a line for whoever sits at the terminal.
        """
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
        if self._live is not None:
            self._live.update(self._drawn(figures, hint), refresh=True)
            return
        now = time.monotonic()
        if self._shown_at is None or now - self._shown_at >= PLAIN_EVERY_S:
            self._shown_at = now
            self.say(" · ".join(f"{name} {value}" for name, value in figures.items()))

    def _drawn(self, figures: Mapping[str, str], hint: str) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(justify="right")
        for name, value in figures.items():
            table.add_row(name, value)
        heading = self._bar if self._bar is not None else Text(self._title, style="bold")
        return Group(heading, table, Text(hint, style="dim"))


def in_ms(duration_s: float | None) -> str:
    """Return a duration for a person: "3.2 ms", or "–" where there is none."""
    if duration_s is None:
        return "–"
    return f"{duration_s * 1000:.3g} ms" if duration_s < 0.9995 else f"{duration_s:.3g} s"


def told_in_ms(durations: Histogram, *shares: float) -> str:
    """Return percentiles for a person: "3.2 ms / 8 ms"."""
    return " / ".join(in_ms(durations.at(share)) for share in shares)
