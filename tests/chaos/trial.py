"""One cluster for the tests of a file: each fault in turn, and what was found wrong after it."""

from tests.chaos.arena import Arena
from tests.chaos.checker import check
from tests.chaos.faults import FAULTS
from tests.chaos.figures import counts
from tests.chaos.history import Violation
from tests.chaos.logs import LogWatch

WITHIN_S = 15.0
LEEWAY_S = 5.0
"""What is promised to people with a machine is more than one can keep that runs whatever else at the same time."""


class Trial:
    """A place, and what was found wrong with it so far."""

    def __init__(self, place: Arena, watch: LogWatch) -> None:
        self.place = place
        self._watch = watch
        self._known: set[Violation] = set()

    @property
    def lost(self) -> int:
        """How many connections ended so far."""
        return counts(self.place.histories)[2]

    async def of(self, fault: str) -> list[Violation]:
        """Return what did not hold after this fault."""
        place = self.place
        place.go_on()
        count = len(place.faults)
        await FAULTS[fault](place)
        assert len(place.faults) == count + 1, "nothing was done"
        assert await place.until_all_are_heard(within_s=WITHIN_S), "somebody was not heard again"
        await place.hush(within_s=WITHIN_S)
        entries, was_slow = self._watch.entries.values(), place.pace.was_slow
        all_found = check(
            place.histories, entries, place.faults, leeway_s=LEEWAY_S, is_everybody=True, was_slow=was_slow
        )
        found = set(all_found) - self._known
        self._known |= found
        await place.replace_ended()
        assert not place.faulty
        return sorted(found, key=str)
