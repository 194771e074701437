"""The fleet as Google knows it, page by page, so that it can stop and go on anywhere.

Two walks: the Directory tells which Chromebooks there are, telemetry what they measured; their pages do not run
alongside each other. A page tells of the devices in it and of no others: a device is gone when the Directory says so
of it (its status), never because a list did not have it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.core.house import House
from chalicelib.platforms.chromeos import directory, telemetry
from chalicelib.platforms.chromeos.measured import Measured
from chalicelib.platforms.chromeos.reported import Reported

PREFIX = "chromeos-"
OVERLAP = 86_400  # Google's queries know days, and it does not say in which zone


@dataclass(frozen=True, slots=True)
class ReportedPage:
    devices: tuple[Reported, ...]
    next: str  # "" on the last page


@dataclass(frozen=True, slots=True)
class MeasuredPage:
    devices: tuple[Measured, ...]
    next: str


def enrollment_id(device_id: str) -> str:
    return PREFIX + device_id


def sync_page(house: House, token: str = "", since: int = 0) -> ReportedPage:
    """The whole fleet, or what synchronised since (epoch seconds). A token is good for the same `since` only.

    What was disabled or deprovisioned since is found by the whole walk: such a device does not synchronise.
    """
    found, following = directory.devices(house, token, _query(since))
    return ReportedPage(tuple(one for one in found if one.device_id and one.serial), following)


def telemetry_page(house: House, token: str = "", since: int = 0) -> MeasuredPage:
    found, following = telemetry.devices(house, token, since)
    return MeasuredPage(tuple(one for one in found if one.device_id), following)


def _query(since: int) -> str:
    if not since:
        return ""
    day = datetime.fromtimestamp(since, UTC) - timedelta(seconds=OVERLAP)
    return f"sync:{day:%Y-%m-%d}.."
