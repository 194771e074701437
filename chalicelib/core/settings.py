"""What administrators set for the organisation: the posture rules, and the anchors of over-the-air enrollment."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.core import access, posture
from chalicelib.core.errors import NotFound, Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Remove, Replace
from chalicelib.core.posture import Rules
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.device import Platform
from chalicelib.model.people import Principal
from chalicelib.model.records import Setting
from chalicelib.pki import trust
from chalicelib.pki.errors import PkiError

SEEN_WITHIN = range(1, 366)  # days
VERSION = r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}"

OTA_ANCHORS = "apple.ota_anchors"
ANCHORS_MAX = 10
_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")

Value = Mapping[str, Any]


def posture_rules(house: House, principal: Principal) -> Rules:
    access.authorize(principal, "settings.read")
    return posture.rules_of(house)


def set_posture_rules(house: House, principal: Principal, rules: Rules) -> Rules:
    """All rules at once; the next nightly sweep judges by them. Unprocessable."""
    access.authorize(principal, "settings.write")
    _check(rules)
    change(house, principal, posture.SETTING, asdict(rules), shown=lambda value: asdict(Rules(**value)))
    return rules


def _check(rules: Rules) -> None:
    if rules.seen_within_days not in SEEN_WITHIN:
        raise Unprocessable(f"seen_within_days is between {SEEN_WITHIN.start} and {SEEN_WITHIN.stop - 1}.")
    for platform, version in rules.os_minimum.items():
        if platform not in list(Platform):
            raise Unprocessable(f"{platform!r} is no platform; known: {', '.join(Platform)}.")
        if not re.fullmatch(VERSION, version):
            raise Unprocessable(f"{version!r} is not a version of {platform}; write 18.1 or 26.0.1.")


def ota_anchors(house: House, principal: Principal) -> str:
    """PEM of the certificates that over-the-air enrollment believes. NotFound while it is closed."""
    access.authorize(principal, "settings.read")
    setting = house.store.find(Setting, OTA_ANCHORS)
    if setting is None:
        raise NotFound("Over-the-air enrollment is closed: no anchors are set; see `muster apple ota-anchors set`.")
    return str(setting.value["pem"])


def set_ota_anchors(house: House, principal: Principal, pem: str) -> str:
    """Keeps the certificates in `pem` and nothing else that may stand there. Unprocessable."""
    access.authorize(principal, "trust.write")
    found = _CERTIFICATE.findall(pem)
    if not 1 <= len(found) <= ANCHORS_MAX:
        raise Unprocessable(f"Give 1 to {ANCHORS_MAX} certificates in PEM form (-----BEGIN CERTIFICATE-----).")
    kept = "\n".join(found) + "\n"
    change(house, principal, OTA_ANCHORS, {"pem": kept}, shown=_anchors)
    return kept


def clear_ota_anchors(house: House, principal: Principal) -> None:
    """Closes over-the-air enrollment."""
    access.authorize(principal, "trust.write")
    change(house, principal, OTA_ANCHORS, None, shown=_anchors)


def _anchors(value: Value) -> list[str]:
    return fingerprints(str(value.get("pem", "")))


def fingerprints(pem: str) -> list[str]:
    """SHA-256 of each certificate, in order. Unprocessable where one does not parse."""
    try:
        return [hashlib.sha256(trust.client_certificate(one)).hexdigest() for one in _CERTIFICATE.findall(pem)]
    except (PkiError, UnicodeEncodeError) as error:
        raise Unprocessable(f"One of the certificates cannot be read: {error}.") from error


def change(
    house: House, principal: Principal, name: str, value: Value | None, *, shown: Callable[[Value], Any]
) -> None:
    """Sets, or with None removes; the trail tells before and after, as far as they may be shown."""

    def attempt() -> None:
        held = house.store.find(Setting, name)
        if (held.value if held else None) == value:
            return
        before, after = shown(held.value if held else {}), shown(value or {})
        what = event(house, principal, "settings.changed", f"setting:{name}", before=before, after=after)
        house.store.commit(writing(held, name, value), audit=what)

    retry_stale(attempt)


def writing(held: Setting | None, name: str, value: Value | None) -> Change:
    if held is None:
        return Create(Setting(name, value or {}))
    return Remove(held) if value is None else Replace(Setting(name, value, held.version))
