"""Messages that a Windows 10 device sent (../shared/captures/windows)."""

from pathlib import Path

import pytest

from chalicelib.platforms.windows import syncml_read
from chalicelib.platforms.windows.syncml import Alert, Command, Header, Item, Meta

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "captures" / "windows"
pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="captures are not beside the project (../shared/captures)"
)

DEVICE = "B5B954E81FBCB94EB79BD08BE625F4EE"
LOGIN = Alert("3", 1224, (Item(meta=Meta(type="com.microsoft/MDM/LoginStatus"), data="user"),))
INFO = {"DevId": DEVICE, "Man": "VMware, Inc.", "Mod": "VMware7,1", "DmV": "1.3", "Lang": "en-US"}
REPLACED = tuple(Item(source=f"./DevInfo/{name}", data=value) for name, value in INFO.items())


def header(session: str) -> Header:
    return Header(session, 1, "https://windows.fleetdm.ngrok.io/ManagementServer/MDM.svc", DEVICE)


def test_the_first_session() -> None:
    message = syncml_read.read((CAPTURES / "04-syncml-first-session.request.xml").read_bytes())
    assert message.header == header("1")
    assert message.body == (Alert("2", 1201), LOGIN, Command("4", "Replace", REPLACED))
    assert message.final


def test_the_user_unenrolls() -> None:
    message = syncml_read.read((CAPTURES / "05-syncml-unenroll.request.xml").read_bytes())
    assert message.header == header("2")
    gone = Alert("4", 1226, (Item(meta=Meta("int", "com.microsoft:mdm.unenrollment.userrequest"), data="1"),))
    assert message.body == (Alert("2", 1201), LOGIN, gone, Command("5", "Replace", REPLACED))
    assert message.final
