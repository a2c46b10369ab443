"""Topics handed out to people of check-ins, who name none: what many like, few like, and everybody likes a few of.

Of so many topics the second is half as popular as the first, the third a third (Zipf's law, as words and interests are
mostly found to be spread), and each person has one to five. The same seed gives the same person the same. Knows
nothing of rooms.
"""

import random
from collections.abc import Callable
from functools import cache
from itertools import accumulate

MOST = 5
"""As many as the server takes."""

TopicsOf = Callable[[str], tuple[str, ...]]


def no_topics(_user: str) -> tuple[str, ...]:
    """Return nothing: nobody has topics."""
    return ()


def handed_out(count: int, *, seed: int) -> TopicsOf:
    """Return who has which of so many topics; nobody has any of none."""
    if not count:
        return no_topics
    popular = list(accumulate(1 / rank for rank in range(1, count + 1)))
    names = [f"topic {number}" for number in range(1, count + 1)]

    @cache
    def topics_of(user: str) -> tuple[str, ...]:
        rng = random.Random(f"topics {seed} {user}")
        return tuple(dict.fromkeys(rng.choices(names, cum_weights=popular, k=rng.randint(1, MOST))))

    return topics_of
