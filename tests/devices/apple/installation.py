"""Installing a profile on a device: what must hold, and what an update of the enrollment may not change."""

from __future__ import annotations

from cryptography import x509

from tests.devices.apple import profile as profiles
from tests.devices.apple import schema
from tests.devices.apple.complaints import CommandRefused, ProfileRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.state import DeviceState


def install(state: DeviceState, raw: bytes, *, managed: bool) -> profiles.Profile:
    """Checks and stores a profile; the same PayloadIdentifier replaces the old one."""
    try:
        found = profiles.read(raw, [x509.load_der_x509_certificate(root) for root in state.roots])
        schema.check_profile(found.payloads, MODELS[state.kind].platform)
        if found.of_type(profiles.MDM):
            _check_update(state, found)
    except ProfileRefused as error:
        raise CommandRefused(f"The profile is invalid: {error}", 4001, "MCInstallationErrorDomain") from error
    signers = [found.signer.dump()] if found.signer else []
    state.profiles[found.identifier] = {**found.content, "_managed": managed, "_signers": signers}
    state.roots += [payload["PayloadContent"] for payload in found.of_type(profiles.ROOT)]
    state.roots = list(dict.fromkeys(state.roots))
    return found


def _check_update(state: DeviceState, found: profiles.Profile) -> None:
    """Keys of com.apple.mdm that may not change, and rights that may not grow."""
    new, old = found.only(profiles.MDM), state.mdm
    if not old or found.identifier != state.mdm_profile:
        raise ProfileRefused("a second MDM payload on an enrolled device")
    for key in ("Topic", "ServerURL", "CheckInURL", "EnrollmentMode", "AssignedManagedAppleID"):
        if new.get(key) != old.get(key):
            raise ProfileRefused(f"an update may not change {key}")
    if new.get("AccessRights", 0) & ~old.get("AccessRights", 0):
        raise ProfileRefused("an update may not add access rights")
    per_user = "com.apple.mdm.per-user-connections"
    if (per_user in new.get("ServerCapabilities", [])) != (per_user in old.get("ServerCapabilities", [])):
        raise ProfileRefused(f"an update may not add or remove {per_user}")
    state.mdm = dict(new)
