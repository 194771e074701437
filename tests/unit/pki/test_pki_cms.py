"""Signed messages: OpenSSL's read by us, ours read by OpenSSL, and forged ones refused."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from chalicelib.pki import certificate, cms, cms_build, der, oids, trust
from chalicelib.pki.errors import BadMessage, BadSignature, PkiError, Unsupported, Untrusted

BODY = b"<plist><dict><key>UDID</key></dict></plist>\r\n\x00\xff"


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("options", [(), ("-keyid",), ("-nosmimecap",), ("-stream",)], ids=" ".join)
def test_reads_a_detached_signature(openssl, authority, device, now, digest, options) -> None:
    made = openssl.sign(BODY, device.certificate, device.key, "-md", digest, *options)
    signed = cms.verify_detached(made, BODY)
    assert (signed.content, signed.certificate, signed.digest) == (BODY, device.certificate, digest)
    assert trust.check_issued(signed.certificate, authority.certificate, now).common_name == "e-1"


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384"])
def test_reads_elliptic_curve_signatures(openssl, curve, digest) -> None:
    key = openssl.new_key("-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
    own = openssl.certify(key, "/CN=ec")
    made = openssl.sign(BODY, own, key, "-md", digest)
    assert cms.verify_detached(made, BODY).certificate == own
    with pytest.raises(BadSignature):
        cms.verify_detached(made, BODY + b" ")


@pytest.mark.parametrize("options", [(), ("-stream",), ("-indef",)], ids=" ".join)
def test_reads_an_attached_signature_with_its_chain(openssl, authority, device, options) -> None:
    chain = openssl.pem(authority.certificate)
    made = openssl.sign(BODY, device.certificate, device.key, "-nodetach", "-certfile", chain, *options)
    signed = cms.verify_attached(made)
    assert (signed.content, signed.certificate) == (BODY, device.certificate)
    assert set(signed.certificates) == {device.certificate, authority.certificate}


def indefinite(made: bytes) -> bytes:
    """The same message as a streaming signer writes it: open lengths down to the content, and the content in pieces."""
    info = list(der.parse(made, 99_999).children())
    version, digests, content, *rest = der.Fields(info[1], 0xA0).take().children()
    octets = der.Fields(list(content.children())[1], 0xA0).take().body
    opened = lambda tag, *parts: bytes((tag, 0x80)) + b"".join(parts) + b"\0\0"  # noqa: E731
    pieces = (der.tlv(der.OCTET_STRING, octets[at : at + 7]) for at in range(0, len(octets), 7))
    data = opened(0x30, der.tlv(der.OID, oids.DATA), opened(0xA0, opened(0x24, *pieces)))
    inner = opened(0x30, version.raw, digests.raw, data, *(each.raw for each in rest))
    return opened(0x30, info[0].raw, opened(0xA0, inner))


def test_reads_indefinite_lengths(openssl, device) -> None:
    made = indefinite(openssl.sign(BODY, device.certificate, device.key, "-nodetach"))
    assert b"\x24\x80" in made
    openssl.run("cms", "-verify", "-inform", "DER", "-noverify", data=made)
    assert cms.verify_attached(made).content == BODY
    assert cms.verify_detached(made, BODY).certificate == device.certificate


def test_openssl_reads_a_signed_profile(openssl, authority, attime) -> None:
    made = cms_build.sign(BODY, authority.ra, [authority.certificate])
    root = openssl.pem(authority.certificate)
    verify = ("cms", "-verify", "-binary", "-inform", "DER", "-CAfile", root, *attime)
    assert openssl.run(*verify, data=made) == BODY
    assert openssl.refuses(*verify, data=made.replace(b"UDID", b"UDIE"))
    assert cms.verify_attached(made).certificate == authority.ra.certificate


def test_openssl_reads_a_bag_of_certificates_in_order(openssl, authority, device) -> None:
    made = cms_build.degenerate([device.certificate, authority.certificate])
    shown = openssl.run("pkcs7", "-inform", "DER", "-print_certs", "-noout", data=made).decode()
    assert shown.index("CN = e-1") < shown.index("subject=O = Example, CN = Muster Device CA")


def test_a_signature_for_another_body_is_refused(openssl, device) -> None:
    made = openssl.sign(b"body A", device.certificate, device.key)
    cms.verify_detached(made, b"body A")
    for other in (b"body B", b"body A ", b""):
        with pytest.raises(BadSignature):
            cms.verify_detached(made, other)


def test_attached_content_must_be_the_body(openssl, device) -> None:
    made = openssl.sign(b"body A", device.certificate, device.key, "-nodetach")
    assert cms.verify_detached(made, b"body A").content == b"body A"
    with pytest.raises(BadSignature):
        cms.verify_detached(made, b"body B")
    with pytest.raises(BadSignature):
        cms.verify_detached(made.replace(b"body A", b"body B"), b"body A")


def test_a_good_signature_of_a_stranger_is_not_trusted(openssl, authority, now) -> None:
    """Including one who names himself and his CA exactly as ours."""
    key, ca_key = openssl.new_key(), openssl.new_key()
    fake_root = openssl.pem(openssl.certify(ca_key, "/O=Example/CN=Muster Device CA"))
    for certified in (
        openssl.certify(key, "/O=Muster/CN=e-1", "-addext", "extendedKeyUsage=clientAuth"),
        openssl.certify(key, "/O=Muster/CN=e-1", "-CA", fake_root, "-CAkey", ca_key),
    ):
        signed = cms.verify_detached(openssl.sign(BODY, certified, key), BODY)
        with pytest.raises(Untrusted):
            trust.check_issued(signed.certificate, authority.certificate, now)


def test_without_signed_attributes_it_is_refused(openssl, device) -> None:
    made = openssl.sign(BODY, device.certificate, device.key, "-noattr")
    with pytest.raises(PkiError):
        cms.verify_detached(made, BODY)


def test_signed_attributes_do_not_pass_as_content(openssl, device) -> None:
    """The known trick: what was signed, a SET of attributes, presented as the content of a bare signature."""
    forged = forge(device, BODY, lambda parts: [*parts[:3], *parts[4:]])
    signed = attributes(BODY)
    assert not openssl.refuses(
        "cms", "-verify", "-binary", "-inform", "DER", "-noverify", "-content", openssl.file(signed), data=forged
    )
    with pytest.raises(PkiError):
        cms.verify_detached(forged, signed)


def test_without_its_certificate_it_is_refused(openssl, device, other_device) -> None:
    for options in (("-nocerts",), ("-nocerts", "-certfile", openssl.pem(other_device.certificate))):
        with pytest.raises(BadMessage):
            cms.verify_detached(openssl.sign(BODY, device.certificate, device.key, *options), BODY)


def test_two_signers_are_refused(openssl, device, other_device) -> None:
    more = ("-signer", openssl.pem(other_device.certificate), "-inkey", other_device.key)
    with pytest.raises(BadMessage):
        cms.verify_detached(openssl.sign(BODY, device.certificate, device.key, *more), BODY)


def test_no_signer_is_refused(device) -> None:
    with pytest.raises(BadMessage):
        cms.verify_detached(cms_build.degenerate([device.certificate]), b"")


def attribute(name: bytes, *values: bytes) -> bytes:
    return der.sequence(der.tlv(der.OID, name), der.set_of(values))


def attributes(content: bytes, *more: bytes, content_type: bytes = oids.DATA) -> bytes:
    digest = der.tlv(der.OCTET_STRING, hashlib.sha256(content).digest())
    parts = [attribute(oids.CONTENT_TYPE, der.tlv(der.OID, content_type)), attribute(oids.MESSAGE_DIGEST, digest)]
    return der.set_of([*parts, *more])


def forge(device, content, change=lambda parts: parts, signed=None, **message) -> bytes:
    """A message with a true signature over `signed`, its SignerInfo changed at will."""
    signed = attributes(content) if signed is None else signed
    key = device.credential.key
    parts = [
        der.integer(1),
        certificate.issuer_and_serial(certificate.outline(device.certificate)),
        cms_build.SHA256,
        b"\xa0" + signed[1:],
        message.get("algorithm", cms_build.RSA_SHA256),
        der.tlv(der.OCTET_STRING, key.sign(signed, padding.PKCS1v15(), hashes.SHA256())),
    ]
    certificates = message.get("certificates", [device.certificate])
    data = der.sequence(der.tlv(der.OID, message.get("content_type", oids.DATA)))
    inner = [
        der.integer(1),
        der.set_of([cms_build.SHA256]),
        data,
        der.tlv(0xA0, *certificates),
        der.set_of([der.sequence(*change(parts))]),
    ]
    return cms_build.content_info(oids.SIGNED_DATA, der.sequence(*inner))


def test_the_forger_can_also_make_a_true_message(device) -> None:
    assert cms.verify_detached(forge(device, BODY), BODY).certificate == device.certificate


OTHER = attribute(oids.MESSAGE_DIGEST, der.tlv(der.OCTET_STRING, hashlib.sha256(b"body B").digest()))
TYPE = attribute(oids.CONTENT_TYPE, der.tlv(der.OID, oids.DATA))
DIGEST = der.tlv(der.OCTET_STRING, hashlib.sha256(BODY).digest())


@pytest.mark.parametrize(
    "signed",
    [
        attributes(BODY, OTHER),
        attributes(BODY, TYPE),
        der.set_of([TYPE]),
        der.set_of([attribute(oids.MESSAGE_DIGEST, DIGEST)]),
        der.set_of([TYPE, attribute(oids.MESSAGE_DIGEST, DIGEST, OTHER)]),
        der.set_of([TYPE, attribute(oids.MESSAGE_DIGEST)]),
        der.set_of([TYPE, attribute(oids.MESSAGE_DIGEST, der.tlv(der.UTF8_STRING, DIGEST[2:]))]),
        attributes(BODY, content_type=oids.ENVELOPED_DATA),
        der.set_of([]),
    ],
    ids=[
        "two digests",
        "two types",
        "no digest",
        "no type",
        "two values",
        "no value",
        "wrong tag",
        "other type",
        "none",
    ],
)
def test_odd_signed_attributes_are_refused(device, signed) -> None:
    with pytest.raises(PkiError):
        cms.verify_detached(forge(device, BODY, signed=signed), BODY)


def test_algorithms_that_do_not_fit_are_refused(device) -> None:
    named = lambda dotted: der.sequence(der.tlv(der.OID, der.oid(dotted)))  # noqa: E731
    refused = {
        "1.2.840.113549.1.1.5": BadSignature,  # SHA-1 beside a SHA-256 digest
        "1.2.840.10045.4.3.2": BadSignature,  # ECDSA by an RSA key
        "1.2.840.113549.1.1.10": Unsupported,  # PSS
        "1.2.840.113549.1.1.4": Unsupported,  # MD5
    }
    for dotted, error in refused.items():
        with pytest.raises(error):
            cms.verify_detached(forge(device, BODY, algorithm=named(dotted)), BODY)
    assert cms.verify_detached(forge(device, BODY, algorithm=named("1.2.840.113549.1.1.1")), BODY)
    md5 = named("1.2.840.113549.2.5")
    with pytest.raises(Unsupported):
        cms.verify_detached(forge(device, BODY, lambda parts: [*parts[:2], md5, *parts[3:]]), BODY)


def test_another_content_type_is_refused(device) -> None:
    with pytest.raises(BadMessage):
        cms.verify_detached(forge(device, BODY, content_type=oids.ENVELOPED_DATA), BODY)


def test_a_repeated_certificate_is_one_but_too_many_are_refused(device, other_device) -> None:
    twice = [device.certificate, other_device.certificate, device.certificate]
    assert cms.verify_detached(forge(device, BODY, certificates=twice), BODY).certificate == device.certificate
    with pytest.raises(BadMessage):
        cms.verify_detached(forge(device, BODY, certificates=[device.certificate] * 17), BODY)


def test_two_certificates_by_one_name_are_refused(device) -> None:
    """Same issuer and serial number, other bytes: it must not be left to chance whose message it is."""
    twin = device.certificate[:-1] + bytes((device.certificate[-1] ^ 1,))
    with pytest.raises(BadMessage):
        cms.verify_detached(forge(device, BODY, certificates=[twin, device.certificate]), BODY)


def test_the_header_is_strict_base64(openssl, device) -> None:
    made = openssl.sign(BODY, device.certificate, device.key)
    text = base64.b64encode(made).decode()
    assert cms.decode_header(text) == made
    for wrong in (
        text + "\n",
        " " + text,
        text[:-1],
        text + "A",
        text[:9] + "\n" + text[9:],
        "-_-_",
        "é",
        "A" * 16_388,
    ):
        with pytest.raises(BadMessage):
            cms.decode_header(wrong)
