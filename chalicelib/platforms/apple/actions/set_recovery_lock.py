"""Sets, changes or clears the recoveryOS password of a Mac (Apple mdm/commands/passcode.recovery.set.yaml).

The password is ours: drawn by chance and escrowed unconfirmed until the Mac acknowledges it.
"""

import secrets

from pydantic import Field

from chalicelib.core import escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.command import Command
from chalicelib.model.device import Device
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import INTEL, MACOS, Since
from chalicelib.platforms.parameters import Parameters

KIND = "recovery_lock"
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # no two of them look alike: it is typed by hand in recoveryOS
ON_INTEL = "Only a Mac with Apple silicon has a recovery lock; this one has an Intel processor."


class Params(Parameters):
    clear: bool = Field(False, description="Remove the recovery lock instead of setting a new password.")


def new_password() -> str:
    """24 characters, about 118 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(6)) for _ in range(4))


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    _refuse_a_second(house, device)
    held = escrow.current(house, device.id, KIND, since=device.bound_at)
    if params.clear and held is None:
        raise Unprocessable("No recovery lock of this Mac is escrowed, so there is none that Muster could remove.")
    password = "" if params.clear else new_password()
    payload = wire.payload(
        command_id, ACTION.request_type, CurrentPassword=held.reveal().decode() if held else None, NewPassword=password
    )
    change = escrow.sealing(house, device.id, KIND, Secret(password.encode()), confirmed=False, note=command_id)
    return wire.prepared(payload, params.shown(), secret=True, changes=(change,))


def _refuse_a_second(house: House, device: Device) -> None:
    """The current password that a second one would have to name is not known before the first is answered."""
    waiting = (version.note for version in escrow.versions(house, device.id, KIND) if not version.confirmed)
    for note in waiting:
        command = house.store.find(Command, device.enrollment_id, note)
        if command is not None and command.open:
            raise Unprocessable(
                "Another change of the recovery lock is under way; wait until it is acknowledged, or cancel it."
            )


ACTION = Action(
    name="set-recovery-lock",
    request_type="SetRecoveryLock",
    title="Protect recoveryOS with a new password, which is escrowed.",
    systems={MACOS: Since("11.5")},
    params=Params,
    build=build,
    lacking={INTEL: ON_INTEL},
)
