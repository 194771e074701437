"""What the box says: models, versions, identifiers and the browser's name of each kind of simulated device."""

from __future__ import annotations

import random
import string
import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """One product as its status items and DeviceInformation name it."""

    kind: str
    platform: str  # as the schema's supportedOS says: iOS (iPads too) or macOS
    family: str
    product_name: str
    model_name: str
    marketing_name: str
    model_number: str
    os_family: str
    os_marketing_name: str
    os_version: str
    build: str
    user_agent: str
    mdm_agent: str
    cellular: bool = False
    shared: bool = False


_SAFARI_MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15"
)
_SAFARI_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)

IPHONE = Model(
    "iphone", "iOS", "iPhone", "iPhone17,1", "iPhone", "iPhone 16 Pro", "MYW43", "iOS", "iOS 18", "18.1", "22B83",
    _SAFARI_IPHONE, "MDM/1.0", cellular=True,
)  # fmt: skip
# Safari on an iPad calls itself a Mac since iPadOS 13.
IPAD = Model(
    "ipad", "iOS", "iPad", "iPad14,8", "iPad", "iPad Air 11-inch (M2)", "MUWC3", "iPadOS", "iPadOS 18", "18.1", "22B83",
    _SAFARI_MAC, "MDM/1.0",
)  # fmt: skip
SHARED_IPAD = Model(
    "shared-ipad", "iOS", "iPad", "iPad14,8", "iPad", "iPad Air 11-inch (M2)", "MUWC3", "iPadOS", "iPadOS 18", "18.1",
    "22B83", _SAFARI_MAC, "MDM/1.0", shared=True,
)  # fmt: skip
MAC = Model(
    "mac", "macOS", "Mac", "Mac15,12", "MacBook Air", "MacBook Air (13-inch, M3, 2024)", "MRXV3", "macOS",
    "macOS Sequoia", "15.1", "24B83", _SAFARI_MAC, "MDM-OSX/1.0 mdmclient/1901.41.1",
)  # fmt: skip
MODELS = {model.kind: model for model in (IPHONE, IPAD, SHARED_IPAD, MAC)}


def udid(model: Model, dice: random.Random) -> str:
    if model.platform == "macOS":
        return str(uuid.UUID(int=dice.getrandbits(128), version=5)).upper()
    return f"0000{dice.choice(('8110', '8120', '8130', '8140'))}-{dice.getrandbits(64):016X}"


def serial_number(dice: random.Random) -> str:
    """Ten random characters without vowels or look-alikes, as Apple does since 2021."""
    letters = [one for one in string.ascii_uppercase + string.digits if one not in "AEIOUBSZ015"]
    return "".join(dice.choices(letters, k=10))


def imei(dice: random.Random) -> str:
    """Fourteen digits and their Luhn check digit, in groups as iOS prints them."""
    digits = [3, 5] + [dice.randrange(10) for _ in range(12)]
    total = sum(sum(divmod(digit * (1 + place % 2), 10)) for place, digit in enumerate(digits))
    digits.append(-total % 10)
    text = "".join(map(str, digits))
    return f"{text[:2]} {text[2:8]} {text[8:14]} {text[14]}"


def mac_address(dice: random.Random) -> str:
    return ":".join(f"{dice.getrandbits(8):02x}" for _ in range(6))


def bypass_code(dice: random.Random) -> str:
    letters = "0123456789ACDEFGHJKLMNPQRTUVWXYZ"
    return "-".join("".join(dice.choices(letters, k=length)) for length in (5, 5, 4, 4, 4, 4))


def recovery_key(dice: random.Random) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "-".join("".join(dice.choices(letters, k=4)) for _ in range(6))


def user_id(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4)).upper()
