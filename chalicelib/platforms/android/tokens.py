"""An invitation as Google understands it: an enrollment token, its link, its QR code.

Google: Android Management API, enterprises.enrollmentTokens, "Provision a device". Whoever has a token may enroll until
it is used or over, so it is kept sealed, and no longer than the invitation lives. What enrolls with it gets a policy
with nothing in it; the invitation, whose id the token carries, is judged when Google tells of the device.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from chalicelib.core import ids, invitations
from chalicelib.core.errors import AlreadyExists, Stale, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Remove, Replace
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Invitation
from chalicelib.model.records import RememberedRequest
from chalicelib.model.secret import Secret
from chalicelib.platforms.android.actions.modes import DEDICATED, FULLY_MANAGED, WORK_PROFILE
from chalicelib.platforms.android.policy_shared import ARRIVAL, enterprise, policy_name
from chalicelib.platforms.google.client import ANDROID, GoogleBusy, GoogleRefused, call, quoted

LINK = "https://enterprise.google.com/android/enroll"
SHORTEST = 60  # seconds; Google's minimum
WAYS: Mapping[str, str] = {
    FULLY_MANAGED: "PERSONAL_USAGE_DISALLOWED",
    WORK_PROFILE: "PERSONAL_USAGE_ALLOWED",
    DEDICATED: "PERSONAL_USAGE_DISALLOWED_USERLESS",
}
_EXTRA = "android.app.extra.PROVISIONING_"
# What may be said to a device besides what Google says → its type. Nothing that changes who manages it, or how.
EXTRAS: Mapping[str, type] = {
    "LEAVE_ALL_SYSTEM_APPS_ENABLED": bool,
    "LOCALE": str,
    "TIME_ZONE": str,
    "WIFI_HIDDEN": bool,
    "WIFI_PASSWORD": str,
    "WIFI_SECURITY_TYPE": str,
    "WIFI_SSID": str,
}
LONGEST_EXTRA = 200


@dataclass(frozen=True, slots=True)
class Token:
    name: str  # enterprises/E/enrollmentTokens/T
    value: Secret[str]
    qr_code: Secret[str] = field(repr=False)  # JSON, for `qr`
    expires_at: int

    @property
    def link(self) -> Secret[str]:
        """For a device that is set up already: it gets a work profile."""
        return Secret(f"{LINK}?{urlencode({'et': self.value.reveal()})}")


def enrollment(house: House, invitation: Invitation, way: str = "", *, fresh: bool = False) -> Token:
    """The token of this invitation, the same for as long as it is good; `fresh`: another one, where it was spoiled.

    `way` is one of WAYS, by ownership where none is named. Gone, NotConnected, Unprocessable, GoogleBusy.
    """
    usable = invitations.usable(invitation, house.clock())
    parent = enterprise(house)
    body = _body(house, parent, usable, _way(usable, way))
    key, terms = _key(usable.id, body["allowPersonalUsage"]), ids.digest(f"{parent} {usable.expires_at}")
    held = house.store.find(RememberedRequest, key)
    if held is not None and not fresh and held.digest == terms and held.expires_at > house.clock():
        return _opened(house, held)
    return _kept(
        house, held, key, terms, call(house, ANDROID, "POST", f"/v1/{quoted(parent)}/enrollmentTokens", {}, body)
    )


def _way(invitation: Invitation, way: str) -> str:
    personal = invitation.ownership is Ownership.PERSONAL
    chosen = way or (WORK_PROFILE if personal else FULLY_MANAGED)
    if chosen not in WAYS:
        raise Unprocessable(f"A device enrolls in one of these ways: {', '.join(WAYS)}.")
    if personal and chosen != WORK_PROFILE:
        raise Unprocessable("The invitation is for somebody's own device: it gets a work profile and nothing else.")
    return chosen


def _body(house: House, parent: str, invitation: Invitation, way: str) -> dict[str, Any]:
    return {
        "additionalData": invitation.id,
        "allowPersonalUsage": WAYS[way],
        "duration": f"{max(SHORTEST, invitation.expires_at - house.clock())}s",
        "oneTimeOnly": invitation.max_uses == 1,
        "policyName": policy_name(parent, ARRIVAL),
    }


def _kept(house: House, held: RememberedRequest | None, key: str, terms: str, told: Mapping[str, Any]) -> Token:
    token = _read(told)
    answer = {"name": token.name, "sealed": _sealed(house, key, terms, token)}
    new = RememberedRequest(key, terms, answer, token.expires_at, held.version if held else 0)
    try:
        house.store.commit(Replace(new) if held else Create(new))
    except (Stale, AlreadyExists):  # two asked at once: the one that was kept is for both
        _forget(house, token.name)
        return _opened(house, house.store.get(RememberedRequest, key))
    if held is not None:
        _forget(house, str(held.answer["name"]))
    return token


def _forget(house: House, name: str) -> None:
    """A token that nobody was given, or that was used up: as well if Google keeps it until it is over."""
    try:
        _delete(house, name)
    except GoogleBusy:
        return


def _read(told: Mapping[str, Any]) -> Token:
    try:
        ends = datetime.fromisoformat(str(told["expirationTimestamp"]))
        return Token(str(told["name"]), Secret(str(told["value"])), Secret(str(told["qrCode"])), int(ends.timestamp()))
    except (KeyError, ValueError):
        raise GoogleBusy("Google's answer is no enrollment token; it is asked again.") from None


def withdraw(house: House, invitation_id: str) -> None:
    """Google takes its tokens no more; what they would have brought is refused anyway once it is withdrawn here."""
    for usage in WAYS.values():
        held = house.store.find(RememberedRequest, _key(invitation_id, usage))
        if held is not None:
            _delete(house, str(held.answer["name"]))
            house.store.commit(Remove(held))


def _delete(house: House, name: str) -> None:
    try:
        call(house, ANDROID, "DELETE", f"/v1/{quoted(name)}")
    except GoogleRefused:  # gone, or of an enterprise that is no longer ours
        return


def qr(qr_code: Secret[str], extras: Mapping[str, str | bool] | None = None) -> Secret[str]:
    """Google's own text, with what the device needs on its way to Google. Unprocessable."""
    if not extras:
        return qr_code
    for name, value in extras.items():
        _check(name, value)
    if "WIFI_PASSWORD" in extras and "WIFI_SSID" not in extras:
        raise Unprocessable("A Wi-Fi password needs the name of its network, WIFI_SSID.")
    merged = {f"{_EXTRA}{name}": value for name, value in extras.items()} | json.loads(qr_code.reveal())
    return Secret(json.dumps(merged, separators=(",", ":"), ensure_ascii=False))


def _check(name: str, value: str | bool) -> None:
    if name not in EXTRAS:
        raise Unprocessable(f"{name[:60]!r} cannot be put into the QR code; {', '.join(EXTRAS)} can.")
    if type(value) is not EXTRAS[name]:
        raise Unprocessable(f"{name} is {'true or false' if EXTRAS[name] is bool else 'a text'}.")
    if isinstance(value, str) and not (0 < len(value) <= LONGEST_EXTRA and value.isprintable()):
        raise Unprocessable(f"{name} has 1 to {LONGEST_EXTRA} printable characters.")


def _key(invitation_id: str, usage: str) -> str:
    return f"android-token {invitation_id} {usage}"


def _sealed(house: House, key: str, terms: str, token: Token) -> str:
    plain = json.dumps([token.value.reveal(), token.qr_code.reveal()]).encode()
    return base64.b64encode(house.vault.seal(Secret(plain), _context(key, terms))).decode()


def _opened(house: House, held: RememberedRequest) -> Token:
    sealed = base64.b64decode(held.answer["sealed"])
    value, code = json.loads(house.vault.open(sealed, _context(held.key, held.digest)).reveal())
    return Token(str(held.answer["name"]), Secret(value), Secret(code), held.expires_at)


def _context(key: str, terms: str) -> dict[str, str]:
    return {"owner": key, "kind": "android_enrollment_token", "number": terms}
