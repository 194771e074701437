"""Chrome policies at Google: schemas, what is in force, and writing it (chromepolicy.v1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.platforms.chromeos import addresses, words
from chalicelib.platforms.chromeos.policy_batches import Batch, Planned, Setting, Target, plan
from chalicelib.platforms.chromeos.policy_schemas import Schema, check, read
from chalicelib.platforms.google.client import CHROME_POLICY, GoogleBusy, call, page, quoted

PAGE = 100  # Google allows 1,000; a schema may be long


@dataclass(frozen=True, slots=True)
class Effective:
    """A policy as it is in force. `source` is where it is set; "" is Google's default."""

    schema: str
    value: Mapping[str, Any]
    source: str
    keys: Mapping[str, str]
    added: str = ""  # where an app or network was added to management


def schemas(house: House, about: str = "", token: str = "") -> tuple[list[Schema], str]:
    """One page; `about` is Google's filter: "chrome.users", "name=*ShowLogoutButton" …"""
    query: dict[str, str | int] = {"pageSize": PAGE, **({"filter": about} if about else {})}
    found, following = page(house, CHROME_POLICY, addresses.policy_schemas(house), query, "policySchemas", token)
    return [read(one) for one in found], following


def schema(house: House, name: str) -> Schema:
    """GoogleAbsent."""
    return read(call(house, CHROME_POLICY, "GET", f"{addresses.policy_schemas(house)}/{quoted(name)}"))


def effective(house: House, target: Target, about: str, token: str = "") -> tuple[list[Effective], str]:
    """One page of what is in force on a target; `about` is a schema or a namespace with a star: chrome.users.*"""
    body: dict[str, Any] = {"policyTargetKey": target.wire(), "policySchemaFilter": about, "pageSize": PAGE}
    if token:
        body["pageToken"] = token
    told = call(house, CHROME_POLICY, "POST", addresses.policies(house, "resolve"), {}, body)
    following = told.get("nextPageToken", "")
    if not isinstance(following, str):
        raise GoogleBusy("Google's answer does not say where it goes on; it is asked again.")
    return [_effective(one) for one in words.parts(told, "resolvedPolicies", 1_000)], following


def _effective(said: Mapping[str, Any]) -> Effective:
    value, target = words.part(said, "value"), words.part(said, "targetKey")
    return Effective(
        schema=words.text(value, "policySchema", 256),
        value=words.part(value, "value"),
        source=words.text(words.part(said, "sourceKey"), "targetResource"),
        keys={name: words.tidy(key) for name, key in words.part(target, "additionalTargetKeys").items()},
        added=words.text(words.part(said, "addedSourceKey"), "targetResource"),
    )


def checked(known: Mapping[str, Schema], settings: Iterable[Setting]) -> list[Planned]:
    """Batches with their delays, after each value was held against its schema. Unprocessable; nothing was sent then."""
    wanted = list(settings)
    for setting in wanted:
        if setting.schema not in known:
            raise Unprocessable(f"Google has no policy {setting.schema}.")
        check(known[setting.schema], setting)
    return plan(wanted)


def send(house: House, batch: Batch) -> None:
    """One write, all of it or nothing. GoogleBusy, GoogleRefused."""
    call(house, CHROME_POLICY, "POST", addresses.policies(house, batch.method), {}, batch.body)
