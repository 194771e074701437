"""From a service-account key to a locked phone, with Google's own client."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import tests.google


def test_a_phone_enrolls_reports_and_is_locked(told: Any, receiver: Any, control: Any) -> None:
    told.policy("default", statusReportingSettings={"softwareInfoEnabled": True, "applicationReportsEnabled": True})
    ticket = told.ticket(additionalData="invitation-1", oneTimeOnly=True)
    enrolled = control.enroll(qr_code=ticket["qrCode"])
    device = told.device(enrolled["device"])
    assert (device["state"], device["enrollmentTokenData"], device["ownership"], device["managementMode"]) == (
        "ACTIVE", "invitation-1", "COMPANY_OWNED", "DEVICE_OWNER",
    )  # fmt: skip
    assert device["appliedPolicyVersion"] == "1"
    assert device["softwareInfo"]["androidVersion"] == "15"
    operation = told.command(enrolled["device"], "LOCK")
    assert "done" not in operation
    assert control.obey(enrolled["device"]) == [{"type": "LOCK", "error": ""}]
    assert told.operation(operation["name"])["done"] is True
    assert control.phone(enrolled["phone"])["locks"] == 1
    assert receiver.kinds() == ["ENROLLMENT", "STATUS_REPORT", "COMMAND"]


def test_the_fake_knows_nothing_of_muster() -> None:
    modules = sorted(Path(tests.google.__file__).parent.rglob("*.py"))
    assert len(modules) > 20
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text())):
            named = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            strange = [name for name in named if name.split(".")[0] == "chalicelib" or name.startswith("tests.devices")]
            assert strange == [], f"{module}: {json.dumps(strange)}"
