"""Locks the screen (LOCK)."""

from chalicelib.platforms.android.actions.action import Action, bare

ACTION = Action(
    name="lock",
    request_type="LOCK",
    title="Lock the screen at once; a work profile with a lock of its own is locked alone.",
    build=bare("LOCK"),
    parks=True,
    priority=0,
)
