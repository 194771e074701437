"""The provisioning document, read as strictly as Windows does (OMA-WAP-ProvCont, [MS-MDE2] 2.2.9.1, w7 APPLICATION)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.devices.windows import xmlio
from tests.devices.windows.complaints import ProvisioningRefused
from tests.devices.windows.xmlio import Element

SHORT = {"CN": "2.5.4.3", "O": "2.5.4.10", "OU": "2.5.4.11", "C": "2.5.4.6", "L": "2.5.4.7", "S": "2.5.4.8",
         "ST": "2.5.4.8", "DC": "0.9.2342.19200300.100.1.25", "UID": "0.9.2342.19200300.100.1.1"}  # fmt: skip
UNRESERVED = re.compile(r"(?:[A-Za-z0-9\-_.!~*'(),]|%[0-9A-Fa-f]{2})*")  # `,` stands in Microsoft's own example
POLL = ("NumberOfFirstRetries", "IntervalForFirstSetOfRetries", "NumberOfSecondRetries",
        "IntervalForSecondSetOfRetries", "NumberOfRemainingScheduledRetries",
        "IntervalForRemainingScheduledRetries")  # fmt: skip


@dataclass
class Characteristic:
    kind: str
    parms: dict[str, str] = field(default_factory=dict)
    children: list[Characteristic] = field(default_factory=list)

    def all(self, kind: str) -> list[Characteristic]:
        return [one for one in self.children if one.kind.lower() == kind.lower()]

    def one(self, kind: str) -> Characteristic:
        found = self.all(kind)
        if len(found) != 1:
            raise ProvisioningRefused(f"{self.kind} holds {len(found)} {kind}, exactly one expected")
        return found[0]

    def maybe(self, *path: str) -> Characteristic:
        """The one below, or an empty one."""
        here = self
        for kind in path:
            here = (here.all(kind) or [Characteristic(kind)])[0]
        return here

    def parm(self, name: str) -> str:
        if not self.parms.get(name):
            raise ProvisioningRefused(f"{self.kind} has no parm {name}")
        return self.parms[name]


@dataclass(frozen=True)
class Credentials:
    """One APPAUTH: kind is DIGEST or BASIC, nonce the decoded AAUTHDATA."""

    kind: str
    name: str
    secret: str
    nonce: bytes


@dataclass(frozen=True)
class Application:
    provider_id: str
    name: str
    address: str
    criteria: str
    client: Credentials  # with which this PC proves itself: APPSRV
    server: Credentials  # with which the server does: CLIENT


@dataclass(frozen=True)
class Provisioning:
    certificate: bytes
    store: str  # User | System
    roots: tuple[bytes, ...]
    renew: Mapping[str, str]
    application: Application | None  # None in a renewal
    provider_id: str
    nodes: Mapping[str, str]  # below DMClient/Provider/<PROVIDER-ID>


def read(raw: bytes) -> Characteristic:
    root = xmlio.parse(raw, "the provisioning document")
    if root.tag != "wap-provisioningdoc" or root.get("version") != "1.1":
        raise ProvisioningRefused(f"this is {root.tag} {root.get('version')}, not a wap-provisioningdoc 1.1")
    return _characteristic(root, "wap-provisioningdoc")


def _characteristic(element: Element, kind: str) -> Characteristic:
    found = Characteristic(kind)
    for child in element:
        if child.tag == "parm":
            found.parms[child.get("name") or ""] = _value(child)
        elif child.tag == "characteristic" and child.get("type"):
            found.children.append(_characteristic(child, child.get("type") or ""))
        else:
            raise ProvisioningRefused(f"{kind} holds a {child.tag} that no provisioning document has")
    return found


def _value(parm: Element) -> str:
    name, value, kind = parm.get("name"), parm.get("value", ""), parm.get("datatype", "string")
    if not name:
        raise ProvisioningRefused("a parm without a name")
    good = {"integer": r"-?\d+", "boolean": "true|false", "string": "(?s:.*)"}.get(kind)
    if good is None or not re.fullmatch(good, value):
        raise ProvisioningRefused(f"parm {name} is {value!r}, no {kind}")
    return value


def apply(root: Characteristic, key: rsa.RSAPrivateKey, store: str, mine: Sequence[bytes], known: str) -> Provisioning:
    """mine: the certificates already in the store; known: the PROVIDER-ID of the present enrollment, to renew it."""
    certificates = root.one("CertificateStore")
    roots = tuple(_certificate(one) for one in certificates.maybe("Root", "System").children)
    issued = _issued(certificates.one("My"), key, store)
    if not known and not roots:
        raise ProvisioningRefused("no root certificate comes with the enrollment")
    renew = certificates.one("My").maybe("WSTEP", "Renew").parms
    section = root.one("APPLICATION")
    if known:
        if section.parm("PROVIDER-ID") != known:
            raise ProvisioningRefused(f"a renewal for {section.parm('PROVIDER-ID')}, enrolled with {known}")
        return Provisioning(issued, store, roots, renew, None, known, {})
    _check_renewal(renew)
    application = _application(section)
    selects(application.criteria, store, [*mine, issued], issued)
    nodes = _nodes(root.one("DMClient").one("Provider").one(application.provider_id))
    return Provisioning(issued, store, roots, renew, application, application.provider_id, nodes)


def _certificate(holder: Characteristic) -> bytes:
    try:
        der = base64.b64decode("".join(holder.parm("EncodedCertificate").split()), validate=True)
        x509.load_der_x509_certificate(der)
    except (ValueError, binascii.Error) as error:
        raise ProvisioningRefused(f"EncodedCertificate of {holder.kind} is no certificate: {error}") from error
    thumbprint = hashlib.sha1(der).hexdigest().upper()
    if holder.kind != thumbprint:
        raise ProvisioningRefused(f"a certificate with the thumbprint {thumbprint} is named {holder.kind}")
    return der


def _issued(my: Characteristic, key: rsa.RSAPrivateKey, store: str) -> bytes:
    holders = my.one(store).children
    if len(holders) != 1:
        raise ProvisioningRefused(f"My/{store} holds {len(holders)} certificates")
    der = _certificate(holders[0])
    holders[0].one("PrivateKeyContainer")
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if x509.load_der_x509_certificate(der).public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise ProvisioningRefused("the certificate is not for this PC's key")
    return der


def _check_renewal(renew: Mapping[str, str]) -> None:
    if renew.get("ROBOSupport") != "true" or not all(
        renew.get(name, "").isdigit() for name in ("RenewPeriod", "RetryInterval")
    ):
        raise ProvisioningRefused(f"My/WSTEP/Renew says {dict(renew)}: nothing that this PC could renew by")


def _application(section: Characteristic) -> Application:
    if section.parm("APPID") != "w7" or section.parms.get("ROLE", "32") not in ("32", "4294967295"):
        raise ProvisioningRefused("the APPLICATION is not a w7 of role 32")
    address = section.parm("ADDR")
    if urlsplit(address).scheme != "https":
        raise ProvisioningRefused(f"ADDR {address} is not https")
    if section.parm("DEFAULTENCODING") != "application/vnd.syncml.dm+xml":
        raise ProvisioningRefused(f"DEFAULTENCODING {section.parm('DEFAULTENCODING')}")
    levels = {one.parm("AAUTHLEVEL"): one for one in section.all("APPAUTH")}
    if set(levels) != {"CLIENT", "APPSRV"}:
        raise ProvisioningRefused(f"APPAUTH for {sorted(levels)}; Windows wants CLIENT and APPSRV")
    client, server = _credentials(levels["APPSRV"]), _credentials(levels["CLIENT"])
    if server.kind != "DIGEST" or not client.name:
        raise ProvisioningRefused("CLIENT credentials are DIGEST, APPSRV credentials have an AAUTHNAME")
    return Application(
        section.parm("PROVIDER-ID"), section.parm("NAME"), address, section.parm("SSLCLIENTCERTSEARCHCRITERIA"),
        client, server,
    )  # fmt: skip


def _credentials(holder: Characteristic) -> Credentials:
    kind = holder.parm("AAUTHTYPE")
    if kind not in ("DIGEST", "BASIC"):
        raise ProvisioningRefused(f"AAUTHTYPE {kind}")
    data = holder.parm("AAUTHDATA") if kind == "DIGEST" else ""
    try:
        nonce = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ProvisioningRefused(f"AAUTHDATA is not base64: {data!r}") from error
    return Credentials(kind, holder.parms.get("AAUTHNAME", ""), holder.parm("AAUTHSECRET"), nonce)


def _nodes(provider: Characteristic, path: str = "") -> dict[str, str]:
    found = {path + name: value for name, value in provider.parms.items()}
    for child in provider.children:
        found |= _nodes(child, f"{path}{child.kind}/")
    if not path:
        for name in POLL:
            if not found.get(f"Poll/{name}", "").isdigit():
                raise ProvisioningRefused(f"the poll schedule has no {name}: this PC would hardly ever call")
    return found


# -- which certificate the PC shows


def selects(criteria: str, store: str, certificates: Sequence[bytes], issued: bytes) -> None:
    """The search criteria must lead to the issued certificate and to no other."""
    pairs = dict(pair.split("=", 1) for pair in criteria.split("&") if "=" in pair)
    if set(pairs) != {"Subject", "Stores"} or not all(UNRESERVED.fullmatch(value) for value in pairs.values()):
        raise ProvisioningRefused(f"SSLCLIENTCERTSEARCHCRITERIA {criteria!r} is not Subject=…&Stores=…, URI-escaped")
    if unquote(pairs["Stores"]).lower() != f"my\\{store.lower()}":
        raise ProvisioningRefused(f"the criteria search {pairs['Stores']}, the certificate lies in My\\{store}")
    wanted = [_attribute(part) for part in re.split(r"(?<!\\),", unquote(pairs["Subject"]))]
    found = [one for one in certificates if _subject(one) in (wanted, wanted[::-1])]
    if found != [issued]:
        raise ProvisioningRefused(f"the criteria {criteria!r} select {len(found)} certificates, and not the issued one")


def _attribute(part: str) -> tuple[str, str]:
    kind, _, value = part.strip().partition("=")
    return SHORT.get(kind.strip().upper(), kind.strip()), value.strip().strip('"').replace("\\", "")


def _subject(der: bytes) -> list[tuple[str, str]]:
    return [(one.oid.dotted_string, str(one.value)) for one in x509.load_der_x509_certificate(der).subject]
