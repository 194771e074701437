"""The messages of a real Windows 10 PC through discovery, policy and enrollment, read back by two other parsers."""

import base64
import re
from pathlib import Path
from xml.dom import minidom
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core.house import House
from chalicelib.model.enrollment import Enrollment
from chalicelib.storage.memory.house import memory_house
from tests.unit.windows import enrolling as pc
from tests.unit.windows.enrolling import CAPTURES, DISCOVERY, ENROLLMENT, NS, POLICY, needs_captures

pytestmark = needs_captures

DEVICE_ID = "B5B954E81FBCB94EB79BD08BE625F4EE"
MESSAGE_IDS = {
    "01-discover": "urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478",
    "02-getpolicies": "urn:uuid:72048B64-0F19-448F-8C2E-B4C661860AA0",
    "03-requestsecuritytoken": "urn:uuid:0d5a1441-5891-453b-becf-a2e5f6ea3749",
}


@pytest.fixture
def house() -> House:
    return memory_house()


def captured(name: str, code: str = "") -> bytes:
    """With our code in the place of the password that was typed."""
    text = Path(CAPTURES, f"{name}.request.xml").read_text()
    changed = text.replace(">demo</wsse:Password>", f">{code}</wsse:Password>") if code else text
    assert (changed != text) == bool(code)
    return changed.encode()


def names(node: minidom.Node, depth: int = 99) -> list[str]:
    """The elements below, in order, as a parser sees them that knows nothing of namespaces."""
    children = [child for child in node.childNodes if child.nodeType == child.ELEMENT_NODE]
    return [name for child in children for name in (child.tagName, *(names(child, depth - 1) if depth else ()))]


def test_discovery(house: House) -> None:
    got = pc.post(house, DISCOVERY, captured("01-discover"))
    document = minidom.parseString(got.body).documentElement
    assert names(document) == [
        "s:Header", "a:Action", "ActivityId", "a:RelatesTo",
        "s:Body", "DiscoverResponse", "DiscoverResult", "AuthPolicy", "EnrollmentVersion",
        "EnrollmentPolicyServiceUrl", "EnrollmentServiceUrl",
    ]  # fmt: skip
    assert document.getElementsByTagName("a:RelatesTo")[0].firstChild.data == MESSAGE_IDS["01-discover"]
    assert document.getElementsByTagName("a:Action")[0].getAttribute("s:mustUnderstand") == "1"


def test_the_policy(house: House) -> None:
    got = pc.post(house, POLICY, captured("02-getpolicies", pc.invite(house)))
    assert got.text("s:Header/a:RelatesTo") == MESSAGE_IDS["02-getpolicies"]
    response = minidom.parseString(got.body).getElementsByTagName("GetPoliciesResponse")[0]
    assert names(response) == [
        "response", "policyID", "policyFriendlyName", "nextUpdateHours", "policiesNotChanged", "policies", "policy",
        "policyOIDReference", "cAs", "attributes", "commonName", "policySchema",
        "certificateValidity", "validityPeriodSeconds", "renewalPeriodSeconds", "permission", "enroll", "autoEnroll",
        "privateKeyAttributes", "minimalKeyLength", "keySpec", "keyUsageProperty", "permissions",
        "algorithmOIDReference", "cryptoProviders", "revision", "majorRevision", "minorRevision", "supersededPolicies",
        "privateKeyFlags", "subjectNameFlags", "enrollmentFlags", "generalFlags", "hashAlgorithmOIDReference",
        "rARequirements", "keyArchivalAttributes", "extensions",
        "cAs", "oIDs", "oID", "value", "group", "oIDReferenceID", "defaultName",
    ]  # fmt: skip
    empty = [each for each in response.getElementsByTagName("*") if not each.childNodes]
    assert {each.getAttribute("xsi:nil") for each in empty if each.tagName != "policyID"} == {"true"}


def test_enrollment(house: House) -> None:
    got = pc.post(house, ENROLLMENT, captured("03-requestsecuritytoken", pc.invite(house)))
    assert got.status == 200
    document = minidom.parseString(got.body).documentElement
    assert names(document) == [
        "s:Header", "a:Action", "ActivityId", "a:RelatesTo", "o:Security", "u:Timestamp", "u:Created", "u:Expires",
        "s:Body", "RequestSecurityTokenResponseCollection", "RequestSecurityTokenResponse", "TokenType",
        "DispositionMessage", "RequestedSecurityToken", "BinarySecurityToken", "RequestID",
    ]  # fmt: skip
    created, expires = (got.text(f"s:Header/o:Security/u:Timestamp/u:{name}") for name in ("Created", "Expires"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    assert created < expires
    collection = "s:Body/t:RequestSecurityTokenResponseCollection/t:RequestSecurityTokenResponse"
    assert got.text(f"{collection}/e:RequestID") == "0"
    assert got.text(f"{collection}/t:TokenType").endswith("/DeviceEnrollmentToken")
    token = got.root.find(f"{collection}/t:RequestedSecurityToken/o:BinarySecurityToken", NS)
    assert token is not None
    assert token.get("ValueType") == (
        "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc"
    )


def test_the_certificate_is_for_the_captured_key(house: House) -> None:
    """Its request has a NUL in a PrintableString and a SHA-1 signature, which strict readers refuse."""
    request = captured("03-requestsecuritytoken", pc.invite(house))
    wire = ElementTree.fromstring(request).findtext(".//o:BinarySecurityToken", namespaces=NS)
    content = base64.b64decode(str(wire))
    with pytest.raises(ValueError, match="PrintableString"):
        x509.load_der_x509_csr(content).subject  # noqa: B018
    made = x509.load_der_x509_certificate(pc.post(house, ENROLLMENT, request).document.certificate("My/User"))
    spki = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki in content
    assert DEVICE_ID not in made.subject.rfc4514_string()
    held = house.store.get(Enrollment, pc.common_name(made.public_bytes(Encoding.DER)))
    assert held.hardware_id == DEVICE_ID
    assert held.session["hello"]["name"] == "DESKTOP-28FGAI6"
    assert made.signature_hash_algorithm is not None
    assert made.signature_hash_algorithm.name == hashes.SHA256.name


@pytest.mark.parametrize("name", ["02-getpolicies", "03-requestsecuritytoken"])
def test_the_typed_password_is_no_code(house: House, name: str) -> None:
    got = pc.post(house, POLICY if name.startswith("02") else ENROLLMENT, captured(name))
    assert got.fault[:2] == ("s:Authentication", "Authentication")
    assert got.text("s:Header/a:RelatesTo") == MESSAGE_IDS[name]
    assert names(minidom.parseString(got.body).getElementsByTagName("s:Fault")[0]) == [
        "s:Code", "s:Value", "s:Subcode", "s:Value", "s:Reason", "s:Text",
        "s:Detail", "DeviceEnrollmentServiceError", "ErrorType", "Message", "TraceId",
    ]  # fmt: skip
    assert house.store.meter.total().calls == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", sorted(MESSAGE_IDS))
def test_a_doctype_is_refused_everywhere(house: House, name: str, encoding: str) -> None:
    path = {"01": DISCOVERY, "02": POLICY, "03": ENROLLMENT}[name[:2]]
    code = pc.invite(house) if name[:2] != "01" else ""
    text = captured(name, code).decode()
    assert pc.post(house, path, text.encode(encoding)).status == 200
    before = house.store.meter.total().calls
    for bad in ("<!DOCTYPE s>" + text, '<!DOCTYPE s [<!ENTITY a "b">]>' + text):
        assert pc.post(house, path, bad.encode(encoding)).fault[0] == "s:MessageFormat"
    assert house.store.meter.total().calls == before
