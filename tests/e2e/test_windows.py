"""A managed PC on the real stack: its proofs, commands from the shell to the truth, faults on the line, its report."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.devices.windows import WindowsPC, installing
from tests.devices.windows.complaints import ServerRefused, SessionRefused
from tests.e2e import pcs
from tests.e2e.conftest import Shell, printed
from tests.e2e.invariants import Run
from tests.e2e.world import World


@pytest.fixture(scope="module")
def pc(world: World) -> WindowsPC:
    return pcs.enrolled(world, invitation={"user": "grace@example.com"})


# -- who speaks


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "digest"])
def test_either_proof_is_enough(world: World, pc: WindowsPC, tls: bool) -> None:
    pc.knobs.client_certificate, pc.knobs.digest = tls, "none" if tls else "normal"
    try:
        assert pcs.obey(world, pc, "device-information")["state"] == "acknowledged"
    finally:
        pc.knobs.client_certificate, pc.knobs.digest = True, "normal"


@pytest.mark.parametrize("proof", ["none", "wrong"])
def test_without_a_proof_nothing_is_told(world: World, pc: WindowsPC, proof: str) -> None:
    command, received = world.ask(world.id_of(pc), "sync"), len(pc.received)
    pc.knobs.client_certificate, pc.knobs.digest = False, proof
    with pytest.raises(SessionRefused):
        pc.poll()
    assert (len(pc.received), world.command(command)["state"]) == (received, "queued")
    pc.knobs.client_certificate, pc.knobs.digest = True, "normal"
    pc.poll()
    assert world.command(command)["state"] == "acknowledged"


def test_the_certificate_of_one_pc_does_not_speak_for_another(world: World, pc: WindowsPC) -> None:
    pc.knobs.source = "0" * 32
    with pytest.raises(ServerRefused) as refusal:
        pc.poll()
    pc.knobs.source = ""
    assert refusal.value.status == 403


# -- from the shell to the truth


def test_commands_are_pushed_done_and_truthfully_reported(world: World, shell: Shell, pc: WindowsPC) -> None:
    def run(action: str, *options: str) -> Any:
        return printed(shell("device", action, pc.serial, *options, "--wait", "--json"))

    locks, restarts = pc.state.locks, pc.state.restarts
    with pcs.alive(world, pc):
        locked = run("lock")
        assert (locked["state"], locked["result"]) == ("acknowledged", {"confirmed": False})
        assert locked["detail"].startswith("Not confirmed")
        name = printed(shell("device", "set-device-name", pc.serial, "--name", "PC-0042", "--json"))
        assert run("restart")["state"] == "acknowledged"
        assert run("device-information")["state"] == "acknowledged"
    assert (pc.state.locks, pc.state.restarts, pc.name) == (locks + 1, restarts + 1, "PC-0042")
    assert world.command(name)["state"] == "acknowledged"
    listed = {one["serial"]: one for one in printed(shell("devices", "list", "--json"))}
    assert (listed[pc.serial]["name"], listed[pc.serial]["platform"]) == ("PC-0042", "windows")
    assert "clear-passcode" in shell("device", "clear-passcode", pc.serial).stderr
    assert pc.complaints == []


@pytest.mark.parametrize(
    "action", ["defender-scan", "rotate-bitlocker-key", "reset-laps-password", "security-information", "certificates"]
)
def test_an_action_comes_to_its_end(world: World, pc: WindowsPC, action: str) -> None:
    command = pcs.obey(world, pc, action)
    assert command["state"] == "acknowledged", command["detail"]


def test_what_is_not_offered_says_why(world: World, shell: Shell, pc: WindowsPC) -> None:
    refused = shell("device", "locate", pc.serial)
    assert refused.returncode == 1
    assert "RemoteFind" in refused.stderr


def test_its_inventory_is_in_the_report(world: World, shell: Shell, pc: WindowsPC, tmp_path: Path) -> None:
    report = tmp_path / "inventory.csv"
    assert shell("reports", "run", "inventory", "--output", str(report)).returncode == 0
    with report.open(newline="") as rows:
        found = [row for row in csv.DictReader(rows) if pc.serial in row.values()]
    assert len(found) == 1
    assert {"windows", pc.state.model, "grace@example.com", pc.state.os_version} <= set(found[0].values())


# -- large answers


def test_a_large_answer_waits_in_the_bucket_until_it_is_whole(world: World) -> None:
    pc = pcs.enrolled(world)
    for number in range(120):
        code = f"{{00000000-0000-0000-0000-{number:012}}}"
        pc.state.apps[code] = {"Name": f"Tool {number} ÄÖÜ <&>", "Version": f"1.{number}", "Publisher": "Contoso"}
        installing.show_app(pc.state, code)
    pc.knobs.chunk_size = 1024
    assert pcs.obey(world, pc, "installed-apps")["state"] == "acknowledged"
    assert pc.complaints == []
    apps = world.record(pc)["inventory"]["apps"]["body"]
    assert {f"Tool {number} ÄÖÜ <&>" for number in range(120)} <= {app["name"] for app in apps}
    bucket, prefix = world.stack.outputs["ArtifactsBucketName"], f"windows/sessions/{pcs.enrollment_of(pc)}/"
    kept = world.stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    assert len(kept) >= 5


# -- faults on the line


def test_what_was_lost_is_repeated_and_what_must_happen_once_is_not(world: World) -> None:
    pc, other = pcs.enrolled(world), pcs.enrolled(world)
    run = Run([pc, other])
    for device in (pc, other):
        run.accepted += [world.ask(world.id_of(device), action) for action in ("sync", "certificates", "lock")]
    restart = world.ask(world.id_of(pc), "restart")
    cancelled = world.ask(world.id_of(other), "restart")
    world.ok("DELETE", f"/devices/{cancelled['device_id']}/commands/{cancelled['id']}")
    run.accepted.append(restart)
    run.cancelled.append(cancelled)
    for pieces in ((pc.lose_next_reply, other.lose_next_report), (pc.lose_next_report, other.lose_next_reply)):
        for lose in pieces:
            lose()
        pc.poll()
        other.poll()
        run.look(world)
    other.knobs.duplicates = 3
    for _ in range(pcs.SESSIONS):
        pc.poll()
        other.poll()
    assert other.doubled
    assert pc.state.restarts <= 1
    ended = world.command(restart)
    assert ended["state"] == "acknowledged" or "may have happened" in ended["detail"]
    run.check(world)
