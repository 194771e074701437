"""Posture rules, anchors and warnings from the command line."""

from dataclasses import asdict, replace

from chalicelib.core import posture
from chalicelib.core.ports import Create, Replace
from chalicelib.model.enrollment import Enrollment
from chalicelib.model.records import Setting
from tests.devices.apple.forge import AppleDeviceCA
from tests.unit.cli.conftest import Muster
from tests.web.staging import TIME


def test_posture_rules_change_only_where_they_are_named(muster: Muster) -> None:
    assert muster("posture", "show", "--json").json == asdict(posture.Rules())
    muster("posture", "set", "--os-minimum", "ios=18.1", "--os-minimum", "macos=15", "--no-passcode-required")
    changed = muster("posture", "set", "--seen-within-days", "30", "--os-minimum", "macos=", "--json").json
    assert changed == muster("posture", "show", "--json").json
    assert posture.rules_of(muster.server.plane.house) == posture.Rules(30, {"ios": "18.1"}, passcode_required=False)
    shown = muster("posture", "show").out
    for part in ("30 days", "ios 18.1", "not required"):
        assert part in shown


def test_rules_that_make_no_sense_are_refused(muster: Muster) -> None:
    muster("posture", "set", code=2)
    muster("posture", "set", "--os-minimum", "18.1", code=2)
    muster("posture", "set", "--seen-within-days", "366", code=2)
    assert "os_minimum" in muster("posture", "set", "--os-minimum", "beos=5", code=1).err
    assert "os_minimum" in muster("posture", "set", "--os-minimum", "ios=newest", code=1).err
    assert muster("posture", "show", "--json").json == asdict(posture.Rules())


def test_anchors(muster: Muster) -> None:
    assert "muster apple ota-anchors set" in muster("apple", "ota-anchors", "show", code=4).err
    file = muster.folder / "anchors.pem"
    muster("apple", "ota-anchors", "set", str(file), code=2)
    pem = AppleDeviceCA().trusted_pem
    file.write_text(pem)
    assert len(muster("apple", "ota-anchors", "set", str(file), "--json").json["fingerprints"]) == pem.count("BEGIN")
    assert muster("apple", "ota-anchors", "show").out.split() == pem.split()
    muster("apple", "ota-anchors", "clear")
    muster("apple", "ota-anchors", "show", code=4)


def test_warnings(muster: Muster) -> None:
    assert muster("warnings", "--json").json == []
    assert "Nothing expires" in muster("warnings").err
    muster.server.plane.house.store.commit(Create(Setting("apple.push", {"not_after": TIME + 6 * 86_400})))
    [warning] = muster("warnings", "--json").json
    assert (warning["subject"], warning["level"], warning["days_left"]) == ("apple-push-certificate", 7, 6)
    assert "push-cert request" in muster("warnings").out


def test_a_device_says_whether_it_can_be_woken_and_a_command_why_it_waits(muster: Muster) -> None:
    plane = muster.server.plane
    device = plane.enroll("1", name="Mara")
    store = plane.house.store
    assert muster("devices", "show", "Mara", "--json").json["push"] == "ok"
    channel = store.get(Enrollment, device.enrollment_id)
    store.commit(Replace(replace(channel, push_failed_at=TIME)))
    assert "unreachable since 2027-01-15T08:00:00Z" in muster("devices", "show", "Mara").out
    asked = muster("device", "lock", "Mara", "--json").json
    reason = "the push service does not reach the device since 2027"
    assert reason in muster("commands", "show", "Mara", asked["id"]).out
    assert reason in muster("commands", "list", "Mara").out
