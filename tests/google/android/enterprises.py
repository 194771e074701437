"""Sign-up URLs and enterprises: a one-time binding, and the topic that is told what happens."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from tests.google import masks
from tests.google.documents import document
from tests.google.errors import Refusal, forbidden, invalid
from tests.google.service import Call, Caller
from tests.google.world import World

SIGNUP = "https://play.google.com/work/adminsignup?token="
TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
FIXED = ("name", "enterpriseType", "managedGoogleDomainType", "managedGooglePlayAccountsEnterpriseType")
SIGNUP_LIFE = 1800
DISPLAY_NAME_MOST = 100


def create_signup(world: World, call: Call) -> dict[str, Any]:
    _own_project(call)
    callback = urlsplit(call.query.get("callbackUrl", ""))
    local = callback.hostname in ("localhost", "127.0.0.1")
    if callback.scheme != "https" and not (callback.scheme == "http" and local):
        raise invalid("The callback URL must use HTTPS.")
    name, token = f"signupUrls/C{world.digits(16)}", world.letters(40)
    world.table("signups")[token] = {
        "name": name, "callback": callback.geturl(), "project": call.query["projectId"], "enterprise_token": "",
        "ends": world.clock.now() + SIGNUP_LIFE,
    }  # fmt: skip
    return {"name": name, "url": SIGNUP + token}


def follow_signup(world: World, url: str) -> dict[str, str]:
    """What the administrator does in the browser: signs up, and is sent back with an enterprise token."""
    token = parse_qs(urlsplit(url).query).get("token", [""])[0]
    said = world.table("signups").get(token)
    if said is None or said["ends"] <= world.clock.now():
        raise invalid("This sign-up link is not known or is too old.")
    said["enterprise_token"] = "EAH" + world.letters(60)
    parts = urlsplit(said["callback"])
    query = "&".join(filter(None, [parts.query, urlencode({"enterpriseToken": said["enterprise_token"]})]))
    return {"enterpriseToken": said["enterprise_token"], "callback": urlunsplit(parts._replace(query=query)),
            "name": said["name"]}  # fmt: skip


def create(world: World, call: Call) -> dict[str, Any]:
    _own_project(call)
    name, token = call.query.get("signupUrlName", ""), call.query.get("enterpriseToken", "")
    signups = world.table("signups")
    found = [key for key, said in signups.items() if said["name"] == name and token == said["enterprise_token"] != ""]
    if not found or signups[found[0]]["project"] != call.query["projectId"]:
        raise invalid("The enterprise token or the sign-up URL name is not valid.")
    del signups[found[0]]
    return _kept(world, call.query["projectId"], call.body)


def enterprise(world: World, name: str, caller: Caller) -> dict[str, Any]:
    """The record, if the caller's project owns the enterprise."""
    record = world.table("enterprises").get(name)
    if record is None or record["project"] != caller.project:
        raise forbidden("Caller is not authorized to manage enterprise.")
    found: dict[str, Any] = record
    return found


def of(resource: str) -> str:
    """enterprises/E of any resource name below it."""
    return "/".join(resource.split("/")[:2])


def get(world: World, call: Call) -> dict[str, Any]:
    found: dict[str, Any] = enterprise(world, call.args["name"], call.caller)["resource"]
    return found


def patch(world: World, call: Call) -> dict[str, Any]:
    record = enterprise(world, call.args["name"], call.caller)
    old = record["resource"]
    record["resource"] = changed(old, call, "Enterprise", FIXED)
    _judge(world, record["resource"])
    if record["resource"].get("pubsubTopic") not in (None, old.get("pubsubTopic")):
        world.publish(record["resource"]["pubsubTopic"], "test")
    return dict(record["resource"])


def changed(old: dict[str, Any], call: Call, reference: str, fixed: tuple[str, ...]) -> dict[str, Any]:
    """The resource after an update: by mask, or as a whole; what the server owns stays."""
    owned = {name: old[name] for name in fixed if name in old}
    given = {name: value for name, value in call.body.items() if name not in fixed}
    mask = call.query.get("updateMask", "")
    if not mask:
        return given | owned
    rules = document(str(call.method["id"]).partition(".")[0] + ".v1")
    result = masks.applied(old, given, mask, lambda path: rules.has(reference, path))
    return {name: value for name, value in result.items() if name not in fixed} | owned


def delete(world: World, call: Call) -> dict[str, Any]:
    """The enterprise goes with all that is in it."""
    enterprise(world, call.args["name"], call.caller)
    unbind(world, call.args["name"])
    return {}


def unbind(world: World, name: str) -> None:
    world.table("enterprises").pop(name, None)
    for table in ("devices", "policies", "enrollment_tokens", "operations", "web_apps"):
        rows = world.table(table)
        for key in [key for key in rows if key.startswith(f"{name}/")]:
            del rows[key]


def notify(world: World, resource: str, kind: str, payload: Any) -> None:
    """Tells the topic of the enterprise what it asked to be told. The payload has to fit its schema, too."""
    record = world.table("enterprises").get(of(resource))
    references = {
        "ENROLLMENT": "Device",
        "STATUS_REPORT": "Device",
        "COMMAND": "Operation",
        "USAGE_LOGS": "BatchUsageLogEvents",
    }
    try:
        document("androidmanagement.v1").check(references[kind], payload)
    except ValueError as error:
        world.broken.append(f"{kind}: {error}")
        raise Refusal(500, "INTERNAL", f"The fake broke Google's schema: {error}") from error
    if record and kind in record["resource"].get("enabledNotificationTypes", []):
        topic = record["resource"].get("pubsubTopic", "")
        if topic:
            world.publish(topic, kind, payload)


def _kept(world: World, project: str, body: dict[str, Any]) -> dict[str, Any]:
    name = f"enterprises/LC0{world.digits(8)}"
    resource = {key: value for key, value in body.items() if key not in FIXED} | {
        "name": name, "enterpriseType": "MANAGED_GOOGLE_PLAY_ACCOUNTS_ENTERPRISE",
        "managedGooglePlayAccountsEnterpriseType": "CUSTOMER_MANAGED",
    }  # fmt: skip
    _judge(world, resource)
    world.table("enterprises")[name] = {"project": project, "resource": resource}
    if resource.get("pubsubTopic"):
        world.publish(resource["pubsubTopic"], "test")
    return resource


def _judge(world: World, resource: dict[str, Any]) -> None:
    topic = resource.get("pubsubTopic", "")
    if topic and not TOPIC.fullmatch(topic):
        raise invalid("Invalid Pub/Sub topic name: it must be in the form projects/{project}/topics/{topic}.")
    if topic in world.table("closed_topics"):
        raise forbidden("Android Device Policy's service account is not allowed to publish to the topic.")
    if len(resource.get("enterpriseDisplayName", "")) > DISPLAY_NAME_MOST:
        raise invalid("enterpriseDisplayName has a maximum length of 100 characters.")


def _own_project(call: Call) -> None:
    project = call.query.get("projectId", "")
    if not project:
        raise invalid("projectId must be set.")
    if project != call.caller.project:
        raise forbidden(f"Caller does not have permission on project {project}.")


HANDLERS = {
    "signupUrls.create": create_signup, "enterprises.create": create, "enterprises.get": get,
    "enterprises.patch": patch, "enterprises.delete": delete,
}  # fmt: skip
