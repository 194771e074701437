"""Asks Google what it knows of a Chromebook, at once: the Directory's record and the newest telemetry."""

from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.errands import REFRESH, Errand
from chalicelib.platforms.parameters import NoParameters


def build(params: NoParameters) -> Errand:
    return Errand(REFRESH)


ACTION = Action(
    name="device-information",
    request_type="DeviceInformation",
    title="Ask Google for what the device last reported.",
    build=build,
    priority=7,
)
