"""Clears the data of apps (CLEAR_APP_DATA); what they keep outside of it, such as on an SD card, stays."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.android.actions import wire
from chalicelib.platforms.android.actions.action import Action
from chalicelib.platforms.android.actions.modes import MODES
from chalicelib.platforms.android.actions.versions import ANDROID_9
from chalicelib.platforms.parameters import Parameters

MOST = 50  # ours: Google names no limit, and the command has to stay small

Package = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$", max_length=255)
]


class Params(Parameters):
    packages: tuple[Package, ...] = Field(
        min_length=1, max_length=MOST, description=f"Package names, com.example.app, at most {MOST}."
    )


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    names = list(dict.fromkeys(params.packages))
    document = wire.command("CLEAR_APP_DATA", clearAppsDataParams={"packageNames": names})
    return wire.prepared(command_id, document, {"packages": names})


ACTION = Action(
    name="clear-app-data",
    request_type="CLEAR_APP_DATA",
    title="Clear the data of managed apps: they are as newly installed.",
    build=build,
    params=Params,
    since=dict.fromkeys(MODES, ANDROID_9),
    permission="command.configure",
    once=True,  # a second one would clear what was set up since
)
