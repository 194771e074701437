"""Gives the local administrator of a PC a new password (LAPS CSP, Actions/ResetPassword).

The PC keeps it in Entra or Active Directory (Policies/BackupDirectory) and nowhere else.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import NoParameters
from chalicelib.platforms.windows import catalogue, jobs
from chalicelib.platforms.windows.actions.action import DAY, Action, Values, Verdict, Watch, hresult, whole
from chalicelib.platforms.windows.jobs import Job

STATUS = catalogue.LAPS_RESET_STATUS.uri
SINCE = "10.0.25145, 10.0.22621.1480, 10.0.22000.1754, 10.0.20348.1663, 10.0.19041.2784, 10.0.17763.4244"
# E_PENDING is 0x8000000A; the LAPS CSP page writes 0x8000000
PENDING = frozenset({0x8000000A, 0x8000000})
NEEDS = "It needs LAPS set up on the PC: LAPS/Policies/BackupDirectory 1 (Entra) or 2 (Active Directory)."


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    return jobs.prepared(command_id, Job((catalogue.LAPS_RESET_PASSWORD.exec(),)), {})


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    status = whole(values.get(STATUS, ""))
    if status is None or status & 0xFFFFFFFF in PENDING:
        return Verdict("waiting")
    if status == 0:
        return Verdict("done", "The password was replaced; the new one is in Entra or Active Directory.")
    return Verdict("failed", f"Windows did not replace the password ({hresult(status)}). {NEEDS}")


ACTION = Action(
    name="reset-laps-password",
    request_type="LapsResetPassword",
    title="Give the local administrator a new password; the PC stores it in Entra or Active Directory.",
    since=SINCE,
    build=build,
    once=True,
    personal="The local administrator of a personal device is its owner's business.",
    watch=Watch((STATUS,), judge, 3 * DAY),
    meanings=dict.fromkeys((404, 405, 500), f"Windows refused. {NEEDS[:-1]}"),
)
