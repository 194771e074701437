"""What Google counts over the fleet."""

from chalicelib.platforms.chromeos import directory, reports
from tests.unit.chromeos.office import Office


def test_versions_apps_and_ends_of_updates(office: Office) -> None:
    books = [office.chromebook(ou="/Counted", model="Counted 1") for _ in range(3)]
    books[0].set(device={"osVersion": "120.0.1.2"})
    unit = directory.device(office.house, books[0].id).org_unit_id
    found, following = reports.versions(office.house, org_unit=unit)
    assert {(one.version, one.devices) for one in found} == {("120.0.1.2", 1), ("131.0.6778.96", 2)}
    assert following == ""
    (app,), _ = reports.apps(office.house, org_unit=unit)
    assert (app.name, app.users, app.permissions) == ("Docs", 3, ("storage",))
    (end,) = reports.ends_of_updates(office.house, "2031-01-01", "2031-12-31", org_unit=unit)
    assert (end.model, end.year, end.month, end.devices, end.expired) == ("Counted 1", 2031, "JUNE", 3, False)
    assert reports.ends_of_updates(office.house, "2040-01-01", "2041-01-01", org_unit=unit) == []
