"""A small MDM server for the simulated PC's own tests: text templates out, the standard library's XML reader in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from asn1crypto import cms as asn1_cms
from asn1crypto import csr as asn1_csr
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from tests.devices.apple.forge import Authority
from tests.devices.apple.transport import Reply

HOST = "https://mdm.example.com"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
ENROLLMENT = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
XCEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
WSTEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
CONFIGURATION = "http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment"


@dataclass
class Message:
    """One message of a PC: statuses by CmdRef, results by LocURI, alerts as (code, type, data)."""

    session: str
    number: str
    source: str
    name: str
    credentials: str | None
    statuses: dict[str, str] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    alerts: list[tuple[str, str, str]] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)  # (CmdID, name) of what wants a Status
    pieces: list[tuple[str, str, int | None, bool, str]] = field(default_factory=list)  # (CmdID, uri, Size, more, data)
    final: bool = False


class WindowsStub:
    """Callable as a Transport. alter: stage → change of its text, to break a rule."""

    def __init__(self, host: str = HOST) -> None:
        self.host, self.code, self.password = host, "invitation-code", "let-me-in"
        self.ca = Authority("Stub CA")
        self.auth_policy = "OnPremise"
        self.hash_reference = "0"
        self.alter: dict[str, Callable[[str], str]] = {}
        self.authentication = "digest"  # | none
        self.once = True  # 212 after one proof, else 200 each time
        self.fault: tuple[str, str] | None = None
        self.requests: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.tokens: list[dict[str, str]] = []  # context items of each RequestSecurityToken
        self.security: list[dict[str, str]] = []
        self.requested: list[bytes] = []  # PKCS#10 DER
        self.subject = ""
        self.secret, self.server_secret = "device-secret", "server-secret"
        self.nonce, self.server_nonce = b"first-nonce-0001", b"server-nonce-001"
        self.messages: list[Message] = []
        self.bodies: list[bytes] = []
        self.batches: list[list[str]] = []  # commands of each message to come
        self.unfinished: set[int] = set()  # batches (by number sent) without Final
        self.values: dict[str, str] = {}  # every result, whole
        self.proven_session = ""
        self.max_message_size = 0
        self.server_credentials = ""
        self.uploads: list[bytes] = []
        self.invited: list[dict[str, object]] = []
        self.client_certificates: list[bytes | None] = []
        self._sent, self._buffer = 0, ""
        self._cmd = 100

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.requests.append((method, url, headers, body))
        assert url.startswith(self.host), url
        path = urlsplit(url).path
        routes: dict[str, Callable[[str, str, bytes], Reply]] = {
            "/EnrollmentServer/Discovery.svc": self._discovery, "/windows/policy": self._policy,
            "/windows/enrollment": self._enrollment, "/windows/manage": self._manage,
            "/windows/signin": self._sign_in, "/windows/terms": self._terms, "/upload": self._upload,
            "/api/v1/invitations": self._invitation, f"/enroll/{self.code}": self._page,
        }  # fmt: skip
        if path not in routes:
            return Reply(404, {"content-type": "text/plain"}, b"")
        return routes[path](method, url, body)

    @property
    def page_url(self) -> str:
        return f"{self.host}/enroll/{self.code}"

    def _altered(self, stage: str, text: str) -> str:
        return self.alter.get(stage, lambda same: same)(text)

    # -- pages

    def _page(self, method: str, url: str, body: bytes) -> Reply:
        agent = self.requests[-1][2]["User-Agent"]
        assert "Windows NT 10.0" in agent
        assert "Edg/" in agent
        query = f"mode=mdm&username={quote('ada@example.com')}&servername={quote(self.host, safe='')}"
        return _html(
            self._altered(
                "page", f"<p><a href='/'>no</a><a href={quoteattr(f'ms-device-enrollment:?{query}')}>Join</a>"
            )
        )

    def _sign_in(self, method: str, url: str, body: bytes) -> Reply:
        if method == "GET":
            said = parse_qs(urlsplit(url).query)
            self.app = said["appru"][0]
            form = '<form method="post"><input type="hidden" name="csrf" value="c1"><input name="u" type="email">'
            page = _html(f'{form}<input name="p" type="password"><button>Go</button></form>')
            return Reply(page.status, {**page.headers, "set-cookie": "sid=s1; Secure; HttpOnly"}, page.body)
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        assert self.requests[-1][2].get("Cookie") == "sid=s1"
        assert fields["csrf"] == "c1"
        if (fields["u"], fields["p"]) != ("ada", self.password):
            return self._sign_in("GET", f"{url}?appru={quote(self.app)}", b"")
        form = (
            f'<form method="post" action="{escape(self.app)}"><input type="hidden" name="wresult" value="{self.code}">'
        )
        return _html(self._altered("wresult", f"<body onload='document.forms[0].submit()'>{form}</form></body>"))

    def _terms(self, method: str, url: str, body: bytes) -> Reply:
        if method == "GET":
            said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
            assert self.requests[-1][2]["Authorization"].startswith("Bearer ")
            assert said["api-version"] == "1.0"
            self.app = said["redirect_uri"]
            return _html("<form method=post><button name=decision value=accept>I accept</button></form>")
        assert body == b"decision=accept"
        location = self._altered("terms", f"{self.app}?IsAccepted=true&OpaqueBlob=blob-1")
        return Reply(302, {"location": location}, b"")

    def _upload(self, method: str, url: str, body: bytes) -> Reply:
        self.uploads.append(body)
        return Reply(201, {}, b"")

    def _invitation(self, method: str, url: str, body: bytes) -> Reply:
        self.invited.append(json.loads(body))
        return Reply(201, {"content-type": "application/json"}, json.dumps({"link": self.page_url}).encode())

    # -- enrollment

    def _envelope(self, stage: str, action: str, body: bytes, content: str) -> Reply:
        question = ElementTree.fromstring(body)
        if self.fault:
            name, kind = self.fault
            detail = f"<s:Detail><e><ErrorType>{kind}</ErrorType></e></s:Detail>"
            content = (
                f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>s:{name}</s:Value></s:Subcode></s:Code>"
                f"<s:Reason><s:Text>no</s:Text></s:Reason>{detail}</s:Fault>"
            )
        now = datetime.now(UTC)
        end = now + timedelta(minutes=5)
        stamp = f"<u:Timestamp><u:Created>{now:%FT%TZ}</u:Created><u:Expires>{end:%FT%TZ}</u:Expires>"
        text = (
            f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING}" xmlns:u="{WSU}" xmlns:o="{WSSE}"><s:Header>'
            f"<a:Action>{action}</a:Action><a:RelatesTo>{_find(question, 'MessageID')}</a:RelatesTo>"
            f"<o:Security>{stamp}</u:Timestamp></o:Security></s:Header><s:Body>{content}</s:Body></s:Envelope>"
        )
        return Reply(
            500 if self.fault else 200,
            {"content-type": "application/soap+xml; charset=utf-8"},
            self._altered(stage, text).encode(),
        )

    def _discovery(self, method: str, url: str, body: bytes) -> Reply:
        if method == "GET":
            return Reply(200, {}, b"")
        sign_in = f"<AuthenticationServiceUrl>{self.host}/windows/signin</AuthenticationServiceUrl>"
        content = (
            f'<DiscoverResponse xmlns="{ENROLLMENT}"><DiscoverResult><AuthPolicy>{self.auth_policy}</AuthPolicy>'
            f"<EnrollmentVersion>4.0</EnrollmentVersion>"
            f"<EnrollmentPolicyServiceUrl>{self.host}/windows/policy</EnrollmentPolicyServiceUrl>"
            f"<EnrollmentServiceUrl>{self.host}/windows/enrollment</EnrollmentServiceUrl>"
            f"{sign_in if self.auth_policy == 'Federated' else ''}</DiscoverResult></DiscoverResponse>"
        )
        return self._envelope("discover", f"{ENROLLMENT}/IDiscoveryService/DiscoverResponse", body, content)

    def _policy(self, method: str, url: str, body: bytes) -> Reply:
        reference = f">{self.hash_reference}<" if self.hash_reference else ' xsi:nil="true"><'
        content = (
            f'<GetPoliciesResponse xmlns="{XCEP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><response>'
            "<policyID>p</policyID><policies><policy><policyOIDReference>0</policyOIDReference><attributes>"
            "<commonName>Stub</commonName><policySchema>3</policySchema><certificateValidity>"
            "<validityPeriodSeconds>31536000</validityPeriodSeconds><renewalPeriodSeconds>3628800</renewalPeriodSeconds>"
            "</certificateValidity><permission><enroll>true</enroll><autoEnroll>false</autoEnroll></permission>"
            "<privateKeyAttributes><minimalKeyLength>2048</minimalKeyLength></privateKeyAttributes>"
            f"<hashAlgorithmOIDReference{reference}/hashAlgorithmOIDReference></attributes></policy></policies></response>"
            "<oIDs><oID><value>2.16.840.1.101.3.4.2.1</value><group>1</group><oIDReferenceID>0</oIDReferenceID></oID></oIDs>"
            "</GetPoliciesResponse>"
        )
        return self._envelope("policy", f"{XCEP}/IPolicy/GetPoliciesResponse", body, content)

    def _enrollment(self, method: str, url: str, body: bytes) -> Reply:
        question = ElementTree.fromstring(body)
        self.security.append({_name(one): (one.text or "") for one in _all(question, "Security")[0].iter()})
        self.tokens.append(
            {one.get("Name", ""): _find(one, "Value") for one in _all(question, "ContextItem")}
        )  # fmt: skip
        token = next(one for one in _all(question, "BinarySecurityToken") if "PKCS" in one.get("ValueType", ""))
        der = base64.b64decode(token.text or "")
        renews = token.get("ValueType", "").endswith("#PKCS7")
        if renews:
            der = self._renewing(der)
        self.requested.append(der)
        document = self._altered("provisioning", self._document(_public_key(der), renews))
        content = (
            f'<RequestSecurityTokenResponseCollection xmlns="{WST}"><RequestSecurityTokenResponse>'
            f"<TokenType>{CONFIGURATION}/DeviceEnrollmentToken</TokenType><RequestedSecurityToken>"
            f'<BinarySecurityToken xmlns="{WSSE}" ValueType="{CONFIGURATION}/DeviceEnrollmentProvisionDoc" '
            f'EncodingType="{WSSE}#base64binary">{base64.b64encode(document.encode()).decode()}</BinarySecurityToken>'
            f'</RequestedSecurityToken><RequestID xmlns="{WSTEP}">0</RequestID></RequestSecurityTokenResponse>'
            "</RequestSecurityTokenResponseCollection>"
        )
        return self._envelope("token", f"{WSTEP}/RSTRC/wstep", body, content)

    def _renewing(self, der: bytes) -> bytes:
        """The request inside; its signer must be a certificate of ours."""
        signed = asn1_cms.ContentInfo.load(der)["content"]
        signer = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
        key = self.ca.certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signer.signature, signer.tbs_certificate_bytes, padding.PKCS1v15(), SHA256())
        return bytes(signed["encap_content_info"]["content"].native)

    def _document(self, key: rsa.RSAPublicKey, renews: bool) -> str:
        self.subject = self.subject or f"CN={uuid.uuid4()},O=Stub"
        common_name = self.subject.split(",")[0].removeprefix("CN=")
        name = x509.Name(
            [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
             x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Stub")]
        )  # fmt: skip
        self.issued = self.ca.certify(name, key).public_bytes(serialization.Encoding.DER)
        store = "System" if self.tokens[-1].get("EnrollmentType") == "Device" else "User"
        root = _kind("Root", _kind("System", _certificate(self.ca.der)))
        renew = _parm("ROBOSupport", "true", "boolean") + _parm("RenewPeriod", "42", "integer")
        renew = _kind("WSTEP", _kind("Renew", renew, _parm("RetryInterval", "4", "integer")))
        mine = _kind(
            "My", _kind(store, _certificate(self.issued, "<characteristic type='PrivateKeyContainer'/>")), renew
        )
        account = _parm("PROVIDER-ID", "Stub") if renews else self._account(store)
        parts = [_kind("CertificateStore", root, mine), _kind("APPLICATION", account)]
        if not renews:
            parts.append(_kind("DMClient", _kind("Provider", _kind("Stub", _parm("UPN", "ada@example.com"), _poll()))))
        return f'<wap-provisioningdoc version="1.1">{"".join(parts)}</wap-provisioningdoc>'

    def _account(self, store: str) -> str:
        search = f"Subject={quote(self.subject, safe='')}&Stores=My%5C{store}"
        pairs = {"APPID": "w7", "PROVIDER-ID": "Stub", "NAME": "Stub", "ADDR": f"{self.host}/windows/manage",
                 "DEFAULTENCODING": "application/vnd.syncml.dm+xml", "SSLCLIENTCERTSEARCHCRITERIA": search}  # fmt: skip
        return "".join(_parm(name, value) for name, value in pairs.items()) + "".join(
            _kind("APPAUTH", _parm("AAUTHLEVEL", level), _parm("AAUTHTYPE", "DIGEST"), _parm("AAUTHNAME", who),
                  _parm("AAUTHSECRET", secret), _parm("AAUTHDATA", base64.b64encode(nonce).decode()))
            for level, who, secret, nonce in (
                ("APPSRV", "device", self.secret, self.nonce), ("CLIENT", "Stub", self.server_secret, self.server_nonce)
            )
        )  # fmt: skip

    # -- management

    def command(
        self, verb: str, uri: str, data: str | None = None, form: str = "", cmd_id: str = "", more: str = ""
    ) -> str:
        self._cmd += 1
        meta = f'<Format xmlns="syncml:metinf">{form}</Format>' if form else ""
        meta += more if more.startswith("<Size") else ""
        content = f"<Target><LocURI>{escape(uri)}</LocURI></Target>" + (f"<Meta>{meta}</Meta>" if meta else "")
        content += "" if data is None else f"<Data>{escape(data)}</Data>"
        content += "<MoreData/>" if more else ""
        return f"<{verb}><CmdID>{cmd_id or self._cmd}</CmdID><Item>{content}</Item></{verb}>"

    def send(self, verb: str, uri: str, data: str | None = None, form: str = "", cmd_id: str = "") -> str:
        """In a message of its own; the CmdID."""
        self.batches.append([self.command(verb, uri, data, form, cmd_id)])
        return cmd_id or str(self._cmd)

    def group(self, verb: str, *commands: str) -> str:
        self._cmd += 1
        self.batches.append([f"<{verb}><CmdID>{self._cmd}</CmdID>{''.join(commands)}</{verb}>"])
        return str(self._cmd)

    def _manage(self, method: str, url: str, body: bytes) -> Reply:
        assert "mode=Maintenance" in url
        self.bodies.append(body)
        said = _read(body)
        self.messages.append(said)
        code, challenge = self._identify(said)
        statuses = [_status(1, said.number, "0", "SyncHdr", code, challenge)]
        commands: list[str] = []
        if code in (200, 212):
            statuses += [
                _status(place, said.number, cmd_id, verb, 213 if self._is_piece(said, cmd_id) else 200)
                for place, (cmd_id, verb) in enumerate(said.commands, 2)
            ]
            self._gather(said)
            if not said.final:
                commands = [f"<Alert><CmdID>{90 + len(self.messages)}</CmdID><Data>1222</Data></Alert>"]
            elif self.batches:
                commands, self._sent = self.batches.pop(0), self._sent + 1
        final = "" if self._sent in self.unfinished and commands else "<Final/>"
        size = f'<MaxMsgSize xmlns="syncml:metinf">{self.max_message_size}</MaxMsgSize>'
        numbers = [one for one in self.messages if one.session == said.session]
        text = (
            '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
            f"<SessionID>{said.session}</SessionID><MsgID>{len(numbers)}</MsgID>"
            f"<Target><LocURI>{said.source}</LocURI></Target><Source><LocURI>{self.host}/windows/manage</LocURI></Source>"
            f"{self.server_credentials}{f'<Meta>{size}</Meta>' if self.max_message_size else ''}</SyncHdr>"
            f"<SyncBody>{''.join(statuses)}{''.join(commands)}{final}</SyncBody></SyncML>"
        )
        return Reply(
            200,
            {"content-type": "application/vnd.syncml.dm+xml; charset=utf-8"},
            self._altered("syncml", text).encode(),
        )

    def _identify(self, said: Message) -> tuple[int, str]:
        if self.authentication == "none" or said.session == self.proven_session:
            return (212 if self.authentication == "digest" else 200), ""
        right = said.credentials == _digest("device", self.secret, self.nonce)
        had = said.credentials is not None
        self.nonce = secrets.token_bytes(16)
        if right:
            self.proven_session = said.session if self.once else ""
        return (212 if self.once else 200) if right else 401 if had else 407, _challenge(self.nonce)

    @staticmethod
    def _is_piece(said: Message, cmd_id: str) -> bool:
        return any(piece[0] == cmd_id and piece[3] for piece in said.pieces)

    def _gather(self, said: Message) -> None:
        self.values |= said.results
        for _, uri, _, more, data in said.pieces:
            self._buffer += data
            if not more:
                self.values[uri], self._buffer = self._buffer, ""

    @property
    def statuses(self) -> dict[str, str]:
        """Of every message, by CmdRef."""
        return {ref: code for message in self.messages for ref, code in message.statuses.items()}

    @property
    def alerts(self) -> list[tuple[str, str, str]]:
        return [alert for message in self.messages for alert in message.alerts]


def _digest(name: str, secret: str, nonce: bytes) -> str:
    inner = base64.b64encode(hashlib.md5(f"{name}:{secret}".encode()).digest())
    return base64.b64encode(hashlib.md5(inner + b":" + nonce).digest()).decode()


def _challenge(nonce: bytes) -> str:
    text = base64.b64encode(nonce).decode()
    return (
        '<Chal><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type>'
        f'<NextNonce xmlns="syncml:metinf">{text}</NextNonce></Meta></Chal>'
    )


def _status(cmd_id: int, message: str, ref: str, verb: str, code: int, challenge: str = "") -> str:
    return (
        f"<Status><CmdID>{cmd_id}</CmdID><MsgRef>{message}</MsgRef><CmdRef>{ref}</CmdRef><Cmd>{verb}</Cmd>{challenge}"
        f"<Data>{code}</Data></Status>"
    )


def _read(body: bytes) -> Message:
    root = ElementTree.fromstring(body)
    header, content = root[0], root[1]
    credentials = [_find(one, "Data") for one in _all(header, "Cred")]
    source = _all(header, "Source")[0]
    said = Message(
        _find(header, "SessionID"), _find(header, "MsgID"), _find(source, "LocURI"), _find(source, "LocName"),
        credentials[0] if credentials else None,
    )  # fmt: skip
    for one in content:
        kind, cmd_id = _name(one), _find(one, "CmdID")
        if kind == "Final":
            said.final = True
        elif kind == "Status":
            said.statuses[_find(one, "CmdRef")] = _find(one, "Data")
        elif kind == "Results":
            for item in _all(one, "Item"):
                uri, data = _find(item, "LocURI"), _find(item, "Data")
                size, more = _find(item, "Size"), bool(_all(item, "MoreData"))
                said.results[uri] = data
                said.pieces.append((cmd_id, uri, int(size) if size else None, more, data))
                said.commands += [(cmd_id, kind)] if more else []
        else:
            said.commands.append((cmd_id, kind))
            if kind == "Alert":
                items = _all(one, "Item")
                said.alerts.append(
                    (
                        one[1].text or "",
                        _find(items[0], "Type") if items else "",
                        _find(items[0], "Data") if items else "",
                    )
                )
    return said


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(root: ElementTree.Element, name: str) -> Sequence[ElementTree.Element]:
    return [one for one in root.iter() if _name(one) == name]


def _find(root: ElementTree.Element, name: str) -> str:
    return next(("".join(one.itertext()) for one in _all(root, name)), "")


def _public_key(der: bytes) -> rsa.RSAPublicKey:
    """As tolerant as a server has to be: the signature is checked by hand, the subject is not looked at."""
    request = asn1_csr.CertificationRequest.load(der)
    info = request["certification_request_info"]
    key = serialization.load_der_public_key(info["subject_pk_info"].dump())
    assert isinstance(key, rsa.RSAPublicKey)
    oid = request["signature_algorithm"]["algorithm"].dotted
    digest = SHA1() if oid == "1.3.14.3.2.29" else SHA256()
    assert oid in ("1.3.14.3.2.29", "1.2.840.113549.1.1.11") or re.fullmatch(r"1\.3\.14\.3\.2\.26", oid)
    key.verify(request["signature"].native, info.dump(), padding.PKCS1v15(), digest)
    return key


def _kind(kind: str, *content: str) -> str:
    return f'<characteristic type="{kind}">{"".join(content)}</characteristic>'


def _parm(name: str, value: str, datatype: str = "string") -> str:
    return f'<parm name="{name}" value={quoteattr(value)} datatype="{datatype}"/>'


def _certificate(der: bytes, more: str = "") -> str:
    return _kind(
        hashlib.sha1(der).hexdigest().upper(), _parm("EncodedCertificate", base64.b64encode(der).decode()), more
    )  # fmt: skip


def _poll() -> str:
    names = ("NumberOfFirstRetries", "IntervalForFirstSetOfRetries", "NumberOfSecondRetries",
             "IntervalForSecondSetOfRetries", "NumberOfRemainingScheduledRetries",
             "IntervalForRemainingScheduledRetries")  # fmt: skip
    return _kind("Poll", *(_parm(name, "8", "integer") for name in names))


def _html(text: str) -> Reply:
    return Reply(200, {"content-type": "text/html; charset=utf-8"}, f"<html>{text}</html>".encode())
