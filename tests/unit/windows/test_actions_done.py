"""When a job on Windows is done: not where the PC took it, but where its nodes say so."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.platforms.windows.actions import registry
from chalicelib.platforms.windows.actions.action import Verdict, hresult, whole
from tests.unit.windows.action_samples import COMMAND, action

D = "./Device/Vendor/MSFT/"


def judged(name: str, values: Mapping[str, str] | None = None, /, **asked: Any) -> Verdict:
    watch = action(name).watch
    assert watch is not None
    assert not values or set(values) <= {*watch.nodes}, "it judges by nodes that it does not ask for"
    return watch.judge(values or {}, asked)


def test_what_is_watched_for_is_given_time() -> None:
    for name in registry.names():
        watch = action(name).watch
        assert watch is None or bool(watch.nodes) is bool(watch.patience), name


def test_a_lock_never_looks_like_more_than_it_is() -> None:
    verdict = judged("lock")
    assert (verdict.state, verdict.result["confirmed"]) == ("done", False)
    assert verdict.detail.startswith("Not confirmed")
    assert "restart" in verdict.detail
    assert "not locked" in action("lock").meanings[405]


def test_an_erasure_says_that_windows_does_not_report_the_end() -> None:
    verdict = judged("erase")
    assert verdict.state == "done"
    assert "does not report" in verdict.detail


AUTOPILOT = D + "RemoteWipe/AutomaticRedeployment/"


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        ("0", "waiting", ""),
        ("1", "done", "managed"),
        ("10", "waiting", ""),
        ("20", "waiting", ""),
        ("30", "failed", "0x80070005"),
        ("40", "failed", "power"),
        ("50", "failed", "itself"),
        ("77", "failed", "77"),
        ("", "waiting", ""),
        ("soon", "waiting", ""),
    ],
)
def test_autopilot_reset(status: str, state: str, words: str) -> None:
    verdict = judged("autopilot-reset", {AUTOPILOT + "Status": status, AUTOPILOT + "LastError": "-2147024891"})
    assert verdict.state == state
    assert words in verdict.detail
    assert judged("autopilot-reset").state == "waiting"


SINGLE = D + "Reboot/Schedule/Single"


@pytest.mark.parametrize(
    ("held", "state"),
    [
        ("2031-05-01T18:00:00", "done"),
        ("2031-05-01T18:00:00+01:00", "done"),
        ("2031-05-02T18:00:00", "failed"),
        ("", "failed"),
        (None, "waiting"),
    ],
)
def test_a_scheduled_restart_is_read_back(held: str | None, state: str) -> None:
    values = {} if held is None else {SINGLE: held}
    assert judged("restart", values, at="2031-05-01T18:00:00").state == state


def test_a_restart_now_says_when() -> None:
    verdict = judged("restart", {SINGLE: ""})
    assert (verdict.state, "five minutes" in verdict.detail) == ("done", True)


NAME = "./DevDetail/Ext/Microsoft/DNSComputerName"


@pytest.mark.parametrize(
    ("wanted", "said", "state"),
    [
        ("DESK-17", "DESK-17", "done"),
        ("DESK-17", "desk-17", "done"),
        ("DESK-17", "DESKTOP-OLD", "waiting"),
        ("DESK-17", "", "waiting"),
        ("PC-%SERIAL%", "PC-5CD1234XYZ", "done"),
        ("PC-%SERIAL%", "DESKTOP-OLD", "waiting"),
        ("A%RAND:4%B", "A1234B", "done"),
        ("A%RAND:4%B", "AB", "waiting"),
    ],
)
def test_a_name_is_done_when_the_pc_says_it(wanted: str, said: str, state: str) -> None:
    verdict = judged("set-device-name", {NAME: said}, name=wanted)
    assert verdict.state == state
    assert "restart" in verdict.detail


HEALTH = D + "Defender/Health/"
QUICK = HEALTH + "QuickScanTime"


@pytest.mark.parametrize(
    ("asked", "values", "state"),
    [
        ({QUICK: "mon"}, {QUICK: "tue"}, "done"),
        ({QUICK: "mon"}, {QUICK: "mon"}, "waiting"),
        ({QUICK: ""}, {QUICK: "tue"}, "done"),
        ({QUICK: "tue", "before": "mon"}, {QUICK: "tue"}, "waiting"),
        ({"before": "mon"}, {QUICK: "tue"}, "done"),
        ({}, {QUICK: "tue"}, "waiting"),
        ({QUICK: "mon"}, {}, "waiting"),
        ({QUICK: "mon"}, {QUICK: "mon", HEALTH + "DefenderEnabled": "false"}, "failed"),
        ({QUICK: "mon"}, {QUICK: "mon", HEALTH + "DefenderEnabled": "true"}, "waiting"),
        ({QUICK: "mon"}, {HEALTH + "FullScanTime": "tue"}, "waiting"),
    ],
)
def test_a_scan_is_done_when_its_time_is_a_new_one(asked: dict[str, Any], values: dict[str, str], state: str) -> None:
    assert judged("defender-scan", values, type="quick", **asked).state == state


BITLOCKER = D + "BitLocker/Status/RotateRecoveryPasswords"


@pytest.mark.parametrize(
    ("status", "request_id", "state"),
    [
        ("0", COMMAND, "done"),
        ("1", COMMAND, "waiting"),
        ("2", COMMAND, "waiting"),
        ("0", "an-older-request", "waiting"),
        ("-2147024891", "an-older-request", "waiting"),
        ("-2147024891", COMMAND, "failed"),
        ("", COMMAND, "waiting"),
    ],
)
def test_a_rotation_is_that_of_this_request(status: str, request_id: str, state: str) -> None:
    values = {BITLOCKER + "Status": status, BITLOCKER + "RequestID": request_id}
    verdict = judged("rotate-bitlocker-key", values, request=COMMAND)
    assert verdict.state == state
    assert state != "failed" or ("0x80070005" in verdict.detail and "Entra" in verdict.detail)


@pytest.mark.parametrize(
    ("status", "state"),
    [("0", "done"), ("-2147483638", "waiting"), ("2147483658", "waiting"), ("-2147024891", "failed"), ("", "waiting")],
)
def test_a_laps_reset(status: str, state: str) -> None:
    assert judged("reset-laps-password", {D + "LAPS/Actions/ResetPasswordStatus": status}).state == state


RESULTS = "./Vendor/MSFT/DiagnosticLog/DiagnosticArchive/ArchiveResults"
GUID = "f1e20cb4-9789-4f6b-8f6a-766989764c6d"


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (f'<Collection HRESULT="0"><ID>{GUID}</ID></Collection>', "done"),
        (f'<Collection HRESULT="0"><ID>{GUID.upper()}</ID></Collection>', "done"),
        (f'<Collection HRESULT="-2147024891"><ID>{GUID}</ID></Collection>', "failed"),
        (f'<Collection HRESULT="0x80070005"><ID>{GUID}</ID></Collection>', "failed"),
        (f"<Collection><ID>{GUID}</ID></Collection>", "waiting"),
        ('<Collection HRESULT="0"><ID>another</ID></Collection>', "waiting"),
        (f'<!DOCTYPE a><Collection HRESULT="0"><ID>{GUID}</ID></Collection>', "waiting"),
        ("", "waiting"),
        ("<", "waiting"),
    ],
)
def test_logs_are_there_when_the_pc_has_uploaded_this_archive(told: str, state: str) -> None:
    assert judged("collect-logs", {RESULTS: told}, request=GUID).state == state


def test_numbers_of_windows() -> None:
    assert [whole(text) for text in ("7", " -7 ", "0x10", "", "x", "1.5")] == [7, -7, 16, None, None, None]
    assert hresult(-2147024891) == hresult(0x80070005) == "0x80070005"
