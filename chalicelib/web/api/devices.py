"""Devices: list, find, look at, assign, retire, delete."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from chalicelib.core import devices, inventory
from chalicelib.core.devices import Seen
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.web.api import search, waiting
from chalicelib.web.api.common import Input, Listing, Moment, Paging, Text, View, Words
from chalicelib.web.problems import PreconditionFailed
from chalicelib.web.routing import Answer, Ask, Nothing

Group = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class DeviceQuery(Paging):
    platform: Platform | None = None
    status: DeviceStatus | None = None
    q: Text = Field("", description="Part of the name, serial, model or owner.")
    identifier: Text = Field("", description="Exactly this id, serial, UDID, enrollment id or name.")


class DeviceView(View):
    id: str
    name: str
    platform: Platform
    model: str
    model_name: str
    os_version: str
    os_build: str
    serial: str
    identifiers: dict[str, str]
    ownership: Ownership
    owner: str
    groups: list[str]
    status: DeviceStatus
    supervised: bool
    user_enrollment: bool
    facts: dict[str, Any] = Field(description="What the device reported of its posture.")
    facts_at: Moment
    created_at: Moment
    enrolled_at: Moment
    last_seen: Moment = Field(description="Written at most three times a day.")
    push: str = Field(description="Whether it can be woken: ok, none, or unreachable since a time.")
    version: int


class Section(View):
    at: Moment
    body: Any


class DeviceDetail(DeviceView):
    inventory: dict[str, Section]


class Devices(Listing):
    """A filter may leave a page short or empty while `next` is set: go on until it is null."""

    items: list[DeviceView]


class DeviceUpdate(Input):
    """Only what is named is changed."""

    owner: Text | None = None
    groups: list[Group] | None = Field(None, max_length=devices.GROUPS_MAX)
    ownership: Ownership | None = None
    name: Text | None = None

    @model_validator(mode="after")
    def _names_something(self) -> "DeviceUpdate":
        if not self.model_fields_set:
            raise ValueError("name at least one of owner, groups, ownership and name")
        return self


class Retirement(Input):
    reason: Words = ""
    now: bool = Field(False, description="Revoke the certificate at once instead of asking the device to leave first.")


class Removal(Input):
    reason: Words = ""


def view(seen: Seen) -> DeviceView:
    return DeviceView.of(seen.device, **_contact(seen))


def _contact(seen: Seen) -> dict[str, Any]:
    return {"last_seen": seen.last_seen, "push": waiting.push(seen.enrollment)}


def index(ask: Ask[DeviceQuery]) -> Devices:
    seen, cursor = search.devices(ask.house, ask.principal, ask.given)
    return Devices(items=[view(one) for one in seen], next=cursor or None)


def show(ask: Ask[Nothing]) -> Answer:
    seen = devices.view(ask.house, ask.principal, ask.path["device_id"])
    held = inventory.read(ask.house, seen.device.id)
    detail = DeviceDetail.of(seen.device, **_contact(seen), inventory=held)
    return Answer(detail, headers=_etag(seen.device))


def update(ask: Ask[DeviceUpdate]) -> Answer:
    device_id, wish = ask.path["device_id"], ask.given
    expected = _expected_version(ask, device_id)
    device = devices.update(
        ask.house, ask.principal, device_id, owner=wish.owner, groups=wish.groups, ownership=wish.ownership,
        name=wish.name, expected_version=expected,
    )  # fmt: skip
    return Answer(view(devices.view(ask.house, ask.principal, device_id)), headers=_etag(device))


def retire(ask: Ask[Retirement]) -> Answer:
    device = devices.retire(ask.house, ask.principal, ask.path["device_id"], ask.given.reason, now=ask.given.now)
    return Answer(view(devices.view(ask.house, ask.principal, device.id)), headers=_etag(device))


def delete(ask: Ask[Removal]) -> Answer:
    devices.delete(ask.house, ask.principal, ask.path["device_id"], ask.given.reason)
    return Answer(status=204)


def _etag(device: Device) -> dict[str, str]:
    return {"ETag": f'"{device.version}"'}


def _expected_version(ask: Ask[Any], device_id: str) -> int | None:
    wanted = ask.headers.get("if-match", "*").strip()
    if wanted == "*":
        return None
    current = ask.house.store.get(Device, device_id).version
    if wanted != f'"{current}"':
        raise PreconditionFailed("The device was changed meanwhile; read it again and decide anew.")
    return current
