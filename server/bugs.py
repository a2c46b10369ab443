"""How our own bugs are written down: where they happened, and nothing that anybody said."""

import logging
import traceback

log = logging.getLogger("hereabouts")


def log_bug(doing: str, bug: Exception) -> None:
    """Log the kind of a bug and where it happened, but not its text: that may quote words, cells or ids."""
    where = "".join(traceback.format_tb(bug.__traceback__))
    log.error("bug while %s: %s\n%s", doing, type(bug).__name__, where)
