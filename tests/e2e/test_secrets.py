"""Canaries: secrets that a run has used, and every place where a thief or an observer could find one."""

import base64
import json
import plistlib
import re
import secrets
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from chalicelib.core import escrow
from chalicelib.platforms.windows import credentials
from tests.devices.apple import profile as profiles
from tests.devices.apple.enrollment import profile_url
from tests.devices.windows.complaints import EnrollmentFault, SessionRefused
from tests.e2e import pcs
from tests.e2e.test_actions import wifi_profile
from tests.e2e.world import World

WIFI_PASSWORD = b"over the air"


@pytest.fixture(scope="module")
def canaries(world: World) -> dict[str, bytes]:
    """Every kind of secret, used in earnest: kept, sent, refused, misspelled and revealed."""
    iphone, mac = world.newborn("iphone"), world.newborn("mac")
    invitation = world.invitation(max_uses=2)
    raw = iphone.download_profile(profile_url(iphone.open_page(invitation["link"])))
    challenge = iphone.read_profile(raw).only(profiles.SCEP)["PayloadContent"]["Challenge"]
    iphone.install_enrollment(raw)
    mac.enroll(invitation["link"])
    for device in (iphone, mac):
        world.settle(device)
    phone, laptop = world.id_of(iphone), world.id_of(mac)
    first_key, user_password = mac.state.filevault_key, "A user's own pass phrase"
    mac.users[0].password = user_password
    mac.answer_not_now("RotateFileVaultKey")
    rotation = world.ask(laptop, "rotate-filevault-key", current=user_password)
    assert [one.status for one in world.settle(mac)] == ["NotNow"]
    waiting = world.tables()  # with the secret still in the queue
    assert world.command(rotation)["state"] == "queued"
    world.settle(mac)
    world.obey(mac, "lock")
    world.obey(mac, "set-recovery-lock")
    world.obey(mac, "rotate-filevault-key")
    world.obey(mac, "activation-lock-bypass")
    world.obey(iphone, "clear-passcode")
    world.obey(iphone, "install-profile", profile=wifi_profile())
    token = world.ok("POST", "/tokens", {"name": "canary", "role": "auditor"})["token"]
    found = {
        "unlock token": iphone.state.unlock_token,
        "lock PIN": mac.state.locked["pin"].encode() if mac.state.locked else b"",
        "recovery lock": str(mac.state.recovery_lock).encode(),
        "recovery key": mac.state.filevault_key.encode(),
        "earlier recovery key": first_key.encode(),
        "bypass code": str(mac.state.bypass_code).encode(),
        "bootstrap token": mac.state.bootstrap_token,
        "password of a user": user_password.encode(),
        "password in a profile": WIFI_PASSWORD,
        "push key": _push_key(world),
        "challenge": str(challenge).encode(),
        "invitation code": invitation["link"].rsplit("/", 1)[1].encode(),
        "API token": token.encode(),
        "password of the administrator": world.stack.admin_password.encode(),
        "access token": world.person.encode(),
    } | _of_windows(world)
    for device_id, kind in ((phone, "unlock_token"), (laptop, "recovery_lock"), (laptop, "filevault_key")):
        assert world.reveal(device_id, kind)
    _provoke(world, laptop, mac, found)
    world.quiet()
    lying_open = b"\n".join(_texts(waiting))
    assert {what for what, secret in found.items() if hits(secret, lying_open)} == set()
    return found


def _of_windows(world: World) -> dict[str, bytes]:
    """What a PC, its user and Microsoft's services know; spoken, refused and spoken again."""
    with pcs.federated(world) as (name, password):
        pc = pcs.newborn(world, upn=name)
        pc.enroll_federated(world.stack.device_url, name, password)
    with pcs.entra(world) as audience:
        token = pcs.entra_token(world, audience, name)
        pcs.newborn(world, upn=name).enroll_entra(world.stack.device_url, token)
        with pytest.raises(EnrollmentFault):
            pcs.newborn(world, upn=name).enroll_entra(world.stack.device_url, token)
    signature = secrets.token_urlsafe(24)
    place = world.fetch("GET", f"{pcs.control(world)}/health").json["url"]  # it takes no logs, which is an answer too
    pcs.obey(world, pc, "collect-logs", upload_url=f"{place}/logs?sig={signature}")
    pc.knobs.client_certificate, pc.knobs.digest = False, "wrong"
    with pytest.raises(SessionRefused):
        pc.poll()
    pc.knobs.digest = "normal"
    pc.poll()
    held = escrow.current(world.house(), escrow.ORGANIZATION, credentials.KIND)
    assert held
    memory = json.loads((world.stack.state / "memory.json").read_text())
    return {
        "password of a PC": pc.state.client_auth["secret"].encode(),
        "password of the server": pc.state.server_auth["secret"].encode(),
        "next nonce of a PC": pc.state.client_auth["nonce"],
        "digest key": held.reveal(),
        "password at the sign-in page": password.encode(),
        "Entra token": token.rpartition(".")[2].encode(),
        "signature of an upload": signature.encode(),
        "push secret": memory["wns_secret"].encode(),
    }


def _push_key(world: World) -> bytes:
    key = serialization.load_pem_private_key((world.stack.state / "push/push.key").read_bytes(), None)
    numbers = key.private_numbers()  # type: ignore[union-attr]
    return bytes(numbers.d.to_bytes(256, "big"))  # type: ignore[union-attr]


def _provoke(world: World, laptop: str, mac: Any, known: Mapping[str, bytes]) -> None:
    """Errors about requests that hold secrets."""
    text = {what: secret.decode("latin-1") for what, secret in known.items()}
    refused = [
        world.api("POST", f"/devices/{laptop}/commands", {"action": "lock", "params": {"pin": text["lock PIN"]}}),
        world.api(
            "POST",
            f"/devices/{laptop}/commands",
            {"action": "rotate-filevault-key", "params": {"current": [text["recovery key"]]}},
        ),
        world.api(
            "POST",
            f"/devices/{laptop}/commands",
            {"action": "rotate-filevault-key", "params": {"current": text["password of a user"], "x": 1}},
        ),
        world.api("POST", f"/devices/{laptop}/commands", text["bypass code"].encode()),
        world.api(
            "POST", "/sessions", {"username": "admin", "password": [text["password of the administrator"]]}, token=""
        ),
        world.api(
            "POST", "/sessions", {"username": "admin", "password": text["password of the administrator"]}, token=""
        ),
        world.api("GET", "/devices", token=text["API token"] + "x"),
        world.api("GET", "/devices", token=text["access token"] + "x"),
        world.fetch("GET", f"{world.stack.console_url}/enroll/{text['invitation code']}x"),
        world.fetch("GET", f"{world.stack.device_url}/apple/profile/{text['invitation code']}"),
    ]
    assert [answer.status >= 400 for answer in refused] == [True] * len(refused)
    body = plistlib.dumps({"MessageType": "SetBootstrapToken", "UDID": "x", "BootstrapToken": known["bootstrap token"]})
    header = {"Content-Type": "application/x-apple-aspen-mdm-checkin"}
    assert mac.send("checkin", body, header).status == 403
    assert mac.send("checkin", body[:-20], header).status == 400


# where to look


def hits(secret: bytes, text: bytes) -> bool:
    """Plain, as hex, or as base64 at any of its three alignments. Six digits count only where they stand alone."""
    if len(secret) <= 6:
        return re.search(rb"(?<![0-9A-Za-z+/=._-])" + re.escape(secret) + rb"(?![0-9A-Za-z+/=._-])", text) is not None
    return any(form in text for form in forms(secret))


@cache
def forms(secret: bytes) -> tuple[bytes, ...]:
    return tuple(_forms(secret))


def _forms(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield json.dumps(secret.decode("latin-1"))[1:-1].encode()
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + secret)
        inner = encoded[(4 if shift else 0) : len(encoded) - (4 if (shift + len(secret)) % 3 else 0)]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def _texts(tables: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> Iterator[bytes]:
    for table in tables.values():
        for item in table.values():
            for value in item.values():
                yield from _unfolded(value if isinstance(value, bytes) else str(value).encode())


def _unfolded(content: bytes) -> Iterator[bytes]:
    yield content
    if content[:1] == b"\x78":  # inventories are compressed
        try:
            yield zlib.decompress(content)
        except zlib.error:
            return


def _files(world: World) -> Iterator[bytes]:
    s3 = world.stack.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for item in page.get("Contents", []):
                if item["Size"] < 1_000_000:  # the package itself is larger
                    yield from _unfolded(s3.get_object(Bucket=bucket["Name"], Key=item["Key"])["Body"].read())


def _logs(world: World) -> Iterator[bytes]:
    logs = world.stack.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                yield from (event["message"].encode() for event in events["events"])
    for file in ("engine.log", "push.log", "microsoft.log", "dev.log"):
        yield (world.stack.state / file).read_bytes()


def _messages(world: World) -> Iterator[bytes]:
    """All queues, the dead letters too; what is delayed or in flight as well."""
    yield world.fetch("GET", f"{world.stack.engine_url}/_ministack/sqs/messages").body


def places(world: World) -> dict[str, bytes]:
    found = {
        "tables": _texts(world.tables()),
        "files": _files(world),
        "logs": _logs(world),
        "queues": _messages(world),
        "errors": world.refusals,
        "audit export": [world.api("GET", "/audit/export").body],
    }
    return {name: b"\n".join(texts) for name, texts in found.items()}


SECRETS = (
    "unlock token", "lock PIN", "recovery lock", "recovery key", "earlier recovery key", "bypass code",
    "bootstrap token", "password of a user", "password in a profile", "push key", "challenge", "invitation code",
    "API token", "password of the administrator", "access token",
    "password of a PC", "password of the server", "next nonce of a PC", "digest key", "password at the sign-in page",
    "Entra token", "signature of an upload", "push secret",
)  # fmt: skip


@pytest.fixture(scope="module")
def searched(world: World, canaries: Mapping[str, bytes]) -> dict[str, bytes]:
    found = places(world)
    assert all(found.values())
    return found


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_is_nowhere_to_be_found(
    canaries: Mapping[str, bytes], searched: Mapping[str, bytes], what: str
) -> None:
    secret = canaries[what]
    assert len(secret) >= 6
    assert {place for place, texts in searched.items() if hits(secret, texts)} == set()


def test_these_are_all_the_canaries(canaries: Mapping[str, bytes]) -> None:
    assert set(canaries) == set(SECRETS)


def test_the_search_finds_what_lies_open(world: World, searched: Mapping[str, bytes]) -> None:
    """The same search for something that is no secret, and for a secret in each of its disguises."""
    device = next(key[0].removeprefix("D#") for key in world.tables()["core"] if key[1] == "#M").encode()
    assert {place for place, texts in searched.items() if hits(device, texts)} >= {
        "tables", "files", "audit export",
    }  # fmt: skip
    secret = b"a secret of seventeen"
    for disguise in (secret, secret.hex().encode(), secret.hex().upper().encode()):
        assert hits(secret, b'{"x":"' + disguise + b'"}')
    for shift in range(6):
        assert hits(secret, base64.b64encode(b"x" * shift + secret + b"and more"))
        assert hits(secret, base64.urlsafe_b64encode(b"x" * shift + secret))
    assert hits(b"123456", b'{"pin":"123456"}')
    assert not hits(b"123456", b"a123456b")
