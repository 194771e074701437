"""The SCEP responder (RFC 8894): capabilities, certificates, and PKIOperation in all the forms that clients send."""

import base64
import binascii
from collections.abc import Callable, Mapping
from hashlib import sha256

from chalicelib.core import authority, enrollment, issuance
from chalicelib.core.enrollment import IssuedCertificate
from chalicelib.core.errors import BadRequest, Conflict, Forbidden
from chalicelib.core.house import House
from chalicelib.pki import ca as ca_pki
from chalicelib.pki import scep
from chalicelib.pki.csr import SigningRequest
from chalicelib.pki.errors import PkiError
from chalicelib.pki.scep import FailInfo, MessageType, Transaction
from chalicelib.platforms.http import Request, Response

REPLY_TYPE = "application/x-pki-message"


def serve(house: House, request: Request) -> Response:
    operation = _OPERATIONS.get(request.parameter("operation"))
    if operation is None:
        raise BadRequest("operation must be GetCACaps, GetCACert or PKIOperation.")
    return operation(house, request)


def _capabilities(house: House, request: Request) -> Response:
    return Response(body=scep.getcacaps(), content_type="text/plain")


def _certificates(house: House, request: Request) -> Response:
    made = issuance.authority(house)
    body, content_type = scep.getcacert([made.ra, made.ca])
    return Response(body=body, content_type=content_type)


def _operate(house: House, request: Request) -> Response:
    try:
        transaction = scep.open_message(_message(request))
    except PkiError as error:
        raise BadRequest(f"The SCEP message is not acceptable: {error}.") from error
    body = _decide(house, transaction)
    return Response(body=body, content_type=REPLY_TYPE, log={"message": transaction.message_type.name})


def _message(request: Request) -> bytes:
    """The body where there is one, even if the query holds a message too; else base64 in either alphabet."""
    if request.body:
        return request.body
    text = "".join(request.parameter("message").split())
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The SCEP message is not base64.") from error


def _decide(house: House, transaction: Transaction) -> bytes:
    registration = issuance.registration(house)
    issuer = _ISSUERS.get(transaction.message_type)
    if issuer is None:  # nothing is ever pending here
        return scep.failure(transaction, FailInfo.BAD_CERT_ID, registration)
    try:
        issued = issuer(house, transaction, scep.read_request(transaction, [registration]))
    except PkiError as error:
        return scep.failure(transaction, scep.fail_info(error), registration)
    except (Forbidden, Conflict):
        return scep.failure(transaction, FailInfo.BAD_REQUEST, registration)
    return scep.success(transaction, issued, issuance.authority(house).ca, registration)


def _issue(house: House, transaction: Transaction, request: SigningRequest) -> bytes:
    if not request.challenge:
        raise Forbidden("The request has no challenge.")
    key_digest = sha256(request.spki_der).hexdigest()
    make = _maker(house, request)
    return enrollment.issue(house, request.challenge, transaction.transaction_id, key_digest, make)


def _renew(house: House, transaction: Transaction, request: SigningRequest) -> bytes:
    known = issuance.authority(house).ca
    holder = ca_pki.check_renewal(transaction.signer, request, known, authority.time(house))
    return enrollment.renew(house, holder.common_name, holder.fingerprint, _maker(house, request))


def _maker(house: House, request: SigningRequest) -> Callable[[str], IssuedCertificate]:
    return lambda enrollment_id: issuance.issue_certificate(house, enrollment_id, request.spki_der)


_ISSUERS: Mapping[MessageType, Callable[[House, Transaction, SigningRequest], bytes]] = {
    MessageType.PKCS_REQ: _issue,
    MessageType.RENEWAL_REQ: _renew,
}
_OPERATIONS: Mapping[str, Callable[[House, Request], Response]] = {
    "GetCACaps": _capabilities,
    "GetCACert": _certificates,
    "PKIOperation": _operate,
}
