"""Restarts a PC, now or at a time (Reboot CSP)."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import Line, Parameters
from chalicelib.platforms.windows import catalogue, jobs
from chalicelib.platforms.windows.actions.action import DAY, Action, Values, Verdict, Watch
from chalicelib.platforms.windows.jobs import Job

ONCE = catalogue.REBOOT_ONCE.uri
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def _local_time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError("a local time of the device is expected, without a zone: 2031-05-01T18:00:00")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day or time") from None
    return text


class Params(Parameters):
    at: Annotated[Line, AfterValidator(_local_time)] | None = Field(
        None, description="Local time of the device, 2031-05-01T18:00:00; else within five minutes. PC only."
    )


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    step = catalogue.REBOOT_ONCE.replace(params.at) if params.at else catalogue.REBOOT_NOW.exec()
    return jobs.prepared(command_id, Job((step,)), params.shown())


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    """A schedule is read back; Windows writes it with the zone of the PC behind. A restart itself tells nothing."""
    at = str(asked.get("at", ""))
    if not at:
        return Verdict("done", "The PC restarts within five minutes of the end of its session.")
    held = values.get(ONCE)
    if held is None:
        return Verdict("waiting")
    if held.startswith(at):
        return Verdict("done", f"The PC will restart at {held}.")
    return Verdict("failed", f"The PC does not hold the time that was set, but {held[:40] or 'none'}.")


ACTION = Action(
    name="restart",
    permission="command.request",
    request_type="Reboot",
    title="Restart the PC within five minutes, or at a time.",
    since="10.0.14393",
    build=build,
    params=Params,
    once=True,
    priority=3,
    watch=Watch((ONCE,), judge, DAY),
)
