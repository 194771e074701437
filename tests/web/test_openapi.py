"""The published document is valid, complete, and true of what the API answers."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from chalicelib.core import reports
from chalicelib.platforms.apple.actions import registry
from chalicelib.web.routes import ROUTES
from tests.web.staging import Plane


@pytest.fixture
def document(plane: Plane) -> dict[str, Any]:
    return plane.api("GET", "/openapi.json", who=None).json


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_it_lists_every_api_route_once(document: dict[str, Any]) -> None:
    listed = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert listed == {(route.method, route.path) for route in ROUTES if route.is_api}
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(document)))
    assert references
    assert references <= set(document["components"]["schemas"])


def test_every_action_is_an_alternative_with_its_parameters(document: dict[str, Any]) -> None:
    alternatives = {one["title"]: one for one in document["components"]["schemas"]["NewCommand"]["oneOf"]}
    assert sorted(alternatives) == sorted(registry.names())
    assert "message" in alternatives["lock"]["properties"]["params"]["properties"]


def check(document: dict[str, Any], name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({"action": "lock", "params": {"message": "x"}}, True),
        ({"action": "lock", "params": {"mesage": "x"}}, False),
        ({"action": "dance", "params": {}}, False),
        ({"params": {}}, False),
    ],
)
def test_the_command_schema_accepts_what_the_api_accepts(
    plane: Plane, document: dict[str, Any], body: dict[str, Any], valid: bool
) -> None:
    schema = {"$ref": "#/components/schemas/NewCommand", "components": document["components"]}
    assert Draft202012Validator(schema).is_valid(body) is valid
    device = plane.enroll("1")
    assert (plane.api("POST", f"/devices/{device.id}/commands", body).status == 202) is valid


def test_answers_are_as_documented(plane: Plane, document: dict[str, Any]) -> None:
    device = plane.enroll("1", name="One")
    command = plane.api("POST", f"/devices/{device.id}/commands", {"action": "lock"}).json
    report = plane.api("POST", "/reports", {"kind": "inventory"}).json
    reports.build(plane.house, report["id"])
    check(document, "CreatedInvitation", plane.api("POST", "/invitations", {}).json)
    check(document, "CreatedToken", plane.api("POST", "/tokens", {"name": "x"}).json)
    check(document, "CommandView", command)
    for name, path in {
        "Invitations": "/invitations", "Devices": "/devices", "DeviceDetail": f"/devices/{device.id}",
        "Actions": f"/devices/{device.id}/actions", "Commands": f"/devices/{device.id}/commands",
        "Held": f"/devices/{device.id}/escrow", "Findings": "/findings", "Reports": "/reports", "Me": "/me",
        "ReportView": f"/reports/{report['id']}", "Link": f"/reports/{report['id']}/download", "Entries": "/audit",
        "Tokens": "/tokens", "Health": "/health", "Version": "/version",
        "PostureView": "/settings/posture", "Warnings": "/warnings",
    }.items():  # fmt: skip
        check(document, name, plane.api("GET", path).json)
    check(document, "Problem", plane.api("GET", "/devices/none").json)
