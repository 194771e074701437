"""Declarative management: what is declared, that tokens follow content, and how status reports are merged."""

import dataclasses
from typing import Any

import pytest

from chalicelib.core import inventory
from chalicelib.core.house import House
from chalicelib.core.ports import Create
from chalicelib.model.device import Device
from chalicelib.platforms.apple import declarations, status
from chalicelib.platforms.apple.actions import declarations as build
from tests.unit.apple.phone import Phone


def test_tokens_items_and_declarations_agree(phone: Phone) -> None:
    tokens = phone.declarative("tokens").json["SyncTokens"]
    items = phone.declarative("declaration-items").json
    assert items["DeclarationsToken"] == tokens["DeclarationsToken"]
    assert tokens["Timestamp"].endswith("Z")
    assert "." not in tokens["Timestamp"]
    assert set(items["Declarations"]) == {"Activations", "Configurations", "Assets", "Management"}
    kinds = {
        "Activations": "activation",
        "Configurations": "configuration",
        "Assets": "asset",
        "Management": "management",
    }
    for name, listed in items["Declarations"].items():
        for item in listed:
            got = phone.declarative(f"declaration/{kinds[name]}/{item['Identifier']}")
            assert got.headers["content-type"] == "application/json"
            assert (got.json["Identifier"], got.json["ServerToken"]) == (item["Identifier"], item["ServerToken"])
            assert len(item["ServerToken"]) <= 64
            assert len(item["Identifier"]) <= 64
    assert items["Declarations"]["Assets"] == []


def test_the_configurations_are_activated(phone: Phone) -> None:
    activation = phone.declarative("declaration/activation/muster.base").json
    assert activation["Payload"]["StandardConfigurations"] == ["muster.status"]
    organization = phone.declarative("declaration/management/muster.organization").json
    assert organization["Payload"] == {"Name": "Example"}


def own(phone: Phone, identifier: str, payload: dict[str, Any]) -> None:
    declaration = build.declaration(phone.device.id, identifier, "configuration", "com.apple.configuration.x", payload)
    phone.house.store.commit(Create(declaration))


def test_own_declarations_are_served_also_with_slashes_in_their_name(phone: Phone) -> None:
    own(phone, "a/b/c", {"N": 1})
    assert phone.declarative("declaration/configuration/a/b/c").json["Payload"] == {"N": 1}


@pytest.mark.parametrize(
    "endpoint",
    [
        "declaration/configuration/none",
        "declaration/activation/muster.status",
        "declaration/",
        "declaration",
        "declaration/x",
        "tokens/x",
        "sing",
        "",
        "declaration/configuration/",
    ],
)
def test_what_is_absent_is_404(phone: Phone, endpoint: str) -> None:
    assert phone.declarative(endpoint).status == 404


def test_any_change_of_content_changes_the_token(house: House, phone: Phone) -> None:
    def token() -> str:
        return str(phone.declarative("tokens").json["SyncTokens"]["DeclarationsToken"])

    first = token()
    assert token() == first
    own(phone, "c", {"deep": [{"N": 1}]})
    second = token()
    assert second != first
    held = declarations.of_device(house, phone.device)[-1]
    changed = build.declaration(phone.device.id, "c", "configuration", held.type, {"deep": [{"N": 2}]}, held)
    house.store.replace(changed)
    assert token() not in (first, second)


def test_the_base_set_follows_the_organisation_and_the_version(phone: Phone) -> None:
    device = phone.device
    base = declarations.token(declarations.base_set(device, "Example"))
    assert declarations.token(declarations.base_set(device, "Other")) != base
    older = dataclasses.replace(device, os_version="16.0")
    assert declarations.token(declarations.base_set(older, "Example")) != base


def test_a_user_channel_has_no_declarations(house: House) -> None:
    mac = Phone(house, product="Mac15,3", os_version="15.1").enroll()
    user = {"UserID": "U", "UserShortName": "anna"}
    mac.token_update(**user)
    items = mac.declarative("declaration-items", **user).json
    assert all(listed == [] for listed in items["Declarations"].values())
    assert mac.declarative("declaration/configuration/muster.status", **user).status == 404
    assert mac.poll.enrollment.declarative is False


def report(phone: Phone, items: dict[str, Any], **keys: Any) -> None:
    assert phone.declarative("status", {"StatusItems": items, "Errors": [], **keys}).status == 200


def kept(phone: Phone) -> Any:
    return inventory.section(phone.house, phone.device.id, "status")["items"]


def test_status_becomes_facts_and_attributes(phone: Phone) -> None:
    report(
        phone,
        {
            "passcode": {"is-present": True, "is-compliant": False},
            "diskmanagement": {"filevault": {"enabled": True}},
            "device": {
                "operating-system": {"version": "18.2", "build-version": "22C1"},
                "model": {"identifier": "iPhone17,1"},
            },
            "softwareupdate": {
                "install-state": "prepared",
                "pending-version": {"os-version": "18.3", "build-version": "22D"},
            },
        },
    )
    device = phone.device
    assert (device.os_version, device.os_build, device.model) == ("18.2", "22C1", "iPhone17,1")
    assert device.facts == {
        "passcode_set": True, "passcode_compliant": False, "encrypted": True, "update_state": "prepared",
        "update_pending": "18.3",
    }  # fmt: skip


def test_status_is_merged_and_a_full_report_replaces(phone: Phone) -> None:
    report(phone, {"passcode": {"is-present": True}, "mdm": {"app": [{"identifier": "a", "state": "managed"}]}})
    report(phone, {"mdm": {"app": [{"identifier": "b", "state": "installing"}]}})
    assert kept(phone)["passcode.is-present"] is True
    assert [entry["identifier"] for entry in kept(phone)["mdm.app"]] == ["a", "b"]
    report(phone, {"mdm": {"app": [{"identifier": "a", "_removed": True}, {"identifier": "b", "state": "managed"}]}})
    assert kept(phone)["mdm.app"] == [{"identifier": "b", "state": "managed"}]
    report(phone, {"device": {"operating-system": {"version": "18.1"}}}, FullReport=True)
    assert kept(phone) == {"device.operating-system.version": "18.1"}


def test_a_later_failure_reason_replaces_the_earlier_one(phone: Phone) -> None:
    report(phone, {"softwareupdate": {"failure-reason": {"count": 1, "reason": "no power"}}})
    report(phone, {"softwareupdate": {"failure-reason": {"count": 0}}})
    assert kept(phone)["softwareupdate.failure-reason"] == {"count": 0}
    assert phone.device.facts["update_failure"] == ""


def test_what_we_did_not_subscribe_to_is_not_kept(phone: Phone) -> None:
    report(phone, {"account": {"list": {"mail": [{"identifier": "x", "hostname": "private.example"}]}}})
    assert kept(phone) == {}


def test_errors_of_declarations_are_kept_by_name(phone: Phone) -> None:
    reasons = [{"code": "Error.ConfigurationCannotBeApplied", "description": "No.", "details": {"x": 1}}]
    listed = [
        {"identifier": "muster.status", "active": False, "valid": "invalid", "server-token": "t", "reasons": reasons}
    ]
    report(
        phone,
        {"management": {"declarations": {"configurations": listed, "activations": [], "assets": [], "management": []}}},
    )
    assert inventory.section(phone.house, phone.device.id, "declarations") == {
        "muster.status": {"kind": "configurations", "active": False, "valid": "invalid",
                          "reasons": ["Error.ConfigurationCannotBeApplied: No."]},
    }  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"StatusItems":[]}', b'{"StatusItems":{},"Errors":{}}', b'{"a":1,"a":2}']
)
def test_malformed_status_is_refused(phone: Phone, data: bytes) -> None:
    answer = phone.checkin("DeclarativeManagement", Endpoint="status", Data=data)
    assert answer.status == 400


def test_odd_status_is_survived(phone: Phone) -> None:
    report(phone, {"passcode": "no", "mdm": {"app": [7, {"x": 1}]}, "device": {"model": {"identifier": "\ud800\x00"}}})
    assert phone.device.model == "iPhone16,1"


def test_unchanged_status_writes_nothing(house: House, phone: Phone) -> None:
    report(phone, {"passcode": {"is-present": True}})
    house.store.meter.reset()
    report(phone, {"passcode": {"is-present": True}})
    assert house.store.meter.total().write_units == 0


def test_device_of_the_future_is_not_refused(phone: Phone) -> None:
    device: Device = dataclasses.replace(phone.device, os_version="27.0 (a)")
    assert declarations.capable(device)
    assert "softwareupdate.install-state" in declarations.status_items(device)
    assert status.items_of({}) == {}
