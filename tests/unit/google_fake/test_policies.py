"""Policies: upsert, mask, version, single applications, cross-field rules."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError


def refused(request: Any) -> int:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.status_code)


def test_an_upsert_counts_the_version(bound: Any) -> None:
    first = bound.policy("p", cameraAccess="CAMERA_ACCESS_DISABLED", version="77")
    second = bound.policy("p", maximumTimeToLock="30000")
    assert (first["version"], second["version"]) == ("1", "2")
    assert "cameraAccess" not in second
    assert bound.policies.get(name=f"{bound.name}/policies/p").execute() == second


def test_a_mask_leaves_the_rest(bound: Any) -> None:
    bound.policy("p", cameraAccess="CAMERA_ACCESS_DISABLED", maximumTimeToLock="30000")
    said = bound.policy("p", mask="maximumTimeToLock,advancedSecurityOverrides.developerSettings",
                        advancedSecurityOverrides={"developerSettings": "DEVELOPER_SETTINGS_DISABLED"})  # fmt: skip
    assert said["cameraAccess"] == "CAMERA_ACCESS_DISABLED"
    assert "maximumTimeToLock" not in said
    assert said["advancedSecurityOverrides"] == {"developerSettings": "DEVELOPER_SETTINGS_DISABLED"}
    assert said["version"] == "2"
    wrong = bound.policies.patch(name=f"{bound.name}/policies/p", body={}, updateMask="advancedSecurityOverrides.foo")
    assert refused(wrong) == 400


def test_applications_change_one_by_one(bound: Any) -> None:
    name = f"{bound.name}/policies/p"
    bound.policy("p", applications=[{"packageName": "a.a", "installType": "AVAILABLE", "disabled": True}])
    changes = [
        {"application": {"packageName": "a.a", "installType": "FORCE_INSTALLED"}, "updateMask": "installType"},
        {"application": {"packageName": "b.b", "installType": "BLOCKED"}},
    ]
    said = bound.policies.modifyPolicyApplications(name=name, body={"changes": changes}).execute()["policy"]
    assert said["version"] == "2"
    assert said["applications"] == [
        {"packageName": "a.a", "installType": "FORCE_INSTALLED", "disabled": True},
        {"packageName": "b.b", "installType": "BLOCKED"},
    ]
    body = {"packageNames": ["a.a", "not.there"]}
    said = bound.policies.removePolicyApplications(name=name, body=body).execute()["policy"]
    assert [one["packageName"] for one in said["applications"]] == ["b.b"]
    assert refused(bound.policies.modifyPolicyApplications(name=name, body={})) == 400
    assert refused(bound.policies.removePolicyApplications(name=f"{bound.name}/policies/q", body=body)) == 404


def enforcement(block: int | None, wipe: int | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"settingName": "passwordPolicies"}
    rule |= {"blockAction": {"blockAfterDays": block}} if block is not None else {}
    return {"policyEnforcementRules": [rule | ({"wipeAction": {"wipeAfterDays": wipe}} if wipe is not None else {})]}


WRONG: dict[str, dict[str, Any]] = {
    "twice": {"applications": [{"packageName": "a.a"}, {"packageName": "a.a"}]},
    "nameless": {"applications": [{"installType": "BLOCKED"}]},
    "too-many": {"applications": [{"packageName": f"a.a{number}"} for number in range(3001)]},
    "minimums": {"applications": [{"packageName": f"a.a{number}", "minimumVersionCode": 1} for number in range(21)]},
    "priority": {"applications": [{"packageName": "a.a", "installPriority": 10001}]},
    "unspecified": {"applications": [{"packageName": "a.a", "installType": "INSTALL_TYPE_UNSPECIFIED"}]},
    "scopes": {"passwordPolicies": [{"passwordScope": "SCOPE_DEVICE"}, {"passwordScope": "SCOPE_DEVICE"}]},
    "block-alone": enforcement(1, None),
    "wipe-alone": enforcement(None, 5),
    "wipe-first": enforcement(5, 5),
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_rules_that_no_schema_says(bound: Any, body: dict[str, Any]) -> None:
    assert refused(bound.policies.patch(name=f"{bound.name}/policies/p", body=body)) == 400


def test_a_right_enforcement_rule_is_taken(bound: Any) -> None:
    assert bound.policy("p", **enforcement(1, 5))["version"] == "1"


def test_a_policy_in_use_stays(bound: Any) -> None:
    device = bound.phone()
    assert refused(bound.policies.delete(name=f"{bound.name}/policies/default")) == 400
    bound.policy("other")
    bound.devices.patch(name=device, body={"policyName": "other"}, updateMask="policyName").execute()
    bound.policies.delete(name=f"{bound.name}/policies/default").execute()
    assert refused(bound.policies.get(name=f"{bound.name}/policies/default")) == 404


def test_policies_come_in_pages(bound: Any) -> None:
    for number in range(12):
        bound.policy(f"p{number:02}")
    first = bound.policies.list(parent=bound.name)
    said = first.execute()
    assert len(said["policies"]) == 10
    rest = bound.policies.list_next(first, said).execute()
    assert [one["name"][-3:] for one in rest["policies"]] == ["p10", "p11"]
    assert "nextPageToken" not in rest
