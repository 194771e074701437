"""The attacker's tools do what they promise."""

from __future__ import annotations

import plistlib
from datetime import UTC, datetime
from xml.parsers.expat import ExpatError

import pytest

from tests.devices.apple import forge


def test_the_bomb_is_small_and_parses_into_a_shared_graph() -> None:
    raw = forge.binary_bomb(60, {"MessageType": "Authenticate", "UDID": "x" * 40})
    assert len(raw) <= 466
    content = plistlib.loads(raw)
    assert (content["MessageType"], content["UDID"]) == ("Authenticate", "x" * 40)
    depth, node = 0, content["Bomb"]
    while isinstance(node, list):
        assert node[0] is node[1]
        depth, node = depth + 1, node[0]
    assert depth == 60


def test_the_loop_holds_itself() -> None:
    loop = plistlib.loads(forge.self_reference({"UDID": "x"}))["Loop"]
    assert loop[0] is loop


def test_deep_duplicates_and_numbers() -> None:
    node, depth = plistlib.loads(forge.deep_xml(1000))["Deep"], 1
    while node:
        node, depth = node[0], depth + 1
    assert depth == 1000
    assert plistlib.loads(forge.duplicate_keys("UDID", "a", "b", others={"c": "d"})) == {"UDID": "b", "c": "d"}
    assert plistlib.loads(forge.huge_integer(1000))["Huge"].bit_length() == 4000
    with pytest.raises((ValueError, ExpatError)):
        plistlib.loads(forge.doctype_entities())
    assert len(forge.oversized(10_000, {"UDID": "x"})) > 10_000


def test_authorities() -> None:
    authority, now = forge.Authority("Evil"), datetime.now(UTC)
    good, late = authority.issue("device"), authority.issue("device", expired=True)
    assert good.x509.not_valid_after_utc > now > late.x509.not_valid_after_utc
    for one in (good, late):
        one.x509.verify_directly_issued_by(authority.certificate)
    lonely = forge.self_signed("device")
    lonely.x509.verify_directly_issued_by(lonely.x509)
    apple = forge.AppleDeviceCA()
    assert apple.intermediate.certificate.not_valid_after_utc < now
    apple.factory_identity("U").x509.verify_directly_issued_by(apple.intermediate.certificate)
    apple.intermediate.certificate.verify_directly_issued_by(apple.root.certificate)
