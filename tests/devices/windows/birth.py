"""A new PC out of the box: identifiers, a person and applications from a pair of dice; its management tree."""

from __future__ import annotations

import random
import uuid

from tests.devices.apple.birth import FIRST, LAST
from tests.devices.apple.forge import self_signed
from tests.devices.windows import nodes
from tests.devices.windows.effects import recovery_password
from tests.devices.windows.installing import D, show_app
from tests.devices.windows.state import PCState

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
MODELS = (("Dell Inc.", "Latitude 7440"), ("LENOVO", "21F6004AGE"), ("HP", "HP EliteBook 840 G10"),
          ("Microsoft Corporation", "Surface Laptop 6"))  # fmt: skip
APPS = {
    "{23170F69-40C1-2702-2408-000001000000}": ("7-Zip 24.08 (x64 edition)", "24.08.00.0", "Igor Pavlov"),
    "{AC76BA86-1033-1033-7760-BC15014EA700}": ("Adobe Acrobat (64-bit)", "24.004.20220", "Adobe"),
    "Mozilla.Firefox_n80bbvh6b1yt2": ("Mozilla.Firefox", "132.0.0.0", "CN=Mozilla Corporation"),
    "Microsoft.WindowsCalculator_8wekyb3d8bbwe": ("Microsoft.WindowsCalculator", "11.2409.0.0", "CN=Microsoft"),
}


def born(dice: random.Random) -> PCState:
    manufacturer, model = dice.choice(MODELS)
    first, last = dice.choice(FIRST), dice.choice(LAST)
    state = PCState(
        kind="windows",
        serial="".join(dice.choices(LETTERS, k=7)),
        device_id=_hex(dice, 32),
        hwdev_id=_hex(dice, 64),
        guid=str(uuid.UUID(int=dice.getrandbits(128), version=4)).upper(),
        name=f"DESKTOP-{''.join(dice.choices(LETTERS, k=7))}",
        upn=f"{first}.{last}@example.com".lower(),
        manufacturer=manufacturer,
        model=model,
        macs=["-".join(_hex(dice, 2) for _ in range(6)) for _ in range(2)],
        location={"latitude": f"{dice.uniform(47, 55):.6f}", "longitude": f"{dice.uniform(6, 15):.6f}"},
        recovery_password=recovery_password(dice),
        other_certificates=[self_signed(f"{first} {last}").certificate],
    )
    furnish(state)
    return state


def furnish(state: PCState) -> None:
    """The tree and the applications of a fresh Windows."""
    words = {name: str(value) for name, value in vars(state).items() if isinstance(value, str)}
    words |= {"mac": state.macs[0].replace("-", ""), **state.location}
    for one in nodes.DEFINITIONS.values():
        if one.static and "Exec" not in one.verbs and one.form != "node" and one.first != nodes.ABSENT:
            state.tree.put(one.uri, one.form, one.first.format(**words))
    for code, (name, version, publisher) in APPS.items():
        state.apps[code] = {"Name": name, "Version": version, "Publisher": publisher}
        show_app(state, code)
    network = f"{D}/DeviceStatus/NetworkIdentifiers/{words['mac']}"
    for key, form, value in (
        ("IPAddressV4", "chr", "10.0.4.17"),
        ("IsConnected", "bool", "true"),
        ("Type", "int", "2"),
    ):
        state.tree.put(f"{network}/{key}", form, value)


def reinstalled(state: PCState, dice: random.Random) -> None:
    """After a wipe: the same hardware, another Windows."""
    state.device_id, state.guid = _hex(dice, 32), str(uuid.UUID(int=dice.getrandbits(128), version=4)).upper()
    state.name = f"DESKTOP-{''.join(dice.choices(LETTERS, k=7))}"
    state.apps, state.gone, state.entra_joined = {}, False, False
    furnish(state)


def _hex(dice: random.Random, digits: int) -> str:
    return f"{dice.getrandbits(digits * 4):0{digits}X}"
