"""Replaces the BitLocker recovery passwords of a PC (BitLocker CSP, RotateRecoveryPasswords).

The PC keeps the new password in Entra or Active Directory and nowhere else; no node returns it. Windows does it on PCs
that are joined there, and only where the policies require that recovery information is stored before BitLocker starts.
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

STATUS = catalogue.BITLOCKER_STATUS["RotateRecoveryPasswordsStatus"].uri
REQUEST = catalogue.BITLOCKER_STATUS["RotateRecoveryPasswordsRequestID"].uri
PASSED, PENDING, NOT_STARTED = 0, 1, 2
NEEDS = (
    "It needs a PC joined to Entra or Active Directory, an encrypted drive, and BitLocker policies that require the "
    "recovery password to be stored there (SystemDrivesRecoveryOptions) and allow its rotation "
    "(ConfigureRecoveryPasswordRotation)."
)


def build(house: House, device: Device, params: NoParameters, command_id: str) -> Prepared:
    step = catalogue.ROTATE_RECOVERY_PASSWORDS.exec(command_id)
    return jobs.prepared(command_id, Job((step,)), {"request": command_id})


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    """The status belongs to the request that stands beside it, which may be an older one."""
    status = whole(values.get(STATUS, ""))
    if values.get(REQUEST, "") != asked.get("request") or status in (None, PENDING, NOT_STARTED):
        return Verdict("waiting")
    if status == PASSED:
        return Verdict("done", "The recovery passwords were replaced; the new one is in Entra or Active Directory.")
    return Verdict("failed", f"Windows did not replace the recovery passwords ({hresult(status or 0)}). {NEEDS}")


ACTION = Action(
    name="rotate-bitlocker-key",
    request_type="RotateRecoveryPasswords",
    title="Replace the BitLocker recovery passwords; the PC stores the new one in Entra or Active Directory.",
    since="10.0.18363",
    build=build,
    once=True,
    personal="The recovery password of a personal device belongs to its owner.",
    watch=Watch((STATUS, REQUEST), judge, 7 * DAY),
    meanings=dict.fromkeys((404, 405, 406, 500), f"Windows refused. {NEEDS[:-1]}"),
)
