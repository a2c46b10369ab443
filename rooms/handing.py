"""Somebody of a group in the making is handed over to another one, or changes places with somebody there.

Tells what that does to the strain of both (rooms/nearness.py) and does what lowers it most. Knows spots and ids; moves
nobody who sits.
"""

from collections.abc import Callable, Iterable, Sequence
from math import dist, hypot
from typing import NamedTuple

from rooms.clusters import Cluster, MaySit, Piece, group_strain, strain_of
from rooms.rules import Rules

WasTogether = Callable[[Sequence[str]], bool]
"""Whether these are exactly the people who left one room."""

LEAST = 1e-6
"""Gains below this are rounding."""

_FARTHER = 2.0
"""Nobody is handed over to people so many times as far as their own: that never brings them nearer."""


class Move(NamedTuple):
    """A piece goes to another cluster, and one from there comes back, if any: by how much that changes the strain."""

    gain: float
    piece: Piece
    target: Cluster
    back: Piece | None = None


def best_move(
    cluster: Cluster,
    piece: Piece,
    around: Iterable[Cluster],
    rules: Rules,
    may_sit: MaySit | None,
    *,
    within_m: float,
    below: float,
    is_as_it_was: WasTogether | None = None,
) -> Move | None:
    """Return what may be done with the piece that adds least to the strain, or None if nothing adds less than `below`.

    Args:
        within_m: how far the neighbours' middles may be; the lonely may be as far as anybody reaches.
        is_as_it_was: neither group is to become one of these, if it is given.
    """
    strain, seats_max, reach_max_m = strain_of(rules), rules.seats_max, rules.reach_max_m
    left = cluster.sums.without(piece.spot)
    before, after = cluster.strain(rules), group_strain(left, rules)
    (x, y), best = piece.place, None
    for other in around:
        if not other.sums.n:
            continue
        middle_x, middle_y = other.middle
        if hypot(x - middle_x, y - middle_y) > (within_m if other.sums.n >= rules.seats_min else reach_max_m):
            continue
        there = other.strain(rules) + before
        joined = other.sums.with_(piece.spot)
        if joined.n <= seats_max:
            gain = after + strain(*joined) - there
            if gain < below and _welcome(piece, other, None, may_sit):
                move = Move(gain, piece, other)
                if not _hands_back(cluster, move, is_as_it_was):
                    below, best = gain, move
        tried = {piece.spot}
        for back in other.pieces:
            spot = back.spot
            if spot in tried:
                continue
            tried.add(spot)
            if joined.n - spot.n > seats_max or left.n + spot.n > seats_max:
                continue
            # The sums in plain numbers: nine of ten tries are these, and as new tuples each took twice as long.
            n, u, v, square, own = spot
            gain = (
                strain(joined[0] - n, joined[1] - u, joined[2] - v, joined[3] - square, joined[4] - own)
                + strain(left[0] + n, left[1] + u, left[2] + v, left[3] + square, left[4] + own)
                - there
            )
            if gain < below and _welcome(piece, other, back, may_sit) and _welcome(back, cluster, piece, may_sit):
                move = Move(gain, piece, other, back)
                if not _hands_back(cluster, move, is_as_it_was):
                    below, best = gain, move
    return best


def hand_over(
    cluster: Cluster,
    piece: Piece,
    around: Iterable[Cluster],
    rules: Rules,
    may_sit: MaySit | None,
    is_as_it_was: WasTogether | None = None,
) -> bool:
    """Move the piece to the neighbour, or swap it for the piece there, where that lowers the strain most.

    Not so that either group becomes what it was, if that is asked.
    """
    middle_m = dist(piece.place, cluster.middle)
    within_m = min(rules.reach_max_m, _FARTHER * max(middle_m, piece.spot.own**0.5))
    move = best_move(cluster, piece, around, rules, may_sit, within_m=within_m, below=-LEAST, is_as_it_was=is_as_it_was)
    if move is not None:
        carry_out(cluster, move)
    return move is not None


def _hands_back(cluster: Cluster, move: Move, is_as_it_was: WasTogether | None) -> bool:
    """Tell whether the move makes one of the two groups what it was, if that is asked."""
    if is_as_it_was is None:
        return False
    for group, goes, comes in ((cluster, move.piece, move.back), (move.target, move.back, move.piece)):
        pieces = [*(piece for piece in group.pieces if piece is not goes), *([comes] if comes is not None else ())]
        if pieces and group.standing is None and is_as_it_was([id for piece in pieces for id in piece.ids]):
            return True
    return False


def carry_out(cluster: Cluster, move: Move) -> None:
    """Have the piece, and the one it changes places with, be in each other's group."""
    cluster.remove(move.piece)
    move.target.add(move.piece)
    if move.back is not None:
        move.target.remove(move.back)
        cluster.add(move.back)


def _welcome(piece: Piece, cluster: Cluster, but: Piece | None, may_sit: MaySit | None) -> bool:
    if may_sit is None:
        return True
    leaving = but.ids if but is not None else ()
    others = [id for id in cluster.everybody() if id not in leaving]
    return all(may_sit(a, b) for a in piece.ids for b in others)
