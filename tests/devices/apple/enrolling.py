"""How a device comes under management, and gets and renews its identity."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from tests.devices.apple import enrollment
from tests.devices.apple import profile as profiles
from tests.devices.apple.complaints import Complaint
from tests.devices.apple.enrollment import Page
from tests.devices.apple.identity import Identity
from tests.devices.apple.scep_client import ScepClient
from tests.devices.apple.speaking import Speaking


class Enrolling(Speaking):
    """Invitation page, profile or over-the-air, SCEP, first check-in."""

    def open_page(self, page_url: str) -> Page:
        return enrollment.open_page(self.transport, page_url, self.model.user_agent)

    def download_profile(self, url: str) -> bytes:
        return enrollment.download(self.transport, url, self.model.user_agent)

    def read_profile(self, raw: bytes, *, signed: bool | None = None) -> profiles.Profile:
        return enrollment.read_enrollment(raw, self.state, signed=signed)

    def enroll(self, page_url: str, *, unsigned: bool = False) -> None:
        url = enrollment.profile_url(self.open_page(page_url))
        raw = self.download_profile(enrollment.with_query(url, "unsigned=1") if unsigned else url)
        self.install_enrollment(raw, signed=not unsigned)

    re_enroll = enroll

    def install_enrollment(self, raw: bytes, *, signed: bool | None = None, **scep_knobs: Any) -> None:
        """From a downloaded profile to an enrolled device."""
        found = enrollment.read_enrollment(raw, self.state, signed=signed)
        content = found.only(profiles.SCEP)["PayloadContent"]
        enrollment.adopt(found, self.state, self.transport)
        self.obtain_identity(content, **scep_knobs)
        self._begin()

    def enroll_ota(self, page_url: str, apple_ca: Any) -> None:
        """apple_ca: forge.AppleDeviceCA, which the server must have been told to trust."""
        url = enrollment.with_query(enrollment.profile_url(self.open_page(page_url)), "ota=1")
        service = enrollment.read_service(self.download_profile(url), self.state)
        factory = apple_ca.factory_identity(self.state.udid)
        raw = enrollment.answer_service(service, self.state, self.transport, factory, apple_ca.chain)
        second = profiles.read(raw, service=True)
        enrollment.adopt(second, self.state, self.transport)
        payload = second.only(profiles.SCEP)
        self.obtain_identity(payload["PayloadContent"])
        raw = enrollment.answer_service(service, self.state, self.transport, self.identity, [])
        found = enrollment.read_enrollment(raw, self.state, identity_uuid=payload["PayloadUUID"])
        enrollment.adopt(found, self.state, self.transport)
        for own in found.of_type(profiles.SCEP):
            self.obtain_identity(own["PayloadContent"])
        self._begin()

    def obtain_identity(self, content: Mapping[str, Any], **scep_knobs: Any) -> Identity:
        identity = enrollment.obtain(content, self.transport, **scep_knobs)
        self._keep(identity)
        return identity

    def _keep(self, identity: Identity) -> None:
        self.state.certificate, self.state.key_pem = identity.certificate, identity.key_pem.decode()
        self.save()

    def renew_identity(self, **scep_knobs: Any) -> Identity:
        """RenewalReq to the URL of the installed SCEP payload."""
        payload = self._scep_payload()
        client = ScepClient(payload["URL"], self.transport, payload.get("Name", ""), **scep_knobs)
        self._keep(client.renew(self.identity))
        return self.identity

    def _scep_payload(self) -> Mapping[str, Any]:
        for profile in self.state.profiles.values():
            for payload in profile["PayloadContent"]:
                if payload["PayloadType"] == profiles.SCEP:
                    return dict(payload["PayloadContent"])
        raise Complaint("no SCEP payload is installed")

    def _begin(self) -> None:
        if self.mode == "signature" and not self.state.mdm.get("SignMessage"):
            raise Complaint("the profile does not ask for SignMessage, and this device shows no client certificate")
        if self.state.user_enrollment and not self.state.enrollment_id:
            self.state.enrollment_id = str(uuid.uuid4()).upper()
        self.authenticate()
        self.token_update(unlock=True)
        for user in self.state.users:
            if user.logged_in and (self.platform == "macOS" or self.model.shared):
                self.token_update(user)
        if self._escrows_bootstrap():
            self.set_bootstrap_token(secrets.token_bytes(48))

    def _escrows_bootstrap(self) -> bool:
        offered = "com.apple.mdm.bootstraptoken" in self.state.mdm.get("ServerCapabilities", [])
        fit = self.platform == "macOS" and self.state.supervised and not self.state.user_enrollment
        return offered and fit and self.knobs.escrow_bootstrap
