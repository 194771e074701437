"""Zero-touch enrollment, the customer's side."""

from __future__ import annotations

import json
from typing import Any

import pytest
from googleapiclient.errors import HttpError

SCOPE = "https://www.googleapis.com/auth/androidworkzerotouchemm"
CONTACT = {"companyName": "Example", "contactEmail": "it@example.com", "contactPhone": "+1 555 0100"}


def refused(request: Any) -> int:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.status_code)


@pytest.fixture
def portal(bound: Any, control: Any) -> Any:
    """(customers(), the customer, its two devices, a body for a configuration)"""
    phones = [{"serialNumber": f"{bound.customer.project}-{number}", "manufacturer": "Google"} for number in (1, 2)]
    sold = control.zerotouch(bound.customer.key["client_email"], phones)
    customers = bound.customer.client("androiddeviceprovisioning.v1", scope=SCOPE).customers()
    dpc = customers.dpcs().list(parent=sold["customer"]).execute()["dpcs"][0]
    assert dpc["packageName"] == "com.google.android.apps.work.clouddpc"
    code = json.loads(bound.ticket(duration="864000s")["qrCode"])
    extras = {key: one for key, one in code.items() if key.endswith("EXTRAS_BUNDLE")}
    body = CONTACT | {"configurationName": "all", "dpcResourcePath": dpc["name"], "dpcExtras": json.dumps(extras)}
    return customers, sold["customer"], sold["devices"], body


def test_a_phone_enrolls_by_itself(portal: Any, bound: Any, control: Any) -> None:
    customers, customer, devices, body = portal
    made = customers.configurations().create(parent=customer, body=body).execute()
    found = customers.devices().list(parent=customer).execute()["devices"]
    assert sorted(one["name"] for one in found) == sorted(devices)
    serial = found[0]["deviceIdentifier"]["serialNumber"]
    apply = {"configuration": made["name"], "device": {"deviceIdentifier": found[0]["deviceIdentifier"]}}
    customers.devices().applyConfiguration(parent=customer, body=apply).execute()
    assert customers.devices().get(name=found[0]["name"]).execute()["configuration"] == made["name"]
    device = bound.device(control.enroll(zerotouch=serial, serial=serial)["device"])
    assert (device["ownership"], device["hardwareInfo"]["serialNumber"]) == ("COMPANY_OWNED", serial)
    assert refused(customers.configurations().delete(name=made["name"])) == 400
    body = {"device": {"deviceId": found[0]["deviceId"]}}
    customers.devices().removeConfiguration(parent=customer, body=body).execute()
    customers.configurations().delete(name=made["name"]).execute()
    assert customers.configurations().list(parent=customer).execute() == {}


def test_one_configuration_is_the_default(portal: Any, bound: Any, control: Any) -> None:
    customers, customer, _, body = portal
    configurations = customers.configurations()
    first = configurations.create(parent=customer, body=body | {"isDefault": True}).execute()
    second = configurations.create(parent=customer, body=body).execute()
    configurations.patch(name=second["name"], body={"isDefault": True}, updateMask="isDefault").execute()
    assert configurations.get(name=first["name"]).execute()["isDefault"] is False
    new = [{"serialNumber": "N1", "manufacturer": "Google"}]
    sold = control.zerotouch(bound.customer.key["client_email"], new, customer.removeprefix("customers/"))
    device = customers.devices().get(name=sold["devices"][0]).execute()
    assert device["configuration"] == second["name"]


def test_a_patch_needs_a_mask_and_leaves_the_rest(portal: Any) -> None:
    customers, customer, _, body = portal
    made = customers.configurations().create(parent=customer, body=body).execute()
    patch = customers.configurations().patch
    assert refused(patch(name=made["name"], body=body)) == 400
    said = patch(name=made["name"], body={"customMessage": "Hello"}, updateMask="customMessage").execute()
    assert said == made | {"customMessage": "Hello"}
    assert refused(patch(name=made["name"], body={}, updateMask="contactEmail")) == 400


@pytest.mark.parametrize("missing", ["configurationName", "dpcResourcePath", "companyName", "contactEmail"])
def test_a_configuration_is_whole(portal: Any, missing: str) -> None:
    customers, customer, _, body = portal
    body = {key: one for key, one in body.items() if key != missing}
    assert refused(customers.configurations().create(parent=customer, body=body)) == 400


def test_customers_are_for_their_users(portal: Any, bound: Any) -> None:
    customers, customer, _, _ = portal
    assert [one["name"] for one in customers.list(pageSize=10).execute()["customers"]] == [customer]
    stranger = (
        type(bound.customer)(bound.customer.google).client("androiddeviceprovisioning.v1", scope=SCOPE).customers()
    )
    assert stranger.list(pageSize=10).execute() == {}
    assert refused(stranger.configurations().list(parent=customer)) == 403
    unscoped = bound.customer.client("androiddeviceprovisioning.v1").customers()
    assert refused(unscoped.list(pageSize=10)) == 403
