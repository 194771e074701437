"""Who speaks: the certificate behind a Mdm-Signature header or a mutual TLS connection, before anything is read."""

from dataclasses import dataclass

from chalicelib.core import authority
from chalicelib.core.errors import BadRequest, Forbidden, NotFound, Unauthenticated
from chalicelib.core.house import House
from chalicelib.pki import cms, trust
from chalicelib.pki.errors import BadMessage, Expired, PkiError
from chalicelib.platforms.http import Request

SIGNATURE = "mdm-signature"


@dataclass(frozen=True, slots=True)
class Proof:
    """A certificate of ours, in force, whose key signed this very body (or opened this very connection)."""

    enrollment_id: str
    fingerprint: str


def prove(house: House, request: Request) -> Proof:
    """BadRequest (malformed), Unauthenticated (no proof), Forbidden (not ours, expired): at most one read a process."""
    try:
        certificate = _certificate(request)
        who = trust.check_issued(certificate, _anchor(house), authority.time(house))
    except BadMessage as error:
        raise BadRequest(f"The signature cannot be read: {error}.") from error
    except Expired as error:
        raise Unauthenticated("The identity certificate has expired.") from error
    except PkiError as error:
        raise Unauthenticated(f"The identity is not proven: {error}.") from error
    return Proof(who.common_name, who.fingerprint)


def _certificate(request: Request) -> bytes:
    header = request.headers.get(SIGNATURE, "")
    tls = trust.client_certificate(request.client_certificate) if request.client_certificate else b""
    if not header:
        return tls or _nobody()
    signer = cms.verify_detached(cms.decode_header(header), request.body).certificate
    if tls and tls != signer:
        raise Forbidden("The connection and the signature belong to different certificates.")
    return signer


def _nobody() -> bytes:
    raise Unauthenticated("The request carries no proof of identity.")


def _anchor(house: House) -> bytes:
    try:
        return authority.known(house).ca
    except NotFound as error:
        raise Unauthenticated("No certificate has been issued yet.") from error
