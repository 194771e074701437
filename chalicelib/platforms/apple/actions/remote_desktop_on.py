"""Switches Remote Desktop of a Mac on (Apple mdm/commands/remotedesktop.enable.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import MACOS, Since

ACTION = Action(
    name="remote-desktop-on",
    request_type="EnableRemoteDesktop",
    title="Switch Remote Desktop on.",
    systems={MACOS: Since("10.14.4", supervised=True)},
    build=bare("EnableRemoteDesktop"),
)
