"""Profiles as a device reads them: `mdm/profiles/` TopLevel, CommonPayloadKeys, com.apple.mdm, …security.scep."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from tests.devices.apple import cms
from tests.devices.apple.complaints import Complaint, ProfileRefused

UUID = re.compile(r"[0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}")
MDM, SCEP, ROOT, SERVICE = "com.apple.mdm", "com.apple.security.scep", "com.apple.security.root", "Profile Service"
CAPABILITIES = {"com.apple.mdm.per-user-connections", "com.apple.mdm.bootstraptoken", "com.apple.mdm.token"}
MDM_TYPES: Mapping[str, type] = {
    "IdentityCertificateUUID": str, "Topic": str, "ServerURL": str, "CheckInURL": str, "SignMessage": bool,
    "AccessRights": int, "UseDevelopmentAPNS": bool, "AssignedManagedAppleID": str, "EnrollmentMode": str,
    "ServerCapabilities": list, "CheckOutWhenRemoved": bool, "RequiredAppIDForMDM": int, "ManagedAppleID": str,
    "ServerURLPinningCertificateUUIDs": list, "CheckInURLPinningCertificateUUIDs": list,
    "PinningRevocationCheckRequired": bool, "PromptUserToAllowBootstrapTokenForAuthentication": bool,
}  # fmt: skip
SCEP_TYPES: Mapping[str, type] = {
    "URL": str, "Name": str, "Subject": list, "Challenge": str, "Keysize": int, "Key Type": str, "Key Usage": int,
    "CAFingerprint": bytes, "Retries": int, "RetryDelay": int, "SubjectAltName": dict, "KeyIsExtractable": bool,
    "AllowAllAppsAccess": bool, "CACaps": list,
}  # fmt: skip
COMMON = {
    "PayloadType", "PayloadUUID", "PayloadIdentifier", "PayloadVersion", "PayloadDescription", "PayloadDisplayName",
    "PayloadOrganization",
}  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """A profile that passed: its dictionary, the certificate that signed it (None: unsigned)."""

    content: Mapping[str, Any]
    signer: asn1_x509.Certificate | None = None

    @property
    def identifier(self) -> str:
        return str(self.content["PayloadIdentifier"])

    @property
    def payloads(self) -> list[Mapping[str, Any]]:
        content = self.content["PayloadContent"]
        return list(content) if isinstance(content, list) else [content]

    def of_type(self, payload_type: str) -> list[Mapping[str, Any]]:
        return [one for one in self.payloads if one["PayloadType"] == payload_type]

    def only(self, payload_type: str) -> Mapping[str, Any]:
        found = self.of_type(payload_type)
        if len(found) != 1:
            raise ProfileRefused(f"{len(found)} payloads of type {payload_type}, exactly one expected")
        return found[0]

    @property
    def roots(self) -> list[x509.Certificate]:
        return [x509.load_der_x509_certificate(one["PayloadContent"]) for one in self.of_type(ROOT)]


def read(
    raw: bytes,
    trusted: Iterable[x509.Certificate] = (),
    *,
    signed: bool | None = None,
    identities: Iterable[str] = (),
    service: bool = False,
) -> Profile:
    """A checked profile; its signer must chain to a trusted root or to one inside.

    signed: True demands a signature, False forbids one, None takes either. identities: UUIDs obtained in an earlier
    phase. service: the first phase of OTA, where the device cannot know the signer yet.
    """
    is_plist = raw.lstrip()[:1] == b"<" or raw.startswith(b"bplist00")
    if signed is not None and signed == is_plist:
        raise ProfileRefused(f"a {'signed' if signed else 'unsigned'} profile expected, this is the other kind")
    if is_plist:
        return check(Profile(_plist(raw)), identities)
    try:
        message = cms.verify(raw)
    except Complaint as error:
        raise ProfileRefused(f"the profile's signature: {error}") from error
    profile = check(Profile(_plist(message.content), message.signer), identities)
    if service:
        return profile
    anchors = [*trusted, *profile.roots]
    _check_chain(message, [asn1_x509.Certificate.load(cms.der(one)) for one in anchors])
    return profile


def check(profile: Profile, identities: Iterable[str] = ()) -> Profile:
    _check_header(profile.content, "the profile")
    if profile.content["PayloadType"] not in ("Configuration", SERVICE):
        raise ProfileRefused(f"the profile's PayloadType is {profile.content['PayloadType']!r}")
    if profile.content["PayloadType"] == SERVICE:
        return profile
    if not isinstance(profile.content.get("PayloadContent"), list):
        raise ProfileRefused("the profile has no PayloadContent array")
    seen: set[str] = set()
    for payload in profile.payloads:
        _check_header(payload, f"payload {payload.get('PayloadType')}")
        for unique in (payload["PayloadUUID"], payload["PayloadIdentifier"]):
            if unique in seen:
                raise ProfileRefused(f"{unique} occurs twice in the profile")
            seen.add(unique)
        CHECKS.get(payload["PayloadType"], _no_check)(payload)
    _check_references(profile, set(identities))
    return profile


def check_mdm(payload: Mapping[str, Any]) -> None:
    _check_keys(payload, MDM_TYPES, ("IdentityCertificateUUID", "Topic", "ServerURL"), MDM)
    if not payload["Topic"].startswith("com.apple.mgmt."):
        raise ProfileRefused(f"the Topic does not begin with com.apple.mgmt.: {payload['Topic']}")
    for key in ("ServerURL", "CheckInURL"):
        if key in payload and not payload[key].startswith("https://"):
            raise ProfileRefused(f"{key} is not https: {payload[key]}")
    rights = payload.get("AccessRights", 0)
    if not payload.get("EnrollmentMode") and not 0 < rights <= 8191:
        raise ProfileRefused(f"AccessRights {rights} is out of range")
    for holder, needed in ((2, 1), (128, 64)):
        if rights & holder and not rights & needed:
            raise ProfileRefused(f"AccessRights {rights}: {holder} needs {needed}")
    capabilities = payload.get("ServerCapabilities", [])
    if len(set(capabilities)) != len(capabilities) or not set(capabilities) <= CAPABILITIES:
        raise ProfileRefused(f"ServerCapabilities: {capabilities}")
    if payload.get("EnrollmentMode", "BYOD") not in ("BYOD", "ADDE"):
        raise ProfileRefused(f"EnrollmentMode {payload['EnrollmentMode']!r}")


def check_scep(payload: Mapping[str, Any]) -> None:
    content = payload.get("PayloadContent")
    if not isinstance(content, dict):
        raise ProfileRefused("a SCEP payload has a PayloadContent dictionary")
    _check_keys(content, SCEP_TYPES, ("URL",), SCEP, common=False)
    parts = urlsplit(content["URL"])
    if parts.scheme != "https" or parts.query:
        raise ProfileRefused(f"the SCEP URL must be https without a query: {content['URL']}")
    if content.get("Keysize", 1024) not in (2048, 4096):
        raise ProfileRefused(f"Keysize {content.get('Keysize', 1024)}: this device makes 2048 or 4096 only")
    if content.get("Key Type", "RSA") != "RSA" or not 0 <= content.get("Key Usage", 0) <= 5:
        raise ProfileRefused("Key Type is RSA and Key Usage a mask of 1 and 4")
    for group in content.get("Subject", []):
        for pair in group:
            if len(pair) != 2 or not all(isinstance(text, str) for text in pair):
                raise ProfileRefused(f"Subject is an array of arrays of pairs, this is not: {group}")


def check_root(payload: Mapping[str, Any]) -> None:
    if not isinstance(payload.get("PayloadContent"), bytes):
        raise ProfileRefused("a root payload has the DER of a certificate as PayloadContent")
    certificate = x509.load_der_x509_certificate(payload["PayloadContent"])
    if certificate.subject != certificate.issuer:
        raise ProfileRefused("the root payload's certificate is not self-signed")
    certificate.verify_directly_issued_by(certificate)


def _no_check(payload: Mapping[str, Any]) -> None:
    """Payloads of other types are stored as they are."""


CHECKS = {MDM: check_mdm, SCEP: check_scep, ROOT: check_root}


def subject_pairs(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """[[["CN", "x"]]] of a SCEP payload, flat."""
    return [(str(pair[0]), str(pair[1])) for group in content.get("Subject", []) for pair in group]


def _plist(raw: bytes) -> Mapping[str, Any]:
    try:
        content = plistlib.loads(raw)
    except (ValueError, OverflowError, ExpatError) as error:
        raise ProfileRefused(f"the profile is not a property list: {error}") from error
    if not isinstance(content, dict):
        raise ProfileRefused("the profile is not a dictionary")
    return content


def _check_header(content: Mapping[str, Any], what: str) -> None:
    for key in ("PayloadType", "PayloadUUID", "PayloadIdentifier"):
        if not isinstance(content.get(key), str) or not content[key]:
            raise ProfileRefused(f"{what} has no {key}")
    if type(content.get("PayloadVersion")) is not int or content["PayloadVersion"] != 1:
        raise ProfileRefused(f"{what} has PayloadVersion {content.get('PayloadVersion')!r}, the integer 1 expected")
    if not UUID.fullmatch(content["PayloadUUID"]):
        raise ProfileRefused(f"{what} has no UUID as PayloadUUID: {content['PayloadUUID']}")


def _check_keys(
    content: Mapping[str, Any], types: Mapping[str, type], required: Sequence[str], what: str, *, common: bool = True
) -> None:
    for key in required:
        if not content.get(key):
            raise ProfileRefused(f"{what} has no {key}")
    for key, value in content.items():
        if common and key in COMMON:
            continue
        if key not in types:
            raise ProfileRefused(f"{what} has the unknown key {key}")
        if type(value) is not types[key]:
            raise ProfileRefused(f"{what}: {key} is a {type(value).__name__}, {types[key].__name__} expected")


def _check_references(profile: Profile, identities: set[str]) -> None:
    identities |= {one["PayloadUUID"] for one in profile.of_type(SCEP)}
    identities |= {one["PayloadUUID"] for one in profile.of_type("com.apple.security.pkcs12")}
    for payload in profile.of_type(MDM):
        if payload["IdentityCertificateUUID"] not in identities:
            raise ProfileRefused("IdentityCertificateUUID refers to no SCEP payload of this profile")


def _check_chain(message: cms.Signed, anchors: list[asn1_x509.Certificate]) -> None:
    current, pool = message.signer, [*message.certificates, *anchors]
    for _ in range(5):
        if any(current.dump() == one.dump() for one in anchors):
            return
        issuer = next((one for one in pool if one.dump() != current.dump() and cms.issued_by(current, one)), None)
        if issuer is None:
            break
        current = issuer
    raise ProfileRefused("the profile's signer chains to no root that this device trusts")
