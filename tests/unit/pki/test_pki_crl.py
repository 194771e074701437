"""Revocation lists, by OpenSSL's judgement."""

from datetime import timedelta

import pytest

from chalicelib.pki import ca, crl, trust
from chalicelib.pki.crl import Revocation
from chalicelib.pki.errors import BadMessage, BadSignature, PkiError
from chalicelib.pki.signer import LocalSigner


@pytest.fixture
def revoked(device, now) -> list[Revocation]:
    serial = trust.identity(device.certificate).serial
    return [Revocation(serial, now - timedelta(days=1), "keyCompromise"), Revocation(5, now, "unspecified")]


def test_openssl_verifies_the_list_and_refuses_the_revoked(
    openssl, authority, device, other_device, revoked, now, attime
) -> None:
    root = openssl.pem(authority.certificate)
    made = openssl.file(crl.build(authority.signer, authority.certificate, revoked, 7, now), "crl")
    openssl.run("crl", "-inform", "DER", "-in", made, "-CAfile", root, "-verify", "-noout")
    shown = openssl.run("crl", "-inform", "DER", "-in", made, "-noout", "-text").decode()
    assert "Key Compromise" in shown
    assert "Next Update: Jan 22 12:00:00 2026" in shown
    pem = openssl.file(openssl.run("crl", "-inform", "DER", "-in", made), "pem")
    check = ("verify", *attime, "-CAfile", root, "-crl_check", "-CRLfile", pem)
    openssl.run(*check, openssl.pem(other_device.certificate))
    assert openssl.refuses(*check, openssl.pem(device.certificate))


def test_what_is_built_is_read_back(authority, revoked, now) -> None:
    made = crl.build(authority.signer, authority.certificate, revoked, 7, now, days=3)
    read = crl.parse(made, authority.certificate)
    assert read == crl.RevocationList(7, now, now + timedelta(days=3), tuple(revoked))


def test_an_empty_list_is_a_list(authority, now) -> None:
    made = crl.build(authority.signer, authority.certificate, [], 1, now)
    assert crl.parse(made, authority.certificate).revoked == ()


def test_another_authoritys_list_is_refused(authority, now) -> None:
    other = LocalSigner.generate()
    made = crl.build(other, ca.self_signed_ca(other, "Example", now), [], 1, now)
    with pytest.raises(BadSignature):
        crl.parse(made, authority.certificate)
    with pytest.raises(PkiError):
        crl.parse(made[:-1], authority.certificate)


def test_a_reason_of_our_own_making_is_refused(authority, now) -> None:
    with pytest.raises(BadMessage):
        crl.build(authority.signer, authority.certificate, [Revocation(1, now, "boredom")], 1, now)


def test_a_long_list_is_signed_whole(authority, now) -> None:
    """Longer than KMS hashes by itself."""
    many = [Revocation(serial, now, "superseded") for serial in range(1, 2001)]
    made = crl.build(authority.signer, authority.certificate, many, 2, now)
    assert len(made) > 4096
    assert crl.parse(made, authority.certificate).revoked == tuple(many)
