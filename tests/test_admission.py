"""Who may sit down: bans, terms, area, hours, what is switched off; and what a person is told of it."""

from typing import Any

import pytest

from server.features import ANONYMOUS
from server.store.rows import Switch
from tests.sessions import FAR_AWAY, HERE, Guest, Stage, only
from tests.stores import ban, block, standing

Json = dict[str, Any]
DAY_S = 86_400.0


def refused(guest: Guest, **fields: Any) -> Json:
    """Enter, be refused, and return the error."""
    return only(guest.ask("enter", **{"cell": HERE} | fields), "error")


def identity(guest: Guest) -> str:
    assert guest.peer.session.person is not None
    return guest.peer.session.person.id


def test_banned_identity_is_told_what_why_until_when_and_how_to_object() -> None:
    stage = Stage(contact="ops@example.org")
    [ann] = stage.seated("Ann")
    now = stage.clock.now()
    stage.house.store.add_ban(ban(identity=identity(ann), reason="Advertising.", at=now, until=now + DAY_S))
    ann.lose()
    again = stage.guest()
    came = again.ask("enter", cell=HERE, token=ann.token, ref="1")
    error, bye = only(came, "error"), only(came, "bye")
    assert (error["code"], error["ref"], error["about"]) == ("banned", "1", "enter")
    assert error["retry_after"] == pytest.approx(DAY_S)
    assert error["message"] == bye["reason"]
    assert error["message"] == (
        "This server keeps you out until 2023-11-15 22:13 UTC: Advertising. To object: ops@example.org"
    )
    assert (bye["code"], bye["reconnect_in"], again.connection.close_code) == (4500, None, 4500)


@pytest.mark.parametrize(
    ("reason", "said"), [("Threats.", "Threats."), ("Threats", "Threats."), ("No threats!", "No threats!")]
)
def test_ban_without_end_and_contact_says_so_too(reason: str, said: str) -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    stage.house.store.add_ban(ban(identity=identity(ann), reason=reason, until=None))
    ann.lose()
    error = refused(stage.guest(), token=ann.token)
    assert error["message"].startswith(f"This server keeps you out: {said} To object, ask whoever runs")
    assert "retry_after" not in error


def test_ban_ends_with_its_time() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    now = stage.clock.now()
    stage.house.store.add_ban(ban(identity=identity(ann), at=now, until=now + 60))
    ann.lose()
    stage.pass_time(60)
    stage.guest().enter(token=ann.token)


@pytest.mark.parametrize("stops_known", [False, True])
def test_range_keeps_out_newcomers_and_known_ones_only_if_it_says_so(stops_known: bool) -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    ann.lose()
    stage.house.store.add_ban(ban(network="127.0.0.0/8", reason="A flood.", until=None, stops_known=stops_known))
    error = refused(stage.guest())
    who = "your network" if stops_known else "newcomers from your network"
    assert error["message"].startswith(f"This server keeps {who} out: A flood.")
    back = stage.guest()
    came = back.ask("enter", cell=HERE, token=ann.token)
    assert came[0]["type"] == ("error" if stops_known else "entered")


def test_ban_stays_after_leave_and_the_token_stays_useless() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    who, token = identity(ann), ann.token
    stage.house.store.add_ban(ban(identity=who, until=None))
    ann.ask("leave")
    assert stage.house.store.ban_of(who, now=stage.clock.now())
    assert refused(stage.guest(), token=token)["code"] == "bad_token"


def test_terms_are_accepted_by_their_version() -> None:
    stage = Stage(terms="https://example.org/terms", terms_version="2026-11")
    guest = stage.guest()
    for fields in ({}, {"terms": "2025-01"}, {"terms": ""}):
        error = refused(guest, **fields)
        assert error["code"] == "terms_needed"
        assert (error["terms"], error["terms_version"], error["adults_only"]) == (
            "https://example.org/terms", "2026-11", False,
        )  # fmt: skip
        assert "18" not in error["message"]
    guest.enter(terms="2026-11")


def test_who_has_a_seat_does_not_accept_the_terms_again() -> None:
    stage = Stage(terms_version="2026-11")
    guest = stage.guest()
    guest.enter(terms="2026-11")
    guest.lose()
    back = stage.guest()
    back.enter(token=guest.token)
    back.lose()
    stage.pass_time(31)
    assert refused(stage.guest(), token=back.token)["code"] == "terms_needed"


def test_adults_only_is_said_with_the_terms_or_stands_alone() -> None:
    stage = Stage(adults_only=1)
    error = refused(stage.guest())
    assert (error["code"], error["terms_version"], error["adults_only"]) == ("terms_needed", "18+", True)
    assert "18 or older" in error["message"]
    stage.guest().enter(terms="18+")
    assert refused(Stage(adults_only=1, terms_version="v2").guest(), terms="18+")["terms_version"] == "v2"


def test_outside_the_area_nobody_sits_nor_moves_to() -> None:
    stage = Stage(area="dr5r", outside="Campus only, sorry.")
    error = refused(stage.guest(), cell=FAR_AWAY)
    assert (error["code"], error["message"]) == ("outside", "Campus only, sorry.")
    [ann] = stage.seated("Ann")
    assert only(ann.ask("move", cell=FAR_AWAY), "error")["code"] == "outside"
    assert only(Stage(area="dr5r").guest().ask("enter", cell=FAR_AWAY), "error")["message"]


def test_outside_the_hours_nobody_new_sits_down_and_who_sits_may_stay() -> None:
    # The stage begins at 22:13:20.
    stage = Stage(hours="20:00-22:30", away_s=3600, ping_every_s=3600)
    [ann] = stage.seated("Ann")
    stage.pass_time(1000)
    error = refused(stage.guest())
    assert (error["code"], error["retry_after"]) == ("outside", pytest.approx(21.5 * 3600))
    assert "20:00-22:30 UTC" in error["message"]
    ann.lose()
    assert ann.back().ask("ping")[0]["type"] == "entered"


def test_wait_until_the_hours_is_real_time() -> None:
    stage = Stage(hours="10:00-11:00", time_scale=60)
    seconds = refused(stage.guest())["retry_after"]
    assert seconds == pytest.approx((11 * 3600 + 46 * 60 + 40) / 60)


def test_without_new_guests_only_known_ones_come_in() -> None:
    stage = Stage()
    [ann] = stage.seated("Ann")
    ann.ask("away")
    ann.lose()
    stage.house.store.switch_off(Switch(feature=ANONYMOUS, at=0.0))
    assert refused(stage.guest())["code"] == "auth_needed"
    stage.guest().enter(token=ann.token)
    stage.house.store.switch_on(ANONYMOUS)
    stage.guest().enter()


def test_leave_erases_what_somebody_holds_and_not_what_others_hold() -> None:
    stage = Stage()
    ann, bo, _ = stage.seated("Ann Bo Cy")
    store = stage.house.store
    me, other = identity(ann), identity(bo)
    store.add_block(block(me, other, until=1e12))
    store.add_block(block(other, me, until=1e12))
    store.put_standing(standing(me, until=1e12))
    ann.ask("leave")
    assert store.blocks_of(me) == []
    assert store.standing(me) is None
    assert len(store.blocks_of(other)) == 1
