"""The rules that the fake holds us to, as Google documents them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.unit.google_fake_chrome.conftest import Customer

MY = "my_customer"
STATUS = "CHANGE_CHROME_OS_DEVICE_STATUS_ACTION_"
LOGOUT, PROXY = "chrome.users.ShowLogoutButton", "chrome.users.MaxConnectionsPerProxy"
INSTALL = "chrome.users.apps.InstallType"


def refused(call: Callable[[], Any]) -> int:
    with pytest.raises(HttpError) as error:
        call()
    return int(error.value.status_code)


def command(customer: Customer, book: str, kind: str, payload: Any = None) -> str:
    body = {"commandType": kind, **({"payload": json.dumps(payload)} if payload is not None else {})}
    return str(customer.commands.issueCommand(customerId=MY, deviceId=book, body=body).execute()["commandId"])


def state(customer: Customer, book: str, number: str) -> Any:
    return customer.commands.commands().get(customerId=MY, deviceId=book, commandId=number).execute()


def test_a_command_lives_step_by_step(customer: Customer) -> None:
    book = customer.book()
    number = command(customer, book, "REBOOT")
    states = [state(customer, book, number)["state"]]
    for _ in range(3):
        customer.control.post(f"/chromebooks/{book}/obey", steps=1)
        states.append(state(customer, book, number)["state"])
    assert states == ["PENDING", "SENT_TO_CLIENT", "ACKED_BY_CLIENT", "EXECUTED_BY_CLIENT"]
    assert state(customer, book, number)["commandResult"]["result"] == "SUCCESS"


def test_an_offline_device_lets_it_expire(customer: Customer) -> None:
    book = customer.book()
    customer.control.post(f"/chromebooks/{book}/offline", offline=True)
    number = command(customer, book, "REBOOT")
    customer.control.post(f"/chromebooks/{book}/obey")
    assert state(customer, book, number)["state"] == "PENDING"
    customer.control.advance(6 * 3600 + 1)
    assert state(Customer(customer.google), book, number)["state"] == "EXPIRED"


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("SET_VOLUME", None), ("SET_VOLUME", {"volume": 101}), ("SET_VOLUME", {"volume": "5"}), ("SET_VOLUME", {}),
     ("REBOOT", {"user_session_delay_seconds": 301}), ("WIPE_USERS", {"volume": 5}), ("COMMAND_TYPE_UNSPECIFIED", None),
     ("DEVICE_START_CRD_SESSION", {"crdSessionType": "secret"}),
     ("DEVICE_START_CRD_SESSION", {"ackedUserPresence": "yes"}),
     ("FETCH_SUPPORT_PACKET", {"supportPacketDetails": {"requestedDataCollectors": [24]}}),
     ("FETCH_SUPPORT_PACKET", {"supportPacketDetails": {"case": "1"}}), ("DANCE", None)],
)  # fmt: skip
def test_a_payload_that_does_not_fit(customer: Customer, kind: str, payload: Any) -> None:
    book = customer.book()
    assert refused(lambda: command(customer, book, kind, payload)) == 400


def test_pages_are_cut_at_300(customer: Customer) -> None:
    customer.control.post("/chromebooks/enroll", serial="PAGE", count=301)
    seen, token, sizes = set(), None, []
    while True:
        asked = {"pageToken": token} if token else {}
        found = customer.devices.list(customerId=MY, maxResults=5000, **asked).execute()
        sizes.append(len(found["chromeosdevices"]))
        seen |= {one["serialNumber"] for one in found["chromeosdevices"]}
        token = found.get("nextPageToken")
        if token is None:
            break
    assert sizes[0] == 300
    assert len([serial for serial in seen if serial.startswith("PAGE")]) == 301
    basic = customer.devices.list(customerId=MY, maxResults=1, projection="BASIC").execute()["chromeosdevices"][0]
    assert "osVersion" not in basic


def test_status_rules(customer: Customer) -> None:
    book = customer.book()

    def change(action: str, ids: list[str], **more: str) -> Any:
        body = {"changeChromeOsDeviceStatusAction": STATUS + action, "deviceIds": ids, **more}
        return customer.commands.batchChangeStatus(customerId=MY, body=body).execute()

    assert refused(lambda: change("DEPROVISION", [book])) == 400
    assert refused(lambda: change("DEPROVISION", [book], deprovisionReason="DEPROVISION_REASON_UNSPECIFIED")) == 400
    assert refused(lambda: change("DISABLE", [book], deprovisionReason="DEPROVISION_REASON_RETIRING_DEVICE")) == 400
    assert refused(lambda: change("DISABLE", [f"d{number}" for number in range(51)])) == 400
    (good, bad) = change("DISABLE", [book, "stranger"])["changeChromeOsDeviceStatusResults"]
    assert ("response" in good, "error" in good, bad["error"]["code"]) == (True, False, 5)
    change("DEPROVISION", [book], deprovisionReason="DEPROVISION_REASON_RETIRING_DEVICE")
    assert refused(lambda: command(customer, book, "REBOOT")) == 400


def test_fifty_devices_move_at_once(customer: Customer) -> None:
    unit = customer.units.insert(customerId=MY, body={"name": "Moved", "parentOrgUnitPath": "/"}).execute()
    made = customer.control.post("/chromebooks/enroll", serial="MOVE", count=51)["devices"]
    ids = [one["id"] for one in made]

    def move(some: list[str]) -> None:
        customer.devices.moveDevicesToOu(customerId=MY, orgUnitPath="/Moved", body={"deviceIds": some}).execute()

    assert refused(lambda: move(ids)) == 400
    assert refused(lambda: move([*ids[:3], "stranger"])) == 404
    move(ids[:50])
    found = customer.devices.list(customerId=MY, orgUnitPath="/Moved").execute()["chromeosdevices"]
    assert len(found) == 50
    assert found[0]["orgUnitId"] == unit["orgUnitId"].removeprefix("id:")


def test_a_patch_changes_what_it_names(customer: Customer) -> None:
    book = customer.book()
    before = customer.devices.patch(customerId=MY, deviceId=book, body={"notes": "N", "annotatedUser": "U"}).execute()
    after = customer.devices.patch(customerId=MY, deviceId=book, body={"notes": "", "serialNumber": "X"}).execute()
    assert (after["notes"], after["annotatedUser"], after["serialNumber"]) == ("", "U", before["serialNumber"])
    too_long = {"annotatedUser": "x" * 101}
    assert refused(lambda: customer.devices.patch(customerId=MY, deviceId=book, body=too_long).execute()) == 400


def test_telemetry_needs_a_mask_and_keeps_to_it(customer: Customer) -> None:
    customer.book()
    telemetry = customer.management.telemetry().devices()
    assert refused(lambda: telemetry.list(parent=f"customers/{MY}").execute()) == 400
    assert refused(lambda: telemetry.list(parent=f"customers/{MY}", readMask="passwords").execute()) == 400
    found = telemetry.list(parent=f"customers/{MY}", readMask="device_id,cpu_info").execute()["devices"][0]
    assert set(found) == {"deviceId", "cpuInfo"}


def test_only_people_may_ask(customer: Customer) -> None:
    alone = customer.api("admin.directory_v1", subject=None)
    assert refused(lambda: alone.chromeosdevices().list(customerId=MY).execute()) in (401, 403)
    assert refused(lambda: customer.devices.list(customerId="C0stranger").execute()) == 403


def modify(resource: str, schema: str, value: Any, mask: str | None = None, **keys: str) -> dict[str, Any]:
    target = {"targetResource": resource, **({"additionalTargetKeys": keys} if keys else {})}
    request = {"policyTargetKey": target, "policyValue": {"policySchema": schema, "value": value}}
    return request | ({"updateMask": ",".join(value) if mask is None else mask})


def write(customer: Customer, *requests: dict[str, Any], to: str = "orgunits") -> None:
    api = getattr(customer.policies.policies(), to)()
    api.batchModify(customer=f"customers/{MY}", body={"requests": list(requests)}).execute()


SHOWN = {"showLogoutButton": True}


def test_rules_of_a_batch(customer: Customer) -> None:
    here, there = f"orgunits/{customer.unit()}", f"orgunits/{customer.unit()}"
    app = {"appInstallType": "FORCED"}
    wrong: list[tuple[dict[str, Any], ...]] = [
        (modify(here, LOGOUT, SHOWN), modify(there, LOGOUT, SHOWN)),
        (modify(here, LOGOUT, SHOWN), modify(here, "chrome.devices.DeviceAllowNewUsers", {"userAllowlist": []})),
        (modify(here, LOGOUT, SHOWN), modify(here, LOGOUT, SHOWN)),
        (modify(here, LOGOUT, SHOWN, mask=""),),
        (modify(here, LOGOUT, SHOWN, mask="other"),),
        (modify(here, LOGOUT, {"showLogoutButton": "yes"}),),
        (modify(here, LOGOUT, SHOWN, app_id="a"),),
        (modify(here, INSTALL, app),),
        (modify(here, INSTALL, {"appInstallType": "PERHAPS"}, app_id="a"),),
        (modify(here, PROXY, {"maxConnectionsPerProxy": "100"}),),
        (modify("groups/g", LOGOUT, SHOWN),),
        (modify("orgunits/nowhere", LOGOUT, SHOWN),),
        (modify(here, "chrome.users.Invented", {"a": 1}),),
        (),
    ]
    for requests in wrong:
        assert refused(lambda these=requests: write(customer, *these)) == 400, requests
    write(customer, modify(here, INSTALL, app, app_id="a"), modify(here, INSTALL, app, app_id="b"))
    of_groups = [modify("groups/g", INSTALL, app, app_id=name) for name in "ab"]
    assert refused(lambda: write(customer, *of_groups, to="groups")) == 400


def test_a_mask_leaves_the_rest(customer: Customer) -> None:
    here = f"orgunits/{customer.unit()}"
    both = {"deviceAllowNewUsers": "RESTRICTED_LIST", "userAllowlist": ["a@example.com"]}
    write(customer, modify(here, "chrome.devices.DeviceAllowNewUsers", both))
    other = {"deviceAllowNewUsers": "ALLOW_ALL", "userAllowlist": ["b@example.com"]}
    write(customer, modify(here, "chrome.devices.DeviceAllowNewUsers", other, mask="deviceAllowNewUsers"))
    asked = {"policyTargetKey": {"targetResource": here}, "policySchemaFilter": "chrome.devices.*"}
    (row,) = customer.policies.policies().resolve(customer=f"customers/{MY}", body=asked).execute()["resolvedPolicies"]
    assert row["value"]["value"] == {"deviceAllowNewUsers": "ALLOW_ALL", "userAllowlist": ["a@example.com"]}


def test_thirty_writes_a_minute(customer: Customer) -> None:
    here = f"orgunits/{customer.unit()}"
    for _ in range(30):
        write(customer, modify(here, LOGOUT, SHOWN))
    assert refused(lambda: write(customer, modify(here, LOGOUT, SHOWN))) == 429


def test_a_device_that_enrolls_again_is_the_same(customer: Customer) -> None:
    first = customer.book(serial="AGAIN")
    body = {"changeChromeOsDeviceStatusAction": STATUS + "DISABLE", "deviceIds": [first]}
    customer.commands.batchChangeStatus(customerId=MY, body=body).execute()
    assert customer.book(serial="AGAIN") == first
    assert customer.devices.get(customerId=MY, deviceId=first).execute()["status"] == "ACTIVE"
