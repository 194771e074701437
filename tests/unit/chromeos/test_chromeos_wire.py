"""Our requests beside those that Google's own Python client would send for the same calls."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import DISCOVERY_DOC_DIR
from googleapiclient.http import HttpMock

from chalicelib.core.house import House
from chalicelib.platforms.chromeos import directory, networks, policies, reports, telemetry
from chalicelib.platforms.chromeos.actions.deprovision import REASONS
from chalicelib.platforms.chromeos.directory import Change
from chalicelib.platforms.chromeos.measured import READ_MASK
from chalicelib.platforms.chromeos.networks import Network
from chalicelib.platforms.chromeos.policy_batches import Batch, Setting, Target, batches
from chalicelib.platforms.google.client import GoogleBusy, GoogleRefused
from tests.unit.chromeos.office import Office

CUSTOMER, CUSTOMERS, DEVICE = "my_customer", "customers/my_customer", "0b3c-47/e"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
HERE, GROUP = Target("orgunits/03abc"), Target("groups/g1", {"app_id": "chrome:a"})
ON = {"allowForChromeDevices": True}


def oracle(name: str) -> Any:
    text = Path(DISCOVERY_DOC_DIR, f"{name}.json").read_text(encoding="utf-8")
    return build_from_document(json.loads(text), http=HttpMock())


def admin() -> Any:
    return oracle("admin.directory_v1")


def chromeos() -> Any:
    return admin().customer().devices().chromeos()


def policy() -> Any:
    return oracle("chromepolicy.v1").customers()


def measuring() -> Any:
    return oracle("chromemanagement.v1").customers()


def batch(*settings: Setting) -> Batch:
    (found,) = batches(settings)
    return found


MODIFY = batch(Setting("chrome.users.ShowLogoutButton", HERE, {"showLogoutButton": True}))
INHERIT = batch(Setting("chrome.users.ShowLogoutButton", HERE))
OF_GROUP = batch(Setting("chrome.users.apps.InstallType", GROUP, {"appInstallType": "FORCED"}))
NO_MORE = batch(Setting("chrome.users.apps.InstallType", GROUP))
WIFI = Network("Büro", "wifi", {"ssid": "Büro"}, {"AllowForChromeDevices": ON})
Case = tuple[Callable[[House], Any], Callable[[], Any]]

CASES: dict[str, Case] = {
    "devices": (
        lambda house: directory.devices(house, "next page=/+", "sync:2031-05-01.."),
        lambda: admin().chromeosdevices().list(
            customerId=CUSTOMER, maxResults=300, projection="FULL", query="sync:2031-05-01..",
            pageToken="next page=/+"),
    ),
    "device": (
        lambda house: directory.device(house, DEVICE),
        lambda: admin().chromeosdevices().get(customerId=CUSTOMER, deviceId=DEVICE, projection="FULL"),
    ),
    "annotate": (
        lambda house: directory.annotate(house, DEVICE, {"notes": "Büro 3"}),
        lambda: admin().chromeosdevices().patch(
            customerId=CUSTOMER, deviceId=DEVICE, projection="BASIC", body={"notes": "Büro 3"}),
    ),
    "move": (
        lambda house: directory.move(house, [DEVICE], "/Vertrieb & Büro"),
        lambda: admin().chromeosdevices().moveDevicesToOu(
            customerId=CUSTOMER, orgUnitPath="/Vertrieb & Büro", body={"deviceIds": [DEVICE]}),
    ),
    "status": (
        lambda house: directory.change_status(house, [DEVICE], Change.DEPROVISION, REASONS["retiring-device"]),
        lambda: chromeos().batchChangeStatus(customerId=CUSTOMER, body={
            "deviceIds": [DEVICE],
            "changeChromeOsDeviceStatusAction": "CHANGE_CHROME_OS_DEVICE_STATUS_ACTION_DEPROVISION",
            "deprovisionReason": "DEPROVISION_REASON_RETIRING_DEVICE"}),
    ),
    "issue": (
        lambda house: directory.issue(house, DEVICE, {"commandType": "SET_VOLUME", "payload": '{"volume": 5}'}),
        lambda: chromeos().issueCommand(
            customerId=CUSTOMER, deviceId=DEVICE, body={"commandType": "SET_VOLUME", "payload": '{"volume": 5}'}),
    ),
    "command": (
        lambda house: directory.command(house, DEVICE, "12345678901"),
        lambda: chromeos().commands().get(customerId=CUSTOMER, deviceId=DEVICE, commandId="12345678901"),
    ),
    "org units": (
        lambda house: directory.org_units(house, "/Vertrieb"),
        lambda: admin().orgunits().list(customerId=CUSTOMER, orgUnitPath="/Vertrieb", type="all"),
    ),
    "add org unit": (
        lambda house: directory.add_org_unit(house, "Büro", "/Vertrieb"),
        lambda: admin().orgunits().insert(customerId=CUSTOMER, body={"name": "Büro", "parentOrgUnitPath": "/Vertrieb"}),
    ),
    "telemetry": (
        lambda house: telemetry.devices(house, "t", 1_900_000_000),
        lambda: measuring().telemetry().devices().list(
            parent=CUSTOMERS, readMask=READ_MASK, pageSize=200, pageToken="t",
            filter="reports_timestamp>=1900000000000"),
    ),
    "telemetry of one": (
        lambda house: telemetry.device(house, "0b3c"),
        lambda: measuring().telemetry().devices().get(name=f"{CUSTOMERS}/telemetry/devices/0b3c", readMask=READ_MASK),
    ),
    "versions": (
        lambda house: reports.versions(house, "t", org_unit="03abc"),
        lambda: measuring().reports().countChromeVersions(
            customer=CUSTOMERS, pageSize=100, orgUnitId="03abc", pageToken="t"),
    ),
    "apps": (
        lambda house: reports.apps(house, "t", org_unit="03abc"),
        lambda: measuring().reports().countInstalledApps(
            customer=CUSTOMERS, pageSize=100, orgUnitId="03abc", orderBy="total_install_count desc", pageToken="t"),
    ),
    "end of updates": (
        lambda house: reports.ends_of_updates(house, "2031-05-01", "2032-05-01", org_unit="03abc"),
        lambda: measuring().reports().countChromeDevicesReachingAutoExpirationDate(
            customer=CUSTOMERS, minAueDate="2031-05-01", maxAueDate="2032-05-01", orgUnitId="03abc"),
    ),
    "schemas": (
        lambda house: policies.schemas(house, "name=chrome.users.*", "t"),
        lambda: policy().policySchemas().list(
            parent=CUSTOMERS, pageSize=100, filter="name=chrome.users.*", pageToken="t"),
    ),
    "schema": (
        lambda house: policies.schema(house, "chrome.users.ShowLogoutButton"),
        lambda: policy().policySchemas().get(name=f"{CUSTOMERS}/policySchemas/chrome.users.ShowLogoutButton"),
    ),
    "resolve": (
        lambda house: policies.effective(house, GROUP, "chrome.users.*", "t"),
        lambda: policy().policies().resolve(customer=CUSTOMERS, body={
            "policyTargetKey": {"targetResource": "groups/g1", "additionalTargetKeys": {"app_id": "chrome:a"}},
            "policySchemaFilter": "chrome.users.*", "pageSize": 100, "pageToken": "t"}),
    ),
    "modify": (
        lambda house: policies.send(house, MODIFY),
        lambda: policy().policies().orgunits().batchModify(customer=CUSTOMERS, body=MODIFY.body),
    ),
    "inherit": (
        lambda house: policies.send(house, INHERIT),
        lambda: policy().policies().orgunits().batchInherit(customer=CUSTOMERS, body=INHERIT.body),
    ),
    "modify for a group": (
        lambda house: policies.send(house, OF_GROUP),
        lambda: policy().policies().groups().batchModify(customer=CUSTOMERS, body=OF_GROUP.body),
    ),
    "no more for a group": (
        lambda house: policies.send(house, NO_MORE),
        lambda: policy().policies().groups().batchDelete(customer=CUSTOMERS, body=NO_MORE.body),
    ),
    "network": (
        lambda house: networks.define(house, HERE, WIFI),
        lambda: policy().policies().networks().defineNetwork(customer=CUSTOMERS, body={
            "targetResource": "orgunits/03abc", "name": "Büro", "settings": [
                {"policySchema": "chrome.networks.wifi.Details", "value": {"ssid": "Büro"}},
                {"policySchema": "chrome.networks.wifi.AllowForChromeDevices", "value": ON}]}),
    ),
    "certificate": (
        lambda house: networks.define_certificate(house, HERE, PEM, {"AllowForChromeDevices": ON}),
        lambda: policy().policies().networks().defineCertificate(customer=CUSTOMERS, body={
            "targetResource": "orgunits/03abc", "certificate": PEM, "settings": [
                {"policySchema": "chrome.networks.certificates.AllowForChromeDevices", "value": ON}]}),
    ),
    "network away": (
        lambda house: networks.remove(house, HERE, "{1-2}"),
        lambda: policy().policies().networks().removeNetwork(
            customer=CUSTOMERS, body={"targetResource": "orgunits/03abc", "networkId": "{1-2}"}),
    ),
    "certificate away": (
        lambda house: networks.remove_certificate(house, HERE, "{1-2}"),
        lambda: policy().policies().networks().removeCertificate(
            customer=CUSTOMERS, body={"targetResource": "orgunits/03abc", "networkId": "{1-2}"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_same_request(office: Office, name: str) -> None:
    ours, theirs = CASES[name]
    with contextlib.suppress(GoogleRefused, GoogleBusy):  # what the fake makes of it is another matter
        ours(office.house)
    asked = [one for one in office.google.control.requests() if one["host"] != "oauth2.googleapis.com"][-1]
    wanted = theirs()
    where = urlsplit(wanted.uri)
    assert asked["method"] == wanted.method
    assert (asked["host"], unquote(asked["path"])) == (where.hostname, unquote(where.path))
    assert asked["path"].count("/") == where.path.count("/"), "a slash in a name stays quoted"
    query = sorted(pair for pair in parse_qsl(where.query) if pair != ("alt", "json"))
    assert sorted(parse_qsl(asked["query"])) == query
    assert asked["body"] == (json.loads(wanted.body) if wanted.body else None)
