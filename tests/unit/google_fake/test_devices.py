"""Devices: pages, patches, deletion, and reports that say what the policy asks for."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError


def refused(request: Any) -> int:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.status_code)


def test_a_fleet_comes_in_pages_of_a_hundred(bound: Any, control: Any) -> None:
    bound.policy("default")
    names = control.crowd(bound.ticket()["value"], 250)
    request, sizes, seen = bound.devices.list(parent=bound.name, pageSize=1000), [], []
    while request is not None:
        said = request.execute()
        sizes.append(len(said["devices"]))
        seen += [one["name"] for one in said["devices"]]
        request = bound.devices.list_next(request, said)
    assert sizes == [100, 100, 50]
    assert seen == sorted(names)
    assert len(bound.devices.list(parent=bound.name).execute()["devices"]) == 10


def test_three_fields_can_be_changed(bound: Any, control: Any) -> None:
    name = bound.phone()
    bound.policy("strict")
    patch = bound.devices.patch
    said = patch(name=name, body={"policyName": "strict", "apiLevel": 1}, updateMask="policyName").execute()
    assert said["policyName"] == f"{bound.name}/policies/strict"
    assert (said["appliedPolicyName"], said["apiLevel"]) == (f"{bound.name}/policies/default", 35)
    body = {"state": "DISABLED", "disabledReason": {"defaultMessage": "Lost"}}
    said = patch(name=name, body=body).execute()
    assert (said["state"], said["appliedState"]) == ("DISABLED", "ACTIVE")
    control.report(name)
    said = bound.device(name)
    assert (said["appliedState"], said["appliedPolicyName"]) == ("DISABLED", f"{bound.name}/policies/strict")


@pytest.mark.parametrize(
    ("body", "mask"),
    [({"state": "DELETED"}, "state"), ({"state": "LOST"}, "state"), ({"apiLevel": 3}, "apiLevel"),
     ({"policyName": "nowhere"}, "policyName"), ({"policyName": "enterprises/x/policies/y"}, "policyName"),
     ({}, "state")],
    ids=["deleted", "lost", "read-only", "absent-policy", "foreign-policy", "cleared-state"],
)  # fmt: skip
def test_nothing_else_can_be_changed(bound: Any, body: dict[str, Any], mask: str) -> None:
    assert refused(bound.devices.patch(name=bound.phone(), body=body, updateMask=mask)) == 400


def test_a_deleted_device_is_gone_at_once_and_says_so_later(told: Any, control: Any, receiver: Any) -> None:
    name = told.phone(serial="D1")
    control.offline("D1")
    told.devices.delete(name=name, wipeDataFlags=["WIPE_EXTERNAL_STORAGE"]).execute()
    assert refused(told.devices.get(name=name)) == 404
    assert refused(told.devices.delete(name=name)) == 404
    assert refused(told.devices.issueCommand(name=name, body={"type": "LOCK"})) == 404
    assert told.devices.list(parent=told.name).execute() == {}
    count = len(receiver.got)
    assert control.report("D1") == {"reported": False}
    assert (len(receiver.got), control.phone("D1")["wipes"]) == (count, 0)
    control.offline("D1", offline=False)
    control.report("D1")
    control.report("D1")
    assert (len(receiver.got), control.phone("D1")["wipes"]) == (count + 1, 1)
    assert control.pushed()[-1]["payload"]["state"] == "DELETED"


def test_a_report_holds_what_the_policy_asks_for(bound: Any, control: Any) -> None:
    name = bound.phone()
    asked = {"softwareInfo", "deviceSettings", "networkInfo", "applicationReports", "memoryEvents", "displays",
             "powerManagementEvents", "hardwareStatusSamples", "systemProperties",
             "commonCriteriaModeInfo"}  # fmt: skip
    assert not asked & set(bound.device(name))
    switches = ["softwareInfoEnabled", "deviceSettingsEnabled", "networkInfoEnabled", "applicationReportsEnabled",
                "memoryInfoEnabled", "displayInfoEnabled", "powerManagementEventsEnabled", "hardwareStatusEnabled",
                "systemPropertiesEnabled", "commonCriteriaModeEnabled"]  # fmt: skip
    bound.policy("default", statusReportingSettings=dict.fromkeys(switches, True))
    control.report(name)
    assert asked <= set(bound.device(name))
    bound.policy("default")
    control.report(name)
    assert not asked & set(bound.device(name))


def test_an_older_policy_stays_applied_until_the_device_fetches_the_new(bound: Any, control: Any) -> None:
    name = bound.phone()
    bound.policy("default", cameraAccess="CAMERA_ACCESS_DISABLED")
    assert bound.device(name)["appliedPolicyVersion"] == "1"
    control.report(name, sync=False)
    assert bound.device(name)["appliedPolicyVersion"] == "1"
    control.report(name)
    assert bound.device(name)["appliedPolicyVersion"] == "2"


def test_report_times_grow(bound: Any, control: Any) -> None:
    name = bound.phone()
    times = [control.report(name)["device"]["lastStatusReportTime"] for _ in range(5)]
    assert times == sorted(set(times))


def test_an_offline_device_says_nothing(bound: Any, control: Any) -> None:
    name = bound.phone()
    before = bound.device(name)
    control.offline(name)
    assert control.report(name) == {"reported": False}
    assert bound.device(name) == before


def details(bound: Any, control: Any, name: str) -> list[dict[str, Any]]:
    control.report(name)
    found = bound.device(name)
    assert found["policyCompliant"] is (not found["nonComplianceDetails"])
    return [{key: one[key] for key in one if not key.startswith("specific")} for one in found["nonComplianceDetails"]]


def test_a_passcode_is_the_users_to_set(bound: Any, control: Any) -> None:
    name = bound.phone(policy={"passwordPolicies": [{"passwordQuality": "NUMERIC", "passwordMinimumLength": 6}]})
    wanted = [{"settingName": "passwordPolicies", "nonComplianceReason": "USER_ACTION"}]
    assert details(bound, control, name) == wanted
    control.set(name, passcode="1234")
    assert details(bound, control, name) == wanted
    control.set(name, passcode="123456")
    assert details(bound, control, name) == []


def test_an_app_takes_its_time(bound: Any, control: Any) -> None:
    wanted = [{"packageName": "com.slack", "installType": "FORCE_INSTALLED", "managedConfiguration": {"a": 1}}]
    settings = {"applicationReportsEnabled": True}
    name = bound.phone(policy={"applications": wanted, "statusReportingSettings": settings})
    first = bound.device(name)["nonComplianceDetails"]
    missing = {"nonComplianceReason": "APP_NOT_INSTALLED", "installationFailureReason": "IN_PROGRESS"}
    assert first == [{"settingName": "applications", "packageName": "com.slack"} | missing]
    assert details(bound, control, name) == []
    assert "com.slack" in [one["packageName"] for one in bound.device(name)["applicationReports"]]


def test_an_app_that_the_store_does_not_have(bound: Any, control: Any) -> None:
    name = bound.phone()
    control.set(name, unavailable=["com.gone"])
    bound.policy("default", applications=[{"packageName": "com.gone", "installType": "FORCE_INSTALLED"}])
    for _ in range(2):
        assert [one["installationFailureReason"] for one in details(bound, control, name)] == ["NOT_FOUND"]


def test_a_blocked_app_goes_and_an_old_one_is_told(bound: Any, control: Any) -> None:
    name = bound.phone()
    control.set(name, apps={"com.game": 5, "com.old": 7})
    settings = {"applicationReportsEnabled": True, "applicationReportingSettings": {"includeRemovedApps": True}}
    apps = [{"packageName": "com.game", "installType": "BLOCKED"},
            {"packageName": "com.old", "installType": "AVAILABLE", "minimumVersionCode": 8}]  # fmt: skip
    bound.policy("default", applications=apps, statusReportingSettings=settings)
    assert [one["nonComplianceReason"] for one in details(bound, control, name)] == ["APP_NOT_UPDATED"]
    states = {one["packageName"]: one["state"] for one in bound.device(name)["applicationReports"]}
    assert (states["com.game"], states["com.old"]) == ("REMOVED", "INSTALLED")


def test_a_work_profile_does_not_know_all_settings(bound: Any, control: Any) -> None:
    policy = {"factoryResetDisabled": True, "networkResetDisabled": True}
    own = bound.phone(policy=policy, usage="PERSONAL_USAGE_ALLOWED")
    found = details(bound, control, own)
    assert {one["settingName"] for one in found} == set(policy)
    assert {one["nonComplianceReason"] for one in found} == {"MANAGEMENT_MODE"}
    assert details(bound, control, bound.phone(policy=policy)) == []


def test_pending_and_broken_settings_are_told(bound: Any, control: Any) -> None:
    name = bound.phone(policy={"cameraAccess": "CAMERA_ACCESS_DISABLED", "minimumApiLevel": 40})
    control.set(name, pending=["cameraAccess"], encrypted=False)
    assert [one["nonComplianceReason"] for one in details(bound, control, name)] == ["OS_NOT_PERMITTED", "PENDING"]
    control.set(name, pending=[], broken={"cameraAccess": "UNSUPPORTED"}, api=41)
    assert [one["nonComplianceReason"] for one in details(bound, control, name)] == ["UNSUPPORTED"]


def test_posture_and_settings_follow_the_phone(bound: Any, control: Any) -> None:
    name = bound.phone(policy={"statusReportingSettings": {"deviceSettingsEnabled": True, "softwareInfoEnabled": True}})
    control.set(name, posture="AT_RISK", risks=["UNKNOWN_OS"], adb=True, patch="2024-01-01", passcode="9999")
    control.report(name)
    device = bound.device(name)
    assert device["securityPosture"]["postureDetails"][0]["securityRisk"] == "UNKNOWN_OS"
    assert (device["deviceSettings"]["adbEnabled"], device["deviceSettings"]["isDeviceSecure"]) == (True, True)
    assert device["softwareInfo"]["securityPatchLevel"] == "2024-01-01"
