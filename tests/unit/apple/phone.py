"""A device for the tests of the device plane: it builds its messages by hand and signs them with its own key."""

import base64
import json
import plistlib
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7

from chalicelib.core import commands, enrollment, invitations, issuance
from chalicelib.core.house import House
from chalicelib.core.ports import Poll
from chalicelib.gateway import handler, routes
from chalicelib.model.command import Command
from chalicelib.model.device import Device, Ownership
from chalicelib.model.people import Principal, Role

ADMIN = Principal("anna", Role.ADMIN, person=True)
TOPIC = "com.apple.mgmt.External.0e7ab1c4"
CHECKIN = "application/x-apple-aspen-mdm-checkin"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def plist(self) -> Any:
        return plistlib.loads(self.body)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def command(self) -> tuple[str, str]:
        """CommandUUID and RequestType, or two empty strings."""
        if not self.body:
            return "", ""
        return self.plist["CommandUUID"], self.plist["Command"]["RequestType"]


def event(path: str, body: bytes = b"", headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """An HTTP API event, payload format 2.0."""
    context = {"http": {"method": more.pop("method", "PUT")}, "stage": "$default", "requestId": "r-1"}
    return {
        "version": "2.0", "rawPath": path, "rawQueryString": more.pop("query", ""), "headers": headers or {},
        "requestContext": context | more.pop("context", {}), "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True, **more,
    }  # fmt: skip


def call(house: House, function: Any, sent: dict[str, Any]) -> Answer:
    name = function.__name__.rsplit(".", 1)[-1]
    got = routes.handle(name, function.ROUTES, lambda: house, sent)
    body = got["body"]
    return Answer(
        got["statusCode"], got["headers"], base64.b64decode(body) if got["isBase64Encoded"] else body.encode()
    )


def sign(body: bytes, key: rsa.RSAPrivateKey, certificate: bytes, *, attached: bool = False) -> str:
    options = [] if attached else [pkcs7.PKCS7Options.DetachedSignature]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(body)
    builder = builder.add_signer(x509.load_der_x509_certificate(certificate), key, hashes.SHA256())
    return base64.b64encode(builder.sign(Encoding.DER, [*options, pkcs7.PKCS7Options.Binary])).decode()


KEYS = [rsa.generate_private_key(65537, 2048) for _ in range(2)]  # making one takes long, and none is secret


@dataclass
class Phone:
    house: House
    udid: str = "663b07bb783e9ade1dae4fbb92ea12afc0ce5b69"
    serial: str = "F5JM992LF193"
    product: str = "iPhone16,1"
    os_version: str = "18.1"
    ownership: Ownership = Ownership.CORPORATE
    replaces: str = ""
    number: int = 0
    enrollment_id: str = ""
    certificate: bytes = field(default=b"", repr=False)

    @property
    def key(self) -> rsa.RSAPrivateKey:
        return KEYS[self.number % len(KEYS)]

    @property
    def spki(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    # what the enrollment profile does
    def obtain_certificate(self) -> "Phone":
        _, code = invitations.create(self.house, ADMIN, ownership=self.ownership, replaces=self.replaces)
        offer = invitations.offer(self.house, code)
        self.certificate = enrollment.issue(
            self.house, offer.challenge.reveal(), "t1", "k1",
            lambda enrollment_id: issuance.issue_certificate(self.house, enrollment_id, self.spki),
        )  # fmt: skip
        self.enrollment_id = offer.enrollment_id
        return self

    def enroll(self) -> "Phone":
        self.obtain_certificate()
        assert self.checkin("Authenticate", **self.authentication).status == 200
        assert self.token_update().status == 200
        return self

    @property
    def authentication(self) -> dict[str, Any]:
        return {"Topic": TOPIC, "OSVersion": self.os_version, "BuildVersion": "22B83", "ProductName": self.product,
                "SerialNumber": self.serial}  # fmt: skip

    def token_update(self, **keys: Any) -> Answer:
        return self.checkin("TokenUpdate", **{"Topic": TOPIC, "Token": b"\1" * 32, "PushMagic": "M", **keys})

    # the two channels
    def checkin(self, message: str, **keys: Any) -> Answer:
        body = plistlib.dumps({"MessageType": message, "UDID": self.udid, **keys})
        return self.send("/apple/checkin", body, {"content-type": CHECKIN})

    def report(self, status: str, command_id: str = "", **keys: Any) -> Answer:
        named = {"CommandUUID": command_id} if command_id else {}
        return self.send("/apple/connect", plistlib.dumps({"Status": status, "UDID": self.udid, **named, **keys}))

    def idle(self, **keys: Any) -> Answer:
        return self.report("Idle", **keys)

    def declarative(self, endpoint: str, data: Any = None, **keys: Any) -> Answer:
        named = {"Data": json.dumps(data).encode()} if data is not None else {}
        return self.checkin("DeclarativeManagement", Endpoint=endpoint, **named, **keys)

    def send(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, signed: bytes | None = None
    ) -> Answer:
        signature = sign(body if signed is None else signed, self.key, self.certificate)
        return call(self.house, handler, event(path, body, {"mdm-signature": signature, **(headers or {})}))

    # what the tests look at
    @property
    def poll(self) -> Poll:
        poll = self.house.store.poll(self.enrollment_id)
        assert poll is not None
        return poll

    @property
    def device(self) -> Device:
        return self.house.store.get(Device, self.poll.enrollment.device_id)

    def settle(self) -> "Phone":
        """Answers what the server asks by itself after an enrollment, so that the next poll is idle."""
        answer = self.idle()
        for _ in range(12):
            command_id, request_type = answer.command
            if not command_id:
                return self
            if request_type == "DeclarativeManagement":
                self.declarative("tokens")
            answer = self.report("Acknowledged", command_id, **ANSWERS.get(request_type, {}))
        raise AssertionError("the session does not end")


def ask(phone: Phone, action: str = "restart", **params: Any) -> Command:
    return commands.request(phone.house, ADMIN, phone.device.id, action, params)


ANSWERS: dict[str, dict[str, Any]] = {
    "DeviceInformation": {"QueryResponses": {"DeviceName": "Anna's iPhone", "OSVersion": "18.1", "IsSupervised": True,
                                             "DeviceCapacity": 128.0, "BatteryLevel": 0.5}},
    "SecurityInfo": {"SecurityInfo": {"HardwareEncryptionCaps": 3, "PasscodePresent": True, "PasscodeCompliant": True}},
    "InstalledApplicationList": {"InstalledApplicationList": [{"Identifier": "com.example.a", "Name": "A"}]},
    "CertificateList": {"CertificateList": [{"CommonName": "x", "IsIdentity": True, "Data": b"der"}]},
    "ProfileList": {"ProfileList": [{"PayloadIdentifier": "org.muster.enrollment", "PayloadUUID": "U"}]},
}  # fmt: skip
