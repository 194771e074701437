"""Messages from a device to its server (`mdm/checkin/*.yaml`, command reports), signed as the knobs say."""

from __future__ import annotations

import base64
import json
import plistlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from tests.devices.apple import cms
from tests.devices.apple.complaints import Complaint, MessageRefused, ReplyLost, ReportLost, ServerRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.identity import Identity
from tests.devices.apple.knobs import Knobs
from tests.devices.apple.state import SHARED_IPAD_USER, DeviceState, User
from tests.devices.apple.transport import HttpsTransport, Reply, Transport

CHECK_IN, COMMAND = "application/x-apple-aspen-mdm-checkin", "application/x-apple-aspen-mdm"
UNRECOGNIZED = "com.apple.unrecognized.device"


class Messenger:
    """Sends for one device. mode: signature, mtls or both."""

    def __init__(self, state: DeviceState, transport: Transport, knobs: Knobs, mode: str) -> None:
        self.state, self.transport, self.knobs, self.mode = state, transport, knobs, mode
        self._kept: Identity | None = None

    @property
    def identity(self) -> Identity | None:
        if not self.state.certificate:
            self._kept = None
        elif self._kept is None or self._kept.certificate != self.state.certificate:
            self._kept = Identity.from_der(self.state.certificate, self.state.key_pem)
        return self._kept

    def ids(self, user: User | None = None) -> dict[str, Any]:
        state = self.state
        found: dict[str, Any] = {"EnrollmentID": state.enrollment_id} if state.user_enrollment else {"UDID": state.udid}
        if user is None:
            return found
        if MODELS[state.kind].shared:
            return found | {"UserID": SHARED_IPAD_USER, "UserShortName": user.short_name}
        named = {"EnrollmentUserID": user.enrollment_user_id} if state.user_enrollment else {"UserID": user.user_id}
        return found | named | {"UserShortName": user.short_name, "UserLongName": user.long_name}

    def message(self, message_type: str, user: User | None = None, **keys: Any) -> bytes:
        content = {"MessageType": message_type, **self.ids(user), **keys}
        return plistlib.dumps({key: value for key, value in content.items() if value is not None})

    def check_in(self, message_type: str, user: User | None = None, **keys: Any) -> Reply:
        return self.accept(self.deliver(self.check_in_url, self.message(message_type, user, **keys), CHECK_IN))

    def report(self, keys: Mapping[str, Any], user: User | None = None) -> Reply:
        body = plistlib.dumps({**self.ids(user), **keys})
        return self.accept(self.deliver(self.server_url, body, COMMAND))

    @property
    def check_in_url(self) -> str:
        return str(self.state.mdm.get("CheckInURL") or self.server_url)

    @property
    def server_url(self) -> str:
        if not self.state.mdm:
            raise Complaint(f"{self.state.serial} is not enrolled")
        return str(self.state.mdm["ServerURL"])

    def deliver(self, url: str, body: bytes, content_type: str) -> Reply:
        """As a device sends it, with every knob applied."""
        headers = {"User-Agent": MODELS[self.state.kind].mdm_agent}
        if self.knobs.content_type != "none":
            headers["Content-Type"] = "" if self.knobs.content_type == "empty" else content_type
        if content_type == CHECK_IN:  # without its type it would not be a check-in
            headers["Content-Type"] = content_type
        if self.mode != "mtls" and not self.knobs.strip_signature:
            spoken = body if self.knobs.sign_other_body is None else self.knobs.sign_other_body
            headers["Mdm-Signature"] = self.signature(
                spoken, attached=self.knobs.attach_content, digest=self.knobs.digest
            )
        if self.knobs.take("lose_reports"):
            raise ReportLost("the request was lost on its way")
        reply = self._send(self.knobs.method, url, headers, body)
        if self.knobs.take("lose_replies"):
            raise ReplyLost("the answer was lost on its way")
        return reply

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if isinstance(self.transport, HttpsTransport):
            self.transport.present(self.identity if self.mode != "signature" else None)
        return self.transport(method, url, headers, body)

    def raw(
        self,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        method: str,
        sign: bool | bytes,
        identity: Identity | None,
    ) -> Reply:
        """For negative tests: nothing is added but the signature, nothing is interpreted."""
        named = {"checkin": self.check_in_url, "connect": self.server_url} if self.state.mdm else {}
        url = named.get(path) or (urljoin(self.server_url, path) if not path.startswith("https://") else path)
        sent = dict(headers)
        if sign is not False and "mdm-signature" not in {name.lower() for name in sent}:
            sent["Mdm-Signature"] = self.signature(body if sign is True else bytes(sign), identity=identity)
        if isinstance(self.transport, HttpsTransport):
            shown = identity or self.identity
            self.transport.present(shown if self.mode != "signature" else None)
        return self.transport(method, url, sent, body)

    def signature(
        self, body: bytes, *, attached: bool = False, digest: str = "sha256", identity: Identity | None = None
    ) -> str:
        signer = identity or self.identity
        if signer is None:
            raise Complaint("no identity to sign with")
        return base64.b64encode(cms.sign(body, signer, detached=not attached, digest=digest)).decode()

    def accept(self, reply: Reply) -> Reply:
        """200 passes; everything else is raised, with what a real device would do about it done."""
        if reply.status == 200:
            if not reply.body and reply.headers.get("content-length") != "0":
                raise MessageRefused("an empty reply without Content-Length: 0")
            return reply
        code = _error_code(reply)
        if reply.status == 401:
            self.state.forget_enrollment()
            raise ServerRefused("401 on a device route: a real device has unenrolled now", 401, reply.body)
        if reply.status == 403 and code == UNRECOGNIZED:
            self.state.forget_enrollment()
        text = f"the server answered {reply.status}{f' {code}' if code else ''}: {reply.body[:300]!r}"
        raise ServerRefused(text, reply.status, reply.body, code)


def _error_code(reply: Reply) -> str | None:
    """`mdm/errors/*.yaml`: JSON or a property list, told apart by Content-Type."""
    readers: dict[str, Callable[[bytes], Any]] = {
        "application/json": json.loads, "application/xml": plistlib.loads, "text/xml": plistlib.loads,
        "application/x-plist": plistlib.loads,
    }  # fmt: skip
    reader = readers.get(reply.content_type.split(";")[0].strip())
    if reply.status != 403 or reader is None or not reply.body:
        return None
    content = reader(reply.body)
    return str(content["code"]) if isinstance(content, dict) and "code" in content else None
