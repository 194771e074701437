"""No altered message passes for another one, and none fails with anything but our error."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.pki import chain, cms, cms_build, crl, csr, envelope, scep, trust
from chalicelib.pki.crl import Revocation
from chalicelib.pki.errors import PkiError

BODY = b"<plist/>" * 8
FEW = settings(max_examples=300, deadline=None)


@pytest.fixture(scope="module")
def signature(openssl, device) -> bytes:
    return openssl.sign(BODY, device.certificate, device.key)


@pytest.fixture(scope="module")
def samples(openssl, authority, device, signature, now) -> dict[str, tuple[bytes, object]]:
    """A genuine input for each reader, and the reader."""
    key = openssl.new_key()
    root, ra = authority.certificate, authority.ra
    revoked = [Revocation(7, now, "superseded")]
    return {
        "detached": (signature, lambda data: cms.verify_detached(data, BODY)),
        "attached": (cms_build.sign(BODY, ra, [root]), cms.verify_attached),
        "scep": (cms_build.sign(BODY, ra), scep.open_message),
        "csr": (openssl.run("req", "-new", "-key", key, "-subj", "/CN=x", "-outform", "DER"), csr.parse),
        "envelope": (
            envelope.seal(BODY, ra.certificate, "aes128"),
            lambda data: envelope.unseal(envelope.parse(data), [ra]),
        ),
        "certificate": (device.certificate, lambda data: trust.check_issued(data, root, now)),
        "chain": (device.certificate, lambda data: chain.check_ignoring_time(data, [data], [root])),
        "crl": (crl.build(authority.signer, root, revoked, 1, now), lambda data: crl.parse(data, root)),
    }


def reads(reader, data: bytes) -> None:
    with suppress(PkiError):
        reader(data)


def test_every_flipped_bit_of_a_signature_is_refused_or_changes_nothing(signature, authority, device, now) -> None:
    """What is not signed (versions, the list of digests) may differ; who signed what may not."""
    refused = 0
    for at in range(len(signature)):
        for bit in (0x01, 0x20, 0x80):
            data = signature[:at] + bytes((signature[at] ^ bit,)) + signature[at + 1 :]
            try:
                signed = cms.verify_detached(data, BODY)
                trust.check_issued(signed.certificate, authority.certificate, now)
            except PkiError:
                refused += 1
                continue
            assert (signed.content, signed.certificate) == (BODY, device.certificate)
    assert refused > 0.9 * 3 * len(signature)


def test_every_flipped_bit_of_a_certificate_is_refused(authority, device, now) -> None:
    whole = device.certificate
    for at in range(len(whole)):
        for bit in (0x01, 0x20, 0x80):
            data = whole[:at] + bytes((whole[at] ^ bit,)) + whole[at + 1 :]
            with pytest.raises(PkiError):
                trust.check_issued(data, authority.certificate, now)


READERS = ("detached", "attached", "scep", "csr", "envelope", "certificate", "chain", "crl")


@FEW
@given(data=st.data(), name=st.sampled_from(READERS))
def test_patched_messages_raise_our_error_or_none(samples, data, name) -> None:
    sample, reader = samples[name]
    at = data.draw(st.integers(0, len(sample) - 1))
    cut = data.draw(st.integers(0, 40))
    patch = data.draw(st.binary(max_size=40))
    reads(reader, sample[:at] + patch + sample[at + cut :])


@FEW
@given(data=st.data(), name=st.sampled_from(READERS))
def test_cut_or_doubled_messages_raise_our_error(samples, data, name) -> None:
    sample, reader = samples[name]
    at = data.draw(st.integers(0, len(sample) - 1))
    for altered in (sample[:at], sample + sample[: at + 1]):
        with pytest.raises(PkiError):
            reader(altered)


@FEW
@given(data=st.data())
def test_altered_requests_inside_a_well_signed_message_raise_our_error(samples, authority, data) -> None:
    """An attacker signs whatever he likes with a key of his own."""
    sample, _ = samples["envelope"]
    at = data.draw(st.integers(0, len(sample) - 1))
    patch = data.draw(st.binary(max_size=8))
    signed = cms_build.sign(sample[:at] + patch + sample[at + len(patch) :], authority.ra)
    with pytest.raises(PkiError):
        scep.open_message(signed)


@FEW
@given(st.text(max_size=200))
def test_headers_and_pem_raise_our_error(text) -> None:
    reads(cms.decode_header, text)
    with pytest.raises(PkiError):
        trust.client_certificate(text)
