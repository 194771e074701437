"""The keys themselves: changing one would lose stored records, so they are written down here again."""

from dataclasses import fields
from typing import Any

import pytest

from chalicelib.storage.layout import LAYOUTS, attributes_of, key_fields, layout_of
from tests.contract.storage.samples import KEYS, NOW, SAMPLES, ULID, command, finding

D = f"D#{ULID}"
TTL = NOW + 400 * 86_400
EXPECTED: dict[str, tuple[str, str, str]] = {
    "Device": ("core", D, "#M"),
    "Inventory": ("core", D, "N#security"),
    "Declaration": ("core", D, "Y#configuration#com.example.passcode"),
    "Finding": ("core", D, "K#encrypted"),
    "Identifier": ("core", "I#serial#C02#XYZ", "#"),
    "Invitation": ("core", "V#" + "i" * 32, "#"),
    "Allowance": ("core", "A#" + "ee" * 32, "#"),
    "Challenge": ("core", "H#" + "aa" * 32, "#"),
    "Certificate": ("core", "C#" + "cc" * 32, "#"),
    "EscrowedSecret": ("core", f"S#{ULID}", "unlock_token#00007"),
    "ApiToken": ("core", "T#" + "dd" * 32, "#"),
    "Setting": ("core", "G#posture", "#"),
    "Report": ("core", "P#01R", "#"),
    "Enrollment": ("commands", "E#E1", "#B"),
    "Command": ("commands", "E#E1", f"Q#5{ULID}"),
    "AuditEntry": ("audit", "AU#03", "000000000001"),
    "RememberedRequest": ("idempotency", "Y#key1", "#"),
}


def test_keys() -> None:
    found = {}
    for kind, record in SAMPLES.items():
        extra = attributes_of(record)
        found[kind.__name__] = (str(LAYOUTS[kind].table), extra["pk"], extra["sk"])
    assert found == EXPECTED


def test_key_parts_are_fields_in_the_order_of_get() -> None:
    for kind, parts in KEYS.items():
        record: Any = SAMPLES[kind]
        assert tuple(getattr(record, name) for name in key_fields(kind)) == parts


def test_closed_records() -> None:
    ended = attributes_of(command(state="failed", finished_at=NOW))
    assert ended == {"pk": "E#E1", "sk": f"R#{ULID}", "expires": TTL}
    assert attributes_of(finding(resolved_at=1)) == {"pk": D, "sk": f"L#{NOW}#encrypted"}


def test_index_entries() -> None:
    listed = {kind.__name__: attributes_of(record).get("list_pk") for kind, record in SAMPLES.items()}
    assert {name: entry for name, entry in listed.items() if entry} == {
        "Device": "device",
        "Finding": "finding",
        "Invitation": "invitation",
        "Certificate": "revoked",
        "ApiToken": "token",
        "Report": "report",
    }
    swept = {kind.__name__ for kind, record in SAMPLES.items() if "shard" in attributes_of(record)}
    assert swept == {"Device"}


def test_no_field_hides_an_attribute_of_storage() -> None:
    """`shard` of an audit entry is a field: its table has no sweep index."""
    for kind in LAYOUTS:
        names = {"pk", "sk", "list_pk", "list_sk", "sk2", "expires", "w"} & {field.name for field in fields(kind)}
        assert not names, kind.__name__


def test_a_kind_without_layout_says_so() -> None:
    with pytest.raises(TypeError, match="layout"):
        layout_of(str)
