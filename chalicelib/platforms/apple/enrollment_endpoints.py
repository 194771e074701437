"""The routes that bring a device in: profiles, over-the-air enrollment, the revocation list."""

import re

from chalicelib.core import authority, ids, invitations, issuance
from chalicelib.core.errors import BadRequest, Conflict, Forbidden, NotFound
from chalicelib.core.house import House
from chalicelib.core.settings import OTA_ANCHORS
from chalicelib.model.enrollment import ChallengePurpose
from chalicelib.model.records import Setting
from chalicelib.pki import chain, cms, cms_build, trust
from chalicelib.pki.errors import PkiError
from chalicelib.platforms.apple import message as wire
from chalicelib.platforms.apple import plist, profiles
from chalicelib.platforms.http import Request, Response

PROFILE_TYPE = "application/x-apple-aspen-config"
CRL_TYPE = "application/pkix-crl"
OTA_CLOSED = (
    "Over-the-air enrollment is closed here: an administrator has to name the certificates of the Apple iPhone Device "
    "CA first (`muster apple ota-anchors set`). The link without ?ota=1 works."
)
NO_TOPIC = (
    "Enrollment needs an Apple push certificate and none has been uploaded yet: an administrator requests one "
    "(`muster apple push-cert request`), has Apple sign it at identity.apple.com/pushcert, and uploads it "
    "(`muster apple push-cert upload`)."
)
_CODE = re.compile(r"[0-9a-zA-Z]{26}")
_PRIVATE = {"cache-control": "no-store"}  # each download holds a challenge of its own


def profile(house: House, request: Request) -> Response:
    code = _code(request)
    if request.parameter("ota") == "1":
        return _answer(house, request, _profile_service(house, code))
    return _answer(house, request, _enrollment_profile(house, request, code))


def ota(house: House, request: Request) -> Response:
    """Phase 2: the device describes itself, signed with its factory's certificate. Phase 3: with the one from us."""
    code, anchors = _code(request), _anchors(house)
    try:
        signed = cms.verify_attached(request.body)
        if _is_ours(house, signed):
            return _answer(house, request, _enrollment_profile(house, request, code))
        chain.check_ignoring_time(signed.certificate, signed.certificates, anchors)
    except PkiError as error:
        raise Forbidden(f"The device's description is not acceptable: {error}.") from error
    _check_challenge(house, code, signed.content)
    offer = invitations.offer(house, code, ChallengePurpose.OTA_IDENTITY)
    return _answer(house, request, profiles.passing_identity(house.settings, offer))


def revocations(house: House, request: Request) -> Response:
    return Response(body=issuance.revocation_list(house), content_type=CRL_TYPE)


def _code(request: Request) -> str:
    code = request.path.rsplit("/", 1)[-1]
    if not _CODE.fullmatch(code):
        raise NotFound("This invitation is not known; check the link.")
    return code


def _answer(house: House, request: Request, plain: bytes) -> Response:
    if request.parameter("unsigned") == "1":
        return Response(body=plain, content_type=PROFILE_TYPE, headers=_PRIVATE)
    signed = cms_build.sign(plain, issuance.registration(house), (issuance.authority(house).ca,))
    return Response(body=signed, content_type=PROFILE_TYPE, headers=_PRIVATE)


def _enrollment_profile(house: House, request: Request, code: str) -> bytes:
    from chalicelib.platforms.apple import push_certificate, service_tokens

    invitations.open_invitation(house, code)
    topic = push_certificate.topic(house)
    if not topic:
        raise Conflict(NO_TOPIC)
    ca = issuance.authority(house).ca
    users = "iPhone" not in request.headers.get("user-agent", "")
    able = profiles.capabilities(users=users, tokens=service_tokens.linked(house))
    return profiles.enrollment(house.settings, invitations.offer(house, code), ca, topic, able)


def _profile_service(house: House, code: str) -> bytes:
    _anchors(house)
    offer = invitations.offer(house, code, ChallengePurpose.OTA)
    return profiles.profile_service(house.settings, code, offer.challenge, offer.enrollment_id)


def _anchors(house: House) -> list[bytes]:
    setting = house.store.find(Setting, OTA_ANCHORS)
    pem = str(setting.value.get("pem", "")) if setting else ""
    anchors = [trust.client_certificate(part + _END) for part in pem.split(_END)[:-1]]
    if not anchors:
        raise Forbidden(OTA_CLOSED)
    return anchors


_END = "-----END CERTIFICATE-----"


def _is_ours(house: House, signed: cms.Signed) -> bool:
    try:
        trust.check_issued(signed.certificate, issuance.authority(house).ca, authority.time(house))
    except PkiError:
        return False
    return True


def _check_challenge(house: House, code: str, content: bytes) -> None:
    secret = wire.required(plist.read(content), "CHALLENGE", str)
    if not secret or len(secret) > 256:
        raise BadRequest("CHALLENGE is not acceptable.")
    challenge = invitations.check_challenge(house, secret, frozenset({ChallengePurpose.OTA}))
    if challenge.invitation_id != ids.invitation_id(code):
        raise Forbidden("The challenge belongs to another invitation.")
