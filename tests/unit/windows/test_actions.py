"""Actions on Windows: what they send, whom they refuse and why, what they take as a parameter."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core import inventory
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, Prepared
from chalicelib.model.device import Ownership
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.platforms.windows import jobs, untrusted
from chalicelib.platforms.windows.actions import registry, versions
from chalicelib.platforms.windows.jobs import Job
from chalicelib.storage.memory.house import memory_house
from tests.unit.windows.action_samples import COMMAND, SAS, action, asked, pc

D = "./Device/Vendor/MSFT/"


@pytest.fixture
def house() -> House:
    return memory_house()


def prepared(house: House, name: str, /, **params: Any) -> Prepared:
    return action(name).prepare(house, pc(), params, COMMAND)


def job(house: House, name: str, /, **params: Any) -> Job:
    return jobs.read(prepared(house, name, **params).payload.reveal())


def sent(house: House, name: str, /, **params: Any) -> list[tuple[str, str, str | None]]:
    return [(step.verb, step.uri, step.data) for step in job(house, name, **params).steps]


NOW = ("Exec", D + "Reboot/RebootNow", None)


@pytest.mark.parametrize(
    ("name", "params", "steps"),
    [
        ("lock", {}, [("Exec", D + "RemoteLock/Lock", None)]),
        ("erase", {}, [("Exec", D + "RemoteWipe/doWipe", None)]),
        ("erase", {"variant": "protected"}, [("Exec", D + "RemoteWipe/doWipeProtected", None)]),
        ("erase", {"variant": "keep-user-data"}, [("Exec", D + "RemoteWipe/doWipePersistUserData", None)]),
        ("autopilot-reset", {}, [("Exec", D + "RemoteWipe/AutomaticRedeployment/doAutomaticRedeployment", None)]),
        ("restart", {}, [NOW]),
        (
            "restart",
            {"at": "2031-05-01T18:00:00"},
            [("Replace", D + "Reboot/Schedule/Single", "2031-05-01T18:00:00")],
        ),
        ("sync", {}, [("Get", "./DevDetail/SwV", None)]),
        ("set-device-name", {"name": "A-1"}, [("Replace", "./DevDetail/Ext/Microsoft/DNSComputerName", "A-1")]),
        ("rotate-bitlocker-key", {}, [("Exec", D + "BitLocker/RotateRecoveryPasswords", COMMAND)]),
        ("reset-laps-password", {}, [("Exec", D + "LAPS/Actions/ResetPassword", None)]),
        (
            "defender-scan",
            {"type": "full"},
            [("Get", D + "Defender/Health/FullScanTime", None), ("Exec", D + "Defender/Scan", "2")],
        ),
    ],
)
def test_what_is_sent(
    house: House, name: str, params: dict[str, Any], steps: list[tuple[str, str, str | None]]
) -> None:
    assert sent(house, name, **params) == steps


def test_each_variant_of_the_wipe_has_its_node(house: House) -> None:
    wipes = [params for name, params in asked() if name == "erase"]
    nodes = {sent(house, "erase", **params)[0][1] for params in wipes}
    assert len(nodes) == len(wipes) - 1  # the first is full too
    assert all(node.startswith(D + "RemoteWipe/doWipe") for node in nodes)


@pytest.mark.parametrize(("name", "params"), list(asked()))
def test_nothing_is_secret_but_the_address_of_the_logs(house: House, name: str, params: dict[str, Any]) -> None:
    made = prepared(house, name, **params)
    assert made.secret is (name == "collect-logs")
    assert "sig=" not in str(made.shown)
    assert "sig=" not in repr(job(house, name, **params))


def test_what_must_not_happen_twice_is_marked() -> None:
    once = {name for name in registry.names() if action(name).once}
    assert once == {
        "erase", "autopilot-reset", "restart", "rotate-bitlocker-key", "reset-laps-password", "collect-logs",
    }  # fmt: skip
    for name in ("erase", "autopilot-reset"):
        found = action(name)
        assert (found.destructive, found.parks, found.priority) == (True, True, 0)


def test_a_personal_pc_keeps_what_is_its_owners() -> None:
    refused = {name for name in registry.names() if action(name).refusal(pc(ownership=Ownership.PERSONAL))}
    assert refused == {
        "erase", "autopilot-reset", "locate", "rotate-bitlocker-key", "reset-laps-password", "collect-logs",
        "installed-apps", "certificates",
    }  # fmt: skip


def test_locate_is_refused_with_the_reason(house: House) -> None:
    assert "RemoteFind" in action("locate").refusal(pc())
    with pytest.raises(Unprocessable, match="RemoteFind"):
        prepared(house, "locate")


def test_an_old_pc_is_refused_with_the_version_that_it_needs() -> None:
    refusal = action("set-device-name").refusal(pc("10.0.18363.1"))
    assert "10.0.19041" in refusal
    assert "10.0.18363.1" in refusal
    assert action("set-device-name").refusal(pc("")) == ""


def test_a_variant_may_need_more(house: House) -> None:
    old = pc("10.0.19045.3000")
    assert action("erase").prepare(house, old, {"variant": "protected"}, COMMAND)
    with pytest.raises(Unprocessable, match=r"variant: .*10\.0\.22621"):
        action("erase").prepare(house, old, {"variant": "cloud"}, COMMAND)


LAPS = action("reset-laps-password").since


@pytest.mark.parametrize(
    ("version", "since", "reached"),
    [
        ("10.0.22631.4460", LAPS, True),
        ("10.0.22621.1480", LAPS, True),
        ("10.0.22621.1479", LAPS, False),
        ("10.0.19045.2784", LAPS, True),
        ("10.0.19045.2783", LAPS, False),
        ("10.0.18363.9999", LAPS, False),
        ("10.0.17763.4244", LAPS, True),
        ("10.0.26100.1", LAPS, True),
        ("10.0.19044.1387", "10.0.22000, 10.0.19041.1387, 10.0.19044.1387", True),
        ("10.0.22000.1", "10.0.22000, 10.0.19041.1387", True),
        ("10.0.14393", "10.0.14393", True),
        ("10.0.10586", "10.0.14393", False),
        ("", LAPS, True),
    ],
)
def test_updates_bring_nodes_to_older_releases(version: str, since: str, reached: bool) -> None:
    assert versions.reaches(version, since) is reached


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("restart", {"at": "2031-05-01T18:00:00Z"}),
        ("restart", {"at": "2031-02-30T18:00:00"}),
        ("restart", {"at": "tomorrow"}),
        ("restart", {"at": "2031-05-01T18:00:00\n"[:-1] + "+01:00"}),
        ("set-device-name", {}),
        ("set-device-name", {"name": "12345"}),
        ("set-device-name", {"name": "-A"}),
        ("set-device-name", {"name": "A-"}),
        ("set-device-name", {"name": "Mara's PC"}),
        ("set-device-name", {"name": "A.example"}),
        ("set-device-name", {"name": "A%USER%"}),
        ("set-device-name", {"name": "A" * 64}),
        ("erase", {"variant": "everything"}),
        ("defender-scan", {"type": "3"}),
        ("collect-logs", {}),
        ("collect-logs", {"upload_url": SAS.replace("https", "http")}),
        ("collect-logs", {"upload_url": "https://logs.blob.core.windows.net/pcs"}),
        ("collect-logs", {"upload_url": "https://a:b@logs.example/pcs?sig=1"}),
        ("collect-logs", {"upload_url": "https://[::1/pcs?sig=1"}),
        ("collect-logs", {"upload_url": SAS + "\n"}),
        ("collect-logs", {"upload_url": SAS + "a" * 3000}),
    ],
)
def test_a_wrong_parameter_is_refused_and_not_repeated(house: House, name: str, params: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable) as refused:
        prepared(house, name, **params)
    assert "sig=" not in str(refused.value)


def test_the_definition_of_the_archive_is_xml(house: House) -> None:
    (step,) = job(house, "collect-logs", upload_url=SAS).steps
    definition = untrusted.read((step.data or "").encode(), 65_536)
    assert definition.name == "Collection"
    assert definition.text_of("SasUrl") == SAS
    assert definition.text_of("ID") == (prepared(house, "collect-logs", upload_url=SAS).shown or {})["request"]


def test_sync_says_when_the_pc_comes(house: House) -> None:
    def comes() -> str:
        return str((prepared(house, "sync").shown or {})["comes"])

    assert "poll" in comes()
    channel = {"channel": "https://x.notify.windows.com/?token=1"}
    bound = Enrollment("01E", EnrollmentStatus.ENABLED, "windows", ("f",), "i", 0, push=channel)
    house.store.commit(Create(bound))
    assert "now" in comes()
    house.store.replace(replace(house.store.get(Enrollment, "01E"), push_failed_at=1))
    assert "poll" in comes()


def test_the_last_known_scan_is_remembered(house: House) -> None:
    assert prepared(house, "defender-scan").shown == {"type": "quick"}
    inventory.record(house, "01D", "defender", {"QuickScanTime": "monday", "FullScanTime": "never"})
    assert prepared(house, "defender-scan").shown == {"type": "quick", "before": "monday"}


def test_what_asks_reads_what_it_asked_for(house: House) -> None:
    asking = {name for name in registry.names() if action(name).read}
    assert asking == {"sync", "device-information", "security-information", "installed-apps", "certificates"}
    for name in asking:
        assert {step.verb for step in job(house, name).steps} == {"Get"}


def test_the_table_for_the_readme() -> None:
    table = registry.support()
    assert table["lock"] == {"windows": "yes"}
    assert table["locate"] == {"windows": "no"}
    assert registry.action("no-such-action") is None
