"""The control plane: what a test orders, by POST and JSON over plain HTTP on loopback."""

from __future__ import annotations

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from tests.google import accounts, pubsub, registry
from tests.google.android import commands, enterprises
from tests.google.errors import Refusal, absent, invalid
from tests.google.gateway import Answer, said
from tests.google.pubsub import Pushes
from tests.google.world import World

MODES = ("normal", "drop", "duplicate", "reorder", "hold")
Route = Callable[[dict[str, str], dict[str, Any]], dict[str, Any]]


class Plane:
    def __init__(self, world: World, pushes: Pushes) -> None:
        self._world, self._pushes = world, pushes
        own: dict[str, Route] = {
            "/account": self._account, "/account/revoke": self._revoke, "/delegate": self._delegate,
            "/pubsub": self._pubsub, "/signup": self._signup, "/faults": self._faults, "/quota": self._quota,
            "/push": self._push, "/push/flush": self._flush, "/push/take": self._take, "/push/again": self._again,
            "/push/log": self._push_log, "/push/sign": self._sign, "/keys/rotate": self._rotate, "/clock": self._clock,
            "/requests": self._requests, "/state": self._state, "/store": self._store, "/unbind": self._unbind,
            "/expire": self._expire,
        }  # fmt: skip
        others = {path: self._bound(function) for path, function in registry.controls().items()}
        found = sorted((own | others).items(), key=lambda pair: "{" in pair[0])  # fixed names before parameters
        self._routes = [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), route) for path, route in found]

    def answer(self, method: str, target: str, headers: object, body: bytes) -> Answer:
        try:
            asked = json.loads(body) if body else {}
            found = self._routed(target.partition("?")[0], asked)
        except Refusal as refusal:
            return said(refusal.code, refusal.body())
        except (ValueError, KeyError, TypeError) as error:
            return said(400, invalid(f"{type(error).__name__}: {error}").body())
        if asked.get("settle", True):
            self._pushes.settle()
        return said(200, found)

    def _routed(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        for pattern, route in self._routes:
            if match := pattern.fullmatch(path):
                return self._done(route, match.groupdict(), asked)
        raise absent(f"There is no control {path}.")

    def _done(self, route: Route, args: dict[str, str], asked: dict[str, Any]) -> dict[str, Any]:
        if route == self._signup:
            return self._signup(args, asked)  # calls out: never under the lock
        with self._world.lock:
            found = route(args, asked)
            self._world.dirty.set()
            self._pushes.pump()
            return found

    def _bound(self, function: registry.Control) -> Route:
        return lambda args, body: function(self._world, args, body)

    def _account(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return accounts.create(self._world, body["email"], body["project"])

    def _revoke(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        accounts.revoke(self._world, body["email"], body.get("key", ""))
        return {}

    def _delegate(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        accounts.delegate(self._world, body["client_id"], body["scopes"], body.get("subjects", []))
        return {}

    def _pubsub(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """A push subscription; {"topic", "closed": true}: a topic that Android Device Policy may not publish to."""
        if body.get("closed"):
            self._world.table("closed_topics")[body["topic"]] = True
            return {}
        project = body["topic"].split("/")[1]
        name = body.get("subscription") or f"projects/{project}/subscriptions/muster"
        self._world.table("closed_topics").pop(body["topic"], None)
        kept = {key: body.get(key, "") for key in ("topic", "push_endpoint", "audience", "service_account_email", "ca")}
        self._world.table("subscriptions")[name] = kept | {"number": self._world.digits(21)}
        if any(
            one["resource"].get("pubsubTopic") == body["topic"] for one in self._world.table("enterprises").values()
        ):
            self._world.publish(body["topic"], "test")
        return {"subscription": name}

    def _signup(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        with self._world.lock:
            found = enterprises.follow_signup(self._world, body["url"])
        if not body.get("call", True):
            return {**found}
        request = urllib.request.Request(found["callback"], headers={"User-Agent": "Mozilla/5.0"})
        context = ssl.create_default_context(cadata=body.get("ca") or None)
        try:
            with urllib.request.urlopen(request, timeout=15, context=context) as answer:
                return {**found, "status": answer.status, "page": answer.read(65536).decode("utf-8", "replace")}
        except urllib.error.HTTPError as error:
            return {**found, "status": error.code, "page": error.read(65536).decode("utf-8", "replace")}
        except OSError as error:
            return {**found, "status": 0, "page": str(error)}

    def _faults(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if body.get("clear"):
            self._world.faults.clear()
        if body.get("match"):
            self._world.faults.append({"times": 1, **body})
        return {"faults": [dict(one) for one in self._world.faults]}

    def _quota(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """No limit: no quota any more."""
        if body.get("limit") is None:
            self._world.quotas.pop(body["host"], None)
        else:
            self._world.quotas[body["host"]] = {"limit": int(body["limit"]), "per": float(body.get("per", 100))}
        return {}

    def _push(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if body["mode"] not in MODES:
            raise invalid(f"mode must be one of {', '.join(MODES)}.")
        self._pushes.mode = {"mode": body["mode"], "types": list(body.get("types", []))}
        return dict(self._pushes.mode)

    def _flush(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"flushed": self._pushes.flush()}

    def _take(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"requests": self._pushes.take()}

    def _again(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"found": self._pushes.again(body["id"])}

    def _push_log(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        keys = ("id", "type", "payload", "attempts", "subscription")
        return {"messages": [{key: one[key] for key in keys} for one in self._pushes.log]}

    def _sign(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """A push token, right or wrong: `claims` replace (null takes away), `key`, `algorithm`, `kid` forge."""
        subscription = next(iter(self._world.table("subscriptions").values()))
        said = pubsub.claims(self._world, subscription) | body.get("claims", {})
        wrong = {key: body[key] for key in ("key", "algorithm", "kid") if body.get(key)}
        return {"token": self._world.keys.sign({key: one for key, one in said.items() if one is not None}, **wrong)}

    def _rotate(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"kid": self._world.keys.rotate(keep=body.get("keep", True))}

    def _clock(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if body.get("reset"):
            self._world.clock.reset()
        self._world.clock.advance(float(body.get("advance", 0)))
        commands.expire(self._world)
        return {"now": self._world.clock.now(), "stamp": self._world.clock.stamp()}

    def _expire(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """All access tokens end now, as if they had been revoked."""
        self._world.tokens.clear()
        return {}

    def _requests(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        found = [dict(one) for one in self._world.requests]
        if body.get("clear"):
            self._world.requests.clear()
        return {"requests": found}

    def _state(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return json.loads(json.dumps(self._world.shown()))  # type: ignore[no-any-return]

    def _store(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """Apps of the Play store: {package: title}."""
        self._world.table("store").update(body.get("apps", {}))
        return {}

    def _unbind(self, args: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """The administrator deletes the organization in the Play console."""
        enterprises.unbind(self._world, body["enterprise"])
        return {}
