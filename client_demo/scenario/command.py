"""`hereabouts bots --scenario`: one file played to its end, or to Ctrl-C, and a report of what came of it.

Knows the command line and what is printed. Never knows how anybody lives (cast.py) or how it is measured (figures.py).
"""

import asyncio
import dataclasses
import random
import time
from dataclasses import dataclass
from typing import Any

import click

from client_demo.about import fetch_about
from client_demo.accounting.verdict import counted, print_json, print_summary
from client_demo.capacity import SPARE_DESCRIPTORS, descriptors_needed, port_shortage, seat_shortage
from client_demo.client import Unreachable
from client_demo.loop import run_loop, stop_at_ctrl_c
from client_demo.machine import ephemeral_ports, raise_descriptor_limit
from client_demo.places import CELL_CHARACTERS
from client_demo.preflight import check_url, serve_command
from client_demo.progress import Display
from client_demo.scenario.actor import Setting
from client_demo.scenario.cast import Cast, roles
from client_demo.scenario.figures import Figures, Observer
from client_demo.scenario.script import BadScenario, Population, Scenario, find, read

REFRESH_S = 0.5


@dataclass
class Play:
    """A run as it goes: what was asked for, and what came of it."""

    file: str
    scenario: Scenario
    setting: Setting
    seed: int
    lasts_s: float
    not_offered: tuple[str, ...]
    figures: Figures = dataclasses.field(default_factory=Figures)
    lasted_s: float = 0.0


def play(
    name: str,
    *,
    people: int | None,
    share: float | None,
    duration: float | None,
    url: str,
    wire: str,
    seed: int | None,
    as_json: bool,
) -> int:
    """Play a scenario against a server, print what came of it, and return the exit status."""
    check_url(url)
    if people is not None and share is not None:
        raise click.UsageError("Scale a scenario in one way: --people or --share.")
    try:
        path = find(name)
        scenario = read(path)
    except BadScenario as exc:
        raise click.BadParameter(str(exc), param_hint="--scenario") from exc
    scenario = scaled(scenario, people / scenario.people if people is not None else share or 1.0)
    about = _about_or_exit(url)
    limits = about.get("limits") or {}
    _check_room(scenario.people, limits)
    setting = Setting(
        url=url,
        wire=wire,
        finest=int(limits.get("finest_cell") or CELL_CHARACTERS),
        offered=frozenset(map(str, about.get("commands") or ())),
        adverts=frozenset(text for population in scenario.populations for text in population.adverts),
        observer=Observer(),
    )
    _check_cells(scenario, setting.finest)
    run = Play(
        file=str(path),
        scenario=scenario,
        setting=setting,
        seed=random.randrange(2**32) if seed is None else seed,
        lasts_s=scenario.lasts_s if duration is None else duration,
        not_offered=not_offered(scenario, setting),
    )
    run_loop(lambda: _course(run))
    if as_json:
        print_json(as_map(run))
    else:
        print_summary(_title(run), rows(run), _wrong(run), "Everybody who came was seated.")
    return 1 if _wrong(run) else 0


def scaled(scenario: Scenario, share: float) -> Scenario:
    """Return the scenario with so many times the people, at least one of each population."""
    populations = (
        dataclasses.replace(population, count=max(1, round(population.count * share)))
        for population in scenario.populations
    )
    return dataclasses.replace(scenario, populations=tuple(populations))


def not_offered(scenario: Scenario, setting: Setting) -> tuple[str, ...]:
    """Return what somebody would do and the server has no command for."""
    wanted = {doing for population in scenario.populations for doing in (*population.doings, *population.on_advert)}
    return tuple(sorted(doing for doing in wanted if not setting.offers(doing)))


def latecomers(scenario: Scenario, lasts_s: float) -> str | None:
    """Return how many come in the time there is, where that is not everybody, else None."""
    come = sum(role.arrives_s < lasts_s for role in roles(scenario))
    if come == scenario.people:
        return None
    return (
        f"Only {come:,} of {scenario.people:,} arrive within {lasts_s:g} s; a longer --duration lets the others come."
    )


def descriptor_shortage(people: int, *, hard_limit: int) -> str | None:
    """Return what to do where one process may not open so many files, else None."""
    needed = descriptors_needed(people, 1)
    if needed <= hard_limit:
        return None
    return (
        f"{people:,} people need {needed:,} open files and this shell allows {hard_limit:,}: say `ulimit -n {needed}` "
        f"first, here and where the server is started, or play with fewer: --people {hard_limit - SPARE_DESCRIPTORS}."
    )


# --- before -----------------------------------------------------------------------------------------------


def _about_or_exit(url: str) -> dict[str, Any]:
    try:
        return asyncio.run(fetch_about(url))
    except Unreachable as exc:
        message = f"{exc.reason}.\nStart a server first, in another terminal: {serve_command(url)}"
        raise click.ClickException(message) from exc


def _check_room(people: int, limits: dict[str, Any]) -> None:
    hard = raise_descriptor_limit(descriptors_needed(people, 1))
    first, last = ephemeral_ports()
    shortage = (
        descriptor_shortage(people, hard_limit=hard)
        or port_shortage(people, 0, first_port=first, last_port=last)
        or seat_shortage(people, limits)
    )
    if shortage:
        raise click.UsageError(shortage)


def _check_cells(scenario: Scenario, finest: int) -> None:
    for population in scenario.populations:
        if population.cell is not None and len(population.cell) > finest:
            message = f"{population.name}: cell: the server takes {finest} characters at most"
            raise click.BadParameter(message, param_hint="--scenario")


# --- during -----------------------------------------------------------------------------------------------


async def _course(run: Play) -> None:
    """Let everybody come, live and leave; the first Ctrl-C ends it early."""
    cast = Cast(run.scenario, run.setting, seed=run.seed)
    stop_at_ctrl_c(cast.over)
    began = time.monotonic()
    playing, ending = asyncio.create_task(cast.run()), asyncio.create_task(cast.over.wait())
    with Display(run.scenario.title, total=run.lasts_s) as display:
        if run.not_offered:
            display.say(f"This server does not offer, so nobody does: {', '.join(run.not_offered)}.")
        if late := latecomers(run.scenario, run.lasts_s):
            display.say(late)
        while not playing.done():
            now = time.monotonic()
            if not cast.over.is_set() and now - began >= run.lasts_s:
                cast.over.set()
            if cast.over.is_set() and not run.lasted_s:
                # What counts is what was so before everybody left at once.
                run.lasted_s, run.figures = now - began, run.setting.observer.so_far(now=now)
            hint = "Everybody is leaving …" if cast.over.is_set() else "Ctrl-C ends it, with the report so far."
            display.show(_live(run, cast), done=min(now - began, run.lasts_s), hint=hint)
            pause_s = min(REFRESH_S, max(0.01, began + run.lasts_s - now))
            await asyncio.wait([playing if run.lasted_s else ending], timeout=pause_s)
        playing.result()


def _live(run: Play, cast: Cast) -> dict[str, str]:
    figures = run.setting.observer.figures
    return {
        "seated": f"{cast.seated:,} of {run.scenario.people:,}",
        "rooms": f"{run.setting.observer.rooms:,}",
        "said": f"{figures.did['say'] + figures.did['advert']:,}",
        "held": f"{figures.held.total():,}",
        "refused": f"{figures.refused.total():,}",
        "errors": f"{figures.troubles.total():,}",
    }


# --- after ------------------------------------------------------------------------------------------------


def _wrong(run: Play) -> list[str]:
    found = [f"{count} times {what}" for what, count in sorted(run.figures.troubles.items())]
    return found if run.figures.seated else [*found, "nobody was seated"]


def _title(run: Play) -> str:
    return f"{run.scenario.title}: {run.scenario.people:,} people at {run.setting.url}, {run.lasted_s:.0f} s"


def rows(run: Play) -> list[tuple[str, str]]:
    """Return the report's lines, as they are named for people."""
    figures, told = run.figures, run.figures.as_map()
    adverts = figures.did["advert"] + _of("advert", figures.held) + _of("advert", figures.refused)
    return [
        ("people seated / at most at a time", f"{told['people_seated']:,} / {told['seated_most']:,}"),
        *((f"  {population.name}", f"{figures.seated[population.name]:,}") for population in run.scenario.populations),
        ("person-hours", f"{told['person_hours']:,.2f}"),
        ("lines said", f"{told['lines']:,}"),
        ("talk balance (Gini; 0 is even)", _shown(told["talk_balance_gini"])),
        ("answered within 60 s", _shown(told["answered_within_60_s"])),
        (
            "rooms with 3 speakers and more",
            f"{figures.rooms_spoken:,} of {figures.rooms_of_three:,} where 3 sat "
            f"({_shown(told['share_with_3_speakers'])})",
        ),
        ("met by shake", f"{told['met_by_shake']:,} of {told['shook']:,} shakes"),
        (
            "bottles thrown / picked / answered",
            f"{figures.did['throw']:,} / {figures.did['pick']:,} / {figures.did['answer']:,}",
        ),
        (
            "reports / that need a person",
            f"{figures.did['report']:,} / {len(figures.tickets):,}, "
            f"{_shown(told['reports_per_1000_person_hours'])} per 1,000 person-hours",
        ),
        ("adverts tried / passed on / read", f"{adverts:,} / {figures.did['advert']:,} / {figures.readers:,}"),
        ("done", counted(figures.did)),
        ("held by the server's checks", counted(figures.held)),
        ("refused", counted(figures.refused)),
        ("not offered by this server", ", ".join(run.not_offered) or "nothing that was wanted"),
        ("seed", str(run.seed)),
    ]


def as_map(run: Play) -> dict[str, Any]:
    """Return the report for programs."""
    figures = run.figures
    return {
        "command": "bots",
        "scenario": run.scenario.title,
        "file": run.file,
        "ok": not _wrong(run),
        "wrong": _wrong(run),
        "url": run.setting.url,
        "seed": run.seed,
        "people": run.scenario.people,
        "seconds": round(run.lasted_s, 3),
        "populations": [_population(population, figures) for population in run.scenario.populations],
        **figures.as_map(),
        "done": dict(figures.did),
        "held": dict(figures.held),
        "refused": dict(figures.refused),
        "not_offered": list(run.not_offered),
        "errors": dict(figures.troubles),
    }


def _population(population: Population, figures: Figures) -> dict[str, Any]:
    return {"name": population.name, "count": population.count, "seated": figures.seated[population.name]}


def _of(doing: str, counts: dict[str, int]) -> int:
    return sum(count for what, count in counts.items() if what.startswith(f"{doing}: "))


def _shown(value: object) -> str:
    return "–" if value is None else f"{value:.2f}"
