"""Claims of place: as many and as far apart as somebody makes who travels, and once a day one who only visits.

    at A --claim B, near enough for the time--> at B
    at A --claim B, too far, `visiting`-------> at B, visiting: once a day
    visiting B --claim A, or near it----------> at A again: the way back is no jump

A visit is over once somebody could have travelled from where they were to where they say they are, and to where they
sit: a claim counts in the rooms later than it is made. Until then they are shown as visiting, whatever they say. Knows
two cells of an identity at most; decides nothing about seats.
"""

from typing import TYPE_CHECKING, NamedTuple

from geo import Cell, cell_distance_m
from server.codes import Refused
from server.safety.identities import Identity
from server.safety.rates import take_all
from server.store.store import StoreError

if TYPE_CHECKING:
    from server.house import House

TRAVEL_MAX_M_PER_S = 300 / 3.6
"""Between claims of place: as fast as a fast train. Whoever flies visits, is a newcomer where they land, or waits."""
TRAVEL_AHEAD_M = 40_000
"""So far somebody may be ahead of that: a first place guessed from an address or a mast is often that wrong, and the
longest side of the coarsest cell is that long. It counts against what they claim next."""
JUMP_EVERY_S = 86_400
"""A place out of reach may be visited once in that time: enough to see another town, too few to try places out."""


class Claim(NamedTuple):
    """When somebody can have been in a cell, and how long they have to wait until they may say so."""

    there_at: float
    wait_s: float


def claim_cell(
    house: "House", identity: Identity, cell: Cell, *, sits: Cell | None, visiting: bool, now: float
) -> None:
    """Know where somebody says they are, and count it if it is not the cell they named last.

    Raises Refused or StoreError, changing nothing.

    Args:
        sits: the cell by which the rooms count them; None of somebody without a seat.
    """
    # Without a limit on new cells there is none on how far apart they are.
    if not identity.cells or identity.cell is None:
        identity.cell, identity.cell_at = cell, max(now, identity.cell_at)
        return
    visits = is_visiting(identity, sits, now=now)
    here = identity.cell, identity.cell_at
    home = identity.home or here
    travelled, claim = _claim(home, cell, now), _claim(here, cell, now)
    if not travelled.wait_s:
        claim = travelled
    jumps = claim.wait_s > 0 and visiting and now >= identity.jumped_at + JUMP_EVERY_S
    if claim.wait_s and not jumps:
        wait_s = min(travelled.wait_s, claim.wait_s)
        raise _too_fast(house, identity, wait_s, visiting=visiting, now=now)
    wait_s = take_all(identity.cells, now) if cell != identity.cell else 0.0
    if wait_s:
        raise house.limited(f"At most {house.settings.cells_per_h} new cells an hour.", wait_s)
    if jumps:
        try:
            house.identities.jumps(identity, now=now)
        except StoreError:
            for meter in identity.cells:
                meter.give_back()
            raise
        claim = Claim(now, 0.0)
    identity.cell, identity.cell_at = cell, claim.there_at
    if travelled.wait_s:
        identity.home = home
    elif visits:
        # Back, or there in good time; but they may still sit where they cannot have been.
        identity.home = cell, claim.there_at


def is_visiting(identity: Identity, sits: Cell | None, *, now: float) -> bool:
    """Tell whether somebody says they are, or sits, where they cannot have travelled.

    Once they could have, they are there, from the moment on at which they could: their next claim is held against that.
    """
    home, cell = identity.home, identity.cell
    if home is None or cell is None:
        return False
    if any(_claim(home, place, now).wait_s for place in (cell, sits or cell)):
        return True
    identity.home, identity.cell_at = None, max(identity.cell_at, home[1] + _travel_s(home[0], cell))
    return False


def _claim(here: tuple[Cell, float], cell: Cell, now: float) -> Claim:
    there_at = max(now, here[1] + _travel_s(here[0], cell))
    return Claim(there_at, max(0.0, there_at - now - TRAVEL_AHEAD_M / TRAVEL_MAX_M_PER_S))


def _travel_s(here: Cell, there: Cell) -> float:
    """Return how long it takes at least from somewhere in the one cell to somewhere in the other."""
    return max(0.0, cell_distance_m(here, there) - (here.diagonal_m + there.diagonal_m) / 2) / TRAVEL_MAX_M_PER_S


def _too_fast(house: "House", identity: Identity, wait_s: float, *, visiting: bool, now: float) -> Refused:
    words = "That is farther than anybody travels in that time"
    if not visiting:
        return house.limited(
            f"{words}. Once a day it may be, if you say that you are visiting.", wait_s, code="too_fast"
        )
    next_s = identity.jumped_at + JUMP_EVERY_S - now
    return house.limited(f"{words}, and you visit one such place a day.", min(wait_s, next_s), code="too_fast")
