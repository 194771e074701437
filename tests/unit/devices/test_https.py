"""Over real TLS: trust, client certificates, the command line, a demo that is woken, stopped and started again."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.devices.apns import FakeAPNs
from tests.devices.apns_control import Control
from tests.devices.apple import AppleDevice
from tests.devices.apple.complaints import Complaint
from tests.unit.devices.stub import Stub
from tests.unit.devices.stub_https import serve
from tests.unit.devices.test_apns import client

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def door(stub: Stub, tmp_path: Path) -> Iterator[Path]:
    with serve(stub, tmp_path) as ca_file:
        yield ca_file


def test_a_device_trusts_only_its_roots(stub: Stub, door: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        AppleDevice("iphone").enroll(stub.page_url)
    device = AppleDevice("iphone", ca_file=door)
    device.enroll(stub.page_url)
    stub.command("RestartDevice")
    assert device.poll() == [("RestartDevice", "Acknowledged")]
    assert set(stub.client_certificates) == {None}
    with pytest.raises(Complaint, match="https only"):
        device.open_page(stub.page_url.replace("https", "http"))


@pytest.mark.parametrize("mode", ["mtls", "both"])
def test_a_client_certificate_is_shown(stub: Stub, door: Path, mode: str) -> None:
    device = AppleDevice("iphone", ca_file=door, identity=mode)
    device.enroll(stub.page_url)
    device.poll()
    assert stub.client_certificates[-1] == device.certificate
    assert ("Mdm-Signature" in stub.requests[-1][2]) == (mode == "both")
    device.renew_identity()
    device.poll()
    assert stub.client_certificates[-1] == device.certificate


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.devices", *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def ended(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    return out


def test_the_demo_enrolls_wakes_stops_and_comes_back(stub: Stub, door: Path, tmp_path: Path) -> None:
    (tmp_path / ".muster").mkdir()
    config = tmp_path / ".muster" / "dev.json"
    with FakeAPNs() as apns, Control(apns) as control:
        topic = "com.apple.mgmt.External.x"
        (tmp_path / "push.pem").write_text("".join(apns.issue_push_certificate(topic)))
        api = {"api_url": f"{stub.host}/api/v1", "admin_token": "token", "ca_file": str(door)}
        config.write_text(json.dumps({**api, "apns_control_url": control.url}))
        arguments = (
            "demo",
            "--count",
            "2",
            "--config",
            str(config),
            "--state",
            str(tmp_path / "fleet"),
            "--poll",
            "300",
        )
        process = run(*arguments)
        until(lambda: len(apns.registry.devices) == 3)  # an iPhone, a Mac and its user
        assert stub.invited == [{"max_uses": 2, "ownership": "corporate"}]
        stub.command("DeviceInformation", Queries=["OSVersion"])
        phone = next(one for one in stub.messages if one["MessageType"] == "TokenUpdate")
        headers = {"apns-topic": topic, "apns-push-type": "mdm"}
        with client(apns, tmp_path / "push.pem") as http:
            path = f"/3/device/{phone['Token'].hex()}"
            assert http.post(path, headers=headers, json={"mdm": phone["PushMagic"]}).status_code == 200
        until(lambda: stub.reports)
        assert stub.reports[0]["UDID"] == phone["UDID"]
        out = ended(process, signal.SIGINT)
        assert out.count("enrolled") == 2
        assert "DeviceInformation → Acknowledged" in out
        seen = len([one for one in stub.messages if one.get("MessageType") == "Authenticate"])
        idles = len(stub.messages)
        process = run(*arguments)
        until(lambda: len(stub.messages) >= idles + 2)
        assert ended(process).count("is back") == 2
        assert len([one for one in stub.messages if one.get("MessageType") == "Authenticate"]) == seen == 2
        assert len(stub.invited) == 1


def test_one_device_enrolls_by_link(stub: Stub, door: Path) -> None:
    process = run("enroll", "--link", stub.page_url, "--kind", "mac", "--ca", str(door))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert stub.messages[0]["UDID"] in out


def test_failure_is_one_sentence(door: Path) -> None:
    process = run("enroll", "--link", "https://127.0.0.1:9/enroll/x", "--ca", str(door))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.count("\n") == 1


def test_the_push_service_runs_by_itself(tmp_path: Path) -> None:
    process = run("apns", "--state", str(tmp_path / "apns"), "--topic", "com.apple.mgmt.External.x")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("apns https://127.0.0.1:")
    until(lambda: (tmp_path / "apns" / "push.pem").exists())
    assert (tmp_path / "apns" / "push.key").stat().st_mode & 0o077 == 0
    ended(process)
