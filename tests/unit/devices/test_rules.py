"""Rules and answers of the device against Apple's schema."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devices.apple import rules, schema
from tests.devices.apple.settings import ACTIONS
from tests.unit.devices.conftest import Make
from tests.unit.devices.stub import Stub
from tests.unit.devices.test_commands import run

needs_schema = pytest.mark.skipif(not schema.available(), reason="needs Apple's schema in ../shared")


def test_every_rule_has_an_action() -> None:
    assert rules.RULES.keys() == ACTIONS.keys()


@needs_schema
@pytest.mark.parametrize("request_type", sorted(rules.RULES))
def test_rules_agree_with_the_schema(request_type: str) -> None:
    definition = schema.definitions("mdm/commands")[request_type]
    rule, systems = rules.RULES[request_type], definition["payload"]["supportedOS"]
    ios, mac = systems["iOS"], systems["macOS"]
    assert (rule.ios is None) == (ios["introduced"] == "n/a")
    assert (rule.macos is None) == (mac["introduced"] == "n/a")
    if rule.ios:
        assert rule.ios_supervised == ios["supervised"]
        assert rule.shared == ios["sharedipad"]["mode"]
        assert ("u" in rule.ios) == ios["sharedipad"].get("userchannel", False)
    if rule.macos:
        assert rule.mac_supervised == mac.get("supervised", False)
        assert ("u" in rule.macos) == mac["userchannel"]
    allowed = {
        name
        for name, system in (("iOS", ios), ("macOS", mac))
        if system.get("userenrollment", {}).get("mode") == "allowed"
    }
    assert set(rule.user_enrollment) == allowed
    keys = {one["key"]: one["presence"] for one in definition.get("payloadkeys", [])}
    assert {key for key, presence in keys.items() if presence == "required"} == set(rule.required)
    assert set(keys) == {*rule.required, *rule.optional}


@needs_schema
@pytest.mark.parametrize("kind", ["iphone", "mac", "ipad", "shared-ipad"])
def test_answers_fit_the_schema(make: Make, stub: Stub, kind: str) -> None:
    device = make(kind)
    everything = [
        one["key"]
        for one in schema.definitions("mdm/commands")["DeviceInformation"]["payloadkeys"][0]["subkeys"][0]["subkeys"]
    ]
    commands: dict[str, dict[str, Any]] = {
        "DeviceInformation": {"Queries": everything}, "SecurityInfo": {}, "InstalledApplicationList": {},
        "CertificateList": {}, "ProfileList": {}, "ProvisioningProfileList": {}, "UserList": {},
    }  # fmt: skip
    for request_type, keys in commands.items():
        said = run(device, stub, request_type, **keys)
        if said["Status"] == "Error":
            assert (request_type, kind) in {("UserList", "iphone"), ("UserList", "ipad")}
            continue
        answer = {
            key: value for key, value in said.items() if key not in ("CommandUUID", "UDID", "Status", "RequestType")
        }
        definition = schema.definitions("mdm/commands")[request_type]["responsekeys"]
        assert list(schema.dictionary(definition, answer, device.platform, request_type)) == []
        assert answer
