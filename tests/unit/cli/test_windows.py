"""`muster windows`: the settings of PCs from the command line."""

import io

import pytest

from chalicelib.core import escrow, windows_settings
from chalicelib.core.windows_settings import EnrollmentRules, EntraRules
from chalicelib.model.device import Ownership
from tests.unit.cli.conftest import Muster
from tests.web.test_windows_settings import APPLICATION, PUSH, SECRET, SID, TENANT


def test_the_sign_in_page(muster: Muster) -> None:
    house = muster.server.plane.house
    assert "closed" in muster("windows", "enrollment", "show").out
    muster("windows", "enrollment", "set", code=2)
    muster("windows", "enrollment", "set", "--federated", "--group", "pcs", "--group", "guests")
    changed = muster("windows", "enrollment", "set", "--ownership", "personal", "--json").json
    assert changed == {"federated": True, "ownership": "personal", "groups": ["pcs", "guests"]}
    assert windows_settings.enrollment_rules(house) == EnrollmentRules(True, Ownership.PERSONAL, ("pcs", "guests"))
    assert "everybody with an account" in muster("windows", "enrollment", "show").out
    assert muster("windows", "enrollment", "set", "--group", "", "--no-federated", "--json").json["groups"] == []
    assert "ownership" in muster("windows", "enrollment", "set", "--ownership", "stolen", code=1).err


def test_entra(muster: Muster) -> None:
    house = muster.server.plane.house
    assert "none: closed" in muster("windows", "entra", "show").out
    assert "together" in muster("windows", "entra", "set", "--tenant", TENANT, code=1).err
    named = ("--tenant", TENANT, "--audience", APPLICATION, "--audience", "https://devices.example.test")
    muster("windows", "entra", "set", *named, "--group", "joined")
    rules = EntraRules((TENANT,), (APPLICATION, "https://devices.example.test"), Ownership.CORPORATE, ("joined",))
    assert windows_settings.entra_rules(house) == rules
    assert TENANT in muster("windows", "entra", "show").out
    muster("windows", "entra", "set", "--close", "--tenant", TENANT, code=2)
    closed = muster("windows", "entra", "set", "--close", "--json").json
    assert closed == {"tenants": [], "audiences": [], "ownership": "corporate", "groups": ["joined"]}


def test_the_push_package_takes_its_secret_from_standard_input(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    house, package = muster.server.plane.house, ("--pfn", PUSH["pfn"], "--sid", SID)
    assert "not held" in muster("windows", "wns", "set", *package, "--keep-secret", code=1).err
    monkeypatch.setattr("sys.stdin", io.StringIO(SECRET + "\n"))
    run = muster("windows", "wns", "set", *package)
    assert SECRET not in run.out + run.err
    held = escrow.current(house, escrow.ORGANIZATION, windows_settings.WNS_SECRET)
    assert held is not None
    assert held.reveal() == SECRET.encode()
    other = ("--pfn", "Example.Other_8wekyb3d8bbwe", "--sid", SID, "--keep-secret")
    assert muster("windows", "wns", "set", *other, "--json").json["pfn"] == "Example.Other_8wekyb3d8bbwe"
    assert "2027-01-15T08:00:00Z" in muster("windows", "wns", "show").out


def test_the_terms(muster: Muster) -> None:
    assert "Muster's own words" in muster("windows", "terms", "show").out
    file = muster.folder / "terms.txt"
    muster("windows", "terms", "set", code=2)
    muster("windows", "terms", "set", str(file), code=2)
    file.write_text("Ours, für alle.\n", encoding="utf-8")
    muster("windows", "terms", "set", str(file), "--default", code=2)
    assert muster("windows", "terms", "set", str(file), "--json").json == {"text": "Ours, für alle."}
    assert muster("windows", "terms", "show").out == "Ours, für alle.\n"
    muster("windows", "terms", "set", "--default")
    assert windows_settings.terms(muster.server.plane.house) == ""
