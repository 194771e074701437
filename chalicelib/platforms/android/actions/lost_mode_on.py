"""Puts a device into lost mode (START_LOST_MODE): it rings, locks itself, and then tells where it is.

Google refuses it within twelve hours of a password reset or after the user left lost mode.
"""

from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import lost, wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.parameters import Line, Parameters, Text

Email = Annotated[Line, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
FIELDS = {
    "organization": "lostOrganization",
    "message": "lostMessage",
    "phone_number": "lostPhoneNumber",
    "address": "lostStreetAddress",
}


class Params(Parameters):
    message: Text | None = Field(None, max_length=500, description="Shown on the lock screen.")
    phone_number: Line | None = Field(None, max_length=50, description="Shown on the lock screen, to be called.")
    email: Email | None = Field(None, max_length=254, description="Shown on the lock screen.")
    address: Text | None = Field(None, max_length=500, description="Street address, shown on the lock screen.")
    organization: Line | None = Field(None, max_length=200, description="Whose device it is; else your organisation.")

    @model_validator(mode="after")
    def for_the_finder(self) -> Self:
        if not any((self.message, self.phone_number, self.email, self.address)):
            raise ValueError("give a message, phone_number, email or address for whoever finds the device")
        return self


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    texts = {name: getattr(params, name) for name in FIELDS}
    texts["organization"] = params.organization or house.settings.organization
    details: dict[str, Any] = {FIELDS[name]: wire.said(text) for name, text in texts.items() if text}
    if params.email:
        details["lostEmailAddress"] = params.email
    return wire.prepared(command_id, wire.command("START_LOST_MODE", startLostModeParams=details), params.shown())


ACTION = Action(
    name="lost-mode-on",
    request_type="START_LOST_MODE",
    title="Put the device into lost mode: it rings, locks itself and tells where it is until lost mode is off.",
    build=build,
    params=Params,
    since=lost.SINCE,
    elsewhere=lost.PROFILE_ONLY,
    priority=1,
    personal=lost.HELD,
)
