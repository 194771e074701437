"""Installs a configuration profile (Apple mdm/commands/profile.install.yaml, mdm/profiles/TopLevel.yaml)."""

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from chalicelib.core.errors import BadRequest, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.pki import cms
from chalicelib.pki.errors import PkiError
from chalicelib.platforms.apple import plist
from chalicelib.platforms.apple.actions import wire
from chalicelib.platforms.apple.actions.action import Action
from chalicelib.platforms.apple.actions.systems import IPADOS, MACOS, TVOS, VISIONOS, Since, mobile
from chalicelib.platforms.parameters import Data, Line, Parameters

LONGEST = 96 * 1024  # it waits in the device's queue, which is read at every poll
MANAGEMENT = "com.apple.mdm"
DER_SEQUENCE = 0x30  # how a signed profile starts; a property list starts with < or bplist


class Params(Parameters):
    profile: Data = Field(
        max_length=LONGEST, description="A configuration profile (.mobileconfig), base64; signed or not; up to 96 KB."
    )
    user: Line | None = Field(
        None, max_length=128, description="Install it for this user (id of the user channel), not for the device."
    )


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    """The profile may hold passwords, so the command is sealed and only the profile's name is shown."""
    shown = {**_inspect(_content(params.profile)), "sha256": hashlib.sha256(params.profile).hexdigest()}
    payload = wire.payload(command_id, ACTION.request_type, Payload=params.profile)
    if params.user:
        shown["user"] = params.user
    return wire.prepared(payload, shown, secret=True, user_channel=params.user or "")


def _content(profile: bytes) -> Mapping[str, Any]:
    try:
        signed = profile[:1] == bytes((DER_SEQUENCE,))
        return plist.read(cms.verify_attached(profile).content if signed else profile)
    except PkiError as error:
        raise Unprocessable(f"profile: its signature does not verify ({error}).") from error
    except BadRequest as error:
        raise Unprocessable("profile: it is not a configuration profile (a property list, signed or not).") from error


def _inspect(profile: Mapping[str, Any]) -> dict[str, str]:
    """What may be shown of it. Unprocessable unless a device would take it for a profile."""
    named = {key: profile.get(key) for key in ("PayloadIdentifier", "PayloadUUID")}
    if profile.get("PayloadType") != "Configuration" or profile.get("PayloadVersion") != 1:
        raise Unprocessable("profile: PayloadType has to be Configuration and PayloadVersion 1.")
    if missing := [key for key, value in named.items() if not isinstance(value, str) or not value]:
        raise Unprocessable(f"profile: {missing[0]} is missing.")
    payloads = profile.get("PayloadContent", [])
    if not isinstance(payloads, list) or not all(isinstance(payload, Mapping) for payload in payloads):
        raise Unprocessable("profile: PayloadContent has to be an array of dictionaries.")
    if any(payload.get("PayloadType") == MANAGEMENT for payload in payloads):
        raise Unprocessable("profile: it holds an enrollment, which would replace this one; use an invitation.")
    return {"identifier": str(named["PayloadIdentifier"]), "name": str(profile.get("PayloadDisplayName", ""))}


ACTION = Action(
    name="install-profile",
    request_type="InstallProfile",
    title="Install a configuration profile, or replace the one with the same identifier.",
    systems={
        **mobile("4.0", user_enrollment=True),
        MACOS: Since("10.7", user_enrollment=True),
        TVOS: Since("9.0"),
        VISIONOS: Since("1.1", user_enrollment=True),
    },
    params=Params,
    build=build,
    since={"user": {MACOS: "10.7", IPADOS: "9.3"}},
)
