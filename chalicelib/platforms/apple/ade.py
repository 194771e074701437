"""The organisation's server at Apple Business or School Manager: the key that Apple knows it by, and its UUID there.

Apple calls it an MDM server of automated device enrollment; what Muster does with it is in service_tokens.py.
"""

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.core import access
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.people import Principal
from chalicelib.model.records import Setting
from chalicelib.platforms.apple import key_pairs
from chalicelib.platforms.apple.service_tokens import KIND, SETTING

TARGET = f"setting:{SETTING}"
LASTS = timedelta(days=3650)  # nobody asks for the time: the certificate only carries the key
NO_KEY = "There is no key yet: make one with `muster apple ade key`, and give its certificate to Apple."
UNKNOWN_KEY = (
    "The certificate was not made by this Muster: its private key is not in the vault. Make one with "
    "`muster apple ade key`, and give its certificate to Apple."
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{4}\1[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class Key:
    certificate: str  # PEM; what is uploaded at Apple as the server's public key
    key: str  # its name


@dataclass(frozen=True, slots=True)
class Link:
    server_uuid: str  # as Apple writes it: tokens repeat it to the letter
    key: str
    linked_at: int


def current(house: House) -> Link | None:
    setting = house.store.find(Setting, SETTING)
    return Link(**setting.value) if setting else None


def create_key(house: House, principal: Principal) -> Key:
    """A fresh key, which stays in the vault and is not in use before it is linked, and a certificate for it."""
    access.authorize(principal, "trust.write")
    key = key_pairs.make()
    certificate = _self_signed(house, key)
    key_pairs.keep_new(house, principal, KIND, key, "ade-key.created", TARGET)
    return Key(certificate.public_bytes(Encoding.PEM).decode(), key_pairs.name(key))


def _self_signed(house: House, key: rsa.RSAPrivateKey) -> x509.Certificate:
    name, now = key_pairs.subject(house), datetime.fromtimestamp(house.clock(), UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now).not_valid_after(now + LASTS).sign(key, hashes.SHA256())


def link(house: House, principal: Principal, server_uuid: str, certificate: str | None = None) -> Link:
    """From now on tokens are signed for this server, with the key of this certificate or else the newest key."""
    access.authorize(principal, "trust.write")
    if not _UUID.fullmatch(server_uuid):
        raise Unprocessable("The server_uuid is a UUID: 32 hex digits, as Apple's device enrollment service tells it.")
    key = "" if certificate is None else key_pairs.name(key_pairs.certificates(certificate)[0])

    def attempt() -> Link:
        setting = house.store.find(Setting, SETTING)
        name = key or key_pairs.newest(house, KIND)
        changes = key_pairs.adopting(house, KIND, name, missing=UNKNOWN_KEY if name else NO_KEY)
        linked = Link(server_uuid, name, house.clock())
        wanted = Setting(SETTING, asdict(linked), version=setting.version if setting else 0)
        what = event(house, principal, "ade.linked", TARGET, server_uuid=server_uuid, key=name)
        house.store.commit(Replace(wanted) if setting else Create(wanted), *changes, audit=what)
        return linked

    return retry_stale(attempt)
