"""A session outlives its access token, and ends where the directory says so."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.model.people import Role
from tests.unit.cli.conftest import Muster
from tests.web.staging import PASSWORD


@pytest.fixture
def auditor(bare: Muster, monkeypatch: pytest.MonkeyPatch) -> Muster:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    bare("login", "--url", bare.server.url, "--username", "auditor", "--password-stdin")
    return bare


def config(muster: Muster) -> Path:
    return muster.folder / "config/muster/config.json"


def kept(muster: Muster) -> dict[str, Any]:
    return dict(json.loads(config(muster).read_text())["contexts"]["127.0.0.1"])


def paths(muster: Muster) -> list[str]:
    return [path.removeprefix("/api/v1") for _, path, _ in muster.server.seen]


def test_it_renews_itself_without_a_word(auditor: Muster) -> None:
    before = kept(auditor)
    auditor.server.plane.clock.now += 2 * 3600
    auditor.server.seen.clear()
    run = auditor("whoami", "--json")
    assert (run.json["name"], run.err) == ("auditor", "")
    assert paths(auditor) == ["/me", "/sessions/refresh", "/me"]
    assert kept(auditor)["token"] != before["token"]
    assert config(auditor).stat().st_mode & 0o777 == 0o600
    auditor.server.seen.clear()
    auditor("whoami")
    assert paths(auditor) == ["/me"], "the new token was kept"


def test_a_post_is_repeated_too_and_done_once(auditor: Muster) -> None:
    auditor.server.plane.clock.now += 2 * 3600
    auditor("reports", "run", "inventory", "--output", "inventory.csv")
    assert len(auditor("reports", "list", "--json").json) == 1


def test_after_eight_hours_a_person_signs_in_again(auditor: Muster) -> None:
    auditor.server.plane.clock.now += 8 * 3600
    assert "muster login" in auditor("whoami", code=3).err


def test_a_disabled_account_is_out(auditor: Muster) -> None:
    auditor.server.plane.house.identities.change_user("auditor", role=Role.AUDITOR, enabled=False)
    auditor.server.plane.clock.now += 2 * 3600
    assert "muster login" in auditor("whoami", code=3).err


def test_a_refusal_is_no_reason_to_renew(auditor: Muster) -> None:
    auditor.server.seen.clear()
    auditor("tokens", "list", code=3)
    assert paths(auditor) == ["/tokens?limit=200"]


def test_logging_out_forgets_both_tokens(auditor: Muster) -> None:
    held = kept(auditor)
    auditor("logout")
    text = config(auditor).read_text()
    assert held["token"]
    assert held["token"] not in text
    assert held["refresh_token"]
    assert held["refresh_token"] not in text


def test_the_development_stack_signs_in_as_often_as_it_must(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mara")
    muster("device", "erase", "Mara", "--yes")
    muster.dev_file(admin_token="muster_gone")
    assert muster("whoami", "--json").json["person"] is True
