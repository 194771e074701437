"""Zero-touch enrollment (androiddeviceprovisioning.v1), the customer's side: configurations and who gets them."""

from __future__ import annotations

from typing import Any

from tests.google import masks
from tests.google.documents import document
from tests.google.errors import Refusal, absent, forbidden, invalid
from tests.google.pages import listed, page
from tests.google.service import Call, Service
from tests.google.world import World

SCOPE = "https://www.googleapis.com/auth/androidworkzerotouchemm"
FIXED = ("name", "configurationId")
NEEDED = ("configurationName", "dpcResourcePath", "companyName", "contactEmail", "contactPhone")
DPCS = {"AJDpTmh6pIfJ5Eo": ("Android Device Policy", "com.google.android.apps.work.clouddpc")}
IDENTIFIERS = ("imei", "imei2", "meid", "meid2", "serialNumber", "chromeOsAttestedDeviceId")


def customers(world: World, call: Call) -> dict[str, Any]:
    mine = [
        {"companyId": key, "companyName": said["name"], "name": f"customers/{key}",
         "termsStatus": "TERMS_STATUS_ACCEPTED"}
        for key, said in world.table("zt_customers").items() if call.caller.email in said["accounts"]
    ]  # fmt: skip
    return listed("customers", page(mine, call.query, 100, 100, key=lambda one: str(one["name"])))


def dpcs(world: World, call: Call) -> dict[str, Any]:
    parent = _customer(world, call, call.args["parent"])
    return {
        "dpcs": [
            {"name": f"{parent}/dpcs/{key}", "dpcName": name, "packageName": package}
            for key, (name, package) in DPCS.items()
        ]
    }


def create(world: World, call: Call) -> dict[str, Any]:
    parent = _customer(world, call, call.args["parent"])
    identifier = world.digits(9)
    name = f"{parent}/configurations/{identifier}"
    made = {key: value for key, value in call.body.items() if key not in FIXED}
    return _stored(world, made | {"name": name, "configurationId": identifier})


def get(world: World, call: Call) -> dict[str, Any]:
    return _configuration(world, call, call.args["name"])


def list_all(world: World, call: Call) -> dict[str, Any]:
    parent = _customer(world, call, call.args["parent"])
    rows = world.table("zt_configurations")
    return listed("configurations", ([one for name, one in rows.items() if name.startswith(f"{parent}/")], ""))


def patch(world: World, call: Call) -> dict[str, Any]:
    old = _configuration(world, call, call.args["name"])
    if not call.query.get("updateMask"):
        raise invalid("updateMask is required.")
    rules = document("androiddeviceprovisioning.v1")
    fresh = masks.applied(old, call.body, call.query["updateMask"],
                          lambda path: path not in FIXED and rules.has("Configuration", path))  # fmt: skip
    return _stored(world, fresh | {key: old[key] for key in FIXED})


def delete(world: World, call: Call) -> dict[str, Any]:
    found = _configuration(world, call, call.args["name"])
    if any(one.get("configuration") == found["name"] for one in world.table("zt_devices").values()):
        raise Refusal(400, "FAILED_PRECONDITION", "The configuration is applied to devices.")
    del world.table("zt_configurations")[found["name"]]
    return {}


def devices(world: World, call: Call) -> dict[str, Any]:
    parent = _customer(world, call, call.args["parent"])
    mine = [one for name, one in world.table("zt_devices").items() if name.startswith(f"{parent}/")]
    query = dict(call.query) | {"pageSize": int(call.query.get("pageSize") or 0)}
    return listed("devices", page(mine, query, 5000, 10_000, key=lambda one: str(one["name"])))


def device(world: World, call: Call) -> dict[str, Any]:
    _customer(world, call, call.args["name"])
    found: dict[str, Any] | None = world.table("zt_devices").get(call.args["name"])
    if found is None:
        raise absent()
    return found


def apply(world: World, call: Call) -> dict[str, Any]:
    found = _referred(world, call)
    configuration = _configuration(world, call, call.body.get("configuration", ""))
    found["configuration"] = configuration["name"]
    _boot(world, found, configuration)
    return {}


def remove(world: World, call: Call) -> dict[str, Any]:
    found = _referred(world, call)
    found.pop("configuration", None)
    world.table("zt_extras").pop(found["deviceIdentifier"].get("serialNumber", ""), None)
    return {}


def unclaim(world: World, call: Call) -> dict[str, Any]:
    found = _referred(world, call)
    del world.table("zt_devices")[found["name"]]
    return {}


def sold(world: World, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """Control: a reseller sold devices to a customer; the account may act for it."""
    customer = str(body.get("customer") or world.digits(10))
    said = world.table("zt_customers").setdefault(customer, {"name": body.get("name", "Example"), "accounts": []})
    said["accounts"] = sorted({*said["accounts"], *([body["account"]] if body.get("account") else [])})
    names = []
    for identifier in body.get("devices", []):
        number = world.digits(12)
        claim = {"ownerCompanyId": customer, "resellerId": "1", "sectionType": "SECTION_TYPE_ZERO_TOUCH"}
        row = {"name": f"customers/{customer}/devices/{number}", "deviceId": number, "deviceIdentifier": identifier,
               "claims": [claim]}  # fmt: skip
        world.table("zt_devices")[row["name"]] = row
        _by_default(world, customer, row)
        names.append(row["name"])
    return {"customer": f"customers/{customer}", "devices": names}


def _by_default(world: World, customer: str, row: dict[str, Any]) -> None:
    for name, one in world.table("zt_configurations").items():
        if name.startswith(f"customers/{customer}/") and one.get("isDefault"):
            row["configuration"] = name
            _boot(world, row, one)


def _boot(world: World, row: dict[str, Any], configuration: dict[str, Any]) -> None:
    """What the setup wizard of that device will be given."""
    extras = configuration.get("dpcExtras", "{}")
    world.table("zt_extras")[row["deviceIdentifier"].get("serialNumber", "")] = extras


def _stored(world: World, configuration: dict[str, Any]) -> dict[str, Any]:
    if missing := [name for name in NEEDED if not configuration.get(name)]:
        raise invalid(f"{missing[0]} is required.")
    parent = configuration["name"].partition("/configurations/")[0]
    if configuration["dpcResourcePath"] not in [f"{parent}/dpcs/{key}" for key in DPCS]:
        raise invalid("dpcResourcePath does not name a DPC of the customer.")
    if configuration.get("isDefault"):
        for name, one in world.table("zt_configurations").items():
            if name.startswith(f"{parent}/"):
                one["isDefault"] = False
    world.table("zt_configurations")[configuration["name"]] = configuration
    for row in world.table("zt_devices").values():
        if row.get("configuration") == configuration["name"]:
            _boot(world, row, configuration)
    return configuration


def _configuration(world: World, call: Call, name: str) -> dict[str, Any]:
    _customer(world, call, name)
    found: dict[str, Any] | None = world.table("zt_configurations").get(name)
    if found is None:
        raise absent()
    return found


def _referred(world: World, call: Call) -> dict[str, Any]:
    """By id, or by any hardware identifier that is given."""
    parent = _customer(world, call, call.args["parent"])
    wanted = call.body.get("device", {})
    given = {key: wanted["deviceIdentifier"][key] for key in IDENTIFIERS if wanted.get("deviceIdentifier", {}).get(key)}
    rows: dict[str, dict[str, Any]] = world.table("zt_devices")
    for name, row in rows.items():
        if name == f"{parent}/devices/{wanted.get('deviceId')}":
            return row
        if name.startswith(f"{parent}/") and given and given.items() <= row["deviceIdentifier"].items():
            return row
    raise absent()


def _customer(world: World, call: Call, name: str) -> str:
    customer = "/".join(name.split("/")[:2])
    said = world.table("zt_customers").get(customer.removeprefix("customers/"))
    if said is None or call.caller.email not in said["accounts"]:
        raise forbidden("The caller is not a user of this customer.")
    return customer


HANDLERS = {
    "customers.list": customers, "customers.dpcs.list": dpcs, "customers.configurations.create": create,
    "customers.configurations.get": get, "customers.configurations.list": list_all,
    "customers.configurations.patch": patch, "customers.configurations.delete": delete,
    "customers.devices.list": devices, "customers.devices.get": device, "customers.devices.applyConfiguration": apply,
    "customers.devices.removeConfiguration": remove, "customers.devices.unclaim": unclaim,
}  # fmt: skip
SERVICES = (
    Service(
        "androiddeviceprovisioning.googleapis.com",
        "androiddeviceprovisioning.v1",
        {f"androiddeviceprovisioning.{name}": handler for name, handler in HANDLERS.items()},
        scopes=(SCOPE,),
    ),
)
CONTROLS = {"/zerotouch": sold}
