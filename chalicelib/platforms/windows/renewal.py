"""Renewal without a person (ROBO; MS-MDE2 §3.5): a request for a new certificate, signed with the current one.

RFC 5652 (SignedData) around RFC 2986 (PKCS #10). The security header proves nothing here and is not read.
"""

import base64
import binascii

from chalicelib.core import authority, enrollment, issuance
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.house import House
from chalicelib.model.enrollment import Enrollment
from chalicelib.pki import cms, csr, trust
from chalicelib.pki.csr import SigningRequest
from chalicelib.pki.errors import BadMessage, BadSignature, PkiError, Untrusted
from chalicelib.platforms.windows import provisioning, wstep
from chalicelib.platforms.windows.faults import BadCertificateRequest, NotEligibleToRenew

PLATFORM = "windows"
REQUEST = b"\x30"  # how PKCS #10 starts, and base64 does not


def renew(house: House, request: wstep.Request) -> bytes:
    """The provisioning document. NotEligibleToRenew, BadCertificateRequest."""
    holder, content = _proven(house, request.content)
    wanted = _wanted(content)
    claimed = frozenset(filter(None, (wstep.identifier(request.items, "DeviceID"), _named(wanted))))
    try:
        issued = enrollment.renew(
            house,
            holder.common_name,
            holder.fingerprint,
            lambda enrollment_id: issuance.issue_certificate(house, enrollment_id, wanted.spki_der),
            platform=PLATFORM,
            hardware_ids=claimed,
        )
    except Forbidden as error:
        raise NotEligibleToRenew(str(error)) from error
    return provisioning.renewed(_store(house, holder.common_name, request), issued)


def _proven(house: House, content: bytes) -> tuple[trust.Identity, bytes]:
    """Who signed with the key of a certificate of ours that is in force, and what they signed."""
    try:
        signed = cms.verify_attached(_once(content), bare=True)
        return trust.check_issued(signed.certificate, _anchor(house), authority.time(house)), signed.content
    except (Untrusted, BadSignature) as error:
        raise NotEligibleToRenew(f"The certificate cannot be renewed: {error}. Enroll the PC again.") from error
    except PkiError as error:
        raise BadCertificateRequest(f"The request for renewal is not acceptable: {error}.") from error


def _anchor(house: House) -> bytes:
    try:
        return authority.known(house).ca
    except NotFound as error:
        raise NotEligibleToRenew("No certificate has been issued here yet; enroll the PC.") from error


def _wanted(content: bytes) -> SigningRequest:
    try:
        return csr.parse(_once(content))
    except PkiError as error:
        raise BadCertificateRequest(f"The certification request is not acceptable: {error}.") from error


def _once(content: bytes) -> bytes:
    """Where a person renews, Windows writes what it signs in base64 once more (Microsoft, "Certificate Renewal")."""
    if content.startswith(REQUEST):
        return content
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadMessage("it is neither binary nor base64") from error


def _named(wanted: SigningRequest) -> str:
    """The DeviceID at the end of the subject that the client writes, if it is of that form."""
    return (wanted.subject_cn or "").partition("!")[2].upper()


def _store(house: House, enrollment_id: str, request: wstep.Request) -> str:
    """Where the first certificate went."""
    held = house.store.get(Enrollment, enrollment_id).session.get("hello", {})
    kind = held.get("type") or request.items.get("EnrollmentType")
    return provisioning.STORES.get(str(kind), provisioning.STORES[wstep.FULL])
