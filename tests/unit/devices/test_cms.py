"""CMS against OpenSSL in both directions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.devices.apple import cms, forge, requests
from tests.devices.apple.complaints import Complaint
from tests.devices.apple.identity import Identity, new_key
from tests.unit.devices.stub_scep import openssl


@pytest.fixture(scope="module")
def identity() -> Identity:
    return forge.self_signed("somebody")


@pytest.fixture
def files(identity: Identity, tmp_path: Path) -> Path:
    (tmp_path / "cert.pem").write_bytes(identity.certificate_pem)
    (tmp_path / "key.pem").write_bytes(identity.key_pem)
    return tmp_path


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("detached", [True, False])
def test_openssl_verifies_what_we_sign(identity: Identity, files: Path, digest: str, detached: bool) -> None:
    (files / "body").write_bytes(b"some\r\nbody")
    message = cms.sign(b"some\r\nbody", identity, detached=detached, digest=digest)
    content = ["-content", str(files / "body")] if detached else []
    done = openssl(
        "cms", "-verify", "-binary", "-inform", "DER", "-CAfile", str(files / "cert.pem"), "-purpose", "any", *content,
        data=message,
    )  # fmt: skip
    assert done.stdout == b"some\r\nbody"


def test_we_verify_what_openssl_signs(files: Path, identity: Identity) -> None:
    signed = [
        "cms",
        "-sign",
        "-binary",
        "-outform",
        "DER",
        "-signer",
        str(files / "cert.pem"),
        "-inkey",
        str(files / "key.pem"),
    ]
    attached = openssl(*signed, "-nodetach", data=b"hello").stdout
    assert cms.verify(attached).content == b"hello"
    assert cms.verify(attached).signer.dump() == identity.certificate
    detached = openssl(*signed, data=b"hello").stdout
    assert cms.verify(detached, content=b"hello").content == b"hello"
    with pytest.raises(Complaint, match="messageDigest"):
        cms.verify(detached, content=b"hullo")


def test_a_changed_signature_and_a_lying_digest_are_noticed(identity: Identity) -> None:
    message = bytearray(cms.sign(b"body", identity))
    message[-1] ^= 1
    with pytest.raises(Complaint, match="does not verify"):
        cms.verify(bytes(message))
    with pytest.raises(Complaint, match="messageDigest"):
        cms.verify(cms.sign(b"body", identity, digest_of=b"other"))


@pytest.mark.parametrize("cipher", sorted(cms.CIPHERS))
def test_envelopes_both_ways(identity: Identity, files: Path, cipher: str) -> None:
    key = ["-recip", str(files / "cert.pem"), "-inkey", str(files / "key.pem")]
    providers = ["-provider", "default", "-provider", "legacy"]
    sealed = cms.encrypt(b"secret", [identity.x509], cipher)
    assert openssl("cms", "-decrypt", "-inform", "DER", *key, *providers, data=sealed).stdout == b"secret"
    flag = {"des": "-des", "3des": "-des3", "aes128": "-aes-128-cbc", "aes256": "-aes-256-cbc"}[cipher]
    theirs = openssl(
        "cms", "-encrypt", "-binary", flag, "-outform", "DER", *providers, str(files / "cert.pem"), data=b"x" * 99
    )
    assert cms.decrypt(theirs.stdout, identity) == b"x" * 99


def test_an_envelope_for_somebody_else_is_refused(identity: Identity) -> None:
    sealed = cms.encrypt(b"secret", [forge.self_signed("other").x509])
    with pytest.raises(Complaint, match="not addressed"):
        cms.decrypt(sealed, identity)


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_openssl_accepts_our_requests(digest: str, shuffled: bool) -> None:
    names = requests.Names(dns=("evil.example.com",), email=("a@example.com",), authority=True)
    made = requests.csr(
        new_key(), [("O", "X"), ("CN", "admin")], "odd!\0", digest=digest, names=names, shuffled=shuffled
    )
    said = openssl("req", "-inform", "DER", "-verify", "-noout", "-text", data=made).stdout.decode()
    assert "CN = admin" in said
    assert "DNS:evil.example.com" in said
    assert "CA:TRUE" in said


def test_shuffled_attributes_are_really_out_of_order() -> None:
    key = new_key()
    straight = requests.csr(key, [("CN", "x")], "c")
    shuffled = requests.csr(key, [("CN", "x")], "c", shuffled=True)
    challenge, extensions = b"\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07", b"\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"
    orders = [one.index(challenge) < one.index(extensions) for one in (straight, shuffled)]
    assert orders[0] != orders[1]
