"""Discovery, policy and enrollment from request to answer, and what each refusal says."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from chalicelib.core import ids, invitations
from chalicelib.core.house import House
from chalicelib.model.enrollment import Certificate, Enrollment, EnrollmentStatus, Invitation
from chalicelib.storage.memory.house import memory_house
from tests.unit.windows import enrolling as pc
from tests.unit.windows.enrolling import DISCOVERY, ENROLLMENT, NS, POLICY, Clock

RESULT = "s:Body/d:DiscoverResponse/d:DiscoverResult"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(clock: Clock) -> House:
    return memory_house(clock)


# ── discovery ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_get_is_answered_with_nothing(house: House) -> None:
    got = pc.post(house, DISCOVERY, b"", "GET")
    assert (got.status, got.body) == (200, b"")
    assert house.store.meter.total().calls == 0


def test_discovery_names_the_addresses(house: House) -> None:
    got = pc.post(house, DISCOVERY, pc.discover())
    assert got.status == 200
    assert got.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert got.headers["content-length"] == str(len(got.body))
    assert got.text("s:Header/a:Action") == f"{NS['d']}/IDiscoveryService/DiscoverResponse"
    assert got.text("s:Header/a:RelatesTo") == pc.MESSAGE_ID
    assert got.text("s:Header/g:ActivityId")
    found = {child.tag.partition("}")[2]: child.text for child in got.root.find(RESULT, NS) or ()}
    assert found == {
        "AuthPolicy": "OnPremise",
        "EnrollmentVersion": "4.0",
        "EnrollmentPolicyServiceUrl": "https://devices.example.test/windows/policy",
        "EnrollmentServiceUrl": "https://devices.example.test/windows/enrollment",
    }


@pytest.mark.parametrize(
    ("federated", "policies", "email", "chosen", "reads"),
    [
        (True, ("OnPremise", "Federated"), "ada@example.com", "Federated", 1),
        (True, ("OnPremise",), "ada@example.com", "OnPremise", 0),
        (True, ("OnPremise", "Federated"), "Invitation@devices.example.test", "OnPremise", 0),
        (True, ("Federated",), "ada@example.com", "Federated", 1),
        (False, ("OnPremise", "Federated"), "ada@example.com", "OnPremise", 1),
        (False, ("OnPremise", "Certificate"), "EXAMPLE\\ada", "OnPremise", 0),
    ],
)
def test_which_way_is_offered(
    house: House, federated: bool, policies: tuple[str, ...], email: str, chosen: str, reads: int
) -> None:
    pc.setting(house, "windows.enrollment", federated=federated)
    before = house.store.meter.total().calls
    got = pc.post(house, DISCOVERY, pc.discover(policies, email))
    assert got.text(f"{RESULT}/d:AuthPolicy") == chosen
    assert house.store.meter.total().calls - before == reads
    page = got.root.findtext(f"{RESULT}/d:AuthenticationServiceUrl", namespaces=NS)
    assert page == ("https://console.example.test/windows/signin" if chosen == "Federated" else None)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (pc.discover(device_type="WindowsPhone"), ("s:MessageFormat", "DeviceNotSupported")),
        (pc.discover(version="3.0"), ("s:MessageFormat", "DeviceNotSupported")),
        (pc.discover(version="four"), ("s:MessageFormat", "MessageFormat")),
        (pc.discover(version="4.0.1"), ("s:MessageFormat", "MessageFormat")),
        (pc.discover(("Certificate",)), ("s:Authorization", "NotSupported")),
        (pc.discover(("Federated",)), ("s:Authorization", "NotSupported")),
        (pc.get_policies(""), ("s:MessageFormat", "MessageFormat")),
        (pc.discover().replace(b"/Discover<", b"/Other<"), ("s:MessageFormat", "MessageFormat")),
        (b"", ("s:MessageFormat", "MessageFormat")),
        (b"\x00" * 600_000, ("s:MessageFormat", "MessageFormat")),
    ],
)
def test_discovery_refuses_with_a_fault(house: House, body: bytes, fault: tuple[str, str]) -> None:
    subcode, error_type, text = pc.post(house, DISCOVERY, body).fault
    assert (subcode, error_type) == fault
    assert text.endswith(".")


def test_versions_are_numbers(house: House) -> None:
    for version in ("4.0", "9.0", "10.0"):
        assert pc.post(house, DISCOVERY, pc.discover(version=version)).status == 200


def test_a_fault_relates_to_its_request(house: House) -> None:
    assert pc.post(house, POLICY, pc.discover()).text("s:Header/a:RelatesTo") == pc.MESSAGE_ID


# ── policy ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_policy_asks_for_sha256(house: House) -> None:
    got = pc.post(house, POLICY, pc.get_policies(pc.password(pc.invite(house))))
    response = "s:Body/x:GetPoliciesResponse"
    attributes = f"{response}/x:response/x:policies/x:policy/x:attributes"
    assert got.text("s:Header/a:Action").endswith("/IPolicy/GetPoliciesResponse")
    assert got.text(f"{attributes}/x:privateKeyAttributes/x:minimalKeyLength") == "2048"
    assert got.text(f"{attributes}/x:policySchema") == "3"
    assert got.text(f"{attributes}/x:certificateValidity/x:validityPeriodSeconds") == str(730 * 86_400)
    assert int(got.text(f"{attributes}/x:certificateValidity/x:renewalPeriodSeconds")) == 60 * 86_400
    reference = got.text(f"{attributes}/x:hashAlgorithmOIDReference")
    assert got.text(f"{response}/x:oIDs/x:oID/x:oIDReferenceID") == reference == "0"
    assert got.text(f"{response}/x:oIDs/x:oID/x:value") == "2.16.840.1.101.3.4.2.1"
    assert got.text(f"{response}/x:oIDs/x:oID/x:group") == "1"


def test_asking_for_the_policy_consumes_nothing(house: House) -> None:
    code = pc.invite(house)
    for _ in range(3):
        assert pc.post(house, POLICY, pc.get_policies(pc.password(code))).status == 200
    assert invitations.open_invitation(house, code).uses == 0


@pytest.mark.parametrize("spelling", [str.upper, lambda code: f" {code[:13]}-{code[13:]} ", lambda code: code])
def test_a_code_that_was_typed(house: House, spelling: Callable[[str], str]) -> None:
    security = pc.password(spelling(pc.invite(house)))
    assert pc.post(house, POLICY, pc.get_policies(security)).status == 200


@pytest.mark.parametrize(
    ("security", "fault", "reads"),
    [
        (pc.password("demo"), ("s:Authentication", "Authentication"), 0),
        (pc.password(""), ("s:Authentication", "Authentication"), 0),
        (pc.password("0" * 26), ("s:Authentication", "Authentication"), 1),
        ("", ("s:Authentication", "Authentication"), 0),
        (pc.binary("demo"), ("s:Authentication", "Authentication"), 0),
        (pc.binary("x").replace(">eA==<", ">!<"), ("a:InvalidSecurity", "InvalidSecurity"), 0),
        (pc.binary("demo", "urn:unknown"), ("a:InvalidSecurity", "InvalidSecurity"), 0),
        (pc.binary("a.b.c", pc.JWT), ("s:Authorization", "NotSupported"), 1),
    ],
)
@pytest.mark.parametrize("path", [POLICY, ENROLLMENT])
def test_a_wrong_proof(house: House, security: str, fault: tuple[str, str], reads: int, path: str) -> None:
    body = pc.get_policies(security) if path == POLICY else pc.request_token(security, pc.csr(pc.key()))
    got = pc.post(house, path, body)
    assert got.fault[:2] == fault
    meter = house.store.meter
    assert meter.total("dynamodb").calls <= reads + (path == ENROLLMENT and reads)  # a repeat is looked for first
    assert (meter.total("kms").calls, meter.total("dynamodb").write_units) == (0, 0)


@pytest.mark.parametrize("spoil", ["expired", "revoked", "used up"])
def test_a_spoiled_invitation(house: House, clock: Clock, spoil: str) -> None:
    code = pc.invite(house)
    if spoil == "expired":
        clock.now += 8 * 86_400
    elif spoil == "revoked":
        invitations.revoke(house, pc.ADMIN, ids.invitation_id(code))
    else:
        pc.post(house, ENROLLMENT, pc.request_token(pc.password(code), pc.csr(pc.key(7)))).document  # noqa: B018
    for path, body in (
        (POLICY, pc.get_policies(pc.password(code))),
        (ENROLLMENT, pc.request_token(pc.password(code), pc.csr(pc.key()))),
    ):
        subcode, _, text = pc.post(house, path, body).fault
        assert subcode == "s:Authorization"
        assert "ask for a new one" in text


# ── enrollment ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_enrollment_is_written_down(house: House) -> None:
    code = pc.invite(house, user="ada@example.com")
    document = pc.post(house, ENROLLMENT, pc.request_token(pc.password(code), pc.csr(pc.key()))).document
    certificate = document.certificate("My/User")
    held = house.store.get(Enrollment, pc.common_name(certificate))
    assert (held.platform, held.status, held.hardware_id) == ("windows", EnrollmentStatus.ISSUED, pc.DEVICE_ID)
    assert held.session["hello"] == {
        "name": "DESKTOP-28FGAI6",
        "os_version": "10.0.19043.2364",
        "hwdevid": "3B" * 32,
        "type": "Full",
        "user": "ada@example.com",
    }
    assert house.store.get(Certificate, held.fingerprints[0]).enrollment_id == held.id
    assert house.store.get(Invitation, held.invitation_id).uses == 1
    stored = repr(house.store._tables._items)  # type: ignore[attr-defined]
    assert held.id in stored
    assert code not in stored
    assert str(document.parms["/APPLICATION/APPAUTH:APPSRV/AAUTHSECRET"]) not in stored


def test_subject_and_extensions_are_ours(house: House) -> None:
    wanted = pc.csr(pc.key(), "Domain Admin", ("login.example.com",))
    document = pc.post(house, ENROLLMENT, pc.request_token(pc.password(pc.invite(house)), wanted)).document
    made = x509.load_der_x509_certificate(document.certificate("My/User"))
    assert made.public_key() == pc.key().public_key()
    enrollment_id = pc.common_name(document.certificate("My/User"))
    assert made.subject.rfc4514_string() == f"CN={enrollment_id},O=Muster"
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    made.verify_directly_issued_by(x509.load_der_x509_certificate(document.certificate("Root/System")))


def test_a_repeat_gets_the_same_certificate(house: House) -> None:
    code = pc.invite(house)
    body = pc.request_token(pc.password(code), pc.csr(pc.key()))
    first, second = (pc.post(house, ENROLLMENT, body).document for _ in range(2))
    assert first.certificate("My/User") == second.certificate("My/User")
    invitation = house.store.get(Invitation, ids.invitation_id(code))
    assert invitation.uses == 1
    nonce = "/APPLICATION/APPAUTH:CLIENT/AAUTHDATA"
    assert first.parms[nonce] != second.parms[nonce]


def test_two_at_once_get_one_certificate(house: House) -> None:
    code = pc.invite(house, max_uses=5)
    body = pc.request_token(pc.password(code), pc.csr(pc.key()))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: pc.post(house, ENROLLMENT, body).document.certificate("My/User"), range(4)))
    assert len(set(made)) == 1
    assert house.store.get(Invitation, ids.invitation_id(code)).uses == 1


@pytest.mark.parametrize("spoil", ["another device", "an hour later", "after the first session"])
def test_what_is_no_repeat(house: House, clock: Clock, spoil: str) -> None:
    code = pc.invite(house, max_uses=5)
    content = pc.csr(pc.key())
    made = pc.post(house, ENROLLMENT, pc.request_token(pc.password(code), content)).document
    items = pc.ITEMS
    if spoil == "another device":
        items = pc.ITEMS | {"DeviceID": "A" * 32}
    elif spoil == "an hour later":
        clock.now += 3600
    else:
        pc.alive(house, made.certificate("My/User"))
    got = pc.post(house, ENROLLMENT, pc.request_token(pc.password(code), content, items))
    assert got.fault[:2] == ("s:Authorization", "Authorization")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (("LAP\u202eTOP\u2066\x9b17\n", "10.0.19043.2364"), ("LAP TOP 17", "10.0.19043.2364")),
        (("A" * 200, "=HYPERLINK(1)\x9b"), ("A" * 64, "")),
        (("\u202e", "10.0.\u0661"), ("", "")),
        ((" DESK-1 ", " 10.0.19045 "), ("DESK-1", "10.0.19045")),
    ],
)
def test_what_a_pc_says_of_itself_is_tidied(house: House, told: tuple[str, str], kept: tuple[str, str]) -> None:
    document = pc.enrolled(house, DeviceName=told[0], OSVersion=told[1])
    held = house.store.get(Enrollment, pc.common_name(document.certificate("My/User")))
    assert (held.session["hello"]["name"], held.session["hello"]["os_version"]) == kept


def test_the_federated_token_is_a_code(house: House) -> None:
    code = invitations.for_person(house, "user:ada", "ada@example.com", ownership=pc.Ownership.PERSONAL)
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        security = pc.binary(code.reveal(), alphabet=alphabet)
        assert pc.post(house, POLICY, pc.get_policies(security)).status == 200
    document = pc.post(house, ENROLLMENT, pc.request_token(security, pc.csr(pc.key()))).document
    assert document.parms["/DMClient/Provider/Muster/UPN"] == "ada@example.com"
    again = pc.request_token(pc.binary(code.reveal()), pc.csr(pc.key(1)))
    assert pc.post(house, ENROLLMENT, again).fault[0] == "s:Authorization"


def test_an_invitation_for_a_person_lasts_an_hour(house: House, clock: Clock) -> None:
    code = invitations.for_person(house, "user:ada", "ada", ownership=pc.Ownership.PERSONAL)
    clock.now += 3600
    assert "expired" in pc.post(house, POLICY, pc.get_policies(pc.binary(code.reveal()))).fault[2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pc.forged, "signature does not fit"),
        (lambda: b"junk", "not acceptable"),
        (lambda: b"", "not acceptable"),
        (lambda: pc.csr(rsa.generate_private_key(65537, 1024)), "weaker"),
        (lambda: pc.csr(pc.key()) + b"\0", "not acceptable"),
    ],
)
def test_a_bad_certification_request(house: House, content: Callable[[], bytes], words: str) -> None:
    code = pc.invite(house)
    before = house.store.meter.total().calls
    subcode, error_type, text = pc.post(house, ENROLLMENT, pc.request_token(pc.password(code), content())).fault
    assert (subcode, error_type) == ("s:CertificateRequest", "CertificateRequest")
    assert words in text
    assert house.store.meter.total().calls == before


@pytest.mark.parametrize(
    ("items", "extra"),
    [
        ({}, ""),
        ({"DeviceID": "xyz"}, ""),
        ({"DeviceID": "B5" * 16 + "\u0661"}, ""),
        (pc.ITEMS | {"HWDevID": "12"}, ""),
        (pc.ITEMS | {"EnrollmentType": "Half"}, ""),
        (pc.ITEMS, '<c:ContextItem Name="DeviceID"><c:Value>' + "A" * 32 + "</c:Value></c:ContextItem>"),
        (pc.ITEMS, '<c:ContextItem Name="X"><c:Value/></c:ContextItem>' * 300),
    ],
)
def test_a_bad_description(house: House, items: dict[str, str], extra: str) -> None:
    body = pc.request_token(pc.password("0" * 26), pc.csr(pc.key()), items, extra=extra)
    assert pc.post(house, ENROLLMENT, body).fault[:2] == ("s:MessageFormat", "InvalidEnrollmentData")
    assert house.store.meter.total().calls == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("/Issue<", "/Cancel<"),
        lambda text: text.replace("#PKCS10", "#PKCS7"),
        lambda text: text.replace("DeviceEnrollmentToken", "OtherToken"),
        lambda text: text.replace("RST/wstep", "RST/other"),
        lambda text: text.replace("BinarySecurityToken", "Token"),
        lambda text: text.replace("RequestSecurityToken", "RequestSecurityToken2"),
    ],
)
def test_a_malformed_request(house: House, spoil: Callable[[str], str]) -> None:
    body = pc.request_token(pc.password("0" * 26), pc.csr(pc.key())).decode()
    assert pc.post(house, ENROLLMENT, spoil(body).encode()).fault[0] == "s:MessageFormat"
    assert house.store.meter.total().calls == 0


def test_only_post(house: House) -> None:
    security = pc.password(pc.invite(house))
    for path, body in (
        (POLICY, pc.get_policies(security)),
        (ENROLLMENT, pc.request_token(security, pc.csr(pc.key()))),
        (DISCOVERY, pc.discover()),
    ):
        assert pc.post(house, path, body, "PUT").fault[0] == "s:MessageFormat"


# ── what it costs ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_enrollment_costs(house: House) -> None:
    """In functions that have served before: reads of the challenge, the invitation, the push package and the head of
    the audit chain, one transaction, and one signature."""
    pc.enrolled(house)
    code, meter = pc.invite(house), house.store.meter

    def spent(path: str, body: bytes) -> tuple[int, int]:
        before = meter.total("dynamodb").calls, meter.total("kms").calls
        assert pc.post(house, path, body).status == 200
        return meter.total("dynamodb").calls - before[0], meter.total("kms").calls - before[1]

    assert spent(DISCOVERY, pc.discover()) == (1, 0)
    assert spent(DISCOVERY, pc.discover(("OnPremise",))) == (0, 0)
    assert spent(POLICY, pc.get_policies(pc.password(code))) == (1, 0)
    body = pc.request_token(pc.password(code), pc.csr(pc.key(1)))
    assert spent(ENROLLMENT, body) == (5, 1)
    assert spent(ENROLLMENT, body) == (3, 0)
