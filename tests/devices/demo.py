"""Simulated devices that live: they enroll by invitation, wake on pushes, poll slowly, obey, and print what happens."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.devices.apple import AppleDevice, User
from tests.devices.apple.complaints import Complaint, ServerRefused
from tests.devices.apple.transport import HttpsTransport
from tests.devices.windows import WindowsPC
from tests.devices.windows.complaints import SessionRefused

KINDS = ("iphone", "mac", "windows", "ipad")
PUSH_WAIT = 25
Device = AppleDevice | WindowsPC


def say(device: Device | None, text: str) -> None:
    who = f"{device.kind:7} {device.serial}  {device.name:24}" if device else "demo"
    print(f"{time.strftime('%H:%M:%S')}  {who}  {text}", flush=True)


@dataclass
class Config:
    """What the demo needs of dev.json."""

    api_url: str
    admin_token: str
    ca_file: str
    control_url: str | None = None
    wns_control_url: str | None = None

    @classmethod
    def read(cls, path: Path) -> Config:
        content = json.loads(path.read_text())
        ca_file = str((path.parent.parent / content["ca_file"]).resolve())
        urls = content.get("apns_control_url"), content.get("wns_control_url")
        return cls(content["api_url"], content["admin_token"], ca_file, *urls)


def invite(config: Config, uses: int) -> str:
    """The link of a fresh invitation, asked for through the admin API."""
    headers = {"Authorization": f"Bearer {config.admin_token}", "Content-Type": "application/json"}
    body = json.dumps({"max_uses": uses, "ownership": "corporate"}).encode()
    reply = HttpsTransport(config.ca_file)("POST", f"{config.api_url}/invitations", headers, body)
    if reply.status not in (200, 201):
        raise ServerRefused(
            f"POST /invitations answered {reply.status}: {reply.body[:300]!r}", reply.status, reply.body
        )
    return str(json.loads(reply.body)["link"])


def poll(device: Device, user: User | None = None, *, pushed: bool = False) -> None:
    was_enrolled = device.enrolled
    if isinstance(device, WindowsPC):
        poll_pc(device, was_enrolled, pushed)
        return
    for handled in device.poll(user=user):
        detail = handled.reply.get("ErrorChain", [{}])[0].get("LocalizedDescription", "")
        say(device, f"{handled.request_type} → {handled.status}{f': {detail}' if detail else ''}")
    if was_enrolled and not device.enrolled:
        say(device, "is not managed any more")
    elif device.install_os_update():
        say(device, f"installed the update to {device.state.os_version}")
        poll(device, user)


def poll_pc(pc: WindowsPC, was_enrolled: bool, pushed: bool) -> None:
    restarts = pc.state.restarts
    for handled in pc.poll(pushed=pushed):
        say(pc, f"{handled.request} → {handled.status}")
    if was_enrolled and not pc.enrolled:
        say(pc, "was wiped" if pc.state.gone else "is not managed any more")
    elif pc.state.restarts > restarts:
        say(pc, "restarted")


@dataclass
class Fleet:
    """Devices with a life; stop ends it from any thread."""

    devices: list[Device]
    control_url: str | None
    interval: float
    stop: threading.Event = field(default_factory=threading.Event)
    woken: queue.Queue[str] = field(default_factory=queue.Queue)
    trouble: dict[str, str] = field(default_factory=dict)
    wns_url: str | None = None

    def live(self) -> None:
        for device in self.devices:
            self._attend(device)
        if self.control_url:
            threading.Thread(target=self._listen, daemon=True).start()
        if self.wns_url:
            threading.Thread(target=self._listen_to_wns, daemon=True).start()
        due = time.monotonic() + self.interval
        while not self.stop.is_set():
            self._woken(min(0.5, max(0.05, due - time.monotonic())))
            if time.monotonic() >= due:
                due = time.monotonic() + self.interval
                for device in self.devices:
                    self._attend(device)

    def _woken(self, wait: float) -> None:
        try:
            token = self.woken.get(timeout=wait)
        except queue.Empty:
            return
        for device in self.devices:
            if isinstance(device, WindowsPC):
                if device.channel.endswith(f"token={token}"):
                    self._attend(device, pushed=True)
                continue
            if device.token.hex() == token:
                self._attend(device, pushed=True)
            for user in device.users:
                if user.token.hex() == token:
                    self._attend(device, user)

    def _attend(self, device: Device, user: User | None = None, *, pushed: bool = False) -> None:
        if self.stop.is_set():
            return
        if isinstance(device, AppleDevice) and pushed and device.state.shut_down:
            device.power_on()
        self._safely(device, lambda: poll(device, user, pushed=pushed))

    def _safely(self, device: Device, act: Callable[[], None]) -> None:
        """A fault is told once, until it changes or goes away."""
        try:
            act()
        except (Complaint, OSError) as error:
            text = f"{type(error).__name__}: {error}"
            if self.trouble.get(device.serial) != text:
                say(device, text)
            self.trouble[device.serial] = text
        else:
            if self.trouble.pop(device.serial, None):
                say(device, "is well again")

    def _listen(self) -> None:
        position = -1
        while not self.stop.is_set():
            try:
                if position < 0:
                    position = self._register()
                with urllib.request.urlopen(
                    f"{self.control_url}/pushes?after={position}&wait={PUSH_WAIT}", timeout=PUSH_WAIT + 10
                ) as reply:
                    content = json.load(reply)
            except (OSError, ValueError):
                position = -1  # the push service went away; a new one knows nobody
                self.stop.wait(2)
                continue
            position = content["next"]
            for push in content["pushes"]:
                if push["status"] == 200:
                    self.woken.put(push["token"])

    def _register(self) -> int:
        """Introduces every device; the number of pushes so far, which are for somebody else's life."""
        for token, magic in self._addresses():
            _post(f"{self.control_url}/devices", {"token": token, "magic": magic})
        with urllib.request.urlopen(f"{self.control_url}/health", timeout=10) as reply:
            return int(json.load(reply)["pushes"])

    def _listen_to_wns(self) -> None:
        position = -1
        while not self.stop.is_set():
            try:
                if position < 0:
                    reopen(self.wns_url, self.devices)
                    position = int(_get(f"{self.wns_url}/health")["notifications"])
                content = _get(f"{self.wns_url}/notifications?after={position}&wait={PUSH_WAIT}")
            except (OSError, ValueError):
                position = -1
                self.stop.wait(2)
                continue
            position = content["next"]
            for one in content["notifications"]:
                if one["status"] == 200:
                    self.woken.put(one["channel"])

    def _addresses(self) -> Iterable[tuple[str, str]]:
        for device in (one for one in self.devices if isinstance(one, AppleDevice)):
            for holder in (device.state, *device.users):
                if holder.token:
                    yield holder.token.hex(), holder.magic


def reopen(wns_url: str, devices: Iterable[Device]) -> None:
    """The channels of an earlier life of the fake push service."""
    for pc in (one for one in devices if isinstance(one, WindowsPC)):
        if pc.channel:
            _post(f"{wns_url}/channels", {"uri": pc.channel})


def _post(url: str, content: Any) -> Any:
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.loads(reply.read() or b"{}")


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=PUSH_WAIT + 10) as reply:
        return json.load(reply)


def new(kind: str, config: Config) -> Device:
    return pc(config) if kind == WindowsPC.kind else AppleDevice(kind, ca_file=config.ca_file)


def pc(config: Config, path: Path | None = None) -> WindowsPC:
    """A PC whose push channels come from the fake push service, where there is one."""
    url = config.wns_control_url
    channels = (lambda family: str(_post(f"{url}/channels", {"family": family})["uri"])) if url else None
    if path is not None:
        return WindowsPC.load(path, ca_file=config.ca_file, channels=channels)
    return WindowsPC(ca_file=config.ca_file, channels=channels)


def _load(path: Path, config: Config) -> Device:
    if json.loads(path.read_text())["kind"] == WindowsPC.kind:
        return pc(config, path)
    return AppleDevice.load(path, ca_file=config.ca_file)


def load(config: Config, count: int, folder: Path) -> list[Device]:
    """The devices of an earlier run. A file that cannot be read is moved out of the way."""
    devices: list[Device] = []
    for path in sorted(folder.glob("*.json")):
        if len(devices) == count:
            break
        try:
            devices.append(_load(path, config))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            path.rename(path.with_suffix(".unreadable"))
            say(None, f"{path.name} cannot be read ({type(error).__name__}): a new device takes its place")
    return devices


def recognised(device: Device) -> bool:
    """Asks: a server that has lost its data, or was told to let go of the device, does not know it any more."""
    if device.enrolled:
        try:
            poll(device)
        except (Complaint, OSError) as error:
            say(device, f"{type(error).__name__}: {error}")
            if isinstance(device, WindowsPC) and refused(error):
                device.forget()  # as the person at it has to: Windows does not let go by itself
    say(device, "is back" if device.enrolled else "is back, not managed")
    return bool(device.enrolled)


def refused(error: Exception) -> bool:
    """The server does not believe it, whatever it says."""
    return isinstance(error, SessionRefused) or (isinstance(error, ServerRefused) and error.status == 403)


def gather(
    config: Config, count: int, folder: Path, stop: threading.Event, kinds: Sequence[str] = KINDS
) -> list[Device]:
    """The devices of an earlier run, and new ones of these kinds up to count; who is not managed enrolls."""
    devices = load(config, count, folder)
    if config.wns_control_url:
        with contextlib.suppress(OSError):  # it is tried again while they live
            reopen(config.wns_control_url, devices)
    unmanaged = [device for device in devices if not recognised(device)]
    for place in range(len(devices), count):
        device = new(kinds[place % len(kinds)], config)
        devices.append(device)
        unmanaged.append(device)
    link = invite(config, len(unmanaged)) if unmanaged else ""
    for device in unmanaged:
        if stop.is_set():
            break
        enroll(device, link, folder)
    return [device for device in devices if device.enrolled]


def enroll(device: Device, link: str, folder: Path) -> None:
    """One that is refused leaves the others their turn."""
    if isinstance(device, WindowsPC) and device.state.gone:
        device.set_up()
    try:
        device.enroll(link)
    except (Complaint, OSError) as error:
        say(device, f"{type(error).__name__}: {error}")
        return
    device.keep_in(folder)
    say(device, "enrolled")
