"""The part of docs/PRIVACY.md that follows from the code.

    .venv/bin/python -m tests.privacy_page

writes it anew: run it after changing what is kept.
"""

import re
from pathlib import Path

from server.privacy import kept
from server.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "PRIVACY.md"
PART = re.compile(r"(<!-- begin: kept -->\n)(.*?)(<!-- end: kept -->)", re.DOTALL)


def part() -> str:
    """Return the sentences as a list, and the last one of a server with a folder, with a Redis, and with neither."""
    *sentences, on_disk = kept(Settings(), is_lasting=True)
    in_memory = kept(Settings(), is_lasting=False)[-1]
    in_redis = kept(Settings(store="redis://127.0.0.1"), is_lasting=True)[-1]
    lines = [*sentences, f"With `--data`: {on_disk}", f"With `--store`: {in_redis}", f"Without: {in_memory}"]
    return "".join(f"- {line}\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(PART.sub(lambda found: found[1] + part() + found[3], PAGE.read_text()))
