"""Gives a Mac a new FileVault recovery key (Apple mdm/commands/rotate.file.vault.key.yaml)."""

from typing import Any

from pydantic import Field

from chalicelib.core import escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions import filevault, wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import MACOS, Since
from chalicelib.platforms.parameters import Parameters, SecretLine

NO_KEY = (
    "No recovery key of this Mac is escrowed yet. Give `current` once: its present recovery key, or the password of a "
    "user who may unlock FileVault; later rotations need neither."
)


class Params(Parameters):
    current: SecretLine | None = Field(
        None,
        description="The present recovery key, or a FileVault user's password; the escrowed key where it is left out.",
        json_schema_extra={"writeOnly": True},
    )

    def shown(self) -> dict[str, Any]:
        return {"current": "given"} if self.current else {}


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    unlock = _unlock(house, device, params)
    certificate, bundle = filevault.reply_identity(house.clock())
    payload = wire.payload(
        command_id,
        ACTION.request_type,
        KeyType="personal",
        FileVaultUnlock={"Password": unlock.reveal()},
        ReplyEncryptionCertificate=certificate,
    )
    change = escrow.sealing(house, device.id, filevault.KIND, bundle, note=command_id)
    return wire.prepared(payload, params.shown(), secret=True, changes=(change,))


def _unlock(house: House, device: Device, params: Params) -> Secret[str]:
    if params.current is not None:
        return Secret(params.current.get_secret_value())
    held = escrow.current(house, device.id, "filevault_key", since=device.bound_at)
    if held is None:
        raise Unprocessable(NO_KEY)
    return Secret(held.reveal().decode())


ACTION = Action(
    name="rotate-filevault-key",
    request_type="RotateFileVaultKey",
    title="Give the Mac a new FileVault recovery key, which is escrowed; the old one no longer opens it.",
    systems={MACOS: Since("10.9")},
    params=Params,
    build=build,
)
