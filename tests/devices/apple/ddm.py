"""The declarative management client (`declarative/protocol/*.yaml`): tokens → items → declarations → status."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.devices.apple import declarations as kinds
from tests.devices.apple import schema, status
from tests.devices.apple.checkin import Messenger
from tests.devices.apple.complaints import MessageRefused
from tests.devices.apple.hardware import MODELS
from tests.devices.apple.state import User

ENDPOINTS = {
    "Activations": "activation",
    "Configurations": "configuration",
    "Assets": "asset",
    "Management": "management",
}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class DeclarativeClient:
    """One channel's declarations; what it knows lies in the state of the device or of the user."""

    def __init__(self, messenger: Messenger, user: User | None = None) -> None:
        self.messenger, self.user = messenger, user
        self.state = messenger.state
        self.memory: dict[str, Any] = (user or messenger.state).declarations

    @property
    def enabled(self) -> bool:
        return bool(self.memory)

    def sync(self, data: bytes | None = None) -> bool:
        """Fetches what changed and reports; data is that of the command, the tokens are asked for without it."""
        tokens = _tokens(data if data is not None else self._ask("tokens"))
        if self.memory.get("token") == tokens["DeclarationsToken"]:
            return False
        manifest = _manifest(self._ask("declaration-items"))
        if data is None and manifest["DeclarationsToken"] != tokens["DeclarationsToken"]:
            raise MessageRefused("declaration-items and tokens have different DeclarationsTokens")
        self._fetch(manifest["Declarations"])
        self.memory["token"] = manifest["DeclarationsToken"]
        kinds.apply(self.memory["items"], self.state, self.messenger.transport, user_channel=self.user is not None)
        self.send_status()
        return True

    def _fetch(self, wanted: Mapping[str, list[Mapping[str, str]]]) -> None:
        items = self.memory.setdefault("items", {})
        for array, entries in wanted.items():
            known = items.setdefault(array, {})
            for gone in known.keys() - {entry["Identifier"] for entry in entries}:
                del known[gone]
            for entry in entries:
                if known.get(entry["Identifier"], {}).get("server_token") != entry["ServerToken"]:
                    known[entry["Identifier"]] = self._declaration(array, entry["Identifier"], entry["ServerToken"])

    def _declaration(self, array: str, identifier: str, server_token: str) -> dict[str, Any]:
        content = _json(self._ask(f"declaration/{ENDPOINTS[array]}/{identifier}"), f"declaration {identifier}")
        for key, kind in (("Type", str), ("Identifier", str), ("ServerToken", str), ("Payload", dict)):
            if not isinstance(content.get(key), kind):
                raise MessageRefused(f"declaration {identifier} has no {key}")
        if content["Identifier"] != identifier or content["ServerToken"] != server_token:
            raise MessageRefused(f"declaration {identifier}: identifier or token differs from declaration-items")
        if not content["Type"].startswith(f"com.apple.{ENDPOINTS[array]}."):
            raise MessageRefused(f"declaration {identifier} of type {content['Type']} among the {array}")
        problems = schema.declaration(content, MODELS[self.state.kind].platform) if schema.available() else []
        return {"server_token": server_token, "declaration": content, "problems": problems}

    def send_status(self, full: bool = False) -> Mapping[str, Any] | None:
        """Everything with full, else what changed since the last report; None where nothing did."""
        items, errors = status.collect(self.state, self.memory)
        before = {} if full else self.memory.get("reported", {})
        changed = {name: value for name, value in items.items() if before.get(name) != value or name not in before}
        if not changed and not full:
            return None
        report: dict[str, Any] = {"StatusItems": status.nest(changed), "Errors": errors}
        if full or not before:
            report["FullReport"] = True
        self._ask("status", json.dumps(report).encode())
        self.memory["reported"] = items
        return report

    def _ask(self, endpoint: str, data: bytes | None = None) -> bytes:
        reply = self.messenger.check_in("DeclarativeManagement", self.user, Endpoint=endpoint, Data=data)
        if endpoint != "status" and not reply.content_type.startswith("application/json"):
            raise MessageRefused(f"{endpoint} answered {reply.content_type!r}, application/json expected")
        return reply.body


def _json(raw: bytes, what: str) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise MessageRefused(f"{what} is not JSON: {raw[:120]!r}") from error
    if not isinstance(content, dict):
        raise MessageRefused(f"{what} is not a JSON object")
    return content


def _tokens(raw: bytes) -> dict[str, str]:
    tokens = _json(raw, "tokens").get("SyncTokens")
    if not isinstance(tokens, dict) or not tokens.get("DeclarationsToken"):
        raise MessageRefused("tokens have no SyncTokens.DeclarationsToken")
    if not TIMESTAMP.fullmatch(str(tokens.get("Timestamp"))):
        raise MessageRefused(f"SyncTokens.Timestamp is {tokens.get('Timestamp')!r}, UTC in whole seconds expected")
    return tokens


def _manifest(raw: bytes) -> dict[str, Any]:
    manifest = _json(raw, "declaration-items")
    arrays = manifest.get("Declarations")
    if not isinstance(arrays, dict) or not manifest.get("DeclarationsToken"):
        raise MessageRefused("declaration-items need Declarations and DeclarationsToken")
    if arrays.keys() != ENDPOINTS.keys():
        raise MessageRefused(
            f"declaration-items must have exactly the arrays {sorted(ENDPOINTS)}, these are {sorted(arrays)}"
        )
    for array, entries in arrays.items():
        for entry in entries:
            if not isinstance(entry, dict) or not entry.get("Identifier") or not entry.get("ServerToken"):
                raise MessageRefused(f"{array}: {entry!r} lacks Identifier or ServerToken")
            if max(len(entry["Identifier"].encode()), len(entry["ServerToken"].encode())) > 64:
                raise MessageRefused(f"{array}: {entry!r} has more than 64 octets")
    return manifest
