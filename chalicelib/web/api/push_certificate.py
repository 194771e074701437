"""Apple's push certificate of the organisation: request, upload, state."""

from typing import Any, Protocol

from pydantic import Field, SecretStr

from chalicelib.core.errors import NotFound
from chalicelib.core.house import House
from chalicelib.model.people import Principal
from chalicelib.model.secret import Secret
from chalicelib.web.api.common import Input, Moment, View, offered
from chalicelib.web.routing import Ask, Nothing

DAY = 86_400


class PushCertificates(Protocol):
    """What the Apple platform offers under `push_certificates`: its module platforms/apple/push_certificate.py."""

    Vendor: Any

    def create_request(self, house: House, principal: Principal, vendor: Any = None) -> Any: ...

    def upload(self, house: House, principal: Principal, pem: str) -> Any: ...

    def current(self, house: House) -> Any: ...


class VendorKey(Input):
    """An MDM vendor certificate with its key signs the request; without one the plain request is for your vendor."""

    vendor_certificate: str = Field("", max_length=20_000, description="PEM, with its chain.")
    vendor_key: SecretStr = Field(SecretStr(""), max_length=20_000, description="PEM.")


class CertificateRequest(View):
    request: str = Field(description="For identity.apple.com/pushcert if the vendor signed it, else PKCS #10 in PEM.")
    filename: str


class Upload(Input):
    certificate: SecretStr = Field(min_length=1, max_length=40_000, description="PEM; its key too, if made elsewhere.")


class PushCertificate(View):
    topic: str
    serial: str
    not_after: Moment
    days_left: int


def request(ask: Ask[VendorKey]) -> CertificateRequest:
    certificates, wish = _certificates(ask.house), ask.given
    vendor = None
    if wish.vendor_certificate:
        vendor = certificates.Vendor.read(wish.vendor_certificate, Secret(wish.vendor_key.get_secret_value()))
    made = certificates.create_request(ask.house, ask.principal, vendor)
    return CertificateRequest(request=made.body.decode(), filename=made.filename)


def upload(ask: Ask[Upload]) -> PushCertificate:
    _certificates(ask.house).upload(ask.house, ask.principal, ask.given.certificate.get_secret_value())
    return _status(ask.house)


def show(ask: Ask[Nothing]) -> PushCertificate:
    return _status(ask.house)


def _status(house: House) -> PushCertificate:
    current = _certificates(house).current(house)
    if current is None:
        raise NotFound("There is no push certificate yet; start with `muster apple push-cert request`.")
    return PushCertificate.of(current, days_left=(current.not_after - house.clock()) // DAY)


def _certificates(house: House) -> PushCertificates:
    certificates: PushCertificates = offered(house, "apple", "push_certificates")
    return certificates
