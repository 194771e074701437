"""Asks a Mac whether the escrowed recovery lock is the right one (Apple mdm/commands/passcode.recovery.verify.yaml)."""

from chalicelib.core import escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.set_recovery_lock import KIND, ON_INTEL
from chalicelib.platforms.apple.actions.systems import INTEL, MACOS, Since
from chalicelib.platforms.parameters import NoParameters


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    password = escrow.current(house, device.id, KIND, since=device.bound_at)
    if password is None:
        raise Unprocessable("No recovery lock is escrowed for this Mac; set one first (set-recovery-lock).")
    payload = wire.payload(command_id, ACTION.request_type, Password=password.reveal().decode())
    return wire.prepared(payload, {}, secret=True)


ACTION = Action(
    name="verify-recovery-lock",
    permission="command.request",
    request_type="VerifyRecoveryLock",
    title="Check that the escrowed recovery lock is the one that the Mac has.",
    systems={MACOS: Since("11.5")},
    build=build,
    lacking={INTEL: ON_INTEL},
)
