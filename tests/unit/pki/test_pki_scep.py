"""SCEP, the requests built and the replies read by OpenSSL and another ASN.1 library."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chalicelib.pki import ca, envelope, errors, scep
from chalicelib.pki.errors import BadMessage, BadSignature, CannotDecrypt, PkiError, Unsupported, WeakKey

SCEP = "2.16.840.1.113733.1.9."
CIPHERS = ("aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc", "des-cbc")


@dataclass(frozen=True)
class Client:
    """Holds a self-signed certificate until it is issued one; builds messages with another library than ours."""

    openssl: object
    key: Path
    certificate: bytes

    @property
    def private(self) -> rsa.RSAPrivateKey:
        return load_pem_private_key(self.key.read_bytes(), None)

    def csr(self, challenge: str | None = "s3cret", name: str = "e-1") -> bytes:
        text = f"[req]\ndistinguished_name=n\nattributes=a\nprompt=no\n[n]\nCN={name}\n[a]\n"
        text += f"challengePassword={challenge}\n" if challenge else ""
        config = self.openssl.file(text.encode(), "cnf")
        return self.openssl.run("req", "-new", "-key", self.key, "-config", config, "-outform", "DER")

    def seal(self, content: bytes, *recipients: bytes, cipher: str = "aes-128-cbc") -> bytes:
        """Old ciphers are in OpenSSL's legacy provider."""
        to = [self.openssl.pem(each) for each in recipients]
        providers = ("-provider", "legacy", "-provider", "default") if cipher == "des-cbc" else ()
        options = ("-encrypt", "-binary", "-outform", "DER", f"-{cipher}", *providers)
        return self.openssl.run("cms", *options, *to, data=content)

    def sign(self, content: bytes, kind="19", digest="sha256", extra=(), **replaced) -> bytes:
        values = {
            SCEP + "2": core.PrintableString(kind),
            SCEP + "5": core.OctetString(b"n" * 16),
            SCEP + "7": core.PrintableString("transaction-1"),
            "1.2.840.113549.1.9.3": cms.ContentType("data"),
            "1.2.840.113549.1.9.4": core.OctetString(hashlib.new(digest, content).digest()),
        } | {SCEP + number[1:]: value for number, value in replaced.items()}
        attributes = [
            Attribute({"type": name, "values": [value]}) for name, value in values.items() if value is not None
        ]
        signed = Attributes([*attributes, *extra])
        own = asn1_x509.Certificate.load(self.certificate)
        algorithm = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha512": hashes.SHA512()}[digest]
        signature = self.private.sign(signed.dump(), padding.PKCS1v15(), algorithm)
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number}),
                ),
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest}),
                "signed_attrs": cms.CMSAttributes.load(signed.dump()),
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
                "signature": signature,
            }
        )
        data = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [algos.DigestAlgorithm({"algorithm": digest})],
                "encap_content_info": {"content_type": "data", "content": content},
                "certificates": [own],
                "signer_infos": [signer],
            }
        )
        return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()

    def request(self, recipient: bytes, kind="19", cipher="aes-128-cbc", digest="sha256", **csr) -> bytes:
        return self.sign(self.seal(self.csr(**csr), recipient, cipher=cipher), kind, digest)


class Values(core.SetOf):
    _child_spec = core.Any


class Attribute(core.Sequence):
    _fields = [("type", core.ObjectIdentifier), ("values", Values)]  # noqa: RUF012


class Attributes(core.SetOf):
    _child_spec = Attribute


@pytest.fixture(scope="module")
def client(openssl) -> Client:
    key = openssl.new_key()
    return Client(openssl, key, openssl.certify(key, "/CN=SCEP client"))


@pytest.fixture(scope="module")
def issued(authority, client, now) -> bytes:
    spki = client.openssl.spki(client.key)
    return ca.issue(authority.signer, authority.certificate, spki, "e-1", "Muster", now, 365, 77)


def attributes_of(reply: bytes) -> dict[str, object]:
    signer = cms.ContentInfo.load(reply)["content"]["signer_infos"][0]
    found = {}
    for attribute in signer["signed_attrs"]:
        (value,) = attribute["values"]
        found[attribute["type"].dotted] = value.parsed if isinstance(value, core.Any) else value
    return found


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_reads_a_request(authority, client, cipher, digest) -> None:
    message = client.request(authority.ra.certificate, cipher=cipher, digest=digest)
    transaction = scep.open_message(message)
    assert transaction.message_type is scep.MessageType.PKCS_REQ
    assert (transaction.transaction_id, transaction.sender_nonce) == ("transaction-1", b"n" * 16)
    assert transaction.signer == client.certificate
    request = scep.read_request(transaction, [authority.ra])
    assert (request.challenge, request.subject_cn) == ("s3cret", "e-1")
    assert request.spki_der == client.openssl.spki(client.key)


def test_finds_its_own_among_several_recipients(authority, client, device) -> None:
    """Clients encrypt to every certificate they were given; and after a renewal we hold two ourselves."""
    for recipients in (
        [authority.certificate, authority.ra.certificate],
        [authority.ra.certificate, authority.certificate],
        [authority.certificate, device.certificate],
    ):
        transaction = scep.open_message(client.sign(client.seal(client.csr(), *recipients)))
        assert scep.read_request(transaction, [authority.ra, device.credential]).challenge == "s3cret"


@pytest.mark.parametrize(
    "kind", ["0", "3", "18", "21", "22", "019", "19 ", " 19", "+19", "1\uff19", "", "-19", "PKCSReq"]
)
def test_other_message_types_are_refused(authority, client, kind) -> None:
    message = client.sign(client.seal(client.csr(), authority.ra.certificate), _2=core.UTF8String(kind))
    with pytest.raises(BadMessage):
        scep.open_message(message)


@pytest.mark.parametrize("kind", [17, 19, 20])
def test_served_message_types_are_told_apart(authority, client, kind) -> None:
    assert scep.open_message(client.request(authority.ra.certificate, str(kind))).message_type == kind


def test_polling_is_answered_with_a_failure(authority, client) -> None:
    transaction = scep.open_message(client.request(authority.ra.certificate, "20"))
    with pytest.raises(BadMessage) as caught:
        scep.read_request(transaction, [authority.ra])
    assert scep.fail_info(caught.value) is scep.FailInfo.BAD_REQUEST


TWICE = Attribute({"type": SCEP + "2", "values": [core.PrintableString("17")]})


@pytest.mark.parametrize(
    "odd",
    [
        {"_2": None},
        {"_5": None},
        {"_7": None},
        {"_2": core.OctetString(b"19")},
        {"_5": core.PrintableString("n" * 16)},
        {"_5": core.OctetString(b"")},
        {"_5": core.OctetString(b"n" * 65)},
        {"_7": core.PrintableString("")},
        {"_7": core.PrintableString("x" * 257)},
        {"_7": core.UTF8String("é")},
        {"_7": core.UTF8String("a\nb")},
        {"extra": [TWICE]},
    ],
)
def test_odd_attributes_are_refused(authority, client, odd) -> None:
    sealed = client.seal(client.csr(), authority.ra.certificate)
    scep.open_message(client.sign(sealed))
    with pytest.raises(BadMessage):
        scep.open_message(client.sign(sealed, **odd))


def test_an_altered_message_is_refused(authority, client) -> None:
    message = client.request(authority.ra.certificate)
    with pytest.raises(BadSignature):
        scep.open_message(message.replace(b"transaction-1", b"transaction-2"))


def test_only_an_rsa_signer_can_be_answered(openssl, authority, client) -> None:
    key = openssl.new_key("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    own = openssl.certify(key, "/CN=ec")
    with pytest.raises(PkiError):
        scep.open_message(openssl.sign(client.seal(client.csr(), authority.ra.certificate), own, key, "-nodetach"))


def test_an_envelope_for_another_is_refused(authority, client, device) -> None:
    transaction = scep.open_message(client.request(device.certificate))
    with pytest.raises(BadMessage):
        scep.read_request(transaction, [authority.ra])


def test_a_weak_key_is_told(openssl, authority, client) -> None:
    weak = openssl.new_key("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    csr = Client(openssl, weak, b"").csr()
    transaction = scep.open_message(client.sign(client.seal(csr, authority.ra.certificate)))
    with pytest.raises(WeakKey) as caught:
        scep.read_request(transaction, [authority.ra])
    assert scep.fail_info(caught.value) is scep.FailInfo.BAD_ALG


def wrapped_key(message: bytes, replace) -> bytes:
    info = cms.ContentInfo.load(message)
    recipient = info["content"]["recipient_infos"][0].chosen
    recipient["encrypted_key"] = replace(recipient["encrypted_key"].native)
    return info.dump(force=True)


def content(message: bytes, replace) -> bytes:
    info = cms.ContentInfo.load(message)
    inner = info["content"]["encrypted_content_info"]
    inner["encrypted_content"] = replace(inner["encrypted_content"].native)
    return info.dump(force=True)


def test_no_failure_tells_what_the_private_key_saw(authority, client) -> None:
    """Padding of the key, its length, padding of the content, what is in it: one error, one text, one failInfo."""
    ra = authority.ra.key.public_key()
    sealed = client.seal(client.csr(), authority.ra.certificate)
    wrap = lambda data: ra.encrypt(data, padding.PKCS1v15())  # noqa: E731
    last = lambda data: data[:-17] + bytes((data[-17] ^ 1,)) + data[-16:]  # noqa: E731
    altered = {
        "key padding": wrapped_key(sealed, lambda data: data[:-1] + bytes((data[-1] ^ 1,))),
        "key cut": wrapped_key(sealed, lambda data: data[:-1]),
        "key empty": wrapped_key(sealed, lambda _: b""),
        "key above the modulus": wrapped_key(sealed, lambda data: b"\xff" * len(data)),
        "key too short": wrapped_key(sealed, lambda _: wrap(b"k" * 8)),
        "key too long": wrapped_key(sealed, lambda _: wrap(b"k" * 32)),
        "wrong key": wrapped_key(sealed, lambda _: wrap(b"k" * 16)),
        "content padding": content(sealed, last),
        "content cut": content(sealed, lambda data: data[:-3]),
        "content empty": content(sealed, lambda _: b""),
        "not a request": client.seal(b"hello", authority.ra.certificate),
        "empty request": client.seal(b"", authority.ra.certificate),
        "request altered": client.seal(client.csr().replace(b"s3cret", b"s4cret"), authority.ra.certificate),
        "algorithm altered": client.seal(
            client.csr().replace(b"\x01\x01\x01\x05", b"\x01\x01\x02\x05"), authority.ra.certificate
        ),
    }
    seen = set()
    for envelope_of_it in altered.values():
        transaction = scep.open_message(client.sign(envelope_of_it))
        with pytest.raises(CannotDecrypt) as caught:
            scep.read_request(transaction, [authority.ra])
        seen.add((type(caught.value), str(caught.value), scep.fail_info(caught.value)))
    assert len(seen) == 1


@pytest.mark.parametrize("cipher", CIPHERS)
def test_openssl_opens_the_reply_and_finds_the_certificate_first(authority, client, issued, cipher, attime) -> None:
    openssl = client.openssl
    transaction = scep.open_message(client.request(authority.ra.certificate, cipher=cipher))
    reply = scep.success(transaction, issued, authority.certificate, authority.ra)
    root = openssl.pem(authority.certificate)
    sealed = openssl.run("cms", "-verify", "-binary", "-inform", "DER", "-CAfile", root, *attime, data=reply)
    keys = ("-recip", openssl.pem(client.certificate), "-inkey", client.key)
    bag = openssl.run("cms", "-decrypt", "-binary", "-inform", "DER", *keys, data=sealed)
    shown = openssl.run("pkcs7", "-inform", "DER", "-print_certs", "-noout", data=bag).decode()
    assert shown.index("CN = e-1") < shown.index("subject=O = Example, CN = Muster Device CA")
    certificates = cms.ContentInfo.load(bag)["content"]["certificates"]
    assert [each.dump() for each in certificates] == [issued, authority.certificate]
    used = cms.ContentInfo.load(sealed)["content"]["encrypted_content_info"]["content_encryption_algorithm"]
    expected = {"des-cbc": "tripledes_3key", "des-ede3-cbc": "tripledes_3key"}.get(cipher, cipher.replace("-", "", 1))
    assert used["algorithm"].native.replace("-", "_") == expected.replace("-", "_")


def test_the_reply_is_enveloped_to_the_signer_not_to_the_requested_key(openssl, authority, client, issued) -> None:
    other = Client(openssl, openssl.new_key(), b"")
    transaction = scep.open_message(client.sign(client.seal(other.csr(), authority.ra.certificate)))
    assert scep.read_request(transaction, [authority.ra]).spki_der == openssl.spki(other.key)
    reply = scep.success(transaction, issued, authority.certificate, authority.ra)
    sealed = cms.ContentInfo.load(reply)["content"]["encap_content_info"]["content"].native
    recipient = cms.ContentInfo.load(sealed)["content"]["recipient_infos"][0].chosen
    assert client.private.decrypt(recipient["encrypted_key"].native, padding.PKCS1v15())
    own = asn1_x509.Certificate.load(client.certificate)
    assert recipient["rid"].chosen["serial_number"].native == own.serial_number


def test_a_success_says_what_rfc_8894_asks(authority, client, issued) -> None:
    transaction = scep.open_message(client.request(authority.ra.certificate))
    replies = [scep.success(transaction, issued, authority.certificate, authority.ra) for _ in range(2)]
    said = attributes_of(replies[0])
    assert {name: said[SCEP + name].native for name in "237"} == {"2": "3", "3": "0", "7": "transaction-1"}
    assert all(isinstance(said[SCEP + name], core.PrintableString) for name in "237")
    assert said[SCEP + "6"].native == b"n" * 16
    assert len(said[SCEP + "5"].native) == 16
    assert SCEP + "4" not in said
    assert said[SCEP + "5"].native != attributes_of(replies[1])[SCEP + "5"].native


@pytest.mark.parametrize("info", list(scep.FailInfo))
def test_a_failure_says_why_and_holds_nothing(authority, client, info, attime) -> None:
    transaction = scep.open_message(client.request(authority.ra.certificate))
    reply = scep.failure(transaction, info, authority.ra)
    said = attributes_of(reply)
    assert {name: said[SCEP + name].native for name in "2347"} == {
        "2": "3",
        "3": "2",
        "4": str(info.value),
        "7": "transaction-1",
    }
    assert said[SCEP + "6"].native == b"n" * 16
    assert said["1.2.840.113549.1.9.4"].native == hashlib.sha256(b"").digest()
    data = cms.ContentInfo.load(reply)["content"]
    assert data["encap_content_info"]["content"].native is None
    signer = data["signer_infos"][0]
    signed = b"\x31" + signer["signed_attrs"].dump()[1:]
    key = authority.ra.key.public_key()
    key.verify(signer["signature"].native, signed, padding.PKCS1v15(), hashes.SHA256())


def test_every_error_has_its_fail_info() -> None:
    said = {
        errors.WeakKey: 0,
        errors.Unsupported: 0,
        errors.CannotDecrypt: 1,
        errors.BadMessage: 2,
        errors.BadSignature: 2,
        errors.Expired: 3,
        errors.Untrusted: 4,
        errors.Revoked: 4,
    }
    assert {kind: scep.fail_info(kind("")).value for kind in said} == said


def test_capabilities_are_one_a_line() -> None:
    lines = scep.getcacaps().decode().split("\n")
    assert lines == ["Renewal", "SHA-1", "SHA-256", "AES", "DES3", "SCEPStandard", "POSTPKIOperation"]


def test_one_ca_certificate_is_bare_and_several_are_bagged(openssl, authority) -> None:
    one = scep.getcacert([authority.certificate])
    assert one == (authority.certificate, "application/x-x509-ca-cert")
    body, kind = scep.getcacert([authority.ra.certificate, authority.certificate])
    assert kind == "application/x-x509-ca-ra-cert"
    shown = openssl.run("pkcs7", "-inform", "DER", "-print_certs", "-noout", data=body).decode()
    assert shown.index("Muster Registration") < shown.index("subject=O = Example, CN = Muster Device CA")


def test_unknown_ciphers_are_refused(authority, client) -> None:
    sealed = client.seal(client.csr(), authority.ra.certificate, cipher="camellia-128-cbc")
    with pytest.raises(Unsupported):
        envelope.parse(sealed)


def test_envelopes_may_be_streamed(authority, client) -> None:
    """In pieces and with open lengths, as libraries write what they do not hold at once."""
    whole = envelope.parse(client.seal(client.csr(), authority.ra.certificate))
    to = client.openssl.pem(authority.ra.certificate)
    options = ("-encrypt", "-binary", "-stream", "-outform", "DER", "-aes-128-cbc")
    streamed = client.openssl.run("cms", *options, to, data=client.csr())
    assert b"\x30\x80" in streamed
    assert envelope.unseal(envelope.parse(streamed), [authority.ra]) == envelope.unseal(whole, [authority.ra])
