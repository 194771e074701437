"""The organisation's push certificate: requested, signed by a vendor, uploaded, renewed; its topic never changes.

Subject UID (RFC 4519 §2.39) is the topic that every device listens to from its enrollment on.
"""

import base64
import plistlib
from dataclasses import asdict, dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chalicelib.core import access
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.people import Principal
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple import key_pairs
from chalicelib.platforms.apple.apns_identity import KIND, SETTING

PREFIX = "com.apple.mgmt"
TARGET = f"setting:{SETTING}"
UNKNOWN_KEY = (
    "The certificate was not made for a request of this Muster: its private key is not in the vault. "
    "Upload certificate and private key together, or make a new request."
)


@dataclass(frozen=True, slots=True)
class PushCertificate:
    topic: str
    certificate: str  # PEM
    not_after: int
    serial: str


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What is uploaded at identity.apple.com/pushcert, or what a vendor signs for that."""

    body: bytes
    filename: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """An MDM vendor certificate of the Apple developer programme, with its chain, the vendor's own first."""

    chain: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def read(cls, chain: str, key: Secret[str]) -> "Vendor":
        certificates, private = key_pairs.certificates(chain), key_pairs.private_key(key.reveal())
        if private is None or key_pairs.name(private) != key_pairs.name(certificates[0]):
            raise Unprocessable("The vendor's private key does not belong to the first certificate of its chain.")
        return cls(tuple(certificates), private)


def current(house: House) -> PushCertificate | None:
    setting = house.store.find(Setting, SETTING)
    return PushCertificate(**setting.value) if setting else None


def topic(house: House) -> str:
    """The topic that new devices are told; "" while there is no push certificate."""
    held = current(house)
    return held.topic if held else ""


def create_request(house: House, principal: Principal, vendor: Vendor | None = None) -> PushRequest:
    """A fresh key, which stays in the vault, and the request for it; a plain CSR where no vendor signs it here."""
    access.authorize(principal, "trust.write")
    key = key_pairs.make()
    request = x509.CertificateSigningRequestBuilder(key_pairs.subject(house)).sign(key, hashes.SHA256())
    key_pairs.keep_new(house, principal, KIND, key, "push-certificate.requested", TARGET)
    if vendor is None:
        return PushRequest(request.public_bytes(Encoding.PEM), "muster-push.csr")
    return PushRequest(_signed_by(vendor, request), "muster-push.plist")


def _signed_by(vendor: Vendor, request: x509.CertificateSigningRequest) -> bytes:
    der = request.public_bytes(Encoding.DER)
    signature = vendor.key.sign(der, padding.PKCS1v15(), hashes.SHA256())
    document = {
        "PushCertRequestCSR": base64.b64encode(der).decode(),
        "PushCertCertificateChain": "".join(each.public_bytes(Encoding.PEM).decode() for each in vendor.chain),
        "PushCertSignature": base64.b64encode(signature).decode(),
    }
    return base64.b64encode(plistlib.dumps(document))


def upload(house: House, principal: Principal, pem: str) -> PushCertificate:
    """A certificate whose key `create_request` made, or a certificate with its key. Unprocessable with the reason."""
    access.authorize(principal, "trust.write")
    certificate = key_pairs.certificates(pem)[0]
    found = _read(certificate)
    _check_validity(house, certificate)
    given, name = key_pairs.private_key(pem), key_pairs.name(certificate)
    if given is not None and key_pairs.name(given) != name:
        raise Unprocessable("The private key does not belong to the certificate.")

    def attempt() -> PushCertificate:
        setting = house.store.find(Setting, SETTING)
        _refuse_another_topic(setting, found)
        wanted = Setting(SETTING, asdict(found), version=setting.version if setting else 0)
        changes = key_pairs.adopting(house, KIND, name, given, missing=UNKNOWN_KEY)
        facts = {"topic": found.topic, "serial": found.serial, "not_after": found.not_after}
        what = event(house, principal, "push-certificate.uploaded", TARGET, **facts)
        house.store.commit(Replace(wanted) if setting else Create(wanted), *changes, audit=what)
        return found

    return retry_stale(attempt)


def _refuse_another_topic(setting: Setting | None, found: PushCertificate) -> None:
    if setting is not None and setting.value["topic"] != found.topic:
        raise Unprocessable(
            f"This certificate has the topic {found.topic}, and all devices listen to {setting.value['topic']}: with "
            "it every device would have to enroll again. Renew the present certificate, with the Apple account that "
            "made it."
        )


def _read(certificate: x509.Certificate) -> PushCertificate:
    names = certificate.subject.get_attributes_for_oid(NameOID.USER_ID)
    found = str(names[0].value) if names else ""
    if not found.startswith(PREFIX):
        raise Unprocessable(f"This is not an MDM push certificate: its subject has no UID that starts with {PREFIX}.")
    return PushCertificate(
        topic=found,
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        serial=f"{certificate.serial_number:x}",
    )


def _check_validity(house: House, certificate: x509.Certificate) -> None:
    now = house.clock()
    if certificate.not_valid_after_utc.timestamp() <= now:
        raise Unprocessable(f"The certificate expired on {certificate.not_valid_after_utc.date()}; renew it first.")
    if certificate.not_valid_before_utc.timestamp() > now:
        raise Unprocessable(f"The certificate is not valid before {certificate.not_valid_before_utc.date()}.")
