"""What a test or a person does to the simulated devices."""

from __future__ import annotations

import copy
from typing import Any

from tests.google.errors import absent, invalid
from tests.google.phones import enroll, models, obey, report
from tests.google.world import World

Args = dict[str, str]
Body = dict[str, Any]


def phone_of(world: World, args: Args) -> dict[str, Any]:
    """By serial number, or by the id of a device that it is or was."""
    phones, wanted = world.table("phones"), args["id"]
    found = [phones[wanted]] if wanted in phones else []
    found += [one for one in phones.values() if any(name.endswith(f"/{wanted}") for name in one["names"])]
    if not found:
        raise absent(f"There is no phone {wanted}.")
    phone: dict[str, Any] = found[0]
    return phone


def show_all(world: World, args: Args, body: Body) -> Body:
    return {"phones": copy.deepcopy(list(world.table("phones").values()))}


def show(world: World, args: Args, body: Body) -> Body:
    return copy.deepcopy(phone_of(world, args))


def enroll_one(world: World, args: Args, body: Body) -> Body:
    return enroll.enroll(world, body)


def enroll_crowd(world: World, args: Args, body: Body) -> Body:
    return enroll.crowd(world, body)


def report_now(world: World, args: Args, body: Body) -> Body:
    return report.report(world, phone_of(world, args), sync=body.get("sync", True))


def change(world: World, args: Args, body: Body) -> Body:
    """Habits (phones/models.py), `apps` {package: version code} to add and `remove_apps` [package]."""
    phone = phone_of(world, args)
    for name, value in body.items():
        if name not in (*models.HABITS, "apps", "remove_apps"):
            raise invalid(f"A phone has no {name}.")
        if name in models.HABITS:
            phone[name] = value
    source = "SIDE" if phone["owner"] == "PERSONALLY_OWNED" else "INSTALLED_FROM_PLAY_STORE"
    for package, code in body.get("apps", {}).items():
        phone["apps"][package] = models.app(package.rsplit(".", 1)[-1].title(), int(code), source)
    for package in body.get("remove_apps", []):
        phone["apps"].pop(package, None)
    return copy.deepcopy(phone)


def obey_now(world: World, args: Args, body: Body) -> Body:
    phone = phone_of(world, args)
    done = obey.obey(world, phone)
    return {"done": done, "phone": copy.deepcopy(phone)}


def offline(world: World, args: Args, body: Body) -> Body:
    phone_of(world, args)["offline"] = bool(body.get("offline", True))
    return {}


def leave(world: World, args: Args, body: Body) -> Body:
    """The user resets the device or removes the work profile: the server never hears of it."""
    models.reset(phone_of(world, args))
    return {}


def live(world: World) -> None:
    for phone in list(world.table("phones").values()):
        obey.obey(world, phone)
        report.report(world, phone)


CONTROLS = {
    "/phones": show_all, "/phones/enroll": enroll_one, "/phones/crowd": enroll_crowd, "/phones/{id}": show,
    "/phones/{id}/report": report_now, "/phones/{id}/set": change, "/phones/{id}/obey": obey_now,
    "/phones/{id}/offline": offline, "/phones/{id}/leave": leave,
}  # fmt: skip
LIVE = (live,)
