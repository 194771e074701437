"""Makes a PC come at once: the command waits in its queue, a push wakes it, and it is done when the PC came."""

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.model.enrollment import Enrollment
from chalicelib.platforms.parameters import NoParameters
from chalicelib.platforms.reading import Reading
from chalicelib.platforms.windows import catalogue, jobs, readings
from chalicelib.platforms.windows.actions.action import Action, Values
from chalicelib.platforms.windows.jobs import Job


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return jobs.prepared(command_id, Job((catalogue.DEV_DETAIL["SwV"].get(),)), {"comes": _when(house, device)})


def _when(house: House, device: Device) -> str:
    """What the administrator may expect."""
    enrollment = house.store.find(Enrollment, device.enrollment_id)
    pushed = enrollment is not None and enrollment.push.get("channel") and not enrollment.push_failed_at
    return "now, if it is on: it is pushed" if pushed else "at its next poll: it has no push channel"


def read(device: Device, values: Values) -> Reading:
    version = readings.version(values)
    return Reading(attributes=version, result=version)


ACTION = Action(
    name="sync",
    permission="command.request",
    request_type="Sync",
    title="Have the PC come now; without a push channel it comes at its next poll.",
    build=build,
    priority=1,
    read=read,
)
