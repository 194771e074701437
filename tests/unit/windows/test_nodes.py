"""Steps on nodes: what is escaped, what is refused, and how a setting is taken back."""

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.windows import catalogue
from chalicelib.platforms.windows.allowed import Admx, Allowed, Choice, Flags, Listed, Pattern, Range, Xml
from chalicelib.platforms.windows.nodes import Node, Step, fill

WIFI = "./Device/Vendor/MSFT/WiFi/Profile"


def test_a_setting() -> None:
    node = catalogue.DEVICE_LOCK["MinDevicePasswordLength"]
    uri = "./Device/Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength"
    assert node.replace(8) == Step("Replace", uri, "int", "8", "text/plain")
    assert node.add("16") == Step("Add", uri, "int", "16", "text/plain")
    assert node.get() == Step("Get", uri)
    assert node.delete() == node.undo() == Step("Delete", uri)


def test_groups_are_keyed_by_what_comes_below_their_base() -> None:
    bases: dict[str, set[str]] = {}
    for name, node in catalogue.NODES.items():
        group, slash, key = name.partition("/")
        if slash:
            assert not key or node.uri.endswith(f"/{key}")
            bases.setdefault(group, set()).add(node.uri.removesuffix(f"/{key}") if key else node.uri)
    assert {group: found for group, found in bases.items() if len(found) > 1} == {}
    assert catalogue.DEV_DETAIL["Ext/Microsoft/SMBIOSSerialNumber"].get().uri.startswith("./DevDetail/Ext/Microsoft/")


def test_an_exec_has_an_empty_value() -> None:
    uri = "./Device/Vendor/MSFT/Reboot/RebootNow"
    assert catalogue.REBOOT_NOW.exec() == Step("Exec", uri, "null", "", "text/plain")
    assert catalogue.DO_WIPE.exec().data == ""
    assert catalogue.DEFENDER_SCAN.exec(2).data == "2"


def test_interior_nodes_have_no_data() -> None:
    assert catalogue.WIFI_PROFILE.add(scope="Device", ssid="a") == Step("Add", f"{WIFI}/a", "node")


@pytest.mark.parametrize("verb", ["add", "replace", "delete", "exec"])
def test_a_verb_that_the_node_does_not_take(verb: str) -> None:
    node = catalogue.DEV_DETAIL["SwV"]
    with pytest.raises(Unprocessable, match="SwV does not take"):
        getattr(node, verb)(*(["x"] if verb != "delete" else []))
    with pytest.raises(Unprocessable, match="does not take Get"):
        catalogue.DO_WIPE.get()


def test_names_stay_one_segment() -> None:
    step = catalogue.WLAN_XML.get(scope="Device", ssid="Café 5/6 & <co>?list=x%2F")
    assert step.uri == f"{WIFI}/Caf%C3%A9%205%2F6%20%26%20%3Cco%3E%3Flist%3Dx%252F/WlanXml"
    product = catalogue.MSI_PRODUCT.delete(scope="Device", product="{12345678-1234-1234-1234-123456789012}")
    assert product.uri.endswith("/MSI/%7B12345678-1234-1234-1234-123456789012%7D")


@pytest.mark.parametrize(
    ("node", "names"),
    [
        (catalogue.WIFI_PROFILE, {"scope": "Device", "ssid": ""}),
        (catalogue.WIFI_PROFILE, {"scope": "Device", "ssid": ".."}),
        (catalogue.WIFI_PROFILE, {"scope": "Device", "ssid": "."}),
        (catalogue.WIFI_PROFILE, {"scope": "Device", "ssid": "a\x00b"}),
        (catalogue.WIFI_PROFILE, {"scope": "Device", "ssid": "a\u202eb"}),
        (catalogue.WIFI_PROFILE, {"scope": "Device", "ssid": "a" * 33}),
        (catalogue.WIFI_PROFILE, {"scope": "Vendor", "ssid": "a"}),
        (catalogue.VPN_PROFILE, {"scope": "User", "name": "a/b"}),
        (catalogue.TRUSTED_CERTIFICATE, {"store": "Root", "thumbprint": "a" * 40}),
        (catalogue.TRUSTED_CERTIFICATE, {"store": "MY", "thumbprint": "A" * 40}),
        (catalogue.FIREWALL["DisableStealthMode"], {"profile": "Any"}),
        (catalogue.ADMX_POLICY, {"area": "DeviceLock", "policy": "DevicePasswordEnabled"}),
        (catalogue.MSI_PRODUCT, {"scope": "Device", "product": "12345678-1234-1234-1234-123456789012"}),
        (catalogue.APP_INSTALLATION, {"family": "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe"}),
    ],
)
def test_names_that_cannot_be(node: Node, names: dict[str, str]) -> None:
    with pytest.raises(Unprocessable, match="cannot stand in the name"):
        node.get(**names)


def test_names_that_are_missing_are_a_fault_of_the_caller() -> None:
    for names in ({}, {"scope": "Device"}, {"scope": "Device", "ssid": "a", "more": "b"}):
        with pytest.raises(TypeError):
            catalogue.WIFI_PROFILE.get(**names)


@given(st.text(min_size=1, max_size=32))
def test_whatever_the_name_the_tree_around_it_stays(ssid: str) -> None:
    try:
        uri = fill(catalogue.WLAN_XML.uri, {"scope": "Device", "ssid": ssid})
    except Unprocessable:
        return
    *start, segment, end = uri.split("/")
    assert ("/".join(start), unquote(segment), end) == (WIFI, ssid, "WlanXml")
    assert uri.isascii()


ALLOWED: list[tuple[Allowed, list[str], list[str]]] = [
    (Range(4, 16), ["4", "16"], ["3", "17", "", "04", "+4", "4.0", " 4", "four", "٤"]),
    (Range(-1, 1), ["-1", "0"], ["-2", "-0", "--1"]),
    (Choice(0, 1), ["0", "1"], ["2", "", "01", "0, 1"]),
    (Choice("IN", "OUT"), ["IN"], ["in", "IN,OUT"]),
    (Flags(5), ["0", "1", "4", "5"], ["2", "8", "-1", "0x1", ""]),
    (Pattern("[0-9]+"), ["1"], ["", "1\n", "a1"]),
    (Listed("|"), ["", "a|b"], []),
    (Listed(",", Choice("a", "b")), ["a", "b,a"], ["", "a,", "a|b", "a, b"]),
    (Xml(), ["<a/>", "<?xml version='1.0'?><a/>"], ["", "a", "<a>", "<a/><b/>", "<!DOCTYPE a><a/>", "\ud800"]),
    (Xml("a"), ["<a/>", "<p:a xmlns:p='urn:p'/>"], ["<b/>"]),
    (Admx(), ["<enabled/>", "<Disabled/>", " <enabled/>\n<data id='a' value='b'/>"],
     ["", "on", "<data id='a'/>", "<enabled/>on", "<enabled/><disabled/>", "</policy><policy>", "<enabled>", "\ud800"]),
]  # fmt: skip


@pytest.mark.parametrize(("allowed", "taken", "refused"), ALLOWED, ids=[str(case[0]) for case in ALLOWED])
def test_allowed_values(allowed: Allowed, taken: list[str], refused: list[str]) -> None:
    assert [text for text in taken if text not in allowed] == []
    assert [text for text in refused if text in allowed] == []
    with pytest.raises(Unprocessable, match="N takes"):
        Node("./N", "chr", ("Replace",), allowed).replace(b"bytes")


@pytest.mark.parametrize(
    ("kind", "allowed", "value", "text"),
    [
        ("bool", None, True, "true"),
        ("bool", None, "false", "false"),
        ("bool", Choice(0, 1), True, "1"),
        ("bool", Choice(0, 1), False, "0"),
        ("int", None, 4294967295, "4294967295"),
        ("int", None, -1, "-1"),
        ("b64", None, b"\0\1", "AAE="),
        ("bin", None, "AAE=", "AAE="),
        ("chr", None, "AT&T ]]>\r\n", "AT&T ]]>\r\n"),
        ("chr", Listed("\uf000"), ("a", "b"), "a\uf000b"),
        ("xml", None, "<a/>", "<a/>"),
    ],
)
def test_values_of_each_format(kind: str, allowed: Allowed | None, value: Any, text: str) -> None:
    assert Node("./N", kind, ("Add",), allowed).add(value).data == text


@pytest.mark.parametrize(
    ("kind", "allowed", "value"),
    [
        ("bool", None, 1),
        ("bool", None, "yes"),
        ("int", None, True),
        ("int", None, "1.5"),
        ("int", None, 2**32),
        ("int", Range(1, 2), 3),
        ("b64", None, "no base64"),
        ("b64", None, "AAE"),
        ("chr", None, b"bytes"),
        ("chr", None, ("a", "b")),
        ("chr", None, "bell \x07"),
        ("chr", None, "\ud800"),
        ("chr", Listed("|"), ("a|b", "c")),
        ("xml", None, "<a>"),
    ],
)
def test_values_that_are_refused(kind: str, allowed: Allowed | None, value: Any) -> None:
    with pytest.raises(Unprocessable):
        Node("./N", kind, ("Add",), allowed).add(value)


def test_secrets_are_marked_and_not_shown() -> None:
    step = catalogue.USER_PASSWORD.add("tr0ub4dor", user="support")
    assert step.secret
    assert "tr0ub4dor" not in repr(step)
    assert not catalogue.USER_GROUP.add(2, user="support").secret
    names = {"scope": "Device", "name": "vpn"}
    assert catalogue.SCEP["Install/Challenge"].add("x", **names).secret
    assert not catalogue.SCEP["Install/ServerURL"].add("x", **names).secret


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(Unprocessable) as caught:
        catalogue.WLAN_XML.add("<secret", scope="Device", ssid="a")
    assert "secret" not in str(caught.value)


def test_taking_back() -> None:
    names = {"scope": "Device", "ssid": "a b"}
    assert catalogue.WLAN_XML.undo(**names) == Step("Delete", f"{WIFI}/a%20b")
    stealth = catalogue.FIREWALL["DisableStealthMode"].undo(profile="Public")
    uri = "./Vendor/MSFT/Firewall/MdmStore/PublicProfile/DisableStealthMode"
    assert stealth == Step("Replace", uri, "bool", "false", "text/plain")
    for node in (catalogue.REBOOT_NOW, catalogue.DEVICE_NAME, Node("./N", "int", ("Get",), default="1")):
        with pytest.raises(Unprocessable, match="cannot be taken back"):
            node.undo()
