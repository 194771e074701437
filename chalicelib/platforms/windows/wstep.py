"""The request for a certificate and its answer (MS-WSTEP §3.1.4, MS-MDE2 §3.4.4, §3.5.4, WS-Trust 1.3)."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.core.errors import BadRequest
from chalicelib.platforms.reading import tidy
from chalicelib.platforms.windows import readings, soap
from chalicelib.platforms.windows.faults import InvalidEnrollmentData
from chalicelib.platforms.windows.soap import Envelope, Tree, add
from chalicelib.platforms.windows.untrusted import Element

TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
ACTION = f"{soap.ENROLLMENT}/RST/wstep"
REPLY = f"{soap.ENROLLMENT}/RSTRC/wstep"
_CONFIGURATION = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"
TOKEN_TYPE = f"{_CONFIGURATION}/DeviceEnrollmentToken"
DOCUMENT_TYPE = f"{_CONFIGURATION}/DeviceEnrollmentProvisionDoc"

ISSUE, RENEW = "Issue", "Renew"
# What each asks with. Windows writes the second under two namespaces, so only the name counts.
_FORMS = {ISSUE: "PKCS10", RENEW: "PKCS7"}
FULL, DEVICE = "Full", "Device"
_IDS = {"DeviceID": re.compile("[0-9A-F]{32}"), "HWDevID": re.compile("[0-9A-F]{64}")}
MAX_ITEMS, LONGEST_NAME = 200, 64


@dataclass(frozen=True, slots=True)
class Request:
    """`items` are the context items that appear once, as sent."""

    kind: str  # ISSUE or RENEW
    content: bytes = field(repr=False)  # PKCS #10, or PKCS #7 around one
    items: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Description:
    """What a PC says of itself when it enrolls: claims, but the id is the one that it keeps to from now on."""

    device_id: str
    store_type: str  # FULL: a user enrolls, the certificate is theirs; DEVICE: nobody in particular
    name: str
    os_version: str
    hwdevid: str  # a hint only: cloned hardware shares it


def read(envelope: Envelope) -> Request:
    """BadRequest."""
    body = soap.expect(envelope, "RequestSecurityToken", ACTION)
    kind = body.text_of("RequestType").removeprefix(f"{TRUST}/")
    if kind not in _FORMS or body.text_of("TokenType") != TOKEN_TYPE:
        raise BadRequest("Only device enrollment tokens are issued and renewed here.")
    token = body.need("BinarySecurityToken")
    if token.attributes.get("ValueType", "").rpartition("#")[2] != _FORMS[kind]:
        raise BadRequest(f"To {kind.lower()} a certificate takes a request in {_FORMS[kind]}.")
    return Request(kind, soap.decode(token.text), _items(body.child("AdditionalContext")))


def _items(context: Element | None) -> dict[str, str]:
    found = context.all("ContextItem") if context else ()
    if len(found) > MAX_ITEMS:
        raise InvalidEnrollmentData("The request says too much of the device.")
    items: dict[str, str] = {}
    for item in found:
        name, value = item.attributes.get("Name", ""), item.text_of("Value")
        if name == "MAC":  # one for each network card, and of no use: they are made up anew for each network
            continue
        if items.setdefault(name, value) != value:
            raise InvalidEnrollmentData(f"The request gives {name[:32]} twice.")
    return items


def describe(request: Request) -> Description:
    """InvalidEnrollmentData."""
    items = request.items
    if (store_type := items.get("EnrollmentType", FULL)) not in (FULL, DEVICE):
        raise InvalidEnrollmentData("EnrollmentType is neither Full nor Device.")
    if not (device_id := identifier(items, "DeviceID")):
        raise InvalidEnrollmentData("The request does not give the DeviceID.")
    return Description(
        device_id=device_id,
        store_type=store_type,
        name=tidy(items.get("DeviceName", ""), LONGEST_NAME),
        os_version=readings.release(items.get("OSVersion", "").strip()),
        hwdevid=identifier(items, "HWDevID"),
    )


def identifier(items: Mapping[str, str], name: str) -> str:
    """In capitals; "" where it is not given."""
    value = items.get(name, "").upper()
    if value and not _IDS[name].fullmatch(value):
        raise InvalidEnrollmentData(f"The {name} is malformed.")
    return value


def reply(document: bytes) -> Tree:
    root = Tree("RequestSecurityTokenResponseCollection", {"xmlns": TRUST})
    response = add(root, "RequestSecurityTokenResponse")
    add(response, "TokenType", TOKEN_TYPE)
    add(response, "DispositionMessage", "", {"xmlns": soap.ENROLLMENT})
    requested = add(response, "RequestedSecurityToken")
    form = {"xmlns": soap.SECURITY, "ValueType": DOCUMENT_TYPE, "EncodingType": soap.BASE64}
    add(requested, "BinarySecurityToken", base64.b64encode(document).decode(), form)
    add(response, "RequestID", "0", {"xmlns": soap.ENROLLMENT})
    return root
