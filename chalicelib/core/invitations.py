"""Invitations to enroll, and the one-time challenges that their profiles carry."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib.core import access, ids
from chalicelib.core.errors import BadRequest, Forbidden, Gone, NotFound
from chalicelib.core.house import House
from chalicelib.core.ports import Change, Create, Replace
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.device import Device, Ownership
from chalicelib.model.enrollment import Allowance, Challenge, ChallengePurpose, Invitation
from chalicelib.model.people import Principal
from chalicelib.model.secret import Secret

MAX_USES = 10_000
MAX_SERIALS = 500
MIN_LIFE, MAX_LIFE, DEFAULT_LIFE = 300, 90 * 86_400, 7 * 86_400
CHALLENGE_LIFE = 3600
PERSONAL_LIFE = 3600
PERSONAL_DAILY, DAY = 10, 86_400


@dataclass(frozen=True, slots=True)
class Offer:
    """What a downloaded profile carries: the name its certificate will have, and the secret that asks for it."""

    enrollment_id: str
    challenge: Secret[str]
    invitation: Invitation


def create(
    house: House,
    principal: Principal,
    *,
    ownership: Ownership,
    life: int = DEFAULT_LIFE,
    max_uses: int = 1,
    user: str = "",
    groups: Sequence[str] = (),
    serials: Sequence[str] = (),
    replaces: str = "",
    note: str = "",
) -> tuple[Invitation, str]:
    """An invitation and its code, which is shown once. `life` in seconds. BadRequest, NotFound (`replaces`)."""
    access.authorize(principal, "invitation.create")
    _check(life, max_uses, serials)
    if replaces:
        access.authorize(principal, "device.replace")
        house.store.get(Device, replaces)
    now, code = house.clock(), ids.code()
    invitation = Invitation(
        id=ids.invitation_id(code),
        ownership=ownership,
        created_at=now,
        expires_at=now + life,
        created_by=principal.actor,
        max_uses=max_uses,
        user=user,
        groups=tuple(groups),
        serials=tuple(serial.strip().upper() for serial in serials),
        replaces=replaces,
        note=note,
    )
    what = event(
        house,
        principal,
        "invitation.created",
        f"invitation:{invitation.id}",
        ownership=ownership.value,
        max_uses=max_uses,
        user=user,
        serials=len(serials),
        replaces=replaces,
    )
    house.store.commit(Create(invitation), audit=what)
    return replace(invitation, version=1), code


def for_person(
    house: House,
    actor: str,
    user: str,
    *,
    ownership: Ownership,
    groups: Sequence[str] = (),
    note: str = "",
    code: str = "",
) -> Secret[str]:
    """The code of an invitation for one device within the hour, for a person whom the caller has just recognised.

    `actor` as the trail shows it. With a `code` of the caller's own a repeat makes no second invitation, and what is
    there stays as it is, used up or not. Forbidden beyond ten a day: a stolen password must not enroll a fleet.
    """
    now, secret = house.clock(), Secret(code or ids.code())
    invitation = Invitation(
        id=ids.invitation_id(secret.reveal()),
        ownership=ownership,
        created_at=now,
        expires_at=now + PERSONAL_LIFE,
        created_by=actor,
        user=user,
        groups=tuple(groups),
        note=note,
    )
    target, details = f"invitation:{invitation.id}", {"ownership": ownership.value, "max_uses": 1, "user": user}

    def attempt() -> Secret[str]:
        if code and house.store.find(Invitation, invitation.id) is not None:
            return secret
        what = event(house, actor, "invitation.created", target, **details)
        house.store.commit(Create(invitation), _counted(house, actor), audit=what)
        return secret

    return retry_stale(attempt)


def _counted(house: House, actor: str) -> Change:
    """One more of this person's invitations of the day. Forbidden, when they have had all."""
    now, who = house.clock(), ids.digest(actor)
    known = house.store.find(Allowance, who)
    if known is None:
        return Create(Allowance(who, now + DAY))
    if known.expires_at <= now:  # what has expired may still be there
        return Replace(Allowance(who, now + DAY, version=known.version))
    if known.given >= PERSONAL_DAILY:
        until = datetime.fromtimestamp(known.expires_at, UTC)
        raise Forbidden(
            f"You have had {PERSONAL_DAILY} invitations within a day. Try again after {until:%Y-%m-%d %H:%M} UTC, "
            "or ask your administrator for an invitation."
        )
    return Replace(replace(known, given=known.given + 1))


def _check(life: int, max_uses: int, serials: Sequence[str]) -> None:
    if not MIN_LIFE <= life <= MAX_LIFE:
        raise BadRequest("An invitation lives between 5 minutes and 90 days.")
    if not 1 <= max_uses <= MAX_USES:
        raise BadRequest(f"An invitation serves between 1 and {MAX_USES} devices.")
    if len(serials) > MAX_SERIALS:
        raise BadRequest(f"An invitation lists at most {MAX_SERIALS} serial numbers; make several.")


def usable(invitation: Invitation | None, now: int) -> Invitation:
    """NotFound, or Gone with the reason."""
    if invitation is None:
        raise NotFound("This invitation is not known; check the link.")
    if invitation.revoked:
        raise Gone("This invitation was withdrawn; ask for a new one.")
    if invitation.expires_at <= now:
        raise Gone("This invitation has expired; ask for a new one.")
    if invitation.uses >= invitation.max_uses:
        raise Gone("This invitation has been used up; ask for a new one.")
    return invitation


def open_invitation(house: House, code: str) -> Invitation:
    """The usable invitation behind a link's code."""
    return usable(house.store.find(Invitation, ids.invitation_id(code)), house.clock())


def revoke(house: House, principal: Principal, invitation_id: str) -> Invitation:
    access.authorize(principal, "invitation.revoke")

    def attempt() -> Invitation:
        invitation = replace(house.store.get(Invitation, invitation_id), revoked=True)
        what = event(house, principal, "invitation.revoked", f"invitation:{invitation_id}")
        house.store.commit(Replace(invitation), audit=what)
        return invitation

    return retry_stale(attempt)


def offer(house: House, code: str, purpose: ChallengePurpose = ChallengePurpose.SCEP) -> Offer:
    """Mints a challenge for an hour. A use of the invitation is consumed when the certificate is issued, not here."""
    invitation, now = open_invitation(house, code), house.clock()
    secret = Secret(ids.code())
    challenge = Challenge(
        digest=ids.digest(secret.reveal()),
        enrollment_id=ids.ulid(now),
        invitation_id=invitation.id,
        expires_at=now + CHALLENGE_LIFE,
        purpose=purpose,
    )
    house.store.commit(Create(challenge))
    return Offer(challenge.enrollment_id, secret, invitation)


def check_challenge(house: House, secret: str, purposes: frozenset[ChallengePurpose]) -> Challenge:
    """The live challenge behind a secret. Forbidden, without saying which of the reasons it was."""
    challenge = house.store.find(Challenge, ids.digest(secret))
    if challenge is None or challenge.expires_at <= house.clock() or challenge.purpose not in purposes:
        raise Forbidden("The challenge is not valid.")
    return challenge
