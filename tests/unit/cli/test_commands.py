"""The command line against a running people plane: what it prints, asks for, and exits with."""

import base64
import csv
import io
import json
import plistlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chalicelib.cli import verbs
from chalicelib.core import delivery, escrow
from chalicelib.core.delivery import Outcome
from chalicelib.model.command import CommandState
from chalicelib.model.device import Platform
from chalicelib.model.secret import Secret
from chalicelib.platforms.apple.actions import registry
from chalicelib.platforms.windows.actions import registry as windows_registry
from tests.unit.cli.conftest import Muster
from tests.web.staging import PASSWORD


def test_after_make_run_it_works_without_a_login(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mara's phone")
    [device] = muster("devices", "list", "--json").json
    assert (device["name"], device["serial"], device["status"]) == ("Mara's phone", "SERIAL-1", "enrolled")
    assert "SERIAL-1" in muster("devices", "list").out


def test_without_a_login_it_says_what_to_do(bare: Muster) -> None:
    run = bare("devices", "list", code=3)
    assert "muster login" in run.err
    assert run.out == ""


def test_login_and_logout(bare: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    bare("login", "--url", bare.server.url, "--username", "auditor", "--password-stdin")
    config = bare.folder / "config/muster/config.json"
    assert config.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in config.read_text()
    assert bare("whoami", "--json").json["role"] == "auditor"
    assert bare("context", "list", "--json").json == [{"name": "127.0.0.1", "url": bare.server.url, "current": True}]
    bare("logout")
    assert "muster login" in bare("whoami", code=3).err


def test_a_wrong_password(bare: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("wrong\n"))
    bare("login", "--url", bare.server.url, "-u", "admin", "--password-stdin", code=3)
    assert not (bare.folder / "config").exists()


def test_contexts_are_chosen_by_name(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    muster("--context", "prod", "login", "--url", muster.server.url, "-u", "auditor", "--password-stdin")
    assert muster("whoami", "--json").json["name"] == "auditor"
    assert muster("--context", "dev", "whoami", "--json").json["role"] == "admin"
    muster("context", "use", "dev")
    assert muster("whoami", "--json").json["role"] == "admin"
    muster("--context", "nowhere", "whoami", code=2)


def test_a_token_can_be_kept_instead(bare: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(bare.server.plane.tokens["token"] + "\n"))
    bare("login", "--url", bare.server.url, "--token-stdin")
    assert bare("whoami", "--json").json["person"] is False


@pytest.mark.parametrize(
    "url", ["http://muster.example.com", "ftp://127.0.0.1", "muster.example.com", "file:///etc/passwd"]
)
def test_only_https_but_for_loopback(bare: Muster, url: str) -> None:
    assert "https" in bare("login", "--url", url, "-u", "a", "--password-stdin", code=2).err


def test_nobody_there(bare: Muster) -> None:
    bare.dev_file(api_url="http://127.0.0.1:9", admin_password="")
    assert "does not answer" in bare("devices", "list", code=5).err


def test_enroll_prints_a_link_and_writes_codes(muster: Muster) -> None:
    svg, png = muster.folder / "code.svg", muster.folder / "code.png"
    run = muster("enroll", "--uses", "3", "--expires", "12h", "--personal", "--user", "mara@example.com",
                 "--group", "sales", "--serial", "c02x", "--qr-svg", str(svg), "--qr-png", str(png))  # fmt: skip
    assert run.out.startswith("https://console.example.test/enroll/")
    assert len(run.out.splitlines()) == 1, "a pipe gets the link alone"
    assert "▀" in run.err
    assert "3 devices" in run.err
    assert svg.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")
    [invitation] = muster("invitations", "list", "--json").json
    assert (invitation["max_uses"], invitation["ownership"], invitation["serials"]) == (3, "personal", ["C02X"])
    assert invitation["expires_at"] == "2027-01-15T20:00:00Z"
    assert muster("invitations", "revoke", invitation["id"], "--json").json["state"] == "revoked"
    muster("enroll", "--expires", "soon", code=2)
    muster("enroll", "--expires", "1m", code=1)


def test_enroll_as_json_draws_nothing(muster: Muster) -> None:
    run = muster("enroll", "--json")
    assert run.json["link"].startswith("https://console.example.test/enroll/")
    assert run.err == ""


def test_the_code_in_the_terminal_is_the_link() -> None:
    from chalicelib.cli.invitations import _drawn

    assert "▀" in _drawn("https://console.example.test/enroll/x")


@pytest.mark.parametrize("text", ["SERIAL-1", "UDID-1", "Mara"])
def test_a_verb_finds_its_device_and_waits(muster: Muster, text: str) -> None:
    device = muster.server.plane.enroll("1", name="Mara")
    muster.server.obedient.append(device)
    command = muster("device", "lock", text, "--message", "Call us", "--reason", "lost", "--wait", "--json").json
    assert (command["state"], command["params"], command["reason"]) == ("acknowledged", {"message": "Call us"}, "lost")


def test_a_name_that_two_have_is_refused(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="iPhone")
    muster.server.plane.enroll("2", name="iPhone")
    assert "Several" in muster("device", "lock", "iPhone", code=1).err
    assert "No device" in muster("device", "lock", "iPad", code=4).err


def test_waiting_has_an_end(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mara")
    assert "not answered" in muster("device", "lock", "Mara", "--wait", "--timeout", "1", code=6).err


def test_a_command_that_fails_fails_the_call(muster: Muster) -> None:
    muster.server.obedient.append(muster.server.plane.enroll("1", name="Mara"))
    muster.server.outcome = Outcome(CommandState.FAILED, "The device is busy.")
    run = muster("device", "lock", "Mara", "--wait", "--json", code=1)
    assert run.json["state"] == "failed"
    assert "The device is busy." in run.err


def test_a_refusal_names_the_reason(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mara")
    assert "Mac" in muster("device", "remote-desktop-on", "Mara", code=1).err


def test_erasing_is_confirmed_and_needs_a_person(muster: Muster) -> None:
    device = muster.server.plane.enroll("1", name="Mara")
    assert "--yes" in muster("device", "erase", "Mara", code=2).err
    assert muster("commands", "list", "Mara", "--json").json == []
    command = muster("device", "erase", "Mara", "--yes", "--json").json
    assert command["requested_by"] == "user:admin"  # the token of the development stack is not a person; its sign-in is
    assert muster("commands", "cancel", device.serial, command["id"], "--json").json["state"] == "cancelled"
    assert muster("commands", "show", "Mara", command["id"], "--json").json["state"] == "cancelled"


def test_profiles_are_sent_as_files(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mara")
    assert "cannot be read" in muster("device", "install-profile", "Mara", "--profile", "none.mobileconfig", code=2).err
    (muster.folder / "bad.mobileconfig").write_text("not a profile")
    assert "profile" in muster("device", "install-profile", "Mara", "--profile", "bad.mobileconfig", code=1).err


def test_a_lost_answer_is_asked_for_again_and_done_once(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mara")
    muster.server.lose_posts = 1
    muster("device", "lock", "Mara", "--json")
    assert muster.server.lose_posts == 0
    assert len(muster("commands", "list", "Mara", "--json").json) == 1


def test_update_retire_delete(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mara")
    changed = muster(
        "devices", "update", "Mara", "--owner", "mara@example.com", "--group", "a", "--group", "b", "--json"
    ).json
    assert (changed["owner"], changed["groups"]) == ("mara@example.com", ["a", "b"])
    muster("devices", "update", "Mara", code=2)
    assert muster("devices", "show", "Mara", "--json").json["owner"] == "mara@example.com"
    assert "mara@example.com" in muster("devices", "show", "Mara").out
    assert "lock" in muster("devices", "actions", "Mara").out
    assert "retire it first" in muster("devices", "delete", "Mara", "--yes", code=1).err
    assert muster("devices", "retire", "Mara", "--now", "--json").json["status"] == "retired"
    muster("devices", "delete", "Mara", "--yes")
    muster("devices", "show", "Mara", code=4)


@pytest.mark.parametrize(("name", "form"), [("inventory.csv", "csv"), ("inventory.jsonl", "jsonl")])
def test_a_report_lands_in_a_file(muster: Muster, name: str, form: str) -> None:
    muster.server.plane.enroll("1", name="Mara")
    run = muster("reports", "run", "inventory", "--output", name, "--json")
    content = (muster.folder / name).read_text()
    rows = (
        list(csv.DictReader(io.StringIO(content)))
        if form == "csv"
        else [json.loads(line) for line in content.splitlines()]
    )
    assert [row["serial"] for row in rows] == ["SERIAL-1"]
    assert run.json["rows"] == 1
    assert muster("reports", "list", "--json").json[0]["state"] == "ready"
    muster("reports", "run", "gossip", "--output", name, code=1)


def test_a_file_that_was_changed_on_its_way_is_not_kept(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    muster.server.plane.enroll("1", name="Mara")
    blobs = muster.server.plane.house.blobs
    held = blobs.get
    monkeypatch.setattr(blobs, "get", lambda key: held(key).replace(b"Mara", b"Eve"))
    assert "SHA-256" in muster("reports", "run", "inventory", "--output", "inventory.csv", code=1).err
    assert not (muster.folder / "inventory.csv").exists()


def test_the_audit_trail_verifies_and_names_a_changed_entry(muster: Muster) -> None:
    muster.server.plane.enroll("1")
    assert muster("audit", "verify", "--json").json["verified"] is True
    muster("audit", "export", "--output", "trail.jsonl")
    requests = len(muster.server.seen)
    assert "Intact" in muster("audit", "verify", "trail.jsonl").err
    assert len(muster.server.seen) == requests, "a file is verified offline"
    trail = muster.folder / "trail.jsonl"
    lines = trail.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"result":"ok"', b'"result":"oK"')
    trail.write_bytes(b"".join(lines))
    entry = json.loads(lines[1])
    run = muster("audit", "verify", "trail.jsonl", code=1)
    assert f"{entry['sequence']}" in run.err
    assert "changed" in run.err
    trail.write_bytes(b"\xff\xfe")
    muster("audit", "verify", "trail.jsonl", code=1)
    muster("audit", "verify", "missing.jsonl", code=2)
    assert muster("audit", "list", "--json").json


def test_escrow(muster: Muster) -> None:
    device = muster.server.plane.enroll("1", name="Mara")
    escrow.put(muster.server.plane.house, device.id, "lock_pin", Secret(b"490218"))
    assert "490218" not in muster("escrow", "list", "Mara").out
    assert muster("escrow", "reveal", "Mara", "lock_pin", "--reason", "user locked out").out == "490218\n"
    muster("escrow", "reveal", "Mara", "lock_pin", "--reason", "no", code=1)
    muster("escrow", "reveal", "Mara", "lock_pin", code=2)


def test_tokens(muster: Muster) -> None:
    made = muster("tokens", "create", "ci", "--role", "auditor", "--days", "7", "--json").json
    assert made["token"].startswith("muster_")
    assert made["token"] not in muster("tokens", "list", "--json").out
    muster("tokens", "revoke", made["id"])


def test_the_push_certificate(muster: Muster) -> None:
    assert "push-cert request" in muster("apple", "push-cert", "show", code=4).err
    muster("apple", "push-cert", "request", "--output", "push.csr")
    assert (muster.folder / "push.csr").read_text().startswith("-----BEGIN CERTIFICATE REQUEST")
    (muster.folder / "push.pem").write_text("nonsense")
    muster("apple", "push-cert", "upload", "push.pem", code=1)


def test_the_server_at_apple(muster: Muster) -> None:
    assert "apple ade key" in muster("apple", "ade", "show", code=4).err
    server = "677CAB70-fe18-11e2-b778-0800200C9a66"
    assert "muster apple ade key" in muster("apple", "ade", "link", server, code=1).err
    made = muster("apple", "ade", "key", "--output", "ade.pem", "--json").json
    assert (muster.folder / "ade.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")
    muster("apple", "ade", "key", "--output", "newer.pem")
    assert muster("apple", "ade", "link", server, "--json").json["key"] != made["key"]
    linked = muster("apple", "ade", "link", server, "--certificate", "ade.pem", "--json").json
    assert (linked["server_uuid"], linked["key"]) == (server, made["key"])
    assert muster("apple", "ade", "show", "--json").json == linked
    assert server in muster("apple", "ade", "show").out
    (muster.folder / "empty.pem").write_text("")
    muster("apple", "ade", "link", server, "--certificate", "empty.pem", code=1)
    muster("apple", "ade", "link", server, "--certificate", "missing.pem", code=2)
    muster("apple", "ade", "key", "--output", "no/such/folder.pem", code=2)


def test_findings_openapi_version(muster: Muster) -> None:
    assert muster("findings", "--json").json == []
    assert json.loads(muster("openapi").out)["openapi"] == "3.1.0"
    assert muster("version", "--json").json["server"]


def test_names_cannot_steer_the_terminal(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="\x1b]0;owned\x07[bold]x[/bold]")
    out = muster("devices", "list").out
    assert "\x1b" not in out
    assert "[bold]x[/bold]" in out


def test_the_verbs_are_the_actions_and_their_options_the_parameters() -> None:
    registries = (registry, windows_registry)
    assert sorted(verb.name for verb in verbs.VERBS) == sorted({name for each in registries for name in each.names()})
    for verb in verbs.VERBS:
        actions = [action for each in registries if (action := each.action(verb.name))]
        fields = [(name, field) for action in actions for name, field in action.params.model_fields.items()]
        assert {option.name for option in verb.options} == {name for name, _ in fields}, verb.name
        required = {name for name, field in fields if field.is_required()}
        assert {option.name for option in verb.options if option.required} == required, verb.name
        assert {verb.destructive} == {action.destructive for action in actions}, verb.name


HELP = """
import sys
from chalicelib.cli.main import main
try:
    main(["--help"])
except SystemExit:
    heavy = ("pydantic", "boto3", "chalice", "chalicelib.platforms", "cryptography", "ministack", "segno")
    print([name for name in heavy if name in sys.modules])
"""


def test_help_is_quick_and_loads_no_platform() -> None:
    start = time.monotonic()
    project = Path(__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True, cwd=project)
    assert run.stdout.rstrip().endswith("[]")
    assert time.monotonic() - start < 5, "it takes 0.4 s where nothing else runs"


def test_unknown_words_are_wrong_usage(muster: Muster) -> None:
    muster("dance", code=2)
    muster("device", "lock", code=2)
    muster("device", "lock", "x", "--colour", "red", code=2)


def test_a_secret_is_read_from_standard_input(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    mac = muster.server.plane.enroll("1", name="Mac", platform=Platform.MACOS)
    assert "No recovery key" in muster("device", "rotate-filevault-key", "Mac", code=1).err
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2 with spaces \n"))
    run = muster("device", "rotate-filevault-key", "Mac", "--current-stdin", "--json")
    assert run.json["params"] == {"current": "given"}
    assert "hunter2" not in run.out + run.err
    offered = delivery.next_command(muster.server.plane.house, muster.server.plane.poll(mac), skip_deferred=False)
    assert offered is not None
    assert b"<string>hunter2 with spaces </string>" in offered[1]
    muster("device", "rotate-filevault-key", "Mac", "--current-stdin", code=2)
    muster("device", "rotate-filevault-key", "Mac", "--current", "hunter2", code=2)


def test_a_device_returns_to_service_by_a_file(muster: Muster) -> None:
    phone = muster.server.plane.enroll("1", name="Mara")
    back = muster.folder / "back.json"
    erase = ("device", "erase", "Mara", "--yes", "--json", "--return-to-service", str(back))
    assert "cannot be read" in muster(*erase, code=2).err
    for text in ("[]", "{", '"x"'):
        back.write_text(text)
        assert "JSON object" in muster(*erase, code=2).err
    back.write_text(json.dumps({"ssid": "x"}))
    assert "return_to_service.ssid" in muster(*erase, code=1).err
    profile = {"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": "x", "PayloadUUID": "y",
               "PayloadContent": []}  # fmt: skip
    back.write_text(json.dumps({"enrollment_profile": base64.b64encode(plistlib.dumps(profile)).decode()}))
    assert muster(*erase).json["params"] == {"return_to_service": True}
    offered = delivery.next_command(muster.server.plane.house, muster.server.plane.poll(phone), skip_deferred=False)
    assert offered is not None
    sent = plistlib.loads(offered[1])["Command"]["ReturnToService"]
    assert (sent["Enabled"], plistlib.loads(sent["MDMProfileData"])) == (True, profile)


def test_flags_become_parameters(muster: Muster) -> None:
    muster.server.plane.enroll("1", name="Mac", platform=Platform.MACOS)
    assert muster("device", "restart", "Mac", "--notify-user", "--json").json["params"] == {"notify_user": True}
    assert muster("device", "restart", "Mac", "--json").json["params"] == {}
