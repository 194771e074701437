"""How a device of the Android Management API is found here: its name there gives the id of its enrollment."""

import re
from hashlib import sha256

from chalicelib.core.errors import BadRequest

_DEVICE = re.compile(r"enterprises/[A-Za-z0-9._-]{1,64}/devices/[A-Za-z0-9._-]{1,128}")
_OPERATION = re.compile(rf"({_DEVICE.pattern})/operations/[A-Za-z0-9._-]{{1,128}}")


def device_name(said: object) -> str:
    """ "enterprises/E/devices/D". BadRequest."""
    if not isinstance(said, str) or not _DEVICE.fullmatch(said):
        raise BadRequest("This is no device of the Android Management API.")
    return said


def device_of(operation: object) -> str:
    """The device of "enterprises/E/devices/D/operations/O". BadRequest."""
    found = _OPERATION.fullmatch(operation) if isinstance(operation, str) else None
    if found is None:
        raise BadRequest("This is no operation of a device.")
    return found.group(1)


def enrollment_id(name: str) -> str:
    """From the device's name alone, so that a notification costs one read."""
    return "android-" + sha256(name.encode()).hexdigest()[:40]


def enterprise_of(name: str) -> str:
    return "/".join(name.split("/")[:2])
