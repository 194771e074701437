"""The simulated PC on its ways into management, and what it does not accept there."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import csr as asn1_csr
from cryptography import x509

from tests.devices.entra import FakeEntra
from tests.devices.windows import WindowsPC, csr
from tests.devices.windows.browser import read_deep_link
from tests.devices.windows.complaints import (
    Complaint,
    EnrollmentFault,
    PasswordDeclined,
    ProvisioningRefused,
    ServerRefused,
)
from tests.devices.windows.soap import Security
from tests.unit.devices.stub_windows import HOST, WSSE, WindowsStub

CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "captures" / "windows"


@pytest.fixture
def stub() -> WindowsStub:
    return WindowsStub()


@pytest.fixture
def pc(stub: WindowsStub) -> WindowsPC:
    return WindowsPC(seed=1, transport=stub)


def test_a_password_is_enough(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll_on_premise("mdm.example.com", "ada", "invitation-code")
    assert pc.enrolled
    assert pc.certificate == stub.issued
    assert pc.state.roots == [stub.ca.der]
    assert (pc.state.provider_id, pc.state.store) == ("Stub", "User")
    said = stub.security[0]
    assert (said["Username"], said["Password"]) == ("ada", "invitation-code")
    context = stub.tokens[0]
    assert context["DeviceID"] == pc.device_id == stub.messages[0].source
    assert re.fullmatch("[0-9A-F]{64}", context["HWDevID"])
    assert (context["EnrollmentType"], context["DeviceType"]) == ("Full", "CIMClient_Windows")
    assert pc.node("./Device/Vendor/MSFT/DMClient/Provider/Stub/UPN") == "ada@example.com"
    assert [(one[0], one[1].removeprefix(HOST).split("?")[0]) for one in stub.requests] == [
        ("GET", "/EnrollmentServer/Discovery.svc"), ("POST", "/EnrollmentServer/Discovery.svc"),
        ("POST", "/windows/policy"), ("POST", "/windows/enrollment"), ("POST", "/windows/manage"),
    ]  # fmt: skip


def test_a_deep_link_leads_there(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll(stub.page_url)
    assert pc.enrolled
    assert stub.security[0]["Username"] == "ada@example.com"
    assert stub.security[0]["Password"] == stub.code


@pytest.mark.parametrize(
    "link",
    [
        "https://mdm.example.com/?mode=mdm",
        "ms-device-enrollment:?mode=sudo&servername=x",
        "ms-device-enrollment:?mode=mdm&ownership=9",
        "ms-device-enrollment://x?mode=mdm",
    ],
)
def test_a_deep_link_is_exact(link: str) -> None:
    with pytest.raises(Complaint):
        read_deep_link(link)


def test_a_page_for_phones_is_of_no_use(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.alter["page"] = lambda text: text.replace("ms-device-enrollment", "https")
    with pytest.raises(Complaint, match="no ms-device-enrollment link"):
        pc.enroll(stub.page_url)


def test_the_federated_way(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.auth_policy = "Federated"
    pc.enroll_federated(HOST, "ada", stub.password)
    assert base64.b64decode(stub.security[0]["BinarySecurityToken"]).decode() == stub.code
    opened = next(one[1] for one in stub.requests if "/windows/signin" in one[1])
    assert "appru=ms-app%3A%2F%2Fwindows.immersivecontrolpanel" in opened
    assert "login_hint=" in opened


def test_a_wrong_password_does_not_get_through(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.auth_policy = "Federated"
    with pytest.raises(PasswordDeclined):
        pc.enroll_federated(HOST, "ada", "guess")
    assert stub.tokens == []


@pytest.mark.parametrize(
    ("old", "new"), [("ms-app://windows", "ms-app://other"), (" onload='", " x='"), ('"hidden"', '"text"')]
)
def test_the_last_page_is_exact(stub: WindowsStub, pc: WindowsPC, old: str, new: str) -> None:
    stub.auth_policy = "Federated"
    stub.alter["wresult"] = lambda text: text.replace(old, new)
    with pytest.raises(Complaint):
        pc.enroll_federated(HOST, "ada", stub.password)


def test_the_way_through_entra(stub: WindowsStub, pc: WindowsPC) -> None:
    with FakeEntra() as entra:
        pc.enroll_entra(HOST, entra, terms_url=f"{HOST}/windows/terms", kind="Device")
        token = base64.b64decode(stub.security[0]["BinarySecurityToken"]).decode()
        assert token.count(".") == 2
    assert (stub.tokens[0]["OpaqueBlob"], stub.tokens[0]["EnrollmentType"]) == ("blob-1", "Device")
    assert pc.state.store == "System"
    assert pc.state.entra_joined


@pytest.mark.parametrize(
    ("old", "new"),
    [("IsAccepted=true", "IsAccepted=false"), ("&OpaqueBlob=blob-1", ""), ("ms-appx-web", "ms-other"),
     ("IsAccepted=true", "error=access_denied")],
)  # fmt: skip
def test_terms_that_lead_nowhere(stub: WindowsStub, pc: WindowsPC, old: str, new: str) -> None:
    stub.alter["terms"] = lambda text: text.replace(old, new)
    with pytest.raises(Complaint):
        pc.enroll_entra(HOST, "a.b.c", terms_url=f"{HOST}/windows/terms")
    assert stub.tokens == []


def test_the_other_alphabet_of_base64(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.token_alphabet = "urlsafe"
    pc.enroll_entra(HOST, "??>>.~~~~.....")
    token = stub.security[0]["BinarySecurityToken"]
    assert not set(token) & {"+", "/", "="}
    assert set(token) & {"-", "_"}


# -- the certificate request


def test_the_request_is_windows_own(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.hash_reference = ""
    pc.enroll(stub.page_url)
    request = asn1_csr.CertificationRequest.load(stub.requested[0])
    subject = request["certification_request_info"]["subject"].chosen[0][0]["value"].chosen
    assert type(subject).__name__ == "PrintableString"
    content = bytes(subject.contents)
    assert content.endswith(f"!{pc.device_id}\0".encode())
    assert len(content) == 64
    assert request["signature_algorithm"]["algorithm"].dotted == "1.3.14.3.2.29"
    with pytest.raises(ValueError):  # noqa: PT011 - a strict reader must stumble, whatever it says
        x509.load_der_x509_csr(stub.requested[0]).subject  # noqa: B018


def test_the_policys_hash_is_used(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll(stub.page_url)
    request = asn1_csr.CertificationRequest.load(stub.requested[0])
    assert request["signature_algorithm"]["algorithm"].native == "sha256_rsa"


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="needs the captured messages in ../shared")
def test_the_request_has_the_captured_shape(pc: WindowsPC) -> None:
    text = (CAPTURES / "03-requestsecuritytoken.request.xml").read_text()
    real = base64.b64decode(re.search(r"base64binary\">([^<]+)<", text)[1])  # type: ignore[index]
    device_id = re.search(r'Name="DeviceID"><ac:Value>(\w+)', text)[1]  # type: ignore[index]
    key = csr.rsa.generate_private_key(65537, 2048)
    ours = csr.request(key, "562A7F9A-6CD8-40B0-9E7E-0DBDD8AAAAAA", device_id)
    place = real.index(bytes.fromhex("300d06092a864886f70d010101"))
    assert ours[:place] == real[:place]
    tail = real.index(bytes.fromhex("a0423040"))
    assert ours[tail : tail + 82] == real[tail : tail + 82]


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="needs the captured messages in ../shared")
@pytest.mark.parametrize(
    ("file", "index"),
    [("01-discover", 1), ("02-getpolicies", 2), ("03-requestsecuritytoken", 3), ("04-syncml-first-session", 4)],
)
def test_requests_look_like_the_captured(stub: WindowsStub, pc: WindowsPC, file: str, index: int) -> None:
    pc.knobs.digest = "none"
    stub.authentication = "none"
    pc.enroll_on_premise(HOST, "demio", "demo")
    real = _shape((CAPTURES / f"{file}.request.xml").read_bytes())
    assert set(_shape(stub.requests[index][3])) == set(real)


def _shape(raw: bytes) -> list[str]:
    from xml.etree import ElementTree

    def walk(element: ElementTree.Element, above: str) -> list[str]:
        here = f"{above}/{element.tag}{sorted(element.attrib)}"
        return [here, *(path for child in element for path in walk(child, here))]

    return walk(ElementTree.fromstring(raw), "")


# -- what it does not accept

Change = Callable[[str], str]


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text, f"{old} is not there to be broken"
        return text.replace(old, new)

    return change


def without(pattern: str) -> Change:
    def change(text: str) -> str:
        made, count = re.subn(pattern, "", text, flags=re.S)
        assert count
        return made

    return change


@pytest.mark.parametrize(
    ("stage", "change"),
    [
        ("discover", without("<a:RelatesTo>.*</a:RelatesTo>")),
        ("discover", swap("urn:uuid:", "urn:uuid:0")),
        ("discover", swap("DiscoverResponse<", "Discover<")),
        ("discover", swap("OnPremise", "Anonymous")),
        ("discover", swap(f"{HOST}/windows/policy", "http://mdm.example.com/windows/policy")),
        ("discover", swap(f"{HOST}/windows/policy", "https://other.example.com/windows/policy")),
        ("discover", without("<EnrollmentServiceUrl>.*</EnrollmentServiceUrl>")),
        ("discover", swap("4.0", "3.0")),
        ("discover", swap("2003/05/soap-envelope", "2001/12/soap-envelope")),
        ("discover", swap("<s:Envelope", "<!DOCTYPE x [<!ENTITY e 'x'>]><s:Envelope")),
        ("discover", swap("</s:Envelope>", "")),
        ("policy", swap("<policySchema>3<", "<policySchema>2<")),
        ("policy", swap("<enroll>true<", "<enroll>false<")),
        ("policy", swap("<oIDReferenceID>0<", "<oIDReferenceID>1<")),
        ("policy", swap("<group>1<", "<group>7<")),
        ("policy", swap(">2048<", ">1024<")),
        ("policy", swap("<renewalPeriodSeconds>3628800<", "<renewalPeriodSeconds>99999999<")),
        ("token", swap("DeviceEnrollmentProvisionDoc", "DeviceEnrollmentToken")),
        ("token", swap("#base64binary", "#hex")),
        ("token", without("<TokenType>.*</TokenType>")),
        ("token", lambda text: re.sub(r"Expires>20\d\d", "Expires>2001", text)),
    ],
)
def test_envelopes_are_exact(stub: WindowsStub, pc: WindowsPC, stage: str, change: Change) -> None:
    stub.alter[stage] = change
    with pytest.raises(Complaint):
        pc.enroll(stub.page_url)
    assert not pc.enrolled


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (swap('version="1.1"', 'version="1.0"'), "not a wap-provisioningdoc"),
        (lambda text: re.sub(r'type="([0-9A-F]{40})"', lambda m: f'type="{m[1].lower()}"', text), "thumbprint"),
        (swap("<characteristic type='PrivateKeyContainer'/>", ""), "PrivateKeyContainer"),
        (without('<characteristic type="Root">.*?</characteristic></characteristic></characteristic>'), "no root"),
        (swap("CN%3D", "CN%3Dx"), "select 0"),
        (swap("Stores=My%5CUser", "Stores=My%5CSystem"), "lies in My"),
        (swap("Subject=CN%3D", "Subject=CN="), "URI-escaped"),
        (swap('value="CLIENT"', 'value="APPSRV"'), "Windows wants CLIENT and APPSRV"),
        (without('<parm name="AAUTHNAME" value="device"[^>]*>'), "AAUTHNAME"),
        (without('<parm name="AAUTHDATA"[^>]*>'), "AAUTHDATA"),
        (swap('"ROBOSupport" value="true"', '"ROBOSupport" value="false"'), "renew"),
        (without('<parm name="NumberOfFirstRetries"[^>]*>'), "NumberOfFirstRetries"),
        (swap('name="NumberOfFirstRetries" value="8"', 'name="NumberOfFirstRetries" value="x"'), "no integer"),
        (swap(f'"ADDR" value="{HOST}', '"ADDR" value="http://x'), "not https"),
        (swap('value="w7"', 'value="w4"'), "w7"),
        (swap('"Provider"><characteristic type="Stub"', '"Provider"><characteristic type="Other"'), "Stub"),
        (swap("<wap-provisioningdoc", "<!DOCTYPE x><wap-provisioningdoc"), "DOCTYPE"),
    ],
)
def test_the_provisioning_document_is_exact(stub: WindowsStub, pc: WindowsPC, change: Change, text: str) -> None:
    stub.alter["provisioning"] = change
    with pytest.raises(Complaint, match=text):
        pc.enroll(stub.page_url)
    assert not pc.enrolled


def test_a_certificate_for_another_key_is_refused(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll(stub.page_url)
    foreign = base64.b64encode(stub.issued).decode()
    thumbprint = re.search(r'My".*?type="([0-9A-F]{40})"', stub._document(_key(), False))
    assert thumbprint
    stub.alter["provisioning"] = lambda text: re.sub(
        r'(type="My">.*?type="User"><characteristic type=")[0-9A-F]+("><parm name="EncodedCertificate" value=")[^"]+',
        lambda m: f"{m[1]}{_thumb(stub_issued)}{m[2]}{foreign}",
        text,
    )
    stub_issued = base64.b64decode(foreign)
    other = WindowsPC(seed=2, transport=stub)
    with pytest.raises(ProvisioningRefused, match="not for this PC's key"):
        other.enroll(stub.page_url)


def _thumb(der: bytes) -> str:
    import hashlib

    return hashlib.sha1(der).hexdigest().upper()


def _key() -> csr.rsa.RSAPublicKey:
    return csr.rsa.generate_private_key(65537, 2048).public_key()


def test_a_fault_is_told(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.fault = ("Authorization", "DeviceCapReached")
    with pytest.raises(EnrollmentFault) as told:
        pc.enroll(stub.page_url)
    assert (told.value.subcode, told.value.error_type, told.value.status) == ("Authorization", "DeviceCapReached", 500)


def test_chunks_are_refused(stub: WindowsStub, pc: WindowsPC) -> None:
    def chunked(method: str, url: str, headers: object, body: bytes) -> object:
        reply = stub(method, url, headers, body)  # type: ignore[arg-type]
        return type(reply)(reply.status, {**reply.headers, "transfer-encoding": "chunked"}, reply.body)

    pc.transport = chunked  # type: ignore[assignment]
    with pytest.raises(Complaint, match="in chunks"):
        pc.enroll_on_premise(HOST, "a", "b")


def test_a_missing_service_is_told(pc: WindowsPC) -> None:
    with pytest.raises(ServerRefused, match="404"):
        pc.enroll_on_premise(f"{HOST}/nothing/here", "a", "b")


# -- again


def test_the_same_key_can_ask_again(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll(stub.page_url)
    security = Security("ada", stub.code)
    pc.obtain_identity(security, pc.get_policies(pc.state.policy_url, security), key=pc.last_key)
    first, second = (asn1_csr.CertificationRequest.load(one)["certification_request_info"] for one in stub.requested)
    assert first["subject_pk_info"].dump() == second["subject_pk_info"].dump()


def test_renewal(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll(stub.page_url)
    before, account = pc.certificate, dict(pc.state.client_auth)
    pc.renew_identity()
    assert pc.certificate == stub.issued != before
    assert pc.state.client_auth == account
    assert (stub.security[1].get("Password"), stub.security[1]["Username"]) == ("", pc.state.upn)
    assert "Created" in stub.security[1]
    body = next(one[3] for one in reversed(stub.requests) if one[1].endswith("/windows/enrollment"))
    assert f'{WSSE}#PKCS7"'.encode() in body
    assert b"200512/Renew" in body
    pc.poll()


@pytest.mark.parametrize(
    "change",
    [swap('"PROVIDER-ID" value="Stub"', '"PROVIDER-ID" value="Other"'),
     lambda text: re.sub(r'value="MII[^"]*"', 'value="MIIA"', text)],
)  # fmt: skip
def test_a_bad_renewal_changes_nothing(stub: WindowsStub, pc: WindowsPC, change: Change) -> None:
    pc.enroll(stub.page_url)
    before = pc.certificate
    stub.alter["provisioning"] = change
    with pytest.raises(ProvisioningRefused):
        pc.renew_identity()
    assert pc.certificate == before


def test_another_subject_breaks_the_search_criteria(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll(stub.page_url)
    stub.subject = "CN=another,O=Stub"
    with pytest.raises(ProvisioningRefused, match="select 0"):
        pc.renew_identity()


def test_nothing_is_renewed_after_its_end(stub: WindowsStub, pc: WindowsPC, monkeypatch: pytest.MonkeyPatch) -> None:
    pc.enroll(stub.page_url)
    end = pc.identity.x509.not_valid_after_utc
    monkeypatch.setattr(pc, "now", lambda: end.replace(year=end.year + 1))
    with pytest.raises(Complaint, match="expired"):
        pc.renew_identity()


def test_a_pc_comes_back_from_its_file(stub: WindowsStub, tmp_path: Path) -> None:
    pc = WindowsPC(seed=3, transport=stub, state_dir=tmp_path)
    pc.enroll(stub.page_url)
    again = WindowsPC.load(tmp_path / f"{pc.serial}.json", transport=stub)
    assert (again.certificate, again.nodes, again.state.session_id) == (pc.certificate, pc.nodes, 1)
    stub.send("Get", "./DevDetail/SwV")
    assert again.poll() == [("Get ./DevDetail/SwV", 200)]
    assert (tmp_path / f"{pc.serial}.json").stat().st_mode & 0o077 == 0


def test_the_search_criteria_select_one_certificate_only(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.enroll(stub.page_url)
    twin = WindowsPC(seed=4, transport=stub)
    twin.state.other_certificates.append(pc.certificate)  # of the same subject, in the same store
    with pytest.raises(ProvisioningRefused, match="select 2"):
        twin.enroll(stub.page_url)
