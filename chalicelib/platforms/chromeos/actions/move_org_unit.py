"""Moves a Chromebook to another org unit: its policies change with it (moveDevicesToOu)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.platforms.chromeos.actions.action import Action
from chalicelib.platforms.chromeos.errands import MOVE, Errand
from chalicelib.platforms.parameters import Line, Parameters


def _path(text: str) -> str:
    if not text.startswith("/") or "//" in text or (text.endswith("/") and text != "/"):
        raise ValueError("a path is expected: /Sales/Berlin, or / for the topmost org unit")
    return text


class Params(Parameters):
    org_unit: Annotated[Line, Field(max_length=500), AfterValidator(_path)] = Field(
        description="Its full path: /Sales/Berlin."
    )


def build(params: Params) -> Errand:
    return Errand(MOVE, {"org_unit": params.org_unit})


ACTION = Action(
    name="move-org-unit",
    request_type="MoveDevicesToOu",
    title="Move the device to another org unit; its policies change with it.",
    build=build,
    params=Params,
    permission="command.configure",
)
