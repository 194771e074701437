"""What goes over the wire is what Google's own Python client would send for the same call."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httplib2
import pytest
from googleapiclient import discovery, discovery_cache

from chalicelib.core.house import House
from chalicelib.platforms.google import client
from chalicelib.platforms.google.client import (
    ANDROID,
    CHROME_MANAGEMENT,
    CHROME_POLICY,
    DIRECTORY,
    PROVISIONING,
    quoted,
)
from tests.unit.google.stand_in import PROJECT, TOPIC, StandIn

ENTERPRISE = "enterprises/LC01abcd"
DEVICE = f"{ENTERPRISE}/devices/3a5f_c-9"
POLICY = f"{ENTERPRISE}/policies/muster-office"
CUSTOMER = "customers/my_customer"
FLEET = "/admin/directory/v1/customer/my_customer"


@cache
def api(name: str, version: str) -> Any:
    return discovery.build(name, version, http=httplib2.Http(), static_discovery=True, cache_discovery=False)


def android() -> Any:
    return api("androidmanagement", "v1").enterprises()


def directory() -> Any:
    return api("admin", "directory_v1")


def chrome() -> Any:
    return api("chromepolicy", "v1").customers()


SIGN_UP = {"projectId": PROJECT, "callbackUrl": "https://console.example.test/android/back?state=a b&c"}
NEW = {"projectId": PROJECT, "signupUrlName": "signupUrls/C123", "enterpriseToken": "EA+/=="}
TOPICS = {"pubsubTopic": TOPIC, "enabledNotificationTypes": ["ENROLLMENT", "STATUS_REPORT", "COMMAND"]}
RULES = {"maximumTimeToLock": "300000", "passwordPolicies": [{"passwordMinimumLength": 6}], "cameraAccess": "Ä"}
INVITED = {"policyName": POLICY, "additionalData": "0" * 32, "duration": "3600s", "oneTimeOnly": True}
LOCK = {"type": "LOCK", "duration": "604800s"}
UNIT = "orgunits/03ph8a2z"
MANY = {
    "requests": [{"policyTargetKey": {"targetResource": UNIT}, "policySchema": "chrome.users.MaxConnectionsPerProxy"}]
}
BLANK = {"requests": []}
ZERO_TOUCH = {"configurationName": "Office", "dpcResourcePath": "customers/1/dpcs/a", "isDefault": True}

Theirs = Callable[[], Any]
CALLS: dict[str, tuple[Theirs, tuple[Any, ...]]] = {
    "signupUrls.create": (
        lambda: api("androidmanagement", "v1").signupUrls().create(**SIGN_UP),
        (ANDROID, "POST", "/v1/signupUrls", SIGN_UP),
    ),
    "enterprises.create": (
        lambda: android().create(body=TOPICS, **NEW),
        (ANDROID, "POST", "/v1/enterprises", NEW, TOPICS),
    ),
    "enterprises.patch": (
        lambda: android().patch(name=ENTERPRISE, updateMask="pubsubTopic,enabledNotificationTypes", body=TOPICS),
        (ANDROID, "PATCH", f"/v1/{quoted(ENTERPRISE)}", {"updateMask": "pubsubTopic,enabledNotificationTypes"}, TOPICS),
    ),
    "policies.patch": (
        lambda: android().policies().patch(name=POLICY, updateMask="maximumTimeToLock,cameraAccess", body=RULES),
        (ANDROID, "PATCH", f"/v1/{quoted(POLICY)}", {"updateMask": "maximumTimeToLock,cameraAccess"}, RULES),
    ),
    "enrollmentTokens.create": (
        lambda: android().enrollmentTokens().create(parent=ENTERPRISE, body=INVITED),
        (ANDROID, "POST", f"/v1/{quoted(ENTERPRISE)}/enrollmentTokens", None, INVITED),
    ),
    "devices.list": (
        lambda: android().devices().list(parent=ENTERPRISE, pageSize=100, pageToken="Cj+/=="),
        (ANDROID, "GET", f"/v1/{quoted(ENTERPRISE)}/devices", {"pageSize": 100, "pageToken": "Cj+/=="}),
    ),
    "devices.get": (lambda: android().devices().get(name=DEVICE), (ANDROID, "GET", f"/v1/{quoted(DEVICE)}")),
    "devices.patch": (
        lambda: android().devices().patch(name=DEVICE, updateMask="policyName", body={"policyName": POLICY}),
        (ANDROID, "PATCH", f"/v1/{quoted(DEVICE)}", {"updateMask": "policyName"}, {"policyName": POLICY}),
    ),
    "devices.delete": (
        lambda: android().devices().delete(name=DEVICE, wipeDataFlags=["PRESERVE_RESET_PROTECTION_DATA", "WIPE_ESIMS"]),
        (ANDROID, "DELETE", f"/v1/{quoted(DEVICE)}",
         {"wipeDataFlags": ["PRESERVE_RESET_PROTECTION_DATA", "WIPE_ESIMS"]}),
    ),
    "devices.issueCommand": (
        lambda: android().devices().issueCommand(name=DEVICE, body=LOCK),
        (ANDROID, "POST", f"/v1/{quoted(DEVICE)}:issueCommand", None, LOCK),
    ),
    "operations.get": (
        lambda: android().devices().operations().get(name=f"{DEVICE}/operations/17"),
        (ANDROID, "GET", f"/v1/{quoted(DEVICE)}/operations/17"),
    ),
    "webTokens.create": (
        lambda: android().webTokens().create(parent=ENTERPRISE, body={"parentFrameUrl": "https://c.example.test"}),
        (ANDROID, "POST", f"/v1/{quoted(ENTERPRISE)}/webTokens", None, {"parentFrameUrl": "https://c.example.test"}),
    ),
    "chromeosdevices.list": (
        lambda: directory().chromeosdevices().list(
            customerId="my_customer", maxResults=300, orgUnitPath="/Büro/A B", includeChildOrgunits=True,
            projection="FULL",
        ),
        (DIRECTORY, "GET", f"{FLEET}/devices/chromeos",
         {"maxResults": 300, "orgUnitPath": "/Büro/A B", "includeChildOrgunits": True, "projection": "FULL"}),
    ),
    "chromeosdevices.patch": (
        lambda: directory().chromeosdevices().patch(customerId="my_customer", deviceId="d1", body={"notes": "x"}),
        (DIRECTORY, "PATCH", f"{FLEET}/devices/chromeos/{quoted('d1')}", None, {"notes": "x"}),
    ),
    "moveDevicesToOu": (
        lambda: directory().chromeosdevices().moveDevicesToOu(
            customerId="my_customer", orgUnitPath="id:03ph8a2z", body={"deviceIds": ["a", "b"]}
        ),
        (DIRECTORY, "POST", f"{FLEET}/devices/chromeos/moveDevicesToOu", {"orgUnitPath": "id:03ph8a2z"},
         {"deviceIds": ["a", "b"]}),
    ),
    "batchChangeStatus": (
        lambda: directory().customer().devices().chromeos().batchChangeStatus(
            customerId="my_customer", body={"deviceIds": ["a"], "changeChromeOsDeviceStatusAction": "X"}
        ),
        (DIRECTORY, "POST", f"{FLEET}/devices/chromeos:batchChangeStatus", None,
         {"deviceIds": ["a"], "changeChromeOsDeviceStatusAction": "X"}),
    ),
    "chromeos.issueCommand": (
        lambda: directory().customer().devices().chromeos().issueCommand(
            customerId="my_customer", deviceId="d1", body={"commandType": "REBOOT", "payload": "{}"}
        ),
        (DIRECTORY, "POST", f"{FLEET}/devices/chromeos/{quoted('d1')}:issueCommand", None,
         {"commandType": "REBOOT", "payload": "{}"}),
    ),
    "chromeos.commands.get": (
        lambda: directory().customer().devices().chromeos().commands().get(
            customerId="my_customer", deviceId="d1", commandId="177"
        ),
        (DIRECTORY, "GET", f"{FLEET}/devices/chromeos/{quoted('d1')}/commands/177"),
    ),
    "orgunits.list": (
        lambda: directory().orgunits().list(customerId="my_customer", type="all"),
        (DIRECTORY, "GET", f"{FLEET}/orgunits", {"type": "all"}),
    ),
    "policies.resolve": (
        lambda: chrome().policies().resolve(customer=CUSTOMER, body={"pageSize": 100}),
        (CHROME_POLICY, "POST", f"/v1/{CUSTOMER}/policies:resolve", None, {"pageSize": 100}),
    ),
    "orgunits.batchModify": (
        lambda: chrome().policies().orgunits().batchModify(customer=CUSTOMER, body=MANY),
        (CHROME_POLICY, "POST", f"/v1/{CUSTOMER}/policies/orgunits:batchModify", None, MANY),
    ),
    "orgunits.batchInherit": (
        lambda: chrome().policies().orgunits().batchInherit(customer=CUSTOMER, body=BLANK),
        (CHROME_POLICY, "POST", f"/v1/{CUSTOMER}/policies/orgunits:batchInherit", None, BLANK),
    ),
    "policySchemas.list": (
        lambda: chrome().policySchemas().list(parent=CUSTOMER, filter="name=chrome.users.*", pageSize=1000),
        (CHROME_POLICY, "GET", f"/v1/{CUSTOMER}/policySchemas", {"filter": "name=chrome.users.*", "pageSize": 1000}),
    ),
    "telemetry.devices.list": (
        lambda: api("chromemanagement", "v1").customers().telemetry().devices().list(
            parent=CUSTOMER, readMask="name,deviceId,batteryInfo", pageSize=100, filter="serial_number=5CD 1"
        ),
        (CHROME_MANAGEMENT, "GET", f"/v1/{CUSTOMER}/telemetry/devices",
         {"readMask": "name,deviceId,batteryInfo", "pageSize": 100, "filter": "serial_number=5CD 1"}),
    ),
    "configurations.create": (
        lambda: api("androiddeviceprovisioning", "v1").customers().configurations().create(
            parent="customers/1", body=ZERO_TOUCH
        ),
        (PROVISIONING, "POST", "/v1/customers/1/configurations", None, ZERO_TOUCH),
    ),
    "devices.applyConfiguration": (
        lambda: api("androiddeviceprovisioning", "v1").customers().devices().applyConfiguration(
            parent="customers/1", body={"device": {"deviceId": "1"}, "configuration": "customers/1/configurations/2"}
        ),
        (PROVISIONING, "POST", "/v1/customers/1/devices:applyConfiguration", None,
         {"device": {"deviceId": "1"}, "configuration": "customers/1/configurations/2"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_the_same_request_as_googles_own_client(house: House, google: StandIn, name: str) -> None:
    theirs, ours = CALLS[name]
    wanted = theirs()
    address = urlsplit(wanted.uri)
    client.call(house, *ours)
    (seen,) = google.calls
    assert seen.method == wanted.method
    assert seen.path == f"/{address.netloc}{address.path}"
    asked = [pair for pair in parse_qsl(address.query, keep_blank_values=True) if pair != ("alt", "json")]
    assert sorted(parse_qsl(seen.query, keep_blank_values=True)) == sorted(asked)  # json goes without saying
    assert (json.loads(seen.body) if seen.body else None) == (json.loads(wanted.body) if wanted.body else None)
    if wanted.body:
        assert seen.headers["content-type"].split(";")[0] == wanted.headers["content-type"].split(";")[0]


@pytest.mark.parametrize("name", CALLS)
def test_the_scopes_are_ones_that_the_method_takes(house: House, google: StandIn, name: str) -> None:
    """Google's documents name them, but for zero-touch, whose document names none."""
    theirs, (api_of, *_) = CALLS[name]
    wanted = theirs()
    client.call(house, *CALLS[name][1])
    (claims,) = google.assertions
    assert set(claims["scope"].split()) == set(api_of.scopes)
    assert (claims.get("sub") == "director@example.com") is api_of.delegated
    scopes = _scopes(wanted.methodId)
    assert scopes is None or scopes & set(api_of.scopes)


@cache
def _scopes(method_id: str) -> frozenset[str] | None:
    name, *path, method = method_id.split(".")
    source = ("admin", "directory_v1") if name in ("directory", "admin") else (name, "v1")
    document = json.loads(discovery_cache.get_static_doc(*source))
    for part in path:
        document = document["resources"][part]
    found = document["methods"][method].get("scopes")
    return frozenset(found) if found else None


def test_names_become_one_path_and_no_other() -> None:
    awkward = "enterprises/a/policies/x y?z#ü%2F:v"
    assert unquote(quoted(awkward)) == awkward
    assert not set("?# ") & set(quoted(awkward))
    assert quoted(awkward).count("/") == 3
