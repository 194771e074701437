"""Check-in messages of a device in its own words (`mdm/checkin/*.yaml`)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from tests.devices.apple.base import DeviceBase, plist
from tests.devices.apple.checkin import CHECK_IN
from tests.devices.apple.complaints import Complaint
from tests.devices.apple.state import DeviceState, User
from tests.devices.apple.transport import Reply

TOKENS = "com.apple.mdm.token"


class Speaking(DeviceBase):
    """Every MessageType, one method each; an answer other than 200 is raised."""

    def authenticate(self, **extra: Any) -> Reply:
        state, model = self.state, self.model
        keys: dict[str, Any] = {"Topic": self.topic, "OSVersion": state.os_version, "BuildVersion": state.build,
                                "ProductName": model.product_name}  # fmt: skip
        if not state.user_enrollment:
            keys |= {"SerialNumber": state.serial, "IMEI": state.imei or None}
        if model.platform == "macOS":
            keys |= {"DeviceName": state.name, "Model": model.product_name, "ModelName": model.model_name}
        return self.messenger.check_in("Authenticate", **{**keys, **extra})

    def token_update(self, user: User | None = None, *, unlock: bool = False, **extra: Any) -> Reply:
        """unlock: with the UnlockToken, as a device sends it once."""
        holder: User | DeviceState = user or self.state
        holder.token = holder.token or secrets.token_bytes(32)
        holder.magic = str(uuid.uuid4()).upper() if unlock or not holder.magic else holder.magic
        keys: dict[str, Any] = {"Topic": self.topic, "Token": holder.token, "PushMagic": holder.magic}
        if user is not None and self.platform == "macOS":
            keys["NotOnConsole"] = not user.logged_in
        if user is None:
            keys["AwaitingConfiguration"] = self.state.awaiting_configuration
            if unlock and self.platform == "iOS" and not (self.model.shared or self.state.user_enrollment):
                self.state.unlock_token = secrets.token_bytes(512)
                keys["UnlockToken"] = self.state.unlock_token
        reply = self.messenger.check_in("TokenUpdate", user, **{**keys, **extra})
        self.state.enrolled = True
        self.save()
        return reply

    def check_out(self) -> Reply:
        """The user removes management."""
        reply = self.messenger.check_in("CheckOut", Topic=self.topic)
        self.forget()
        return reply

    def forget(self) -> None:
        self.state.forget_enrollment()
        self.save()

    def user_authenticate(self, user: User, digest_response: str | None = None) -> Reply:
        """410 or a plist with DigestChallenge, uninterpreted."""
        keys = {"UDID": self.udid, "UserID": user.user_id, "DigestResponse": digest_response}
        body = self.messenger.message("UserAuthenticate", **keys)
        return self.messenger.deliver(self.messenger.check_in_url, body, CHECK_IN)

    def set_bootstrap_token(self, token: bytes | None) -> Reply:
        reply = self.messenger.check_in("SetBootstrapToken", BootstrapToken=token)
        self.state.bootstrap_token = token or b""
        self.save()
        return reply

    def get_bootstrap_token(self) -> bytes:
        """b"" where the server has none."""
        reply = self.messenger.check_in("GetBootstrapToken")
        return bytes(plist(reply.body).get("BootstrapToken", b"")) if reply.body else b""

    def get_token(self, service: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """As `com.apple.mdm.yaml` has it, a device asks only a server that says it can."""
        if TOKENS not in self.state.mdm.get("ServerCapabilities", []):
            raise Complaint("the server does not offer tokens")
        reply = self.messenger.check_in("GetToken", TokenServiceType=service, TokenParameters=parameters)
        return bytes(plist(reply.body)["TokenData"])
