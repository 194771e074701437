"""The three addresses at which a PC enrolls: discovery, policy, certificate (MS-MDE2 §3). Every refusal is a fault."""

from collections.abc import Callable
from hashlib import sha256

from chalicelib.core import admission, issuance, windows_settings
from chalicelib.core.admission import Admitted, Applicant
from chalicelib.core.enrollment import Issue
from chalicelib.core.errors import BadRequest, MusterError, Unauthenticated
from chalicelib.core.house import House
from chalicelib.pki import csr, trust
from chalicelib.pki.errors import PkiError
from chalicelib.platforms.http import Request, Response
from chalicelib.platforms.windows import (
    credentials,
    discovery,
    faults,
    provisioning,
    renewal,
    soap,
    ways_in,
    wstep,
    xcep,
)
from chalicelib.platforms.windows.provisioning import Account, Proof
from chalicelib.platforms.windows.soap import Envelope
from chalicelib.platforms.windows.wstep import Description

MANAGEMENT = "/windows/manage"
SIGN_IN = "/windows/signin"

Answer = Callable[[House, Envelope], bytes]


def discover(house: House, request: Request) -> Response:
    """GET only asks whether somebody is here."""
    if request.method == "GET":
        return Response(headers=faults.NO_STORE)
    return _answered(house, request, _discover)


def policy(house: House, request: Request) -> Response:
    return _answered(house, request, _policy)


def enroll(house: House, request: Request) -> Response:
    return _answered(house, request, _enroll)


def _answered(house: House, request: Request, answer: Answer) -> Response:
    message_id = ""
    try:
        if request.method != "POST":
            raise BadRequest("Send the message with POST.")
        envelope = soap.read(request.body)
        message_id = envelope.message_id
        return Response(200, answer(house, envelope), soap.CONTENT_TYPE, faults.NO_STORE)
    except MusterError as error:
        return faults.response(error, message_id)


def _discover(house: House, envelope: Envelope) -> bytes:
    asked = discovery.read(envelope)
    federated = asked.may_sign_in and windows_settings.enrollment_rules(house).federated
    chosen, settings = discovery.choose(asked, federated), house.settings
    body = discovery.reply(chosen, settings.device_url, settings.console_url + SIGN_IN)
    return soap.answer(discovery.REPLY, envelope.message_id, body)


def _policy(house: House, envelope: Envelope) -> bytes:
    """The same proof as enrollment asks for, so that a wrong password shows before a key is made."""
    xcep.read(envelope)
    ways_in.check(house, soap.token(envelope))
    body = xcep.reply(issuance.IDENTITY_DAYS, provisioning.RENEW_DAYS)
    return soap.answer(xcep.REPLY, envelope.message_id, body)


def _enroll(house: House, envelope: Envelope) -> bytes:
    request = wstep.read(envelope)
    document = renewal.renew(house, request) if request.kind == wstep.RENEW else _issue(house, envelope, request)
    return soap.answer(wstep.REPLY, envelope.message_id, wstep.reply(document), timed=house.clock())


def _issue(house: House, envelope: Envelope, request: wstep.Request) -> bytes:
    """Whatever can be judged without a read is judged first; the signature with the CA key comes last."""
    token = soap.token(envelope)
    described, spki = wstep.describe(request), _key(request.content)
    code = ways_in.redeem(house, token)
    applicant = Applicant(renewal.PLATFORM, described.device_id, sha256(spki).hexdigest(), _said(described))
    admitted = admission.admit(house, code.reveal(), applicant, _maker(house, spki))
    return provisioning.document(_account(house, admitted, described))


def _maker(house: House, spki: bytes) -> Issue:
    return lambda enrollment_id: issuance.issue_certificate(house, enrollment_id, spki)


def _key(content: bytes) -> bytes:
    """The SubjectPublicKeyInfo, proven to be the requester's; the rest of the request is not looked at."""
    try:
        return csr.parse(content).spki_der
    except PkiError as error:
        raise faults.BadCertificateRequest(f"The certification request is not acceptable: {error}.") from error


def _said(described: Description) -> dict[str, str]:
    return {
        "name": described.name,
        "os_version": described.os_version,
        "hwdevid": described.hwdevid,
        "type": described.store_type,
    }


def _account(house: House, admitted: Admitted, described: Description) -> Account:
    settings, enrollment_id = house.settings, admitted.enrollment_id
    device, server = _proofs(house, enrollment_id)
    return Account(
        enrollment_id=enrollment_id,
        organization=settings.organization,
        address=(settings.manage_url or settings.device_url) + MANAGEMENT,
        subject=trust.subject(admitted.certificate),
        store=provisioning.STORES[described.store_type],
        ca=issuance.authority(house).ca,
        certificate=admitted.certificate,
        device=device,
        server=server,
        device_name=described.name,
        user=str(admitted.said.get("user", "")),
        push_package=windows_settings.push_package(house),
    )


def _proofs(house: House, enrollment_id: str) -> tuple[Proof, Proof]:
    try:
        password = credentials.client_password(house, enrollment_id)
    except Unauthenticated:  # the first PC of all
        credentials.prepare(house)
        password = credentials.client_password(house, enrollment_id)
    device = Proof(enrollment_id, password, credentials.nonce(house, enrollment_id, 0))
    ours = credentials.server_password(house, enrollment_id)
    return device, Proof(credentials.SERVER, ours, credentials.fresh_nonce())
