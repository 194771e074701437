"""Invitations that people give themselves by signing in: ten a day."""

import pytest

from chalicelib.core import ids, invitations
from chalicelib.core.errors import Forbidden
from chalicelib.core.house import House
from chalicelib.model.audit import AuditEntry
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Allowance, Invitation
from chalicelib.storage.layout import attributes_of
from tests.unit.core.conftest import Clock


def mint(house: House, who: str = "ada", code: str = "", user: str = "ada@example.com") -> str:
    return invitations.for_person(house, f"user:{who}", user, ownership=Ownership.PERSONAL, code=code).reveal()


def minted(house: House) -> int:
    return len(house.store.listing(Invitation).items)


def test_ten_a_day_and_then_a_sentence_that_helps(house: House, clock: Clock) -> None:
    for _ in range(10):
        mint(house)
        clock.forward(60)
    with pytest.raises(Forbidden, match=r"10 invitations within a day\. Try again after 2027-01-16 08:00 UTC, or ask"):
        mint(house)
    with pytest.raises(Forbidden):
        mint(house, user="another.name@example.com")
    assert minted(house) == 10
    mint(house, "bo")


def test_it_begins_anew_a_day_after_the_first(house: House, clock: Clock) -> None:
    for _ in range(10):
        mint(house)
    clock.forward(86_399)
    with pytest.raises(Forbidden):
        mint(house)
    clock.forward(1)
    for _ in range(10):
        mint(house)
    with pytest.raises(Forbidden):
        mint(house)


def test_a_repeat_does_not_count_and_is_answered_beyond_the_limit(house: House) -> None:
    code = ids.code_from(b"token")
    for _ in range(20):
        assert mint(house, code=code) == code
    for _ in range(9):
        mint(house)
    with pytest.raises(Forbidden):
        mint(house, code=ids.code_from(b"another token"))
    assert mint(house, code=code) == code
    assert minted(house) == 10


def test_what_is_kept_names_nobody_and_goes_away(house: House, clock: Clock) -> None:
    mint(house)
    allowance = house.store.get(Allowance, ids.digest("user:ada"))
    assert (allowance.given, allowance.expires_at) == (1, clock() + 86_400)
    assert "ada" not in repr(allowance)
    assert attributes_of(allowance)["expires"] == clock() + 2 * 86_400


def test_count_and_invitation_stand_or_fall_together(house: House) -> None:
    for _ in range(10):
        mint(house)
    with pytest.raises(Forbidden):
        mint(house)
    assert house.store.get(Allowance, ids.digest("user:ada")).given == 10
    events = [entry.event for shard in range(64) for entry in house.store.collect(AuditEntry, f"{shard}").items]
    assert [event.action for event in events] == ["invitation.created"] * 10
