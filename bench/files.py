"""Text files written whole or not at all, gzipped where the name says so.

Knows files. Never knows what is in them.
"""

import gzip
import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """Yield a file to write UTF-8 text to, which takes its name once all is written; `.gz` packs it.

    If writing ends with an error or is interrupted, what stood there before stays. What is no plain file (a pipe, a
    terminal) is written to directly.

    Raises:
        OSError: it cannot be written there.
    """
    is_plain = path.is_file() or not path.exists()
    if is_plain:
        path = path.resolve()
    begun = path.with_name(path.name + ".part") if is_plain else path
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(begun.open("wb"))
            # No name and no time in the header: the same text gives the same bytes.
            packed = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else None
            binary = stack.enter_context(packed) if packed is not None else raw
            yield stack.enter_context(io.TextIOWrapper(binary, encoding="utf-8", newline=""))
        if is_plain:
            os.replace(begun, path)
    except BaseException:
        if is_plain:
            with suppress(OSError):
                begun.unlink()
        raise
