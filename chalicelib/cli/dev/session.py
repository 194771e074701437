"""One run of `muster dev`: engine, deployment, front door and helpers, started in order and stopped in reverse."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import urllib3
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.cli.dev import push
from chalicelib.cli.dev.certificates import Certificates
from chalicelib.cli.dev.demo import Demo
from chalicelib.cli.dev.deployment import Deployment
from chalicelib.cli.dev.engine import Engine
from chalicelib.cli.dev.front import FrontDoor, invoker
from chalicelib.cli.dev.microsoft import Microsoft
from chalicelib.cli.dev.people import Administrator, first_administrator
from chalicelib.cli.dev.state import DevError, State, free_port, port_is_free

PORT = 8443
PARAMETERS = {"PlainHttp": "yes"}


class Session:
    """A context manager: leaving it stops everything and saves the data."""

    def __init__(self, state: State, port: int | None, say: Callable[[str], None]) -> None:
        """`say` hears what is being done; `notes` are for the person to read when it is done."""
        self._state, self._say = state, say
        self._cleanup = ExitStack()
        self.port = _port(state, port)
        self.summary: dict[str, Any] = {}
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._start()
        except (ClientError, BotoCoreError) as error:
            self._cleanup.close()
            folder = self._state.folder
            advice = f"see {folder / 'engine.log'}; if it stays so, delete the folder {folder} to start afresh"
            raise DevError(f"The embedded AWS engine refused ({error}): {advice}.") from error
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
        self._say("Enrolling simulated devices …")
        self._cleanup.callback(self._demo.stop)
        self._demo.start(count)
        self.notes.append(self._demo.enrolled(count))

    def ready(self) -> None:
        """Tells who waits for the summary that nothing more will come."""
        self._state.write(self.summary | {"ready": True, "notes": self.notes})
        self._state.remember(unread="")

    def _start(self) -> None:
        self._say("Starting the embedded AWS engine …")
        certificates = Certificates(self._state)
        push.check(self._state)
        self._engine = Engine(self._state)
        self._demo = Demo(self._state)
        self._demo.recover()
        self._recover()
        self._engine.start()
        self._cleanup.callback(self._engine.stop)
        apns = push.Push(self._state, certificates)
        apns.start()
        self._cleanup.callback(apns.stop)
        microsoft = Microsoft(self._state, certificates)
        microsoft.start()
        self._cleanup.callback(microsoft.stop)
        deployment = Deployment(self._engine, self._state)
        addresses = {"DeviceUrl": self.url, "ConsoleUrl": self.url}
        deployment.update(PARAMETERS | addresses | apns.parameters | microsoft.parameters, self._say)
        push_services = {"certificate": apns.certificate(), "package": microsoft.package}
        administrator = first_administrator(self._engine, deployment, self._state, push_services)
        if deployment.changed:
            # The engine saves when it ends: from here on an end by force loses devices, but not keys and accounts.
            self._engine.stop()
            self._engine.start()
        invoke = invoker(self._engine.client("lambda"))
        door = FrontDoor(self.port, certificates, self._engine.url, deployment.outputs, invoke)
        door.run()
        self._cleanup.callback(door.shutdown)
        self._trust_devices(door, deployment)
        self._summarise(deployment, administrator, apns.control_url, microsoft.control_url)

    def _recover(self) -> None:
        """What was lost is told until a start has succeeded in telling it."""
        unread = self._engine.recover() or self._state.recall().get("unread", "")
        self._state.remember(unread=unread)
        self.notes += [unread] if unread else []

    def _trust_devices(self, door: FrontDoor, deployment: Deployment) -> None:
        """Device certificates come from Muster's own CA, which the first SCEP request makes."""
        scep = f"{self._engine.url}/_aws/execute-api/{deployment.outputs()['DeviceApiId']}/$default/apple/scep"
        try:
            reply = urllib3.request("GET", f"{scep}?operation=GetCACert", timeout=30, retries=False)
            door.trust_devices(_root(reply.data))
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            self.notes.append(f"Client certificates are off, the signing function gave no CA certificate: {error}")

    def _summarise(self, deployment: Deployment, administrator: Administrator, apns: str, wns: str) -> None:
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
            "apns_control_url": apns,
            "wns_control_url": wns,
            "engine_url": self._engine.url,
            "engine_access_key": self._engine.access_key,
            "engine_secret_key": self._engine.secret_key,
            "environment": deployment.environment(),
            "outputs": dict(deployment.outputs()),
            "ready": False,
            "notes": self.notes,
        }
        self._state.write(self.summary)
        self._cleanup.callback(self._state.clear)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


def _root(answer: bytes) -> bytes:
    """The self-signed one of GetCACert's answer, which is PKCS #7 where there is more than one."""
    # Not with cryptography, which warns: RFC 8894 wants the certificates in its own order, DER wants them sorted.
    try:
        found = [one.chosen for one in cms.ContentInfo.load(answer)["content"]["certificates"]]
    except (ValueError, TypeError, KeyError):
        found = [asn1_x509.Certificate.load(answer)]
    for one in found:
        if one.issuer == one.subject:
            return bytes(one.dump())
    raise ValueError("none of them is self-signed")


def _port(state: State, asked: int | None) -> int:
    """Devices keep the address they enrolled at, so the port stays what it was unless another is asked for."""
    port = asked if asked is not None else int(state.recall().get("port", PORT))
    if port == 0:
        port = free_port()
    elif not port_is_free(port):
        raise DevError(f"Port {port} is in use: end what listens there, or choose another one with --port.")
    state.remember(port=port)
    return port
