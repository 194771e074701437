"""One run of `muster dev`: engine, deployment, front door and helpers, started in order and stopped in reverse."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from chalicelib.cli.dev import demo, push
from chalicelib.cli.dev.certificates import Certificates
from chalicelib.cli.dev.deployment import Deployment
from chalicelib.cli.dev.engine import Engine
from chalicelib.cli.dev.front import FrontDoor, invoker
from chalicelib.cli.dev.people import Administrator, first_administrator
from chalicelib.cli.dev.state import DevError, State, free_port, port_is_free

PORT = 8443
PARAMETERS = {"PlainHttp": "yes"}


class Session:
    """A context manager: leaving it stops everything and saves the data."""

    def __init__(self, state: State, port: int | None, say: Callable[[str], None]) -> None:
        self._state, self._say = state, say
        self._cleanup = ExitStack()
        self.port = _port(state, port)
        self.summary: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    @property
    def broken(self) -> bool:
        return self._engine.dead()

    def populate(self, count: int) -> None:
        child = demo.start(self._state, count)
        self._cleanup.callback(push.end, child)

    def _start(self) -> None:
        certificates = Certificates(self._state)
        self._engine = Engine(self._state)
        self._say(self._engine.recover())
        self._engine.start()
        self._cleanup.callback(self._engine.stop)
        apns = push.Push(self._state, certificates)
        apns.start()
        self._cleanup.callback(apns.stop)
        deployment = Deployment(self._engine, self._state)
        deployment.update(PARAMETERS | {"DeviceUrl": self.url, "ConsoleUrl": self.url} | apns.parameters, self._say)
        administrator = first_administrator(self._engine, deployment, self._state, apns.certificate())
        if deployment.changed:
            # The engine saves when it ends: from here on an end by force loses devices, but not keys and accounts.
            self._engine.stop()
            self._engine.start()
        invoke = invoker(self._engine.client("lambda"))
        door = FrontDoor(self.port, certificates, self._engine.url, deployment.outputs, invoke)
        door.run()
        self._cleanup.callback(door.shutdown)
        self._trust_devices(door, deployment)
        self._summarise(deployment, administrator, apns)

    def _trust_devices(self, door: FrontDoor, deployment: Deployment) -> None:
        """Device certificates come from Muster's own CA, which the first SCEP request makes."""
        scep = f"{self._engine.url}/_aws/execute-api/{deployment.outputs()['DeviceApiId']}/$default/apple/scep"
        try:
            reply = urllib3.request("GET", f"{scep}?operation=GetCACert", timeout=30, retries=False)
            door.trust_devices(_root(reply.data))
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            self._say(f"Client certificates are off, the signing function gave no CA certificate: {error}")

    def _summarise(self, deployment: Deployment, administrator: Administrator, apns: push.Push) -> None:
        self.summary = {
            "pid": os.getpid(),
            "port": self.port,
            "console_url": self.url,
            "api_url": f"{self.url}/api/v1",
            "device_url": self.url,
            "ca_file": str(self._state.ca_file),
            "admin_username": administrator.username,
            "admin_password": administrator.password,
            "admin_token": administrator.token,
            "apns_control_url": apns.control_url,
            "engine_url": self._engine.url,
            "engine_access_key": self._engine.access_key,
            "engine_secret_key": self._engine.secret_key,
            "environment": deployment.environment(),
            "outputs": dict(deployment.outputs()),
        }
        self._state.write(self.summary)
        self._cleanup.callback(self._state.clear)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


def _root(certificates: bytes) -> bytes:
    """The self-signed one of GetCACert's answer, which is PKCS #7 where there is more than one."""
    try:
        found = pkcs7.load_der_pkcs7_certificates(certificates)
    except ValueError:
        found = [x509.load_der_x509_certificate(certificates)]
    return next(one for one in found if one.issuer == one.subject).public_bytes(Encoding.DER)


def _port(state: State, asked: int | None) -> int:
    """Devices keep the address they enrolled at, so the port stays what it was unless another is asked for."""
    port = asked if asked is not None else int(state.recall().get("port", PORT))
    if port == 0:
        port = free_port()
    elif not port_is_free(port):
        raise DevError(f"Port {port} is in use: end what listens there, or choose another one with --port.")
    state.remember(port=port)
    return port
