"""A SCEP client (RFC 8894) as a device has it, with the habits seen in the field as knobs."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.devices.apple import cms as device_cms
from tests.devices.apple import requests
from tests.devices.apple.complaints import Complaint, ScepFailed
from tests.devices.apple.identity import Identity, new_key
from tests.devices.apple.transport import Reply, Transport

MESSAGE_TYPE, PKI_STATUS, FAIL_INFO = (f"2.16.840.1.113733.1.9.{n}" for n in (2, 3, 4))
SENDER_NONCE, RECIPIENT_NONCE, TRANSACTION_ID = (f"2.16.840.1.113733.1.9.{n}" for n in (5, 6, 7))
PKCS_REQ, RENEWAL_REQ = "19", "17"
FAIL_NAMES = {"0": "badAlg", "1": "badMessageCheck", "2": "badRequest", "3": "badTime", "4": "badCertId"}
USER_AGENT = "SCEPClient/1.0"


@dataclass(frozen=True)
class CertRep:
    """A checked answer: status "0", "2" or "3"; fail_info with "2"; DER certificates with "0", the issued one first."""

    status: str
    fail_info: str | None
    certificates: tuple[bytes, ...]
    transaction_id: str


@dataclass
class ScepClient:
    url: str
    transport: Transport
    name: str = ""
    content_cipher: str = "aes128"
    digest: str = "sha256"
    via: str = "post"
    recipients: str = "all"
    _known: list[x509.Certificate] = field(default_factory=list, init=False, repr=False)

    def capabilities(self) -> set[str]:
        reply = self._get("GetCACaps", self.name)
        if reply.content_type.split(";")[0].strip() != "text/plain":
            raise Complaint(f"GetCACaps answers text/plain, not {reply.content_type!r}")
        return {line.strip() for line in reply.body.decode("ascii").splitlines() if line.strip()}

    def ca_certificates(self) -> list[x509.Certificate]:
        if not self._known:
            reply = self._get("GetCACert", self.name)
            self._known = [x509.load_der_x509_certificate(der) for der in _ca_certificates(reply)]
        return self._known

    def enroll(
        self,
        subject: Sequence[tuple[str, str]],
        challenge: str | None,
        key: rsa.RSAPrivateKey | None = None,
        transaction_id: str | None = None,
        *,
        names: requests.Names | None = None,
        csr: bytes | None = None,
    ) -> Identity:
        """PKCSReq, signed with the new key itself. The same key and transaction_id make a repetition."""
        key = key or new_key()
        csr = csr or requests.csr(key, subject, challenge, digest=self.digest, names=names)
        signer = requests.self_signed(key, subject)
        return self._identity(self.request(PKCS_REQ, csr, signer, transaction_id), key)

    def renew(self, identity: Identity, key: rsa.RSAPrivateKey | None = None) -> Identity:
        """RenewalReq, authenticated by the certificate that is about to be replaced."""
        key = key or new_key()
        csr = requests.csr(key, requests.subject_of(identity), None, digest=self.digest)
        return self._identity(self.request(RENEWAL_REQ, csr, identity), key)

    def request(self, message_type: str, csr: bytes, signer: Identity, transaction_id: str | None = None) -> CertRep:
        """One PKIOperation with its answer checked in full; a refusal (status 2) is returned, not raised."""
        transaction_id = transaction_id or secrets.token_hex(20).upper()
        nonce = os.urandom(16)
        message = self.message(message_type, csr, signer, transaction_id, nonce)
        return self._read(self.operate(message), signer, transaction_id, nonce)

    def message(self, message_type: str, csr: bytes, signer: Identity, transaction_id: str, nonce: bytes) -> bytes:
        envelope = device_cms.encrypt(csr, self._recipients(), self.content_cipher)
        attributes = [
            (MESSAGE_TYPE, core.PrintableString(message_type)),
            (SENDER_NONCE, core.OctetString(nonce)),
            (TRANSACTION_ID, core.PrintableString(transaction_id)),
        ]
        return device_cms.sign(envelope, signer, digest=self.digest, attributes=attributes)

    def operate(self, message: bytes) -> Reply:
        """The raw exchange, in the form that the knob `via` names."""
        encoded = base64.b64encode(message).decode()
        if self.via == "get-urlsafe":
            encoded = base64.urlsafe_b64encode(message).decode()
        if self.via.startswith("get"):
            return self._get("PKIOperation", encoded, checked=False)
        url = self._target("PKIOperation", encoded if self.via == "both" else None)
        headers = {"User-Agent": USER_AGENT, "Content-Type": "application/x-pki-message"}
        return self.transport("POST", url, headers, message)

    def _recipients(self) -> list[x509.Certificate]:
        certificates = [one for one in self.ca_certificates() if isinstance(one.public_key(), rsa.RSAPublicKey)]
        return {"all": certificates, "first": certificates[:1], "last": certificates[-1:]}[self.recipients]

    def _read(self, reply: Reply, signer: Identity, transaction_id: str, nonce: bytes) -> CertRep:
        if reply.status != 200:
            raise ScepFailed(f"PKIOperation answered {reply.status}: {reply.body[:200]!r}")
        if reply.content_type != "application/x-pki-message":
            raise Complaint(f"PKIOperation answers application/x-pki-message exactly, not {reply.content_type!r}")
        known = [asn1_x509.Certificate.load(_der(one)) for one in self.ca_certificates()]
        # RFC 8894 3.3.2: a failure carries no pkcsPKIEnvelope; messageDigest then speaks of nothing.
        content = None if _has_content(reply.body) else b""
        signed = device_cms.verify(reply.body, content=content, extra=known)
        if signed.signer.dump() not in [one.dump() for one in known]:
            raise Complaint("CertRep is signed by a certificate that GetCACert does not list")
        said = {oid: value.native for oid, value in signed.attributes.items() if oid.startswith("2.16.840.1.113733")}
        self._check_types(signed)
        _expect(said, MESSAGE_TYPE, "3", "messageType")
        _expect(said, TRANSACTION_ID, transaction_id, "transactionID")
        _expect(said, RECIPIENT_NONCE, nonce, "recipientNonce")
        if not said.get(SENDER_NONCE):
            raise Complaint("CertRep has no senderNonce")
        return self._result(said, signed.content, signer, transaction_id)

    @staticmethod
    def _check_types(signed: device_cms.Signed) -> None:
        shapes = {SENDER_NONCE: 4, RECIPIENT_NONCE: 4}
        shapes |= dict.fromkeys((MESSAGE_TYPE, PKI_STATUS, FAIL_INFO, TRANSACTION_ID), 19)
        for oid, value in signed.attributes.items():
            tag = value.dump()[0]
            if shapes.get(oid, tag) != tag:
                raise Complaint(f"CertRep attribute {oid} has ASN.1 tag {tag}, {shapes[oid]} expected")

    @staticmethod
    def _result(said: dict[str, object], content: bytes, signer: Identity, transaction_id: str) -> CertRep:
        status, fail = said.get(PKI_STATUS), said.get(FAIL_INFO)
        if status == "2":
            if fail not in FAIL_NAMES:
                raise Complaint(f"pkiStatus 2 needs a failInfo of 0 to 4, this is {fail!r}")
            return CertRep("2", str(fail), (), transaction_id)
        if status == "3":
            return CertRep("3", None, (), transaction_id)
        if status != "0":
            raise Complaint(f"pkiStatus {status!r} is not one of 0, 2, 3")
        return CertRep("0", None, tuple(_degenerate(device_cms.decrypt(content, signer))), transaction_id)

    def _identity(self, answer: CertRep, key: rsa.RSAPrivateKey) -> Identity:
        if answer.status != "0":
            reason = FAIL_NAMES.get(answer.fail_info or "", "pending")
            raise ScepFailed(f"the CA refused: {reason}", answer.status, answer.fail_info)
        if not answer.certificates:
            raise Complaint("success without a certificate")
        identity = Identity(answer.certificates[0], key)
        if identity.x509.public_key() != key.public_key():
            raise Complaint("the first certificate of CertRep is not for the key of the request")
        issued = asn1_x509.Certificate.load(identity.certificate)
        authorities = [asn1_x509.Certificate.load(_der(one)) for one in self.ca_certificates()]
        if not any(device_cms.issued_by(issued, one) for one in authorities):
            raise Complaint("the issued certificate is not signed by any certificate of GetCACert")
        return identity

    def _get(self, operation: str, message: str, *, checked: bool = True) -> Reply:
        reply = self.transport("GET", self._target(operation, message or None), {"User-Agent": USER_AGENT}, b"")
        if checked and reply.status != 200:
            raise ScepFailed(f"{operation} answered {reply.status}: {reply.body[:200]!r}")
        return reply

    def _target(self, operation: str, message: str | None) -> str:
        if "?" in self.url:
            raise Complaint("the URL of a SCEP payload has no query, the client appends its own")
        return f"{self.url}?operation={operation}" + (f"&message={quote(message, safe='')}" if message else "")


def _ca_certificates(reply: Reply) -> list[bytes]:
    if reply.content_type == "application/x-x509-ca-cert":
        return [reply.body]
    if reply.content_type == "application/x-x509-ca-ra-cert":
        return _degenerate(reply.body)
    raise Complaint(f"GetCACert answered an unknown type {reply.content_type!r}")


def _degenerate(der: bytes) -> list[bytes]:
    data = device_cms.signed_data(der)
    if len(data["signer_infos"]):
        raise Complaint("a certificates-only message has no signers")
    return [choice.chosen.dump() for choice in data["certificates"]]


def _has_content(der: bytes) -> bool:
    return not isinstance(device_cms.signed_data(der)["encap_content_info"]["content"], core.Void)


def _expect(said: dict[str, object], oid: str, wanted: object, name: str) -> None:
    if said.get(oid) != wanted:
        raise Complaint(f"CertRep {name} is {said.get(oid)!r}, {wanted!r} expected")


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
