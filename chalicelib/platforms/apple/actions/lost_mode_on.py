"""Puts a device into Lost Mode (Apple mdm/commands/device.lostmode.enable.yaml)."""

from typing import Self

from pydantic import Field, model_validator

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import mobile
from chalicelib.platforms.parameters import Line, Parameters, Text


class Params(Parameters):
    message: Text | None = Field(None, max_length=500, description="Shown on the lock screen; or give phone_number.")
    phone_number: Line | None = Field(None, max_length=50, description="Shown on the lock screen; or give message.")
    footnote: Line | None = Field(None, max_length=200, description="Shown in place of the unlock hint.")

    @model_validator(mode="after")
    def for_the_finder(self) -> Self:
        if self.message is None and self.phone_number is None:
            raise ValueError("give a message or a phone_number for whoever finds the device")
        return self


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    payload = wire.payload(
        command_id,
        ACTION.request_type,
        Message=params.message,
        PhoneNumber=params.phone_number,
        Footnote=params.footnote,
    )
    return wire.prepared(payload, params.shown())


ACTION = Action(
    name="lost-mode-on",
    permission="command.request",
    request_type="EnableLostMode",
    title="Lock the device and show a message for its finder, until lost-mode-off.",
    systems=mobile("9.3", supervised=True),
    params=Params,
    build=build,
    priority=1,
)
