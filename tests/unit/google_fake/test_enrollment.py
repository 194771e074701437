"""Enrollment tokens, and the devices that come with them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.google.control import ControlRefused

EXTRAS = "android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE"
LINK = "https://enterprise.google.com/android/enroll?et="
ALLOWED, DISALLOWED = "PERSONAL_USAGE_ALLOWED", "PERSONAL_USAGE_DISALLOWED"
USERLESS = "PERSONAL_USAGE_DISALLOWED_USERLESS"


def refused(request: Any) -> int:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.status_code)


def test_a_token_lives_for_an_hour_unless_told_otherwise(bound: Any, control: Any) -> None:
    short, long = bound.ticket(), bound.ticket(duration="86400s")
    now = control.advance(0)
    assert abs(datetime.fromisoformat(short["expirationTimestamp"]).timestamp() - now - 3600) < 5
    assert abs(datetime.fromisoformat(long["expirationTimestamp"]).timestamp() - now - 86400) < 5
    control.advance(3590)
    control.enroll(token=short["value"])
    control.advance(11)
    with pytest.raises(ControlRefused, match="expired"):
        control.enroll(token=short["value"])
    control.enroll(token=long["value"])


def test_a_token_for_once_is_for_once(bound: Any, control: Any) -> None:
    once = bound.ticket(oneTimeOnly=True)
    control.enroll(token=once["value"])
    with pytest.raises(ControlRefused, match="used"):
        control.enroll(token=once["value"])
    api = bound.customer.client().enterprises().enrollmentTokens()
    assert refused(api.get(name=once["name"])) == 404


def test_a_deleted_token_is_good_no_more(bound: Any, control: Any) -> None:
    ticket = bound.ticket()
    bound.tokens.delete(name=ticket["name"]).execute()
    assert refused(bound.tokens.delete(name=ticket["name"])) == 404
    with pytest.raises(ControlRefused):
        control.enroll(token=ticket["value"])


def test_only_a_part_of_a_token_is_shown_again(bound: Any) -> None:
    ticket = bound.ticket(additionalData="secret", allowPersonalUsage=DISALLOWED)
    said = bound.tokens.get(name=ticket["name"]).execute()
    assert sorted(said) == ["allowPersonalUsage", "expirationTimestamp", "name", "qrCode", "value"]
    assert bound.tokens.list(parent=bound.name).execute()["enrollmentTokens"] == [said]


@pytest.mark.parametrize(
    "body", [{"duration": "59s"}, {"additionalData": "x" * 1025}, {"policyName": "enterprises/other/policies/p"}],
    ids=["short", "data", "foreign"],
)  # fmt: skip
def test_a_wrong_token_is_not_made(bound: Any, body: dict[str, Any]) -> None:
    assert refused(bound.tokens.create(parent=bound.name, body=body)) == 400


def test_the_qr_code_is_json_that_a_setup_wizard_takes(bound: Any, control: Any) -> None:
    ticket = bound.ticket()
    fresh = json.loads(ticket["qrCode"])
    assert fresh[EXTRAS] == {"com.google.android.apps.work.clouddpc.EXTRA_ENROLLMENT_TOKEN": ticket["value"]}
    control.enroll(qr_code=json.dumps(fresh | {"android.app.extra.PROVISIONING_WIFI_SSID": "office"}))
    with pytest.raises(ControlRefused, match="extra wifi"):
        control.enroll(qr_code=json.dumps(fresh | {"wifi": "office"}))
    other = {"android.app.extra.PROVISIONING_DEVICE_ADMIN_SIGNATURE_CHECKSUM": "other"}
    with pytest.raises(ControlRefused, match="another"):
        control.enroll(qr_code=json.dumps(fresh | other))


WAYS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "qr-managed": (DISALLOWED, {"via": "qr_code"}, "COMPANY_OWNED", "DEVICE_OWNER"),
    "qr-unspecified": ("", {"via": "qr_code"}, "COMPANY_OWNED", "DEVICE_OWNER"),
    "qr-shared": (ALLOWED, {"via": "qr_code"}, "COMPANY_OWNED", "PROFILE_OWNER"),
    "kiosk": (USERLESS, {"via": "qr_code", "kind": "kiosk"}, "COMPANY_OWNED", "DEVICE_OWNER"),
    "link": (ALLOWED, {"via": "link"}, "PERSONALLY_OWNED", "PROFILE_OWNER"),
    "work-profile": (ALLOWED, {"via": "token", "kind": "work-profile"}, "PERSONALLY_OWNED", "PROFILE_OWNER"),
}


def entered(control: Any, ticket: Any, via: str, **asked: Any) -> Any:
    given = {"qr_code": ticket["qrCode"], "link": LINK + ticket["value"], "token": ticket["value"]}[via]
    return control.enroll(**{via: given}, **asked)


@pytest.mark.parametrize(("usage", "way", "owner", "mode"), WAYS.values(), ids=WAYS.keys())
def test_ownership_follows_from_token_and_way(
    bound: Any, control: Any, usage: str, way: dict[str, Any], owner: str, mode: str
) -> None:
    bound.policy("default")
    ticket = bound.ticket(**({"allowPersonalUsage": usage} if usage else {}))
    device = bound.device(entered(control, ticket, **way)["device"])
    assert (device["ownership"], device["managementMode"]) == (owner, mode)
    assert ("userName" in device) == (usage != USERLESS)


@pytest.mark.parametrize(
    ("usage", "way"),
    [(DISALLOWED, {"via": "link"}), (ALLOWED, {"via": "token", "kind": "kiosk"})],
    ids=["personal", "kiosk"],
)
def test_what_does_not_go_together_does_not_enroll(bound: Any, control: Any, usage: str, way: dict[str, Any]) -> None:
    ticket = bound.ticket(allowPersonalUsage=usage, oneTimeOnly=True)
    with pytest.raises(ControlRefused):
        entered(control, ticket, **way)
    assert bound.devices.list(parent=bound.name).execute() == {}
    assert bound.tokens.get(name=ticket["name"]).execute()["name"] == ticket["name"]


def test_of_a_personal_device_little_is_told(bound: Any) -> None:
    settings = {"networkInfoEnabled": True, "displayInfoEnabled": True, "applicationReportsEnabled": True}
    own = bound.device(bound.phone(policy={"statusReportingSettings": settings}, usage=ALLOWED, serial="P1"))
    corporate = bound.device(bound.phone(policy={"statusReportingSettings": settings}, serial="C1"))
    assert own["hardwareInfo"]["serialNumber"] == own["hardwareInfo"]["enterpriseSpecificId"] != "P1"
    assert corporate["hardwareInfo"]["serialNumber"] == "C1"
    assert len(corporate["networkInfo"]["imei"]) == 15
    assert own["networkInfo"] == {}
    assert ("displays" in own, "displays" in corporate) == (False, True)


def test_without_its_policy_a_device_stays_in_provisioning(bound: Any, control: Any) -> None:
    name = control.enroll(token=bound.ticket(policyName="later")["value"])["device"]
    device = bound.device(name)
    assert (device["state"], device["policyName"]) == ("PROVISIONING", f"{bound.name}/policies/later")
    assert "appliedPolicyVersion" not in device
    bound.policy("later")
    control.report(name)
    assert bound.device(name)["state"] == "ACTIVE"


def test_the_same_phone_again_is_another_device(bound: Any, control: Any) -> None:
    first, second = bound.phone(serial="S1"), bound.phone(serial="S1")
    assert first != second
    assert bound.device(second)["previousDeviceNames"] == [first]
    assert bound.device(first)["state"] == "ACTIVE"  # a ghost
    assert control.phone("S1")["wipes"] == 1
