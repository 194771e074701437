"""Who may do what: every action by platform, supervision, ownership, enrollment and system version."""

import re
from dataclasses import replace
from itertools import product

import pytest

from chalicelib.model.device import Ownership, Platform
from chalicelib.platforms.apple.actions import registry
from chalicelib.platforms.apple.actions.systems import INTEL, SHARED_IPAD, number
from tests.unit.apple_actions.samples import APPLE, NEWEST, device, get

# action: platforms, each with the version that brought it; s needs supervision, u also under User Enrollment
EXPECTED = """
lock: ios 4.0 u, ipados 4.0 u, macos 10.7, visionos 2.0 u
erase: ios 4.0, ipados 4.0, macos 10.7, tvos 10.2, visionos 1.1
clear-passcode: ios 4.0, ipados 4.0, visionos 1.1
restart: ios 10.3 s, ipados 10.3 s, macos 10.13, tvos 10.2 s
shut-down: ios 10.3 s, ipados 10.3 s, macos 10.13
lost-mode-on: ios 9.3 s, ipados 9.3 s
lost-mode-off: ios 9.3 s, ipados 9.3 s
locate: ios 9.3 s, ipados 9.3 s
play-sound: ios 10.3 s, ipados 10.3 s
device-information: ios 4.0 u, ipados 4.0 u, macos 10.7 u, tvos 9.0, visionos 1.1 u
security-information: ios 4.0 u, ipados 4.0 u, macos 10.7 u, tvos 9.0, visionos 1.1 u
installed-apps: ios 5.0 u, ipados 5.0 u, macos 10.7, tvos 10.2, visionos 1.1 u
certificates: ios 4.0 u, ipados 4.0 u, macos 10.7 u, tvos 9.0, visionos 1.1 u
profiles: ios 4.0 u, ipados 4.0 u, macos 10.7 u, tvos 9.0, visionos 1.1 u
install-profile: ios 4.0 u, ipados 4.0 u, macos 10.7 u, tvos 9.0, visionos 1.1 u
remove-profile: ios 4.0 u, ipados 4.0 u, macos 10.7 u, tvos 9.0, visionos 1.1 u
rotate-filevault-key: macos 10.9
set-recovery-lock: macos 11.5
verify-recovery-lock: macos 11.5
activation-lock-bypass: ios 7.1 s, ipados 7.1 s, macos 10.15 s, visionos 2.0 s
clear-activation-lock-bypass: ios 7.1 s, ipados 7.1 s, macos 10.15 s, visionos 2.0 s
remote-desktop-on: macos 10.14.4 s
remote-desktop-off: macos 10.14.4 s
set-device-name: ios 5.0 s, ipados 5.0 s, macos 10.10, tvos 9.0, visionos 2.0 s
log-out-user: ipados 9.3
os-update: ios 17.0, ipados 17.0, macos 14.0 s
"""
NOT_PERSONAL = {"erase", "locate"}
NOT_SHARED = {"clear-passcode", "activation-lock-bypass", "clear-activation-lock-bypass"}


def table() -> dict[str, dict[str, tuple[str, str]]]:
    rows = (line.split(": ") for line in EXPECTED.strip().splitlines())
    return {
        name: {cell.split()[0]: (cell.split()[1], "".join(cell.split()[2:])) for cell in cells.split(", ")}
        for name, cells in rows
    }


TABLE = table()
OLD = "1.0"


def test_the_table_names_every_action() -> None:
    assert set(TABLE) == set(registry.names())


def expected(name: str, platform: Platform, supervised: bool, personal: bool, user: bool, version: str) -> str:
    """A word of the reason; "" where nothing stands against it."""
    cell = TABLE[name].get(platform.value)
    if cell is None:
        return "does not offer it"
    if personal and name in NOT_PERSONAL:
        return "personal device"
    if user and "u" not in cell[1]:
        return "User Enrollment"
    if not supervised and "s" in cell[1]:
        return "supervised"
    if version and number(version) < number(cell[0]):
        return "or later"
    return "Shared iPad only" if name == "log-out-user" else ""


@pytest.mark.parametrize("name", registry.names())
def test_the_matrix(name: str) -> None:
    for platform, supervised, personal, user in product(APPLE, (True, False), (True, False), (True, False)):
        for version in ("", OLD, NEWEST[platform]):
            subject = device(
                platform,
                supervised=supervised,
                ownership=Ownership.PERSONAL if personal else Ownership.CORPORATE,
                user_enrollment=user,
                os_version=version,
            )
            reason = get(name).refusal(subject)
            word = expected(name, platform, supervised, personal, user, version)
            case = (platform, supervised, personal, user, version, reason)
            assert (word in reason) if word else (reason == ""), case
            assert not reason or re.fullmatch(r"[A-Z].{20,}\.", reason), case  # a sentence for a person


@pytest.mark.parametrize("name", registry.names())
def test_the_version_that_brought_it_is_the_first_that_may(name: str) -> None:
    for platform, (version, _) in TABLE[name].items():
        shared = (SHARED_IPAD,) if name == "log-out-user" else ()
        subject = device(Platform(platform), os_version=version, capabilities=shared)
        assert get(name).refusal(subject) == ""
        assert get(name).refusal(device(Platform(platform), os_version="0.9", capabilities=shared))


@pytest.mark.parametrize("name", registry.names())
def test_shared_ipads(name: str) -> None:
    shared, single = device(Platform.IPADOS, capabilities=(SHARED_IPAD,)), device(Platform.IPADOS)
    if "ipados" not in TABLE[name]:
        return
    assert bool(get(name).refusal(shared)) == (name in NOT_SHARED)
    assert bool(get(name).refusal(single)) == (name == "log-out-user")


def test_only_apple_silicon_has_a_recovery_lock() -> None:
    for name in ("set-recovery-lock", "verify-recovery-lock"):
        assert "Apple silicon" in get(name).refusal(device(Platform.MACOS, capabilities=(INTEL,)))
        assert get(name).refusal(device(Platform.MACOS)) == ""


def test_other_platforms_are_refused_with_a_reason() -> None:
    for platform in (Platform.WINDOWS, Platform.ANDROID, Platform.CHROMEOS):
        for name in registry.names():
            subject = replace(device(Platform.IOS, ownership=Ownership.PERSONAL), platform=platform)
            assert "only on" in get(name).refusal(subject)


def test_a_reason_says_what_would_help() -> None:
    unsupervised = device(Platform.IOS, supervised=False)
    assert "Apple Business Manager" in get("locate").refusal(unsupervised)
    assert "Retire" in get("erase").refusal(device(Platform.IOS, ownership=Ownership.PERSONAL))
    old = get("set-recovery-lock").refusal(device(Platform.MACOS, os_version="10.15.7"))
    assert old == "It needs macOS 11.5 or later, and this Mac runs 10.15.7; update it first."
    assert get("remote-desktop-on").refusal(device(Platform.IOS)).endswith("only on Mac.")
    assert "iPhone, iPad and Apple Vision Pro" in get("clear-passcode").refusal(device(Platform.MACOS))


def test_the_readme_table() -> None:
    support = registry.support()
    assert list(support) == list(registry.names())
    for name, row in support.items():
        assert list(row) == [platform.value for platform in APPLE]
        for platform, word in row.items():
            cell = TABLE[name].get(platform)
            wanted = "no" if cell is None else "supervised" if "s" in cell[1] else "yes"
            assert word == ("shared iPad" if name == "log-out-user" and cell else wanted)


def test_versions_compare_as_numbers() -> None:
    assert number("17.10") > number("17.9")
    assert number("17") == number("17.0.0")
    assert number("17.6.1 (a)") == (17, 6, 1)
    assert number("") == ()


def test_the_registry_names_its_actions_by_file() -> None:
    for name, module in registry.ACTIONS.items():
        assert module == name.replace("-", "_")
        assert get(name).name == name
        assert re.fullmatch(r"[A-Z].+\.", get(name).title)
    assert registry.action("launch-rocket") is None
    assert [name for name in registry.names() if get(name).destructive] == ["erase"]
    assert [name for name in registry.names() if get(name).parks] == ["lock", "erase"]
    assert [name for name in registry.names() if get(name).priority == 0] == ["lock", "erase"]
