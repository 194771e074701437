"""How a device of the Android Management API is found here: its name there gives the id of its enrollment."""

import re
from hashlib import sha256

from chalicelib.core.errors import BadRequest

_DEVICE = re.compile(r"enterprises/[A-Za-z0-9._-]{1,64}/devices/[A-Za-z0-9._-]{1,128}")


def device_name(said: object) -> str:
    """ "enterprises/E/devices/D", also at the start of an operation's name. BadRequest."""
    found = _DEVICE.match(said) if isinstance(said, str) else None
    if found is None or said[found.end() : found.end() + 1] not in ("", "/"):  # type: ignore[index]
        raise BadRequest("This is no device of the Android Management API.")
    return found.group()


def enrollment_id(name: str) -> str:
    """From the device's name alone, so that a notification costs one read."""
    return "android-" + sha256(name.encode()).hexdigest()[:40]


def enterprise_of(name: str) -> str:
    return "/".join(name.split("/")[:2])
