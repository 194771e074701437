"""A fake Apple Push Notification service: real HTTP/2 over TLS with client certificates, scripted answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.devices.apns_authority import PushAuthority
from tests.devices.apns_wire import Answer, Connection, Drop, GoAway, Push, Registered, Registry, Script

__all__ = ["Answer", "Drop", "FakeAPNs", "GoAway", "Push"]


class FakeAPNs:
    """with FakeAPNs() as apns: …; a thread of its own serves on loopback."""

    def __init__(
        self,
        port: int = 0,
        *,
        client_ca: str | None = None,
        strict: bool = False,
        folder: str | Path | None = None,
        certificate: str | None = None,
        key: str | None = None,
    ) -> None:
        """client_ca, certificate, key: PEM files; folder keeps the authorities that are made without them."""
        self.authority = PushAuthority(Path(folder) if folder else None)
        self.registry = Registry(strict)
        self._wanted_port, self._files = port, (certificate, key)
        self._client_ca = client_ca
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def start(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    async def _listen(self) -> None:
        context = self.authority.server_context(*self._files, self._client_ca)
        protocol = lambda: Connection(self.registry)  # noqa: E731
        self._server = await self._loop.create_server(protocol, "127.0.0.1", self._wanted_port, ssl=context)

    def stop(self) -> None:
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_pem(self) -> str:
        return self.authority.server_ca_pem

    @property
    def pushes(self) -> list[Push]:
        return self.registry.pushes

    @property
    def complaints(self) -> list[str]:
        return self.registry.complaints

    def issue_push_certificate(self, topic: str, *, expired: bool = False) -> tuple[str, str]:
        """Certificate and key, PEM."""
        return self.authority.issue(topic, expired=expired)

    def sign_push_request(self, csr_pem: str, topic: str) -> str:
        return self.authority.sign_request(csr_pem, topic)

    def register(
        self, token: str | bytes, magic: str, on_push: Callable[[Push], object] | None = None, topic: str | None = None
    ) -> None:
        name = token.hex() if isinstance(token, bytes) else token.lower()
        self.registry.devices[name] = Registered(magic, topic, on_push)

    def unregister(self, token: str | bytes) -> None:
        self.registry.devices.pop(token.hex() if isinstance(token, bytes) else token.lower(), None)

    def script(self, answer: Script, token: str | bytes | None = None, times: int = 1) -> None:
        name = token.hex() if isinstance(token, bytes) else token.lower() if token else None
        self.registry.scripts.append([answer, name, times])

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Push]:
        """All pushes, once there are at least count; TimeoutError else."""
        with self.registry.changed:
            if not self.registry.changed.wait_for(lambda: len(self.pushes) >= count, timeout):
                raise TimeoutError(f"{len(self.pushes)} pushes after {timeout} s, {count} expected")
            return list(self.pushes)

    def after(self, number: int, wait: float) -> list[Mapping[str, Any]]:
        """Pushes from the number-th on, as soon as there is one."""
        with self.registry.changed:
            self.registry.changed.wait_for(lambda: len(self.pushes) > number, wait)
            return [asdict(push) for push in self.pushes[number:]]
