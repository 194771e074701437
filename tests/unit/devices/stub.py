"""A small MDM server for the simulated devices' own tests; OpenSSL's command line is its cryptographic oracle."""

from __future__ import annotations

import base64
import json
import plistlib
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from asn1crypto import cms, core, csr
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from tests.devices.apple import Reply
from tests.devices.apple.forge import Authority

HOST = "https://mdm.example.com"
TOPIC = "com.apple.mgmt.External.00000000-0000-4000-8000-000000000001"
OID = "2.16.840.1.113733.1.9."


def openssl(*arguments: str, data: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


class Stub:
    """Callable as a Transport. messages: everything that came in on the device routes, parsed."""

    def __init__(self, folder: Path | None = None, host: str = HOST) -> None:
        self.folder = folder or Path(tempfile.mkdtemp())
        self.host = host
        self.ca, self.code = Authority("Stub CA"), "invitation-code"
        self.ra = self.ca.issue("Stub RA")
        self.messages: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.queue: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []
        self.issued: dict[str, bytes] = {}  # transactionID → certificate
        self.profile_changes: dict[str, Any] = {}
        self.scep_refusal: str | None = None
        self.scep_changes: dict[str, Any] = {}
        self.declarations: dict[str, list[dict[str, Any]]] = {}
        self.ddm_changes: Callable[[str, Any], Any] = lambda endpoint, content: content
        self.status: list[dict[str, Any]] = []
        self.bootstrap: bytes | None = None
        self.answer: Reply | None = None
        self.ciphers: list[str] = []
        self._write("ca.pem", self.ca.pem.encode())
        self._write("ra.pem", self.ra.certificate_pem)
        self._write("ra.key", self.ra.key_pem)

    def _write(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.requests.append((method, url, headers, body))
        parts = urlsplit(url)
        assert url.startswith(self.host), url
        if self.answer is not None and parts.path in ("/apple/checkin", "/apple/connect"):
            return self.answer
        for prefix, route in self.routes().items():
            if parts.path.startswith(prefix):
                return route(method, url, headers, body)
        return _reply(404, "text/plain", b"")

    def routes(self) -> dict[str, Callable[..., Reply]]:
        return {
            "/enroll/": self._page, "/apple/profile/": self._profile, "/apple/scep": self._scep,
            "/apple/ota/": self._ota, "/apple/checkin": self._checkin, "/apple/connect": self._connect,
            "/legacy": self._legacy,
        }  # fmt: skip

    @property
    def page_url(self) -> str:
        return f"{self.host}/enroll/{self.code}"

    def _page(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        html = f'<html><a href="/x">no</a><p><a class="b" id="profile" href="/apple/profile/{self.code}">Go</a></html>'
        return _reply(200, "text/html; charset=utf-8", html.encode())

    # -- profile

    def profile(self) -> dict[str, Any]:
        scep_uuid = str(uuid.uuid4())
        scep = _payload("com.apple.security.scep", uuid=scep_uuid, PayloadContent=self.scep_content())
        mdm = _payload(
            "com.apple.mdm", IdentityCertificateUUID=scep_uuid, Topic=TOPIC, ServerURL=f"{self.host}/apple/connect",
            CheckInURL=f"{self.host}/apple/checkin", SignMessage=True, AccessRights=8191, CheckOutWhenRemoved=True,
            ServerCapabilities=["com.apple.mdm.per-user-connections", "com.apple.mdm.bootstraptoken"],
        )  # fmt: skip
        mdm.update(self.profile_changes)
        mdm = {key: value for key, value in mdm.items() if value is not None}
        root = _payload("com.apple.security.root", PayloadContent=self.ca.der)
        return configuration("com.example.mdm", root, scep, mdm)

    def scep_content(self) -> dict[str, Any]:
        subject = [[["O", "Stub"]], [["CN", str(uuid.uuid4())]]]
        return {"URL": f"{self.host}/apple/scep", "Challenge": "secret", "Subject": subject, "Keysize": 2048, "Key Type": "RSA",
                "Key Usage": 5} | self.scep_changes  # fmt: skip

    def signed(self, raw: bytes) -> bytes:
        return openssl(
            "cms", "-sign", "-nodetach", "-binary", "-outform", "DER", "-signer", str(self.folder / "ra.pem"),
            "-inkey", str(self.folder / "ra.key"), "-certfile", str(self.folder / "ca.pem"), data=raw,
        ).stdout  # fmt: skip

    def _profile(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        query = urlsplit(url).query
        if "ota=1" in query:
            service = _payload("Profile Service", PayloadContent={"URL": f"{self.host}/apple/ota/{self.code}",
                               "DeviceAttributes": ["UDID", "SERIAL", "PRODUCT"], "Challenge": "ota"})  # fmt: skip
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

    # -- identity

    def _verified(self, der: bytes, *options: str, content: bytes | None = None) -> tuple[bytes, x509.Certificate]:
        message, out = self._write("in.der", der), str(self.folder / "signer.pem")
        detached = ["-content", self._write("in.body", content)] if content is not None else []
        done = openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", message, "-signer", out, "-purpose", "any",
                       *detached, *(options or ("-CAfile", str(self.folder / "ca.pem"))))  # fmt: skip
        return done.stdout, x509.load_pem_x509_certificate(Path(out).read_bytes())

    def _scep(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        query = parse_qs(urlsplit(url).query.replace("+", "%2B"))
        operation = query["operation"][0]
        if operation == "GetCACaps":
            return _reply(200, "text/plain", b"Renewal\nSHA-1\nSHA-256\nAES\nDES3\nSCEPStandard\nPOSTPKIOperation\n")
        if operation == "GetCACert":
            return _reply(200, "application/x-x509-ca-ra-cert", degenerate(self.ra.certificate, self.ca.der))
        if method == "GET":
            text = unquote(query["message"][0])
            body = base64.urlsafe_b64decode(text) if "-" in text or "_" in text else base64.b64decode(text)
        return _reply(200, "application/x-pki-message", self._pki_operation(body))

    def _pki_operation(self, der: bytes) -> bytes:
        envelope, signer = self._verified(der, "-noverify")
        attributes = {one["type"].dotted: one["values"][0].native for one in
                      cms.ContentInfo.load(der)["content"]["signer_infos"][0]["signed_attrs"]}  # fmt: skip
        info = cms.ContentInfo.load(envelope)["content"]["encrypted_content_info"]
        self.ciphers.append(info["content_encryption_algorithm"]["algorithm"].dotted)
        opened = openssl("cms", "-decrypt", "-inform", "DER", "-recip", str(self.folder / "ra.pem"), "-inkey",
                         str(self.folder / "ra.key"), "-provider", "default", "-provider", "legacy", data=envelope).stdout  # fmt: skip
        openssl("req", "-inform", "DER", "-verify", "-noout", data=opened)
        request = csr.CertificationRequest.load(opened)["certification_request_info"]
        transaction = attributes[OID + "7"]
        if attributes[OID + "2"] == "17":
            signer.verify_directly_issued_by(self.ca.certificate)
        elif self._challenge(request) != "secret":
            self.scep_refusal = "2"
        if self.scep_refusal:
            return self._cert_rep(attributes, {"3": "2", "4": self.scep_refusal}, None)
        if transaction not in self.issued:
            self.issued[transaction] = self._issue(request)
        sealed = self._seal(degenerate(self.issued[transaction], self.ca.der), signer)
        return self._cert_rep(attributes, {"3": "0"}, sealed)

    @staticmethod
    def _challenge(request: csr.CertificationRequestInfo) -> str | None:
        found = [one["values"][0].native for one in request["attributes"] if one["type"].dotted == "1.2.840.113549.1.9.7"]
        return found[0] if found else None

    def _issue(self, request: csr.CertificationRequestInfo) -> bytes:
        public = serialization.load_der_public_key(request["subject_pk_info"].dump())
        common_name = request["subject"].native["common_name"]
        now = self.ca.certificate.not_valid_before_utc
        built = (
            x509.CertificateBuilder().serial_number(x509.random_serial_number()).not_valid_before(now)
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self.ca.name).not_valid_after(self.ca.certificate.not_valid_after_utc).public_key(public)  # type: ignore[arg-type]
            .add_extension(x509.KeyUsage(True, False, True, False, False, False, False, False, False), critical=True)
            .sign(self.ca.key, hashes.SHA256())
        )  # fmt: skip
        return built.public_bytes(serialization.Encoding.DER)

    def _seal(self, content: bytes, to: x509.Certificate) -> bytes:
        path = self._write("to.pem", to.public_bytes(serialization.Encoding.PEM))
        return openssl("cms", "-encrypt", "-binary", "-aes-128-cbc", "-outform", "DER", path, data=content).stdout

    def _cert_rep(self, attributes: Mapping[str, Any], said: Mapping[str, str], content: bytes | None) -> bytes:
        values: list[tuple[str, Any]] = [("2", core.PrintableString("3")), ("5", core.OctetString(b"n" * 16))]
        values += [("6", core.OctetString(attributes[OID + "5"])), ("7", core.PrintableString(attributes[OID + "7"]))]
        values += [(number, core.PrintableString(text)) for number, text in said.items()]
        return sign_by_hand(self.ra.certificate, self.ra.key, content, [(OID + n, value) for n, value in values])

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
            return _reply(200, "application/xml", plistlib.dumps({"BootstrapToken": self.bootstrap}))
        return _reply(410 if said["MessageType"] == "UserAuthenticate" else 200, "text/plain", b"")

    def _connect(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        said = self._received(headers, body)
        if said["Status"] != "Idle":
            self.reports.append(said)
            if said["Status"] != "NotNow":
                self.queue = [one for one in self.queue if one["CommandUUID"] != said["CommandUUID"]]
        skipped = {one["CommandUUID"] for one in self.reports if one["Status"] == "NotNow"} if said["Status"] == "NotNow" else set()
        waiting = [one for one in self.queue if one["CommandUUID"] not in skipped]
        return _reply(200, "application/xml", plistlib.dumps(waiting[0]) if waiting else b"")

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
            return _reply(200, "application/json", b"")
        content = self.ddm_changes(endpoint, self.ddm_answer(endpoint))
        return _reply(200, "application/json", json.dumps(content).encode())

    def ddm_answer(self, endpoint: str) -> Any:
        tokens = [one["ServerToken"] for entries in self.declarations.values() for one in entries]
        token = str(hash(tuple(sorted(tokens))))
        if endpoint == "tokens":
            return {"SyncTokens": {"DeclarationsToken": token, "Timestamp": "2024-11-05T10:00:00Z"}}
        if endpoint == "declaration-items":
            arrays = {
                array: [{key: one[key] for key in ("Identifier", "ServerToken")} for one in self.declarations.get(array, [])]
                for array in ("Activations", "Configurations", "Assets", "Management")
            }
            return {"Declarations": arrays, "DeclarationsToken": token}
        identifier = endpoint.split("/", 2)[2]
        return next(one for entries in self.declarations.values() for one in entries if one["Identifier"] == identifier)


def _payload(kind: str, **keys: Any) -> dict[str, Any]:
    own = keys.pop("uuid", str(uuid.uuid4()))
    return {"PayloadType": kind, "PayloadUUID": own, "PayloadIdentifier": f"com.example.{own}", "PayloadVersion": 1, **keys}


def configuration(identifier: str, *payloads: Mapping[str, Any]) -> dict[str, Any]:
    return {"PayloadType": "Configuration", "PayloadUUID": str(uuid.uuid4()), "PayloadIdentifier": identifier,
            "PayloadVersion": 1, "PayloadDisplayName": "Stub", "PayloadContent": list(payloads)}  # fmt: skip


payload = _payload


def _reply(status: int, kind: str, body: bytes) -> Reply:
    return Reply(status, {"content-type": kind, "content-length": str(len(body))}, body)


def _config(body: bytes) -> Reply:
    return _reply(200, "application/x-apple-aspen-config", body)


def degenerate(*certificates: bytes) -> bytes:
    # The issued certificate stays first, whatever DER would sort: a SET by hand, as an OCTET STRING with another tag.
    ordered = cms.CertificateSet.load(b"\x31" + core.OctetString(b"".join(certificates)).dump()[1:])
    data = cms.SignedData({"version": "v1", "digest_algorithms": [], "encap_content_info": {"content_type": "data"},
                           "certificates": ordered, "signer_infos": []})  # fmt: skip
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())


def sign_by_hand(certificate: bytes, key: Any, content: bytes | None, attributes: list[tuple[str, Any]]) -> bytes:
    """A CertRep's SignedData, built apart from the client's own code."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(content or b"")
    signed = cms.CMSAttributes(
        [cms.CMSAttribute({"type": cms.CMSAttributeType(oid), "values": [value]}) for oid, value in
         [("1.2.840.113549.1.9.3", cms.ContentType("data")), ("1.2.840.113549.1.9.4", core.OctetString(digest.finalize())), *attributes]]
    )  # fmt: skip
    signer = asn1_x509.Certificate.load(certificate)
    info = cms.SignerInfo({
        "version": "v1", "digest_algorithm": {"algorithm": "sha256"}, "signed_attrs": signed,
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": {"issuer": signer.issuer, "serial_number": signer.serial_number}}),
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
        "signature": key.sign(signed.dump(), padding.PKCS1v15(), hashes.SHA256()),
    })  # fmt: skip
    inner: dict[str, Any] = {"content_type": "data"} if content is None else {"content_type": "data", "content": content}
    data = cms.SignedData({"version": "v1", "digest_algorithms": [{"algorithm": "sha256"}], "encap_content_info": inner,
                           "certificates": [signer], "signer_infos": [info]})  # fmt: skip
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())
