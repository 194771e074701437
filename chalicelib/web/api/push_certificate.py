"""Apple's push certificate of the organisation: request, upload, state."""

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import Field

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.house import House
from chalicelib.model.people import Principal
from chalicelib.web.api.common import Input, Moment, View
from chalicelib.web.routing import Ask, Nothing

DAY = 86_400


class PushCertificates(Protocol):
    """What the Apple platform offers under `push_certificates`."""

    def request(self, house: House, principal: Principal) -> bytes: ...

    def upload(self, house: House, principal: Principal, pem: bytes) -> None: ...

    def status(self, house: House) -> Mapping[str, Any] | None: ...


class CertificateRequest(View):
    """For identity.apple.com, after the vendor's signature."""

    request: str = Field(description="PKCS #10, PEM.")


class Upload(Input):
    certificate: str = Field(min_length=1, max_length=20_000, description="What identity.apple.com issued, PEM.")


class PushCertificate(View):
    topic: str
    serial: str
    not_after: Moment
    days_left: int


def request(ask: Ask[Nothing]) -> CertificateRequest:
    pem = _certificates(ask.house).request(ask.house, ask.principal)
    return CertificateRequest(request=pem.decode())


def upload(ask: Ask[Upload]) -> PushCertificate:
    _certificates(ask.house).upload(ask.house, ask.principal, ask.given.certificate.encode())
    return _status(ask.house)


def show(ask: Ask[Nothing]) -> PushCertificate:
    return _status(ask.house)


def _status(house: House) -> PushCertificate:
    status = _certificates(house).status(house)
    if status is None:
        raise NotFound("There is no push certificate yet; start with `muster apple push-cert request`.")
    days = (int(status["not_after"]) - house.clock()) // DAY
    return PushCertificate.model_validate({**status, "days_left": days})


def _certificates(house: House) -> PushCertificates:
    certificates: PushCertificates | None = getattr(house.platforms.get("apple"), "push_certificates", None)
    if certificates is None:
        raise Unavailable("This deployment does not manage Apple devices.")
    return certificates
