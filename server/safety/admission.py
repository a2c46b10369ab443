"""Who may sit down: bans, the terms, the area and its hours, and what the operator has switched off.

Pure, like the arrival it is a part of: raises what is wrong and changes nothing.
"""

from typing import TYPE_CHECKING

from geo import Cell
from server.codes import Refused
from server.features import ANONYMOUS
from server.safety.bans import ban_on, told

if TYPE_CHECKING:
    from server.house import House


def check_offered(house: "House", feature: str) -> None:
    """Raise Refused if the operator has switched the feature off."""
    if house.is_off(feature):
        raise Refused("unavailable", "This server does not offer that at the moment.")


def check_ban(house: "House", identity: str, address: str, *, is_new: bool, now: float) -> None:
    """Raise Refused if somebody is kept out."""
    ban = ban_on(house.store, identity, address, is_new=is_new, now=now)
    if ban is not None:
        left_s = (ban.until - now) / house.settings.time_scale if ban.until is not None else None
        raise Refused("banned", told(ban, contact=house.settings.contact), retry_after=left_s)


def check_place(house: "House", cell: Cell) -> None:
    """Raise Refused if the cell is not served."""
    if not house.area.has(cell):
        raise Refused("outside", house.settings.outside or "This server does not serve that place.")


def check_newcomer(house: "House", *, terms: str | None, is_new: bool, now: float) -> None:
    """Raise Refused if nobody, or nobody new, may sit down now, or the terms are not accepted."""
    opens_in_s = house.area.opens_in_s(now)
    if opens_in_s:
        words = house.settings.outside or f"This server is open at {house.settings.hours} {house.settings.hours_zone}."
        raise Refused("outside", words, retry_after=opens_in_s / house.settings.time_scale)
    if is_new and house.is_off(ANONYMOUS):
        raise Refused("auth_needed", "This server takes no new guests at the moment.")
    if house.terms_version and terms != house.terms_version:
        asked = " and that you are 18 or older" if house.settings.adults_only else ""
        raise Refused(
            "terms_needed",
            f"Enter again with the version in `terms` once you have accepted the terms{asked}.",
            terms=house.settings.terms,
            terms_version=house.terms_version,
            adults_only=bool(house.settings.adults_only),
        )
