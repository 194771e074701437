"""Connecting Muster to Google; google_settings.py reads it. The trail tells before and after, never the key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core import access, escrow, google_key, google_settings, settings
from chalicelib.core.errors import Conflict, Unprocessable
from chalicelib.core.google_key import AccountKey
from chalicelib.core.google_settings import ACCOUNT_KEY, ENTERPRISE, GOOGLE, MY_CUSTOMER, Connection
from chalicelib.core.house import House
from chalicelib.core.retry import retry_stale
from chalicelib.core.trail import event
from chalicelib.model.people import Principal
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret

TOPIC = "projects/[a-z0-9][a-z0-9:.-]{3,150}/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}"
CUSTOMER = f"{MY_CUSTOMER}|C[0-9A-Za-z]{{4,30}}"
ADMIN = r"([A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,250}\.[A-Za-z]{2,63})?"
ENTERPRISE_NAME = "enterprises/[A-Za-z0-9_-]{1,100}"
_ACCOUNT = ("project", "client_email", "client_id", "key_id")  # what the key file tells


@dataclass(frozen=True, slots=True)
class Shown:
    """`connection` is None before Muster is connected. `key_since`: when the key was given, 0 where none is held."""

    connection: Connection | None = None
    key_since: int = 0
    enterprise: str = ""


def connection(house: House, principal: Principal) -> Shown:
    access.authorize(principal, "settings.read")
    held = google_settings.connection(house)
    return Shown(
        held,
        escrow.held_since(house, escrow.ORGANIZATION, ACCOUNT_KEY) if held else 0,
        google_settings.enterprise(house),
    )


def connect(
    house: House,
    principal: Principal,
    key_json: Secret[bytes] | None = None,
    *,
    topic: str,
    push_email: str,
    customer: str = MY_CUSTOMER,
    admin: str = "",
) -> Shown:
    """Without a key file the service account stays as it is, if there is one. Unprocessable."""
    access.authorize(principal, "trust.write")
    _check(topic, TOPIC, "The topic looks like projects/example/topics/muster.")
    _check(push_email, google_key.EMAIL, "push_email is the service account that the push subscription signs with.")
    _check(customer, CUSTOMER, f"The customer is {MY_CUSTOMER}, or the C… that Google's admin console shows.")
    _check(admin, ADMIN, "admin is the e-mail address of a Google administrator, or nothing without ChromeOS.")
    key = google_key.read(key_json) if key_json is not None else None
    ways = {"topic": topic, "push_email": push_email, "customer": customer, "admin": admin}
    retry_stale(lambda: _connect(house, principal, key, ways))
    return connection(house, principal)


def _check(value: str, form: str, refusal: str) -> None:
    if not re.fullmatch(form, value):
        raise Unprocessable(refusal)


def _connect(house: House, principal: Principal, key: AccountKey | None, ways: Mapping[str, str]) -> None:
    held = house.store.find(Setting, GOOGLE)
    before: Mapping[str, Any] = held.value if held else {}
    if key is None and not before:
        raise Unprocessable("No service account is known yet: give its key file too.")
    account = {name: getattr(key, name) if key else before[name] for name in _ACCOUNT}
    value = {**account, **ways}
    fresh = key if key and escrow.current(house, escrow.ORGANIZATION, ACCOUNT_KEY) != key.pem else None
    if fresh is None and before == value:
        return
    kept = "replaced" if fresh else "kept"
    what = event(house, principal, "settings.changed", f"setting:{GOOGLE}", before=dict(before), after=value, key=kept)
    # Written even where only the key is new: its version tells the client that its tokens are of the past.
    changes = [settings.writing(held, GOOGLE, value)]
    if fresh:
        changes.append(escrow.sealing(house, escrow.ORGANIZATION, ACCOUNT_KEY, fresh.pem))
    house.store.commit(*changes, audit=what)


def disconnect(house: House, principal: Principal) -> None:
    """Forgets the key as well. What was set at Google stays there, and so does the enterprise."""
    access.authorize(principal, "trust.write")

    def attempt() -> None:
        held = house.store.find(Setting, GOOGLE)
        if held is None:
            return
        before = dict(held.value)
        what = event(house, principal, "settings.changed", f"setting:{GOOGLE}", before=before, after={}, key="removed")
        forgotten = escrow.forgetting(house, escrow.ORGANIZATION, ACCOUNT_KEY)
        house.store.commit(settings.writing(held, GOOGLE, None), *forgotten, audit=what)

    retry_stale(attempt)


def bind(house: House, principal: Principal, name: str) -> str:
    """The Android enterprise that signed up. Another one than the present would orphan its devices: Conflict."""
    access.authorize(principal, "trust.write")
    _check(name, ENTERPRISE_NAME, "The name of an enterprise looks like enterprises/LC0123abcd.")

    def attempt() -> None:
        held = house.store.find(Setting, ENTERPRISE)
        if held is not None and held.value["name"] != name:
            raise Conflict(f"{held.value['name']} is in use and its devices belong to it; release it first.")
        if held is None:
            after = {"name": name}
            what = event(house, principal, "settings.changed", f"setting:{ENTERPRISE}", before={}, after=after)
            house.store.commit(settings.writing(None, ENTERPRISE, after), audit=what)

    retry_stale(attempt)
    return name


def release(house: House, principal: Principal) -> None:
    """Muster forgets the enterprise; at Google it stays."""
    access.authorize(principal, "trust.write")
    settings.change(house, principal, ENTERPRISE, None, shown=dict)
