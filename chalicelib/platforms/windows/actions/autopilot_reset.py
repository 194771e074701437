"""Resets a PC for its next user and keeps it managed (RemoteWipe CSP, AutomaticRedeployment)."""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import NoParameters
from chalicelib.platforms.windows import catalogue, jobs
from chalicelib.platforms.windows.actions.action import DAY, Action, Values, Verdict, Watch, hresult, whole
from chalicelib.platforms.windows.jobs import Job

STATUS, ERROR = (catalogue.AUTOMATIC_REDEPLOYMENT[name].uri for name in ("Status", "LastError"))
NEVER_RUN, COMPLETE, SCHEDULED, WAITING_FOR_RESTART = 0, 1, 10, 20
FAILED: Mapping[int, str] = {
    30: "Windows could not start it",
    40: "the power requirements are not met: connect the PC to power",
    50: "the reset itself failed",
}


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return jobs.prepared(command_id, Job((catalogue.DO_AUTOMATIC_REDEPLOYMENT.exec(),)), {})


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    status = whole(values.get(STATUS, ""))
    if status == COMPLETE:
        return Verdict("done", "The PC was reset and is still managed.")
    if status in (None, NEVER_RUN, SCHEDULED, WAITING_FOR_RESTART):
        return Verdict("waiting")
    error = whole(values.get(ERROR, "")) or 0
    told = f" ({hresult(error)})" if error else ""
    return Verdict("failed", f"Autopilot Reset failed: {FAILED.get(status, f'status {status}')}{told}.")


ACTION = Action(
    name="autopilot-reset",
    request_type="AutomaticRedeployment",
    title="Remove apps, files and settings of its user, and keep the PC joined and managed; it cannot be undone.",
    since="10.0.17763",
    build=build,
    permission="command.destructive",
    once=True,
    parks=True,
    priority=0,
    personal=(
        "A personal device is not reset: what its owner keeps on it would be gone. Retire it instead; "
        "or set its ownership to corporate if it belongs to the organisation."
    ),
    watch=Watch((STATUS, ERROR), judge, 7 * DAY),
    meanings={500: "Windows refused; Autopilot Reset needs a PC joined to Entra and its recovery environment"},
)
