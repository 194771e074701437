"""What is escrowed with a command, and that nothing of it is shown."""

import json
from collections.abc import Iterator

import pytest

from chalicelib.core import escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Prepared
from chalicelib.model.device import Platform
from chalicelib.model.escrow import EscrowedSecret
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions import registry
from chalicelib.storage.memory.house import memory_house
from tests.unit.apple_actions import samples
from tests.unit.apple_actions.samples import (
    COMMAND,
    FULL,
    NEEDED,
    RECOVERY_KEY,
    RECOVERY_LOCK,
    TOKEN,
    command,
    device,
    get,
    prepare,
    profile,
    text,
)

PHONE, MAC = device(Platform.IOS), device(Platform.MACOS)


def escrowed(house: House, prepared: Prepared) -> tuple[EscrowedSecret, Secret[bytes]]:
    """The one secret that is committed with the command."""
    (change,) = prepared.changes
    assert isinstance(change, Create)
    assert isinstance(change.record, EscrowedSecret)
    return change.record, escrow.open_version(house, change.record)


@pytest.fixture
def house() -> House:
    return samples.stocked_house()


def everything() -> Iterator[tuple[str, Platform, dict[str, object]]]:
    for name in registry.names():
        for platform in get(name).systems:
            for extent in (NEEDED, FULL):
                params = {**NEEDED.get(name, {}), **extent.get(name, {})}
                yield name, platform, samples.known(get(name), platform, params)


def test_what_may_be_shown_holds_no_secret(house: House) -> None:
    for name, platform, params in everything():
        prepared = prepare(name, samples.suitable(get(name), platform), params, house)
        assert prepared.shown is not None, name
        shown = json.dumps(prepared.shown)
        hidden = [RECOVERY_KEY, RECOVERY_LOCK, TOKEN.decode(), "FileVault user's password", text(profile())]
        hidden += [
            escrow.open_version(house, change.record).reveal().decode()
            for change in prepared.changes
            if isinstance(change.record, EscrowedSecret)
        ]
        sent = prepared.payload.reveal().decode()
        assert not [secret for secret in hidden if secret and secret in shown], name
        flat = "".join(sent.split())
        carried = [secret for secret in hidden if secret and "".join(secret.split()) in flat]
        carried += ["unlock token"] if text(TOKEN) in flat else []
        carried += ["profile"] if text(profile())[:40] in flat else []
        assert prepared.secret >= bool(carried), name  # sealed wherever it carries one
        assert "***" in repr(prepared)


def test_pins_are_drawn_by_chance(house: House) -> None:
    pins = [command(prepare("lock", MAC, house=house))["PIN"] for _ in range(1000)]
    assert all(len(pin) == 6 and pin.isdigit() for pin in pins)
    assert len(set(pins)) > 990  # under a clock that stands still
    assert len({pin[0] for pin in pins}) == 10  # leading zeros too


@pytest.mark.parametrize("name", ["lock", "erase"])
def test_a_mac_gets_a_pin_which_is_escrowed_with_the_command(house: House, name: str) -> None:
    prepared = prepare(name, MAC, house=house)
    held, secret = escrowed(house, prepared)
    assert (held.owner, held.kind, held.note, held.confirmed) == (MAC.id, "lock_pin", COMMAND, True)
    assert command(prepared)["PIN"] == secret.reveal().decode()
    assert prepared.secret
    for other in (PHONE, device(Platform.VISIONOS)):
        prepared = prepare(name, other, house=house)
        assert "PIN" not in command(prepared)
        assert prepared.changes == ()


def test_profiles_for_the_return_to_service_may_be_signed_and_are_not_shown(house: House) -> None:
    signed = b"\x30\x82\xff\x00"
    back = {"wifi_profile": text(signed), "enrollment_profile": text(profile())}
    prepared = prepare("erase", PHONE, {"preserve_data_plan": False, "return_to_service": back}, house)
    sent = {"Enabled": True, "WiFiProfileData": signed, "MDMProfileData": profile()}
    assert command(prepared)["ReturnToService"] == sent
    assert prepared.shown == {"preserve_data_plan": False, "return_to_service": True}
    assert prepared.secret
    assert command(prepare("erase", PHONE, {"return_to_service": {}}, house))["ReturnToService"] == {"Enabled": True}


def test_clear_passcode_uses_the_escrowed_token(house: House) -> None:
    prepared = prepare("clear-passcode", PHONE, house=house)
    assert command(prepared) == {"RequestType": "ClearPasscode", "UnlockToken": TOKEN}
    assert prepared.secret
    with pytest.raises(Unprocessable, match="No unlock token"):
        prepare("clear-passcode", PHONE, house=memory_house())
