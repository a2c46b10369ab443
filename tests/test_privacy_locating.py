"""P2 in its short form: where somebody alone is, an attacker finds the cell of; where points are shown, the point."""

from functools import partial

from bench.privacy_locating import Hereabouts, Radius, error_m, locate, ratio, rehearse


def test_p2_the_cell_of_somebody_alone_is_found_and_nothing_finer() -> None:
    make = partial(Hereabouts, neighbours=0)
    found = [locate(make, rehearse(make, seed=1, looks=400), seed=seed, rounds=15) for seed in range(3)]
    assert all(one.is_cell_found for one in found)
    assert ratio(found) >= 0.95


def test_p2_the_same_attacker_finds_who_is_shown_within_a_radius() -> None:
    # Now and then the last rounds are unlucky, so several look.
    rehearsed = rehearse(Radius, seed=1, looks=400)
    assert error_m([locate(Radius, rehearsed, seed=seed, rounds=40) for seed in range(2, 7)]) < 5
