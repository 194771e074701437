"""Every action, from the request to the acknowledgement of a simulated device, and what it did there."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.core import commands, escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.model.command import Command, CommandState
from chalicelib.model.device import Device
from chalicelib.platforms.apple.actions import registry
from chalicelib.platforms.registry import PLATFORMS
from chalicelib.storage.memory.house import memory_house
from tests.devices.apple import AppleDevice
from tests.unit.apple_actions.samples import FULL, NEEDED, get, known, profile, text
from tests.wire import apple_inprocess
from tests.wire.apple_inprocess import ADMIN, InProcess

MAC_ONLY = {
    "rotate-filevault-key",
    "set-recovery-lock",
    "verify-recovery-lock",
    "remote-desktop-on",
    "remote-desktop-off",
}
LOST_MODE = {"lost-mode-on", "lost-mode-off", "locate", "play-sound"}
BYPASS = {"activation-lock-bypass", "clear-activation-lock-bypass"}
REFUSED = {
    "iphone": MAC_ONLY | {"log-out-user"},
    "ipad": MAC_ONLY | {"log-out-user"},
    "shared-ipad": MAC_ONLY | BYPASS | {"clear-passcode"},
    "mac": LOST_MODE | {"clear-passcode", "log-out-user"},
}


class Enrolled:
    """A device that has checked in, and the house that manages it."""

    def __init__(self, kind: str) -> None:
        self.house: House = memory_house(platforms=PLATFORMS)
        apple_inprocess.allow_enrollment(self.house)
        self.device = AppleDevice(kind, transport=InProcess(self.house), seed=7)
        self.device.enroll(apple_inprocess.invite(self.house))
        self.device.poll()  # tells its inventory, so that the rules know what it is

    @property
    def record(self) -> Device:
        (found,) = self.house.store.listing(Device).items
        return found

    def ask(self, action: str, params: Mapping[str, Any] | None = None) -> Command:
        command = commands.request(self.house, ADMIN, self.record.id, action, params or {})
        self.device.poll()
        return commands.get(self.house, self.record.id, command.id)

    def secret(self, kind: str) -> str:
        held = escrow.current(self.house, self.record.id, kind)
        assert held is not None
        return held.reveal().decode()


@pytest.mark.parametrize("kind", REFUSED)
def test_each_action_is_acknowledged_or_refused_before_it_is_sent(kind: str) -> None:
    enrolled = Enrolled(kind)
    refused = set()
    for name in sorted(registry.names(), key=_order):
        params = {**NEEDED.get(name, {}), **known(get(name), enrolled.record.platform, _params(enrolled, name))}
        if get(name).refusal(enrolled.record):
            refused.add(name)
            with pytest.raises(Unprocessable):
                enrolled.ask(name, params)
            continue
        command = enrolled.ask(name, params)
        assert command.state is CommandState.ACKNOWLEDGED, (name, command.detail)
        enrolled.device.power_on()
    assert refused == REFUSED[kind]
    assert not enrolled.device.complaints


def _order(name: str) -> int:
    """Lost Mode is switched on before it is used, and a device that is erased or locked does nothing else."""
    first = ["lost-mode-on", "locate", "play-sound", "lost-mode-off", "set-recovery-lock", "install-profile"]
    last = ["lock", "erase"]
    return first.index(name) - 100 if name in first else last.index(name) + 100 if name in last else 0


def _params(enrolled: Enrolled, name: str) -> dict[str, Any]:
    if name == "rotate-filevault-key":
        return {"current": enrolled.device.state.filevault_key}
    if name in ("set-recovery-lock", "install-profile", "remove-profile"):
        return NEEDED.get(name, {})
    return FULL.get(name, {})


def test_a_locked_mac_opens_with_the_escrowed_pin() -> None:
    mac = Enrolled("mac")
    assert mac.ask("lock", {"message": "Stolen"}).state is CommandState.ACKNOWLEDGED
    assert mac.device.state.locked is not None
    assert mac.device.state.locked["pin"] == mac.secret("lock_pin")


def test_the_recovery_key_that_is_escrowed_is_the_one_that_the_mac_has() -> None:
    mac = Enrolled("mac")
    before = mac.device.state.filevault_key
    with pytest.raises(Unprocessable, match="Give `current` once"):
        mac.ask("rotate-filevault-key")
    assert mac.ask("rotate-filevault-key", {"current": before}).state is CommandState.ACKNOWLEDGED
    first = mac.device.state.filevault_key
    assert mac.secret("filevault_key") == first != before
    assert mac.ask("rotate-filevault-key").state is CommandState.ACKNOWLEDGED
    assert mac.secret("filevault_key") == mac.device.state.filevault_key != first


def test_the_recovery_lock_that_is_escrowed_is_the_one_that_the_mac_has() -> None:
    mac = Enrolled("mac")
    for _ in range(2):
        assert mac.ask("set-recovery-lock").state is CommandState.ACKNOWLEDGED
        assert mac.secret("recovery_lock") == mac.device.state.recovery_lock
    assert mac.ask("verify-recovery-lock").result["verified"] is True
    assert mac.ask("set-recovery-lock", {"clear": True}).state is CommandState.ACKNOWLEDGED
    assert not mac.device.state.recovery_lock
    assert escrow.current(mac.house, mac.record.id, "recovery_lock") is None


def test_a_recovery_lock_that_the_mac_refuses_is_not_taken_for_the_current_one() -> None:
    mac = Enrolled("mac")
    mac.ask("set-recovery-lock")
    held = mac.secret("recovery_lock")
    mac.device.refuse("SetRecoveryLock")
    assert mac.ask("set-recovery-lock").state is CommandState.FAILED
    assert mac.secret("recovery_lock") == held == mac.device.state.recovery_lock


EFFECTS: list[tuple[str, str, dict[str, Any], Callable[[Any], object]]] = [
    ("iphone", "clear-passcode", {}, lambda state: not state.passcode),
    ("iphone", "lost-mode-on", {"message": "Please call"}, lambda state: state.lost_mode),
    ("iphone", "restart", {}, lambda state: state.restarts == 1),
    ("iphone", "erase", {}, lambda state: state.erased),
    ("mac", "erase", {}, lambda state: state.erased),
    ("mac", "remote-desktop-on", {}, lambda state: state.remote_desktop),
    ("iphone", "install-profile", {"profile": text(profile())}, lambda state: "org.example" in str(state.profiles)),
]


@pytest.mark.parametrize(("kind", "action", "params", "visible"), EFFECTS)
def test_the_device_shows_what_was_done(
    kind: str, action: str, params: dict[str, Any], visible: Callable[[Any], object]
) -> None:
    enrolled = Enrolled(kind)
    assert not visible(enrolled.device.state)
    assert enrolled.ask(action, params).state is CommandState.ACKNOWLEDGED
    assert visible(enrolled.device.state)


def test_the_bypass_code_comes_into_escrow() -> None:
    phone = Enrolled("iphone")
    assert phone.ask("activation-lock-bypass").state is CommandState.ACKNOWLEDGED
    assert phone.secret("bypass_code") == phone.device.state.bypass_code


def test_an_update_is_fetched_by_declaration_and_installed() -> None:
    phone = Enrolled("iphone")
    assert phone.ask("os-update", NEEDED["os-update"]).state is CommandState.ACKNOWLEDGED
    phone.device.sync_declarations()
    phone.device.install_os_update()
    assert phone.device.state.os_version == NEEDED["os-update"]["version"]


def test_a_new_name_is_known_to_both() -> None:
    phone = Enrolled("iphone")
    phone.ask("set-device-name", {"name": "Reception"})
    assert (phone.device.name, phone.record.name) == ("Reception", "Reception")
