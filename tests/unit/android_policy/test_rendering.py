"""Placeholders are found, filled and refused; secrets are found and hidden; the first policies are sound."""

from typing import Any

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.defaults import ARRIVING, defaults
from chalicelib.platforms.android.policy.modes import MODES
from chalicelib.platforms.android.policy.placeholders import placeholders, render
from chalicelib.platforms.android.policy.reading import read
from chalicelib.platforms.android.policy.secrets import secrets, shown
from tests.unit.android_policy.samples import (
    EAP,
    MINE,
    ROOT,
    WPA,
    access_point,
    app,
    apps,
    connectivity,
    enterprise,
    network,
    onc,
)
from tests.wire import google_schema

VALUES = {
    "device.id": "01K",
    "device.name": "Ann's phone",
    "device.serial": "XYZ1",
    "user.email": "ann@example.com",
    "user.name": "{device.serial}",
}


def test_finds_what_a_document_asks_for() -> None:
    document = {"a": ["{device.serial}-{user.email}", {"b": "{device.serial}"}], "{user.name}": 1}
    assert placeholders(document) == {"device.serial", "user.email"}
    assert placeholders({"a": "{json} {} {device} {devices.id} {{user name}}"}) == frozenset()


@pytest.mark.parametrize("text", ["{device.imei}", "{user.}", "{user.email }", "x{device.ID}y"])
def test_refuses_an_unknown_one(text: str) -> None:
    for reading in (placeholders, lambda document: read(document, "corporate")):
        with pytest.raises(Unprocessable, match=r"longSupportMessage\.defaultMessage: unknown placeholder"):
            reading({"longSupportMessage": {"defaultMessage": text}})


def test_fills_once_and_leaves_other_braces_alone() -> None:
    document = {"a": ["{user.name} of {device.name}", True, 5, None], "b": {"c": '{"x": "{device.id}"} {other}'}}
    assert render(document, VALUES) == {
        "a": ["{device.serial} of Ann's phone", True, 5, None],
        "b": {"c": '{"x": "01K"} {other}'},
    }
    assert document["b"] == {"c": '{"x": "{device.id}"} {other}'}


@pytest.mark.parametrize("values", [{}, {"user.email": ""}])
def test_refuses_to_fill_in_nothing(values: dict[str, str]) -> None:
    with pytest.raises(Unprocessable, match=r"user\.email"):
        render(enterprise(EAP), values)


def test_a_document_without_placeholders_needs_no_values() -> None:
    assert render(apps(app()), {}) == apps(app())


def test_what_was_rendered_is_read_again() -> None:
    pattern = {
        "workAccountSetupConfig": {
            "authenticationType": "GOOGLE_AUTHENTICATED",
            "requiredAccountEmail": "{user.email}",
        }
    }
    read(pattern, "corporate")
    assert "ann@" in str(read(render(pattern, VALUES), "corporate").body())
    with pytest.raises(Unprocessable, match="small letters"):
        read(render(pattern, {"user.email": "Ann@example.com"}), "corporate")
    short = onc(network({**WPA, "Passphrase": "{device.serial}"}))
    read(short, "corporate")
    with pytest.raises(Unprocessable, match="Passphrase"):
        read(render(short, VALUES), "corporate")


def test_finds_what_is_secret() -> None:
    document: dict[str, Any] = {
        **enterprise(EAP, ROOT, MINE),
        **connectivity(apnPolicy={"apnSettings": [access_point("a")]}),
        **apps(
            app(managedConfiguration={"server": "one", "licenseKey": "k", "accounts": [{"user": "u", "pin": 12}]}),
            app(
                "com.example.two",
                managedConfigurationTemplate={"templateId": "1", "configurationVariables": {"token": "t"}},
            ),
        ),
        "passwordPolicies": [{"passwordQuality": "COMPLEX"}],
    }
    at = "applications"
    assert set(secrets(document)) == {
        ("openNetworkConfiguration", "NetworkConfigurations", 0, "WiFi", "EAP", "Password"),
        ("openNetworkConfiguration", "Certificates", 1, "PKCS12"),
        ("deviceConnectivityManagement", "apnPolicy", "apnSettings", 0, "password"),
        (at, 0, "managedConfiguration", "licenseKey"),
        (at, 0, "managedConfiguration", "accounts", 0, "pin"),
        (at, 1, "managedConfigurationTemplate", "configurationVariables", "token"),
    }
    masked = shown(document)
    assert masked["openNetworkConfiguration"]["NetworkConfigurations"][0]["WiFi"]["EAP"]["Password"] == "***"
    assert masked[at][0]["managedConfiguration"]["accounts"] == [{"user": "u", "pin": "***"}]
    assert masked["passwordPolicies"] == document["passwordPolicies"]
    assert "a-word" not in str(masked)
    assert "a-word" in str(document)


def test_a_secret_of_the_wrong_shape_is_hidden_too() -> None:
    document = onc(network({**WPA, "Passphrase": {"text": ["open"]}}))
    assert "open'" not in str(shown(document))


@pytest.mark.parametrize("mode", MODES)
def test_first_policies_are_sound(mode: str) -> None:
    document = defaults(mode)
    body = read(document, mode).body()
    google_schema.check("androidmanagement.v1", "Policy", body)
    assert body == document
    assert not secrets(document)
    assert not placeholders(document)
    reports = document["statusReportingSettings"]
    assert reports["deviceSettingsEnabled"] is reports["softwareInfoEnabled"] is True
    assert reports["memoryInfoEnabled"] is reports["applicationReportsEnabled"] is True


@pytest.mark.parametrize("mode", ["corporate", "personal"])
def test_work_needs_a_passcode(mode: str) -> None:
    qualities = [each["passwordQuality"] for each in defaults(mode)["passwordPolicies"]]
    assert qualities == ["COMPLEXITY_MEDIUM"]


def test_a_personal_device_keeps_its_inventory_to_itself() -> None:
    reports = defaults("personal")["statusReportingSettings"]
    told = {name for name, value in reports.items() if value}
    assert told == {"deviceSettingsEnabled", "softwareInfoEnabled", "memoryInfoEnabled", "applicationReportsEnabled"}


def test_arriving_devices_get_nothing_but_reports() -> None:
    assert set(ARRIVING) == {"statusReportingSettings"}
    for mode in MODES:
        assert read(ARRIVING, mode).body() == ARRIVING


def test_defaults_are_copies() -> None:
    defaults("corporate")["passwordPolicies"].clear()
    assert defaults("corporate")["passwordPolicies"]
    with pytest.raises(Unprocessable, match="corporate, personal, dedicated"):
        defaults("byod")
