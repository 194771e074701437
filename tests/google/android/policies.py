"""Policies: upsert, versions, changes of single applications, and the rules that the schema cannot say."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.google import masks
from tests.google.android.enterprises import changed, enterprise, of
from tests.google.documents import document
from tests.google.errors import Refusal, absent, invalid
from tests.google.pages import listed, page
from tests.google.service import Call
from tests.google.world import World

FIXED = ("name", "version")
APPLICATIONS_MOST = 3000
MINIMUM_VERSIONS_MOST = 20
PRIORITY_MOST = 10_000
ID_MOST = 100


def patch(world: World, call: Call) -> dict[str, Any]:
    """Updates or creates; each call that is taken counts the version up."""
    name = call.args["name"]
    enterprise(world, of(name), call.caller)
    if len(name.rsplit("/", 1)[1]) > ID_MOST:
        raise invalid("The policy id is too long.")
    return _stored(world, name, changed(world.table("policies").get(name, {}), call, "Policy", FIXED))


def get(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, of(call.args["name"]), call.caller)
    found: dict[str, Any] | None = world.table("policies").get(call.args["name"])
    if found is None:
        raise absent()
    return found


def list_all(world: World, call: Call) -> dict[str, Any]:
    enterprise(world, call.args["parent"], call.caller)
    mine = [one for name, one in world.table("policies").items() if name.startswith(call.args["parent"] + "/")]
    return listed("policies", page(mine, call.query, 10, 100, key=lambda one: str(one["name"])))


def delete(world: World, call: Call) -> dict[str, Any]:
    get(world, call)
    if any(one["policyName"] == call.args["name"] for one in world.table("devices").values()):
        raise Refusal(400, "FAILED_PRECONDITION", "The policy is in use by at least one device.")
    del world.table("policies")[call.args["name"]]
    return {}


def modify(world: World, call: Call) -> dict[str, Any]:
    policy = copy.deepcopy(get(world, call))
    if not call.body.get("changes"):
        raise invalid("There must be at least one change.")
    for change in call.body["changes"]:
        _change(policy, change)
    return {"policy": _stored(world, call.args["name"], policy)}


def remove(world: World, call: Call) -> dict[str, Any]:
    policy = copy.deepcopy(get(world, call))
    gone = call.body.get("packageNames", [])
    if not gone:
        raise invalid("There must be at least one entry in packageNames.")
    policy["applications"] = [one for one in policy.get("applications", []) if one.get("packageName") not in gone]
    if not policy["applications"]:
        del policy["applications"]
    return {"policy": _stored(world, call.args["name"], policy)}


def _change(policy: dict[str, Any], change: dict[str, Any]) -> None:
    given = change.get("application", {})
    package = given.get("packageName", "")
    if not package:
        raise invalid("application.packageName must be set.")
    applications = policy.setdefault("applications", [])
    places = [place for place, one in enumerate(applications) if one.get("packageName") == package]
    rules = document("androidmanagement.v1")
    if not places:
        applications.append(given)
    elif change.get("updateMask"):
        old = applications[places[0]]
        fields = change["updateMask"]
        applications[places[0]] = masks.applied(old, given, fields, lambda path: rules.has("ApplicationPolicy", path))
    else:
        applications[places[0]] = given


def _stored(world: World, name: str, policy: dict[str, Any]) -> dict[str, Any]:
    _judge(policy)
    version = int(world.table("policies").get(name, {}).get("version", "0")) + 1
    world.table("policies")[name] = policy | {"name": name, "version": str(version)}
    return dict(world.table("policies")[name])


def _judge(policy: dict[str, Any]) -> None:
    applications = policy.get("applications", [])
    packages = [one.get("packageName", "") for one in applications]
    if len(applications) > APPLICATIONS_MOST:
        raise invalid("There can be at most 3,000 applications.")
    if "" in packages or len(set(packages)) < len(packages):
        raise invalid("Each application needs a packageName of its own.")
    if sum("minimumVersionCode" in one for one in applications) > MINIMUM_VERSIONS_MOST:
        raise invalid("At most 20 apps can specify minimumVersionCode.")
    if any(not 0 <= one.get("installPriority", 0) <= PRIORITY_MOST for one in applications):
        raise invalid("installPriority must be between 0 and 10,000.")
    scopes = [one.get("passwordScope", "SCOPE_DEVICE") for one in policy.get("passwordPolicies", [])]
    if len(set(scopes)) < len(scopes):
        raise invalid("There can be one password policy per scope.")
    for rule in policy.get("policyEnforcementRules", []):
        _judge_rule(rule)
    if unspecified := _unspecified(policy):
        raise invalid(f"{unspecified} is disallowed.")


def _judge_rule(rule: dict[str, Any]) -> None:
    if ("blockAction" in rule) != ("wipeAction" in rule) or "blockAction" not in rule or not rule.get("settingName"):
        raise invalid("policyEnforcementRules: blockAction, wipeAction and settingName must be specified together.")
    block, wipe = rule["blockAction"].get("blockAfterDays", 0), rule["wipeAction"].get("wipeAfterDays", 0)
    if not 0 <= block < wipe:
        raise invalid("policyEnforcementRules: wipeAfterDays must be greater than blockAfterDays.")


def _unspecified(policy: dict[str, Any]) -> str:
    """Of the enums whose zero value Google disallows, the one that people send by mistake."""
    kinds = [one.get("installType") for one in policy.get("applications", [])]
    return "INSTALL_TYPE_UNSPECIFIED" if "INSTALL_TYPE_UNSPECIFIED" in json.dumps(kinds) else ""


HANDLERS = {
    "enterprises.policies.patch": patch, "enterprises.policies.get": get, "enterprises.policies.list": list_all,
    "enterprises.policies.delete": delete, "enterprises.policies.modifyPolicyApplications": modify,
    "enterprises.policies.removePolicyApplications": remove,
}  # fmt: skip
