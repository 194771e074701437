"""A client of the control plane, for tests and the demonstration."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]


class ControlRefused(Exception):
    """The control plane said no; the text says why."""


class Control:
    def __init__(self, url: str) -> None:
        self._where = urlsplit(url)

    def post(self, path: str, **body: Any) -> Json:
        """Any control route. Answers come when each push that it caused was attempted once (settle=False: at once)."""
        connection = http.client.HTTPConnection(str(self._where.hostname), self._where.port, timeout=60)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            found: Json = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ControlRefused(found["error"]["message"])
        return found

    def account(self, email: str, project: str) -> Json:
        """A service-account key as Google hands it out."""
        return self.post("/account", email=email, project=project)

    def revoke(self, email: str, key: str = "") -> None:
        self.post("/account/revoke", email=email, key=key)

    def delegate(self, client_id: str, scopes: list[str], subjects: list[str] | None = None) -> None:
        self.post("/delegate", client_id=client_id, scopes=scopes, subjects=subjects or [])

    def pubsub(
        self, topic: str, push_endpoint: str, *, audience: str = "", service_account_email: str = "", ca: str = "",
        subscription: str = "",
    ) -> str:  # fmt: skip
        """The name of the push subscription; no service account: pushes carry no token."""
        said = {
            "audience": audience,
            "service_account_email": service_account_email,
            "ca": ca,
            "subscription": subscription,
        }
        return str(self.post("/pubsub", topic=topic, push_endpoint=push_endpoint, **said)["subscription"])

    def close_topic(self, topic: str) -> None:
        self.post("/pubsub", topic=topic, closed=True)

    def signup(self, url: str, *, call: bool = True, ca: str = "") -> Json:
        """{"enterpriseToken", "callback", "name"} and, unless call is false, "status" and "page" of the callback."""
        return self.post("/signup", url=url, call=call, ca=ca)

    def enroll(self, **asked: Any) -> Json:
        """token= | qr_code= | link= | zerotouch=serial; kind= phone | tablet | kiosk | work-profile, serial=,
        personal=, report=. {"device", "phone"}"""
        if "qr_code" in asked:
            asked["qrCode"] = asked.pop("qr_code")
        return self.post("/phones/enroll", **asked)

    def crowd(self, token: str, count: int) -> list[str]:
        """So many devices at once, without any push; their names."""
        return list(self.post("/phones/crowd", token=token, count=count)["devices"])

    def phones(self) -> list[Json]:
        return list(self.post("/phones")["phones"])

    def phone(self, identifier: str) -> Json:
        return self.post(f"/phones/{_last(identifier)}")

    def report(self, identifier: str, *, sync: bool = True) -> Json:
        return self.post(f"/phones/{_last(identifier)}/report", sync=sync)

    def set(self, identifier: str, **habits: Any) -> Json:
        return self.post(f"/phones/{_last(identifier)}/set", **habits)

    def obey(self, identifier: str) -> list[Json]:
        """What the device executed: [{"type", "error"}]."""
        return list(self.post(f"/phones/{_last(identifier)}/obey")["done"])

    def offline(self, identifier: str, *, offline: bool = True) -> None:
        self.post(f"/phones/{_last(identifier)}/offline", offline=offline)

    def leave(self, identifier: str) -> None:
        self.post(f"/phones/{_last(identifier)}/leave")

    def fault(self, match: str, status: int = 0, **said: Any) -> None:
        """match "VERB /host/path" with wildcards; times, after, query {name: pattern}, retry_after, reason, message,
        drop "before"|"after", delay."""
        self.post("/faults", match=match, status=status, **said)

    def clear_faults(self) -> None:
        self.post("/faults", clear=True)

    def quota(self, host: str, limit: int | None, per: float = 100) -> None:
        self.post("/quota", host=host, limit=limit, per=per)

    def push(self, mode: str, *types: str) -> None:
        """normal | drop | duplicate | reorder | hold; of these notification types only, if any are named."""
        self.post("/push", mode=mode, types=list(types))

    def flush(self) -> int:
        return int(self.post("/push/flush")["flushed"])

    def take(self) -> list[Json]:
        """Held pushes as requests: {"url", "headers", "body", "type", "id"}; they will not be delivered."""
        return list(self.post("/push/take")["requests"])

    def again(self, message: str) -> bool:
        return bool(self.post("/push/again", id=message)["found"])

    def pushed(self) -> list[Json]:
        """All messages: {"id", "type", "payload", "attempts": [statuses], "subscription"}."""
        return list(self.post("/push/log")["messages"])

    def sign(self, claims: Json | None = None, **wrong: str) -> str:
        """A push token; claims replace (None takes away); key="stranger", algorithm="none"|"HS256", kid="…" forge."""
        return str(self.post("/push/sign", claims=claims or {}, **wrong)["token"])

    def rotate_keys(self, *, keep: bool = True) -> str:
        return str(self.post("/keys/rotate", keep=keep)["kid"])

    def advance(self, seconds: float) -> float:
        return float(self.post("/clock", advance=seconds)["now"])

    def reset_clock(self) -> float:
        """Back to real time."""
        return float(self.post("/clock", reset=True)["now"])

    def expire_tokens(self) -> None:
        self.post("/expire")

    def requests(self, *, clear: bool = False) -> list[Json]:
        """What was asked: {"method", "host", "path", "query", "body", "status", "id", "caller", "at"}."""
        return list(self.post("/requests", clear=clear)["requests"])

    def state(self) -> Json:
        return self.post("/state")

    def store(self, **apps: str) -> None:
        self.post("/store", apps=apps)

    def unbind(self, enterprise: str) -> None:
        self.post("/unbind", enterprise=enterprise)

    def zerotouch(self, account: str, devices: list[Json], customer: str = "") -> Json:
        """A reseller sold these: [{"serialNumber", "manufacturer", …}]; {"customer", "devices"}."""
        return self.post("/zerotouch", account=account, devices=devices, customer=customer)


def _last(identifier: str) -> str:
    return identifier.rsplit("/", 1)[-1]
