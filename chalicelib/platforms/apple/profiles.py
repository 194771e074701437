"""The profiles that bring a device in (Apple mdm/profiles: TopLevel, com.apple.mdm, com.apple.security.*)."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.core.house import Settings
from chalicelib.core.invitations import Offer
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import plist
from chalicelib.platforms.apple.platform import MDM_PROFILE

ACCESS_RIGHTS = 8191  # all; an update of the profile may never add one
SIGNING_AND_ENCRYPTION = 5
_NAMESPACE = uuid.UUID("6f1d2a52-7d0c-5b0e-9a53-0b8e2f6f3c11")
_OTA_ATTRIBUTES = ["UDID", "VERSION", "PRODUCT", "SERIAL", "IMEI", "DEVICE_NAME"]


def enrollment(settings: Settings, offer: Offer, ca: bytes, topic: str, capabilities: Sequence[str]) -> bytes:
    """Root certificate, identity and management."""
    identity = _uuid(offer, "scep")
    management = _mdm(settings, offer, identity, topic, capabilities)
    payloads = [_root(settings, offer, ca), _scep(settings, offer), management]
    shown = "Lets your organisation configure, secure and support this device."
    return _profile(settings, offer, MDM_PROFILE, "Device management", shown, payloads)


def capabilities(*, users: bool, tokens: bool) -> list[str]:
    """What the server can do. `users`: a Mac or a Shared iPad, where users are managed too.

    Apple names systems for the first two only; where GetToken is not known, nobody asks.
    """
    of_users = ["com.apple.mdm.per-user-connections", "com.apple.mdm.bootstraptoken"] if users else []
    return [*of_users, "com.apple.mdm.token"] if tokens else of_users


def passing_identity(settings: Settings, offer: Offer) -> bytes:
    """Over-the-air phase 2: only an identity, with which the device then asks for the real profile."""
    payloads = [_scep(settings, offer)]
    return _profile(settings, offer, f"{MDM_PROFILE}.ota", "Device identity", "Proves who this device is.", payloads)


def profile_service(settings: Settings, code: str, challenge: Secret[str], enrollment_id: str) -> bytes:
    """Over-the-air phase 1: asks the device to describe itself, signed with the certificate from its factory."""
    content = {
        "URL": f"{settings.device_url}/apple/ota/{code}",
        "DeviceAttributes": _OTA_ATTRIBUTES,
        "Challenge": challenge.reveal(),
    }
    return plist.write({
        "PayloadType": "Profile Service", "PayloadVersion": 1, "PayloadIdentifier": f"{MDM_PROFILE}.service",
        "PayloadUUID": str(uuid.uuid5(_NAMESPACE, f"{enrollment_id} service")).upper(),
        "PayloadOrganization": settings.organization, "PayloadDisplayName": "Device enrollment",
        "PayloadDescription": "Asks this device to enroll.", "PayloadContent": content,
    })  # fmt: skip


def _uuid(offer: Offer, part: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{offer.enrollment_id} {part}")).upper()


def _profile(
    settings: Settings, offer: Offer, identifier: str, name: str, description: str, payloads: list[dict[str, Any]]
) -> bytes:
    return plist.write({
        "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid(offer, identifier), "PayloadOrganization": settings.organization,
        "PayloadDisplayName": name, "PayloadDescription": description, "PayloadScope": "System",
        "PayloadContent": payloads,
    })  # fmt: skip


def _payload(
    settings: Settings, offer: Offer, type_: str, part: str, name: str, content: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "PayloadType": type_, "PayloadVersion": 1, "PayloadIdentifier": f"{MDM_PROFILE}.{part}",
        "PayloadUUID": _uuid(offer, part), "PayloadOrganization": settings.organization, "PayloadDisplayName": name,
        **content,
    }  # fmt: skip


def _root(settings: Settings, offer: Offer, ca: bytes) -> dict[str, Any]:
    content = {"PayloadContent": ca, "PayloadCertificateFileName": "muster-ca.cer"}
    return _payload(settings, offer, "com.apple.security.root", "ca", "Certification authority", content)


def _scep(settings: Settings, offer: Offer) -> dict[str, Any]:
    content = {
        "URL": f"{settings.device_url}/apple/scep",
        "Name": "Muster",
        "Subject": [[["O", "Muster"]], [["CN", offer.enrollment_id]]],
        "Challenge": offer.challenge.reveal(),
        "Keysize": 2048,
        "Key Type": "RSA",
        "Key Usage": SIGNING_AND_ENCRYPTION,
        "Retries": 3,
        "RetryDelay": 10,
        "KeyIsExtractable": False,
    }
    return _payload(settings, offer, "com.apple.security.scep", "scep", "Device identity", {"PayloadContent": content})


def _mdm(settings: Settings, offer: Offer, identity: str, topic: str, capabilities: Sequence[str]) -> dict[str, Any]:
    content = {
        "IdentityCertificateUUID": identity,
        "Topic": topic,
        "ServerURL": f"{settings.device_url}/apple/connect",
        "CheckInURL": f"{settings.device_url}/apple/checkin",
        "SignMessage": True,
        "CheckOutWhenRemoved": True,
        "AccessRights": ACCESS_RIGHTS,
    }
    if capabilities:
        content["ServerCapabilities"] = list(capabilities)
    return _payload(settings, offer, "com.apple.mdm", "mdm", "Device management", content)
