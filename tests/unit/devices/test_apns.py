"""The fake push service, asked by a client of somebody else's making."""

from __future__ import annotations

import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.devices.apns import Answer, Drop, FakeAPNs, GoAway
from tests.devices.apns_authority import topic_of
from tests.devices.apns_control import Control
from tests.devices.apple import forge
from tests.devices.apple.identity import new_key

TOPIC = "com.apple.mgmt.External.11111111-2222-4333-8444-555555555555"
TOKEN = "ab" * 32


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeAPNs]:
    with FakeAPNs(folder=tmp_path_factory.mktemp("apns")) as service:
        yield service


@pytest.fixture
def apns(service: FakeAPNs) -> FakeAPNs:
    service.pushes.clear()
    service.complaints.clear()
    service.registry.devices.clear()
    service.registry.scripts.clear()
    service.registry.strict = False
    return service


@pytest.fixture(scope="module")
def push_pem(service: FakeAPNs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("push") / "push.pem"
    path.write_text("".join(service.issue_push_certificate(TOPIC)))
    return path


def client(apns: FakeAPNs, certificate: Path | None) -> httpx.Client:
    context = ssl.create_default_context(cadata=apns.ca_pem)
    if certificate is not None:
        context.load_cert_chain(certificate)
    return httpx.Client(http1=False, http2=True, verify=context, base_url=apns.url)


def push(
    apns: FakeAPNs, certificate: Path | None, token: str = TOKEN, body: Any = None, **headers: str
) -> httpx.Response:
    sent = {"apns-topic": TOPIC, "apns-push-type": "mdm", **{f"apns-{key}": value for key, value in headers.items()}}
    with client(apns, certificate) as http:
        return http.post(f"/3/device/{token}", headers=sent, json={"mdm": "MAGIC"} if body is None else body)


def test_a_push_arrives(apns: FakeAPNs, push_pem: Path) -> None:
    woken = threading.Event()
    apns.register(TOKEN, "MAGIC", on_push=lambda one: woken.set())
    answer = push(apns, push_pem, priority="10", expiration="0")
    assert (answer.status_code, answer.http_version, answer.content) == (200, "HTTP/2", b"")
    assert answer.headers["apns-id"]
    (seen,) = apns.wait_for(1)
    assert (seen.token, seen.topic, seen.push_type, seen.magic, seen.status) == (TOKEN, TOPIC, "mdm", "MAGIC", 200)
    assert woken.wait(5)


def test_another_magic_wakes_nobody(apns: FakeAPNs, push_pem: Path) -> None:
    woken: list[object] = []
    apns.register(TOKEN, "OTHER", on_push=woken.append)
    assert push(apns, push_pem).status_code == 200
    assert apns.complaints
    assert woken == []


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"topic": "com.apple.mgmt.other"}, 400, "TopicDisallowed"),
        ({"push_type": "alert"}, 400, "InvalidPushType"),
        ({"priority": "7"}, 400, "BadPriority"),
        ({"expiration": "soon"}, 400, "BadExpirationDate"),
        ({"token": "xyz"}, 400, "BadDeviceToken"),
        ({"body": {"aps": {}}}, 400, "BadPayload"),
        ({"body": {"mdm": "M", "more": 1}}, 400, "BadPayload"),
        ({"body": {"mdm": "M" * 5000}}, 413, "PayloadTooLarge"),
    ],
)
def test_bad_requests(apns: FakeAPNs, push_pem: Path, changes: dict[str, Any], status: int, reason: str) -> None:
    changes = {key.replace("_", "-"): value for key, value in changes.items()}
    answer = push(apns, push_pem, **changes)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert apns.pushes[-1].reason == reason


def test_certificates_count(apns: FakeAPNs, tmp_path: Path) -> None:
    assert push(apns, None).json()["reason"] == "MissingProviderToken"
    stranger = forge.Authority().issue("x")
    (tmp_path / "stranger.pem").write_bytes(stranger.certificate_pem + stranger.key_pem)
    with pytest.raises(httpx.HTTPError):
        push(apns, tmp_path / "stranger.pem")
    (tmp_path / "expired.pem").write_text("".join(apns.issue_push_certificate(TOPIC, expired=True)))
    with pytest.raises(httpx.HTTPError):
        push(apns, tmp_path / "expired.pem")
    (tmp_path / "other.pem").write_text("".join(apns.issue_push_certificate("com.example.app")))
    assert push(apns, tmp_path / "other.pem").json()["reason"] == "BadCertificate"


def test_scripted_answers(apns: FakeAPNs, push_pem: Path) -> None:
    apns.script(Answer(410, "Unregistered", 1234))
    assert push(apns, push_pem).json() == {"reason": "Unregistered", "timestamp": 1234}
    apns.script(Answer(429, "TooManyRequests"), token=TOKEN, times=2)
    assert push(apns, push_pem, token="cd" * 32).status_code == 200
    assert [push(apns, push_pem).status_code for _ in range(3)] == [429, 429, 200]
    for script in (Drop(), GoAway()):
        apns.script(script)
        with pytest.raises(httpx.RemoteProtocolError):
            push(apns, push_pem)
        assert apns.pushes[-1].status == 0
    assert push(apns, push_pem).status_code == 200


def test_strangers_and_foreign_topics(apns: FakeAPNs, push_pem: Path) -> None:
    apns.registry.strict = True
    assert push(apns, push_pem).json()["reason"] == "BadDeviceToken"
    apns.register(TOKEN, "MAGIC", topic="com.apple.mgmt.another")
    assert push(apns, push_pem).json()["reason"] == "DeviceTokenNotForTopic"


def test_many_streams_on_one_connection(apns: FakeAPNs, push_pem: Path) -> None:
    headers = {"apns-topic": TOPIC, "apns-push-type": "mdm"}
    with client(apns, push_pem) as http:
        codes = [http.post(f"/3/device/{n:064x}", headers=headers, json={"mdm": "M"}).status_code for n in range(50)]
    assert codes == [200] * 50
    assert len({one.token for one in apns.pushes}) == 50


def test_control_interface(apns: FakeAPNs, push_pem: Path) -> None:
    with Control(apns) as control:
        _post(control.url + "/devices", {"token": TOKEN, "magic": "MAGIC"})
        assert TOKEN in apns.registry.devices
        _post(control.url + "/script", {"status": 503, "reason": "ServiceUnavailable"})
        timer = threading.Timer(0.2, push, (apns, push_pem))
        timer.start()
        said = _get(f"{control.url}/pushes?after=0&wait=10")
        assert [(one["token"], one["status"]) for one in said["pushes"]] == [(TOKEN, 503)]
        assert said["next"] == 1
        assert _get(f"{control.url}/pushes?after=1&wait=0")["pushes"] == []
        timer.join()
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(new_key(), hashes.SHA256())
        pem = request.public_bytes(serialization.Encoding.PEM).decode()
        issued = _post(control.url + "/push-certificate", {"csr": pem, "topic": TOPIC})
        assert topic_of(x509.load_pem_x509_certificate(issued["certificate"].encode())) == TOPIC
        with pytest.raises(urllib.error.HTTPError, match="400"):
            _post(control.url + "/devices", {})


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as reply:
        return json.load(reply)


def _post(url: str, content: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as reply:
        return json.load(reply)
