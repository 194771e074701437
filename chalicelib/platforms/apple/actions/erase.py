"""Erases a device (Apple mdm/commands/device.erase.yaml)."""

from typing import Any, Literal

from pydantic import Field

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import pin, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import IOS, IPADOS, MACOS, TVOS, VISIONOS, Since, mobile
from chalicelib.platforms.parameters import Data, Parameters


class ReturnToService(Parameters):
    """The device enrolls again by itself after the erasure."""

    wifi_profile: Data | None = Field(
        None,
        max_length=65_536,
        description="Wi-Fi profile installed after the erasure, base64; needed without Ethernet.",
    )
    enrollment_profile: Data | None = Field(
        None, max_length=65_536, description="Enrollment profile, base64; not needed with Automated Device Enrollment."
    )

    def wire(self) -> dict[str, Any]:
        profiles = {"WiFiProfileData": self.wifi_profile, "MDMProfileData": self.enrollment_profile}
        return {"Enabled": True, **{name: profile for name, profile in profiles.items() if profile is not None}}


class Params(Parameters):
    preserve_data_plan: bool | None = Field(None, description="Keep the eSIM's data plan.")
    obliteration: Literal["Default", "DoNotObliterate", "ObliterateWithWarning", "Always"] | None = Field(
        None, description="What a Mac does where erasing all content and settings is not possible."
    )
    return_to_service: ReturnToService | None = Field(None, description="Enroll again by itself after the erasure.")

    def shown(self) -> dict[str, Any]:
        """A Wi-Fi profile holds a password, and an enrollment profile a challenge."""
        shown = self.model_dump(mode="json", exclude_unset=True, exclude={"return_to_service"})
        return {**shown, "return_to_service": True} if self.return_to_service else shown


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    back = params.return_to_service
    if back and not device.supervised and back.enrollment_profile is None:
        raise Unprocessable("return_to_service: an unsupervised device needs enrollment_profile to come back.")
    code, changes = pin.fresh(house, device, command_id)
    payload = wire.payload(
        command_id,
        ACTION.request_type,
        PIN=code,
        PreserveDataPlan=params.preserve_data_plan,
        ObliterationBehavior=params.obliteration,
        ReturnToService=back.wire() if back else None,
    )
    return wire.prepared(payload, params.shown(), secret=bool(code or back), changes=changes)


ACTION = Action(
    name="erase",
    request_type="EraseDevice",
    title="Erase everything on the device; it cannot be undone.",
    systems={**mobile("4.0"), MACOS: Since("10.7"), TVOS: Since("10.2"), VISIONOS: Since("1.1")},
    params=Params,
    build=build,
    permission="command.destructive",
    parks=True,
    priority=0,
    personal=(
        "A personal device is not erased as a whole. Retire it: that removes the organisation's data; "
        "or set its ownership to corporate if it belongs to the organisation."
    ),
    since={
        "preserve_data_plan": {IOS: "11.0", IPADOS: "11.0"},
        "obliteration": {MACOS: "12.0"},
        "return_to_service": {IOS: "17.0", IPADOS: "17.0", TVOS: "18.0"},
    },
)
