"""How rarely this process looks for circles among its objects.

What the rooms and connections let go of is freed by counting, without circles (tests/test_collector.py), while a look
at all objects takes some 3 µs of everybody's time for each person online: a third of a second with 100,000.
That is so on uvloop. asyncio's own transports are circles, seven objects for each connection there was, and have to be
looked for.
"""

import gc

THRESHOLDS = (700, 10, 10_000)
"""New objects kept until the young are looked at, how often until their elders are, and these until all are; the last
is 10 by default. So all are looked at once in some 70 million objects made and kept."""


def look_rarely() -> None:
    """Have the collector look at everything as good as never, and at what is there now not at all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def look_at_new() -> None:
    """Look at what was made since the last such look, after long work.

    By itself the collector counts what is made less what is freed: where everybody of a region is seated anew, as much
    is freed as made, and it would look at a hundred thousand new objects in one go, for 60 ms.
    """
    gc.collect(1)
