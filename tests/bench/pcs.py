"""A Windows PC at the deployment of staging.py: it proves itself by TLS or by digest, and can be woken through WNS."""

import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.core import commands, ids, windows_setup
from chalicelib.core.ports import Create, Replace
from chalicelib.model.command import Command, CommandState
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.secret import Secret
from chalicelib.platforms.windows import jobs
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.nodes import Step
from tests.bench.staging import ADMIN, Deployment, enrollment_of
from tests.devices.apple.transport import Reply
from tests.devices.windows import WindowsPC
from tests.devices.windows.installing import show_app
from tests.devices.wns import FakeWNS

MANAGE = "/windows/manage"
FAMILY = "Example.Push_8wekyb3d8bbwe"
MOST_SESSIONS = 10


@dataclass
class Wire:
    """The transport of one PC. `traced`: the most memory that an answer took is noted, which makes it slow."""

    deployment: Deployment
    tls: bool
    certificate: bytes = b""
    traced: bool = False
    peak: int = 0

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        shown = self.tls and self.certificate and urlsplit(url).path == MANAGE
        pem = x509.load_der_x509_certificate(self.certificate).public_bytes(Encoding.PEM).decode() if shown else ""
        if not self.traced:
            return self.deployment.device_plane(method, url, headers, body, pem)
        tracemalloc.start()
        try:
            return self.deployment.device_plane(method, url, headers, body, pem)
        finally:
            self.peak = max(self.peak, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()


class Desk:
    """One PC, its wire, and what people do with it."""

    def __init__(self, deployment: Deployment, *, tls: bool, seed: int = 1, wns: FakeWNS | None = None) -> None:
        self.deployment, self.house = deployment, deployment.house
        self.wire = Wire(deployment, tls)
        self.pc = WindowsPC(transport=self.wire, seed=seed, channels=wns.open_channel if wns else None)

    def enrolled(self) -> "Desk":
        """It has told all that the server asks by itself, a second time too: its next session is idle."""
        self.enroll()
        for _ in range(MOST_SESSIONS):
            before = len(self.deployment.exchanges)
            if self.poll() == [] and len(self.deployment.exchanges) == before + 1:
                break
        else:
            raise AssertionError("it never comes to rest")
        assert not self.pc.complaints, self.pc.complaints
        return self

    def enroll(self) -> None:
        """With its first session."""
        code = self.deployment.invite().rsplit("/", 1)[-1]
        self.pc.enroll_on_premise(self.house.settings.device_url, "ada@example.com", code, sync=False)
        self.wire.certificate = self.pc.certificate
        self.poll()

    def poll(self) -> Any:
        return self.pc.poll()

    def install(self, name: str) -> None:
        family = f"{name}_8wekyb3d8bbwe"
        self.pc.state.apps[family] = {"Name": name, "Version": "1.0.0.0", "Publisher": "CN=Contoso"}
        show_app(self.pc.state, family)

    def postpone_inventory(self) -> None:
        due = self.deployment.clock.now + 86_400
        self.house.store.commit(Replace(replace(self.enrollment, inventory_due=due)))

    @property
    def enrollment(self) -> Enrollment:
        return self.house.store.get(Enrollment, enrollment_of(self.pc))

    @cached_property
    def device_id(self) -> str:
        return self.enrollment.device_id

    def ask(self, action: str) -> str:
        """By a person, through the API; the id of the command."""
        asked = self.deployment.api("POST", f"/devices/{self.device_id}/commands", {"action": action})
        return str(asked["id"])

    def ended_well(self, command_id: str) -> bool:
        return commands.get(self.house, self.device_id, command_id).state is CommandState.ACKNOWLEDGED

    def queue(self, *steps: Step) -> str:
        """A job of no action: what a policy will send; the id of the command."""
        channel, now = self.enrollment, self.house.clock()
        command = Command(
            id=(name := ids.command_id(5, now)), enrollment_id=channel.id, device_id=channel.device_id, action="probe",
            request_type="Probe", payload=jobs.write(name, Job(steps)), created_at=now, expires_at=now + 86_400,
            requested_by="bench",
        )  # fmt: skip
        self.house.store.commit(Create(command))
        return name

    def exchanges(self, act: Callable[[], Any], path: str = MANAGE) -> list[Any]:
        """Those with `path` while it acts."""
        before = len(self.deployment.exchanges)
        act()
        return [each for each in self.deployment.exchanges[before:] if each.event["rawPath"] == path]


def pushable(deployment: Deployment, wns: FakeWNS) -> None:
    """PCs that enroll from now on are told the package and open a channel; the settings say where WNS is."""
    windows_setup.set_push_package(deployment.house, ADMIN, FAMILY, wns.sid, Secret(wns.secret))


def settings(wns: FakeWNS) -> dict[str, str]:
    return {"wns_login_url": wns.token_url, "wns_domain": wns.host, "microsoft_trust": wns.ca_pem}
