"""The Chrome Policy API: schemas, what is in force (by inheritance), batches of changes, networks (chromepolicy.v1)."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from tests.google import chrome_networks, chrome_units, masks
from tests.google.chrome_schemas import SCHEMAS, refused, wrong
from tests.google.chrome_stored import key_of, line, paced, policies
from tests.google.chrome_units import ours
from tests.google.errors import absent, invalid
from tests.google.pages import listed, page
from tests.google.service import Call, Service
from tests.google.world import World


def list_schemas(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    wanted = call.query.get("filter", "")
    pattern = wanted.removeprefix("name=").strip()
    found = [said for name, said in SCHEMAS.items()
             if fnmatch.fnmatchcase(name, pattern) or pattern in name]  # fmt: skip
    return listed("policySchemas", page(found, call.query, 100, 1000, key=lambda said: said["schemaName"]))


def get_schema(world: World, call: Call) -> dict[str, Any]:
    customer, _, name = call.args["name"].partition("/policySchemas/")
    if customer.removeprefix("customers/") not in chrome_units.ALIASES or name not in SCHEMAS:
        raise absent()
    return SCHEMAS[name]


def resolve(world: World, call: Call) -> dict[str, Any]:
    ours(call)
    target, wanted = call.body.get("policyTargetKey", {}), call.body.get("policySchemaFilter", "")
    namespace, _, leaf = wanted.rpartition(".")
    if not namespace or "*" in namespace or namespace == "chrome" or not leaf:
        raise invalid("policySchemaFilter: a schema, or a namespace with a wildcard in the last part only.")
    above = line(world, target.get("targetResource", ""))
    asked, found = target.get("additionalTargetKeys", {}), {}
    for resource in reversed(above):  # the nearest last, so that it wins
        for held in policies(world).values():
            same = held["resource"] == resource and fnmatch.fnmatchcase(held["schema"], wanted)
            if same and asked.items() <= held["keys"].items():
                found[key_of(held["schema"], "", held["keys"])] = held
    rows = [_resolved(held, above) for _, held in sorted(found.items())]
    return listed("resolvedPolicies", page(rows, call.body, 100, 1000))


def _resolved(held: dict[str, Any], above: list[str]) -> dict[str, Any]:
    def target(resource: str) -> dict[str, Any]:
        keys = {"additionalTargetKeys": held["keys"]} if held["keys"] else {}
        return {"targetResource": resource, **keys}

    row = {
        "targetKey": target(above[0]),
        "value": {"policySchema": held["schema"], "value": held["value"]},
        "sourceKey": target(held["resource"]),
    }
    return row | ({"addedSourceKey": target(held["added"])} if held["keys"] else {})


def _requests(world: World, call: Call, kind: str) -> list[dict[str, Any]]:
    """The rules for a batch: one kind of target, one namespace, the same keys, nothing twice."""
    ours(call)
    paced(world)
    requests: list[dict[str, Any]] = call.body.get("requests", [])
    if not requests:
        raise invalid("requests must not be empty.")
    for request in requests:
        target = request.get("policyTargetKey", {})
        if not target.get("targetResource", "").startswith(kind):
            raise refused(f"Targets have to be {kind}…", _schema_of(request), target)
        line(world, target["targetResource"])
    _same(requests, "namespace", lambda one: _schema_of(one).rpartition(".")[0])
    _same(requests, "target resource", lambda one: one["policyTargetKey"]["targetResource"])
    _same(requests, "additional target keys", lambda one: sorted(_keys(one)))
    if kind == "groups/":
        _same(requests, "app_id", lambda one: _keys(one).get("app_id"))
    keys = [key_of(_schema_of(one), one["policyTargetKey"]["targetResource"], _keys(one)) for one in requests]
    if len(set(keys)) != len(keys):
        raise refused("Two requests refer to the same policy.")
    return requests


def _same(requests: list[dict[str, Any]], what: str, of: Any) -> None:
    if len({json.dumps(of(request)) for request in requests}) > 1:
        raise refused(f"All requests of a batch must have the same {what}.")


def _schema_of(request: dict[str, Any]) -> str:
    return str(request.get("policySchema") or request.get("policyValue", {}).get("policySchema", ""))


def _keys(request: dict[str, Any]) -> dict[str, str]:
    return dict(request.get("policyTargetKey", {}).get("additionalTargetKeys", {}))


def _known(request: dict[str, Any], kind: str) -> dict[str, Any]:
    name, target = _schema_of(request), request["policyTargetKey"]
    schema = SCHEMAS.get(name)
    if schema is None:
        raise refused("Unknown policy schema.", name, target)
    if {said["key"] for said in schema.get("additionalTargetKeyNames", [])} != set(_keys(request)):
        raise refused("The additional target keys are not those of the schema.", name, target)
    if {"orgunits/": "ORG_UNIT", "groups/": "GROUP"}[kind] not in schema["validTargetResources"]:
        raise refused("The schema is not for this kind of target.", name, target)
    return schema


def _modify(world: World, call: Call, kind: str) -> dict[str, Any]:
    changes = []
    for request in _requests(world, call, kind):
        schema, target = _known(request, kind), request["policyTargetKey"]
        value = request.get("policyValue", {}).get("value", {})
        mask = masks.paths(request.get("updateMask", ""))
        if not mask or any(path.split(".")[0] not in value for path in mask):
            raise refused("updateMask is required, and each of its fields needs a value.", schema["schemaName"], target)
        if fields := wrong(schema, value):
            raise refused("Invalid value.", schema["schemaName"], target, **fields)
        changes.append((schema["schemaName"], target["targetResource"], _keys(request), value, request["updateMask"]))
    for name, resource, keys, value, mask_of in changes:
        key = key_of(name, resource, keys)
        before = policies(world).get(key, {"value": {}, "added": resource})
        after = masks.applied(before["value"], value, mask_of)
        policies(world)[key] = {"schema": name, "resource": resource, "keys": keys, "value": after,
                                "added": before["added"]}  # fmt: skip
    return {}


def _clear(world: World, call: Call, kind: str) -> dict[str, Any]:
    requests = _requests(world, call, kind)
    for request in requests:
        _known(request, kind)
    for request in requests:
        policies(world).pop(
            key_of(_schema_of(request), request["policyTargetKey"]["targetResource"], _keys(request)), None
        )
    return {}


SERVICES = (
    Service(
        "chromepolicy.googleapis.com",
        "chromepolicy.v1",
        {
            "chromepolicy.customers.policySchemas.list": list_schemas,
            "chromepolicy.customers.policySchemas.get": get_schema,
            "chromepolicy.customers.policies.resolve": resolve,
            "chromepolicy.customers.policies.orgunits.batchModify": lambda w, c: _modify(w, c, "orgunits/"),
            "chromepolicy.customers.policies.orgunits.batchInherit": lambda w, c: _clear(w, c, "orgunits/"),
            "chromepolicy.customers.policies.groups.batchModify": lambda w, c: _modify(w, c, "groups/"),
            "chromepolicy.customers.policies.groups.batchDelete": lambda w, c: _clear(w, c, "groups/"),
            **chrome_networks.HANDLERS,
        },
        delegated=True,
    ),
)
