"""What the end-to-end tests do with Windows PCs: they enroll, are pushed, and come to an end with what was asked."""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.devices.windows import WindowsPC
from tests.devices.windows.soap import Security
from tests.e2e.world import TERMINAL, World

ORDINARY = {"ownership": "corporate", "groups": []}
SESSIONS = 6  # in which a command is done, with whatever it waits for


def control(world: World) -> str:
    """Of the stand-ins for Microsoft's push service and for Entra."""
    return str(json.loads((world.stack.state / "dev.json").read_text())["wns_control_url"])


def newborn(world: World, **options: Any) -> WindowsPC:
    def channel(family: str) -> str:
        return str(asked(world, "/channels", {"family": family})["uri"])

    return WindowsPC(ca_file=world.stack.ca_file, channels=channel, **options)


def enrolled(world: World, *, invitation: Mapping[str, Any] | None = None, **options: Any) -> WindowsPC:
    """By the invitation's page, its first inventory told."""
    pc = newborn(world, **options)
    pc.enroll(world.invite(**(invitation or {})))
    return pc


def code_of(link: str) -> str:
    return urlsplit(link).path.rsplit("/", 1)[1]


def obey(world: World, pc: WindowsPC, action: str, **params: Any) -> dict[str, Any]:
    """Asked, and as many sessions as it takes: the finished command."""
    command = world.ask(world.id_of(pc), action, **params)
    for _ in range(SESSIONS):
        pc.poll()
        command = world.command(command)
        if command["state"] in TERMINAL:
            break
    return command


def asked(world: World, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
    answer = world.fetch("POST", control(world) + path, json.dumps(content).encode())
    assert answer.status == 200, answer.body
    return dict(answer.json)


def enrollment_of(pc: WindowsPC) -> str:
    """The enrollment id, which its certificate names."""
    subject = x509.load_der_x509_certificate(pc.certificate).subject
    return str(subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


@contextmanager
def alive(world: World, pc: WindowsPC) -> Iterator[None]:
    """The PC comes when it is pushed, and at no other time."""
    over, notifications = threading.Event(), f"{control(world)}/notifications"
    after = world.fetch("GET", f"{control(world)}/health").json["notifications"]

    def live() -> None:
        position = after
        while not over.is_set():
            found = world.fetch("GET", f"{notifications}?after={position}&wait=1").json
            position = found["next"]
            if pc.channel.rpartition("token=")[2] in [one["channel"] for one in found["notifications"]]:
                pc.poll(pushed=True)

    with ThreadPoolExecutor(1) as pool:
        life = pool.submit(live)
        try:
            yield
        finally:
            over.set()
        life.result(30)


@contextmanager
def federated(world: World) -> Iterator[tuple[str, str]]:
    """The sign-in page is open; name and password of somebody who has an account and no role."""
    name, password = f"ada.{secrets.token_hex(4)}@example.com", f"{secrets.token_urlsafe(18)}aA1-"
    cognito, pool = world.stack.client("cognito-idp"), world.stack.outputs["UserPoolId"]
    account = {"UserPoolId": pool, "Username": name}
    cognito.admin_create_user(**account, MessageAction="SUPPRESS", TemporaryPassword=f"{password}x")
    cognito.admin_set_user_password(**account, Password=password, Permanent=True)
    world.ok("PUT", "/settings/windows/enrollment", {"federated": True, **ORDINARY})
    try:
        yield name, password
    finally:
        world.ok("PUT", "/settings/windows/enrollment", {"federated": False, **ORDINARY})


@contextmanager
def entra(world: World) -> Iterator[str]:
    """The stand-in's tenant is believed; the audience of its tokens."""
    tenant = world.fetch("GET", f"{control(world)}/health").json["tenant"]
    audience = world.stack.device_url
    world.ok("PUT", "/settings/windows/entra", {"tenants": [tenant], "audiences": [audience], **ORDINARY})
    try:
        yield audience
    finally:
        world.ok("PUT", "/settings/windows/entra", {"tenants": [], "audiences": [], **ORDINARY})


def entra_token(world: World, audience: str, upn: str) -> str:
    return str(asked(world, "/token", {"audience": audience, "upn": upn})["token"])


def password(username: str, link: str) -> Security:
    """What the security header holds after a deep link."""
    return Security(username, code_of(link))
