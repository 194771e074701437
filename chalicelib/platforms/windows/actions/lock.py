"""Locks the screen (RemoteLock CSP and its DDF file).

Microsoft documented it for Windows 10 Mobile only; the DDF file lists desktop editions as well, and no node of a PC
tells whether the screen is locked. So the command never claims more than that the PC took it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import NoParameters
from chalicelib.platforms.windows import catalogue, jobs
from chalicelib.platforms.windows.actions.action import Action, Values, Verdict, Watch
from chalicelib.platforms.windows.jobs import Job

UNCONFIRMED = (
    "Not confirmed: the PC took the request, but Windows does not tell whether its screen is locked. Microsoft "
    "documented it for phones, and a PC may ignore it. To be sure, restart the PC: it comes back to its sign-in screen."
)


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return jobs.prepared(command_id, Job((catalogue.REMOTE_LOCK.exec(),)), {})


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    return Verdict("done", UNCONFIRMED, {"confirmed": False})


ACTION = Action(
    name="lock",
    permission="command.request",
    request_type="RemoteLock",
    title="Ask the PC to lock its screen. Windows may ignore it and does not tell; a restart is certain.",
    build=build,
    parks=True,
    priority=0,
    watch=Watch((), judge),
    meanings={
        404: "This edition of Windows does not know RemoteLock: it is not locked",
        405: "It is not locked: no PIN is set for it, or this edition of Windows does not lock from remote",
        500: "It is not locked, for a reason that Windows does not tell",
    },
)
