"""Switches Remote Desktop of a Mac off (Apple mdm/commands/remotedesktop.disable.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import MACOS, Since

ACTION = Action(
    name="remote-desktop-off",
    request_type="DisableRemoteDesktop",
    title="Switch Remote Desktop off.",
    systems={MACOS: Since("10.14.4", supervised=True)},
    build=bare("DisableRemoteDesktop"),
)
