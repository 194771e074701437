"""The certification authority at work: made at its first use, then it issues and revokes. Needs the CA key to sign."""

import base64
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.core import escrow
from chalicelib.core.authority import SETTING, Authority, known, time
from chalicelib.core.enrollment import IssuedCertificate
from chalicelib.core.errors import AlreadyExists, NotFound
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Signer
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.enrollment import Certificate
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret
from chalicelib.pki import ca, credential, crl, trust
from chalicelib.pki.credential import Credential
from chalicelib.pki.errors import PkiError

RA_KEY = "ra_key"
IDENTITY_DAYS = 730
RA_DAYS = 3650
CRL_DAYS = 7
CRL_AGE = 3600
CRL_BLOB = "pki/crl.der"


@dataclass(frozen=True, slots=True)
class _CaKey:
    """The port's signer under the names that `pki` uses."""

    port: Signer

    @property
    def public_key(self) -> bytes:
        return self.port.public_key_der

    def sign(self, data: bytes) -> bytes:
        return self.port.sign(data)


_opened: tuple[House, Credential] | None = None


def authority(house: House) -> Authority:
    """The authority, made if there is none. Of two that make it at once, one wins."""
    with suppress(NotFound):
        return known(house)
    with suppress(AlreadyExists):
        _make(house)
    return known(house)


def _make(house: House) -> None:
    now, organization, key = time(house), house.settings.organization, _CaKey(house.ca_key)
    ca_der = ca.self_signed_ca(key, organization, now)
    pkcs8 = credential.new_private_key()
    spki = credential.public_key_of(pkcs8)
    ra_der = ca.ra_certificate(key, ca_der, spki, organization, now, RA_DAYS, ca.new_serial())
    value = {"certificate": base64.b64encode(ca_der).decode(), "ra_certificate": base64.b64encode(ra_der).decode()}
    details = {"fingerprint": trust.fingerprint(ca_der)}
    house.store.commit(
        Create(Setting(SETTING, value)),
        escrow.sealing(house, escrow.ORGANIZATION, RA_KEY, Secret(pkcs8)),
        audit=event(house, SYSTEM, "ca.created", "setting:ca", **details),
    )


def registration(house: House) -> Credential:
    """The registration authority with its key, opened once a process."""
    global _opened
    if _opened is None or _opened[0] is not house:
        made = authority(house)
        key = escrow.current(house, escrow.ORGANIZATION, RA_KEY)
        if key is None:
            raise NotFound("The key of the registration authority is missing.")
        _opened = (house, credential.load(made.ra, key.reveal()))
    return _opened[1]


def issue_certificate(house: House, enrollment_id: str, spki: bytes) -> IssuedCertificate:
    """An identity certificate for a public key; its subject and extensions are ours alone."""
    made, url = authority(house), f"{house.settings.device_url}/crl"
    der = ca.issue(
        _CaKey(house.ca_key), made.ca, spki, enrollment_id, "Muster", time(house), IDENTITY_DAYS, ca.new_serial(), url
    )
    issued = trust.identity(der)
    return IssuedCertificate(der, issued.fingerprint, f"{issued.serial:x}", int(issued.not_after.timestamp()))


def revocation_list(house: House) -> bytes:
    """The published list (DER), signed anew where it is older than an hour."""
    with suppress(NotFound, PkiError):
        der = house.blobs.get(CRL_BLOB)
        if house.clock() - crl.parse(der, authority(house).ca).this_update.timestamp() < CRL_AGE:
            return der
    return publish_crl(house)


def publish_crl(house: House) -> bytes:
    """Lists the revoked certificates that have not expired."""
    revoked = [_revocation(record) for record in _revoked(house)]
    number = house.clock()  # rises with each issue, as RFC 5280 §5.2.3 asks
    der = crl.build(_CaKey(house.ca_key), authority(house).ca, revoked, number, time(house), CRL_DAYS)
    house.blobs.put(CRL_BLOB, der, "application/pkix-crl")
    return der


def _revoked(house: House) -> list[Certificate]:
    found: list[Certificate] = []
    cursor = ""
    while True:
        page = house.store.listing(Certificate, 100, cursor)
        found += (c for c in page.items if c.revoked_at and c.not_after > house.clock())
        if not (cursor := page.cursor):
            return found


def _revocation(record: Certificate) -> crl.Revocation:
    at = datetime.fromtimestamp(record.revoked_at, UTC)
    return crl.Revocation(int(record.serial, 16), at, "cessationOfOperation")
