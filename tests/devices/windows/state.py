"""Everything a simulated Windows PC remembers, and its file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.devices.apple.state import _pack, _unpack
from tests.devices.windows.tree import Tree


@dataclass
class PCState:
    """The PC as it stands; a test may set any of it, then call pc.save()."""

    kind: str
    serial: str
    device_id: str  # 32 hex digits, new with each installation of Windows
    hwdev_id: str  # 64 hex digits, of the hardware; clones share it
    guid: str
    name: str
    upn: str
    manufacturer: str = "Contoso"
    model: str = "Latitude 7440"
    os_version: str = "10.0.22631.4460"
    os_edition: str = "4"
    language: str = "en-US"
    macs: list[str] = field(default_factory=list)
    logged_in: str = "user"  # user | others | none
    entra_joined: bool = False
    location: dict[str, str] = field(default_factory=dict)

    # the enrollment
    enrolled: bool = False
    way: str = ""
    server: str = ""
    enrollment_type: str = ""  # Full | Device
    certificate: bytes = b""
    key_pem: str = ""
    store: str = ""  # User | System
    other_certificates: list[bytes] = field(default_factory=list)  # in the same store, other purposes
    roots: list[bytes] = field(default_factory=list)
    policy_url: str = ""
    enrollment_url: str = ""
    manage_url: str = ""
    provider_id: str = ""
    criteria: str = ""
    client_auth: dict[str, Any] = field(default_factory=dict)  # kind, name, secret, nonce
    server_auth: dict[str, Any] = field(default_factory=dict)
    renew: dict[str, str] = field(default_factory=dict)
    session_id: int = 0
    alerts: list[dict[str, str]] = field(default_factory=list)  # generic alerts for the next session

    # what management changes
    tree: Tree = field(default_factory=Tree)
    works: list[dict[str, Any]] = field(default_factory=list)  # what is under way: sessions left, and its effect
    restarts: int = 0
    restart_wanted: bool = False
    pending_name: str = ""
    wipes: list[str] = field(default_factory=list)  # the node of each
    gone: bool = False  # wiped: nobody is there any more until it is set up anew
    locks: int = 0
    recovery_password: str = ""
    local_admin_password: str = ""
    scans: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)  # where logs were put
    apps: dict[str, dict[str, str]] = field(default_factory=dict)  # product code → Name, Version, Publisher
    unenroll_reason: str = ""

    def forget_enrollment(self) -> None:
        """What is left without management: hardware, Windows, the people's own things."""
        self.enrolled, self.certificate, self.key_pem, self.store = False, b"", "", ""
        self.roots, self.provider_id, self.criteria, self.manage_url = [], "", "", ""
        self.policy_url, self.enrollment_url, self.enrollment_type = "", "", ""
        self.client_auth, self.server_auth, self.renew = {}, {}, {}
        self.session_id, self.alerts, self.works = 0, [], []
        self.tree = Tree()

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"tree": self.tree.nodes}, indent=1, default=_pack)

    @classmethod
    def from_json(cls, text: str) -> PCState:
        content = json.loads(text, object_hook=_unpack)
        known = {one.name for one in fields(cls)}
        content = {name: value for name, value in content.items() if name in known}
        content["tree"] = Tree({uri: (form, value) for uri, (form, value) in content.get("tree", {}).items()})
        return cls(**content)

    def save(self, folder: Path) -> Path:
        """Written beside and renamed, so that a kill leaves the old file whole."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{self.serial}.json"
        draft = path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(self.to_json())
        draft.replace(path)
        return path
