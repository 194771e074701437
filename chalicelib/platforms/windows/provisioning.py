"""The provisioning document: what makes a PC a managed one (MS-MDE2 §3.6; the CSPs CertificateStore, w7 APPLICATION and
DMClient; OMA-WAP-ProvCont-V1_1). RFC 2396 says how the search for the certificate is escaped.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1
from urllib.parse import quote

from chalicelib.model.secret import Secret
from chalicelib.platforms.windows import soap, wstep
from chalicelib.platforms.windows.soap import Tree, add

PROVIDER = "Muster"
STORES = {wstep.FULL: "User", wstep.DEVICE: "System"}
MANAGEMENT_ENCODING = "application/vnd.syncml.dm+xml"
RENEW_DAYS = 60  # before the expiry: two months for a PC that is seldom on
RETRY_DAYS = 4  # no weekday twice in a row, and more than the day that lies between two renewals at least
# Ten minutes' patience while somebody sits there and waits for the desktop, an hour's pace for a little more than the
# first day, as DMClient's description asks, and then for good. Once push works, the last one becomes rarer still.
POLL = {
    "NumberOfFirstRetries": 10,
    "IntervalForFirstSetOfRetries": 3,
    "NumberOfSecondRetries": 25,
    "IntervalForSecondSetOfRetries": 60,
    "NumberOfRemainingScheduledRetries": 0,  # without end
    "IntervalForRemainingScheduledRetries": 240,
}
UNRESERVED = "-_.!~*'()"  # besides letters and digits


@dataclass(frozen=True, slots=True)
class Proof:
    """A name and a password with the nonce that its digest is made with first."""

    name: str
    password: Secret[str]
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Account:
    """`device` is what the PC proves itself with, `server` what we do. `subject` is the certificate's, as text."""

    enrollment_id: str
    organization: str
    address: str
    subject: str
    store: str  # of STORES
    ca: bytes
    certificate: bytes
    device: Proof
    server: Proof
    device_name: str = ""
    user: str = ""
    push_package: str = ""


def document(account: Account) -> bytes:
    root = _document()
    store = _characteristic(root, "CertificateStore")
    _certificate(_characteristic(store, "Root", "System"), account.ca)
    my = _characteristic(store, "My")
    _identity(my, account.store, account.certificate)
    renew = _characteristic(my, "WSTEP", "Renew")
    _parameters(renew, {"ROBOSupport": True, "RenewPeriod": RENEW_DAYS, "RetryInterval": RETRY_DAYS})
    _application(root, account)
    _client(_characteristic(root, "DMClient", "Provider", PROVIDER), account)
    return soap.serialise(root)


def renewed(store: str, certificate: bytes) -> bytes:
    """What a renewal brings: the new certificate, and whose it is."""
    root = _document()
    _identity(_characteristic(root, "CertificateStore", "My"), store, certificate)
    _strings(_characteristic(root, "APPLICATION"), {"PROVIDER-ID": PROVIDER})
    return soap.serialise(root)


def _document() -> Tree:
    return Tree("wap-provisioningdoc", {"version": "1.1"})


def _identity(my: Tree, store: str, certificate: bytes) -> None:
    users = _characteristic(my, store)
    _characteristic(_certificate(users, certificate), "PrivateKeyContainer")


def _certificate(store: Tree, certificate: bytes) -> Tree:
    thumbprint = sha1(certificate, usedforsecurity=False).hexdigest().upper()  # the name of the node, nothing more
    held = _characteristic(store, thumbprint)
    _strings(held, {"EncodedCertificate": base64.b64encode(certificate).decode()})
    return held


def _application(root: Tree, account: Account) -> None:
    application = _characteristic(root, "APPLICATION")
    criteria = f"Subject={quote(account.subject, safe=UNRESERVED)}&Stores=My%5C{account.store}"
    _strings(
        application,
        {
            "APPID": "w7",
            "PROVIDER-ID": PROVIDER,
            "NAME": account.organization,
            "ADDR": account.address,
            "ROLE": "4294967295",  # as in the protocol's own example
            "CONNRETRYFREQ": "6",
            "INITIALBACKOFFTIME": "30000",
            "MAXBACKOFFTIME": "120000",
            "DEFAULTENCODING": MANAGEMENT_ENCODING,
            "SSLCLIENTCERTSEARCHCRITERIA": criteria,
        },
    )
    add(application, "parm", None, {"name": "BACKCOMPATRETRYDISABLED"})
    # APPSRV is how the client proves itself to the server, CLIENT how the server does to the client.
    _credentials(application, "APPSRV", account.device)
    _credentials(application, "CLIENT", account.server)


def _credentials(application: Tree, level: str, proof: Proof) -> None:
    _strings(
        _characteristic(application, "APPAUTH"),
        {
            "AAUTHLEVEL": level,
            "AAUTHTYPE": "DIGEST",
            "AAUTHNAME": proof.name,
            "AAUTHSECRET": proof.password.reveal(),
            "AAUTHDATA": base64.b64encode(proof.nonce).decode(),
        },
    )


def _client(provider: Tree, account: Account) -> None:
    told = {"EntDMID": account.enrollment_id, "EntDeviceName": account.device_name, "UPN": account.user}
    _parameters(provider, {name: value for name, value in told.items() if value})
    _parameters(_characteristic(provider, "Poll"), {**POLL, "PollOnLogin": True})
    if account.push_package:
        _parameters(_characteristic(provider, "Push"), {"PFN": account.push_package})


def _characteristic(parent: Tree, *path: str) -> Tree:
    for kind in path:
        parent = add(parent, "characteristic", None, {"type": kind})
    return parent


def _strings(parent: Tree, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        add(parent, "parm", None, {"name": name, "value": value})


def _parameters(parent: Tree, values: Mapping[str, str | int | bool]) -> None:
    """With their types, as the client wants them outside of w7 and certificates."""
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        add(parent, "parm", None, {"name": name, "value": text, "datatype": _TYPES[type(value)]})


_TYPES = {str: "string", int: "integer", bool: "boolean"}
