"""What `muster deploy` makes of its parameters; tests/e2e deploys for real."""

import pytest

from chalicelib.cli.deploy import _at_its_domain


@pytest.mark.parametrize(
    ("given", "added"),
    [
        ({}, {}),
        ({"DeviceDomain": ""}, {}),
        ({"ConsoleDomain": "mdm.example.com"}, {"ConsoleUrl": "https://mdm.example.com"}),
        (
            {"DeviceDomain": "devices.example.com", "ManageDomain": "manage.example.com"},
            {"DeviceUrl": "https://devices.example.com", "ManageUrl": "https://manage.example.com"},
        ),
        ({"DeviceDomain": "devices.example.com", "DeviceUrl": "https://elsewhere.example.com"}, {}),
    ],
)
def test_a_domain_is_the_address_unless_another_is_given(given: dict[str, str], added: dict[str, str]) -> None:
    assert _at_its_domain(given) == given | added
