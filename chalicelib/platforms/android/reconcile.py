"""What Google knows is compared with what we know, for pushes get lost: a page a step, so that it can stop and go on.

Google: Android Management API, enterprises.devices.list (at most 100 a page) and get. First all pages are taken in as
if each device had reported. Then ours are gone through: one that no page named is asked for by its name, and has left
only if Google says that it does not know it. So a page that fails, or a device that moves between pages, unenrolls
nobody.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.core import channels, google_settings
from chalicelib.core.house import House
from chalicelib.model.device import Device, Platform
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.android import intake, reports
from chalicelib.platforms.google.client import ANDROID, GoogleAbsent, call, page, quoted

PAGE = 100  # what Google gives at most
OURS = 100  # records of a step; those that no page named are asked for one by one
LISTED = "google/android-{run}.txt"  # in the blob store: whom the pages named, 16 hex digits each
GONE = "Google does not know the device any more"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run stands; it travels in a queue message. `phase`: devices, then ours."""

    run: str
    phase: str = "devices"
    token: str = ""
    cursor: str = ""

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Step":
        return cls(**{name: str(said.get(name, "")) for name in ("run", "phase", "token", "cursor")})

    def body(self) -> dict[str, str]:
        return asdict(self)


def step(house: House, at: Step) -> Step | None:
    """Does one step and says which is the next; None at the end. GoogleBusy: the same step again, later."""
    enterprise = google_settings.enterprise(house)
    if not enterprise:
        return None
    return _devices(house, enterprise, at) if at.phase == "devices" else _ours(house, at)


def _devices(house: House, enterprise: str, at: Step) -> Step:
    found, following = page(
        house, ANDROID, f"/v1/{quoted(enterprise)}/devices", {"pageSize": PAGE}, "devices", at.token
    )
    told = [reports.read(each) for each in found]
    for report in told:
        intake.take(house, report)
    known = house.blobs.get(_place(at)) if at.token else b""
    house.blobs.put(_place(at), known + b"".join(_mark(report.name) for report in told))
    return Step(at.run, "devices", following) if following else Step(at.run, "ours")


def _place(at: Step) -> str:
    return LISTED.format(run=at.run)


def _mark(name: str) -> bytes:
    return hashlib.sha256(name.encode()).hexdigest()[:16].encode() + b"\n"


def _ours(house: House, at: Step) -> Step | None:
    listed = frozenset(house.blobs.get(_place(at)).splitlines())
    devices = house.store.listing(Device, limit=OURS, cursor=at.cursor)
    ids = [device.enrollment_id for device in devices.items if device.platform is Platform.ANDROID]
    for enrollment in house.store.get_many(Enrollment, *ids) if ids else ():
        if enrollment.live and _mark(enrollment.hardware_id).strip() not in listed:
            _look_up(house, enrollment)
    return Step(at.run, "ours", cursor=devices.cursor) if devices.cursor else None


def _look_up(house: House, enrollment: Enrollment) -> None:
    try:
        found = call(house, ANDROID, "GET", f"/v1/{quoted(enrollment.hardware_id)}")
    except GoogleAbsent:
        channels.leave(house, enrollment, GONE)
        return
    intake.take(house, reports.read(found))
