"""A small MDM server for the simulated devices' own tests."""

from __future__ import annotations

import base64
import json
import plistlib
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.devices.apple import Reply
from tests.unit.devices.stub_scep import ScepStub, openssl, reply

HOST = "https://mdm.example.com"
TOPIC = "com.apple.mgmt.External.00000000-0000-4000-8000-000000000001"
EMPTY: dict[str, list[Any]] = {"Activations": [], "Configurations": [], "Assets": [], "Management": []}


class Stub(ScepStub):
    """Callable as a Transport. messages: everything that came in on the device routes, parsed."""

    def __init__(self, folder: Path | None = None, host: str = HOST) -> None:
        super().__init__(folder or Path(tempfile.mkdtemp()))
        self.host = host
        self.client_certificates: list[bytes | None] = []
        self.invited: list[dict[str, Any]] = []
        self.code = "invitation-code"
        self.messages: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.queue: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.profile_changes: dict[str, Any] = {}
        self.scep_changes: dict[str, Any] = {}
        self.declarations: dict[str, list[dict[str, Any]]] = {}
        self.ddm_changes: Callable[[str, Any], Any] = lambda endpoint, content: content
        self.status: list[dict[str, Any]] = []
        self.bootstrap: bytes | None = None
        self.answer: Reply | None = None

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.requests.append((method, url, headers, body))
        parts = urlsplit(url)
        assert url.startswith(self.host), url
        if self.answer is not None and parts.path in ("/apple/checkin", "/apple/connect"):
            return self.answer
        for prefix, route in self.routes().items():
            if parts.path.startswith(prefix):
                return route(method, url, headers, body)
        return reply(404, "text/plain", b"")

    def routes(self) -> dict[str, Callable[..., Reply]]:
        return {
            "/enroll/": self._page,
            "/apple/profile/": self._profile,
            "/apple/scep": self._scep,
            "/apple/ota/": self._ota,
            "/apple/checkin": self._checkin,
            "/apple/connect": self._connect,
            "/legacy": self._legacy,
            "/api/v1/invitations": self._invitation,
        }

    @property
    def page_url(self) -> str:
        return f"{self.host}/enroll/{self.code}"

    def _invitation(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert (method, headers["Authorization"]) == ("POST", "Bearer token")
        self.invited.append(json.loads(body))
        return reply(201, "application/json", json.dumps({"id": "1", "link": self.page_url}).encode())

    def _page(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        html = f'<html><a href="/x">no</a><p><a class="b" id="profile" href="/apple/profile/{self.code}">Go</a></html>'
        return reply(200, "text/html; charset=utf-8", html.encode())

    # -- profile

    def profile(self) -> dict[str, Any]:
        scep_uuid = str(uuid.uuid4())
        scep = _payload("com.apple.security.scep", uuid=scep_uuid, PayloadContent=self.scep_content())
        mdm = _payload(
            "com.apple.mdm",
            IdentityCertificateUUID=scep_uuid,
            Topic=TOPIC,
            ServerURL=f"{self.host}/apple/connect",
            CheckInURL=f"{self.host}/apple/checkin",
            SignMessage=True,
            AccessRights=8191,
            CheckOutWhenRemoved=True,
            ServerCapabilities=["com.apple.mdm.per-user-connections", "com.apple.mdm.bootstraptoken"],
        )
        mdm.update(self.profile_changes)
        mdm = {key: value for key, value in mdm.items() if value is not None}
        root = _payload("com.apple.security.root", PayloadContent=self.ca.der)
        return configuration("com.example.mdm", root, scep, mdm)

    def scep_content(self) -> dict[str, Any]:
        subject = [[["O", "Stub"]], [["CN", str(uuid.uuid4())]]]
        return {
            "URL": f"{self.host}/apple/scep",
            "Challenge": "secret",
            "Subject": subject,
            "Keysize": 2048,
            "Key Type": "RSA",
            "Key Usage": 5,
        } | self.scep_changes

    def signed(self, raw: bytes) -> bytes:
        return openssl(
            "cms",
            "-sign",
            "-nodetach",
            "-binary",
            "-outform",
            "DER",
            "-signer",
            str(self.folder / "ra.pem"),
            "-inkey",
            str(self.folder / "ra.key"),
            "-certfile",
            str(self.folder / "ca.pem"),
            data=raw,
        ).stdout

    def _profile(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        query = urlsplit(url).query
        if "ota=1" in query:
            service = _payload(
                "Profile Service",
                PayloadContent={
                    "URL": f"{self.host}/apple/ota/{self.code}",
                    "DeviceAttributes": ["UDID", "SERIAL", "PRODUCT"],
                    "Challenge": "ota",
                },
            )
            return _config(self.signed(plistlib.dumps(service)))
        raw = plistlib.dumps(self.profile())
        return _config(raw if "unsigned=1" in query else self.signed(raw))

    def _ota(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        content, signer = self._verified(body, "-noverify")
        said = plistlib.loads(content)
        self.messages.append(said)
        whole = self.profile()
        if signer.issuer == self.ca.certificate.subject:
            return _config(self.signed(plistlib.dumps(whole)))
        only_scep = [one for one in whole["PayloadContent"] if one["PayloadType"] == "com.apple.security.scep"]
        return _config(self.signed(plistlib.dumps(configuration("com.example.ota", *only_scep))))

    def _legacy(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        return _config(plistlib.dumps(configuration("com.example.legacy", _payload("com.apple.example.legacy"))))

    # -- device routes

    def _received(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        content = plistlib.loads(body)
        if "Mdm-Signature" in headers:
            self._verified(base64.b64decode(headers["Mdm-Signature"]), content=body)
        self.messages.append(content)
        return dict(content)

    def _checkin(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        said = self._received(headers, body)
        if said["MessageType"] == "DeclarativeManagement":
            return self._ddm(said)
        if said["MessageType"] == "SetBootstrapToken":
            self.bootstrap = said.get("BootstrapToken")
        if said["MessageType"] == "GetBootstrapToken" and self.bootstrap:
            return reply(200, "application/xml", plistlib.dumps({"BootstrapToken": self.bootstrap}))
        return reply(410 if said["MessageType"] == "UserAuthenticate" else 200, "text/plain", b"")

    def _connect(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        said = self._received(headers, body)
        if said["Status"] != "Idle":
            self.reports.append(said)
            if said["Status"] != "NotNow":
                self.queue = [one for one in self.queue if one["CommandUUID"] != said["CommandUUID"]]
        deferred = {one["CommandUUID"] for one in self.reports if one["Status"] == "NotNow"}
        skipped = deferred if said["Status"] == "NotNow" else set()
        waiting = [one for one in self.queue if one["CommandUUID"] not in skipped]
        return reply(200, "application/xml", plistlib.dumps(waiting[0]) if waiting else b"")

    def command(self, request_type: str, **keys: Any) -> str:
        self.queue.append({"CommandUUID": str(uuid.uuid4()), "Command": {"RequestType": request_type, **keys}})
        return str(self.queue[-1]["CommandUUID"])

    # -- declarations

    def declare(self, array: str, kind: str, identifier: str, payload: Mapping[str, Any]) -> None:
        entry = {"Type": kind, "Identifier": identifier, "ServerToken": str(uuid.uuid4()), "Payload": dict(payload)}
        kept = [one for one in self.declarations.get(array, []) if one["Identifier"] != identifier]
        self.declarations[array] = [*kept, entry]

    def _ddm(self, said: Mapping[str, Any]) -> Reply:
        endpoint = said["Endpoint"]
        if endpoint == "status":
            self.status.append(json.loads(said["Data"]))
            return reply(200, "application/json", b"")
        content = self.ddm_changes(endpoint, self.ddm_answer(endpoint))
        return reply(200, "application/json", json.dumps(content).encode())

    def ddm_answer(self, endpoint: str) -> Any:
        tokens = [one["ServerToken"] for entries in self.declarations.values() for one in entries]
        token = str(hash(tuple(sorted(tokens))))
        if endpoint == "tokens":
            return {"SyncTokens": {"DeclarationsToken": token, "Timestamp": "2024-11-05T10:00:00Z"}}
        if endpoint == "declaration-items":
            arrays = {
                array: [{"Identifier": one["Identifier"], "ServerToken": one["ServerToken"]} for one in entries]
                for array, entries in {**EMPTY, **self.declarations}.items()
            }
            return {"Declarations": arrays, "DeclarationsToken": token}
        identifier = endpoint.split("/", 2)[2]
        return next(one for entries in self.declarations.values() for one in entries if one["Identifier"] == identifier)


def _payload(kind: str, **keys: Any) -> dict[str, Any]:
    own = keys.pop("uuid", str(uuid.uuid4()))
    return {
        "PayloadType": kind,
        "PayloadUUID": own,
        "PayloadIdentifier": f"com.example.{own}",
        "PayloadVersion": 1,
        **keys,
    }


def configuration(identifier: str, *payloads: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "PayloadType": "Configuration",
        "PayloadUUID": str(uuid.uuid4()),
        "PayloadIdentifier": identifier,
        "PayloadVersion": 1,
        "PayloadDisplayName": "Stub",
        "PayloadContent": list(payloads),
    }


payload = _payload


def _config(body: bytes) -> Reply:
    return reply(200, "application/x-apple-aspen-config", body)
