"""Fetches the Activation Lock bypass code into escrow (Apple mdm/commands/device.activationlock.bypasscode.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import MACOS, VISIONOS, Since, mobile

NOT_SHARED = "A Shared iPad has no Activation Lock bypass code."

ACTION = Action(
    name="activation-lock-bypass",
    request_type="ActivationLockBypassCode",
    title="Fetch the Activation Lock bypass code into escrow; it exists for 15 days after supervision.",
    systems={
        **mobile("7.1", supervised=True),
        MACOS: Since("10.15", supervised=True),
        VISIONOS: Since("2.0", supervised=True),
    },
    build=bare("ActivationLockBypassCode"),
    shared_ipad=NOT_SHARED,
)
