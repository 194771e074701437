"""Chromebooks and org units in Google's Directory (admin.directory_v1: chromeosdevices, orgunits, customer.devices).

Each function is one call. What Google refuses is raised as platforms.google.client words it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chalicelib.core.house import House
from chalicelib.platforms.chromeos import addresses, words
from chalicelib.platforms.chromeos.reported import Reported, read
from chalicelib.platforms.google.client import DIRECTORY, GoogleBusy, call, page

LIST = 300  # Google gives no more in one page
BATCH = 50  # nor changes more at once
_STATUS = "CHANGE_CHROME_OS_DEVICE_STATUS_ACTION_"


class Change(StrEnum):
    DISABLE = _STATUS + "DISABLE"
    REENABLE = _STATUS + "REENABLE"
    DEPROVISION = _STATUS + "DEPROVISION"


@dataclass(frozen=True, slots=True)
class OrgUnit:
    id: str
    path: str
    name: str
    parent: str


def devices(house: House, token: str = "", query: str = "") -> tuple[list[Reported], str]:
    """One page; `query` in Google's terms ("sync:2031-05-01..", "status:provisioned")."""
    asked: dict[str, str | int] = {"maxResults": LIST, "projection": "FULL", **({"query": query} if query else {})}
    found, following = page(house, DIRECTORY, addresses.devices(house), asked, "chromeosdevices", token)
    return [read(one) for one in found], following


def device(house: House, device_id: str) -> Reported:
    return read(call(house, DIRECTORY, "GET", addresses.device(house, device_id), {"projection": "FULL"}))


def annotate(house: House, device_id: str, notes: Mapping[str, str]) -> None:
    """Fields of ChromeOsDevice that are an administrator's to write; the others stay as they are."""
    call(house, DIRECTORY, "PATCH", addresses.device(house, device_id), {"projection": "BASIC"}, notes)


def move(house: House, device_ids: Sequence[str], org_unit: str) -> None:
    """Up to 50, into the org unit with this path."""
    query = {"orgUnitPath": org_unit}
    where = addresses.devices(house) + "/moveDevicesToOu"
    call(house, DIRECTORY, "POST", where, query, {"deviceIds": list(device_ids)})


def change_status(house: House, device_ids: Sequence[str], change: Change, reason: str = "") -> dict[str, str]:
    """Up to 50; device id → why it was not changed. The call succeeds where none of them was."""
    body: dict[str, Any] = {"deviceIds": list(device_ids), "changeChromeOsDeviceStatusAction": change.value}
    if reason:
        body["deprovisionReason"] = reason
    told = call(house, DIRECTORY, "POST", addresses.devices(house) + ":batchChangeStatus", {}, body)
    results = words.parts(told, "changeChromeOsDeviceStatusResults")
    changed = {words.text(one, "deviceId") for one in results if "response" in one and "error" not in one}
    errors = {words.text(one, "deviceId"): words.text(words.part(one, "error"), "message") for one in results}
    return {each: errors.get(each) or "Google did not say why." for each in device_ids if each not in changed}


def issue(house: House, device_id: str, command: Mapping[str, str]) -> str:
    """The id that the command is asked after by: Google keeps no list of commands."""
    told = call(house, DIRECTORY, "POST", addresses.device(house, device_id) + ":issueCommand", {}, command)
    given = words.text(told, "commandId", 32)
    if not given:
        raise GoogleBusy("Google took a command and told no id for it.")
    return given


def command(house: House, device_id: str, command_id: str) -> Mapping[str, Any]:
    """DirectoryChromeosdevicesCommand."""
    return call(house, DIRECTORY, "GET", addresses.command(house, device_id, command_id))


def org_units(house: House, below: str = "/") -> list[OrgUnit]:
    """All below a path; Google gives them at once."""
    told = call(house, DIRECTORY, "GET", addresses.org_units(house), {"orgUnitPath": below, "type": "all"})
    return [_org_unit(one) for one in words.parts(told, "organizationUnits", 10_000)]


def add_org_unit(house: House, name: str, parent: str = "/") -> OrgUnit:
    body = {"name": name, "parentOrgUnitPath": parent}
    return _org_unit(call(house, DIRECTORY, "POST", addresses.org_units(house), {}, body))


def _org_unit(said: Mapping[str, Any]) -> OrgUnit:
    return OrgUnit(
        words.text(said, "orgUnitId").removeprefix("id:"),
        words.text(said, "orgUnitPath"),
        words.text(said, "name"),
        words.text(said, "parentOrgUnitPath"),
    )
