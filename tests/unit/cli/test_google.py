"""`muster google` and `muster android`: from the key file to the policy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.core import google_settings
from tests.google.process import FakeGoogle
from tests.unit.cli.conftest import Muster
from tests.web import google_staging
from tests.web.google_staging import CANARY, PLAIN, WIFI, Office


@pytest.fixture(scope="module")
def google() -> Iterator[FakeGoogle]:
    with google_staging.fake() as running:
        yield running


@pytest.fixture
def office(muster: Muster, google: FakeGoogle) -> Office:
    return google_staging.office(muster.server.plane, google)


@pytest.fixture
def bound(muster: Muster, office: Office) -> Office:
    connect(muster, office)
    url = muster("android", "sign-up").out.strip()
    assert office.plane.call("GET", office.come_back(url), who=None).status == 200
    return office


def connect(muster: Muster, office: Office) -> str:
    file = muster.folder / "key.json"
    file.write_text(json.dumps(office.key))
    ways = ("--topic", office.ways["topic"], "--push-email", office.ways["push_email"])
    return muster("google", "connect", str(file), *ways).out


def written(muster: Muster, name: str, text: str) -> str:
    file: Path = muster.folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_connecting(muster: Muster, office: Office) -> None:
    assert "google/push" in muster("google", "show").out
    muster("google", "connect", code=2)
    assert "--push-email" in muster("google", "connect", "--topic", office.ways["topic"], code=2).err
    muster("google", "connect", str(muster.folder / "none.json"), "--topic", "t", "--push-email", "p", code=2)
    out = connect(muster, office)
    assert office.project in out
    assert "PRIVATE" not in out
    changed = muster("google", "connect", "--admin", "director@example.com", "--json").json
    assert (changed["admin"], changed["topic"]) == ("director@example.com", office.ways["topic"])
    assert muster("google", "connect", "--admin", "", "--json").json["admin"] == ""
    assert muster("google", "show", "--json").json == {**changed, "admin": ""}
    assert muster("google", "disconnect", "--json").json == {"disconnected": True}
    assert google_settings.connection(office.plane.house) is None


def test_signing_up(muster: Muster, bound: Office) -> None:
    name = google_settings.enterprise(bound.plane.house)
    assert name in muster("android", "enterprise", "show").out
    assert muster("android", "enterprise", "use", name, "--json").json == {"enterprise": name}
    assert "in use" in muster("android", "enterprise", "use", "enterprises/LC1", code=1).err
    assert "in use" in muster("android", "sign-up", code=1).err


def test_before_the_sign_up(muster: Muster, office: Office) -> None:
    assert "muster android sign-up" in muster("android", "enterprise", "show").out
    assert "muster google connect" in muster("android", "sign-up", code=1).err
    connect(muster, office)
    assert muster("android", "sign-up", "--json").json["url"].startswith("https://")


def test_policies(muster: Muster, bound: Office) -> None:
    shown = muster("android", "policy", "show", "personal")
    assert "crossProfilePolicies" in shown.json
    assert "Muster's default; at Google: yes" in shown.err
    set_ = ("android", "policy", "set", "corporate")
    made = muster(*set_, written(muster, "policy.json", json.dumps(PLAIN)))
    assert made.json == PLAIN
    assert "version 1; at Google: yes" in made.err
    secret = muster(*set_, written(muster, "wifi.yaml", json.dumps(WIFI)), "--json")
    assert secret.json["version"] == 2
    assert CANARY not in secret.out + secret.err
    late = muster(
        *set_, written(muster, "late.yml", "cameraAccess: CAMERA_ACCESS_DISABLED\n"), "--version", "1", code=1
    )
    assert "read it again" in late.err
    each = written(muster, "each.yaml", "deviceOwnerLockScreenInfo:\n  defaultMessage: '{device.serial}'\n")
    assert "one for each device" in muster(*set_, each).err


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [("a.json", "{", "valid JSON"), ("a.json", "[]", "no policy"), ("a.yaml", "a: [", "valid YAML"),
     ("a.yaml", "x", "no policy"), ("a.yaml", "at: 2026-01-01", "quotes"),
     ("a.yaml", "a: !!python/object/apply:os.getcwd []", "valid YAML")],
)  # fmt: skip
def test_files_that_are_no_policy(muster: Muster, office: Office, name: str, text: str, told: str) -> None:
    file = written(muster, name, text)
    assert told in muster("android", "policy", "set", "corporate", file, code=2).err
    muster("android", "policy", "set", "corporate", str(muster.folder / "none"), code=2)
