"""A PC that enrolls, as far as its requests go: written by hand, and read back by another parser than Muster's."""

import base64
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from string import Template
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from chalicelib.core import arrival, channels, enrollment, invitations
from chalicelib.core.arrival import Hello
from chalicelib.core.house import House
from chalicelib.core.ports import Create
from chalicelib.gateway import handler, http, routes, signer
from chalicelib.model.device import Ownership, Platform
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Setting

CAPTURES = Path(__file__).resolve().parents[4] / "shared" / "captures" / "windows"
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not beside the project (../shared)")
ADMIN = Principal("ada", Role.ADMIN, person=True)

DISCOVERY, POLICY, ENROLLMENT = "/EnrollmentServer/Discovery.svc", "/windows/policy", "/windows/enrollment"
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "d": "http://schemas.microsoft.com/windows/management/2012/01/enrollment",
    "x": "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy",
    "e": "http://schemas.microsoft.com/windows/pki/2009/01/enrollment",
    "t": "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
    "o": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "u": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "g": "http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics",
}
PKI = "http://schemas.microsoft.com/windows/pki/2009/01"
USER_TOKEN = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken"
JWT = "urn:ietf:params:oauth:token-type:jwt"
START = 1_790_000_000
MESSAGE_ID = "urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478"
DEVICE_ID = "B5B954E81FBCB94EB79BD08BE625F4EE"
ITEMS = {
    "DeviceID": DEVICE_ID,
    "EnrollmentType": "Full",
    "HWDevID": "3B" * 32,
    "DeviceName": "DESKTOP-28FGAI6",
    "OSVersion": "10.0.19043.2364",
}

_ENVELOPE = Template(
    '<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://www.w3.org/2005/08/addressing">'
    '<S:Header><w:Action S:mustUnderstand="1">$action</w:Action><w:MessageID>$message_id</w:MessageID>$security'
    "</S:Header><S:Body>$body</S:Body></S:Envelope>"
)
_DISCOVER = Template(
    f'<Discover xmlns="{NS["d"]}"><request><EmailAddress>$email</EmailAddress><RequestVersion>$version</RequestVersion>'
    "<DeviceType>$device_type</DeviceType><AuthPolicies>$policies</AuthPolicies></request></Discover>"
)
_REQUEST = Template(
    f'<q:RequestSecurityToken xmlns:q="{NS["t"]}"><q:TokenType>$token_type</q:TokenType>'
    f'<q:RequestType>{NS["t"]}/$kind</q:RequestType><BinarySecurityToken xmlns="{NS["o"]}" ValueType="$form">$content'
    '</BinarySecurityToken><c:AdditionalContext xmlns:c="http://schemas.xmlsoap.org/ws/2006/12/authorization">$items'
    "</c:AdditionalContext></q:RequestSecurityToken>"
)
TOKEN_TYPE = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken"


@dataclass
class Clock:
    now: int = START

    def __call__(self) -> int:
        return self.now


def envelope(action: str, body: str, security: str = "") -> bytes:
    return _ENVELOPE.substitute(action=action, message_id=MESSAGE_ID, security=security, body=body).encode()


def discover(
    policies: tuple[str, ...] = ("OnPremise", "Federated"),
    email: str = "ada@example.com",
    version: str = "6.0",
    device_type: str = "CIMClient_Windows",
) -> bytes:
    listed = "".join(f"<AuthPolicy>{policy}</AuthPolicy>" for policy in policies)
    body = _DISCOVER.substitute(email=email, version=version, device_type=device_type, policies=listed)
    return envelope(f"{NS['d']}/IDiscoveryService/Discover", body)


def password(code: str, username: str = "whoever") -> str:
    token = f"<UsernameToken><Username>{username}</Username><Password>{code}</Password></UsernameToken>"
    return f'<Security xmlns="{NS["o"]}">{token}</Security>'


def binary(text: str, value_type: str = USER_TOKEN, alphabet: Any = base64.b64encode) -> str:
    encoded = alphabet(text.encode()).decode()
    token = f'<k:BinarySecurityToken ValueType="{value_type}">{encoded}</k:BinarySecurityToken>'
    return f'<k:Security xmlns:k="{NS["o"]}">{token}</k:Security>'


def get_policies(security: str) -> bytes:
    return envelope(f"{PKI}/enrollmentpolicy/IPolicy/GetPolicies", f'<GetPolicies xmlns="{NS["x"]}"/>', security)


def request_token(
    security: str,
    content: bytes,
    items: dict[str, str] | None = None,
    kind: str = "Issue",
    form: str = f"{PKI}/enrollment#PKCS10",
    extra: str = "",
) -> bytes:
    told = ITEMS if items is None else items
    listed = "".join(f'<c:ContextItem Name="{k}"><c:Value>{v}</c:Value></c:ContextItem>' for k, v in told.items())
    encoded = base64.encodebytes(content).decode().replace("\n", "\r\n")  # as Windows breaks its lines
    body = _REQUEST.substitute(kind=kind, form=form, content=encoded, items=listed + extra, token_type=TOKEN_TYPE)
    return envelope(f"{PKI}/enrollment/RST/wstep", body, security)


def renewal(content: bytes, items: dict[str, str] | None = None, form: str = f"{NS['o']}#PKCS7") -> bytes:
    """With the empty password that Windows sends along."""
    return request_token(password(""), content, {} if items is None else items, "Renew", form)


def key(number: int = 0) -> rsa.RSAPrivateKey:
    return _key(number)


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def csr(signer: rsa.RSAPrivateKey, name: str = f"GUID!{DEVICE_ID}", names: tuple[str, ...] = ()) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    if names:
        wanted = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(wanted, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER)


def forged() -> bytes:
    """A request for somebody else's key: its last byte, of the signature, is another."""
    good = csr(key())
    return good[:-1] + bytes((good[-1] ^ 1,))


def signed(content: bytes, certificate: bytes, signer: rsa.RSAPrivateKey, *options: pkcs7.PKCS7Options) -> bytes:
    parsed = x509.load_der_x509_certificate(certificate)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(parsed, signer, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def root(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)

    def text(self, path: str) -> str:
        found = self.root.findtext(path, namespaces=NS)
        assert found is not None, f"{path} is missing in {self.body.decode()}"
        return found

    @property
    def fault(self) -> tuple[str, str, str]:
        """Subcode, error type and text, as the client's own paths find them; the status has to be a fault's."""
        assert self.status == 500, self.body
        assert self.text("s:Body/s:Fault/s:Code/s:Value") == "s:Receiver"
        detail = "s:Body/s:Fault/s:Detail/e:DeviceEnrollmentServiceError"
        assert self.text(f"{detail}/e:TraceId") == self.text("s:Header/g:ActivityId")
        text = self.text("s:Body/s:Fault/s:Reason/s:Text")
        return self.text("s:Body/s:Fault/s:Code/s:Subcode/s:Value"), self.text(f"{detail}/e:ErrorType"), text

    @property
    def document(self) -> "Document":
        """The provisioning document; an answer that is none says why."""
        assert self.status == 200, self.body
        token = f"s:Body/t:{RSTRC}/t:RequestSecurityTokenResponse/t:RequestedSecurityToken/o:BinarySecurityToken"
        return Document(ElementTree.fromstring(base64.b64decode(self.text(token))))


RSTRC = "RequestSecurityTokenResponseCollection"


@dataclass
class Document:
    root: ElementTree.Element
    parms: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._walk(self.root, "")

    def _walk(self, node: ElementTree.Element, path: str) -> None:
        level = next((p.get("value") for p in node if p.get("name") == "AAUTHLEVEL"), "")
        path = f"{path}:{level}" if level else path
        for child in node:
            if child.tag == "parm":
                name = f"{path}/{child.get('name')}"
                assert name not in self.parms, f"{name} appears twice"
                self.parms[name] = child.get("value")
            else:
                assert child.tag == "characteristic"
                self._walk(child, f"{path}/{child.get('type')}")

    def certificate(self, store: str) -> bytes:
        """Its node is named by its SHA-1."""
        found = [name for name in self.parms if name.startswith(f"/CertificateStore/{store}/")]
        assert len(found) == 1, self.parms
        der = base64.b64decode(str(self.parms[found[0]]))
        assert x509.load_der_x509_certificate(der).fingerprint(hashes.SHA1()).hex().upper() in found[0]
        return der


def post(house: House, path: str, body: bytes, method: str = "POST") -> Answer:
    event: http.Event = {
        "rawPath": path,
        "headers": {"content-type": "application/soap+xml; charset=utf-8"},
        "requestContext": {"http": {"method": method}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    function = signer if path == ENROLLMENT else handler
    got = routes.handle("device", function.ROUTES, lambda: house, event)
    return Answer(got["statusCode"], base64.b64decode(got["body"]), got["headers"])


def invite(house: House, **options: Any) -> str:
    return invitations.create(house, ADMIN, **{"ownership": Ownership.CORPORATE, **options})[1]


def setting(house: House, name: str, **value: Any) -> None:
    house.store.commit(Create(Setting(name, value)))


def enrolled(house: House, number: int = 0, **items: str) -> Document:
    body = request_token(password(invite(house)), csr(key(number)), ITEMS | items)
    return post(house, ENROLLMENT, body).document


def common_name(certificate: bytes) -> str:
    names = x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value)


def alive(house: House, certificate: bytes, serial: str = "SERIAL-1", device_id: str = DEVICE_ID) -> None:
    """The first session has taken place."""
    fingerprint = x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()
    name = common_name(certificate)
    hello = Hello(Platform.WINDOWS, device_id, {"device_id": device_id, "serial": serial})
    poll = enrollment.recognise(house, name, fingerprint, platform="windows")
    arrival.authenticate(house, poll, hello)
    channels.enable(house, enrollment.recognise(house, name, fingerprint, platform="windows"), {})
