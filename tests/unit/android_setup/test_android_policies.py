"""Policies: set once, told to Google, never lost between two people, and never with a secret in the open."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from chalicelib.core import audit, google_settings, google_setup
from chalicelib.core.errors import Conflict, Corrupt, Forbidden, TooLarge, Unprocessable
from chalicelib.core.google_settings import NotConnected
from chalicelib.model.device import Device, DeviceStatus, Ownership, Platform
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Setting
from chalicelib.platforms.android import policies, policy_shared
from chalicelib.platforms.android import policy_documents as documents
from chalicelib.platforms.android.policy import reading
from chalicelib.platforms.android.policy.defaults import defaults
from chalicelib.platforms.google.client import GoogleBusy
from tests.unit.android_setup.conftest import ADMIN, Site

AUDITOR = Principal("carol", Role.AUDITOR, person=True)
MACHINE = Principal("t", Role.ADMIN, person=False)
CANARY = "canary-passphrase"
PLAIN = {"screenCaptureDisabled": True}
WIFI = {
    "openNetworkConfiguration": {
        "NetworkConfigurations": [
            {
                "GUID": "office", "Name": "Office", "Type": "WiFi",
                "WiFi": {"SSID": "Office", "Security": "WPA-PSK", "Passphrase": CANARY},
            }
        ]
    }
}  # fmt: skip
PER_DEVICE = {"deviceOwnerLockScreenInfo": {"defaultMessage": "{device.serial} of {user.name}, {user.email}"}}


def device(capability: str = "fully-managed", **more: Any) -> Device:
    facts: dict[str, Any] = {
        "id": "01J00000000000000000000001", "platform": Platform.ANDROID, "identifiers": {"serial": "R58N"},
        "ownership": Ownership.CORPORATE, "status": DeviceStatus.ENROLLED, "enrollment_id": "android-1",
        "created_at": 1, "owner": "kim@example.com", "capabilities": (capability,) if capability else (),
    }  # fmt: skip
    return Device(**(facts | more))


def at_google(site: Site, policy: str) -> dict[str, Any]:
    found = site.control.state()["policies"][f"{google_settings.enterprise(site.house)}/policies/{policy}"]
    return {name: value for name, value in found.items() if name != "name"}


def set_(site: Site, document: dict[str, Any], mode: str = "corporate", version: int | None = None) -> policies.Shown:
    held = policies.show(site.house, ADMIN, mode).version if version is None else version
    return policies.set_policy(site.house, ADMIN, mode, document, held)


def test_at_first_there_are_the_defaults(bound: Site) -> None:
    shown = policies.show(bound.house, AUDITOR, "personal")
    assert (shown.version, shown.document, shown.per_device, shown.pushed) == (0, defaults("personal"), False, True)
    assert at_google(bound, "personal") == reading.read(defaults("personal"), "personal").body() | {"version": "1"}
    arriving = at_google(bound, "arriving")
    assert arriving == {"statusReportingSettings": {"deviceSettingsEnabled": True, "softwareInfoEnabled": True},
                        "version": "1"}  # fmt: skip


def test_a_document_replaces_the_one_before(bound: Site) -> None:
    shown = set_(bound, PLAIN)
    assert (shown.version, shown.document, shown.pushed, shown.problem) == (1, PLAIN, True, "")
    assert at_google(bound, "corporate") == PLAIN | {"version": "2"}
    assert set_(bound, {"cameraAccess": "CAMERA_ACCESS_DISABLED"}).version == 2
    assert at_google(bound, "corporate") == {"cameraAccess": "CAMERA_ACCESS_DISABLED", "version": "3"}


def test_the_same_again_changes_nothing(bound: Site) -> None:
    first = set_(bound, PLAIN)
    assert set_(bound, PLAIN) == first
    assert [one.event.action for one in audit.recent(bound.house, ADMIN, 100)].count("settings.changed") == 3
    assert first.digest == policies.show(bound.house, ADMIN, "corporate").digest


def test_before_sign_up_it_is_only_kept(site: Site) -> None:
    shown = set_(site, PLAIN)
    assert (shown.version, shown.pushed, shown.problem) == (1, False, "")
    assert site.asked("PATCH") == []
    site.sign_up()
    assert at_google(site, "corporate") == PLAIN | {"version": "1"}
    assert policies.show(site.house, ADMIN, "corporate").pushed


def test_secrets_are_sealed_and_never_shown(bound: Site) -> None:
    shown = set_(bound, WIFI)
    held = bound.house.store.get(Setting, "android.policy.corporate")
    seen = (
        repr(shown)
        + repr(held)
        + str(audit.recent(bound.house, ADMIN, 100))
        + repr(policies.wanted(bound.house, device()))
    )
    assert CANARY not in seen
    [network] = shown.document["openNetworkConfiguration"]["NetworkConfigurations"]
    assert network["WiFi"] == {"SSID": "Office", "Security": "WPA-PSK", "Passphrase": "***"}
    assert CANARY in str(at_google(bound, "corporate"))


def test_a_digest_is_no_oracle_for_a_passphrase(bound: Site) -> None:
    assert set_(bound, WIFI).digest != reading.read(WIFI, "corporate").digest()
    again = set_(bound, WIFI)
    other = set_(bound, PLAIN)
    assert set_(bound, WIFI).digest == again.digest != other.digest


def test_a_sealed_document_opens_in_its_place_only(bound: Site) -> None:
    set_(bound, WIFI)
    held = documents.held(bound.house, "corporate")
    for forged in (replace(held, mode="dedicated"), replace(held, digest="0" * 64)):
        with pytest.raises(Corrupt):
            documents.opened(bound.house, forged)


def test_what_was_shown_cannot_be_set_as_it_is(bound: Site) -> None:
    shown = set_(bound, WIFI)
    with pytest.raises(Unprocessable, match=r"Passphrase: \*\*\* stands for a secret"):
        set_(bound, dict(shown.document))
    assert CANARY in str(at_google(bound, "corporate"))


def test_the_trail_tells_who_and_which(bound: Site) -> None:
    first = set_(bound, PLAIN)
    second = set_(bound, WIFI)
    found = [one.event for one in audit.recent(bound.house, ADMIN, 100)]
    changes = [one.details for one in found if one.target == "setting:android.policy.corporate"]
    one, two = {"digest": first.digest, "version": 1}, {"digest": second.digest, "version": 2}
    assert len(changes) == 2
    assert {"before": {}, "after": one} in changes
    assert {"before": one, "after": two} in changes


def test_of_two_edits_of_one_version_the_later_is_refused(bound: Site) -> None:
    set_(bound, PLAIN)
    set_(bound, {"cameraAccess": "CAMERA_ACCESS_DISABLED"}, version=1)
    with pytest.raises(Conflict, match="read it again"):
        set_(bound, {"smsDisabled": True}, version=1)
    with pytest.raises(Conflict):
        set_(bound, {"smsDisabled": True}, version=0)
    with pytest.raises(Conflict):
        set_(bound, {"cameraAccess": "CAMERA_ACCESS_DISABLED"}, version=1)
    assert at_google(bound, "corporate") == {"cameraAccess": "CAMERA_ACCESS_DISABLED", "version": "3"}


@pytest.mark.parametrize("first", [None, PLAIN], ids=["default", "set"])
def test_of_two_edits_at_once_one_is_refused(bound: Site, monkeypatch: pytest.MonkeyPatch, first: Any) -> None:
    """The other comes between the look at the version and the commit."""
    version = set_(bound, first).version if first else 0
    honest = documents.setting

    def interrupted(*arguments: Any) -> Setting:
        monkeypatch.setattr(documents, "setting", honest)
        set_(bound, {"smsDisabled": True}, version=version)
        return honest(*arguments)

    monkeypatch.setattr(documents, "setting", interrupted)
    with pytest.raises(Conflict, match="read it again"):
        set_(bound, WIFI, version=version)
    assert policies.show(bound.house, ADMIN, "corporate").document == {"smsDisabled": True}


def between(monkeypatch: pytest.MonkeyPatch, when: str, act: Callable[[], object]) -> None:
    """Runs `act` once, just before or just after the next PATCH that Google gets."""
    honest = policy_shared.patch

    def interrupted(*arguments: Any) -> str:
        monkeypatch.setattr(policy_shared, "patch", honest)
        if when == "before":
            act()
        version = honest(*arguments)
        if when == "after":
            act()
        return version

    monkeypatch.setattr(policy_shared, "patch", interrupted)


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_two_pushes_at_once_the_newer_document_stays(
    bound: Site, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    between(monkeypatch, when, lambda: set_(bound, {"smsDisabled": True}))
    set_(bound, PLAIN)
    assert {name for name in at_google(bound, "corporate") if name != "version"} == {"smsDisabled"}
    assert policies.show(bound.house, ADMIN, "corporate").pushed
    assert policy_shared.settle(bound.house) == ()


def test_google_is_busy_and_is_told_later(bound: Site) -> None:
    bound.control.fault("PATCH /androidmanagement*/policies/corporate", 503)
    shown = set_(bound, PLAIN)
    assert (shown.version, shown.pushed) == (1, False)
    assert "503" in shown.problem
    assert policy_shared.settle(bound.house) == ("corporate",)
    assert at_google(bound, "corporate") == PLAIN | {"version": "2"}
    assert policy_shared.settle(bound.house) == ()


@pytest.mark.parametrize(("document", "repeated"), [(PLAIN, True), (WIFI, False)], ids=["plain", "secret"])
def test_google_refuses(bound: Site, document: dict[str, Any], repeated: bool) -> None:
    said = "The Wi-Fi canary-passphrase is bad."
    bound.control.fault("PATCH /androidmanagement*/policies/corporate", 400, reason="INVALID_ARGUMENT", message=said)
    shown = set_(bound, document)
    assert not shown.pushed
    assert "400" in shown.problem
    assert (said in shown.problem) is repeated


def test_one_refused_policy_keeps_no_other_away(bound: Site) -> None:
    bound.control.fault("PATCH /androidmanagement*/policies/*", 503, times=2)
    set_(bound, PLAIN)
    set_(bound, PLAIN, "dedicated")
    bound.control.fault("PATCH /androidmanagement*/policies/corporate", 400)
    with pytest.raises(Exception, match="400"):
        policy_shared.settle(bound.house)
    assert at_google(bound, "dedicated") == PLAIN | {"version": "2"}


def test_what_somebody_changed_at_google_is_put_right(bound: Site) -> None:
    name = f"{google_settings.enterprise(bound.house)}/policies/personal"
    policy_shared.patch(bound.house, name, {"cameraAccess": "CAMERA_ACCESS_DISABLED"}, "cameraAccess")
    assert policy_shared.settle(bound.house) == ("personal",)
    assert "cameraAccess" not in at_google(bound, "personal")


@pytest.mark.parametrize(
    ("capability", "ownership", "mode"),
    [
        ("fully-managed", Ownership.CORPORATE, "corporate"),
        ("company-work-profile", Ownership.CORPORATE, "corporate"),
        ("work-profile", Ownership.PERSONAL, "personal"),
        ("dedicated", Ownership.CORPORATE, "dedicated"),
        ("", Ownership.PERSONAL, "personal"),
        ("", Ownership.CORPORATE, "corporate"),
        ("other", Ownership.CORPORATE, "corporate"),
    ],
)
def test_a_shared_policy_is_wanted_by_mode(bound: Site, capability: str, ownership: Ownership, mode: str) -> None:
    want = policies.wanted(bound.house, device(capability, ownership=ownership))
    assert want.name == f"{google_settings.enterprise(bound.house)}/policies/{mode}"
    assert (want.digest, want.document) == (policies.show(bound.house, ADMIN, mode).digest, None)
    assert policies.push(bound.house, want) == "1"
    assert len(bound.asked("PATCH", f"/policies/{mode}")) == 1


def test_a_shared_policy_that_google_was_not_told_is_pushed_by_need(bound: Site) -> None:
    bound.control.fault("PATCH /androidmanagement*/policies/corporate", 503)
    set_(bound, PLAIN)
    assert policies.push(bound.house, policies.wanted(bound.house, device())) == "2"
    assert at_google(bound, "corporate") == PLAIN | {"version": "2"}


def test_placeholders_make_a_policy_for_each_device(bound: Site) -> None:
    shown = set_(bound, PER_DEVICE)
    assert (shown.per_device, shown.pushed, shown.problem) == (True, False, "")
    want = policies.wanted(bound.house, device())
    assert want.name.endswith("/policies/device-01J00000000000000000000001")
    assert policies.push(bound.house, want) == "1"
    made = at_google(bound, "device-01J00000000000000000000001")
    assert made == {"deviceOwnerLockScreenInfo": {"defaultMessage": "R58N of kim, kim@example.com"}, "version": "1"}
    other = policies.wanted(bound.house, device(identifiers={"serial": "X"}))
    assert want.digest != other.digest
    assert policies.wanted(bound.house, device()).digest == want.digest


def test_a_device_without_the_fact_gets_no_policy_with_a_hole(bound: Site) -> None:
    set_(bound, PER_DEVICE)
    with pytest.raises(Unprocessable, match=r"user\.email"):
        policies.wanted(bound.house, device(owner="kim"))


def test_a_large_document(bound: Site) -> None:
    large = {"applications": [{"packageName": f"com.example.a{n}", "installType": "AVAILABLE"} for n in range(2500)]}
    assert set_(bound, large).version == 1
    assert len(at_google(bound, "corporate")["applications"]) == 2500


def test_a_document_too_large_to_keep(bound: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 40)
    with pytest.raises(TooLarge):
        set_(bound, PLAIN)
    assert policies.show(bound.house, ADMIN, "corporate").version == 0


@pytest.mark.parametrize(
    ("mode", "document", "told"),
    [("corporate", {"dance": True}, "dance"), ("personal", {"factoryResetDisabled": True}, "factoryResetDisabled"),
     ("moon", PLAIN, "mode"),
     ("corporate", {"deviceOwnerLockScreenInfo": {"defaultMessage": "{device.moon}"}}, "placeholder")],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense_is_refused(bound: Site, mode: str, document: dict[str, Any], told: str) -> None:
    with pytest.raises(Unprocessable, match=told):
        policies.set_policy(bound.house, ADMIN, mode, copy.deepcopy(document), 0)
    assert bound.house.store.find(Setting, f"android.policy.{mode}") is None


def test_who_may(bound: Site) -> None:
    assert policies.set_policy(bound.house, MACHINE, "corporate", PLAIN, 0).version == 1
    with pytest.raises(Forbidden):
        policies.set_policy(bound.house, AUDITOR, "corporate", WIFI, 1)


def test_without_an_enterprise(site: Site) -> None:
    for attempt in (lambda: policies.wanted(site.house, device()), lambda: policy_shared.settle(site.house)):
        with pytest.raises(NotConnected):
            attempt()


def test_another_enterprise_has_to_be_told(bound: Site) -> None:
    set_(bound, PLAIN)
    google_setup.release(bound.house, ADMIN)
    assert not policies.show(bound.house, ADMIN, "corporate").pushed
    bound.sign_up()
    assert at_google(bound, "corporate") == PLAIN | {"version": "1"}


def test_a_push_names_all_that_muster_owns(bound: Site) -> None:
    """So that what a document no longer has goes away at Google."""
    [told] = bound.asked("PATCH", "/policies/corporate")
    assert parse_qs(told["query"]) == {"updateMask": [reading.read(PLAIN, "corporate").update_mask()]}


def test_no_pattern_is_pushed_for_all(bound: Site) -> None:
    set_(bound, PER_DEVICE)
    with pytest.raises(GoogleBusy, match="each device"):
        policy_shared.push(bound.house, "corporate")
    assert policy_shared.settle(bound.house) == ()
    assert "deviceOwnerLockScreenInfo" not in at_google(bound, "corporate")
