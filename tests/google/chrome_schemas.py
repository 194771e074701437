"""The policy schemas that the fake knows, as Google writes them (chromepolicy.v1: PolicySchema), and its judgement."""

from __future__ import annotations

from typing import Any

from tests.google.errors import Refusal

APP = [{"key": "app_id", "keyDescription": "Id of the app, extension or Android app."}]
NETWORK = [{"key": "network_id", "keyDescription": "Id of the network."}]
ALL = ["ORG_UNIT", "GROUP"]
DETAILS_TYPE = "type.googleapis.com/google.chrome.policy.versions.v1.PolicyModificationErrorDetails"


def _field(name: str, number: int, kind: str, *, refers: str = "", many: bool = False) -> dict[str, Any]:
    label = "LABEL_REPEATED" if many else "LABEL_OPTIONAL"
    return {"name": name, "number": number, "label": label, "type": kind} | ({"typeName": refers} if refers else {})


def _schema(
    name: str, description: str, fields: list[dict[str, Any]], *, keys: Any = (), targets: Any = ("ORG_UNIT",),
    enums: dict[str, list[str]] | None = None, nested: Any = (), limits: dict[str, tuple[int, int]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    leaf = name.rpartition(".")[2]
    message: dict[str, Any] = {"name": leaf, "field": fields}
    if nested:
        message["nestedType"] = list(nested)
    definition: dict[str, Any] = {"messageType": [message], "syntax": "proto2"}
    if enums:
        definition["enumType"] = [
            {"name": enum, "value": [{"name": value, "number": place} for place, value in enumerate(values)]}
            for enum, values in enums.items()
        ]
    said = {
        "name": f"customers/C0example1/policySchemas/{name}",
        "schemaName": name,
        "policyDescription": description,
        "definition": definition,
        "fieldDescriptions": [_described(field["name"], limits or {}) for field in fields],
        "validTargetResources": list(targets),
        "supportedPlatforms": ["CHROME_OS"],
        "policyApiLifecycle": {"policyApiLifecycleStage": "API_CURRENT"},
    }
    return said | ({"additionalTargetKeyNames": list(keys)} if keys else {})


def _described(name: str, limits: dict[str, tuple[int, int]]) -> dict[str, Any]:
    said: dict[str, Any] = {"field": name, "name": name, "fieldDescription": f"The field {name}."}
    if name in limits:
        least, most = limits[name]
        said["fieldConstraints"] = {"numericRangeConstraint": {"minimum": str(least), "maximum": str(most)}}
    return said


INSTALL = ["APP_INSTALL_TYPE_UNSPECIFIED", "BLOCKED", "ALLOWED", "FORCED", "FORCED_AND_PIN_TO_TOOLBAR"]
SCHEMAS: dict[str, dict[str, Any]] = {
    said["schemaName"]: said
    for said in (
        _schema("chrome.users.ShowLogoutButton", "Adds a logout button to the system tray.",
                [_field("showLogoutButton", 1, "TYPE_BOOL")], targets=ALL),
        _schema("chrome.users.MaxConnectionsPerProxy", "How many connections a proxy gets at once.",
                [_field("maxConnectionsPerProxy", 1, "TYPE_INT64")], limits={"maxConnectionsPerProxy": (1, 99)}),
        _schema("chrome.users.ManagedBookmarks", "Bookmarks for all users.",
                [_field("toplevelName", 1, "TYPE_STRING"),
                 _field("managedBookmarks", 2, "TYPE_MESSAGE", refers="Bookmark", many=True)],
                nested=[{"name": "Bookmark", "field": [_field("name", 1, "TYPE_STRING"),
                                                       _field("url", 2, "TYPE_STRING")]}], targets=ALL),
        _schema("chrome.users.apps.InstallType", "Whether an app is blocked, allowed or installed.",
                [_field("appInstallType", 1, "TYPE_ENUM", refers="AppInstallType")], keys=APP, targets=ALL,
                enums={"AppInstallType": INSTALL}),
        _schema("chrome.users.apps.ManagedConfiguration", "Configuration of an app, as JSON.",
                [_field("managedConfiguration", 1, "TYPE_STRING")], keys=APP, targets=ALL),
        _schema("chrome.devices.DeviceAllowNewUsers", "Who may sign in.",
                [_field("deviceAllowNewUsers", 1, "TYPE_ENUM", refers="AllowNewUsers"),
                 _field("userAllowlist", 2, "TYPE_STRING", many=True)],
                enums={"AllowNewUsers": ["UNSPECIFIED", "ALLOW_ALL", "RESTRICTED_LIST", "NOT_ALLOWED"]}),
        _schema("chrome.devices.EnableReportUploadFrequency", "How often devices report.",
                [_field("reportDeviceUploadFrequency", 1, "TYPE_INT32")],
                limits={"reportDeviceUploadFrequency": (60, 1440)}),
        _schema("chrome.networks.wifi.Details", "A wireless network.",
                [_field("ssid", 1, "TYPE_STRING"), _field("security", 2, "TYPE_ENUM", refers="Security"),
                 _field("passphrase", 3, "TYPE_STRING"), _field("hiddenSsid", 4, "TYPE_BOOL"),
                 _field("serverCaRefs", 5, "TYPE_STRING", many=True)], keys=NETWORK,
                enums={"Security": ["SECURITY_UNSPECIFIED", "None", "WEP-PSK", "WPA-PSK", "WPA-EAP"]}),
        _schema("chrome.networks.wifi.AllowForChromeDevices", "Whether devices use it.",
                [_field("allowForChromeDevices", 1, "TYPE_BOOL")], keys=NETWORK),
        _schema("chrome.networks.certificates.AllowForChromeDevices", "Whether devices trust it.",
                [_field("allowForChromeDevices", 1, "TYPE_BOOL")], keys=NETWORK),
    )
}  # fmt: skip


def wrong(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, str]:
    """Field → what is wrong with it."""
    definition = schema["definition"]
    message = definition["messageType"][0]
    limits = {said["field"]: said.get("fieldConstraints", {}).get("numericRangeConstraint")
              for said in schema["fieldDescriptions"]}  # fmt: skip
    return {name: text for name, text in _wrong(definition, message, value).items() if text} | {
        name: f"must be from {limit['minimum']} to {limit['maximum']}"
        for name, limit in limits.items()
        if limit and name in value and not int(limit["minimum"]) <= _int(value[name]) <= int(limit["maximum"])
    }


def _int(value: Any) -> int:
    return int(value) if str(value).lstrip("-").isdigit() else 10**20


def _wrong(definition: dict[str, Any], message: dict[str, Any], value: dict[str, Any]) -> dict[str, str]:
    fields = {field["name"]: field for field in message["field"]}
    found = {}
    for name, given in value.items():
        field = fields.get(name)
        if field is None:
            found[name] = "unknown field"
        elif (field["label"] == "LABEL_REPEATED") != isinstance(given, list):
            found[name] = "a list is for repeated fields"
        else:
            each = given if isinstance(given, list) else [given]
            found[name] = next((text for one in each if (text := _single(definition, message, field, one))), "")
    return found


def _single(definition: dict[str, Any], message: dict[str, Any], field: dict[str, Any], given: Any) -> str:
    if field["type"] == "TYPE_ENUM":
        enum = next(one for one in definition["enumType"] if one["name"] == field["typeName"])
        return "" if given in [value["name"] for value in enum["value"]] else "not a value of the enum"
    if field["type"] == "TYPE_MESSAGE":
        nested = next(one for one in message["nestedType"] if one["name"] == field["typeName"])
        return "an object is expected" if not isinstance(given, dict) else ", ".join(
            text for text in _wrong(definition, nested, given).values() if text)  # fmt: skip
    right = {
        "TYPE_BOOL": isinstance(given, bool),
        "TYPE_STRING": isinstance(given, str),
        "TYPE_INT32": type(given) is int,
        "TYPE_INT64": type(given) is int or (isinstance(given, str) and given.lstrip("-").isdigit()),
    }
    return "" if right[field["type"]] else f"not a {field['type']}"


def refused(text: str, schema: str = "", target: dict[str, Any] | None = None, **fields: str) -> Refusal:
    """400 with Google's details on what was wrong in which request."""
    error: dict[str, Any] = {"policySchema": schema, "errors": [] if fields else [text]}
    if target:
        error["policyTargetKey"] = target
    error["fieldErrors"] = [{"field": field, "error": wrong_with} for field, wrong_with in fields.items()]
    return Refusal(400, "INVALID_ARGUMENT", text, details=[{"@type": DETAILS_TYPE, "modificationErrors": [error]}])
