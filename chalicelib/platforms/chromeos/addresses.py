"""Where Google keeps a customer's Chromebooks (admin.directory_v1, chromemanagement.v1, chromepolicy.v1: paths)."""

from urllib.parse import quote

from chalicelib.core.errors import BadRequest
from chalicelib.core.house import House
from chalicelib.platforms.google import service_account


def customer(house: House) -> str:
    """C…, or Google's alias for the customer of whoever asks. NotConnected."""
    return _segment(service_account.connection(house).customer)


def devices(house: House) -> str:
    return f"/admin/directory/v1/customer/{customer(house)}/devices/chromeos"


def device(house: House, device_id: str) -> str:
    return f"{devices(house)}/{_segment(device_id)}"


def command(house: House, device_id: str, command_id: str) -> str:
    return f"{device(house, device_id)}/commands/{_segment(command_id)}"


def org_units(house: House) -> str:
    return f"/admin/directory/v1/customer/{customer(house)}/orgunits"


def telemetry(house: House, device_id: str = "") -> str:
    listed = f"/v1/customers/{customer(house)}/telemetry/devices"
    return f"{listed}/{_segment(device_id)}" if device_id else listed


def policies(house: House, method: str) -> str:
    """`method` as it stands in the path: orgunits:batchModify, networks:defineNetwork …; or resolve."""
    return f"/v1/customers/{customer(house)}/policies{':' if ':' not in method else '/'}{method}"


def policy_schemas(house: House) -> str:
    return f"/v1/customers/{customer(house)}/policySchemas"


def reports(house: House, report: str) -> str:
    return f"/v1/customers/{customer(house)}/reports:{report}"


def _segment(name: str) -> str:
    """One name, never a way: a slash in it is quoted too."""
    if name in ("", ".", ".."):
        raise BadRequest("This is not the name of anything at Google.")
    return quote(name, safe="")
