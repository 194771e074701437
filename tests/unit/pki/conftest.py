"""One authority for all tests of the package, and OpenSSL's command line as the independent opinion."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from chalicelib.pki import ca, credential
from chalicelib.pki.credential import Credential
from chalicelib.pki.signer import LocalSigner

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class OpenSSL:
    """Runs in a folder of its own, with the clock at `NOW` wherever a chain is verified."""

    folder: Path
    numbers: count  # type: ignore[type-arg]

    def run(self, *arguments: str | Path, data: bytes = b"") -> bytes:
        done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        return done.stdout

    def refuses(self, *arguments: str | Path, data: bytes = b"") -> bool:
        return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True).returncode != 0

    def file(self, content: bytes, suffix: str = "bin") -> Path:
        path = self.folder / f"{next(self.numbers)}.{suffix}"
        path.write_bytes(content)
        return path

    def pem(self, certificate: bytes) -> Path:
        return self.file(self.run("x509", "-inform", "DER", data=certificate), "pem")

    def key_file(self, pkcs8: bytes) -> Path:
        return self.file(self.run("pkey", "-inform", "DER", data=pkcs8), "key")

    def new_key(self, *options: str) -> Path:
        return self.file(
            self.run("genpkey", *(options or ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))), "key"
        )

    def spki(self, key: Path) -> bytes:
        return self.run("pkey", "-in", key, "-pubout", "-outform", "DER")

    def certify(self, key: Path, subject: str, *options: str | Path) -> bytes:
        """A self-signed certificate, or with -CA and -CAkey one by another."""
        return self.run("req", "-x509", "-new", "-key", key, "-subj", subject, "-outform", "DER", *options)

    def sign(self, body: bytes, certificate: bytes, key: Path, *options: str | Path) -> bytes:
        who = ("-signer", self.pem(certificate), "-inkey", key)
        return self.run("cms", "-sign", "-binary", "-outform", "DER", *who, *options, data=body)


@dataclass(frozen=True)
class Device:
    """A certified client, its key also as a file for OpenSSL."""

    certificate: bytes
    key: Path
    credential: Credential


@dataclass(frozen=True)
class Authority:
    signer: LocalSigner
    certificate: bytes
    ra: Credential
    new_device: Callable[[str], Device]


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def attime() -> tuple[str, str]:
    return "-attime", str(int(NOW.timestamp()))


@pytest.fixture(scope="session")
def openssl(tmp_path_factory: pytest.TempPathFactory) -> OpenSSL:
    return OpenSSL(tmp_path_factory.mktemp("openssl"), count())


@pytest.fixture(scope="session")
def authority(openssl: OpenSSL) -> Authority:
    signer = LocalSigner.generate()
    root = ca.self_signed_ca(signer, "Example", NOW)
    ra_key = credential.new_private_key()
    ra = ca.ra_certificate(signer, root, credential.public_key_of(ra_key), "Example", NOW, 365, ca.new_serial())

    def new_device(name: str) -> Device:
        pkcs8 = credential.new_private_key()
        spki = credential.public_key_of(pkcs8)
        issued = ca.issue(signer, root, spki, name, "Muster", NOW, 365, ca.new_serial())
        return Device(issued, openssl.key_file(pkcs8), credential.load(issued, pkcs8))

    return Authority(signer, root, credential.load(ra, ra_key), new_device)


@pytest.fixture(scope="session")
def device(authority: Authority) -> Device:
    return authority.new_device("e-1")


@pytest.fixture(scope="session")
def other_device(authority: Authority) -> Device:
    return authority.new_device("e-2")
