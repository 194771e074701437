"""A key pair for one reply: the Mac encrypts its new recovery key to it (RFC 5652 §6; Apple rotate.file.vault.key).

No pydantic here: the device plane opens the replies.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.core import escrow
from chalicelib.core.errors import BadRequest
from chalicelib.core.house import House
from chalicelib.model.secret import Secret
from chalicelib.pki import envelope
from chalicelib.pki.credential import Credential
from chalicelib.pki.errors import PkiError

KIND = "filevault_reply_key"
VALIDITY = timedelta(days=35)  # longer than a command may wait
CLOCK_SKEW = timedelta(days=1)


def reply_identity(now: int) -> tuple[bytes, Secret[bytes]]:
    """A self-signed certificate (DER), and the same with its private key (PEM) for escrow."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Muster FileVault reply")])
    at = datetime.fromtimestamp(now, UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - CLOCK_SKEW)
        .not_valid_after(at + VALIDITY)
        .sign(key, hashes.SHA256())
    )
    bundle = certificate.public_bytes(Encoding.PEM)
    bundle += key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.DER), Secret(bundle)


def open_filevault_reply(house: House, device_id: str, command_id: str, cms: bytes) -> Secret[bytes]:
    """The new recovery key out of EncryptedNewRecoveryKey. BadRequest where it is not for this command's key."""
    bundle = escrow.noted(house, device_id, KIND, command_id)
    if bundle is None:
        raise BadRequest("No key is held for this command's reply.")
    try:
        plain = envelope.unseal(envelope.parse(cms), [_credential(bundle)])
    except PkiError as error:
        raise BadRequest(f"The new recovery key cannot be read: {error}.") from error
    key = plain.strip(b"\x00\r\n ")
    if not key or len(key) > 128 or not key.decode("ascii", errors="replace").isprintable() or not key.isascii():
        raise BadRequest("The new recovery key is not a line of text.")
    return Secret(key)


def _credential(bundle: Secret[bytes]) -> Credential:
    pem = bundle.reveal()
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 (reply_identity made it)
    return Credential(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER), key)
