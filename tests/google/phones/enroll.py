"""Enrollment: a token by QR code, by link or typed; ownership and management mode follow from both sides."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.google.android import enrollment
from tests.google.android.enterprises import notify, of
from tests.google.errors import invalid
from tests.google.phones import models, report
from tests.google.world import World

LINK = ("enterprise.google.com", "/android/enroll")
KINDS = {"phone": "phone", "tablet": "tablet", "kiosk": "kiosk", "work-profile": "phone", "personal": "phone"}


def enroll(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    """ENROLLMENT comes first, with a device that has no policy yet; the first STATUS_REPORT follows unless report is
    false."""
    kind = asked.get("kind", "phone")
    if kind not in KINDS:
        raise invalid(f"kind must be one of {', '.join(KINDS)}.")
    value = _value(world, asked)
    phone = _phone(world, asked, KINDS[kind])
    token = _redeemed(world, value, asked, kind)
    personal = _personal(token, asked, kind)
    phone.update(
        owner="PERSONALLY_OWNED" if personal else "COMPANY_OWNED",
        mode="PROFILE_OWNER"
        if personal or token.get("allowPersonalUsage") == "PERSONAL_USAGE_ALLOWED"
        else "DEVICE_OWNER",
    )
    device = _record(world, phone, token)
    notify(world, device["name"], "ENROLLMENT", device)
    if asked.get("report", True):
        report.report(world, phone)
    return {"device": device["name"], "phone": phone["serial"], "enrollmentTokenName": token["name"]}


def crowd(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    """Many devices at once that nobody is told of: a fleet that has been there all along."""
    names = []
    for _ in range(int(asked["count"])):
        phone = _phone(world, {}, KINDS[asked.get("kind", "phone")])
        token = _redeemed(world, asked["token"], {}, "phone")
        phone.update(owner="COMPANY_OWNED", mode="DEVICE_OWNER")
        device = _record(world, phone, token)
        report.applied(world, phone, device)
        names.append(device["name"])
    return {"devices": names}


def _value(world: World, asked: dict[str, Any]) -> str:
    if asked.get("zerotouch"):
        return _scanned(world.table("zt_extras").get(asked["zerotouch"], "{}"))
    if asked.get("qrCode"):
        code = json.loads(asked["qrCode"])
        if any(code.get(name) != value for name, value in enrollment.PROVISIONING.items()):
            raise invalid("The setup wizard cannot use this QR code: the device policy app it names is another.")
        if strange := [name for name in code if not name.startswith("android.app.extra.PROVISIONING_")]:
            raise invalid(f"The setup wizard does not know the extra {strange[0]}.")
        return _scanned(asked["qrCode"])
    if asked.get("link"):
        parts = urlsplit(asked["link"])
        if (parts.hostname, parts.path) != LINK or parts.scheme != "https":
            raise invalid("This is not an enrollment link of Android Device Policy.")
        return str(parse_qs(parts.query).get("et", [""])[0])
    return str(asked.get("token", ""))


def _scanned(text: str) -> str:
    value = json.loads(text).get(enrollment.EXTRAS, {}).get(enrollment.TOKEN, "")
    if not value:
        raise invalid("The provisioning extras hold no enrollment token.")
    return str(value)


def _phone(world: World, asked: dict[str, Any], kind: str) -> dict[str, Any]:
    """The device of that serial, reset if it was managed before; else a new one."""
    phones = world.table("phones")
    phone: dict[str, Any] = phones.get(asked.get("serial", "")) or models.made(world, kind, asked.get("serial", ""))
    if phone["device"]:
        models.reset(phone)
    phones[phone["serial"]] = phone
    return phone


def _redeemed(world: World, value: str, asked: dict[str, Any], kind: str) -> dict[str, Any]:
    known = [one for one in world.table("enrollment_tokens").values() if one["value"] == value]
    usage = known[0].get("allowPersonalUsage", "") if known else ""
    if known and kind == "kiosk" and usage != "PERSONAL_USAGE_DISALLOWED_USERLESS":
        raise invalid("A dedicated device needs a token with PERSONAL_USAGE_DISALLOWED_USERLESS.")
    if known and _personal(known[0], asked, kind) and usage.startswith("PERSONAL_USAGE_DISALLOWED"):
        raise invalid("Personal usage cannot be disabled on a personally-owned device.")
    return enrollment.redeem(world, value)


def _personal(token: dict[str, Any], asked: dict[str, Any], kind: str) -> bool:
    """A link is opened on somebody's own phone; a QR code is scanned by a phone fresh out of its box."""
    if "personal" in asked:
        return bool(asked["personal"])
    if kind in ("work-profile", "personal") or asked.get("link"):
        return True
    return bool(asked.get("token")) and token.get("allowPersonalUsage") == "PERSONAL_USAGE_ALLOWED"


def _record(world: World, phone: dict[str, Any], token: dict[str, Any]) -> dict[str, Any]:
    parent = of(token["name"])
    name = f"{parent}/devices/{secrets.token_hex(8)}"
    device: dict[str, Any] = {
        "name": name, "state": "PROVISIONING", "appliedState": "PROVISIONING", "ownership": phone["owner"],
        "managementMode": phone["mode"], "enrollmentTime": world.clock.stamp(), "policyName": token["policyName"],
        "enrollmentTokenName": token["name"], "apiLevel": phone["api"], "hardwareInfo": report.hardware(phone, parent),
        "memoryInfo": {"totalRam": str(phone["memory"]), "totalInternalStorage": str(phone["storage"])},
    }  # fmt: skip
    if token.get("additionalData"):
        device["enrollmentTokenData"] = token["additionalData"]
    if token.get("allowPersonalUsage") != "PERSONAL_USAGE_DISALLOWED_USERLESS":
        number = int(hashlib.sha256(phone["serial"].encode()).hexdigest()[:15], 16)
        device["userName"] = f"{parent}/users/{number}"
    earlier = [one for one in phone["names"] if one.startswith(parent + "/")]
    if earlier:
        device["previousDeviceNames"] = earlier
    phone["names"].append(name)
    phone["device"] = name
    world.table("devices")[name] = device
    world.table("phone_of")[name] = phone["serial"]
    return device
