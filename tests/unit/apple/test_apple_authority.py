"""The authority: made once whoever comes first, its key never out, its list of the revoked."""

import threading
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from chalicelib.core import authority, escrow, issuance
from chalicelib.core.errors import NotFound
from chalicelib.core.house import House
from chalicelib.gateway import signer
from chalicelib.model.records import Setting
from chalicelib.pki import crl
from chalicelib.storage.memory.house import memory_house
from tests.unit.apple.phone import Phone, call, event


def test_there_is_none_before_the_first_use() -> None:
    with pytest.raises(NotFound):
        authority.known(memory_house())


def test_two_first_uses_make_one() -> None:
    house = memory_house()
    gate, made = threading.Barrier(4), []

    def make() -> None:
        gate.wait()
        made.append(issuance.authority(house))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len({one.ca for one in made}) == 1
    assert len(escrow.versions(house, escrow.ORGANIZATION, "ra_key")) == 1


def test_one_read_a_process() -> None:
    house = memory_house()
    issuance.authority(house)
    house.store.meter.reset()
    for _ in range(10):
        authority.known(house)
    assert house.store.meter.total().calls == 0


def test_the_registration_key_is_sealed_and_fits(house: House) -> None:
    made = issuance.registration(house)
    assert made.certificate == issuance.authority(house).ra
    (held,) = escrow.versions(house, escrow.ORGANIZATION, "ra_key")
    assert b"PRIVATE" not in held.sealed
    assert set(house.store.get(Setting, "ca").value) == {"certificate", "ra_certificate"}


def test_a_certificate_is_for_a_client_and_names_the_enrollment(phone: Phone) -> None:
    issued = x509.load_der_x509_certificate(phone.certificate)
    assert phone.enrollment_id in issued.subject.rfc4514_string()
    usage = issued.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    points = issued.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name[0].value == "https://devices.example.test/crl"


def test_the_revoked_are_listed(house: House, phone: Phone, clock) -> None:
    def listed() -> set[int]:
        got = call(house, signer, event("/crl", method="GET"))
        assert (got.status, got.headers["content-type"]) == (200, "application/pkix-crl")
        parsed = crl.parse(got.body, authority.known(house).ca)
        assert parsed.next_update is not None
        assert parsed.next_update > datetime.fromtimestamp(clock.now, UTC)
        return {entry.serial for entry in parsed.revoked}

    assert listed() == set()
    phone.checkin("CheckOut")
    clock.now += 3599
    assert listed() == set()  # published once an hour
    clock.now += 1
    assert listed() == {x509.load_der_x509_certificate(phone.certificate).serial_number}
    house.store.meter.reset()
    listed()
    assert "kms.sign" not in house.store.meter.by_operation()


def test_a_schedule_publishes_the_list(house: House, phone: Phone) -> None:
    phone.checkin("CheckOut")
    assert signer.publish_crl(house)["bytes"] == len(house.blobs.files[issuance.CRL_BLOB][0])
    assert len(crl.parse(house.blobs.get(issuance.CRL_BLOB), authority.known(house).ca).revoked) == 1
