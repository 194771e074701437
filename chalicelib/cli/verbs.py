"""The verbs of `muster device`: one line each for an action, with its options. A test holds them equal to the actions.

They are written out here, not asked of the platforms, so that the command line starts quickly.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.cli.failures import Misuse
from chalicelib.cli.output import read_secret


@dataclass(frozen=True, slots=True)
class Option:
    """`kind`: str, bool, file (its bytes go out as base64), json (a file with an object), stdin (a secret)."""

    name: str  # of the parameter; the flag has dashes for underscores
    help: str
    kind: str = "str"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    help: str
    options: tuple[Option, ...] = ()
    destructive: bool = False


MESSAGE = Option("message", "Shown on the lock screen.")
PHONE = Option("phone_number", "Shown on the lock screen.")
MANAGED = Option("managed_only", "Only what management installed.", "bool")
USER = Option("user", "For this user channel, not for the device.")

VERBS: tuple[Verb, ...] = (
    Verb(
        "lock",
        "Lock it at once; a Mac asks for a PIN, which is escrowed; a PC may ignore it and does not tell.",
        (MESSAGE, PHONE),
    ),
    Verb(
        "erase",
        "Erase everything on it. It cannot be undone.",
        (
            Option("preserve_data_plan", "Keep the eSIM's data plan.", "bool"),
            Option("obliteration", "Default, DoNotObliterate, ObliterateWithWarning or Always (Mac)."),
            Option(
                "return_to_service",
                'Come back by itself: a JSON file {"wifi_profile", "enrollment_profile"}, both base64 and optional.',
                "json",
            ),
            Option(
                "variant",
                "PC: full (usual), protected, keep-user-data, keep-provisioning, cloud or cloud-keep-user-data.",
            ),
        ),
        destructive=True,
    ),
    Verb(
        "autopilot-reset",
        "Make a PC ready for its next user: all of the present one is removed, it stays managed.",
        destructive=True,
    ),
    Verb("clear-passcode", "Remove the passcode, so that its user can set a new one."),
    Verb(
        "restart",
        "Restart it.",
        (
            Option("notify_user", "Ask the user of a Mac instead of forcing it.", "bool"),
            Option("at", "When, in local time of the PC: 2031-05-01T18:00:00. Else within five minutes."),
        ),
    ),
    Verb("sync", "Have a PC come now; one without push comes at its next poll."),
    Verb("shut-down", "Shut it down."),
    Verb("lost-mode-on", "Lock it as lost.", (MESSAGE, PHONE, Option("footnote", "In place of the unlock hint."))),
    Verb("lost-mode-off", "It was found."),
    Verb("locate", "Ask where it is, while it is lost."),
    Verb("play-sound", "Let it ring, while it is lost."),
    Verb("device-information", "Ask what it is."),
    Verb("security-information", "Ask how it is secured."),
    Verb("installed-apps", "Ask which apps it has.", (MANAGED,)),
    Verb("certificates", "Ask which certificates it has.", (MANAGED,)),
    Verb("profiles", "Ask which profiles it has.", (MANAGED,)),
    Verb(
        "install-profile",
        "Install a configuration profile.",
        (Option("profile", "The .mobileconfig file.", "file", required=True), USER),
    ),
    Verb(
        "remove-profile",
        "Remove a configuration profile.",
        (Option("identifier", "Its PayloadIdentifier.", required=True), USER),
    ),
    Verb(
        "rotate-filevault-key",
        "Replace the FileVault recovery key of a Mac, and escrow the new one.",
        (Option("current", "Read the present key, or a FileVault user's password, from standard input.", "stdin"),),
    ),
    Verb(
        "set-recovery-lock",
        "Set a recovery password on a Mac, and escrow it.",
        (Option("clear", "Remove it instead.", "bool"),),
    ),
    Verb("verify-recovery-lock", "Check the escrowed recovery password."),
    Verb("activation-lock-bypass", "Fetch and escrow the activation lock bypass code."),
    Verb("clear-activation-lock-bypass", "Make the device forget its bypass code."),
    Verb("remote-desktop-on", "Allow remote desktop on a Mac."),
    Verb("remote-desktop-off", "Forbid remote desktop on a Mac."),
    Verb("set-device-name", "Name it; a PC needs a restart for it.", (Option("name", "The new name.", required=True),)),
    Verb("defender-scan", "Scan a PC with Microsoft Defender.", (Option("type", "quick (usual) or full."),)),
    Verb("rotate-bitlocker-key", "Replace the BitLocker recovery passwords of a PC; Entra or AD keeps the new one."),
    Verb("reset-laps-password", "Give the local administrator of a PC a new password; Entra or AD keeps it."),
    Verb(
        "collect-logs",
        "Have a PC upload its logs to an Azure container.",
        (
            Option(
                "upload_url",
                "Read the container's address with its signature from standard input.",
                "stdin",
                required=True,
            ),
        ),
    ),
    Verb("log-out-user", "Log out the user of a Shared iPad."),
    Verb(
        "os-update",
        "Have it run a system version by a deadline.",
        (
            Option("version", "18.1", required=True),
            Option("deadline", "Local time of the device: 2031-05-01T18:00:00. Then it is forced.", required=True),
            Option("build", "Where the version alone does not tell: 22B83."),
            Option("details_url", "A page of yours about it, https."),
        ),
    ),
)


def params(verb: Verb, given: dict[str, Any]) -> dict[str, Any]:
    """What was named on the command line, as the API takes it. Files and standard input are read."""
    asked = {option.name: given[option.name] for option in verb.options if given.get(option.name) not in (None, False)}
    kinds = {option.name: option.kind for option in verb.options}
    return {name: _READERS.get(kinds[name], _as_given)(value) for name, value in asked.items()}


def _as_given(value: Any) -> Any:
    return value


def _bytes(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Misuse(f"{name} cannot be read: {error.strerror}.") from None


def _base64(name: str) -> str:
    return base64.b64encode(_bytes(name)).decode()


def _json(name: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(name))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Misuse(f"{name} does not hold a JSON object.")
    return value


def _secret(_: bool) -> str:
    """Never an argument: those show in the process list and in the shell's history."""
    if not (secret := read_secret("The secret")):
        raise Misuse("Standard input is empty.")
    return secret


_READERS: Mapping[str, Callable[[Any], Any]] = {"file": _base64, "json": _json, "stdin": _secret}
