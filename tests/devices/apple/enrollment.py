"""The ways into management: page, profile and SCEP (Apple, Over-the-Air Profile Delivery and Configuration)."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.devices.apple import cms, inventory, schema
from tests.devices.apple import profile as profiles
from tests.devices.apple.complaints import Complaint, ProfileRefused, ServerRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.identity import Identity, new_key
from tests.devices.apple.profile import Profile
from tests.devices.apple.scep_client import ScepClient
from tests.devices.apple.state import DeviceState
from tests.devices.apple.transport import HttpsTransport, Reply, Transport

PROFILE_TYPE = "application/x-apple-aspen-config"
ATTRIBUTES = {
    "UDID": "UDID", "SERIAL": "SerialNumber", "IMEI": "IMEI", "PRODUCT": "ProductName", "VERSION": "BuildVersion",
    "DEVICE_NAME": "DeviceName", "MAC_ADDRESS_EN0": "WiFiMAC",
}  # fmt: skip


@dataclass(frozen=True)
class Page:
    """An invitation's page as the device's browser shows it."""

    url: str
    html: str
    profile_url: str | None


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.profile: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a" and attributes.get("id") == "profile":
            self.profile = attributes.get("href")


def open_page(transport: Transport, url: str, user_agent: str) -> Page:
    for _ in range(5):
        reply = transport("GET", url, {"User-Agent": user_agent, "Accept": "text/html"}, b"")
        if reply.status not in (301, 302, 303, 307, 308):
            break
        url = urljoin(url, reply.headers.get("location", ""))
    if reply.status != 200 or not reply.content_type.startswith("text/html"):
        raise ServerRefused(f"the page answered {reply.status} {reply.content_type}", reply.status, reply.body)
    links = _Links()
    links.feed(reply.body.decode())
    return Page(url, reply.body.decode(), urljoin(url, links.profile) if links.profile else None)


def profile_url(page: Page) -> str:
    if page.profile_url is None:
        raise Complaint(f'the page {page.url} has no <a id="profile"> for this browser')
    if urlsplit(page.profile_url).scheme != "https":
        raise Complaint(f"the profile's link is not https: {page.profile_url}")
    return page.profile_url


def with_query(url: str, query: str) -> str:
    return url + ("&" if urlsplit(url).query else "?") + query


def download(transport: Transport, url: str, user_agent: str) -> bytes:
    return _profile(transport("GET", url, {"User-Agent": user_agent, "Accept": "*/*"}, b""), url)


def _profile(reply: Reply, url: str) -> bytes:
    if reply.status != 200:
        raise ServerRefused(
            f"{urlsplit(url).path} answered {reply.status}: {reply.body[:300]!r}", reply.status, reply.body
        )
    if reply.content_type != PROFILE_TYPE:
        raise ProfileRefused(f"a profile is served as {PROFILE_TYPE}, not {reply.content_type!r}")
    return reply.body


def read_enrollment(raw: bytes, state: DeviceState, *, signed: bool | None = None, identity_uuid: str = "") -> Profile:
    """The profile, fit for this device; identity_uuid is that of an identity obtained in an earlier phase."""
    trusted = [x509.load_der_x509_certificate(root) for root in state.roots]
    found = profiles.read(raw, trusted, signed=signed, identities=(identity_uuid,))
    schema.check_profile(found.payloads, MODELS[state.kind].platform)
    mdm = found.only(profiles.MDM)
    model = MODELS[state.kind]
    per_user = "com.apple.mdm.per-user-connections" in mdm.get("ServerCapabilities", [])
    if (model.platform == "macOS" or model.shared) and not per_user:
        raise ProfileRefused(f"a {model.kind} needs the server capability com.apple.mdm.per-user-connections")
    if not found.of_type(profiles.SCEP) and mdm["IdentityCertificateUUID"] != identity_uuid:
        raise ProfileRefused("the enrollment profile has no SCEP payload")
    return found


def adopt(profile: Profile, state: DeviceState, transport: Transport) -> None:
    """Roots become trusted (for TLS as well), the profile is listed."""
    for root in profile.roots:
        der = root.public_bytes(serialization.Encoding.DER)
        if der not in state.roots:
            state.roots.append(der)
        if isinstance(transport, HttpsTransport):
            transport.trust(root)
    if profile.of_type(profiles.MDM):
        mdm = dict(profile.only(profiles.MDM))
        state.mdm, state.mdm_profile = mdm, profile.identifier
        state.user_enrollment = state.user_enrollment or mdm.get("EnrollmentMode") == "BYOD"
        signers = [profile.signer.dump()] if profile.signer else []
        state.profiles[profile.identifier] = {**profile.content, "_managed": True, "_signers": signers}


def obtain(content: Mapping[str, Any], transport: Transport, **knobs: Any) -> Identity:
    """The identity that a SCEP payload speaks of."""
    client = ScepClient(content["URL"], transport, content.get("Name", ""), **knobs)
    missing = {"POSTPKIOperation", "SHA-256"} - client.capabilities()
    if missing and "SCEPStandard" not in client.capabilities():
        raise Complaint(f"GetCACaps does not offer {sorted(missing)}")
    key = new_key(content.get("Keysize", 1024))
    identity = client.enroll(profiles.subject_pairs(content), content.get("Challenge"), key)
    usage = identity.x509.extensions.get_extension_for_class(x509.KeyUsage).value
    if content.get("Key Usage", 0) & 1 and not usage.digital_signature:
        raise Complaint("the issued certificate is not for signatures, the payload's Key Usage says it is")
    return identity


def read_service(raw: bytes, state: DeviceState) -> Mapping[str, Any]:
    """Phase 1 of OTA: the "Profile Service" payload's {URL, DeviceAttributes, Challenge}."""
    found = profiles.read(raw, [x509.load_der_x509_certificate(root) for root in state.roots], service=True)
    content = found.content.get("PayloadContent")
    if found.content["PayloadType"] != profiles.SERVICE or not isinstance(content, dict):
        raise ProfileRefused(f"a Profile Service payload expected, this is {found.content['PayloadType']}")
    if not str(content.get("URL", "")).startswith("https://"):
        raise ProfileRefused("the Profile Service has no https URL")
    unknown = (
        set(content.get("DeviceAttributes", [])) - ATTRIBUTES.keys() - {"MEID", "ICCID", "LANGUAGE", "NotOnConsole"}
    )
    if unknown or not content.get("DeviceAttributes"):
        raise ProfileRefused(f"DeviceAttributes: {sorted(unknown) or 'none asked for'}")
    return content


def answer_service(
    content: Mapping[str, Any], state: DeviceState, transport: Transport, signer: Identity, chain: list[bytes]
) -> bytes:
    """Phases 2 and 3: what was asked for, signed by the factory's or the issued identity; a profile comes back."""
    known = inventory.device_information(state, list(ATTRIBUTES.values()))
    said = {name: known[ATTRIBUTES[name]] for name in content["DeviceAttributes"] if ATTRIBUTES.get(name) in known}
    if "Challenge" in content:
        said["CHALLENGE"] = content["Challenge"]
    body = cms.sign(plistlib.dumps(said), signer, certificates=[signer.certificate, *chain])
    headers = {"User-Agent": "Profile/1.0", "Content-Type": "application/pkcs7-signature"}
    return _profile(transport("POST", content["URL"], headers, body), content["URL"])
