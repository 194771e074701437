"""The SOAP 1.2 envelopes of enrollment, read by local name and written as trees (SOAP 1.2 part 1, WS-Addressing 1.0,
WS-Security 1.1 and its UsernameToken profile 1.0; MS-MDE2 §3.1.4, §3.3.4, §3.4.4).
"""

import base64
import binascii
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree

from chalicelib.core.errors import BadRequest, Unauthenticated
from chalicelib.model.secret import Secret
from chalicelib.platforms.windows import untrusted
from chalicelib.platforms.windows.syncml_write import check
from chalicelib.platforms.windows.untrusted import Element

CAP = 512 * 1024
CONTENT_TYPE = "application/soap+xml; charset=utf-8"
ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-"
SECURITY, UTILITY = f"{WSS}secext-1.0.xsd", f"{WSS}utility-1.0.xsd"
BASE64 = f"{SECURITY}#base64binary"
DIAGNOSTICS = "http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics"
ENROLLMENT = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

VALID = 300  # seconds that an answer's timestamp lasts
MAX_MESSAGE_ID = 256

Tree = ElementTree.Element


class InvalidSecurity(BadRequest):
    """The security header cannot be read."""


@dataclass(frozen=True, slots=True)
class Password:
    username: str
    password: Secret[str]


@dataclass(frozen=True, slots=True)
class Binary:
    value_type: str
    value: Secret[str]


Token = Password | Binary


@dataclass(frozen=True, slots=True)
class Envelope:
    """`body` is the one element in the body. The security header is read by `token`, where one is needed."""

    action: str
    message_id: str
    body: Element
    security: Element | None = field(default=None, repr=False)


def read(message: bytes) -> Envelope:
    """BadRequest, TooLarge."""
    root = untrusted.read(message, CAP)
    if (root.name, root.namespace) != ("Envelope", ENVELOPE):
        raise BadRequest("The message is not a SOAP 1.2 envelope.")
    header, body = root.need("Header"), root.need("Body")
    message_id = header.text_of("MessageID")
    if len(body.children) != 1 or len(message_id) > MAX_MESSAGE_ID:
        raise BadRequest("The envelope holds no message, or several, or a MessageID that is too long.")
    return Envelope(header.text_of("Action"), message_id, body.children[0], header.child("Security"))


def expect(envelope: Envelope, name: str, action: str) -> Element:
    """The message, if it is the one that this address serves."""
    if (envelope.body.name, envelope.action) != (name, action):
        raise BadRequest(f"This address serves {name} and nothing else.")
    return envelope.body


def token(envelope: Envelope) -> Token:
    """The one proof in the security header. Unauthenticated where there is none, InvalidSecurity."""
    header = envelope.security
    found = (*header.all("UsernameToken"), *header.all("BinarySecurityToken")) if header else ()
    if not found:
        raise Unauthenticated("The request carries no password and no token.")
    if len(found) > 1:
        raise InvalidSecurity("The request carries more than one password or token.")
    return _password(found[0]) if found[0].name == "UsernameToken" else _binary(found[0])


def _password(element: Element) -> Password:
    secret = element.child("Password")
    if secret is None or not secret.attributes.get("Type", "#PasswordText").endswith("#PasswordText"):
        raise InvalidSecurity("The password has to be sent as it is (PasswordText).")
    return Password(element.text_of("Username"), Secret(secret.text))


def _binary(element: Element) -> Binary:
    return Binary(element.attributes.get("ValueType", ""), Secret(element.text))


def decode(text: str) -> bytes:
    """Base64 in either alphabet, with line feeds and with or without its padding. BadRequest."""
    plain = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("A token is not base64.") from error


def answer(action: str, relates_to: str, body: Tree, *, activity: str = "", timed: int = 0) -> bytes:
    """`timed`: the answer bears a timestamp of this moment (epoch seconds)."""
    root = Tree("s:Envelope", {"xmlns:s": ENVELOPE, "xmlns:a": ADDRESSING, "xmlns:u": UTILITY})
    header = ElementTree.SubElement(root, "s:Header")
    add(header, "a:Action", action, {"s:mustUnderstand": "1"})
    activity = activity or activity_id()
    add(header, "ActivityId", activity, {"CorrelationId": activity, "xmlns": DIAGNOSTICS})
    if relates_to:
        add(header, "a:RelatesTo", relates_to)
    if timed:
        header.append(_timestamp(timed))
    ElementTree.SubElement(root, "s:Body").append(body)
    return serialise(root)


def activity_id() -> str:
    """Stands in an answer and in the log line of its request."""
    return str(uuid.uuid4())


def _timestamp(now: int) -> Tree:
    security = Tree("o:Security", {"xmlns:o": SECURITY, "s:mustUnderstand": "1"})
    timestamp = ElementTree.SubElement(security, "u:Timestamp", {"u:Id": "_0"})
    for name, moment in (("u:Created", now), ("u:Expires", now + VALID)):
        add(timestamp, name, datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"))
    return security


def add(parent: Tree, name: str, text: str | None = None, attributes: dict[str, str] | None = None) -> Tree:
    """Names are literal: the prefix is declared by who writes it."""
    child = ElementTree.SubElement(parent, name, attributes or {})
    child.text = text
    return child


def serialise(root: Tree) -> bytes:
    """Unprocessable where a text cannot stand in XML."""
    text = ElementTree.tostring(root, encoding="unicode")
    check(text)
    return text.encode()
