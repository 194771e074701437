"""What waits for an Android device is handed to Google: first the policy that it is to have, then commands.

Google: Android Management API, enterprises.devices (patch, issueCommand) and its operations.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.core import delivery
from chalicelib.core.delivery import Outcome
from chalicelib.core.errors import Stale, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Poll, PushRefused
from chalicelib.model.command import Command
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.android import outcomes, policies
from chalicelib.platforms.google import desk
from chalicelib.platforms.google.client import ANDROID, call, quoted
from chalicelib.platforms.google.desk import Begun, Desk

ABSENT = "Google does not know this device any more."


def wake(house: House, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
    return desk.wake(DESK, house, enrollments)


def _do(house: House, enrollment: Enrollment, command: Command) -> Begun:
    errand = json.loads(delivery.payload(house, command))
    path = f"/v1/{quoted(enrollment.hardware_id)}"
    if "device" in errand:
        call(house, ANDROID, "PATCH", path, {"updateMask": errand["mask"]}, errand["device"])
        return Begun(until=errand["until"])
    operation = call(house, ANDROID, "POST", f"{path}:issueCommand", body=errand["command"])
    return Begun(str(operation.get("name", "")))


def _follow(house: House, enrollment: Enrollment, google_id: str) -> Outcome | None:
    return outcomes.outcome(call(house, ANDROID, "GET", f"/v1/{quoted(google_id)}"))


def _assign(house: House, poll: Poll) -> None:
    """Gives the device its policy, where it has another one than it is to have. What is wrong with it stops nothing."""
    enrollment = poll.enrollment
    known: Mapping[str, str] = enrollment.session.get("policy", {})
    device = house.store.get(Device, enrollment.device_id)
    try:
        wanted = policies.wanted(house, device)
    except Unprocessable:  # a placeholder has no value for this device; its administrators see it when they set it
        return
    if (known.get("name"), known.get("digest")) == (wanted.name, wanted.digest):
        return
    version = policies.push(house, wanted)
    path = f"/v1/{quoted(enrollment.hardware_id)}"
    if known.get("name") != wanted.name:
        call(house, ANDROID, "PATCH", path, {"updateMask": "policyName"}, {"policyName": wanted.name})
    told = {"name": wanted.name, "digest": wanted.digest, "version": version}
    try:
        house.store.replace(replace(enrollment, session={**enrollment.session, "policy": told}))
    except Stale:  # a report was faster: the next turn finds out, and Google takes the same twice
        return


DESK = Desk(_do, _follow, ABSENT, outcomes.ENDS, first=_assign)
