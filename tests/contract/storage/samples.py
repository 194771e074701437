"""One record of every kind that is kept, with no field at its default where that is possible."""

from typing import Any

from chalicelib.model.audit import GENESIS, AuditEntry, AuditEvent
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device, DeviceStatus, Identifier, Inventory, Ownership, Platform
from chalicelib.model.enrollment import (
    Allowance,
    Certificate,
    Challenge,
    ChallengePurpose,
    Declaration,
    Enrollment,
    EnrollmentStatus,
    Invitation,
)
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.model.finding import Finding
from chalicelib.model.people import ApiToken, Role
from chalicelib.model.records import RememberedRequest, Report, ReportState, Setting

NOW = 1_800_000_000
ULID = "01KDV5TS00" + "0123456789ABCDEF"


def device(id_: str = ULID, **news: Any) -> Device:
    return Device(
        id_,
        Platform.MACOS,
        {"serial": "C02XYZ", "udid": "00-11"},
        Ownership.CORPORATE,
        DeviceStatus.ENROLLED,
        "E1",
        NOW,
        **{
            "name": "Büro 7 📱",
            "groups": ("berlin", "it"),
            "supervised": True,
            "facts": {"a": {"b": [1, 0.25, None]}},
            **news,
        },
    )


def enrollment(id_: str = "E1", **news: Any) -> Enrollment:
    return Enrollment(
        id_,
        EnrollmentStatus.ENABLED,
        "apple",
        ("ab" * 32,),
        "inv1",
        NOW,
        **{"device_id": ULID, "push": {"topic": "t", "token": "00ff", "magic": "m"}, "fresh": True, **news},
    )


def command(id_: str = "5" + ULID, enrollment_id: str = "E1", **news: Any) -> Command:
    return Command(id_, enrollment_id, ULID, "lock", "DeviceLock", b"\x00\xff", NOW, NOW + 60, "user:anna", **news)


def finding(control: str = "encrypted", device_id: str = ULID, **news: Any) -> Finding:
    return Finding(device_id, control, "on", "off", **{"since": NOW, **news})


EVENT = AuditEvent(
    "user:anna", "device.renamed", f"device:{ULID}", NOW, "ok", "192.0.2.1", {"name": "Büro", "n": [1, 2]}
)

SAMPLES: dict[type, Any] = {
    Device: device(),
    Inventory: Inventory(ULID, "security", NOW, "ff" * 32, b"\x78\x9c\x00", "inventory/x"),
    Declaration: Declaration(ULID, "com.example.passcode", "configuration", "com.apple.x", {"MinimumLength": 6}, "t1"),
    Finding: finding(),
    Identifier: Identifier("serial", "C02#XYZ", ULID),
    Invitation: Invitation(
        "i" * 32, Ownership.PERSONAL, NOW, NOW + 600, "anna", 3, 1, "bo@example.test", ("it",), ("S1",), "D9", True
    ),
    Allowance: Allowance("ee" * 32, NOW + 86_400, 3),
    Challenge: Challenge("aa" * 32, "E1", "inv1", NOW + 3600, ChallengePurpose.OTA, "tx", "bb" * 32, b"\x30\x82"),
    Certificate: Certificate(
        "cc" * 32, "E1", "1234567890123456789012345678901234567890", NOW + 9, NOW, NOW + 5, "superseded", "bb" * 32
    ),
    EscrowedSecret: EscrowedSecret(ULID, "unlock_token", 7, b"\x01sealed", NOW, False, "note"),
    ApiToken: ApiToken("dd" * 32, "tok1", "ci", Role.AUDITOR, "anna", NOW, NOW + 99, True),
    Setting: Setting("posture", {"rules": {"os": "17.4"}, "n": 3}),
    Report: Report("01R", "posture", "anna", NOW, ReportState.READY, 12, NOW + 1, {"csv": "k"}, {"csv": "ee"}, "fine"),
    Enrollment: enrollment(),
    Command: command(state=CommandState.SENT, params={"pin": "***"}, deferrals=2, not_before=NOW + 3, destructive=True),
    AuditEntry: AuditEntry(3, 1, GENESIS, EVENT, "ff" * 32),
    RememberedRequest: RememberedRequest("key1", "ab" * 32, {"id": 1}, NOW + 86_400),
}

KEYS: dict[type, tuple[str | int, ...]] = {
    Device: (ULID,),
    Inventory: (ULID, "security"),
    Declaration: (ULID, "configuration", "com.example.passcode"),
    Finding: (ULID, "encrypted"),
    Identifier: ("serial", "C02#XYZ"),
    Invitation: ("i" * 32,),
    Allowance: ("ee" * 32,),
    Challenge: ("aa" * 32,),
    Certificate: ("cc" * 32,),
    EscrowedSecret: (ULID, "unlock_token", 7),
    ApiToken: ("dd" * 32,),
    Setting: ("posture",),
    Report: ("01R",),
    Enrollment: ("E1",),
    Command: ("E1", "5" + ULID),
    AuditEntry: (3, 1),
    RememberedRequest: ("key1",),
}
