"""Why somebody sits where they sit: a code, its arguments and the English sentence.

Clients may say it in their own language from `code` and `args`; the table is the
contract for both.
"""

from collections.abc import Mapping

import msgspec

SENTENCES: Mapping[str, str] = {
    "same_cell": "This room stands in your own cell.",
    "near": "The nearest room with a free seat, {distance_m} m from your cell.",
    "first_here": "No other room near has a seat for you, so this one begins with you.",
    "outward": "Too few came, so your room joined one {distance_m} m away.",
    "outward_here": "Too few came, so your room joined another in your cell.",
    "called": "Others were one short of company, and your room could spare you; it goes on without you.",
    "parted": "Your room had grown large, so those of you nearest to each other go on in one of your own.",
    "shake": "You shook in the same moment.",
    "back": "You are back where you sat before you shook.",
    "window": "The window ended and the neighbourhood was seated anew.",
    "kept": "Your seat was kept for you.",
    "together": "Somebody you keep sits here.",
    "ejected": "Most of the others there voted that you sit elsewhere. If that was wrong, tell the operator.",
    "alone": "Nobody else is here yet; the server looks for others within {within_m} m.",
    "few": "Only {company} of you are here; the server looks for others within {within_m} m.",
}


class Why(msgspec.Struct, frozen=True, gc=False):
    """One reason: `code` is a key of `SENTENCES`, `args` fills its blanks."""

    code: str
    args: dict[str, int] = {}

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return SENTENCES[self.code].format_map(self.args)
