"""How Muster is connected to Google: who asks, for whose customer, who may push; and the Android enterprise."""

from dataclasses import dataclass

from chalicelib.core.errors import Conflict
from chalicelib.core.house import House
from chalicelib.model.records import Setting

GOOGLE, ENTERPRISE = "google", "android.enterprise"
ACCOUNT_KEY = "google_service_account"  # the kind of its private key (PEM) in escrow
MY_CUSTOMER = "my_customer"  # Google's alias for the customer of whoever asks
PUSH_PATH = "/google/push"
NOT_CONNECTED = "Muster is not connected to Google: give it the key of a service account; see `muster google connect`."
NO_ENTERPRISE = "There is no Android enterprise yet: sign up for one first; see `muster android sign-up`."


class NotConnected(Conflict):
    """Google cannot be asked before an administrator set it up."""

    title = "Not connected to Google"


@dataclass(frozen=True, slots=True)
class Connection:
    """`version` is the setting's: another one means that what was derived from it is of the past."""

    project: str
    client_email: str
    client_id: str
    key_id: str
    topic: str  # projects/P/topics/T, where Google publishes what happens to devices
    push_email: str  # the service account that signs what Pub/Sub pushes to us
    customer: str = MY_CUSTOMER
    admin: str = ""  # in whose name ChromeOS is managed; empty: it is not
    version: int = 0


def connection(house: House) -> Connection | None:
    held = house.store.find(Setting, GOOGLE)
    return Connection(**held.value, version=held.version) if held else None


def enterprise(house: House) -> str:
    """enterprises/…, or ""."""
    held = house.store.find(Setting, ENTERPRISE)
    return str(held.value["name"]) if held else ""


def audience(house: House) -> str:
    """What a pushed token has to be made for: our own address, which is no setting."""
    return house.settings.device_url + PUSH_PATH
