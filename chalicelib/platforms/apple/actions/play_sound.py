"""Plays a sound on a device in Lost Mode (Apple mdm/commands/device.lostmode.playsound.yaml)."""

from chalicelib.platforms.apple.actions.action import Action, bare
from chalicelib.platforms.apple.actions.systems import mobile

ACTION = Action(
    name="play-sound",
    permission="command.request",
    request_type="PlayLostModeSound",
    title="Play a sound on the device; it has to be in Lost Mode.",
    systems=mobile("10.3", supervised=True),
    build=bare("PlayLostModeSound"),
    priority=2,
)
