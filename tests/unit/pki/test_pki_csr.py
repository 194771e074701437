"""Certification requests as OpenSSL makes them, as a real Windows PC made one, and as odd clients make them."""

import base64
import re
from pathlib import Path

import pytest
from asn1crypto import csr as asn1_csr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.pki import ca, csr, der, keys, oids
from chalicelib.pki.errors import BadMessage, BadSignature, PkiError, Unsupported, WeakKey

CAPTURE = Path(__file__).parents[4] / "shared/captures/windows/03-requestsecuritytoken.request.xml"
CONFIG = """
[req]
distinguished_name = name
attributes = attributes
req_extensions = extensions
prompt = no
string_mask = {mask}
[name]
CN = {name}
[attributes]
challengePassword = {challenge}
[extensions]
subjectAltName = DNS:victim.example, email:admin@example.com
basicConstraints = critical, CA:TRUE
"""


@pytest.fixture(scope="module")
def key(openssl) -> Path:
    return openssl.new_key()


def request(openssl, key: Path, name="e-1", challenge="s3cret", mask="utf8only", digest="sha256") -> bytes:
    config = openssl.file(CONFIG.format(name=name, challenge=challenge, mask=mask).encode(), "cnf")
    return openssl.run("req", "-new", "-key", key, "-config", config, f"-{digest}", "-outform", "DER")


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("mask", ["utf8only", "default", "MASK:0x0800"])
def test_reads_key_and_challenge(openssl, key, digest, mask) -> None:
    parsed = csr.parse(request(openssl, key, digest=digest, mask=mask))
    assert (parsed.spki_der, parsed.challenge, parsed.subject_cn) == (openssl.spki(key), "s3cret", "e-1")


@pytest.mark.parametrize("curve", ["P-256", "P-384"])
def test_reads_elliptic_curve_requests(openssl, curve) -> None:
    key = openssl.new_key("-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
    assert csr.parse(request(openssl, key)).spki_der == openssl.spki(key)


def test_the_challenge_is_not_shown(openssl, key) -> None:
    assert "s3cret" not in repr(csr.parse(request(openssl, key)))


def test_a_request_may_have_no_attributes(openssl, key) -> None:
    made = openssl.run("req", "-new", "-key", key, "-subj", "/O=Muster", "-outform", "DER")
    assert csr.parse(made) == csr.SigningRequest(openssl.spki(key), None, None)


def test_no_name_or_extension_asked_for_is_certified(openssl, key, authority, now) -> None:
    parsed = csr.parse(request(openssl, key, name="admin"))
    issued = ca.issue(
        authority.signer, authority.certificate, parsed.spki_der, "e-1", "Muster", now, 365, ca.new_serial()
    )
    shown = openssl.run("x509", "-inform", "DER", "-noout", "-text", data=issued).decode()
    assert "CN = e-1" in shown
    assert "CA:FALSE" in shown
    assert not re.search("admin|victim|Alternative", shown)


@pytest.mark.skipif(not CAPTURE.exists(), reason="the captures beside the project are absent")
def test_reads_the_request_of_a_real_windows_pc() -> None:
    token = re.search(r"<wsse:BinarySecurityToken[^>]*>([^<]+)<", CAPTURE.read_text())
    assert token is not None
    data = base64.b64decode(token[1])
    parsed = csr.parse(data)
    assert parsed.subject_cn == "562A7F9A-6CD8-40B0-9E7E-0DBDD8!B5B954E81FBCB94EB79BD08BE625F4EE"
    assert parsed.challenge is None
    assert (
        parsed.spki_der
        == asn1_csr.CertificationRequest.load(data)["certification_request_info"]["subject_pk_info"].dump()
    )
    with pytest.raises(ValueError, match="error"):
        x509.load_der_x509_csr(data)  # why we read requests ourselves
    with pytest.raises(BadSignature):
        csr.parse(data.replace(b"562A7F9A", b"662A7F9A"))


def handmade(attributes: list[bytes], private: rsa.RSAPrivateKey, name: bytes = b"e\0") -> bytes:
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = der.tlv(der.PRINTABLE_STRING, name)
    subject = der.sequence(der.set_of([der.sequence(der.tlv(der.OID, oids.COMMON_NAME), text)]))
    info = der.sequence(der.integer(0), subject, spki, der.tlv(0xA0, *attributes))
    signature = private.sign(info, padding.PKCS1v15(), hashes.SHA256())
    return der.sequence(
        info, der.sequence(der.tlv(der.OID, oids.RSA_SHA256)), der.tlv(der.BIT_STRING, b"\0" + signature)
    )


def challenge(*values: bytes) -> bytes:
    texts = (der.tlv(der.PRINTABLE_STRING, value) for value in values)
    return der.sequence(der.tlv(der.OID, oids.CHALLENGE_PASSWORD), der.tlv(der.SET, *texts))


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_attributes_may_come_in_any_order(private) -> None:
    extensions = der.sequence(der.tlv(der.OID, der.oid("1.2.840.113549.1.9.14")), der.set_of([der.sequence()]))
    for attributes in ([extensions, challenge(b"x!\0")], [challenge(b"x!\0"), extensions]):
        assert csr.parse(handmade(attributes, private)).challenge == "x!"


@pytest.mark.parametrize(
    "attributes", [[challenge(b"a"), challenge(b"b")], [challenge(b"a", b"b")], [challenge()], [challenge(b"x" * 300)]]
)
def test_an_ambiguous_or_long_challenge_is_refused(private, attributes) -> None:
    with pytest.raises(BadMessage):
        csr.parse(handmade(attributes, private))


@pytest.mark.parametrize(
    "numbers", [(65537, 2**4103 + 1), (2**40 + 1, 2**2047 + 1), (65537, 2**1022 + 1)], ids=["n", "e", "small"]
)
def test_a_key_that_costs_too_much_to_verify_with_is_refused_unverified(numbers) -> None:
    key = rsa.RSAPublicNumbers(*numbers).public_key()
    with pytest.raises(Unsupported):
        keys.load(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_weak_key_is_refused(bits) -> None:
    with pytest.raises(WeakKey):
        csr.parse(handmade([], rsa.generate_private_key(65537, bits)))


def test_a_key_with_a_small_exponent_is_refused() -> None:
    with pytest.raises(WeakKey):
        csr.parse(handmade([], rsa.generate_private_key(3, 2048)))


@pytest.mark.parametrize("options", [("ED25519",), ("EC", "-pkeyopt", "ec_paramgen_curve:secp256k1")])
def test_other_kinds_of_key_are_refused(openssl, options) -> None:
    key = openssl.new_key("-algorithm", *options)
    with pytest.raises(PkiError):
        csr.parse(openssl.run("req", "-new", "-key", key, "-subj", "/CN=x", "-outform", "DER"))


def test_a_key_that_did_not_sign_is_refused(openssl, key) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = stranger.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    made = openssl.run("req", "-new", "-key", key, "-subj", "/CN=x", "-outform", "DER")
    info = der.sequence(der.integer(0), der.sequence(), spki, der.tlv(0xA0))
    tail = [each.raw for each in der.parse(made, 9999).children()][1:]
    with pytest.raises(BadSignature):
        csr.parse(der.sequence(info, *tail))
