"""Erases a company's device as a whole (WIPE).

Google's wipeReason is for personal devices, which are never erased: see leaving.py.
"""

from typing import Any

from pydantic import Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.android.actions.modes import COMPANY_WORK_PROFILE, WHOLE
from chalicelib.platforms.android.actions.versions import ANY
from chalicelib.platforms.parameters import Parameters

FLAGS = {
    "keep_reset_protection": "PRESERVE_RESET_PROTECTION_DATA",
    "external_storage": "WIPE_EXTERNAL_STORAGE",
    "esims": "WIPE_ESIMS",
}
PROFILE_ONLY = (
    "Only the work profile of a personal device is managed, and the rest is its user's. "
    "Retire it: that removes the work profile alone."
)


class Params(Parameters):
    keep_reset_protection: bool = Field(
        False,
        strict=True,
        description="Android: afterwards only an account that factory reset protection knows opens it.",
    )
    external_storage: bool = Field(False, strict=True, description="Android: erase SD cards and the like, too.")
    esims: bool = Field(False, strict=True, description="Android: remove all eSIMs, too.")

    def flags(self) -> list[str] | None:
        return [flag for name, flag in FLAGS.items() if getattr(self, name)] or None


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    flags = params.flags()
    details: dict[str, Any] | None = {"wipeDataFlags": flags} if flags else None
    return wire.prepared(command_id, wire.command("WIPE", wipeParams=details), params.shown())


ACTION = Action(
    name="erase",
    request_type="WIPE",
    title="Reset the device to factory state, the private side of a company's device too; it cannot be undone.",
    build=build,
    params=Params,
    since=dict.fromkeys((*WHOLE, COMPANY_WORK_PROFILE), ANY),
    elsewhere=PROFILE_ONLY,
    permission="command.destructive",
    once=True,
    parks=True,
    priority=0,
    personal=(
        "It is held as personal, and a personal device is not erased as a whole: "
        "set its ownership to corporate if it belongs to the organisation."
    ),
)
