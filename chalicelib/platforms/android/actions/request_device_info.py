"""Asks for the identifier of the eSIM chip (REQUEST_DEVICE_INFO, EID): the user has to approve it on the device."""

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.android.actions.modes import WORK_PROFILE
from chalicelib.platforms.android.actions.versions import ANDROID_13
from chalicelib.platforms.parameters import NoParameters


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    document = wire.command("REQUEST_DEVICE_INFO", requestDeviceInfoParams={"deviceInfo": "EID"})
    return wire.prepared(command_id, document, {})


ACTION = Action(
    name="request-device-info",
    request_type="REQUEST_DEVICE_INFO",
    title="Ask the user of a personal device to tell the identifier of its eSIM chip (EID).",
    build=build,
    since={WORK_PROFILE: ANDROID_13},
    elsewhere=(
        "Google asks for the eSIM's identifier on personal devices with a work profile only; "
        "read it on this device under Settings, About phone."
    ),
    priority=7,
)
