"""The published document is valid, complete, and true of what the API answers."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from chalicelib.core import reports
from chalicelib.platforms.apple.actions import registry as apple
from chalicelib.platforms.windows.actions import registry as windows
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
    references = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(document)))
    assert references
    assert references <= set(document["components"]["schemas"])


def test_every_action_is_an_alternative_with_its_parameters(document: dict[str, Any]) -> None:
    alternatives = {one["title"]: one for one in document["components"]["schemas"]["NewCommand"]["oneOf"]}
    assert sorted(alternatives) == sorted({*apple.names(), *windows.names()})
    assert "message" in alternatives["lost-mode-on"]["properties"]["params"]["properties"]


def test_an_action_of_two_platforms_takes_the_parameters_of_either(document: dict[str, Any]) -> None:
    alternatives = {one["title"]: one for one in document["components"]["schemas"]["NewCommand"]["oneOf"]}
    shared = set(apple.names()) & set(windows.names())
    assert {"lock", "erase", "restart"} <= shared
    for name, alternative in alternatives.items():
        forms = alternative["properties"]["params"].get("anyOf", [alternative["properties"]["params"]])
        assert len(forms) == (2 if name in shared else 1), name
    for params, valid in (
        ({"obliteration": "Always"}, True),
        ({"variant": "cloud"}, True),
        ({"variant": "moon"}, False),
    ):
        body = {"action": "erase", "params": params}
        schema = {"$ref": "#/components/schemas/NewCommand", "components": document["components"]}
        assert Draft202012Validator(schema).is_valid(body) is valid, params
    told = alternatives["erase"]["description"]
    assert "Apple: " in told
    assert "Windows: " in told


def test_parts_of_parameters_keep_to_themselves(document: dict[str, Any]) -> None:
    """Two platforms may call a part alike; what it refers to is its own."""
    parts = [name for name in document["components"]["schemas"] if "." in name]
    assert "apple.erase.ReturnToService" in parts
    for alternative in document["components"]["schemas"]["NewCommand"]["oneOf"]:
        for form in alternative["properties"]["params"].get("anyOf", [alternative["properties"]["params"]]):
            for reference in re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(form)):
                platform, name, _ = reference.split(".")
                assert form["title"] == f"{name} ({platform})"


def check(document: dict[str, Any], name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({"action": "lock", "params": {"message": "x"}}, True),
        ({"action": "lock", "params": {"mesage": "x"}}, False),
        ({"action": "restart", "params": {"notify_user": True, "at": "2031-05-01T18:00:00"}}, False),
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
        "WindowsEnrollmentView": "/settings/windows/enrollment", "WindowsEntraView": "/settings/windows/entra",
        "WindowsPushView": "/settings/windows/wns", "WindowsTermsView": "/settings/windows/terms",
        "GoogleView": "/settings/google", "AndroidView": "/settings/android",
    }.items():  # fmt: skip
        check(document, name, plane.api("GET", path).json)
    check(document, "Problem", plane.api("GET", "/devices/none").json)
