"""Somebody of a group in the making is handed over to another one, or changes places with somebody there.

Tells what that does to the strain of both (rooms/nearness.py) and does what lowers it most. Knows spots and ids; moves
nobody who sits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import hypot
from typing import NamedTuple

from rooms.clusters import Cluster, MaySit, Piece, group_strain
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


def possible_moves(
    cluster: Cluster, piece: Piece, around: list[Cluster], within_m: float, rules: Rules, may_sit: MaySit | None
) -> Iterator[Move]:
    """Yield what may be done with the piece, as far as the neighbours' middles are near; the lonely may be far."""
    left = cluster.sums.without(piece.spot)
    before, after = cluster.strain(rules), group_strain(left, rules)
    for other in around:
        far_m = within_m if other.sums.n >= rules.seats_min else rules.reach_max_m
        if not other.sums.n or _middle_far_m(piece, other) > far_m:
            continue
        there = other.strain(rules) + before
        joined = other.sums.with_(piece.spot)
        if joined.n <= rules.seats_max and _welcome(piece, other, None, may_sit):
            yield Move(after + group_strain(joined, rules) - there, piece, other)
        tried = {piece.spot}
        for back in other.pieces:
            if back.spot not in tried:
                tried.add(back.spot)
                swapped, kept = joined.without(back.spot), left.with_(back.spot)
                if (
                    max(swapped.n, kept.n) <= rules.seats_max
                    and _welcome(piece, other, back, may_sit)
                    and _welcome(back, cluster, piece, may_sit)
                ):
                    gain = group_strain(swapped, rules) + group_strain(kept, rules) - there
                    yield Move(gain, piece, other, back)


def hand_over(
    cluster: Cluster,
    piece: Piece,
    around: list[Cluster],
    rules: Rules,
    may_sit: MaySit | None,
    is_as_it_was: WasTogether | None = None,
) -> bool:
    """Move the piece to the neighbour, or swap it for the piece there, where that lowers the strain most.

    Not so that either group becomes what it was, if that is asked.
    """
    middle_m = _middle_far_m(piece, cluster)
    within_m = min(rules.reach_max_m, _FARTHER * max(middle_m, piece.spot.own**0.5))
    moves: Iterable[Move] = possible_moves(cluster, piece, around, within_m, rules, may_sit)
    if is_as_it_was is not None:
        moves = (move for move in moves if move.gain < -LEAST and not _hands_back(cluster, move, is_as_it_was))
    move = min(moves, key=gain_of, default=None)
    if move is None or move.gain >= -LEAST:
        return False
    carry_out(cluster, move)
    return True


def _hands_back(cluster: Cluster, move: Move, is_as_it_was: WasTogether) -> bool:
    """Tell whether the move makes one of the two groups what it was."""
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


def gain_of(move: Move) -> float:
    """Return by how much the move changes the strain of all: below nothing if it brings people nearer."""
    return move.gain


def _middle_far_m(piece: Piece, cluster: Cluster) -> float:
    x, y = cluster.middle
    return hypot(piece.spot.x / piece.spot.n - x, piece.spot.y / piece.spot.n - y)


def _welcome(piece: Piece, cluster: Cluster, but: Piece | None, may_sit: MaySit | None) -> bool:
    if may_sit is None:
        return True
    leaving = but.ids if but is not None else ()
    others = [id for id in cluster.everybody() if id not in leaving]
    return all(may_sit(a, b) for a in piece.ids for b in others)
