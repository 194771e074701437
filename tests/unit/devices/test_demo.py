"""The demo's devices after a restart: whoever the server does not know enrolls again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.apple import AppleDevice
from tests.devices.apple.transport import Reply
from tests.devices.demo import Config, gather
from tests.unit.devices.stub import Stub
from tests.unit.devices.stub_https import serve

STRANGER = Reply(403, {"content-type": "application/json"}, b'{"code":"com.apple.unrecognized.device"}')


class Forgetful(Stub):
    """Refuses every identity that it issued before it forgot."""

    forgotten: frozenset[str] = frozenset()
    enrolls = True

    def forget(self) -> None:
        self.forgotten = frozenset(one["UDID"] for one in self.messages if one.get("MessageType") == "Authenticate")
        self.messages.clear()

    def _connect(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:  # type: ignore[override]
        said = self._received(headers, body)
        self.messages.pop()
        again = {one["UDID"] for one in self.messages if one.get("MessageType") == "Authenticate"}
        if said["UDID"] in self.forgotten - again:
            return STRANGER
        return super()._connect(method, url, headers, body)

    def _checkin(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:  # type: ignore[override]
        return super()._checkin(method, url, headers, body) if self.enrolls else STRANGER


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Forgetful]:
    stub = Forgetful(tmp_path)
    with serve(stub, tmp_path):
        yield stub


@pytest.fixture
def config(server: Forgetful, tmp_path: Path) -> Config:
    return Config(f"{server.host}/api/v1", "token", str(tmp_path / "door-ca.pem"))


def gathered(config: Config, count: int, folder: Path) -> list[AppleDevice]:
    return gather(config, count, folder / "fleet", threading.Event(), ("iphone", "mac", "ipad"))


def test_devices_that_the_server_lost_enroll_again(server: Forgetful, config: Config, tmp_path: Path) -> None:
    first = gathered(config, 2, tmp_path)
    server.forget()
    second = gathered(config, 3, tmp_path)
    assert {one.serial for one in first} < {one.serial for one in second}
    assert all(one.enrolled for one in second)
    assert [one["max_uses"] for one in server.invited] == [2, 3]
    assert [handled for one in second for handled in one.poll()] == []
    kept = [json.loads(path.read_text())["enrolled"] for path in (tmp_path / "fleet").glob("*.json")]
    assert kept == [True] * 3


def test_a_device_that_left_enrolls_again(server: Forgetful, config: Config, tmp_path: Path) -> None:
    [device] = gathered(config, 1, tmp_path)
    device.forget()
    assert [one.serial for one in gathered(config, 1, tmp_path)] == [device.serial]
    assert len(server.invited) == 2


def test_devices_that_are_known_need_no_link(server: Forgetful, config: Config, tmp_path: Path) -> None:
    gathered(config, 2, tmp_path)
    assert len(gathered(config, 2, tmp_path)) == 2
    assert len(server.invited) == 1


@pytest.mark.parametrize("junk", ["junk", "[]", "{}", '{"kind": 1}'])
def test_a_file_that_cannot_be_read_makes_room(server: Forgetful, config: Config, tmp_path: Path, junk: str) -> None:
    [old] = gathered(config, 1, tmp_path)
    path = tmp_path / "fleet" / f"{old.serial}.json"
    path.write_text(junk)
    [new] = gathered(config, 1, tmp_path)
    assert new.enrolled
    assert new.serial != old.serial
    assert path.with_suffix(".unreadable").read_text() == junk


def test_who_is_refused_does_not_count(server: Forgetful, config: Config, tmp_path: Path) -> None:
    server.enrolls = False
    assert gathered(config, 2, tmp_path) == []
