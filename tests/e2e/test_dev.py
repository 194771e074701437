"""`muster dev` as a person uses it: starts, stops, keeps, survives, and refuses in one sentence."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import MUSTER, Stack, muster, printed, start, stop

HELPERS = ("push.pid", "microsoft.pid", "demo.pid")


def fetch(stack: Stack, path: str, token: str = "", **options: object) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(stack.console_url + path, headers=headers, **options)  # type: ignore[arg-type]
    context = ssl.create_default_context(cafile=stack.ca_file)
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def invite(stack: Stack) -> str:
    body = json.dumps({"ownership": "corporate"}).encode()
    url = f"{stack.api_url}/invitations"
    headers = {"Authorization": f"Bearer {stack.admin_token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=stack.ca_file)) as reply:
        return str(json.loads(reply.read())["id"])


def invitations(stack: Stack) -> list[str]:
    status, body = fetch(stack, "/api/v1/invitations", stack.admin_token)
    assert status == 200
    return [item["id"] for item in json.loads(body)["items"]]


def pid_of(state: Path, name: str) -> int:
    return int(json.loads((state / "dev.json").read_text())["pid"] if name == "muster" else (state / name).read_text())


@contextmanager
def refused(state: Path, *arguments: str) -> Iterator[str]:
    done = muster("dev", "--state", str(state), *arguments)
    assert done.returncode == 1
    sentence = done.stderr.strip()
    assert len(sentence.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    yield sentence


def test_both_planes_answer_at_one_address(stack: Stack) -> None:
    assert fetch(stack, "/healthz")[0] == 200
    assert fetch(stack, "/api/v1/devices")[0] == 401
    assert fetch(stack, "/api/v1/devices", stack.admin_token)[0] == 200
    assert fetch(stack, "/apple/checkin", data=b"nonsense", method="PUT")[0] in (400, 403)


def test_the_link_of_an_invitation_points_to_the_front_door(stack: Stack) -> None:
    functions = stack.client("lambda").get_function_configuration(FunctionName=stack.outputs["APIHandlerName"])
    variables = functions["Environment"]["Variables"]
    assert variables["MUSTER_CONSOLE_URL"] == variables["MUSTER_DEVICE_URL"] == stack.console_url


def test_secrets_are_readable_by_their_owner_only(stack: Stack) -> None:
    for name in ("dev.json", "memory.json", "server.key"):
        assert stat.S_IMODE((stack.state / name).stat().st_mode) == 0o600


def test_nothing_listens_beyond_loopback(stack: Stack) -> None:
    ports = {int(url.rsplit(":", 1)[1]) for url in (stack.console_url, stack.engine_url)}
    listening = re.findall(
        r"^ *\d+: ([0-9A-F]{8}):([0-9A-F]{4}) 00000000:0000 0A", Path("/proc/net/tcp").read_text(), re.M
    )
    addresses = {address for address, port in listening if int(port, 16) in ports}
    assert addresses == {"0100007F"}


def test_bodies_over_the_limit_are_refused_before_they_are_read(stack: Stack) -> None:
    address = ("127.0.0.1", int(stack.console_url.rsplit(":", 1)[1]))
    context = ssl.create_default_context(cafile=stack.ca_file)
    with socket.create_connection(address) as raw, context.wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(b"PUT /apple/connect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10485761\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_roles_are_enforced_inside_functions(stack: Stack) -> None:
    """The engine's own check that least privilege is on: the role of one function may not do another's work."""
    client = stack.client("iam")
    name = stack.client("lambda").get_function_configuration(FunctionName=stack.outputs["GatewayName"])["Role"]
    answer = client.simulate_principal_policy(PolicySourceArn=name, ActionNames=["kms:Sign", "sqs:SendMessage"])
    assert {result["EvalDecision"] for result in answer["EvaluationResults"]} == {"implicitDeny"}


def test_functions_are_not_refused_what_they_need(stack: Stack) -> None:
    assert fetch(stack, "/crl")[0] in (200, 404)
    invite(stack)
    nightly = stack.client("lambda").invoke(FunctionName="muster-main-nightly", Payload=b"{}")
    assert "FunctionError" not in nightly, nightly["Payload"].read()
    time.sleep(3)  # streams are read once a second
    assert "AccessDenied" not in stack.log


def test_status_tells_machines_without_secrets(stack: Stack) -> None:
    told = json.loads(muster("dev", "--state", str(stack.state), "--status", "--json").stdout)
    assert told["running"] is True
    assert told["console_url"] == stack.console_url
    assert stack.admin_token not in json.dumps(told)
    assert stack.admin_password not in json.dumps(told)


def test_a_second_start_beside_a_running_one(stack: Stack) -> None:
    with refused(stack.state) as sentence:
        assert stack.console_url in sentence
        assert "muster dev --stop" in sentence
    again = muster("dev", "--state", str(stack.state), "--detach")
    assert again.returncode == 0
    assert stack.console_url in again.stdout
    assert Stack.read(stack.state) == stack


def test_a_restart_keeps_the_data_and_an_end_by_force_keeps_what_can_be_kept(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = start(state, "--port", "0")
    invitation = invite(first)
    stop(state)
    assert not (state / "dev.json").exists()
    assert json.loads(muster("dev", "--state", str(state), "--status", "--json").stdout) == {"running": False}

    second = start(state)
    assert second.console_url == first.console_url
    assert second.admin_token == first.admin_token
    assert invitations(second) == [invitation]

    # The engine outlives its parent and is asked to save at the next start.
    os.kill(pid_of(state, "muster"), signal.SIGKILL)
    told = muster("dev", "--detach", "--state", str(state))
    assert "its engine has saved everything" in told.stdout
    third = Stack.read(state)
    assert invitations(third) == [invitation]

    later = invite(third)
    helper = pid_of(state, "push.pid")
    os.kill(pid_of(state, "muster"), signal.SIGKILL)
    os.kill(pid_of(state, "engine.pid"), signal.SIGKILL)
    # A start that fails tells nothing: the next one still does.
    kept = (state / "push/client-ca.key").read_bytes()
    (state / "push/client-ca.key").write_text("junk")
    with refused(state) as sentence:
        assert "client-ca.key" in sentence
    (state / "push/client-ca.key").write_bytes(kept)
    told = muster("dev", "--detach", "--state", str(state))
    assert "is lost" in told.stdout
    fourth = Stack.read(state)
    assert later not in invitations(fourth)
    assert invitations(fourth) == [invitation]
    assert not Path(f"/proc/{helper}").exists()
    assert "BER" not in (state / "dev.log").read_text()
    stop(state)
    assert "lost" not in muster("dev", "--detach", "--state", str(state)).stdout
    stop(state)


def fleet(stack: Stack) -> dict[str, str]:
    """Serial number → platform of all that are enrolled."""
    status, body = fetch(stack, "/api/v1/devices", stack.admin_token)
    assert status == 200
    return {one["serial"]: one["platform"] for one in json.loads(body)["items"] if one["status"] == "enrolled"}


def obey(state: Path, *command: str) -> str:
    """The end of a command that the device is pushed for."""
    folder = state.parent
    (folder / ".muster").symlink_to(state)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    return str(printed(muster("device", *command, "--wait", "--json", cwd=folder, env=environment))["state"])


def test_simulated_devices_are_there_when_it_says_so_and_again_after_an_end_by_force(tmp_path: Path) -> None:
    state = tmp_path / "state"
    said = muster("dev", "--detach", "--state", str(state), "--port", "0", "--demo", "3")
    assert "3 simulated devices enrolled." in said.stdout
    devices = fleet(Stack.read(state))
    assert sorted(devices.values()) == ["ios", "macos", "windows"]
    helpers = [pid_of(state, name) for name in HELPERS]
    for name in ("muster", "engine.pid"):
        os.kill(pid_of(state, name), signal.SIGKILL)
    said = muster("dev", "--detach", "--state", str(state), "--demo", "3")
    assert "3 simulated devices enrolled." in said.stdout
    assert fleet(Stack.read(state)) == devices
    [pc] = [serial for serial, platform in devices.items() if platform == "windows"]
    assert obey(state, "restart", pc) == "acknowledged"
    assert [pid for pid in helpers if Path(f"/proc/{pid}").exists()] == []
    helpers = [pid_of(state, name) for name in HELPERS]
    stop(state)
    assert [pid for pid in helpers if Path(f"/proc/{pid}").exists()] == []


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with refused(tmp_path / "state", "--port", str(port)) as sentence:
            assert sentence == f"Port {port} is in use: end what listens there, or choose another one with --port."


def test_a_broken_state_folder(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    with refused(occupied) as sentence:
        assert "cannot be used" in sentence
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "memory.json").write_text("{")
    with refused(broken) as sentence:
        assert "start afresh" in sentence


NEEDED = ("dev.json", "memory.json")
MADE_ANEW = ("ca.pem", "server.pem", "server.key")
HARMLESS = (
    *("engine.pid", "push.pid", "microsoft.pid", "demo.pid", "demo.enrolled", "lock"),
    *("dev.log", "engine.log", "push.log", "microsoft.log", "demo.log"),
)
# What becomes of a start when a file in there holds something else.
FOLDERS = {"push": "start afresh", "engine/state": "start afresh", "devices": "", "engine/s3": "", "tmp": ""}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("stopped") / "state"
    start(state, "--port", "0", "--demo", "1")
    stop(state)
    return state


def attempt(state: Path, expected: str) -> None:
    if expected:
        with refused(state, "--detach") as sentence:
            assert expected in sentence
        return
    done = muster("dev", "--detach", "--state", str(state))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr + (state / "dev.log").read_text(errors="replace")
    stop(state)


def test_every_file_of_the_state_folder_is_tried(stopped: Path) -> None:
    found = {str(path.relative_to(stopped)) for path in stopped.rglob("*") if path.is_file()}
    inside = {name for name in found if name.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    assert found - inside - {*NEEDED, *MADE_ANEW, *HARMLESS} == set()
    assert {folder for folder in FOLDERS if not (stopped / folder).is_dir()} == set()


# A start with a junk certificate is that with a junk key: any of MADE_ANEW has all three made (unit/cli/dev).
@pytest.mark.parametrize("names", [*((name,) for name in NEEDED), MADE_ANEW + HARMLESS], ids=lambda names: names[0])
def test_junk_in_the_state_folder(stopped: Path, tmp_path: Path, names: tuple[str, ...]) -> None:
    state = tmp_path / "state"
    shutil.copytree(stopped, state)
    for name in names:
        (state / name).write_bytes(b"\xffjunk")
    attempt(state, "start afresh" if names[0] in NEEDED else "")


@pytest.mark.parametrize("name", [*NEEDED, *MADE_ANEW, *HARMLESS])
def test_a_folder_where_a_file_should_be(stopped: Path, tmp_path: Path, name: str) -> None:
    state = tmp_path / "state"
    shutil.copytree(stopped, state)
    (state / name).unlink(missing_ok=True)
    (state / name).mkdir()
    with refused(state, "--detach", "--demo", "1") as sentence:
        assert str(state / name) in sentence


def test_junk_in_what_must_be_whole(stopped: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(stopped, state)
    for folder in (folder for folder, expected in FOLDERS.items() if expected):
        files = [path for path in sorted((state / folder).rglob("*")) if path.is_file() and path.suffix != ".lock"]
        assert files
        for path in files[:: max(1, len(files) // 8)]:
            kept = path.read_bytes()
            path.write_bytes(b"\xffjunk")
            with refused(state) as sentence:
                assert path.name in sentence
                assert FOLDERS[folder] in sentence
            path.write_bytes(kept)
    attempt(state, "")


@pytest.mark.parametrize("content", ["[]", '{"port": "x"}', '{"port": true}', '{"access_key": 1}', "{}", "[" * 100_000])
def test_a_memory_that_muster_did_not_write(stopped: Path, tmp_path: Path, content: str) -> None:
    state = tmp_path / "state"
    shutil.copytree(stopped, state)
    (state / "memory.json").write_text(content)
    if content == "{}":
        done = muster("dev", "--detach", "--state", str(state), "--port", "0")
        assert done.returncode == 0, done.stderr
        assert fetch(Stack.read(state), "/api/v1/devices", Stack.read(state).admin_token)[0] == 200
        stop(state)
    else:
        attempt(state, "start afresh")


def test_junk_in_a_device_file(stopped: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(stopped, state)
    [device] = (state / "devices").glob("*.json")
    device.write_text("junk")
    done = muster("dev", "--detach", "--state", str(state), "--demo", "1")
    assert "1 simulated device enrolled." in done.stdout
    stop(state)


def test_stop_without_a_start(tmp_path: Path) -> None:
    with refused(tmp_path / "state", "--stop") as sentence:
        assert "does not run" in sentence


@pytest.mark.parametrize("argument", ["--port=70000", "--demo=-1"])
def test_impossible_options(argument: str) -> None:
    assert muster("dev", argument).returncode == 2


def test_ctrl_c_in_the_foreground_stops_everything(tmp_path: Path) -> None:
    state = tmp_path / "state"
    child = subprocess.Popen(
        [*MUSTER, "dev", "--state", str(state), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (state / "dev.json").exists():
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    engine = pid_of(state, "engine.pid")
    for _ in range(5):  # a person in a hurry
        os.killpg(child.pid, signal.SIGINT)
        time.sleep(0.1)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    assert output.rstrip().endswith("Stopped; the data is kept.")
    assert not Path(f"/proc/{engine}").exists()
    assert not (state / "dev.json").exists()
    assert list((state / "tmp").iterdir()) == []
