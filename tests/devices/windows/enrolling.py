"""The ways of a PC into management ([MS-MDE2] 3), and the renewal of its certificate (3.5)."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.devices.apple.identity import Identity, new_key
from tests.devices.apple.transport import HttpsTransport, Reply
from tests.devices.windows import browser, csr, installing, provisioning, soap
from tests.devices.windows.base import PCBase
from tests.devices.windows.browser import Browser, DeepLink
from tests.devices.windows.complaints import Complaint, ProvisioningRefused, ServerRefused
from tests.devices.windows.provisioning import Provisioning
from tests.devices.windows.soap import Discovered, EnrollmentPolicy, Question, Security

if TYPE_CHECKING:
    from tests.devices.entra import FakeEntra

SERVICE = "/EnrollmentServer/Discovery.svc"
APP = "ms-app://windows.immersivecontrolpanel"
BROKER = "ms-appx-web://Microsoft.AAD.BrokerPlugin/ToUResponse"
AGENT = "ENROLLClient"


class Enrolling(PCBase):
    """One method each way; all of them end with a first session unless sync is False."""

    def enroll(self, page_url: str, *, code: str = "", sync: bool = True) -> None:
        """Invitation page → deep link → the code as the password."""
        link = self.open_page(page_url)
        self.enroll_by_link(link, code or urlsplit(page_url).path.rstrip("/").rsplit("/", 1)[-1], sync=sync)

    def open_page(self, page_url: str) -> DeepLink:
        return browser.deep_link(browser.shown(Browser(self.transport).open(page_url)))

    def enroll_by_link(self, link: DeepLink | str, password: str, *, sync: bool = True) -> None:
        read = browser.read_deep_link(link) if isinstance(link, str) else link
        if not read.server:
            raise Complaint("the deep link names no server, and this PC asks no DNS")
        self.enroll_on_premise(read.server, read.username or self.state.upn, password, sync=sync, way="deeplink")

    def enroll_on_premise(
        self, server: str, username: str, password: str, *, sync: bool = True, way: str = "onpremise"
    ) -> None:
        found = self.discover(server, username)
        if found.auth_policy != "OnPremise":
            raise Complaint(f"the server wants {found.auth_policy}, a password was to be given")
        self._enroll(server, found, Security(username, password), way, sync)

    def enroll_federated(self, server: str, username: str, password: str, *, sync: bool = True) -> None:
        found = self.discover(server, self.state.upn)
        if found.auth_policy != "Federated":
            raise Complaint(f"the server wants {found.auth_policy}, not a sign-in page")
        token = browser.sign_in(
            Browser(self.transport), found.sign_in_url, APP, username, password, self.state.upn
        )  # fmt: skip
        self._enroll(server, found, Security(token=_base64(token.encode())), "federated", sync)

    def enroll_entra(
        self, server: str, entra: FakeEntra | str, *, terms_url: str = "", kind: str = "Full", sync: bool = True
    ) -> None:
        """entra: where the token comes from, or the token itself; kind: Full after a person joined it, else Device."""
        audience = f"https://{urlsplit(_origin(server)).netloc}"
        token = entra if isinstance(entra, str) else entra.token(audience=audience, upn=self.state.upn)
        if terms_url:
            query = {"client-request-id": str(uuid.uuid4()), "api-version": "1.0", "mode": "azureadjoin"}
            self.opaque_blob = browser.accept_terms(Browser(self.transport), terms_url, BROKER, query, token)
        found = self.discover(server, self.state.upn)
        encoded = _base64(token.encode())
        if self.knobs.token_alphabet == "urlsafe":
            encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
        self.state.entra_joined = True
        self._enroll(server, found, Security(token=encoded, value_type=soap.JWT), "entra", sync, kind)

    # -- the steps

    def discover(self, server: str, email: str) -> Discovered:
        url = discovery_url(server)
        reply = self.transport("GET", url, {"User-Agent": AGENT, "Cache-Control": "no-cache"}, b"")
        if reply.status != 200:
            raise ServerRefused(f"GET {url} answered {reply.status}", reply.status, reply.body)
        return soap.discovered(
            self._ask(
                soap.discover(
                    url, email, version=self.knobs.request_version, os_version=self.state.os_version,
                    edition=self.state.os_edition, offers=("OnPremise", "Federated"),
                )
            )
        )  # fmt: skip

    def get_policies(self, url: str, security: Security) -> EnrollmentPolicy:
        question = soap.get_policies(url, security)
        return soap.policy_of(question.answer(self._post(question)))

    def _ask(self, question: Question) -> soap.Element:
        return question.answer(self._post(question))

    def _post(self, question: Question) -> Reply:
        headers = {"Content-Type": soap.CONTENT_TYPE, "User-Agent": AGENT}
        return self.transport("POST", question.to, headers, question.raw())

    def _enroll(
        self, server: str, found: Discovered, security: Security, way: str, sync: bool, kind: str = "Full"
    ) -> None:
        if self.state.gone:
            raise Complaint("this PC was wiped: set_up() first")
        policy = self.get_policies(found.policy_url, security)
        self.state.way, self.state.server, self.state.policy_url = way, server, found.policy_url
        self.state.enrollment_url, self.state.enrollment_type = found.enrollment_url, kind
        self.obtain_identity(security, policy)
        if sync:
            self.first_session()

    def first_session(self) -> None:
        raise NotImplementedError

    def obtain_identity(
        self, security: Security, policy: EnrollmentPolicy, *, key: rsa.RSAPrivateKey | None = None
    ) -> Provisioning:
        """Key (last_key to repeat a request), request, token, provisioning document."""
        made = self.last_key = key or new_key(policy.key_length)
        request = csr.request(made, self.state.guid, self.state.device_id, self.knobs.csr_digest or policy.digest)
        question = soap.request_token(
            self.state.enrollment_url, security, _base64(request), self.context(self.state.enrollment_type)
        )  # fmt: skip
        root = self._document(question)
        store = "User" if self.state.enrollment_type == "Full" else "System"
        found = provisioning.apply(root, made, store, self.state.other_certificates, "")
        self._install(found, Identity(found.certificate, made))
        return found

    def renew_identity(self) -> None:
        """ROBO: a new key, its request signed with the present certificate; everything else stays."""
        current, state = self.identity, self.state
        if current.x509.not_valid_after_utc < self.now():
            raise Complaint("the certificate has expired: Windows renews none that is over")
        key = new_key()
        request = csr.request(key, state.guid, state.device_id, "sha256")
        question = soap.request_token(
            state.enrollment_url, Security(username=state.upn, timestamp=True), _base64(csr.renewal(request, current)),
            [("DeviceType", "CIMClient_Windows"), ("ApplicationVersion", state.os_version)],
            renew=True, value_type=self.knobs.renewal_value_type,
        )  # fmt: skip
        found = provisioning.apply(
            self._document(question), key, state.store, state.other_certificates, state.provider_id
        )
        provisioning.selects(
            state.criteria, state.store, [*state.other_certificates, found.certificate], found.certificate
        )
        if found.certificate == current.certificate:
            raise ProvisioningRefused("the renewed certificate is the old one")
        self._install(found, Identity(found.certificate, key))

    def _document(self, question: Question) -> provisioning.Characteristic:
        self.present_certificate()
        encoded = soap.provisioning_document(self._ask(question))
        try:
            return provisioning.read(base64.b64decode("".join(encoded.split()), validate=True))
        except ValueError as error:
            raise ProvisioningRefused(f"the provisioning document is not base64: {error}") from error

    def context(self, kind: str) -> list[tuple[str, str]]:
        state = self.state
        return [
            ("UXInitiated", "true"), ("HWDevID", state.hwdev_id), ("Locale", state.language),
            ("TargetedUserLoggedIn", "true" if state.logged_in == "user" else "false"),
            ("OSEdition", state.os_edition), ("DeviceName", state.name),
            *(("MAC", mac) for mac in state.macs),
            ("DeviceID", state.device_id), ("EnrollmentType", kind), ("DeviceType", "CIMClient_Windows"),
            ("OSVersion", state.os_version), ("ApplicationVersion", state.os_version), ("NotInOobe", "false"),
            *([("OpaqueBlob", self.opaque_blob)] if self.opaque_blob else []),
        ]  # fmt: skip

    def _install(self, found: Provisioning, identity: Identity) -> None:
        state = self.state
        state.certificate, state.key_pem, state.store = found.certificate, identity.key_pem.decode(), found.store
        for root in found.roots:
            if root not in state.roots:
                state.roots.append(root)
                if isinstance(self.transport, HttpsTransport):
                    self.transport.trust(x509.load_der_x509_certificate(root))
        if found.application is not None:
            self._take_account(found)
        state.renew = dict(found.renew) or state.renew
        self._show_certificates()
        state.enrolled = True
        self.present_certificate()
        self.save()

    def _show_certificates(self) -> None:
        state, holder = self.state, "./Device/Vendor/MSFT/CertificateStore"
        state.tree.remove(f"{holder}/MY/User")
        for der in [*state.other_certificates, *([state.certificate] if state.store == "User" else [])]:
            installing.show_certificate(state.tree, f"{holder}/MY/User", der)
        for der in state.roots:
            installing.show_certificate(state.tree, f"{holder}/ROOT/System", der)
        thumbprint = hashlib.sha1(state.certificate).hexdigest().upper()
        state.tree.put(f"{holder}/MY/WSTEP/CertThumprint", "chr", thumbprint)
        for name, form in (("RenewPeriod", "int"), ("RetryInterval", "int"), ("ROBOSupport", "bool")):
            state.tree.put(f"{holder}/MY/WSTEP/Renew/{name}", form, state.renew.get(name, ""))

    def _take_account(self, found: Provisioning) -> None:
        state, account = self.state, found.application
        assert account is not None
        state.provider_id, state.manage_url, state.criteria = account.provider_id, account.address, account.criteria
        state.client_auth, state.server_auth = vars(account.client).copy(), vars(account.server).copy()
        state.server_auth["name"] = state.server_auth["name"] or account.provider_id
        holder = f"./Device/Vendor/MSFT/DMClient/Provider/{account.provider_id}"
        for name, value in found.nodes.items():
            form = "int" if value.isdigit() else "bool" if value in ("true", "false") else "chr"
            state.tree.put(f"{holder}/{name}", form, value)
        for name, value in (("HWDevID", state.hwdev_id), ("EnrollmentType", state.enrollment_type)):
            state.tree.put(f"{holder}/{name}", "chr", value)
        if "Push/PFN" in found.nodes:
            self.open_channel(found.nodes["Push/PFN"])


def discovery_url(server: str) -> str:
    """A host, an origin, or the service's whole URL."""
    origin = _origin(server)
    return origin if urlsplit(origin).path.strip("/") else f"{origin}{SERVICE}"


def _origin(server: str) -> str:
    return server.rstrip("/") if "://" in server else f"https://{server}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
