"""Refusals as the enrollment client shows them: SOAP faults with its subcodes and error types (MS-MDE2 §2.2.10).

The client knows a fault by the error type, else by the subcode; the text stands in its log and, for some, on screen.
"""

from dataclasses import dataclass

from chalicelib.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    MusterError,
    NotFound,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)
from chalicelib.platforms.http import Response
from chalicelib.platforms.windows import soap
from chalicelib.platforms.windows.soap import InvalidSecurity, Tree, add

ACTION = f"{soap.ENROLLMENT}/RSTRC/wstep"
NO_STORE = {"cache-control": "no-store"}


class DeviceNotSupported(Unprocessable):
    """Not a Windows PC that speaks our version of the protocol."""


class NotSupported(Forbidden):
    """This way of enrolling is closed here."""


class InvalidEnrollmentData(Unprocessable):
    """What the device says of itself does not hold together."""


class BadCertificateRequest(Unprocessable):
    """The certification request is malformed, weak, or not signed by its own key."""


class NotEligibleToRenew(Forbidden):
    """The certificate cannot be renewed: the PC has to enroll again."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`error_type` of the detail, or "" where the subcode says it all. Prefixes: s is SOAP's, a is WS-Addressing's."""

    subcode: str
    error_type: str = ""


INTERNAL = Kind("a:InternalServiceFault")
# The first that fits tells.
KINDS: tuple[tuple[type[MusterError], Kind], ...] = (
    (InvalidSecurity, Kind("a:InvalidSecurity")),
    (DeviceNotSupported, Kind("s:MessageFormat", "DeviceNotSupported")),
    (NotSupported, Kind("s:Authorization", "NotSupported")),
    (InvalidEnrollmentData, Kind("s:MessageFormat", "InvalidEnrollmentData")),
    (BadCertificateRequest, Kind("s:CertificateRequest")),
    (NotEligibleToRenew, Kind("s:CertificateRequest", "NotEligibleToRenew")),
    (BadRequest, Kind("s:MessageFormat")),
    (Unauthenticated, Kind("s:Authentication")),
    (NotFound, Kind("s:Authentication")),  # no such invitation: a wrong password
    (Gone, Kind("s:Authorization")),
    (Forbidden, Kind("s:Authorization")),
    (Conflict, Kind("s:EnrollmentServer", "InMaintenance")),  # others were faster again and again: retry
    (Unavailable, Kind("s:EnrollmentServer", "InMaintenance")),
    (MusterError, INTERNAL),
)


def kind_of(error: MusterError) -> Kind:
    return next(kind for sort, kind in KINDS if isinstance(error, sort))


def response(error: MusterError, relates_to: str = "") -> Response:
    """HTTP 500, as SOAP 1.2's binding has it for faults of the receiver, which is what the client expects."""
    activity = soap.activity_id()
    body = soap.answer(ACTION, relates_to, _fault(kind_of(error), error.public, activity), activity=activity)
    log = {"error": type(error).__name__, "reason": str(error), "trace": activity}
    return Response(500, body, soap.CONTENT_TYPE, NO_STORE, log)


def _fault(kind: Kind, text: str, activity: str) -> Tree:
    fault = Tree("s:Fault")
    code = add(fault, "s:Code")
    add(code, "s:Value", "s:Receiver")
    add(add(code, "s:Subcode"), "s:Value", kind.subcode)
    add(add(fault, "s:Reason"), "s:Text", text, {"xml:lang": "en-US"})
    detail = add(add(fault, "s:Detail"), "DeviceEnrollmentServiceError", None, {"xmlns": soap.ENROLLMENT})
    add(detail, "ErrorType", kind.error_type or kind.subcode.partition(":")[2])
    add(detail, "Message", text)
    add(detail, "TraceId", activity)
    return fault
