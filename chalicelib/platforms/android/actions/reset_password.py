"""Sets or removes the password of a device or of its work profile (RESET_PASSWORD).

Sources: androidmanagement.v1, Command; android.app.admin.DevicePolicyManager. Before Android 7 a work profile has no
lock of its own, so the password of the whole device would change. The flag for starting up is the device owner's.
"""

from typing import Any

from pydantic import Field, SecretStr, field_validator

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import modes, versions, wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.android.actions.modes import PROFILES, WHOLE
from chalicelib.platforms.android.actions.versions import ANDROID_7, ANDROID_14, ANY
from chalicelib.platforms.parameters import Parameters, SecretLine

SHORTEST, SHORTEST_NUMBER = 4, 6
FLAGS = {
    "require_entry": "REQUIRE_ENTRY",
    "no_password_on_boot": "DO_NOT_ASK_CREDENTIALS_ON_BOOT",
    "lock_now": "LOCK_NOW",
}


class Params(Parameters):
    new_password: SecretLine | None = Field(
        None,
        description="The new password, at least four characters; without one the present one is removed, where the "
        "policy allows that.",
        json_schema_extra={"writeOnly": True},
    )
    require_entry: bool = Field(False, strict=True, description="It cannot be reset again before it was entered.")
    no_password_on_boot: bool = Field(
        False,
        strict=True,
        description="The device starts up without asking for it, until it is reset to factory state.",
    )
    lock_now: bool = Field(False, strict=True, description="Lock it as well.")

    @field_validator("new_password")
    @classmethod
    def _long_enough(cls, password: SecretStr | None) -> SecretStr | None:
        if password is not None and len(password.get_secret_value()) < SHORTEST:
            raise ValueError(f"Android takes no password of less than {SHORTEST} characters")
        return password

    def shown(self) -> dict[str, Any]:
        flags = self.model_dump(mode="json", exclude_unset=True, exclude={"new_password"})
        return {**({"new_password": "given"} if self.new_password else {}), **flags}

    def flags(self) -> list[str] | None:
        return [flag for name, flag in FLAGS.items() if getattr(self, name)] or None


def refine(device: Device, params: Params) -> str:
    if params.no_password_on_boot and modes.of(device) in PROFILES:
        return "no_password_on_boot: only a fully managed device can be told so, and this one has a work profile."
    if params.new_password is None or not params.new_password.get_secret_value().isdecimal():
        return ""
    too_short = len(params.new_password.get_secret_value()) < SHORTEST_NUMBER
    if too_short and (versions.level(device) or ANY) >= ANDROID_14:
        return f"new_password: since Android 14 a number needs at least {SHORTEST_NUMBER} digits."
    return ""


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    password = params.new_password.get_secret_value() if params.new_password else None
    document = wire.command("RESET_PASSWORD", newPassword=password, resetPasswordFlags=params.flags())
    return wire.prepared(command_id, document, params.shown(), secret=password is not None)


ACTION = Action(
    name="reset-password",
    request_type="RESET_PASSWORD",
    title="Set or remove the password of the device or, where it has a work profile, of that.",
    build=build,
    params=Params,
    refine=refine,
    since={**dict.fromkeys(WHOLE, ANY), **dict.fromkeys(PROFILES, ANDROID_7)},
    once=True,  # a second one would undo what the user has set since
    priority=1,
)
