"""Org units: a tree by path, with ids that stay (admin.directory_v1: orgunits)."""

from __future__ import annotations

from typing import Any

from tests.google.errors import Refusal, absent, invalid
from tests.google.service import Call
from tests.google.world import World

CUSTOMER = "C0example1"
ALIASES = ("my_customer", CUSTOMER)


def ours(call: Call) -> None:
    name = call.args.get("customerId") or call.args.get("customer") or call.args.get("parent") or ""
    if name.removeprefix("customers/") not in ALIASES:
        raise Refusal(403, "PERMISSION_DENIED", "Not Authorized to access this resource/api", reason="forbidden")


def table(world: World) -> dict[str, dict[str, Any]]:
    """org unit id (without "id:") → OrgUnit. The topmost is there from the beginning."""
    units = world.table("chrome_units")
    if not units:
        units["03root"] = _unit("03root", "/", "/", "")
    return units


def _unit(number: str, path: str, name: str, parent: str) -> dict[str, Any]:
    unit = {"kind": "admin#directory#orgUnit", "orgUnitId": f"id:{number}", "orgUnitPath": path, "name": name}
    return unit | ({"parentOrgUnitPath": parent} if parent else {})


def find(world: World, path_or_id: str) -> dict[str, Any]:
    for number, unit in table(world).items():
        if path_or_id in (f"id:{number}", number) or unit["orgUnitPath"].lower() == _rooted(path_or_id).lower():
            return unit
    raise absent("Org unit not found")


def _rooted(path: str) -> str:
    return "/" + path.strip("/")


def parents(world: World, number: str) -> list[str]:
    """The unit itself first, the topmost last."""
    unit = table(world)[number]
    line = [number]
    while unit.get("parentOrgUnitPath"):
        unit = find(world, unit["parentOrgUnitPath"])
        line.append(unit["orgUnitId"].removeprefix("id:"))
    return line


def add(world: World, name: str, parent: str, description: str = "") -> dict[str, Any]:
    above = find(world, parent or "/")
    path = above["orgUnitPath"].rstrip("/") + "/" + name
    if any(unit["orgUnitPath"].lower() == path.lower() for unit in table(world).values()):
        raise Refusal(400, "INVALID_ARGUMENT", "Invalid Ou Id", reason="invalid")
    unit = _unit("03" + world.letters(12).lower(), path, name, above["orgUnitPath"])
    unit["parentOrgUnitId"] = above["orgUnitId"]
    if description:
        unit["description"] = description
    table(world)[unit["orgUnitId"].removeprefix("id:")] = unit
    return unit


def ensured(world: World, path: str) -> dict[str, Any]:
    """Makes what is missing of a path."""
    at = ""
    for name in [part for part in path.split("/") if part]:
        try:
            find(world, f"{at}/{name}")
        except Refusal:
            add(world, name, at or "/")
        at += f"/{name}"
    return find(world, at or "/")


def list_units(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    above, kind = find(world, call.query.get("orgUnitPath") or "/"), call.query.get("type", "children")
    start = above["orgUnitPath"].rstrip("/") + "/"
    units = list(table(world).values())
    below = [unit for unit in units if unit["orgUnitPath"].startswith(start) and unit is not above]
    if kind == "children":
        below = [unit for unit in below if unit.get("parentOrgUnitPath") == above["orgUnitPath"]]
    found = [above, *below] if kind == "allIncludingParent" else below
    return {"kind": "admin#directory#orgUnits"} | ({"organizationUnits": found} if found else {})


def get_unit(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    return find(world, call.args["orgUnitPath"])


def insert_unit(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    name, parent = call.body.get("name", ""), call.body.get("parentOrgUnitPath") or call.body.get("parentOrgUnitId")
    if not name or "/" in name or not parent:
        raise invalid("Required: name and parentOrgUnitPath or parentOrgUnitId.")
    return add(world, name, parent, call.body.get("description", ""))


HANDLERS = {
    "directory.orgunits.list": list_units,
    "directory.orgunits.get": get_unit,
    "directory.orgunits.insert": insert_unit,
}
