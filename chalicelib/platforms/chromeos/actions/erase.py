"""Erases a Chromebook (REMOTE_POWERWASH): back to factory state, with its enrollment gone unless Google forces it."""

from chalicelib.platforms.chromeos.actions.action import Action, device_command

ACTION = Action(
    name="erase",
    request_type="REMOTE_POWERWASH",
    title="Reset the device to factory state (powerwash); it cannot be undone.",
    build=device_command("REMOTE_POWERWASH"),
    permission="command.destructive",
    once=True,
    parks=True,
    priority=0,
    personal=(
        "A personal device is not erased. Retire it: that ends its management; "
        "or set its ownership to corporate if it belongs to the organisation."
    ),
)
