"""How a device is asked to leave by itself: only as far as that loses nothing of its user's."""

from chalicelib.core.errors import Conflict
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import modes, wire
from chalicelib.platforms.android.actions.wire import Document

# Google shows it before the work profile goes; at most 200 characters.
REASON = "Your organisation no longer manages this device. The work profile is removed; what is private stays."
ONLY_ERASED = (
    "A fully managed Android device leaves only by being erased: ask for `erase`, which resets it to factory state."
)


def leaving(device: Device) -> Document | None:
    """What to ask Google for; None where the management mode is not known. Conflict where it would be an erasure."""
    mode = modes.of(device)
    if mode in modes.WHOLE:
        raise Conflict(ONLY_ERASED)
    if mode == modes.COMPANY_WORK_PROFILE:
        return wire.command("RELINQUISH_OWNERSHIP")
    if mode == modes.WORK_PROFILE:  # WIPE resets a device that Google has as the company's, so never on a guess
        return wire.command("WIPE", wipeParams={"wipeReason": wire.said(REASON)})
    return None
