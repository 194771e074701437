"""End to end on the embedded engine: how long Muster takes to start, and how many idle polls a second it answers."""

import http.client
import plistlib
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.bench.report import Report
from tests.devices.apple import AppleDevice
from tests.devices.demo import Config, invite
from tests.e2e.conftest import Stack, start, stop

pytestmark = pytest.mark.bench
SECONDS = 5
COMMAND_TYPE = "application/x-apple-aspen-mdm"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, bench: Report) -> Iterator[Stack]:
    """The first start makes the tables, and the package if the code changed; the second finds both."""
    state = tmp_path_factory.mktemp("bench") / "state"
    started = time.monotonic()
    start(state, "--port", "0")
    bench.row("muster dev, first start", ms=1000 * (time.monotonic() - started))
    stop(state)
    started = time.monotonic()
    stack = start(state, "--port", "0")
    bench.row("muster dev, second start", ms=1000 * (time.monotonic() - started))
    yield stack
    stop(state)


@dataclass(frozen=True)
class Poll:
    """The idle poll of an enrolled device, signed once: the same bytes may come any number of times."""

    address: str
    path: str
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, device: AppleDevice, stack: Stack) -> "Poll":
        body = plistlib.dumps({"Status": "Idle", "UDID": device.udid})
        headers = {"Mdm-Signature": device.mdm_signature(body), "Content-Type": COMMAND_TYPE}
        path = f"/_aws/execute-api/{stack.outputs['DeviceApiId']}/$default/apple/connect"
        return cls(urlsplit(stack.engine_url).netloc, path, headers, body)

    def times(self, seconds: float) -> list[float]:
        """Milliseconds of each, one after the other over one connection."""
        connection, took, end = http.client.HTTPConnection(self.address), [], time.monotonic() + seconds
        while (started := time.monotonic()) < end:
            connection.request("PUT", self.path, self.body, self.headers)
            reply = connection.getresponse()
            assert (reply.status, reply.read()) == (200, b"")
            took.append(1000 * (time.monotonic() - started))
        connection.close()
        return took


@pytest.fixture(scope="module")
def poll(running: Stack) -> Poll:
    device = AppleDevice("iphone", ca_file=running.ca_file, seed=1)
    device.enroll(invite(Config(running.api_url, running.admin_token, running.ca_file), 1))
    for _ in range(3):
        device.poll()
    assert device.poll() == []
    return Poll.of(device, running)


@pytest.mark.parametrize("concurrency", [1, 8])
def test_idle_polls_end_to_end(concurrency: int, poll: Poll, bench: Report) -> None:
    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(poll.times, [1.0] * concurrency))  # every worker of the engine has started then
        took = [each for part in pool.map(poll.times, [float(SECONDS)] * concurrency) for each in part]
    cuts = statistics.quantiles(took, n=20)
    name = f"idle polls on the embedded engine, {concurrency} at a time"
    bench.row(name, per_second=len(took) / SECONDS, p50_ms=cuts[9], p95_ms=cuts[18])
    assert took
