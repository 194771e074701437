"""Removes all users and their data; policy and enrollment stay (WIPE_USERS)."""

from chalicelib.platforms.chromeos.actions.action import Action, device_command

ACTION = Action(
    name="wipe-users",
    request_type="WIPE_USERS",
    title="Remove all users and their data from the device; it stays enrolled.",
    build=device_command("WIPE_USERS"),
    permission="command.destructive",
    once=True,
    parks=True,
    priority=0,
    personal="The users of a personal device are its owner's; retire the device instead.",
)
