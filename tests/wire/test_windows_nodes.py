"""Every node of the catalogue against Microsoft's description files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.windows import catalogue
from chalicelib.platforms.windows.allowed import Admx, Choice, Flags, Listed, Pattern, Range, Xml
from chalicelib.platforms.windows.nodes import Node, Step, fill
from tests.wire import windows_ddf
from tests.wire.windows_ddf import UNDESCRIBED, DdfError, check_step, describe, needs_ddf

pytestmark = needs_ddf

GUID = "0f0E1d2c-3B4a-5968-7776-65544332211a"
NAMES = {
    "scope": ("Device", "User"),
    "guid": (GUID,),
    "braced": (f"{{{GUID}}}",),
    "product": (f"{{{GUID}}}",),
    "thumbprint": ("00112233445566778899AABBCCDDEEFF00112233",),
    "store": ("Root", "CA", "TrustedPublisher", "TrustedPeople", "UntrustedCertificates"),
    "profile": ("Domain", "Private", "Public"),
    "source": ("AppStore", "nonStore", "System"),
    "ssid": ("Café 5/6 & co",),
    "name": ("Head office ü",),
    "user": ("support",),
    "family": ("Contoso.App_8wekyb3d8bbwe",),
    "policy": ("L_Setting",),
    "area": ("Contoso~Policy~Cat~Sub",),
}
# One value of each sort of node that is not free, and of each format.
XML = "<{0}>&amp;</{0}>"
PLAIN = {"int": "7", "chr": "text", "bool": "true", "b64": "AAE=", "bin": "AAE=", "xml": "<a/>", "null": "", "node": ""}
WINDOWS_10 = 19045
UNRELEASED = 90000


def filled(uri: str) -> Iterator[dict[str, str]]:
    """All ways to fill the placeholders of a template with NAMES."""
    ways: list[dict[str, str]] = [{}]
    for name in re.findall(r"{(\w+)}", uri):
        ways = [{**way, name: value} for way in ways for value in NAMES[name]]
    yield from ways


def values(node: Node) -> tuple[str, ...]:
    """What the node says that it takes: its extremes."""
    match node.allowed:
        case Range(lowest, highest):
            return (str(lowest), str(highest))
        case Choice(values=choice):
            return choice
        case Flags(mask):
            return ("0", str(mask))
        case Listed(delimiter, None):
            return (delimiter.join("ab"),)
        case Listed(delimiter, Pattern()):
            return (f"80{delimiter}443-445",)
        case Xml(root):
            return (XML.format(root or "a"),)
        case Admx():
            return ("<enabled/>", '<enabled/><data id="a" value="b"/>', "<disabled/>")
        case _:
            return (PLAIN[node.format],)


def known(uri: str) -> bool:
    return not uri.startswith(tuple(UNDESCRIBED)) and "~Policy~" not in uri


CASES = [(name, node, way) for name, node in catalogue.NODES.items() for way in filled(node.uri)]


@pytest.mark.parametrize(
    ("name", "node", "way"), CASES, ids=[f"{name} {'.'.join(way.values())}" for name, _, way in CASES]
)
def test_the_ddf_has_it_so(name: str, node: Node, way: dict[str, str]) -> None:
    for verb in node.verbs:
        if verb in ("Get", "Delete"):
            check_step(getattr(node, verb.lower())(**way))
            continue
        for value in values(node):
            check_step(getattr(node, verb.lower())(value, **way))
    uri = fill(node.uri, way)
    if not known(uri):
        return
    described = describe(uri)
    assert node.format == described.format
    assert not node.allowed or within(node, described)
    assert node.default in (None, described.default)
    oldest = min(described.builds, default=0)
    assert oldest < UNRELEASED
    assert node.since == (oldest if oldest > WINDOWS_10 else 0)


def within(node: Node, described: windows_ddf.Described) -> bool:
    """Not wider than the DDF; `check_step` saw the extremes."""
    allowed = node.allowed
    if isinstance(allowed, Listed):
        return allowed.delimiter == described.delimiter
    return described.delimiter is None


@pytest.mark.parametrize("name", catalogue.NODES)
def test_what_is_set_can_be_taken_back(name: str) -> None:
    node = catalogue.NODES[name]
    if node.verbs in (catalogue.READ, catalogue.RUN) or name in ONE_WAY:
        with pytest.raises(Unprocessable, match="taken back"):
            node.undo(**next(filled(node.uri)))
        return
    for way in filled(node.uri):
        check_step(node.undo(**way))
        assert fill(node.uri, way).startswith(node.undo(**way).uri)


# They have neither Delete nor a default: what was there before is gone.
ONE_WAY = {
    "DEVICE_NAME",
    "DNS_COMPUTER_NAME",
    "USER_PASSWORD",
    "USER_GROUP",
    "ARCHIVE_DEFINITION",
    "APP_INVENTORY_QUERY",
    "DM_CLIENT/UPN",
    "DM_CLIENT/ManagementServiceAddress",
    "FIRST_SYNC/ServerHasFinishedProvisioning",
    "FIRST_SYNC/IsSyncDone",
    "FIRST_SYNC/WasDeviceSuccessfullyProvisioned",
}


def test_nothing_is_called_undescribed_that_is_described() -> None:
    described = [node.path for node in windows_ddf.leaves(windows_ddf.tree())]
    assert len(described) > 3500
    for prefix in UNDESCRIBED:
        assert not any(path.startswith(prefix) for path in described)
        assert any(node.uri.startswith(prefix) for node in catalogue.NODES.values())


@dataclass(frozen=True)
class Wish:
    verb: str
    uri: str
    format: str = ""
    data: str | None = None


LOCK = "./Device/Vendor/MSFT/Policy/Config/DeviceLock"


@pytest.mark.parametrize(
    "wish",
    [
        Wish("Get", "./Device/Vendor/MSFT/NoSuch"),
        Wish("Get", "./DevDetail/Ext/Microsoft/SerialNumber"),
        Wish("Exec", "./DevInfo/Man"),
        Wish("Get", "./Device/Vendor/MSFT/RemoteWipe/doWipe"),
        Wish("Replace", f"{LOCK}/MinDevicePasswordLength", "chr", "8"),
        Wish("Replace", f"{LOCK}/MinDevicePasswordLength", "int", "3"),
        Wish("Replace", f"{LOCK}/MinDevicePasswordLength", "int", "eight"),
        Wish("Replace", f"{LOCK}/DevicePasswordEnabled", "int", "2"),
        Wish("Replace", f"{LOCK}/PreventLockScreenSlideShow", "chr", "<on/>"),
        Wish("Delete", f"{LOCK}/DevicePasswordEnabled", "int", "0"),
        Wish("Get", "./Device/Vendor/MSFT/WiFi/Profile/a b/WlanXml"),
        Wish("Get", "./Device/Vendor/MSFT/WiFi/Profile//WlanXml"),
        Wish("Add", "./User/Vendor/MSFT/EMAIL2/%7Bno%7D/NAME", "chr", "x"),
        Wish("Exec", "./Device/Vendor/MSFT/Defender/Scan", "chr", "3"),
        Wish("Exec", "./Device/Vendor/MSFT/Defender/Scan", "chr", ""),
        Wish("Replace", "./Vendor/MSFT/Firewall/MdmStore/DomainProfile/EnableFirewall", "bool", "yes"),
    ],
)  # fmt: skip
def test_the_check_refuses(wish: Wish) -> None:
    with pytest.raises(DdfError):
        check_step(wish)


def test_the_check_accepts_steps() -> None:
    assert check_step(Step("Replace", f"{LOCK}/MinDevicePasswordLength", "int", "8")) == describe(
        f"{LOCK}/MinDevicePasswordLength"
    )
