"""The Android Management API (androidmanagement.v1), its devices and commands."""

from __future__ import annotations

from tests.google.android import commands, devices, enrollment, enterprises, policies, web
from tests.google.service import Service

HANDLERS = (
    enterprises.HANDLERS | policies.HANDLERS | enrollment.HANDLERS | devices.HANDLERS | commands.HANDLERS | web.HANDLERS
)
SERVICES = (
    Service(
        "androidmanagement.googleapis.com",
        "androidmanagement.v1",
        {f"androidmanagement.{name}": handler for name, handler in HANDLERS.items()},
    ),
)
