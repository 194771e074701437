"""Ends the management of a Chromebook, with the reason that Google's licences depend on (batchChangeStatus).

Deprecated reasons, and the one that is for repair centres only, are not offered.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.directory import Change
from chalicelib.platforms.chromeos.errands import STATUS, Errand
from chalicelib.platforms.parameters import Parameters

Reason = Literal[
    "same-model-replacement", "different-model-replacement", "retiring-device", "upgrade-transfer", "not-required"
]
REASONS: Mapping[Reason, str] = {
    "same-model-replacement": "DEPROVISION_REASON_SAME_MODEL_REPLACEMENT",
    "different-model-replacement": "DEPROVISION_REASON_DIFFERENT_MODEL_REPLACEMENT",
    "retiring-device": "DEPROVISION_REASON_RETIRING_DEVICE",
    "upgrade-transfer": "DEPROVISION_REASON_UPGRADE_TRANSFER",
    "not-required": "DEPROVISION_REASON_NOT_REQUIRED",
}


class Params(Parameters):
    reason: Reason = Field(description="Google keeps it: whether the licence is free again may depend on it.")


def build(params: Params) -> Errand:
    return errand(params.reason)


def errand(reason: Reason) -> Errand:
    return Errand(STATUS, {"change": Change.DEPROVISION.value, "reason": REASONS[reason]})


ACTION = Action(
    name="deprovision",
    request_type="Deprovision",
    title="End the management at Google; the device has to be reset and enrolled to come back.",
    build=build,
    params=Params,
    permission="command.destructive",
    once=True,
    parks=True,
    priority=1,
    personal="Retire a personal device: that deprovisions it, and its record stays.",
)
