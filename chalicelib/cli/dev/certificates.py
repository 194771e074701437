"""A development CA and the front door's certificate, made once and kept in the state folder."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chalicelib.cli.dev.state import State, private

YEARS = 2  # Apple devices refuse server certificates that are valid for longer than 825 days
NAMES = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


class Certificates:
    """PEM files: `ca` to trust, `chain` and `key` to serve with."""

    def __init__(self, state: State) -> None:
        self.ca = state.ca_file
        self.chain = state.folder / "server.pem"
        self.key = state.folder / "server.key"
        if not self._good():
            self._make()

    def _good(self) -> bool:
        """Whatever is absent, old, no certificate or of another key is made anew."""
        try:
            ca, leaf = (x509.load_pem_x509_certificate(file.read_bytes()) for file in (self.ca, self.chain))
            leaf.verify_directly_issued_by(ca)
            key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
            return False
        soon = _now() + datetime.timedelta(days=30)
        return key.public_key() == leaf.public_key() and leaf.not_valid_after_utc > soon

    def _make(self) -> None:
        """The CA's key is forgotten at once: nobody can sign another name with it."""
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca_name = _name("Muster development CA")
        ca = _certificate(ca_name, ca_name, ca_key.public_key(), None).sign(ca_key, hashes.SHA256())
        leaf = _certificate(_name("localhost"), ca_name, key.public_key(), ca).sign(ca_key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        plain = serialization.NoEncryption()
        private(self.key, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        private(self.chain, leaf.public_bytes(pem) + ca.public_bytes(pem))
        private(self.ca, ca.public_bytes(pem))


def read_pem(path: Path) -> None:
    """ValueError when it holds neither a certificate nor a key."""
    content = path.read_bytes()
    if path.suffix == ".key":
        serialization.load_pem_private_key(content, None)
    else:
        x509.load_pem_x509_certificate(content)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, ca: x509.Certificate | None
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(_now() - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(_now() + datetime.timedelta(days=365 * YEARS))
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    if ca is None:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return builder.add_extension(_usage(sign_certificates=True), critical=True)
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    builder = builder.add_extension(authority, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.add_extension(x509.SubjectAlternativeName(NAMES), critical=False)


def _usage(sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
