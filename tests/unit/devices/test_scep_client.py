"""The SCEP client against a server made by hand and OpenSSL."""

from __future__ import annotations

import pytest
from asn1crypto import core

from tests.devices.apple import forge, requests
from tests.devices.apple.complaints import Complaint, ScepFailed
from tests.devices.apple.identity import new_key
from tests.devices.apple.scep_client import PKCS_REQ, RENEWAL_REQ, ScepClient
from tests.unit.devices.stub import HOST, Stub

SUBJECT = [("O", "Stub"), ("CN", "device-1")]


def client(stub: Stub, **knobs: str) -> ScepClient:
    return ScepClient(f"{HOST}/apple/scep", stub, **knobs)


@pytest.mark.parametrize(
    ("cipher", "oid"),
    [
        ("des", "1.3.14.3.2.7"),
        ("3des", "1.2.840.113549.3.7"),
        ("aes128", "2.16.840.1.101.3.4.1.2"),
        ("aes256", "2.16.840.1.101.3.4.1.42"),
    ],
)
def test_enrolls_with_every_cipher(stub: Stub, cipher: str, oid: str) -> None:
    identity = client(stub, content_cipher=cipher).enroll(SUBJECT, "secret")
    assert identity.common_name == "device-1"
    assert stub.ciphers == [oid]


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("via", ["post", "get", "get-urlsafe", "both"])
def test_every_form_of_the_request(stub: Stub, digest: str, via: str) -> None:
    assert client(stub, digest=digest, via=via).enroll(SUBJECT, "secret").x509.issuer == stub.ca.name
    method, url, _, body = stub.requests[-1]
    assert (method, bool(body)) == (("GET", False) if via.startswith("get") else ("POST", True))
    assert ("message=" in url) == (via != "post")


def test_a_repetition_has_the_same_transaction_and_certificate(stub: Stub) -> None:
    key = new_key()
    first = client(stub).enroll(SUBJECT, "secret", key, "T1")
    assert client(stub).enroll(SUBJECT, "secret", key, "T1") == first
    assert client(stub).enroll(SUBJECT, "secret", key, "T2") != first


def test_renewal_is_signed_with_the_old_certificate(stub: Stub) -> None:
    old = client(stub).enroll(SUBJECT, "secret")
    new = client(stub).renew(old)
    assert new != old
    assert new.common_name == old.common_name
    stranger = forge.self_signed("device-1")
    with pytest.raises(Exception, match=r".*"):
        client(stub).renew(stranger)


def test_a_refusal_says_why(stub: Stub) -> None:
    with pytest.raises(ScepFailed, match="badRequest") as caught:
        client(stub).enroll(SUBJECT, "wrong")
    assert (caught.value.status, caught.value.fail_info) == ("2", "2")
    stub.scep_refusal = "1"
    signer = requests.self_signed(key := new_key(), SUBJECT)
    answer = client(stub).request(PKCS_REQ, requests.csr(key, SUBJECT, "secret"), signer)
    assert (answer.status, answer.fail_info, answer.certificates) == ("2", "1", ())
    assert RENEWAL_REQ == "17"


@pytest.mark.parametrize(
    ("number", "value", "text"),
    [
        ("2", core.PrintableString("19"), "messageType"),
        ("7", core.PrintableString("other"), "transactionID"),
        ("6", core.OctetString(b"x" * 16), "recipientNonce"),
        ("3", core.PrintableString("9"), "pkiStatus"),
        ("3", core.PrintableString("2"), "failInfo"),
        ("7", core.UTF8String("T1"), "tag 12"),
    ],
)
def test_a_wrong_answer_is_not_believed(stub: Stub, number: str, value: core.Asn1Value, text: str) -> None:
    stub.rep_changes[number] = value
    with pytest.raises(Complaint, match=text):
        client(stub).enroll(SUBJECT, "secret", transaction_id="T1")


def test_an_answer_by_another_authority_is_not_believed(stub: Stub) -> None:
    asked = client(stub)
    asked.ca_certificates()
    stub.ra = forge.Authority("Other CA").issue("Stub RA")
    with pytest.raises(Exception, match=r"neither in the message nor known|does not list|openssl|No recipient"):
        asked.enroll(SUBJECT, "secret")


def test_a_url_with_a_query_is_refused(stub: Stub) -> None:
    with pytest.raises(Complaint, match="no query"):
        ScepClient(f"{HOST}/apple/scep?x=1", stub).capabilities()
