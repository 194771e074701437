"""Engines started for the tests, on loopback, each in a folder of its own."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from chalicelib.core.errors import Unavailable
from chalicelib.model.secret import Secret
from chalicelib.storage.aws.client import DYNAMODB, Session
from chalicelib.storage.aws.signing import Credentials
from chalicelib.storage.layout import INDEXES, Table

REGION = "eu-central-1"
ROOT = Credentials("test", Secret("test"))
DYNALITE = "4.0.0"
SETTINGS = {"BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "AUTH": "true"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def ministack(folder: Path) -> Iterator[str]:
    port = free_port()
    environment = {**os.environ, **SETTINGS, "GATEWAY_PORT": str(port), "TMPDIR": str(folder)}
    with running([sys.executable, "-m", "ministack"], environment, folder, port) as endpoint:
        yield endpoint


@contextlib.contextmanager
def dynalite(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [str(folder / "node_modules/.bin/dynalite"), "--port", str(port), "--createTableMs", "0"]
    with running([*command, "--host", "127.0.0.1"], dict(os.environ), folder, port) as endpoint:
        yield endpoint


def dynalite_folder(cache: Path) -> tuple[Path | None, str]:
    """Where dynalite is installed (installing it if need be), or why it is not."""
    if not shutil.which("npm"):
        return None, "npm is not installed"
    if not (cache / "node_modules/.bin/dynalite").exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--silent",
            "--prefix",
            str(cache),
            f"dynalite@{DYNALITE}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode:
            return None, f"npm cannot install dynalite: {done.stderr.strip()[-200:]}"
    return cache, ""


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str], folder: Path, port: int) -> Iterator[str]:
    with (folder / f"engine-{port}.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            endpoint = f"http://127.0.0.1:{port}"
            wait_for(endpoint, process)
            yield endpoint
        finally:
            process.terminate()
            process.wait(10)


def wait_for(endpoint: str, process: "subprocess.Popen[bytes]") -> None:
    session = Session(REGION, ROOT, endpoint=endpoint, rest=lambda pause: None)
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the engine ended with {process.returncode}")
        with contextlib.suppress(Unavailable):
            session.call(DYNAMODB, "ListTables", {})
            return
        time.sleep(0.1)
    raise RuntimeError("the engine did not start")


def client(service: str, endpoint: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    return boto3.client(service, endpoint_url=endpoint, **keys)


def make_tables(endpoint: str) -> dict[Table, str]:
    """Four fresh tables, as infra declares them."""
    dynamodb, start = client("dynamodb", endpoint), uuid.uuid4().hex[:8]
    names = {table: f"{start}-{table}" for table in Table}
    for table, name in names.items():
        indexes = INDEXES.get(table, ())
        attributes = {"pk", "sk", *(part for index in indexes for part in (index.pk, index.sk))}
        more = {"GlobalSecondaryIndexes": [_index(index) for index in indexes]} if indexes else {}
        dynamodb.create_table(
            TableName=name,
            KeySchema=_keys("pk", "sk"),
            AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in sorted(attributes)],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
    for name in names.values():
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    return names


def _keys(pk: str, sk: str) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def _index(index: Any) -> dict[str, Any]:
    projection = {"ProjectionType": "KEYS_ONLY" if index.keys_only else "ALL"}
    return {"IndexName": index.name, "KeySchema": _keys(index.pk, index.sk), "Projection": projection}


def fetch(url: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, method=method, data=b"x" if method == "PUT" else None)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), refusal.read()
