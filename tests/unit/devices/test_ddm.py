"""Declarations: fetched once, judged, obeyed, reported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.devices.apple import AppleDevice, schema, status
from tests.devices.apple.complaints import MessageRefused
from tests.unit.devices.conftest import Make
from tests.unit.devices.stub import Stub

SUBSCRIBE = "com.apple.configuration.management.status-subscriptions"
UPDATE = "com.apple.configuration.softwareupdate.enforcement.specific"
needs_schema = pytest.mark.skipif(not schema.available(), reason="needs Apple's schema in ../shared")


def declare(stub: Stub, kind: str, payload: dict[str, Any], identifier: str = "conf") -> None:
    stub.declare("Configurations", kind, identifier, payload)
    stub.declare(
        "Activations", "com.apple.activation.simple", f"act-{identifier}", {"StandardConfigurations": [identifier]}
    )


def subscribe(stub: Stub, *names: str) -> None:
    declare(stub, SUBSCRIBE, {"StatusItems": [{"Name": name} for name in names]}, "subscriptions")


def judged(stub: Stub) -> dict[str, tuple[bool, str, str]]:
    """identifier → (active, valid, first reason) of the last report."""
    arrays = stub.status[-1]["StatusItems"]["management"]["declarations"].values()
    found = [one for entries in arrays for one in entries]
    return {
        one["identifier"]: (one["active"], one["valid"], one.get("reasons", [{}])[0].get("code", "")) for one in found
    }


def start(device: AppleDevice, stub: Stub) -> None:
    stub.command("DeclarativeManagement")
    assert device.poll() == [("DeclarativeManagement", "Acknowledged")]


def endpoints(stub: Stub) -> list[str]:
    return [one["Endpoint"] for one in stub.messages if one.get("MessageType") == "DeclarativeManagement"]


def test_subscribed_items_are_reported_and_later_only_changes(make: Make, stub: Stub) -> None:
    device = make()
    subscribe(stub, "device.model.family", "passcode.is-present", "diskmanagement.filevault.enabled")
    start(device, stub)
    first = stub.status[-1]
    assert first["StatusItems"]["device"]["model"] == {"family": "iPhone"}
    assert first["StatusItems"]["passcode"] == {"is-present": True}
    assert first["FullReport"] is True
    assert [one["StatusItem"] for one in first["Errors"]] == ["diskmanagement.filevault.enabled"]
    device.poll()
    assert len(stub.status) == 1
    device.set_passcode(None)
    device.poll()
    assert stub.status[-1]["StatusItems"] == {"passcode": {"is-present": False}}
    assert "FullReport" not in stub.status[-1]
    device.send_status(full=True)
    assert stub.status[-1]["StatusItems"]["device"]["model"] == {"family": "iPhone"}


def test_only_what_changed_is_fetched(make: Make, stub: Stub) -> None:
    device = make()
    subscribe(stub, "device.model.family")
    start(device, stub)
    fetched = ["declaration/configuration/subscriptions", "declaration/activation/act-subscriptions"]
    assert set(endpoints(stub)) == {"tokens", "declaration-items", "status", *fetched}
    stub.messages.clear()
    start(device, stub)
    assert endpoints(stub) == ["tokens"]
    stub.messages.clear()
    subscribe(stub, "device.model.number")
    del stub.declarations["Activations"]
    stub.declare("Activations", "com.apple.activation.simple", "second", {"StandardConfigurations": ["subscriptions"]})
    start(device, stub)
    assert set(endpoints(stub)) >= {"declaration/configuration/subscriptions", "declaration/activation/second"}
    assert set(judged(stub)) == {"subscriptions", "second"}


def test_an_identifier_with_slashes(make: Make, stub: Stub) -> None:
    device = make()
    declare(stub, "com.apple.configuration.management.test", {"Echo": "x"}, "a/b/c")
    start(device, stub)
    assert judged(stub)["a/b/c"] == (True, "valid", "")


def test_update_is_enforced_and_installed(make: Make, stub: Stub) -> None:
    device = make("mac")
    subscribe(stub, "softwareupdate.pending-version", "device.operating-system.version", "softwareupdate.install-state")
    declare(stub, UPDATE, {"TargetOSVersion": "15.2", "TargetLocalDateTime": "2025-01-01T12:00:00"}, "update")
    start(device, stub)
    assert stub.status[-1]["StatusItems"]["softwareupdate"]["pending-version"]["os-version"] == "15.2"
    assert device.install_os_update()
    assert not device.install_os_update()
    device.poll()
    items = stub.status[-1]["StatusItems"]
    assert items["device"]["operating-system"]["version"] == "15.2"
    assert items["softwareupdate"]["install-state"] == "none"


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        (
            UPDATE,
            {"TargetOSVersion": "19.0", "TargetLocalDateTime": "2025-01-01T12:00:00Z"},
            "Error.ConfigurationIsInvalid",
        ),
        (UPDATE, {"TargetOSVersion": "19.0"}, "Error.ConfigurationIsInvalid"),
        (SUBSCRIBE, {"StatusItems": ["device.model.family"]}, "Error.ConfigurationIsInvalid"),
        ("com.apple.configuration.nonsense", {}, "Error.ConfigurationNotSupported"),
    ],
)
def test_bad_declarations_are_reported(make: Make, stub: Stub, kind: str, payload: dict[str, Any], reason: str) -> None:
    declare(stub, kind, payload)
    start(make(), stub)
    assert judged(stub)["conf"] == (False, "invalid", reason)


def test_an_unsupervised_mac_takes_no_update(make: Make, stub: Stub) -> None:
    declare(stub, UPDATE, {"TargetOSVersion": "19.0", "TargetLocalDateTime": "2025-01-01T12:00:00"})
    start(make("mac", supervised=False), stub)
    assert judged(stub)["conf"] == (False, "invalid", "Error.ConfigurationNotSupported")


def test_activations_decide(make: Make, stub: Stub) -> None:
    stub.declare("Configurations", "com.apple.configuration.management.test", "lonely", {"Echo": "x"})
    stub.declare("Activations", "com.apple.activation.simple", "hollow", {"StandardConfigurations": ["missing"]})
    start(make(), stub)
    assert judged(stub) == {
        "lonely": (False, "unknown", "Info.NotReferencedByActivation"),
        "hollow": (False, "invalid", "Error.MissingConfigurations"),
    }


def test_a_legacy_profile_comes_and_goes(make: Make, stub: Stub) -> None:
    device = make()
    declare(stub, "com.apple.configuration.legacy", {"ProfileURL": f"{stub.host}/legacy"})
    start(device, stub)
    assert "com.example.legacy" in device.state.profiles
    stub.declarations.clear()
    start(device, stub)
    assert "com.example.legacy" not in device.state.profiles


def test_passcode_compliance(make: Make, stub: Stub) -> None:
    device = make(passcode="1234")
    subscribe(stub, "passcode.is-compliant")
    declare(stub, "com.apple.configuration.passcode.settings", {"RequirePasscode": True, "MinimumLength": 6})
    start(device, stub)
    assert stub.status[-1]["StatusItems"]["passcode"]["is-compliant"] is False
    device.set_passcode("123456")
    device.poll()
    assert stub.status[-1]["StatusItems"]["passcode"]["is-compliant"] is True


def _without(endpoint: str, change: Any) -> Any:
    return lambda asked, content: change(content) if asked.startswith(endpoint) else content


@pytest.mark.parametrize(
    ("endpoint", "change", "text"),
    [
        ("tokens", lambda c: {}, "SyncTokens"),
        (
            "tokens",
            lambda c: {"SyncTokens": {**c["SyncTokens"], "Timestamp": "2024-11-05T10:00:00.123Z"}},
            "whole seconds",
        ),
        ("declaration-items", lambda c: {**c, "DeclarationsToken": "other"}, "different DeclarationsTokens"),
        ("declaration-items", lambda c: {**c, "Declarations": {"Activations": []}}, "exactly the arrays"),
        ("declaration/configuration", lambda c: {**c, "ServerToken": "other"}, "differs"),
        ("declaration/configuration", lambda c: {**c, "Payload": None}, "no Payload"),
        (
            "declaration/configuration",
            lambda c: {**c, "Type": "com.apple.activation.simple"},
            "among the Configurations",
        ),
    ],
)
def test_a_careless_server_is_told(make: Make, stub: Stub, endpoint: str, change: Any, text: str) -> None:
    device = make()
    subscribe(stub, "device.model.family")
    stub.ddm_changes = _without(endpoint, change)
    stub.command("DeclarativeManagement")
    with pytest.raises(MessageRefused, match=text):
        device.poll()


def test_the_user_channel_has_declarations_of_its_own(make: Make, stub: Stub) -> None:
    mac = make("mac")
    subscribe(stub, "device.model.family")
    mac.sync_declarations(mac.users[0])
    assert mac.users[0].declarations
    assert mac.state.declarations == {}
    assert stub.messages[-1]["UserID"] == mac.users[0].user_id


@needs_schema
@pytest.mark.parametrize("kind", ["iphone", "mac"])
def test_status_items_fit_the_schema(make: Make, stub: Stub, kind: str) -> None:
    device = make(kind)
    subscribe(stub, *status.supported(device.state))
    start(device, stub)
    items, errors = status.collect(device.state, device.state.declarations)
    definitions = schema.definitions("declarative/status", "statusitemtype")
    assert errors == []
    for name, value in items.items():
        keys = definitions[name]["payloadkeys"]
        assert list(schema.dictionary(keys, {name: value}, device.platform, name)) == []
    report = schema.definitions("declarative/protocol")["StatusReport"]["payloadkeys"]
    assert list(schema.dictionary(report, stub.status[-1], device.platform, "report")) == []
