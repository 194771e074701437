"""Who speaks in a session: the certificate of the TLS connection, or the digest in the header (MS-MDM §3, OMA-DM).

Either leads to one enrollment, and the body must name the same device: Source/LocURI is a claim, never a proof.
"""

import base64
import hmac
import re
from dataclasses import dataclass, replace

from chalicelib.core import authority, enrollment
from chalicelib.core.delivery import HEAD
from chalicelib.core.errors import NotFound, NotManaged, Stale, Unauthenticated
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.model.device import Device, Identifier
from chalicelib.model.enrollment import EnrollmentStatus
from chalicelib.pki import trust
from chalicelib.pki.errors import PkiError
from chalicelib.platforms.http import Request
from chalicelib.platforms.windows import credentials
from chalicelib.platforms.windows.conversation import Conversation
from chalicelib.platforms.windows.syncml import Header, Meta

PLATFORM = "windows"
DIGEST = "syncml:auth-md5"
PROVEN, PROVEN_FOR_THE_SESSION, WRONG, MISSING = 200, 212, 401, 407
_ENROLLMENT_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True, slots=True)
class Peer:
    """`code` and `challenge` go into the Status of the header."""

    poll: Poll
    code: int
    challenge: Meta | None = None


class Unproven(Unauthenticated):
    """Answered inside SyncML, with what to digest next."""

    def __init__(self, code: int, nonce: bytes) -> None:
        super().__init__("The request carries no proof of identity." if code == MISSING else "The digest is not right.")
        self.code, self.challenge = code, challenge_of(nonce)


def prove(house: House, request: Request, header: Header) -> Peer:
    """Unproven, Unauthenticated (a certificate that is not ours), NotManaged (ended, or another device's)."""
    peer = _by_certificate(house, request, header) if request.client_certificate else _by_digest(house, header)
    if peer.poll.enrollment.hardware_id != header.source:
        raise NotManaged("The proof of identity is not of the device that the message names.")
    return peer


def challenge_of(nonce: bytes) -> Meta:
    return Meta(format="b64", type=DIGEST, next_nonce=base64.b64encode(nonce).decode())


def _by_certificate(house: House, request: Request, header: Header) -> Peer:
    """The connection is proven with each request, so no digest is asked for, and one that comes is not needed."""
    try:
        certificate = trust.client_certificate(request.client_certificate)
        who = trust.check_issued(certificate, authority.known(house).ca, authority.time(house))
    except (PkiError, NotFound) as error:
        raise Unauthenticated(f"The identity is not proven: {error}.") from error
    poll = enrollment.recognise(house, who.common_name, who.fingerprint, HEAD, platform=PLATFORM)
    return Peer(poll, PROVEN_FOR_THE_SESSION if header.credential else PROVEN)


def _by_digest(house: House, header: Header) -> Peer:
    poll = _claimed(house, header)
    told = header.credential
    if poll is None:
        raise Unproven(WRONG if told else MISSING, _strange(house, header))
    bound = poll.enrollment
    number = Conversation.of(bound.session).nonce
    nonce = credentials.nonce(house, bound.id, number)
    if told is None:
        raise Unproven(MISSING, nonce)
    expected = credentials.digest(bound.id, credentials.client_password(house, bound.id), nonce)
    if told.meta.type != DIGEST or not hmac.compare_digest(expected.encode(), told.data.strip().encode()):
        raise Unproven(WRONG, nonce)
    if bound.status is EnrollmentStatus.DISABLED:
        raise NotManaged("The enrollment has ended.")
    return Peer(_spend(house, poll, number), PROVEN, challenge_of(credentials.nonce(house, bound.id, number + 1)))


def _strange(house: House, header: Header) -> bytes:
    return credentials.strange_nonce(house, header.source_name or header.source)


def _spend(house: House, poll: Poll, number: int) -> Poll:
    """The nonce is over before anything else happens: of two requests with the same digest, one is refused."""
    bound = poll.enrollment
    spent = replace(bound, session={**bound.session, "nonce": number + 1})
    try:
        return replace(poll, enrollment=house.store.replace(spent))
    except Stale as error:
        raise Unproven(WRONG, credentials.nonce(house, bound.id, number + 1)) from error


def _claimed(house: House, header: Header) -> Poll | None:
    """The enrollment that the name, or where there is none the device id, points to."""
    name = header.source_name if _ENROLLMENT_ID.fullmatch(header.source_name) else _current(house, header.source)
    poll = house.store.poll(name, HEAD) if name else None
    return poll if poll and poll.enrollment.platform == PLATFORM else None


def _current(house: House, device_id: str) -> str:
    pointer = house.store.find(Identifier, "device_id", device_id.upper()) if device_id else None
    device = house.store.find(Device, pointer.device_id) if pointer else None
    return device.enrollment_id if device else ""
