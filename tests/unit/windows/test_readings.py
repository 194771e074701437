"""What a PC says of itself, in the house's terms; and what a hostile one may say without harm."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import posture
from chalicelib.core.devices import Seen
from chalicelib.model.device import Device, Ownership
from chalicelib.platforms.reading import Reading
from chalicelib.platforms.windows import lists, readings, upkeep
from chalicelib.platforms.windows.serials import PLACEHOLDERS, serial
from tests.unit.windows.action_samples import pc

EXT = "./DevDetail/Ext/Microsoft/"
STATUS = "./Vendor/MSFT/DeviceStatus/"
HEALTH = "./Device/Vendor/MSFT/Defender/Health/"
LAPTOP = {
    EXT + "SMBIOSSerialNumber": "5CD1234XYZ",
    EXT + "DeviceName": "DESKTOP-OLD",
    EXT + "DNSComputerName": "DESK-17",
    "./DevDetail/SwV": "10.0.22631.4460",
    "./DevInfo/Man": "HP",
    "./DevInfo/Mod": "HP EliteBook 840 G9",
    EXT + "OSPlatform": "Windows 11 Enterprise",
    EXT + "TotalStorage": "488000",
    EXT + "FreeStorage": "200000",
    "./DevDetail/Ext/WLANMACAddress": "001122334455",
}


def read(section: str, values: dict[str, str], device: Device | None = None) -> Reading:
    return upkeep.SECTIONS[section].read(values, device or pc())


def test_who_it_is_is_known_from_the_first_answers() -> None:
    assert set(LAPTOP) >= set(upkeep.HELLO)
    assert upkeep.hello(LAPTOP) == {
        "serial": "5CD1234XYZ",
        "name": "DESK-17",
        "manufacturer": "HP",
        "model": "HP EliteBook 840 G9",
        "model_name": "HP EliteBook 840 G9",
        "os_version": "10.0.22631.4460",
        "os_build": "22631.4460",
        "os_name": "Windows 11 Enterprise",
    }


@pytest.mark.parametrize(
    "control",
    ["\u202e", "\u202a", "\u2066", "\u2069", "\u200f", "\x9b", "\x85", "\x1b", "\n", "\u2028", "\ufeff", "\x00"],
)
def test_no_control_is_kept(control: str) -> None:
    assert readings.tidy(f"{control}LAP{control}TOP{control}") == "LAP TOP"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("10.0.22631.4460", "10.0.22631.4460"),
        ("10.0", "10.0"),
        ("10", ""),
        ("=HYPERLINK(1)\x9b", ""),
        ("10.0\n", ""),
        ("10.0.\u0661", ""),
        ("1.2.3.4.5", ""),
        ("10.0.1234567", ""),
    ],
)
def test_a_version_looks_like_one(said: str, kept: str) -> None:
    assert readings.release(said) == kept


def test_a_silent_pc_has_all_keys_and_no_values() -> None:
    assert set(upkeep.hello({}).values()) == {""}
    assert set(upkeep.hello({})) == set(upkeep.hello(LAPTOP))
    assert upkeep.hello({EXT + "DeviceName": "A"})["name"] == "A"


def test_the_maker_stands_before_the_model() -> None:
    values = {"./DevInfo/Man": "LENOVO", "./DevInfo/Mod": "20XW"}
    assert upkeep.hello(values)["model_name"] == "LENOVO 20XW"
    assert upkeep.hello(values)["model"] == "20XW"


@pytest.mark.parametrize(
    "said",
    [
        *sorted(PLACEHOLDERS), "To be filled by O.E.M.", "Default string", "System Serial Number", "None", "0", "",
        "Not Specified", "00000000", "0000-0000-0000-0000", "XXXXXXXX", "........", "ffffffff", " ", "a" * 65,
        "S\u00e9rie 1", "1\x002", "00000000-0000-0000-0000-000000000000",
    ],
)  # fmt: skip
def test_a_placeholder_is_no_serial_number(said: str) -> None:
    assert serial(said) == ""
    assert serial(said.upper()) == ""


@pytest.mark.parametrize("said", ["5CD1234XYZ", "PF-2ABCDE", "VMware-56 4d 1a 2b", "0000-0012-3456-7890-1234-5678"])
def test_a_serial_number_is_kept_as_it_is(said: str) -> None:
    assert serial(f" {said} ") == said


def test_the_device_section() -> None:
    reading = read("device", LAPTOP)
    assert reading.attributes == {
        "name": "DESK-17",
        "model": "HP EliteBook 840 G9",
        "model_name": "HP EliteBook 840 G9",
        "os_version": "10.0.22631.4460",
        "os_build": "22631.4460",
    }
    assert reading.facts == {"storage_total": 488_000 * 2**20, "storage_free": 200_000 * 2**20}
    assert reading.sections["device"]["SMBIOSSerialNumber"] == "5CD1234XYZ"
    assert reading.sections["device"]["WLANMACAddress"] == "001122334455"


def test_the_version_compares_with_the_rule() -> None:
    found = read("device", LAPTOP).attributes["os_version"]
    assert posture.version_key("10.0.22631.4459") < posture.version_key(found) < posture.version_key("10.0.26100")
    for nonsense in ("Windows 11", "10", "10.0.x", "10.0." + "9" * 40, ""):
        assert "os_version" not in read("device", {"./DevDetail/SwV": nonsense}).attributes


def test_no_two_nodes_share_a_name_in_a_section() -> None:
    for nodes in ((*upkeep.DEVICE, *upkeep.NETWORK), upkeep.SECURITY, upkeep.DEFENDER):
        labels = [readings.label(node) for node in nodes]
        assert len(set(labels)) == len(labels)


def facts(**said: str) -> dict[str, Any]:
    return dict(read("status", {STATUS + name.replace("_", "/"): value for name, value in said.items()}).facts)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"Compliance_EncryptionCompliance": "1"}, {"encrypted": True}),
        ({"Compliance_EncryptionCompliance": "0"}, {"encrypted": False}),
        ({"Compliance_EncryptionCompliance": "True"}, {"encrypted": True}),
        ({"Compliance_EncryptionCompliance": "2"}, {}),
        ({"SecureBootState": "0"}, {"secure_boot": "unsupported"}),
        ({"SecureBootState": "1"}, {"secure_boot": "enabled"}),
        ({"SecureBootState": "2"}, {"secure_boot": "disabled"}),
        ({"SecureBootState": "3"}, {}),
        ({"Firewall_Status": "0"}, {"firewall": True}),
        ({"Firewall_Status": "1"}, {"firewall": False}),
        ({"Firewall_Status": "3"}, {"firewall": False}),
        ({"Firewall_Status": "4"}, {}),
        ({"Antivirus_Status": "0", "Antivirus_SignatureStatus": "1"}, {"antivirus": True, "antivirus_current": True}),
        ({"Antivirus_Status": "2", "Antivirus_SignatureStatus": "0"}, {"antivirus": False, "antivirus_current": False}),
        ({"Antivirus_SignatureStatus": "2"}, {}),
        ({"TPM_SpecificationVersion": "2.0, 0, 1.38"}, {"tpm": "2.0"}),
        ({"TPM_SpecificationVersion": "Not available"}, {"tpm": ""}),
        ({"OS_Edition": "4"}, {"os_edition": "4"}),
        ({}, {}),
    ],
)
def test_posture_facts(said: dict[str, str], expected: dict[str, Any]) -> None:
    assert facts(**said) == expected


def test_defender() -> None:
    reading = read("defender", {HEALTH + "RtpEnabled": "true", HEALTH + "EngineVersion": "1.1.24090.11"})
    assert reading.facts == {"realtime_protection": True}
    assert reading.sections["defender"]["EngineVersion"] == "1.1.24090.11"


def test_nothing_said_leaves_what_is_known() -> None:
    for name in ("device", "status", "defender"):
        assert read(name, {}) == Reading()


def test_a_passcode_is_not_held_against_a_pc() -> None:
    verdicts = posture.evaluate(Seen(pc(), None), posture.Rules(), 0)
    assert "passcode-set" not in verdicts
    assert "disk-encrypted" in verdicts


def test_of_a_personal_pc_little_is_asked() -> None:
    personal = pc(ownership=Ownership.PERSONAL)
    asked = {name: section.ask(personal) for name, section in upkeep.SECTIONS.items()}
    assert (asked["apps"], asked["certificates"]) == ((), ())
    assert not any("MAC" in node or "Domain" in node for node in asked["device"])
    assert asked["status"]
    assert all(section.ask(pc()) for section in upkeep.SECTIONS.values())


STORE = "./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/AppStore"
MSI = "./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI"
ZIP = "%7B23170F69-40C1-2702-1900-000001000000%7D"


def test_apps_take_two_questions() -> None:
    section = upkeep.SECTIONS["apps"]
    assert section.ask(pc()) == (MSI, STORE, STORE.replace("AppStore", "nonStore"))
    family = "Microsoft.WindowsCalculator_8wekyb3d8bbwe"
    more = section.more({MSI: f"{ZIP}/UpgradeCode", STORE: f"{family}/ReleaseManagement"})
    assert more == (f"{MSI}/{ZIP}/Name", f"{MSI}/{ZIP}/Version", f"{MSI}/{ZIP}/Publisher", f"{STORE}/{family}")
    full = "Microsoft.WindowsCalculator_11.2401.0.0_x64__8wekyb3d8bbwe"
    answers = {more[0]: "7-Zip 19.00", more[1]: "19.00.00.0", more[2]: "Igor Pavlov", more[3]: f"{full}/DoNotUpdate"}
    assert section.more(answers) == ()
    reading = section.read(answers, pc())
    assert reading.sections["apps"] == [
        {
            "name": "7-Zip 19.00",
            "version": "19.00.00.0",
            "publisher": "Igor Pavlov",
            "id": "{23170F69-40C1-2702-1900-000001000000}",
            "source": "msi",
        },
        {
            "name": "Microsoft.WindowsCalculator",
            "version": "11.2401.0.0",
            "architecture": "x64",
            "id": family,
            "source": "store",
        },
    ]
    assert reading.result == {"apps": 2}


def test_what_a_name_encodes_is_printed_on_one_line() -> None:
    family = f"{STORE}/a_b"
    (row,) = read("apps", {family: "a%0D%0A%1B[31m_1_x64__b"}).sections["apps"]
    assert row["name"] == "a [31m"


def test_a_pc_without_apps_has_none() -> None:
    section = upkeep.SECTIONS["apps"]
    answers = {MSI: "", STORE: ""}
    assert section.more(answers) == ()
    assert section.read(answers, pc()).sections == {"apps": []}


def test_certificates_take_two_questions() -> None:
    section = upkeep.SECTIONS["certificates"]
    mine, thumbprint = section.ask(pc())[0], "AB" * 20
    more = section.more({mine: f"{thumbprint}/not-a-thumbprint"})
    assert [node.rpartition("/")[2] for node in more] == ["IssuedTo", "IssuedBy", "ValidTo"]
    reading = section.read(dict(zip(more, ("01E", "Muster CA", "2027-05-01T00:00:00Z"), strict=True)), pc())
    assert reading.sections["certificates"] == [
        {
            "name": "01E",
            "issuer": "Muster CA",
            "not_after": "2027-05-01T00:00:00Z",
            "sha1": "ab" * 20,
            "store": "personal",
            "identity": True,
        }
    ]


def test_a_list_without_end_is_cut_to_one_message() -> None:
    endless = {
        MSI: "/".join(f"%7B{number}%7D" for number in range(5_000)),
        STORE: "/".join(f"app{number}_hash" for number in range(50_000)),
    }
    more = upkeep.SECTIONS["apps"].more(endless)
    assert len(more) == 3 * lists.MOST_MSI + lists.MOST_PACKAGES
    assert sum(len(node) + 150 for node in more) < 400 * 1024
    roots = {node: "/".join(f"{number:040x}" for number in range(5_000)) for node in lists.STORES}
    assert len(upkeep.SECTIONS["certificates"].more(roots)) == 3 * lists.MOST_CERTIFICATES


def test_a_child_does_not_leave_its_node() -> None:
    """What stands in a LocURI of ours was told by the device: names only, nothing that could end or open an element."""
    strange = {STORE: "a_b\x00/a_<b>/../a_ b/%2E%2E_x/a_b\n/ok_1"}
    nodes = upkeep.SECTIONS["apps"].more(strange)
    assert f"{STORE}/ok_1" in nodes
    assert all(node.isprintable() and " " not in node for node in nodes)


NODES = sorted({node for section in upkeep.SECTIONS.values() for node in section.ask(pc())} | set(upkeep.HELLO))


@given(st.dictionaries(st.sampled_from(NODES), st.text(max_size=200) | st.sampled_from(["1", "true", "a_b/%7B1%7D"])))
def test_whatever_it_says_is_read_and_bounded(values: dict[str, str]) -> None:
    upkeep.hello(values)
    for section in upkeep.SECTIONS.values():
        answers = dict(values)
        for node in section.more(values):
            answers[node] = "x_1_2_3_y/" + next(iter(values.values()), "")
        reading = section.read(answers, pc())
        for text in (*reading.attributes.values(), *reading.facts.values()):
            assert not isinstance(text, str) or (len(text) <= 512 and text.isprintable())
