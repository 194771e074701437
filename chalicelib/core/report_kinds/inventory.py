"""Every device that Muster knows: who it is, whose it is, what runs on it, when it was last heard of."""

from collections.abc import Iterator

from chalicelib.core.house import House
from chalicelib.core.report_kinds.kind import IDENTITY, Kind, Row, fleet, identity, moment

COLUMNS = (
    *IDENTITY,
    *("model", "model_name", "os_version", "os_build", "groups", "supervised", "udid"),
    *("enrolled_at", "last_seen", "facts_at"),
)


def rows(house: House) -> Iterator[Row]:
    for seen in fleet(house):
        device = seen.device
        yield {
            **identity(seen),
            "model": device.model,
            "model_name": device.model_name,
            "os_version": device.os_version,
            "os_build": device.os_build,
            "groups": ";".join(device.groups),
            "supervised": device.supervised,
            "udid": device.identifiers.get("udid") or device.identifiers.get("device_id", ""),
            "enrolled_at": moment(device.enrolled_at),
            "last_seen": moment(seen.last_seen),
            "facts_at": moment(device.facts_at),
        }


KIND = Kind("All devices", COLUMNS, rows)
