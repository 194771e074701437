"""Clears the bypass code on the device (Apple mdm/commands/device.activationlock.clearbypasscode.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.activation_lock_bypass import NOT_SHARED
from chalicelib.platforms.apple.actions.systems import MACOS, VISIONOS, Since, mobile

ACTION = Action(
    name="clear-activation-lock-bypass",
    request_type="ClearActivationLockBypassCode",
    title="Clear the Activation Lock bypass code on the device; the escrowed one stays.",
    systems={
        **mobile("7.1", supervised=True),
        MACOS: Since("10.15", supervised=True),
        VISIONOS: Since("2.0", supervised=True),
    },
    build=bare("ClearActivationLockBypassCode"),
    shared_ipad=NOT_SHARED,
)
