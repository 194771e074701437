"""The policies that devices share, at Google: told once, known to be there, and repaired where they are not.

Google: Android Management API, enterprises.policies.patch, which creates and replaces, and get.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.core import google_settings, settings
from chalicelib.core.errors import Stale
from chalicelib.core.google_settings import NO_ENTERPRISE, NotConnected
from chalicelib.core.house import House
from chalicelib.core.ports import Replace
from chalicelib.core.retry import retry_stale
from chalicelib.model.records import Setting
from chalicelib.platforms.android import policy_documents as documents
from chalicelib.platforms.android.policy.defaults import ARRIVING
from chalicelib.platforms.android.policy.modes import MODES, PERSONAL
from chalicelib.platforms.google.client import ANDROID, GoogleAbsent, GoogleBusy, GoogleRefused, call, quoted

if TYPE_CHECKING:
    from chalicelib.platforms.android.policy.reading import Policy

ARRIVAL = "arriving"  # the policy of devices that Muster has not admitted yet
ATTEMPTS = 5
NO_LONGER = "The policy became one for each device meanwhile; this is done again."


def settle(house: House) -> tuple[str, ...]:
    """Compares what Google has with what it should have, and repairs it; the names of what was told anew.

    GoogleBusy, NotConnected; GoogleRefused once all were tried: one that Google does not take keeps no other one away.
    """
    name_at_google = enterprise(house)
    shared = [ARRIVAL, *(mode for mode in MODES if documents.held(house, mode).shared)]
    missing = tuple(name for name in shared if not _in_place(house, policy_name(name_at_google, name), name))
    refused: list[GoogleRefused] = []
    for name in missing:
        try:
            push(house, name)
        except GoogleRefused as refusal:
            refused.append(refusal)
    if refused:
        raise refused[0]
    return missing


def _in_place(house: House, full: str, name: str) -> bool:
    """Also what somebody changed at Google without Muster counts the version up there."""
    version = remembered(house, name, _current(house, name)[0])
    if not version:
        return False
    try:
        return str(call(house, ANDROID, "GET", f"/v1/{quoted(full)}").get("version")) == version
    except GoogleAbsent:
        return False


def push(house: House, name: str) -> str:
    """Until what Google was told last is what is set: of two that push at once, neither may leave the older one."""
    full = policy_name(enterprise(house), name)
    for _ in range(ATTEMPTS):
        ticket = _announced(house, name)
        digest, policy = _current(house, name)
        version = patch(house, full, policy.body(), policy.update_mask())
        if _remember(house, ticket, {"name": full, "digest": digest, "version": version}):
            return version
    raise GoogleBusy("Others keep changing the same policy; it is told to Google again later.")


def _current(house: House, name: str) -> "tuple[str, Policy]":
    """Digest and content, by the last part of its name."""
    from chalicelib.platforms.android.policy import reading

    if name == ARRIVAL:
        policy = reading.read(ARRIVING, PERSONAL)  # what the narrowest mode takes, all do
        return policy.digest(), policy
    held = documents.held(house, name)
    if not held.shared:
        raise GoogleBusy(NO_LONGER)
    return held.digest, reading.read(documents.opened(house, held).document, name)


def patch(house: House, full: str, body: Mapping[str, Any], mask: str) -> str:
    """The version that Google counts, and that a device reports once it has the policy."""
    return str(call(house, ANDROID, "PATCH", f"/v1/{quoted(full)}", {"updateMask": mask}, body)["version"])


def _setting(name: str) -> str:
    return f"android.pushed.{name}"


def _announced(house: House, name: str) -> Setting:
    """Says that somebody is about to push: what was known of Google's state is known no more."""

    def attempt() -> Setting:
        held = house.store.find(Setting, _setting(name))
        house.store.commit(settings.writing(held, _setting(name), {}))
        return Setting(_setting(name), {}, held.version + 1 if held else 1)

    return retry_stale(attempt)


def _remember(house: House, ticket: Setting, value: Mapping[str, str]) -> bool:
    """False where somebody announced another push meanwhile: which of the two Google heard last, nobody knows."""
    try:
        house.store.commit(Replace(Setting(ticket.name, value, ticket.version)))
    except Stale:
        return False
    return True


def remembered(house: House, name: str, digest: str) -> str:
    """The version in which Google has it; "" where it does not."""
    held = house.store.find(Setting, _setting(name))
    full = policy_name(google_settings.enterprise(house), name)
    told: Mapping[str, Any] = held.value if held else {}
    return str(told["version"]) if (told.get("name"), told.get("digest")) == (full, digest) else ""


def policy_name(of: str, policy: str) -> str:
    return f"{of}/policies/{policy}"


def enterprise(house: House) -> str:
    """NotConnected before the sign-up."""
    name = google_settings.enterprise(house)
    if not name:
        raise NotConnected(NO_ENTERPRISE)
    return name
