"""Why somebody sits where they sit: a code, its arguments and the English sentence.

Clients may say it in their own language from `code` and `args`; the table is the
contract for both.
"""

from collections.abc import Mapping
from typing import NamedTuple

SENTENCES: Mapping[str, str] = {
    "same_cell": "People in your own cell.",
    "near": "The nearest room with a free seat, {distance_m} m from your cell.",
    "first_here": "Nobody near had a free seat, so this room begins with you.",
    "outward": "Too few came, so your room joined one {distance_m} m away.",
    "joined_by": "A room that waited {distance_m} m away joined yours.",
    "window": "The window ended and the neighbourhood was seated anew.",
    "next": "You asked for another room.",
    "kept": "Your seat was kept for you.",
    "alone": "You are the first here; the server looks for others within {within_m} m.",
    "few": "Only {members} of you so far; the server looks for others within {within_m} m.",
}


class Why(NamedTuple):
    """One reason: `code` is a key of `SENTENCES`, `args` fills its blanks."""

    code: str
    args: dict[str, int] = {}  # noqa: RUF012 - never changed: every caller passes its own or none

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return SENTENCES[self.code].format_map(self.args)
