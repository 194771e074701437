"""The provisioning document: every parameter, and that its nodes are the ones that Windows has."""

import base64
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from cryptography import x509

from chalicelib.core import issuance
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.model.secret import Secret
from chalicelib.platforms.windows import credentials, provisioning
from chalicelib.platforms.windows.provisioning import Account, Proof
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.unit.windows import enrolling as pc
from tests.unit.windows.enrolling import Clock

DDF = Path(__file__).resolve().parents[4] / "shared" / "schemas" / "windows-csp-ddf"
needs_ddf = pytest.mark.skipif(not DDF.is_dir(), reason="Windows' DDF files are not beside the project (../shared)")
NAMES = {"User": "Full", "System": "Device"}


@pytest.fixture
def house() -> House:
    return memory_house(Clock())


@pytest.mark.parametrize("store", ["User", "System"])
def test_every_parameter(house: House, store: str) -> None:
    pc.setting(house, "windows.wns", pfn="Example.Muster_8wekyb3d8bbwe", sid="ms-app://x")
    document = pc.enrolled(house, EnrollmentType=NAMES[store])
    root, mine = document.certificate("Root/System"), document.certificate(f"My/{store}")
    assert root == issuance.authority(house).ca
    enrollment_id = pc.common_name(mine)
    rest = {name: value for name, value in document.parms.items() if "EncodedCertificate" not in name}
    nonces = {name: rest.pop(name) for name in list(rest) if name.endswith("AAUTHDATA")}
    provider = "/DMClient/Provider/Muster"
    assert rest == {
        "/CertificateStore/My/WSTEP/Renew/ROBOSupport": "true",
        "/CertificateStore/My/WSTEP/Renew/RenewPeriod": "60",
        "/CertificateStore/My/WSTEP/Renew/RetryInterval": "4",
        "/APPLICATION/APPID": "w7",
        "/APPLICATION/PROVIDER-ID": "Muster",
        "/APPLICATION/NAME": "Example",
        "/APPLICATION/ADDR": "https://devices.example.test/windows/manage",
        "/APPLICATION/ROLE": "4294967295",
        "/APPLICATION/CONNRETRYFREQ": "6",
        "/APPLICATION/INITIALBACKOFFTIME": "30000",
        "/APPLICATION/MAXBACKOFFTIME": "120000",
        "/APPLICATION/DEFAULTENCODING": "application/vnd.syncml.dm+xml",
        "/APPLICATION/SSLCLIENTCERTSEARCHCRITERIA":
            f"Subject=O%3DMuster%2CCN%3D{enrollment_id}&Stores=My%5C{store}",
        "/APPLICATION/BACKCOMPATRETRYDISABLED": None,
        "/APPLICATION/APPAUTH:APPSRV/AAUTHLEVEL": "APPSRV",
        "/APPLICATION/APPAUTH:APPSRV/AAUTHTYPE": "DIGEST",
        "/APPLICATION/APPAUTH:APPSRV/AAUTHNAME": enrollment_id,
        "/APPLICATION/APPAUTH:APPSRV/AAUTHSECRET": credentials.client_password(house, enrollment_id).reveal(),
        "/APPLICATION/APPAUTH:CLIENT/AAUTHLEVEL": "CLIENT",
        "/APPLICATION/APPAUTH:CLIENT/AAUTHTYPE": "DIGEST",
        "/APPLICATION/APPAUTH:CLIENT/AAUTHNAME": "Muster",
        "/APPLICATION/APPAUTH:CLIENT/AAUTHSECRET": credentials.server_password(house, enrollment_id).reveal(),
        f"{provider}/EntDMID": enrollment_id,
        f"{provider}/EntDeviceName": "DESKTOP-28FGAI6",
        f"{provider}/Push/PFN": "Example.Muster_8wekyb3d8bbwe",
        f"{provider}/Poll/NumberOfFirstRetries": "10",
        f"{provider}/Poll/IntervalForFirstSetOfRetries": "3",
        f"{provider}/Poll/NumberOfSecondRetries": "25",
        f"{provider}/Poll/IntervalForSecondSetOfRetries": "60",
        f"{provider}/Poll/NumberOfRemainingScheduledRetries": "0",
        f"{provider}/Poll/IntervalForRemainingScheduledRetries": "240",
        f"{provider}/Poll/PollOnLogin": "true",
    }  # fmt: skip
    first = base64.b64decode(str(nonces["/APPLICATION/APPAUTH:APPSRV/AAUTHDATA"]))
    assert first == credentials.nonce(house, enrollment_id, 0)
    assert len(base64.b64decode(str(nonces["/APPLICATION/APPAUTH:CLIENT/AAUTHDATA"]))) == 16
    assert document.root.tag == "wap-provisioningdoc"
    assert document.root.get("version") == "1.1"


def test_the_key_belongs_to_the_certificate(house: House) -> None:
    document = pc.enrolled(house)
    held = document.root.findall(".//characteristic[@type='PrivateKeyContainer']/..")
    assert [node.find("parm").get("value") for node in held] == [  # type: ignore[union-attr]
        base64.b64encode(document.certificate("My/User")).decode()
    ]


def test_the_criteria_name_the_subject_as_it_is_encoded(house: House) -> None:
    document = pc.enrolled(house)
    criteria = dict(part.split("=", 1) for part in str(document.parms[CRITERIA]).split("&"))
    parsed = x509.load_der_x509_certificate(document.certificate("My/User"))
    encoded = [f"{SHORT[pair.oid.dotted_string]}={pair.value}" for pair in parsed.subject]
    assert unquote(criteria["Subject"]).split(",") == encoded
    assert criteria["Stores"] == "My%5CUser"


CRITERIA = "/APPLICATION/SSLCLIENTCERTSEARCHCRITERIA"
SHORT = {"2.5.4.3": "CN", "2.5.4.10": "O"}


def test_management_may_lie_on_a_host_of_its_own() -> None:
    house = memory_house(Clock(), settings=replace(SETTINGS, manage_url="https://manage.example.test"))
    assert pc.enrolled(house).parms["/APPLICATION/ADDR"] == "https://manage.example.test/windows/manage"


def test_without_push_and_without_a_person(house: House) -> None:
    names = pc.enrolled(house).parms
    assert not [name for name in names if "Push" in name or "UPN" in name]


def _account(**more: str) -> Account:
    proof = Proof("name", Secret("secret"), b"nonce")
    return Account("01", "A & B <>", "https://x/", "CN=a,O=b", "User", b"ca", b"cert", proof, proof, **more)


def test_names_are_escaped() -> None:
    name = '<PC> & "quotes" \'n ünïcode'
    document = pc.Document(ElementTree.fromstring(provisioning.document(_account(device_name=name, user="a&b@x"))))
    assert document.parms["/DMClient/Provider/Muster/EntDeviceName"] == name
    assert document.parms["/DMClient/Provider/Muster/UPN"] == "a&b@x"
    assert document.parms["/APPLICATION/NAME"] == "A & B <>"
    assert "secret" not in repr(_account())


def test_what_xml_cannot_carry_is_refused() -> None:
    with pytest.raises(Unprocessable):
        provisioning.document(_account(device_name="a\x00b"))


def test_the_renewal_falls_into_the_life_of_a_certificate() -> None:
    assert provisioning.RETRY_DAYS < provisioning.RENEW_DAYS < issuance.IDENTITY_DAYS / 2


def _nodes(path: Path) -> dict[str, tuple[str, str]]:
    """Path without the dynamic parts → format and allowed values of a DDF v2 file."""
    found: dict[str, tuple[str, str]] = {}

    def walk(node: ElementTree.Element, path: str) -> None:
        path = f"{path}/{node.findtext('NodeName') or '*'}"
        properties = node.find("DFProperties")
        assert properties is not None
        form = properties.find("DFFormat")
        values = [each.text or "" for each in properties.iter("{http://schemas.microsoft.com/MobileDevice/DM}Value")]
        found[path] = (form[0].tag if form is not None else "", "|".join(values))
        for child in node.findall("Node"):
            walk(child, path)

    for top in ElementTree.parse(path).getroot().findall("Node"):
        walk(top, "")
    return found


FORMATS = {"string": "chr", "integer": "int", "boolean": "bool"}


@needs_ddf
def test_the_nodes_are_those_of_windows(house: House) -> None:
    known = _nodes(DDF / "DMClient.xml") | _nodes(DDF / "CertificateStore.xml")
    checked = 0
    pc.setting(house, "windows.wns", pfn="x")
    code = pc.invite(house, user="ada@example.com")
    body = pc.request_token(pc.password(code), pc.csr(pc.key()))
    document = pc.post(house, pc.ENROLLMENT, body).document

    def walk(node: ElementTree.Element, path: str) -> None:
        nonlocal checked
        for child in node:
            if child.tag == "characteristic":
                walk(child, f"{path}/{child.get('type')}")
            elif not path.startswith("/APPLICATION"):
                checked += _check(known, f"{path}/{child.get('name')}", child)

    walk(document.root, "")
    assert checked == 2 + 3 + 3 + 7 + 1


def _check(known: dict[str, tuple[str, str]], path: str, parm: ElementTree.Element) -> int:
    plain = re.sub("/[0-9A-F]{40}/", "/*/", path).replace("/Provider/Muster", "/Provider/*")
    form, allowed = known[plain.replace("/Root/", "/ROOT/").replace("/My/", "/MY/")]
    assert form == FORMATS.get(str(parm.get("datatype")), "b64"), path
    if "[" in allowed:
        lowest, highest = (int(each) for each in allowed.strip("[]").split("-"))
        assert lowest <= int(str(parm.get("value"))) <= highest
    elif allowed:
        assert parm.get("value") in allowed.split("|")
    return 1
