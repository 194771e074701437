"""What a Chromebook says, in the house's terms: believed as far as it can be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platforms.chromeos import measured, readings, reported
from tests.google.documents import document

VERIFIED: dict[str, Any] = {
    "deviceId": "d-1", "serialNumber": "5cd1", "status": "ACTIVE", "model": "HP Elite c645",
    "osVersion": "131.0.6778.96", "platformVersion": "16063.45.0 (Official Build) stable-channel volteer",
    "bootMode": "Verified", "tpmVersionInfo": {"family": "322e3000"}, "orgUnitPath": "/Sales/Berlin",
    "macAddress": "A4BB6D1F0E22", "autoUpdateExpiration": "1938038400000", "lastSync": "2031-05-01T10:00:00.000Z",
    "diskSpaceUsage": {"capacityBytes": "1000", "usedBytes": "400"},
    "recentUsers": [{"type": "USER_TYPE_MANAGED", "email": "ada@example.com"}],
}  # fmt: skip


def read(**more: Any) -> reported.Reported:
    said = {name: value for name, value in (VERIFIED | more).items() if value is not None}
    document("admin.directory_v1").check("ChromeOsDevice", said)
    return reported.read(said)


def test_facts_of_a_verified_device() -> None:
    assert readings.facts(read()) == {
        "encrypted": True,
        "verified_boot": True,
        "disabled": False,
        "tpm": "2.0",
        "updates_until": "2031-06-01",
        "storage_total": 1000,
        "storage_free": 600,
    }


@pytest.mark.parametrize(("mode", "facts"), [("Dev", {"verified_boot": False}), (None, {}), ("Other", {})])
def test_encryption_is_claimed_of_a_verified_start_only(mode: str | None, facts: dict[str, Any]) -> None:
    found = readings.facts(read(bootMode=mode))
    assert {name: found[name] for name in ("encrypted", "verified_boot") if name in found} == facts


def test_the_newer_field_for_the_end_of_updates_wins() -> None:
    assert read(autoUpdateThrough="2033-06-01T00:00:00Z").updates_until == "2033-06-01"
    assert read(autoUpdateExpiration=None).updates_until == ""


def test_attributes_and_groups() -> None:
    found = readings.attributes(read(annotatedAssetId="A-17"))
    assert found == {
        "name": "A-17", "model": "HP Elite c645", "model_name": "HP Elite c645", "os_version": "131.0.6778.96",
        "os_build": "16063.45.0", "capabilities": ("user-session",),
    }  # fmt: skip
    assert readings.attributes(read())["name"] == "5CD1"
    assert readings.groups(read()) == ("ou:/Sales/Berlin",)
    assert readings.regrouped(("vip", "ou:/Old"), read()) == ("vip", "ou:/Sales/Berlin")
    assert readings.regrouped(("vip", "ou:/Old"), read(orgUnitPath=None)) == ("vip",)


@pytest.mark.parametrize(
    ("more", "capabilities"),
    [
        ({"deviceLicenseType": "kioskUpgrade"}, ("kiosk",)),
        ({"recentUsers": [{"type": "USER_TYPE_UNMANAGED"}]}, ()),
        ({"recentUsers": [], "chromeOsType": "chromeOsFlex"}, ("chromeos-flex",)),
    ],
)
def test_capabilities(more: dict[str, Any], capabilities: tuple[str, ...]) -> None:
    assert readings.attributes(read(**more))["capabilities"] == capabilities


def test_where_and_when_people_used_it_is_not_kept() -> None:
    told = read(lastKnownNetwork=[{"ipAddress": "10.1.2.3", "wanIpAddress": "203.0.113.7"}],
                activeTimeRanges=[{"activeTime": 1_234_567, "date": "2031-05-01"}])  # fmt: skip
    kept = str(readings.reading(told))
    assert "203.0.113.7" not in kept
    assert "10.1.2.3" not in kept
    assert "1234567" not in kept


def test_status() -> None:
    assert read(status="DISABLED").managed
    assert readings.facts(read(status="DISABLED"))["disabled"] is True
    gone = read(status="DEPROVISIONED")
    assert not gone.managed
    assert "disabled" not in readings.facts(gone)


def test_the_newest_report_counts() -> None:
    said = {
        "deviceId": "d-1",
        "batteryStatusReport": [
            {"reportTime": "2031-05-01T10:00:00Z", "batteryHealth": "BATTERY_REPLACE_NOW",
             "sample": [{"reportTime": "2031-05-01T10:00:00Z", "chargeRate": 10}]},
            {"reportTime": "2031-05-02T10:00:00Z", "batteryHealth": "BATTERY_HEALTH_NORMAL",
             "sample": [{"reportTime": "2031-05-02T09:00:00Z", "chargeRate": 20},
                        {"reportTime": "2031-05-02T10:00:00Z", "chargeRate": 83}]},
        ],
        "storageInfo": {"totalDiskBytes": "2000", "availableDiskBytes": "50"},
        "osUpdateStatus": [{"updateState": "OS_UPDATE_NEED_REBOOT"}],
        "memoryInfo": {"totalMemoryEncryption": {"encryptionState": "MEMORY_ENCRYPTION_STATE_TME"}},
        "kioskAppStatusReport": [{"appId": "app", "appVersion": "1"}],
    }  # fmt: skip
    document("chromemanagement.v1").check("GoogleChromeManagementV1TelemetryDevice", said)
    found = measured.read(said)
    facts = readings.facts(read(), found)
    assert (facts["battery"], facts["storage_total"], facts["storage_free"]) == (0.83, 2000, 50)
    assert facts["restart_needed"] is True
    assert facts["memory_encrypted"] is True
    sections = readings.sections(read(), found)
    assert sections["device"]["battery_health"] == "BATTERY_HEALTH_NORMAL"
    assert sections["apps"] == [{"id": "app", "version": "1", "source": "kiosk"}]
    assert "kiosk" in readings.attributes(read(), found)["capabilities"]


def test_links_are_https_and_the_newest_file_comes_first() -> None:
    told = read(deviceFiles=[
        {"name": "a", "downloadUrl": "https://example.test/a", "createTime": "2031-05-01T10:00:00Z", "type": "LOG"},
        {"name": "b", "downloadUrl": "javascript:alert(1)", "createTime": "2031-05-02T10:00:00Z", "type": "LOG"},
    ])  # fmt: skip
    assert [(file.name, file.url) for file in told.files] == [("b", ""), ("a", "https://example.test/a")]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*VERIFIED, "sample", "disk"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
NAMES = [*VERIFIED, "autoUpdateThrough", "cpuInfo", "deviceFiles", "batteryStatusReport", "memoryInfo", "networkInfo",
         "osUpdateStatus", "storageStatusReport", "kioskAppStatusReport"]  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), anything, max_size=6))
def test_whatever_comes_is_read(said: dict[str, Any]) -> None:
    found = readings.reading(reported.read(said), measured.read(said))
    assert len(str(found.sections)) < 100_000
    assert "\n" not in str(found.attributes["capabilities"])
