"""How a device obeys: one function per RequestType, state and command in, response keys out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from tests.devices.apple import cms, hardware, installation, inventory
from tests.devices.apple import profile as profiles
from tests.devices.apple.complaints import CommandMalformed, CommandRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.state import DeviceState, User


@dataclass
class Deed:
    """One command being carried out. after: what the device does once its report is sent."""

    state: DeviceState
    command: Mapping[str, Any]
    user: User | None = None
    after: list[str] = field(default_factory=list)
    renew: Callable[[Mapping[str, Any]], object] | None = None

    @property
    def is_mac(self) -> bool:
        return MODELS[self.state.kind].platform == "macOS"


Action = Callable[[Deed], Mapping[str, Any]]


def device_lock(deed: Deed) -> Mapping[str, Any]:
    pin = deed.command.get("PIN")
    if deed.is_mac:
        _check_pin(pin, required=True)
        deed.state.locked = {"pin": pin, **_words(deed)}
        return {}
    deed.state.locked = _words(deed)
    if not deed.command.get("Message") and not deed.command.get("PhoneNumber"):
        return {}
    return {"MessageResult": "Success" if deed.state.passcode else "NoPasscodeSet"}


def erase_device(deed: Deed) -> Mapping[str, Any]:
    if deed.is_mac and "PIN" in deed.command:
        _check_pin(deed.command["PIN"], required=False)
    behavior = deed.command.get("ObliterationBehavior", "Default")
    if behavior not in ("Default", "DoNotObliterate", "ObliterateWithWarning", "Always"):
        raise CommandMalformed(f"EraseDevice: ObliterationBehavior {behavior!r}")
    deed.after.append("erase")
    return {}


def clear_passcode(deed: Deed) -> Mapping[str, Any]:
    if not deed.state.unlock_token or deed.command["UnlockToken"] != deed.state.unlock_token:
        raise CommandRefused("The unlock token is not the one of this device.", 5000)
    deed.state.passcode = None
    deed.state.locked = None
    return {}


def restart_device(deed: Deed) -> Mapping[str, Any]:
    deed.state.restarts += 1
    return {}


def shut_down_device(deed: Deed) -> Mapping[str, Any]:
    deed.after.append("shut down")
    return {}


def enable_lost_mode(deed: Deed) -> Mapping[str, Any]:
    if not deed.command.get("Message") and not deed.command.get("PhoneNumber"):
        raise CommandMalformed("EnableLostMode needs a Message or a PhoneNumber")
    deed.state.lost_mode = _words(deed)
    return {}


def disable_lost_mode(deed: Deed) -> Mapping[str, Any]:
    deed.state.lost_mode = None
    return {}


def device_location(deed: Deed) -> Mapping[str, Any]:
    _need_lost_mode(deed)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**deed.state.location, "Timestamp": now}


def play_lost_mode_sound(deed: Deed) -> Mapping[str, Any]:
    _need_lost_mode(deed)
    deed.state.lost_mode_sounds += 1
    return {}


def device_information(deed: Deed) -> Mapping[str, Any]:
    queries = deed.command["Queries"]
    if not queries or not all(isinstance(query, str) for query in queries):
        raise CommandMalformed("DeviceInformation: Queries is an array of names")
    return {"QueryResponses": inventory.device_information(deed.state, queries)}


def security_info(deed: Deed) -> Mapping[str, Any]:
    return {"SecurityInfo": inventory.security_info(deed.state)}


def installed_application_list(deed: Deed) -> Mapping[str, Any]:
    return {"InstalledApplicationList": inventory.installed_applications(deed.state, deed.command)}


def certificate_list(deed: Deed) -> Mapping[str, Any]:
    return {"CertificateList": inventory.certificates(deed.state)}


def profile_list(deed: Deed) -> Mapping[str, Any]:
    only = deed.command.get("ManagedOnly", False) or deed.state.user_enrollment
    return {"ProfileList": inventory.profiles(deed.state, managed_only=only)}


def provisioning_profile_list(deed: Deed) -> Mapping[str, Any]:
    return {"ProvisioningProfileList": []}


def user_list(deed: Deed) -> Mapping[str, Any]:
    return {"Users": inventory.users(deed.state)}


def install_profile(deed: Deed) -> Mapping[str, Any]:
    found = installation.install(deed.state, deed.command["Payload"], managed=True)
    if found.of_type(profiles.MDM) and deed.renew is not None:
        for payload in found.of_type(profiles.SCEP):  # an updated enrollment profile brings a new identity
            deed.renew(payload["PayloadContent"])
    return {}


def remove_profile(deed: Deed) -> Mapping[str, Any]:
    identifier = deed.command["Identifier"]
    found = deed.state.profiles.get(identifier)
    if found is None:
        raise CommandRefused(f"The profile “{identifier}” is not installed.", 12013)
    if not found.get("_managed"):
        raise CommandRefused(f"The profile “{identifier}” is not managed by MDM.", 12013)
    if identifier == deed.state.mdm_profile:
        deed.after.append("unenroll")
        return {}
    del deed.state.profiles[identifier]
    return {}


def rotate_filevault_key(deed: Deed) -> Mapping[str, Any]:
    state, command = deed.state, deed.command
    if command["KeyType"] != "personal":
        raise CommandRefused("This Mac has no institutional recovery key.", 16)
    if "ReplyEncryptionCertificate" not in command:
        raise CommandMalformed("RotateFileVaultKey: personal needs a ReplyEncryptionCertificate")
    if not state.filevault_enabled:
        raise CommandRefused("FileVault is off.", 15)
    password = command["FileVaultUnlock"].get("Password")
    if not password or password not in [state.filevault_key, *(user.password for user in state.users)]:
        raise CommandRefused("The FileVault password or recovery key is wrong.", 14)
    try:
        recipient = x509.load_der_x509_certificate(command["ReplyEncryptionCertificate"])
    except ValueError as error:
        raise CommandMalformed("RotateFileVaultKey: ReplyEncryptionCertificate is not DER") from error
    state.filevault_key = hardware.recovery_key(random.SystemRandom())
    sealed = cms.encrypt(state.filevault_key.encode(), [recipient], "aes256")
    return {"RotateResult": {"EncryptedNewRecoveryKey": sealed}}


def set_recovery_lock(deed: Deed) -> Mapping[str, Any]:
    if deed.state.recovery_lock is not None and deed.command.get("CurrentPassword") != deed.state.recovery_lock:
        raise CommandRefused("The current recovery lock password is wrong.", 6)
    deed.state.recovery_lock = deed.command["NewPassword"] or None
    return {}


def verify_recovery_lock(deed: Deed) -> Mapping[str, Any]:
    if deed.state.recovery_lock is None:
        raise CommandRefused("No recovery lock is set.", 6)
    return {"PasswordVerified": deed.command["Password"] == deed.state.recovery_lock}


def activation_lock_bypass_code(deed: Deed) -> Mapping[str, Any]:
    if deed.state.bypass_code is None:
        raise CommandRefused("The bypass code is not available any more.", 12089)
    return {"ActivationLockBypassCode": deed.state.bypass_code}


def clear_activation_lock_bypass_code(deed: Deed) -> Mapping[str, Any]:
    deed.state.bypass_code = None
    return {}


def enable_remote_desktop(deed: Deed) -> Mapping[str, Any]:
    deed.state.remote_desktop = True
    return {}


def disable_remote_desktop(deed: Deed) -> Mapping[str, Any]:
    deed.state.remote_desktop = False
    return {}


def log_out_user(deed: Deed) -> Mapping[str, Any]:
    present = [user for user in deed.state.users if user.logged_in]
    if not present:
        raise CommandRefused("Nobody is logged in.", 12071)
    for user in present:
        user.logged_in = False
    return {}


def device_configured(deed: Deed) -> Mapping[str, Any]:
    if not deed.state.awaiting_configuration:
        raise CommandRefused("The device is not awaiting configuration.", 12062)
    deed.state.awaiting_configuration = False
    return {}


def declarative_management(deed: Deed) -> Mapping[str, Any]:
    deed.after.append("declarations")
    return {}


def _words(deed: Deed) -> dict[str, Any]:
    return {key.lower(): deed.command[key] for key in ("Message", "PhoneNumber", "Footnote") if key in deed.command}


def _check_pin(pin: str | None, *, required: bool) -> None:
    if pin is None and not required:
        return
    if pin is None or len(pin) != 6 or not pin.isdigit():
        raise CommandMalformed("PIN: six digits expected")


def _need_lost_mode(deed: Deed) -> None:
    if deed.state.lost_mode is None:
        raise CommandRefused("The device is not in Lost Mode.", 12078)
