"""Keys of the organisation that Apple knows by a certificate: made here, sealed in the vault, found again by name."""

import hashlib
import re
from dataclasses import replace

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from chalicelib.core import escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.people import Principal
from chalicelib.model.secret import Secret

_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def make() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def subject(house: House) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, house.settings.organization[:64])])


def keep_new(house: House, principal: Principal, kind: str, key: rsa.RSAPrivateKey, action: str, target: str) -> None:
    """Seals a key that is not in use yet, and says so in the trail."""

    def attempt() -> None:
        change = sealing(house, kind, key, confirmed=False)
        house.store.commit(change, audit=event(house, principal, action, target, key=name(key)))

    retry_stale(attempt)


def sealing(house: House, kind: str, key: rsa.RSAPrivateKey, *, confirmed: bool = True) -> Create:
    plain = Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return escrow.sealing(house, escrow.ORGANIZATION, kind, plain, confirmed=confirmed, note=name(key))


def adopting(
    house: House, kind: str, wanted: str, given: rsa.RSAPrivateKey | None = None, *, missing: str
) -> tuple[Change, ...]:
    """Makes the key of this name the current one of the vault. Unprocessable (`missing`) where none has the name."""
    versions = escrow.versions(house, escrow.ORGANIZATION, kind)
    in_use = max((version.number for version in versions if version.confirmed), default=0)
    for version in reversed(versions):
        if version.note == wanted and version.number >= in_use:
            return () if version.confirmed else (Replace(replace(version, confirmed=True)),)
    key = given or _older(house, kind, wanted)
    if key is None:
        raise Unprocessable(missing)
    return (sealing(house, kind, key),)


def _older(house: House, kind: str, wanted: str) -> rsa.RSAPrivateKey | None:
    pem = escrow.noted(house, escrow.ORGANIZATION, kind, wanted)
    return private_key(pem.reveal().decode()) if pem else None


def newest(house: House, kind: str) -> str:
    """The name of the key that was made last; "" where none was. One that came into use again was made before."""
    names = dict.fromkeys(version.note for version in escrow.versions(house, escrow.ORGANIZATION, kind))
    return next(reversed(names), "")


def certificates(pem: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates("\n".join(_CERTIFICATE.findall(pem)).encode())
    except ValueError as error:
        raise Unprocessable("There is no certificate in PEM form (-----BEGIN CERTIFICATE-----).") from error


def private_key(pem: str) -> rsa.RSAPrivateKey | None:
    """The private key in it, if it holds one."""
    if "PRIVATE KEY-----" not in pem:
        return None
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Unprocessable("The private key cannot be read: give it in PEM form, without a passphrase.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Unprocessable("The private key has to be an RSA key.")
    return key


def name(holder: rsa.RSAPrivateKey | x509.Certificate) -> str:
    """SHA-256 of the public key: how a certificate finds its key."""
    public = holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()
