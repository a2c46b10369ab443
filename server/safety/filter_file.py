"""The file of words and links that the operator keeps: read at start, and again whenever it has changed.

Impure: it looks at the file system, and logs which lines it could not read, never what they say. Never on the way of a
message: `poll` is called from a thread, every few seconds; `reload` is for an operator who waits for it.
"""

import logging
import time
from pathlib import Path
from threading import Lock

from server.safety.wordlist import BrokenLine, WordList, read_rules

POLL_EVERY_S = 2.0
FILE_MAX_BYTES = 2_000_000
"""Ten thousand rules of two hundred characters."""
BROKEN_TOLD_MAX = 20
"""Broken lines told one by one; of more only how many there are."""

log = logging.getLogger("hereabouts.filter")

_Stamp = tuple[int, int, int]


class FilterError(Exception):
    """The file cannot be read; the message says why."""


class FilterFile:
    """The file at one path. `poll` and `reload` may be called from different threads.

    Attributes:
        rules: those in force; an unreadable file leaves them as they are.
        broken: the lines that are none.
        read_at: when these were read, Unix seconds.
        problem: why the file as it is now could not be read, "" if it was.
    """

    def __init__(self, path: str) -> None:
        """Read the file. Raises FilterError if that cannot be done."""
        self.rules = WordList()
        self.broken: list[BrokenLine] = []
        self.read_at = 0.0
        self.problem = ""
        self._path = Path(path)
        self._stamp: _Stamp | None = None
        self._is_empty = False
        self._lock = Lock()
        try:
            self.reload()
        except FilterError as error:
            raise FilterError(f"filter_file = {path} cannot be read: {error}.") from None

    def reload(self) -> None:
        """Read the file, changed or not. Raises FilterError if that cannot be done; the rules stay in force."""
        with self._lock:
            self._load(at_once=True)
            if self.problem:
                raise FilterError(self.problem)

    def poll(self) -> bool:
        """Read the file if it is not the one read last, and return whether there are new rules."""
        with self._lock:
            told, is_new = self.problem, False
            try:
                if self._stamp_now() == self._stamp:
                    return False
            except OSError as error:
                # Whatever lies there next is read, be it the same file.
                self._stamp, self.problem = None, error.strerror or str(error)
            else:
                is_new = self._load(at_once=False)
            if self.problem and self.problem != told:
                log.warning("The filter file cannot be read (%s): its rules stay in force.", self.problem)
            return is_new

    def _stamp_now(self) -> _Stamp:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _load(self, *, at_once: bool) -> bool:
        """Read the file and return whether its rules are in force; `at_once` even if there are none."""
        try:
            stamp = self._stamp_now()
            with self._path.open("rb") as file:
                text = file.read(FILE_MAX_BYTES + 1)
        except OSError as error:
            self._stamp, self.problem = None, error.strerror or str(error)
            return False
        self._stamp = stamp
        was_empty, self._is_empty = self._is_empty, not text.strip()
        self.problem = f"it has more than {FILE_MAX_BYTES} bytes" if len(text) > FILE_MAX_BYTES else ""
        if self.problem:
            return False
        rules, broken = read_rules(text.decode("utf-8-sig", errors="replace").split("\n"))
        if broken and not len(rules):
            # A picture, or another file by mistake. One without a line is how an operator ends all rules.
            self.problem = f"none of its {len(broken)} lines is a rule, line {broken[0].number}: {broken[0].problem}"
            return False
        if self._is_empty and not was_empty and not at_once:
            # Some editors empty a file before they write it: it is looked at once more before all rules end.
            self._stamp = None
            return False
        self.rules, self.broken = rules, broken
        self.read_at = time.time()
        for line in self.broken[:BROKEN_TOLD_MAX]:
            log.error("Line %s of the filter file is passed over: %s.", line.number, line.problem)
        if len(self.broken) > BROKEN_TOLD_MAX:
            log.error("%s more lines of the filter file are passed over.", len(self.broken) - BROKEN_TOLD_MAX)
        log.info("The filter file holds %s rules.", len(self.rules))
        return True
