"""SOAP 1.2 of the enrollment: discovery ([MS-MDE2] 3.1), policies ([MS-XCEP]), security tokens ([MS-WSTEP])."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from lxml import etree

from tests.devices.apple.transport import Reply
from tests.devices.windows import xmlio
from tests.devices.windows.complaints import Complaint, EnrollmentFault, ServerRefused
from tests.devices.windows.csr import HASH_OIDS
from tests.devices.windows.xmlio import Element, add

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://www.w3.org/2005/08/addressing"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
U, WSSE = WSS + "wssecurity-utility-1.0.xsd", WSS + "wssecurity-secext-1.0.xsd"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
AC = "http://schemas.xmlsoap.org/ws/2006/12/authorization"
DISCOVERY = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
XCEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
WSTEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
CONFIGURATION = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

USER_TOKEN = f"{CONFIGURATION}/DeviceEnrollmentUserToken"
JWT = "urn:ietf:params:oauth:token-type:jwt"
BASE64 = WSSE + "#base64binary"
PASSWORD_TEXT = WSS + "username-token-profile-1.0#PasswordText"
TOKEN_ID = "uuid-cc1ccc1f-2fba-4bcf-b063-ffc0cac77917-4"  # the same in every Windows
CONTENT_TYPE = "application/soap+xml; charset=utf-8"

NAMESPACES = {"s": S, "a": A, "u": U, "wsse": WSSE, "wst": WST, "ac": AC}


@dataclass(frozen=True)
class Security:
    """What stands in the wsse:Security header: a name with a password, or a token of a kind."""

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)  # base64 already
    value_type: str = USER_TOKEN
    timestamp: bool = False  # a renewal carries one


@dataclass(frozen=True)
class Discovered:
    auth_policy: str
    policy_url: str
    enrollment_url: str
    sign_in_url: str


@dataclass(frozen=True)
class EnrollmentPolicy:
    key_length: int
    digest: str
    policy_id: str
    validity: int


class Question:
    """One request envelope with its MessageID, and the reading of the envelope that answers it."""

    def __init__(self, to: str, action: str, answer_action: str, security: Security | None = None) -> None:
        self.to, self.answer_action = to, answer_action
        self.message_id = f"urn:uuid:{uuid.uuid4()}"
        self.root = etree.Element(f"{{{S}}}Envelope", nsmap=NAMESPACES)
        header = add(self.root, f"{{{S}}}Header")
        must = {f"{{{S}}}mustUnderstand": "1"}
        add(header, f"{{{A}}}Action", action).attrib.update(must)
        add(header, f"{{{A}}}MessageID", self.message_id)
        add(add(header, f"{{{A}}}ReplyTo"), f"{{{A}}}Address", f"{A}/anonymous")
        add(header, f"{{{A}}}To", to).attrib.update(must)
        if security is not None:
            holder = add(header, f"{{{WSSE}}}Security")
            holder.attrib.update(must)
            _security(holder, security)
        self.body = add(self.root, f"{{{S}}}Body")

    def raw(self) -> bytes:
        return xmlio.dump(self.root)

    def answer(self, reply: Reply) -> Element:
        """The one element in the Body, after every rule about envelope and transport was checked."""
        if "chunked" in reply.headers.get("transfer-encoding", ""):
            raise Complaint(f"{self.to} answers in chunks; Windows needs one piece with Content-Length")
        if not reply.content_type.startswith("application/soap+xml"):
            raise ServerRefused(f"{self.to} answered {reply.status} {reply.content_type}", reply.status, reply.body)
        root = xmlio.parse(reply.body, f"the answer of {self.to}")
        if root.tag != f"{{{S}}}Envelope":
            raise Complaint(f"{self.to} answers with {root.tag}, no SOAP 1.2 envelope")
        body = xmlio.only(root, f"{{{S}}}Body", "the envelope")
        fault = body.find(f"{{{S}}}Fault")
        if fault is not None:
            raise _fault(fault, self.to, reply.status)
        if reply.status != 200:
            raise ServerRefused(f"{self.to} answered {reply.status} without a fault", reply.status, reply.body)
        header = xmlio.only(root, f"{{{S}}}Header", "the envelope")
        self._check_header(header)
        _check_time(header)
        if len(body) != 1:
            raise Complaint(f"the Body of {self.to} has {len(body)} elements")
        return body[0]

    def _check_header(self, header: Element) -> None:
        related = xmlio.text(xmlio.only(header, f"{{{A}}}RelatesTo", "the header")).strip()
        if related != self.message_id:
            raise Complaint(f"RelatesTo is {related}, the request's MessageID was {self.message_id}")
        action = xmlio.text(xmlio.only(header, f"{{{A}}}Action", "the header")).strip()
        if action != self.answer_action:
            raise Complaint(f"Action is {action}, {self.answer_action} expected")


def _check_time(header: Element) -> None:
    """Where the answer carries a Timestamp, it speaks of now."""
    for stamp in header.iter(f"{{{U}}}Timestamp"):
        created, expires = (
            datetime.fromisoformat(xmlio.text(xmlio.only(stamp, f"{{{U}}}{tag}", "the Timestamp")).strip())
            for tag in ("Created", "Expires")
        )
        now = datetime.now(UTC)
        if not created - timedelta(minutes=5) < now < expires:
            raise Complaint(f"the Timestamp ({created} to {expires}) is not of now")


def _security(holder: Element, security: Security) -> None:
    if security.token:
        token = add(holder, f"{{{WSSE}}}BinarySecurityToken", security.token)
        token.attrib.update({"ValueType": security.value_type, "EncodingType": BASE64})
        return
    if security.timestamp:
        stamp, now = add(holder, f"{{{U}}}Timestamp", **{f"{{{U}}}Id": "_0"}), datetime.now(UTC)
        add(stamp, f"{{{U}}}Created", f"{now:%Y-%m-%dT%H:%M:%S}.000Z")
        add(stamp, f"{{{U}}}Expires", f"{now + timedelta(minutes=5):%Y-%m-%dT%H:%M:%S}.000Z")
    token = add(holder, f"{{{WSSE}}}UsernameToken", **{f"{{{U}}}Id": TOKEN_ID})
    add(token, f"{{{WSSE}}}Username", security.username)
    add(token, f"{{{WSSE}}}Password", security.password, **{f"{{{WSSE}}}Type": PASSWORD_TEXT})


def _fault(fault: Element, url: str, status: int) -> EnrollmentFault:
    code = xmlio.only(fault, f"{{{S}}}Code", "the fault")
    value = xmlio.text(xmlio.only(code, f"{{{S}}}Value", "the fault's Code"))
    if value.split(":")[-1] not in ("Sender", "Receiver") or status not in (400, 500):
        raise Complaint(f"{url} answers {status} with a fault of code {value!r}")
    subcode = xmlio.only(code, f"{{{S}}}Subcode", "the fault's Code")
    name = xmlio.text(xmlio.only(subcode, f"{{{S}}}Value", "the Subcode")).split(":")[-1]
    reason = xmlio.text(xmlio.only(fault, f"{{{S}}}Reason", "the fault")).strip()
    kind = "".join(xmlio.text(one).strip() for one in xmlio.by_local_name(fault, "ErrorType"))
    return EnrollmentFault(f"{url}: {name} {kind} {reason}".replace("  ", " "), status, name, kind, reason)


# -- discovery


def discover(url: str, email: str, *, version: str, os_version: str, edition: str, offers: Sequence[str]) -> Question:
    question = Question(
        url, f"{DISCOVERY}/IDiscoveryService/Discover", f"{DISCOVERY}/IDiscoveryService/DiscoverResponse"
    )
    holder = etree.SubElement(question.body, f"{{{DISCOVERY}}}Discover", nsmap={None: DISCOVERY})
    request = etree.SubElement(holder, f"{{{DISCOVERY}}}request", nsmap={"i": XSI})
    fields = {
        "EmailAddress": email, "RequestVersion": version, "DeviceType": "CIMClient_Windows",
        "ApplicationVersion": os_version, "OSEdition": edition,
    }  # fmt: skip
    for tag, content in fields.items():
        add(request, f"{{{DISCOVERY}}}{tag}", content)
    policies = add(request, f"{{{DISCOVERY}}}AuthPolicies")
    for offer in offers:
        add(policies, f"{{{DISCOVERY}}}AuthPolicy", offer)
    return question


def discovered(answer: Element) -> Discovered:
    if answer.tag != f"{{{DISCOVERY}}}DiscoverResponse":
        raise Complaint(f"{answer.tag} instead of a DiscoverResponse")
    result = xmlio.only(answer, f"{{{DISCOVERY}}}DiscoverResult", "the DiscoverResponse")

    def read(tag: str, needed: bool = True) -> str:
        found = result.find(f"{{{DISCOVERY}}}{tag}")
        if needed and not xmlio.text(found).strip():
            raise Complaint(f"the DiscoverResult has no {tag}")
        return xmlio.text(found).strip()

    policy = read("AuthPolicy")
    if policy not in ("OnPremise", "Federated", "Certificate"):
        raise Complaint(f"AuthPolicy {policy} is unknown to Windows")
    if float(read("EnrollmentVersion")) < 4.0:
        raise Complaint(f"EnrollmentVersion {read('EnrollmentVersion')} is below 4.0")
    found = Discovered(
        policy,
        read("EnrollmentPolicyServiceUrl"),
        read("EnrollmentServiceUrl"),
        read("AuthenticationServiceUrl", policy == "Federated"),
    )
    for url in (found.policy_url, found.enrollment_url, *([found.sign_in_url] if found.sign_in_url else [])):
        if urlsplit(url).scheme != "https":
            raise Complaint(f"the DiscoverResult names {url}, which is not https")
    if urlsplit(found.policy_url).hostname != urlsplit(found.enrollment_url).hostname:
        raise Complaint("EnrollmentPolicyServiceUrl and EnrollmentServiceUrl are of two hosts")
    return found


# -- policies


def get_policies(url: str, security: Security) -> Question:
    question = Question(url, f"{XCEP}/IPolicy/GetPolicies", f"{XCEP}/IPolicy/GetPoliciesResponse", security)
    holder = etree.SubElement(question.body, f"{{{XCEP}}}GetPolicies", nsmap={None: XCEP, "xsi": XSI})
    nil = {f"{{{XSI}}}nil": "true"}
    client = add(holder, f"{{{XCEP}}}client")
    for tag in ("lastUpdate", "preferredLanguage"):
        add(client, f"{{{XCEP}}}{tag}", **nil)
    add(holder, f"{{{XCEP}}}requestFilter", **nil)
    return question


def policy_of(answer: Element) -> EnrollmentPolicy:
    if answer.tag != f"{{{XCEP}}}GetPoliciesResponse":
        raise Complaint(f"{answer.tag} instead of a GetPoliciesResponse")
    response = _x(answer, "response")
    attributes = _x(_x(_x(response, "policies"), "policy"), "attributes")
    if _text(attributes, "policySchema") != "3" or _text(_x(attributes, "permission"), "enroll") != "true":
        raise Complaint("the policy is not of schema 3, or does not let this PC enroll")
    validity = _x(attributes, "certificateValidity")
    seconds = int(_text(validity, "validityPeriodSeconds"))
    if not 0 < int(_text(validity, "renewalPeriodSeconds")) < seconds:
        raise Complaint("the renewal period does not lie within the validity period")
    length = int(_text(_x(attributes, "privateKeyAttributes"), "minimalKeyLength"))
    if not 2048 <= length <= 4096:
        raise Complaint(f"minimalKeyLength {length}")
    return EnrollmentPolicy(length, _digest(answer, attributes), _text(response, "policyID", empty=True), seconds)


def _digest(answer: Element, attributes: Element) -> str:
    """Without a reference to a hash algorithm Windows takes SHA-1."""
    reference = _x(attributes, "hashAlgorithmOIDReference")
    if reference.get(f"{{{XSI}}}nil") in ("true", "1"):
        return "sha1"
    wanted = xmlio.text(reference).strip()
    for one in _x(answer, "oIDs").findall(f"{{{XCEP}}}oID"):
        if _text(one, "oIDReferenceID") == wanted:
            if _text(one, "group") != "1":
                raise Complaint("the hash algorithm's oID is not of group 1")
            return HASH_OIDS[_text(one, "value")]
    raise Complaint(f"hashAlgorithmOIDReference {wanted} is in no oID")


def _x(parent: Element, tag: str) -> Element:
    return xmlio.only(parent, f"{{{XCEP}}}{tag}", xmlio.name(parent))


def _text(parent: Element, tag: str, *, empty: bool = False) -> str:
    content = xmlio.text(_x(parent, tag)).strip()
    if not content and not empty:
        raise Complaint(f"{tag} of the policy is empty")
    return content


# -- tokens


def request_token(
    url: str,
    security: Security | None,
    token: str,
    context: Sequence[tuple[str, str]],
    *,
    renew: bool = False,
    value_type: str = "",
) -> Question:
    """RequestSecurityToken around a base64 PKCS#10, or PKCS#7 to renew."""
    question = Question(url, f"{WSTEP}/RST/wstep", f"{WSTEP}/RSTRC/wstep", security)
    request = add(question.body, f"{{{WST}}}RequestSecurityToken")
    add(request, f"{{{WST}}}TokenType", f"{CONFIGURATION}/DeviceEnrollmentToken")
    add(request, f"{{{WST}}}RequestType", f"{WST}/{'Renew' if renew else 'Issue'}")
    holder = add(request, f"{{{WSSE}}}BinarySecurityToken", token)
    holder.set("ValueType", value_type or (f"{WSSE}#PKCS7" if renew else f"{WSTEP}#PKCS10"))
    holder.set("EncodingType", BASE64)
    items = add(request, f"{{{AC}}}AdditionalContext")
    for item, value in context:
        add(add(items, f"{{{AC}}}ContextItem", Name=item), f"{{{AC}}}Value", value)
    return question


def provisioning_document(answer: Element) -> str:
    """The base64 in the token that came back."""
    if answer.tag != f"{{{WST}}}RequestSecurityTokenResponseCollection":
        raise Complaint(f"{answer.tag} instead of a RequestSecurityTokenResponseCollection")
    response = xmlio.only(answer, f"{{{WST}}}RequestSecurityTokenResponse", "the collection")
    kind = xmlio.text(xmlio.only(response, f"{{{WST}}}TokenType", "the response")).strip()
    if kind != f"{CONFIGURATION}/DeviceEnrollmentToken":
        raise Complaint(f"TokenType {kind}")
    requested = xmlio.only(response, f"{{{WST}}}RequestedSecurityToken", "the response")
    token = xmlio.only(requested, f"{{{WSSE}}}BinarySecurityToken", "the RequestedSecurityToken")
    if token.get("ValueType") != f"{CONFIGURATION}/DeviceEnrollmentProvisionDoc":
        raise Complaint(f"the token's ValueType is {token.get('ValueType')}")
    if token.get("EncodingType") != BASE64:
        raise Complaint(f"the token's EncodingType is {token.get('EncodingType')}")
    return xmlio.text(token)
