"""Networks and certificates of org units (chromepolicy.v1: networks:define*, networks:remove*)."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.google.chrome_schemas import SCHEMAS, refused, wrong
from tests.google.chrome_stored import key_of, line, paced, policies
from tests.google.chrome_units import ours
from tests.google.errors import Refusal, absent, invalid
from tests.google.service import Call
from tests.google.world import World


def define_network(world: World, call: Call) -> dict[str, Any]:
    settings = _network_settings(world, call)
    if not call.body.get("name") or not any(one["policySchema"].endswith(".Details") for one in settings):
        raise invalid("name and settings with Details are required.")
    return _defined(world, call, settings, {"name": call.body["name"]})


def define_certificate(world: World, call: Call) -> dict[str, Any]:
    if "BEGIN CERTIFICATE" not in call.body.get("certificate", ""):
        raise invalid("certificate: PEM is expected.")
    settings = _network_settings(world, call)
    if any(not one["policySchema"].startswith("chrome.networks.certificates.") for one in settings):
        raise invalid("settings: of chrome.networks.certificates only.")
    return _defined(world, call, settings, {"certificate": True})


def _network_settings(world: World, call: Call) -> list[dict[str, Any]]:
    ours(call)
    paced(world)
    if not call.body.get("targetResource", "").startswith("orgunits/"):
        raise invalid("targetResource: an org unit is required.")
    line(world, call.body["targetResource"])
    settings: list[dict[str, Any]] = call.body.get("settings", [])
    for setting in settings:
        schema = SCHEMAS.get(setting.get("policySchema", ""))
        if schema is None or not schema["schemaName"].startswith("chrome.networks."):
            raise invalid("settings: no such schema of a network.")
        if fields := wrong(schema, setting.get("value", {})):
            raise refused("Invalid value.", schema["schemaName"], None, **fields)
    return settings


def _defined(world: World, call: Call, settings: list[dict[str, Any]], more: dict[str, Any]) -> dict[str, Any]:
    number, resource = "{" + str(uuid.uuid4()) + "}", call.body["targetResource"]
    world.table("chrome_networks")[number] = {"resource": resource, **more}
    for setting in settings:
        schema, keys = setting["policySchema"], {"network_id": number}
        policies(world)[key_of(schema, resource, keys)] = {
            "schema": schema, "resource": resource, "keys": keys, "value": setting["value"], "added": resource,
        }  # fmt: skip
    return {"networkId": number, "targetResource": resource} | ({"settings": settings} if "name" in more else {})


def _removed(world: World, call: Call, *, certificate: bool) -> dict[str, Any]:
    ours(call)
    paced(world)
    number, networks = call.body.get("networkId", ""), world.table("chrome_networks")
    held = networks.get(number)
    if held is None or held["resource"] != call.body.get("targetResource") or ("certificate" in held) != certificate:
        raise absent()
    of_it = [key for key, policy in policies(world).items() if policy["keys"].get("network_id") == number]
    rest = [policy["value"] for key, policy in policies(world).items() if key not in of_it]
    if certificate and number in json.dumps(rest):
        raise Refusal(400, "FAILED_PRECONDITION", "The certificate is referred to by a network.")
    del networks[number]
    for key in of_it:
        del policies(world)[key]
    return {}


_BASE = "chromepolicy.customers.policies.networks."
HANDLERS = {
    _BASE + "defineNetwork": define_network,
    _BASE + "defineCertificate": define_certificate,
    _BASE + "removeNetwork": lambda world, call: _removed(world, call, certificate=False),
    _BASE + "removeCertificate": lambda world, call: _removed(world, call, certificate=True),
}
