"""A simulated Apple device: enrolls, polls, obeys, and complains loudly when the server breaks the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.devices.apple.ddm import DeclarativeClient
from tests.devices.apple.declarations import version
from tests.devices.apple.identity import Identity
from tests.devices.apple.obeying import Obeying
from tests.devices.apple.state import User
from tests.devices.apple.transport import Reply


class AppleDevice(Obeying):
    """iphone, ipad, shared-ipad or mac; what the person, the test and the attacker can do with it stands here."""

    def sync_declarations(self, user: User | None = None) -> bool:
        return DeclarativeClient(self.messenger, user).sync()

    def send_status(self, full: bool = False, user: User | None = None) -> Mapping[str, Any] | None:
        return DeclarativeClient(self.messenger, user).send_status(full)

    def install_os_update(self) -> bool:
        """Carries out an enforced update; False where none is pending."""
        pending = self.state.pending_update
        if pending is None or version(pending["version"]) <= version(self.state.os_version):
            return False
        self.state.os_version, self.state.build = pending["version"], pending["build"] or self.state.build
        self.state.pending_update, self.state.restarts = None, self.state.restarts + 1
        self.save()
        return True

    def set_passcode(self, passcode: str | None) -> None:
        self.state.passcode, self.state.locked = passcode, None
        self.save()

    def add_app(self, identifier: str, name: str, version_: str = "1.0", *, managed: bool = False) -> None:
        self.state.apps.append({"Identifier": identifier, "Name": name, "ShortVersion": version_, "Version": version_,
                                "Managed": managed})  # fmt: skip
        self.save()

    def log_in(self, user: User) -> None:
        user.logged_in = True
        self.token_update(user)

    def power_on(self) -> None:
        self.state.shut_down = False

    def answer_not_now(self, types: str | Iterable[str] = "all", times: int = 1) -> None:
        self.knobs.not_now.append(
            [None if types == "all" else {types} if isinstance(types, str) else set(types), times]
        )

    def refuse(self, request_type: str, error_chain: Sequence[Mapping[str, Any]] | None = None, times: int = 1) -> None:
        self.knobs.add_refusal(request_type, error_chain, times)

    def lose_next_reply(self) -> None:
        self.knobs.lose_replies += 1

    def lose_next_report(self) -> None:
        self.knobs.lose_reports += 1

    def go_silent(self) -> None:
        self.knobs.silent = True

    def wake(self) -> None:
        self.knobs.silent = False

    def message(self, message_type: str, user: User | None = None, **keys: Any) -> bytes:
        return self.messenger.message(message_type, user, **keys)

    def mdm_signature(self, body: bytes, **options: Any) -> str:
        return self.messenger.signature(body, **options)

    def send(
        self,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "PUT",
        sign: bool | bytes = True,
        identity: Identity | None = None,
    ) -> Reply:
        return self.messenger.raw(path, body, headers or {}, method, sign, identity)
