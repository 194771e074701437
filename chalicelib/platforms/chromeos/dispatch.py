"""What waits for a Chromebook is handed to Google by platforms/google/desk.py; this is what is particular about it."""

from collections.abc import Mapping, Sequence

from chalicelib.core.delivery import Outcome
from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.model.command import Command
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.chromeos import directory, errands, outcomes
from chalicelib.platforms.google import desk
from chalicelib.platforms.google.desk import Begun, Desk

ABSENT = "Google does not know this device, or the org unit, any more."
ENDS: Mapping[str, str] = {"REMOTE_POWERWASH": "erased", "Deprovision": "deprovisioned"}


def wake(house: House, enrollments: Sequence[Enrollment]) -> Mapping[str, PushRefused | None]:
    return desk.wake(DESK, house, enrollments)


def _do(house: House, enrollment: Enrollment, command: Command) -> Outcome | Begun:
    return errands.do(house, enrollment.hardware_id, command)


def _follow(house: House, enrollment: Enrollment, google_id: str) -> Outcome | None:
    device_id = enrollment.hardware_id
    return outcomes.read(house, device_id, directory.command(house, device_id, google_id))


DESK = Desk(_do, _follow, ABSENT, ENDS)
