"""A second start: devices stay enrolled, are woken as before, and the trail goes on where it ended."""

from pathlib import Path

from tests.e2e.conftest import start, stop
from tests.e2e.invariants import Run
from tests.e2e.world import World


def test_devices_are_woken_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state"
    world = World(start(state, "--port", "0"))
    mac = world.device("mac")
    run = Run([mac], [world.obey(mac, "restart")])
    run.look(world)
    world.quiet()
    stop(state)

    world = World(start(state))
    try:
        before = world.pushes()
        run.accepted.append(world.ask(world.id_of(mac), "set-recovery-lock"))
        assert world.pushed(mac.token, before)["status"] == 200
        assert mac.poll() == [("SetRecoveryLock", "Acknowledged")]
        assert world.reveal(world.id_of(mac), "recovery_lock").decode() == mac.state.recovery_lock
        run.check(world)
    finally:
        stop(state)
