"""The organisation's policies: what administrators set, what one device is to have, and what Google was told.

A document without placeholders is one policy for all devices of its mode; with them each device has one of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core import access, google_settings
from chalicelib.core.errors import AlreadyExists, Conflict, Stale, Unprocessable
from chalicelib.core.google_settings import NotConnected
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Replace
from chalicelib.core.trail import event
from chalicelib.model.device import Device, Ownership
from chalicelib.model.people import Principal
from chalicelib.model.records import Setting
from chalicelib.platforms.android import policy_documents as documents
from chalicelib.platforms.android import policy_shared as shared
from chalicelib.platforms.android.actions import modes
from chalicelib.platforms.android.policy import secrets
from chalicelib.platforms.android.policy.modes import CORPORATE, DEDICATED, PERSONAL
from chalicelib.platforms.android.policy.placeholders import render
from chalicelib.platforms.android.policy.places import written
from chalicelib.platforms.google.client import GoogleBusy, GoogleRefused

CHANGED = "Somebody else changed this policy since it was read: read it again, then set it with its new version."
SEND_THE_SECRET = f"{secrets.MASK} stands for a secret that is not shown; write the secret itself"
_MODES_BY_CAPABILITY = {
    modes.DEDICATED: DEDICATED,
    modes.WORK_PROFILE: PERSONAL,
    modes.COMPANY_WORK_PROFILE: CORPORATE,
    modes.FULLY_MANAGED: CORPORATE,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """`document` without its secrets. `problem`: why Google does not have it, though it is set."""

    mode: str
    version: int  # 0: the default, nothing is set
    digest: str
    document: Mapping[str, Any]
    per_device: bool
    pushed: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a device is to have. `name` as Google knows it; `document`, its PATCH body, where the device has its own."""

    name: str
    digest: str
    mode: str
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    mask: str = field(default="", repr=False)


def show(house: House, principal: Principal, mode: str) -> Shown:
    access.authorize(principal, "settings.read")
    return _shown(house, documents.held(house, mode))


def _shown(house: House, held: documents.Held, problem: str = "") -> Shown:
    masked = secrets.shown(documents.opened(house, held).document)
    pushed = held.shared and shared.remembered(house, held.mode, held.digest) != ""
    return Shown(held.mode, held.version, held.digest, masked, not held.shared, pushed, problem)


def set_policy(house: House, principal: Principal, mode: str, document: Mapping[str, Any], version: int) -> Shown:
    """In place of the version that was read; Conflict where it is no longer that. Unprocessable with all problems.

    Set is set, also while Google is busy or refuses: then `problem` says so, and `settle` tells Google again.
    """
    from chalicelib.platforms.android.policy import reading

    access.authorize(principal, "settings.write")
    _check_unmasked(document)
    policy = reading.read(document, mode)
    held = documents.held(house, mode)
    if held.version != version:
        raise Conflict(f"{CHANGED} It is {held.version} now.")
    before = documents.opened(house, held)
    if not held.version or before.document != document:
        _store(house, principal, held, documents.setting(house, policy, document, before, version))
    held = documents.held(house, mode)
    return _shown(house, held, _told(house, held, secret=bool(secrets.secrets(document))))


def _check_unmasked(document: Mapping[str, Any]) -> None:
    """A document that was shown and comes back would else make the mask a password."""
    masked = [place for place in secrets.secrets(document) if _at(document, place) == secrets.MASK]
    if masked:
        raise Unprocessable("; ".join(f"{written(place)}: {SEND_THE_SECRET}" for place in masked))


def _at(document: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


def _store(house: House, principal: Principal, held: documents.Held, new: Setting) -> None:
    """The setting's version decides between two at once."""
    known = {"digest": held.digest, "version": held.version}
    what = event(
        house, principal, "settings.changed", f"setting:{new.name}",
        before=known if held.version else {}, after={"digest": new.value["digest"], "version": held.version + 1},
    )  # fmt: skip
    try:
        house.store.commit(Replace(new) if held.version else Create(new), audit=what)
    except (Stale, AlreadyExists):
        raise Conflict(CHANGED) from None


def _told(house: House, held: documents.Held, *, secret: bool) -> str:
    """Tells Google; "" or why it does not know yet. Google's own words only where there is no secret to repeat."""
    if not held.shared or not google_settings.enterprise(house):
        return ""
    try:
        shared.push(house, held.mode)
    except (GoogleBusy, NotConnected) as busy:
        return str(busy)
    except GoogleRefused as refusal:
        return f"{refusal} {'' if secret else refusal.text}".strip()
    return ""


def mode_of(device: Device) -> str:
    """As the device is managed, told by its capabilities; before they are known, by whose it is."""
    known = [_MODES_BY_CAPABILITY[name] for name in device.capabilities if name in _MODES_BY_CAPABILITY]
    return known[0] if known else PERSONAL if device.ownership is Ownership.PERSONAL else CORPORATE


def wanted(house: House, device: Device) -> Wanted:
    """NotConnected without an enterprise; Unprocessable where a placeholder has no value for this device."""
    enterprise, mode = shared.enterprise(house), mode_of(device)
    held = documents.held(house, mode)
    if held.shared:
        return Wanted(shared.policy_name(enterprise, mode), held.digest, mode)
    from chalicelib.platforms.android.policy import reading

    opened = documents.opened(house, held)
    policy = reading.read(render(opened.document, _values(device)), mode)
    name = shared.policy_name(enterprise, f"device-{device.id}")
    return Wanted(name, opened.digest(policy), mode, policy.body(), policy.update_mask())


def _values(device: Device) -> dict[str, str]:
    user, at, _ = device.owner.rpartition("@")
    return {
        "device.id": device.id,
        "device.name": device.name,
        "device.serial": device.serial,
        "user.email": device.owner if at else "",
        "user.name": user if at else device.owner,
    }


def push(house: House, want: Wanted) -> str:
    """Google has it now; the version that a device reports once it has it, too. GoogleBusy, GoogleRefused."""
    if want.document is None:
        return shared.remembered(house, want.mode, want.digest) or shared.push(house, want.mode)
    return shared.patch(house, want.name, want.document, want.mask)
