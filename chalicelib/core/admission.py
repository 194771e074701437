"""What an invitation buys without a challenge in between: a certificate, once; or, where a service vouches, none."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.core import enrollment, ids, invitations
from chalicelib.core.enrollment import Issue, IssuedCertificate
from chalicelib.core.errors import Forbidden
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Poll, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.model.enrollment import Challenge, Enrollment, EnrollmentStatus, Invitation


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks with an invitation's code itself, as WSTEP does. `said` is kept until the first session."""

    platform: str
    hardware_id: str
    key_digest: str  # SHA-256 (hex) of the SubjectPublicKeyInfo
    said: Mapping[str, Any] = field(default_factory=dict)


def vouched(house: House, invitation_id: str, enrollment_id: str, *, platform: str, hardware_id: str) -> Poll:
    """The enrollment of a device for which a service vouches that it came with this invitation; it uses it up by one.

    There is no certificate: the service speaks for the device. NotFound and Gone (the invitation).
    """

    def attempt() -> Poll:
        if known := house.store.find(Enrollment, enrollment_id):
            return Poll(known, ())
        invitation = invitations.usable(house.store.find(Invitation, invitation_id), house.clock())
        enrollment = Enrollment(
            id=enrollment_id,
            status=EnrollmentStatus.ISSUED,
            platform=platform,
            fingerprints=(),
            invitation_id=invitation.id,
            created_at=house.clock(),
            hardware_id=hardware_id,
        )
        house.store.commit(Create(enrollment), Replace(replace(invitation, uses=invitation.uses + 1)))
        return Poll(replace(enrollment, version=1), ())

    return retry_stale(attempt)


@dataclass(frozen=True, slots=True)
class Admitted:
    enrollment_id: str
    certificate: bytes  # DER
    said: Mapping[str, Any]  # with `user`, whom the invitation is for


def admit(house: House, code: str, applicant: Applicant, make: Issue) -> Admitted:
    """The certificate that an invitation's code buys. The same key and device get the same one again for an hour.

    Its challenge is born used: what a repeat is known by follows from the code and the key, and is told to nobody.
    NotFound and Gone (the invitation), Forbidden (the repeat).
    """

    def attempt() -> Admitted:
        digest = ids.digest(f"{code.strip().lower()}:{applicant.key_digest}")
        if challenge := house.store.find(Challenge, digest):
            return _again(house, challenge, applicant)
        invitation, now = invitations.open_invitation(house, code), house.clock()
        enrollment_id = ids.ulid(now)
        issued, said = make(enrollment_id), {**applicant.said, "user": invitation.user}
        house.store.commit(
            Create(_spent(digest, enrollment_id, invitation, applicant, issued, now)),
            Create(enrollment.record(issued, enrollment_id, now)),
            Replace(replace(invitation, uses=invitation.uses + 1)),
            Create(_expected(enrollment_id, invitation, applicant, issued, said, now)),
            audit=enrollment.issuance(house, enrollment_id, issued, invitation),
        )
        return Admitted(enrollment_id, issued.der, said)

    return retry_stale(attempt)


def _again(house: House, challenge: Challenge, applicant: Applicant) -> Admitted:
    """Only before the first session: what the answer holds besides the certificate must not be had by a replay."""
    known = house.store.get(Enrollment, challenge.enrollment_id)
    if challenge.expires_at <= house.clock() or challenge.transaction_id != applicant.hardware_id:
        raise Forbidden("The key has been used for an enrollment before; start again with a new one.")
    if known.status is not EnrollmentStatus.ISSUED:
        raise Forbidden("The device has enrolled with this key already.")
    return Admitted(known.id, challenge.certificate, known.session.get("hello", {}))


def _spent(
    digest: str,
    enrollment_id: str,
    invitation: Invitation,
    applicant: Applicant,
    issued: IssuedCertificate,
    now: int,
) -> Challenge:
    return Challenge(
        digest=digest,
        enrollment_id=enrollment_id,
        invitation_id=invitation.id,
        expires_at=now + invitations.CHALLENGE_LIFE,
        transaction_id=applicant.hardware_id,
        key_digest=applicant.key_digest,
        certificate=issued.der,
    )


def _expected(
    enrollment_id: str,
    invitation: Invitation,
    applicant: Applicant,
    issued: IssuedCertificate,
    said: Mapping[str, Any],
    now: int,
) -> Enrollment:
    return Enrollment(
        id=enrollment_id,
        status=EnrollmentStatus.ISSUED,
        platform=applicant.platform,
        fingerprints=(issued.fingerprint,),
        invitation_id=invitation.id,
        created_at=now,
        hardware_id=applicant.hardware_id,
        session={"hello": said},
    )
