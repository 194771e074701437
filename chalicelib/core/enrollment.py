"""What an invitation buys and a certificate proves: issue, renew, recognise. Without a challenge: core/admission."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chalicelib.core import invitations
from chalicelib.core.channels import users_of
from chalicelib.core.errors import Forbidden, Gone, NotFound, NotManaged, Stale
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Poll, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import SYSTEM, event
from chalicelib.model.audit import AuditEvent
from chalicelib.model.enrollment import (
    Certificate,
    Challenge,
    ChallengePurpose,
    Enrollment,
    EnrollmentStatus,
    Invitation,
)

RENEWAL_PAUSE = 86_400  # each renewal is a signature with the CA key
SCEP_PURPOSES = frozenset({ChallengePurpose.SCEP, ChallengePurpose.OTA_IDENTITY})


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    der: bytes
    fingerprint: str
    serial: str
    not_after: int


Issue = Callable[[str], IssuedCertificate]


def issue(
    house: House, secret: str, transaction_id: str, key_digest: str, make: Issue, platform: str = "apple"
) -> bytes:
    """The certificate (DER) that a challenge buys, once. The same transaction and key get the same one again.

    The challenge, a use of the invitation, the certificate and the enrollment are one transaction. Forbidden.
    """

    def attempt() -> bytes:
        challenge = invitations.check_challenge(house, secret, SCEP_PURPOSES)
        if challenge.transaction_id:
            if (challenge.transaction_id, challenge.key_digest) == (transaction_id, key_digest):
                return challenge.certificate
            raise Forbidden("The challenge has been used.")
        invitation = _invitation(house, challenge)
        issued = make(challenge.enrollment_id)
        spent = replace(challenge, transaction_id=transaction_id, key_digest=key_digest, certificate=issued.der)
        house.store.commit(
            Replace(spent),
            Create(record(issued, challenge.enrollment_id, house.clock())),
            *_admission(house, challenge, invitation, issued, platform),
            audit=issuance(house, challenge.enrollment_id, issued, invitation),
        )
        return issued.der

    return retry_stale(attempt)


def issuance(house: House, enrollment_id: str, issued: IssuedCertificate, invitation: Invitation) -> AuditEvent:
    return event(
        house,
        SYSTEM,
        "certificate.issued",
        f"enrollment:{enrollment_id}",
        serial=issued.serial,
        fingerprint=issued.fingerprint,
        invitation=invitation.id,
    )


def _invitation(house: House, challenge: Challenge) -> Invitation:
    try:
        return invitations.usable(house.store.find(Invitation, challenge.invitation_id), house.clock())
    except (NotFound, Gone) as reason:
        raise Forbidden(str(reason)) from reason


def record(issued: IssuedCertificate, enrollment_id: str, now: int) -> Certificate:
    return Certificate(issued.fingerprint, enrollment_id, issued.serial, issued.not_after, issued_at=now)


def _admission(
    house: House, challenge: Challenge, invitation: Invitation, issued: IssuedCertificate, platform: str
) -> tuple[Change, ...]:
    if challenge.purpose is ChallengePurpose.OTA_IDENTITY:
        return ()
    enrollment = Enrollment(
        id=challenge.enrollment_id,
        status=EnrollmentStatus.ISSUED,
        platform=platform,
        fingerprints=(issued.fingerprint,),
        invitation_id=invitation.id,
        created_at=house.clock(),
    )
    return Replace(replace(invitation, uses=invitation.uses + 1)), Create(enrollment)


def renew(
    house: House,
    enrollment_id: str,
    old_fingerprint: str,
    make: Issue,
    *,
    platform: str = "apple",
    hardware_ids: frozenset[str] = frozenset(),
) -> bytes:
    """A new certificate for a live enrollment whose current certificate asked for it. Both speak for it,
    but once the new one has done so, a request that the old one signed is a replay.

    `hardware_ids` are what the request calls the device: none of them may be another one's. Forbidden.
    """

    def attempt() -> bytes:
        enrollment = house.store.find(Enrollment, enrollment_id)
        if enrollment is None or not enrollment.live or old_fingerprint not in enrollment.fingerprints:
            raise Forbidden("Only the current certificate of a live enrollment can be renewed.")
        if old_fingerprint != enrollment.fingerprints[0] == enrollment.settled:
            raise Forbidden("The certificate was renewed, and the new one is in use.")
        if enrollment.platform != platform or not hardware_ids <= {enrollment.hardware_id}:
            raise Forbidden("The certificate belongs to another device.")
        newest = house.store.get(Certificate, enrollment.fingerprints[0])
        if newest.renews and house.clock() - newest.issued_at < RENEWAL_PAUSE:
            raise Forbidden("The certificate was renewed within the last day.")
        issued = make(enrollment_id)
        fingerprints = (issued.fingerprint, old_fingerprint)
        house.store.commit(
            Create(replace(record(issued, enrollment_id, house.clock()), renews=old_fingerprint)),
            *_speaking(house, enrollment, fingerprints),
            audit=event(
                house,
                f"device:{enrollment.device_id}",
                "certificate.renewed",
                f"enrollment:{enrollment_id}",
                serial=issued.serial,
                fingerprint=issued.fingerprint,
            ),
        )
        return issued.der

    return retry_stale(attempt)


def recognise(house: House, enrollment_id: str, fingerprint: str, limit: int = 25, *, platform: str = "apple") -> Poll:
    """The enrollment that a verified certificate speaks for, with its queue: one store call. NotManaged."""
    poll = proven(house, enrollment_id, platform, limit)
    known = poll.enrollment.fingerprints
    if fingerprint not in known:
        raise NotManaged("The certificate is not bound to an enrollment.")
    return _settled(house, poll) if len(known) > 1 and fingerprint == known[0] != poll.enrollment.settled else poll


def _settled(house: House, poll: Poll) -> Poll:
    """The first contact with a renewed certificate is noted."""
    try:
        bound = house.store.replace(replace(poll.enrollment, settled=poll.enrollment.fingerprints[0]))
    except Stale:  # the next contact does it
        return poll
    return replace(poll, enrollment=bound)


def _speaking(house: House, enrollment: Enrollment, fingerprints: tuple[str, ...]) -> Iterator[Change]:
    """From now on these certificates speak for the device and its users; the others are revoked."""
    for channel in (enrollment, *users_of(house, enrollment)):
        yield Replace(replace(channel, fingerprints=fingerprints))
    for fingerprint in enrollment.fingerprints:
        if fingerprint not in fingerprints:
            over = house.store.get(Certificate, fingerprint)
            yield Replace(replace(over, revoked_at=house.clock(), revocation_reason="superseded"))


def proven(house: House, enrollment_id: str, platform: str, limit: int = 25) -> Poll:
    """The enrollment of a device that the caller has proven to be it. NotManaged."""
    poll = house.store.poll(enrollment_id, limit)
    if poll is None or poll.enrollment.platform != platform:
        raise NotManaged("The identity is not bound to an enrollment.")
    if poll.enrollment.status is EnrollmentStatus.DISABLED:
        raise NotManaged("The enrollment has ended.")
    return poll
