"""The file of words and links that the operator keeps: read at start, and again whenever it has changed.

Impure: it looks at the file system, and logs which lines it could not read, never what they say. Never on the way of a
message: the app calls `poll` from a thread, every few seconds.
"""

import logging
from pathlib import Path

from server.safety.wordlist import WordList, read_rules

POLL_EVERY_S = 2.0
FILE_MAX_BYTES = 2_000_000
"""Ten thousand rules of two hundred characters."""
_TOLD_MAX = 20
"""Broken lines logged one by one; of more only how many there are."""

log = logging.getLogger("hereabouts.filter")

_Stamp = tuple[int, int, int]


class FilterError(Exception):
    """The file cannot be read at start; the message says why."""


class FilterFile:
    """The file at one path.

    Attributes:
        rules: those in force; an unreadable file leaves them as they are.
    """

    def __init__(self, path: str) -> None:
        """Read the file. Raises FilterError if that cannot be done."""
        self.rules = WordList()
        self._path = Path(path)
        self._stamp: _Stamp | None = None
        self._is_lost = False
        try:
            self._load(self._stamp_now())
        except OSError as error:
            raise FilterError(f"filter_file = {path} cannot be read: {error.strerror or error}.") from None

    def poll(self) -> bool:
        """Read the file if it is not the one read last, and return whether there are new rules."""
        try:
            stamp = self._stamp_now()
            if stamp == self._stamp:
                return False
            self._load(stamp)
        except OSError as error:
            if not self._is_lost:
                log.warning("The filter file cannot be read (%s): its rules stay in force.", error.strerror)
            self._is_lost = True
            return False
        self._is_lost = False
        return True

    def _stamp_now(self) -> _Stamp:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _load(self, stamp: _Stamp) -> None:
        with self._path.open("rb") as file:
            text = file.read(FILE_MAX_BYTES + 1)
        self._stamp = stamp
        if len(text) > FILE_MAX_BYTES:
            log.error("The filter file has more than %s bytes: its former rules stay in force.", FILE_MAX_BYTES)
            return
        self.rules, broken = read_rules(text.decode("utf-8-sig", errors="replace").split("\n"))
        for line in broken[:_TOLD_MAX]:
            log.error("Line %s of the filter file is passed over: %s.", line.number, line.problem)
        if len(broken) > _TOLD_MAX:
            log.error("%s more lines of the filter file are passed over.", len(broken) - _TOLD_MAX)
        log.info("The filter file holds %s rules.", len(self.rules))
