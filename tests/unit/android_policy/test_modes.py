"""What a mode does not have is refused there, with the reason, and taken where Google supports it."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.android.policy.modes import LIMITS, MODES, PERSONAL, SENSORS, Limit, misplaced
from chalicelib.platforms.android.policy.reading import read
from tests.unit.android_policy.samples import Document, app, apps, default, defaulted, enforced, enforcement
from tests.unit.android_policy.test_coverage import TYPED, _is_list, inner


def document(place: str, value: object) -> Any:
    """The value at the place, with one element in each list on the way."""
    at: list[str | int] = []
    for name in place.split("."):
        at += [name, 0] if _is_list(at, name) else [name]
    for part in reversed(at):
        value = [value] if part == 0 else {part: value}
    return value


def limits() -> Iterator[tuple[str, Limit, str]]:
    return ((place, limit, mode) for place, each in LIMITS.items() for limit in each for mode in limit.modes)


def test_limits_speak_of_typed_settings_and_their_values() -> None:
    assert LIMITS.keys() <= TYPED.keys()
    for place, limit, _ in limits():
        assert set(limit.values) <= {value for each in inner(TYPED[place]) for value in get_args(each)}
        assert set(limit.modes) < set(MODES)


@pytest.mark.parametrize(("place", "limit", "mode"), list(limits()))
def test_refuses_in_this_mode(place: str, limit: Limit, mode: str) -> None:
    for value in limit.values or (True,):
        sentences = list(misplaced(document(place, value), mode))
        assert len(sentences) == 1
        assert sentences[0].endswith(limit.reason)
        assert f"mode {mode}" in sentences[0]
        allowed = [other for other in MODES if not any(other in each.modes for each in LIMITS[place])]
        assert not [sentence for other in allowed for sentence in misplaced(document(place, value), other)]


@pytest.mark.parametrize(
    ("mode", "refused"),
    [
        ("personal", {"factoryResetDisabled": True}),
        ("personal", {"cameraAccess": "CAMERA_ACCESS_ENFORCED"}),
        ("personal", {"microphoneAccess": "MICROPHONE_ACCESS_DISABLED"}),
        ("personal", {"systemUpdate": {"type": "AUTOMATIC"}}),
        ("personal", {"personalUsagePolicies": {"cameraDisabled": True}}),
        ("personal", {"statusReportingSettings": {"hardwareStatusEnabled": True}}),
        ("personal", enforced({**enforcement(), "wipeAction": {"wipeAfterDays": 9, "preserveFrp": True}})),
        ("personal", enforced({**enforcement(), "blockAction": {"blockScope": "BLOCK_SCOPE_DEVICE"}})),
        ("personal", apps(app(delegatedScopes=["CERT_INSTALL", "SECURITY_LOGS"]))),
        ("personal", defaulted(default("DEFAULT_BROWSER", "SCOPE_PERSONAL_PROFILE"))),
        ("corporate", apps(app(installType="KIOSK"))),
        ("corporate", {"keyguardDisabled": True}),
        ("dedicated", {"crossProfilePolicies": {}}),
        ("dedicated", {"workAccountSetupConfig": {"authenticationType": "GOOGLE_AUTHENTICATED"}}),
    ],
)
def test_reading_refuses_it(mode: str, refused: Document) -> None:
    with pytest.raises(Unprocessable, match=f"not in the mode {mode}"):
        read(refused, mode)


@pytest.mark.parametrize("permission", sorted(SENSORS))
def test_sensors_are_not_granted_on_a_personal_device(permission: str) -> None:
    for_one = apps(app(permissionGrants=[{"permission": permission, "policy": "GRANT"}]))
    for_all: Document = {"permissionGrants": [{"permission": permission, "policy": "GRANT"}]}
    for granted, place in (
        (for_one, "applications.0.permissionGrants.0.policy"),
        (for_all, "permissionGrants.0.policy"),
    ):
        with pytest.raises(Unprocessable, match=f"^{place}: "):
            read(granted, PERSONAL)
        assert read(granted, "corporate").body() == granted
    denied: Document = {"permissionGrants": [{"permission": permission, "policy": "DENY"}]}
    assert read(denied, PERSONAL).body() == denied


def test_a_mode_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Unprocessable, match="corporate, personal, dedicated"):
        read({}, "byod")
