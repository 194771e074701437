"""Certificates around the fake push service: its own server certificate, and push certificates with a topic."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from tests.devices.apple.forge import Authority
from tests.devices.apple.identity import Identity, new_key
from tests.devices.apple.requests import subject_name

USER_ID = "0.9.2342.19200300.100.1.1"


def topic_of(certificate: x509.Certificate) -> str | None:
    found = certificate.subject.get_attributes_for_oid(x509.ObjectIdentifier(USER_ID))
    return str(found[0].value) if found else None


class PushAuthority:
    """Two authorities, as at Apple: one for the service, one for push certificates. A folder keeps them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._keep = None if folder else tempfile.TemporaryDirectory()
        self.folder = folder or Path(self._keep.name if self._keep else "")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._server = _kept(self.folder, "apns-ca", "Fake APNs CA")
        self._clients = _kept(self.folder, "client-ca", "Fake Push Certificate CA")

    @property
    def server_ca_pem(self) -> str:
        return self._server.certificate_pem.decode()

    def server_context(self, certificate: str | None, key: str | None, client_ca: str | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(*(certificate, key) if certificate else (self._own_certificate(), None))
        # Asked for, not demanded: without one Apple answers MissingProviderToken, which is a test of its own.
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=self._clients.certificate_pem.decode())
        if client_ca is not None:
            context.load_verify_locations(client_ca)
        return context

    def issue(self, topic: str, *, expired: bool = False) -> tuple[str, str]:
        key = new_key()
        certificate = self._certify(topic, key.public_key(), expired=expired)
        return certificate, Identity(b"", key).key_pem.decode()

    def keep_push_certificate(self, topic: str) -> None:
        """push.pem and push.key in the folder, made once."""
        if not (self.folder / "push.pem").exists():
            certificate, key = self.issue(topic)
            (self.folder / "push.key").touch(mode=0o600)
            (self.folder / "push.key").write_text(key)
            (self.folder / "push.pem").write_text(certificate)

    def sign_request(self, csr_pem: str, topic: str) -> str:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        if not request.is_signature_valid:
            raise ValueError("the request's signature does not verify")
        return self._certify(topic, request.public_key())

    def _certify(self, topic: str, public: CertificatePublicKeyTypes, *, expired: bool = False) -> str:
        authority = Authority.of(self._clients)
        name = subject_name(
            [(USER_ID, topic), ("CN", f"APSP:{topic.removeprefix('com.apple.mgmt.External.')}"), ("C", "US")]
        )
        return authority.certify(name, public, expired=expired).public_bytes(serialization.Encoding.PEM).decode()

    def _own_certificate(self) -> str:
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        )
        own = Authority.of(self._server).issue("api.push.example.com", extensions=(names,))
        path = self.folder / "apns.pem"
        path.touch(mode=0o600)
        path.write_bytes(own.certificate_pem + own.key_pem)
        return str(path)


def _kept(folder: Path, name: str, common_name: str) -> Identity:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    if not (certificate.exists() and key.exists()):
        made = Authority(common_name)
        key.touch(mode=0o600)
        key.write_bytes(Identity(made.der, made.key).key_pem)
        certificate.write_text(made.pem)
    return Identity.from_pem(certificate.read_bytes(), key.read_bytes())
