"""Shuts a device down (Apple mdm/commands/device.shutdown.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import MACOS, Since, mobile

ACTION = Action(
    name="shut-down",
    request_type="ShutDownDevice",
    title="Shut the device down; somebody has to switch it on again.",
    systems={**mobile("10.3", supervised=True), MACOS: Since("10.13")},
    build=bare("ShutDownDevice"),
    priority=3,
)
