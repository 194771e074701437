"""Locks a device at once (Apple mdm/commands/device.lock.yaml)."""

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import pin, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import IOS, IPADOS, MACOS, VISIONOS, Since, mobile
from chalicelib.platforms.parameters import Line, Parameters, Text


class Params(Parameters):
    message: Text | None = Field(None, max_length=500, description="Shown on the lock screen.")
    phone_number: Line | None = Field(None, max_length=50, description="Shown on the lock screen.")


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    code, changes = pin.fresh(house, device, command_id)
    payload = wire.payload(
        command_id, ACTION.request_type, Message=params.message, PhoneNumber=params.phone_number, PIN=code
    )
    return wire.prepared(payload, params.shown(), secret=code is not None, changes=changes)


ACTION = Action(
    name="lock",
    permission="command.request",
    request_type="DeviceLock",
    title="Lock the device at once; a Mac restarts and asks for a six-digit PIN, which is escrowed.",
    systems={
        **mobile("4.0", user_enrollment=True),
        MACOS: Since("10.7"),
        VISIONOS: Since("2.0", user_enrollment=True),
    },
    params=Params,
    build=build,
    parks=True,
    priority=0,
    since={
        "message": {IOS: "7.0", IPADOS: "7.0", MACOS: "10.14"},
        "phone_number": {IOS: "7.0", IPADOS: "7.0", MACOS: "11.5"},
    },
)
