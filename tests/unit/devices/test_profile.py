"""What a device refuses to install."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest

from tests.devices.apple import AppleDevice, forge, profile
from tests.devices.apple.complaints import Complaint, ProfileRefused
from tests.unit.devices.stub import Stub


def read(content: dict[str, Any]) -> profile.Profile:
    return profile.read(plistlib.dumps(content))


def part(content: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one for one in content["PayloadContent"] if one["PayloadType"] == kind)


@pytest.mark.parametrize("key", ["PayloadUUID", "PayloadIdentifier", "PayloadType", "PayloadVersion"])
def test_header_keys_are_required_everywhere(stub: Stub, key: str) -> None:
    whole = stub.profile()
    assert read(whole).identifier == "com.example.mdm"
    del whole[key]
    with pytest.raises(ProfileRefused, match=key):
        read(whole)
    inner = stub.profile()
    del inner["PayloadContent"][0][key]
    with pytest.raises(ProfileRefused, match=key):
        read(inner)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("Topic", "com.apple.other", "com.apple.mgmt"),
        ("Topic", None, "no Topic"),
        ("ServerURL", "http://mdm.example.com/x", "not https"),
        ("CheckInURL", "http://mdm.example.com/x", "not https"),
        ("AccessRights", 9000, "out of range"),
        ("AccessRights", 2, "needs 1"),
        ("AccessRights", True, "is a bool"),
        ("SignMessage", "yes", "is a str"),
        ("SignMesage", True, "unknown key"),
        ("ServerCapabilities", ["com.apple.mdm.nonsense"], "ServerCapabilities"),
        ("IdentityCertificateUUID", "00000000-0000-0000-0000-000000000000", "no SCEP payload"),
    ],
)
def test_mdm_payload(stub: Stub, key: str, value: Any, text: str) -> None:
    stub.profile_changes = {key: value}
    with pytest.raises(ProfileRefused, match=text):
        read(stub.profile())


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("URL", "https://mdm.example.com/scep?x=1", "without a query"),
        ("URL", "http://mdm.example.com/scep", "https"),
        ("Keysize", 1024, "Keysize 1024"),
        ("Key Usage", 9, "mask of 1 and 4"),
        ("Subject", [["CN", "x"]], "array of arrays"),
        ("KeySize", 2048, "unknown key"),
    ],
)
def test_scep_payload(stub: Stub, key: str, value: Any, text: str) -> None:
    stub.scep_changes = {key: value}
    with pytest.raises(ProfileRefused, match=text):
        read(stub.profile())


def test_a_root_must_be_self_signed(stub: Stub) -> None:
    content = stub.profile()
    part(content, "com.apple.security.root")["PayloadContent"] = stub.ra.certificate
    with pytest.raises(ProfileRefused, match="not self-signed"):
        read(content)


def test_identifiers_are_unique(stub: Stub) -> None:
    content = stub.profile()
    content["PayloadContent"][1]["PayloadIdentifier"] = content["PayloadContent"][0]["PayloadIdentifier"]
    with pytest.raises(ProfileRefused, match="twice"):
        read(content)


def test_the_signature_counts(stub: Stub) -> None:
    raw = stub.signed(plistlib.dumps(stub.profile()))
    assert profile.read(raw, signed=True).signer is not None
    broken = raw.replace(b"com.apple.mgmt", b"com.apple.mgnt")
    with pytest.raises(ProfileRefused, match="messageDigest"):
        profile.read(broken)
    with pytest.raises(ProfileRefused, match="signed profile expected"):
        profile.read(plistlib.dumps(stub.profile()), signed=True)


def test_the_signer_must_chain_to_a_root(stub: Stub) -> None:
    raw = stub.signed(plistlib.dumps(stub.profile()))
    other = stub.profile()
    part(other, "com.apple.security.root")["PayloadContent"] = forge.Authority().der
    stranger = stub.signed(plistlib.dumps(other))
    with pytest.raises(ProfileRefused, match="chains to no root"):
        profile.read(stranger)
    assert profile.read(stranger, [stub.ca.certificate]).identifier == "com.example.mdm"
    assert profile.read(raw).identifier == "com.example.mdm"


@pytest.mark.parametrize("kind", ["mac", "shared-ipad"])
def test_users_need_per_user_connections(stub: Stub, kind: str) -> None:
    stub.profile_changes = {"ServerCapabilities": []}
    with pytest.raises(ProfileRefused, match="per-user-connections"):
        AppleDevice(kind, transport=stub).enroll(stub.page_url)
    AppleDevice("iphone", transport=stub).enroll(stub.page_url)


def test_a_device_that_must_sign_wants_to_be_asked(stub: Stub) -> None:
    stub.profile_changes = {"SignMessage": None}
    with pytest.raises(Complaint, match="SignMessage"):
        AppleDevice("iphone", transport=stub).enroll(stub.page_url)


def test_no_property_list_at_all() -> None:
    for raw in (b"<html></html>", b"<plist", b"bplist00junk", forge.external_entity(), forge.deep_binary()):
        with pytest.raises(ProfileRefused):
            profile.read(raw)
