"""One message of each type as a simulated device sent it, with what the store answered meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.house import House
from tests.bench.recorder import Answers
from tests.bench.staging import Deployment, Exchange
from tests.devices.apple import AppleDevice


@dataclass(frozen=True)
class Messages:
    """`kept` are certificates and keys, which only a cold function reads."""

    house: House
    by_name: Mapping[str, Exchange]
    kept: Answers


def recorded(deployment: Deployment) -> Messages:
    device, device_id = deployment.device, deployment.enrollment.device_id

    def last(act: Callable[[], Any]) -> Exchange:
        act()
        return deployment.exchanges[-1]

    messages = {"idle": last(device.idle)}
    deployment.api("POST", f"/devices/{device_id}/commands", {"action": "lock"})
    messages["command delivered"] = last(device.idle)
    messages["result (Acknowledged)"] = last(lambda: device.report(device.received[-1].uuid, "Acknowledged"))
    messages["check-in (TokenUpdate)"] = last(lambda: device.token_update(Token=b"\7" * 32))
    AppleDevice("iphone", transport=deployment.device_plane, seed=2).enroll(deployment.invite())
    scep = [exchange for exchange in deployment.exchanges if exchange.event["rawPath"] == "/apple/scep"]
    messages["SCEP (PKCSReq, RSA 2048)"] = scep[-1]
    return Messages(deployment.house, messages, deployment.tables.latest)
