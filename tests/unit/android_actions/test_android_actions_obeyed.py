"""The same payloads at the fake Google: taken, executed, and with the effect that was meant."""

import pytest

from chalicelib.core.errors import Conflict
from chalicelib.core.house import House
from chalicelib.platforms.android.actions import registry
from chalicelib.platforms.android.actions.leaving import REASON, leaving
from chalicelib.platforms.google.client import GoogleAbsent
from tests.unit.android_actions.samples import MODES, Company, action, device, document, params, prepare
from tests.wire import google_schema

PAIRS = [(name, mode) for name in registry.names() for mode in MODES if not action(name).refusal(device(mode))]
ENDS = {"erase", "relinquish"}


@pytest.mark.parametrize(("name", "mode"), PAIRS)
def test_a_device_in_that_mode_does_it(company: Company, name: str, mode: str) -> None:
    phone = company.phone(mode)
    asked = document(prepare(company.house, name, device(mode), **params(name, full=True)))
    if name == "lost-mode-off":
        started = prepare(company.house, "lost-mode-on", device(mode), message="Call us")
        company.issue(phone, document(started)["command"])
    if "device" in asked:
        assert company.change(phone, asked)["appliedState"] == asked["until"]["appliedState"]
        return
    operation = company.issue(phone, asked["command"])
    assert operation["done"] is True
    assert "error" not in operation, operation
    if name in ENDS:
        with pytest.raises(GoogleAbsent):
            company.at_google(phone)
    else:
        assert company.at_google(phone)["state"] == "ACTIVE"


def test_a_password_arrives(company: Company) -> None:
    phone = company.phone("fully-managed")
    asked = document(prepare(company.house, "reset-password", device(), new_password="246810", lock_now=True))
    company.issue(phone, asked["command"])
    at = company.google.control.phone(phone)
    assert (at["passcode"], at["locks"]) == ("246810", 1)


def test_a_reason_goes_when_the_device_is_enabled(company: Company) -> None:
    phone = company.phone("fully-managed")
    stolen = company.change(phone, document(prepare(company.house, "disable", reason="Stolen")))
    assert stolen["disabledReason"] == {"defaultMessage": "Stolen"}
    assert "disabledReason" not in company.change(phone, document(prepare(company.house, "enable")))


@pytest.mark.parametrize("name", ["restart", "relinquish", "lost-mode-on"])
def test_what_we_refuse_on_a_work_profile_google_would_not_do(company: Company, name: str) -> None:
    asked = document(prepare(company.house, name, device("work-profile"), **params(name, full=False)))
    operation = company.issue(company.phone("work-profile"), asked["command"])
    assert operation["metadata"]["errorCode"] == "MANAGEMENT_MODE"
    assert action(name).refusal(device("work-profile"))


@pytest.mark.parametrize(("mode", "kind"), [("work-profile", "WIPE"), ("company-work-profile", "RELINQUISH_OWNERSHIP")])
def test_leaving_takes_the_work_profile_only(company: Company, mode: str, kind: str) -> None:
    asked = leaving(device(mode))
    assert asked is not None
    google_schema.check("androidmanagement.v1", "Command", asked["command"])
    assert asked["command"]["type"] == kind
    phone = company.phone(mode)
    assert "error" not in company.issue(phone, asked["command"])
    with pytest.raises(GoogleAbsent):
        company.at_google(phone)


def test_whose_profile_goes_is_told_why() -> None:
    asked = leaving(device("work-profile"))
    assert asked is not None
    assert asked["command"]["wipeParams"] == {"wipeReason": {"defaultMessage": REASON}}
    assert len(REASON) <= 200


@pytest.mark.parametrize("mode", ["fully-managed", "dedicated"])
def test_leaving_is_no_way_to_erase(mode: str) -> None:
    with pytest.raises(Conflict, match="ask for `erase`"):
        leaving(device(mode))


def test_nobody_is_wiped_on_a_guess(house: House) -> None:
    assert leaving(device("")) is None
