"""The process: it keeps its state, lives by itself, and dies with its parent."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.google.process import ROOT, FakeGoogle


def test_the_state_outlives_the_process_but_tokens_do_not(tmp_path: Path, bound: Any) -> None:
    kind = type(bound.customer)
    with FakeGoogle(tmp_path) as google:
        first = kind(google).bound()
        device = first.phone(serial="K1")
        authority, jwks = google.ca_pem, first.api._http.request("https://www.googleapis.com/oauth2/v3/certs")[1]
        token, key = first.api._http.token, first.customer.key
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
    with FakeGoogle(tmp_path) as google:
        customer = object.__new__(kind)
        customer.google, customer.control, customer.key = google, google.control, key
        api = customer.client()
        found = api.enterprises().devices().get(name=device).execute()
        assert found["hardwareInfo"]["serialNumber"] == "K1"
        assert google.ca_pem == authority
        assert api._http.request("https://www.googleapis.com/oauth2/v3/certs")[1] == jwks
        api._http.token = token
        uri = f"https://androidmanagement.googleapis.com/v1/{device}"
        assert api._http.request(uri)[0]["status"] == "401"


def test_devices_live_by_themselves(bound: Any) -> None:
    with FakeGoogle(live=0.1) as google:
        alive = type(bound.customer)(google).bound()
        device = alive.phone()
        name = alive.command(device, "REBOOT")["name"]
        ends = time.monotonic() + 10
        while "done" not in alive.operation(name) and time.monotonic() < ends:
            time.sleep(0.05)
        assert alive.operation(name)["done"] is True
        assert google.control.state()["broken"] == []


def test_it_ends_with_its_standard_input() -> None:
    command = [sys.executable, "-m", "tests.google", "serve", "--attached"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert '"url"' in process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=10) == 0
