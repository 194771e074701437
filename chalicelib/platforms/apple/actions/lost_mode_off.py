"""Ends Lost Mode (Apple mdm/commands/device.lostmode.disable.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import mobile

ACTION = Action(
    name="lost-mode-off",
    permission="command.request",
    request_type="DisableLostMode",
    title="End Lost Mode.",
    systems=mobile("9.3", supervised=True),
    build=bare("DisableLostMode"),
    priority=2,  # after a lost-mode-on that waits beside it
)
