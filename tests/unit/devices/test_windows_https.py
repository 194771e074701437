"""The simulated PC over real TLS: its certificate, the command line, a demo that is woken by a notification."""

from __future__ import annotations

import json
import signal
import ssl
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.devices.apple.forge import Authority
from tests.devices.demo import Config, gather
from tests.devices.entra import FakeEntra
from tests.devices.windows import WindowsPC
from tests.devices.wns import FakeWNS
from tests.devices.wns_control import Control
from tests.unit.devices import stub_https
from tests.unit.devices.stub_windows import WindowsStub
from tests.unit.devices.test_https import ended, run, until
from tests.unit.devices.test_windows_services import push, token

PFN = "./Device/Vendor/MSFT/DMClient/Provider/Stub/Push/PFN"


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[WindowsStub]:
    """Behind TLS that asks for client certificates of the stub's own authority."""
    stub = WindowsStub()
    door = Authority("Front door CA")
    name = stub_https.x509.SubjectAlternativeName(
        [stub_https.x509.IPAddress(stub_https.ipaddress.ip_address("127.0.0.1"))]
    )
    own = door.issue("127.0.0.1", extensions=(name,))
    (tmp_path / "door.pem").write_bytes(own.certificate_pem + own.key_pem)
    (tmp_path / "door-ca.pem").write_text(door.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "door.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=stub.ca.pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (stub_https.Handler,), {"stub": stub}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    stub.host = f"https://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield stub
    server.shutdown()
    server.server_close()


@pytest.fixture
def ca_file(stub: WindowsStub, tmp_path: Path) -> Path:
    return tmp_path / "door-ca.pem"


def test_the_certificate_is_shown(stub: WindowsStub, ca_file: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        WindowsPC().enroll(stub.page_url)
    pc = WindowsPC(ca_file=ca_file)
    pc.enroll(stub.page_url)
    assert stub.client_certificates[-1] == pc.certificate
    assert stub.client_certificates[-3] is None
    pc.renew_identity()
    pc.poll()
    assert stub.client_certificates[-1] == pc.certificate
    pc.knobs.client_certificate = False
    pc.poll()
    assert stub.client_certificates[-1] is None


@pytest.mark.parametrize("way", ["deeplink", "onpremise", "federated", "entra"])
def test_each_way_by_command_line(stub: WindowsStub, ca_file: Path, tmp_path: Path, way: str) -> None:
    stub.auth_policy = "Federated" if way == "federated" else "OnPremise"
    with FakeEntra() as entra:
        bearer = entra.token(audience=stub.host)
    options = {
        "deeplink": ["--link", stub.page_url],
        "onpremise": ["--server", stub.host, "--password", stub.code],
        "federated": ["--server", stub.host, "--username", "ada", "--password", stub.password],
        "entra": ["--server", stub.host, "--token", bearer, "--terms", f"{stub.host}/windows/terms"],
    }[way]
    process = run("enroll", "--kind", "windows", "--way", way, *options, "--ca", str(ca_file), "--state", str(tmp_path))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert stub.messages[0].source in out


def test_what_is_missing_is_said(ca_file: Path) -> None:
    process = run("enroll", "--kind", "windows", "--way", "onpremise", "--server", "x", "--ca", str(ca_file))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "--password" in err


def test_the_demo_wakes_a_pc_and_it_comes_back(stub: WindowsStub, ca_file: Path, tmp_path: Path) -> None:
    (tmp_path / ".muster").mkdir()
    config = tmp_path / ".muster" / "dev.json"
    with FakeWNS() as wns, Control(wns) as control:
        api = {"api_url": f"{stub.host}/api/v1", "admin_token": "token", "ca_file": str(ca_file)}
        config.write_text(json.dumps({**api, "wns_control_url": control.url}))
        stub.send("Replace", PFN, "Contoso.MDM", "chr")
        arguments = ("demo", "--count", "1", "--kinds", "windows", "--config", str(config),
                     "--state", str(tmp_path / "fleet"), "--poll", "300")  # fmt: skip
        process = run(*arguments)
        until(lambda: wns.channels and len({one.session for one in stub.messages}) >= 2)
        heard = len({one.session for one in stub.messages})
        uri = f"{wns.url}/?token={next(iter(wns.channels))}"
        stub.send("Exec", "./Device/Vendor/MSFT/Reboot/RebootNow")
        with httpx.Client(verify=ssl.create_default_context(cadata=wns.ca_pem)) as http:
            bearer = token(wns, http).json()["access_token"]
            until(lambda: push(http, uri, bearer).status_code == 200 and not stub.batches)
        until(lambda: len({one.session for one in stub.messages}) > heard)
        assert ("1200", "", "") in stub.alerts
        out = ended(process, signal.SIGINT)
        assert "Exec ./Device/Vendor/MSFT/Reboot/RebootNow → 200" in out
        assert "restarted" in out
        process = run(*arguments)
        seen = len(stub.messages)
        until(lambda: len(stub.messages) > seen + 1)
        assert "is back" in ended(process)
        assert stub.invited == [{"max_uses": 1, "ownership": "corporate"}]


def test_a_wiped_pc_is_set_up_again(stub: WindowsStub, ca_file: Path, tmp_path: Path) -> None:
    config = Config(f"{stub.host}/api/v1", "token", str(ca_file))
    [pc] = gather(config, 1, tmp_path / "fleet", threading.Event(), ("windows",))
    stub.send("Exec", "./Device/Vendor/MSFT/RemoteWipe/doWipe")
    pc.poll()
    stub.nonce, stub.proven_session, stub.subject = b"first-nonce-0001", "", ""
    [again] = gather(config, 1, tmp_path / "fleet", threading.Event(), ("windows",))
    assert (again.serial, again.enrolled) == (pc.serial, True)
    assert again.udid != pc.udid


def test_the_push_service_runs_by_itself() -> None:
    process = run("wns", "--host", "db5p.notify.windows.com")
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[0] == "wns"
    made = httpx.post(f"{words[3]}/channels", json={"family": "Contoso.MDM"}).json()["uri"]
    assert made.startswith("https://db5p.notify.windows.com/")
    assert httpx.post(f"{words[3]}/close", json={"uri": made}).status_code == 200
    assert httpx.post(f"{words[3]}/script", json={"status": 503}).status_code == 200
    assert httpx.post(f"{words[3]}/nothing", json={}).status_code == 400
    assert httpx.get(f"{words[3]}/health").json()["channels"] == 1
    assert "BEGIN CERTIFICATE" in httpx.get(f"{words[3]}/ca").text
    ended(process)
