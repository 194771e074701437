"""The certificate authority of the stub server: SCEP's server side by hand, OpenSSL's command line as the oracle."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Mapping
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

OID = "2.16.840.1.113733.1.9."


def openssl(*arguments: str, data: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=False)
    assert not check or done.returncode == 0, done.stderr.decode()
    return done


def reply(status: int, kind: str, body: bytes) -> Reply:
    return Reply(status, {"content-type": kind, "content-length": str(len(body))}, body)


class ScepStub:
    """Issues certificates; scep_refusal answers every request with that failInfo."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = Authority("Stub CA")
        self.ra = self.ca.issue("Stub RA")
        self.issued: dict[str, bytes] = {}  # transactionID → certificate
        self.scep_refusal: str | None = None
        self.rep_changes: dict[str, Any] = {}  # attribute number → value instead
        self.ciphers: list[str] = []
        self._write("ca.pem", self.ca.pem.encode())
        self._write("ra.pem", self.ra.certificate_pem)
        self._write("ra.key", self.ra.key_pem)

    def _write(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def _verified(self, der: bytes, *options: str, content: bytes | None = None) -> tuple[bytes, x509.Certificate]:
        message, out = self._write("in.der", der), str(self.folder / "signer.pem")
        detached = ["-content", self._write("in.body", content)] if content is not None else []
        done = openssl(
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            message,
            "-signer",
            out,
            "-purpose",
            "any",
            *detached,
            *(options or ("-CAfile", str(self.folder / "ca.pem"))),
        )
        return done.stdout, x509.load_pem_x509_certificate(Path(out).read_bytes())

    def _scep(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        query = parse_qs(urlsplit(url).query.replace("+", "%2B"))
        operation = query["operation"][0]
        if operation == "GetCACaps":
            return reply(200, "text/plain", b"Renewal\nSHA-1\nSHA-256\nAES\nDES3\nSCEPStandard\nPOSTPKIOperation\n")
        if operation == "GetCACert":
            return reply(200, "application/x-x509-ca-ra-cert", degenerate(self.ra.certificate, self.ca.der))
        if method == "GET":
            text = unquote(query["message"][0])
            body = base64.urlsafe_b64decode(text) if "-" in text or "_" in text else base64.b64decode(text)
        return reply(200, "application/x-pki-message", self._pki_operation(body))

    def _pki_operation(self, der: bytes) -> bytes:
        envelope, signer = self._verified(der, "-noverify")
        attributes = {
            one["type"].dotted: one["values"][0].native
            for one in cms.ContentInfo.load(der)["content"]["signer_infos"][0]["signed_attrs"]
        }
        info = cms.ContentInfo.load(envelope)["content"]["encrypted_content_info"]
        self.ciphers.append(info["content_encryption_algorithm"]["algorithm"].dotted)
        opened = openssl(
            "cms",
            "-decrypt",
            "-inform",
            "DER",
            "-recip",
            str(self.folder / "ra.pem"),
            "-inkey",
            str(self.folder / "ra.key"),
            "-provider",
            "default",
            "-provider",
            "legacy",
            data=envelope,
        ).stdout
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
        found = [
            one["values"][0].native for one in request["attributes"] if one["type"].dotted == "1.2.840.113549.1.9.7"
        ]
        return found[0] if found else None

    def _issue(self, request: csr.CertificationRequestInfo) -> bytes:
        public = serialization.load_der_public_key(request["subject_pk_info"].dump())
        common_name = request["subject"].native["common_name"]
        now = self.ca.certificate.not_valid_before_utc
        built = (
            x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self.ca.name)
            .not_valid_after(self.ca.certificate.not_valid_after_utc)
            .public_key(public)  # type: ignore[arg-type]
            .add_extension(x509.KeyUsage(True, False, True, False, False, False, False, False, False), critical=True)
            .sign(self.ca.key, hashes.SHA256())
        )
        return built.public_bytes(serialization.Encoding.DER)

    def _seal(self, content: bytes, to: x509.Certificate) -> bytes:
        path = self._write("to.pem", to.public_bytes(serialization.Encoding.PEM))
        return openssl("cms", "-encrypt", "-binary", "-aes-128-cbc", "-outform", "DER", path, data=content).stdout

    def _cert_rep(self, attributes: Mapping[str, Any], said: Mapping[str, str], content: bytes | None) -> bytes:
        values: list[tuple[str, Any]] = [("2", core.PrintableString("3")), ("5", core.OctetString(b"n" * 16))]
        values += [("6", core.OctetString(attributes[OID + "5"])), ("7", core.PrintableString(attributes[OID + "7"]))]
        values += [(number, core.PrintableString(text)) for number, text in said.items()]
        values = [(number, self.rep_changes.get(number, value)) for number, value in values]
        return sign_by_hand(self.ra.certificate, self.ra.key, content, [(OID + n, value) for n, value in values])


def degenerate(*certificates: bytes) -> bytes:
    # The issued certificate stays first, whatever DER would sort: a SET by hand, as an OCTET STRING with another tag.
    ordered = cms.CertificateSet.load(b"\x31" + core.OctetString(b"".join(certificates)).dump()[1:])
    data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [],
            "encap_content_info": {"content_type": "data"},
            "certificates": ordered,
            "signer_infos": [],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())


def sign_by_hand(certificate: bytes, key: Any, content: bytes | None, attributes: list[tuple[str, Any]]) -> bytes:
    """A CertRep's SignedData, built apart from the client's own code."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(content or b"")
    signed = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": cms.CMSAttributeType(oid), "values": [value]})
            for oid, value in [
                ("1.2.840.113549.1.9.3", cms.ContentType("data")),
                ("1.2.840.113549.1.9.4", core.OctetString(digest.finalize())),
                *attributes,
            ]
        ]
    )
    signer = asn1_x509.Certificate.load(certificate)
    info = cms.SignerInfo(
        {
            "version": "v1",
            "digest_algorithm": {"algorithm": "sha256"},
            "signed_attrs": signed,
            "sid": cms.SignerIdentifier(
                {"issuer_and_serial_number": {"issuer": signer.issuer, "serial_number": signer.serial_number}}
            ),
            "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
            "signature": key.sign(signed.dump(), padding.PKCS1v15(), hashes.SHA256()),
        }
    )
    inner: dict[str, Any] = (
        {"content_type": "data"} if content is None else {"content_type": "data", "content": content}
    )
    data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": inner,
            "certificates": [signer],
            "signer_infos": [info],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())
